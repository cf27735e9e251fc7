"""ZIP archives that somebody else may have made: what they unpack to is known before it is done."""

from __future__ import annotations

import zipfile

MOST_ENTRIES = 20_000
MOST_TIMES, AT_LEAST = 100, 16 * 2**20
"""An archive unpacks to so many times its own size, or to a few megabytes; logs pack 30 to 1."""
_CENTRAL = b"PK\x01\x02"
"""How an entry of an archive's directory begins (APPNOTE.TXT, 4.3.12)."""


def refuse_too_many(data: bytes) -> None:
    """Before the directory is read, each of whose entries takes a kilobyte. Raises `ValueError`."""
    if data.count(_CENTRAL) > MOST_ENTRIES:
        raise ValueError(f"it has more than {MOST_ENTRIES:,} entries")


def entries_of(archive: zipfile.ZipFile, size: int, most: int) -> list[zipfile.ZipInfo]:
    """The entries of an archive of `size` bytes that may be unpacked, `most` bytes at the most.

    Raises `ValueError`: a name twice, packed in a way that may take any memory, or a bomb.
    """
    entries = archive.infolist()
    if len({entry.filename for entry in entries}) < len(entries):
        raise ValueError("a name is there twice")
    if len(entries) > MOST_ENTRIES:
        raise ValueError(f"it has more than {MOST_ENTRIES:,} entries")
    if any(e.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for e in entries):
        raise ValueError("an entry is neither stored nor deflated")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > min(most, AT_LEAST + MOST_TIMES * size):
        raise ValueError(f"it unpacks to {unpacked / 2**20:,.0f} MiB")
    return entries
