"""All modules that the guest's program is made of, compiled, in one file.

A guest imports some 850 modules: for each it would look into folders, open and read a file, and of
this program's own compile it. System calls are the dearest thing in the guest. So the host compiles
them once, from their sources, and the guest reads them from one file (`guest_init.Archived`).

Every guest boots from such a file, made now or kept: how a guest boots leaves traces of half a
microsecond in a meeting.

`python -m giaoban.topology.sandbox.module_archive MODULE FILE` makes one.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.machinery
import json
import marshal
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from giaoban import IMPORTED_FROM, build_cache
from giaoban.errors import MachineLacks
from giaoban.topology.sandbox.guest_init import HEAD_BYTES

NAME = "modules"
INDEX = f"{NAME}.json"
OF = str(IMPORTED_FROM), sys.prefix
"""The program and the installation of Python that an archive is of."""
HOLLOW = ("pyroute2",)
"""Packages that import all that they have, whichever part is asked for: the guest imports the parts
that its program names, and these import what they need."""


def lay(module: str, folder: Path) -> Path:
    """Lay the archive of a module, and of all that it imports, into a folder; its path.

    It is kept in the user's cache, and made anew when a source in it is another one, by its size
    and time, than when it was made (as Python asks of what it has compiled). Where nothing can be
    kept it is made in the folder.

    Raises:
        MachineLacks: the module cannot be imported.
    """
    to = folder / NAME
    try:
        _lay_kept(module, to)
    except OSError:
        _make(module, to).unlink()
    return to


def is_kept(module: str) -> bool:
    """Whether the archive of a module is there, made from the sources that are there now."""
    return _is_current(_place(module))


def _place(module: str) -> Path:
    told = repr((module, *OF, *HOLLOW, sys.version))
    return build_cache.cache() / NAME / hashlib.sha256(told.encode()).hexdigest()[:16]


def _lay_kept(module: str, to: Path) -> None:
    """From what is kept, which is made before if need be. Raises `OSError`."""
    kept = _place(module)
    kept.mkdir(parents=True, exist_ok=True)
    with build_cache.locked(kept / "lock"):
        if not _is_current(kept):
            _remove_what_nobody_needs(kept)
            with tempfile.TemporaryDirectory(dir=kept, prefix=build_cache.SCRATCH) as scratch:
                made = Path(scratch, NAME)
                index = _make(module, made)
                (kept / INDEX).unlink(missing_ok=True)  # without one, nothing is kept
                os.replace(made, kept / NAME)
                os.replace(index, kept / INDEX)
        try:
            os.link(kept / NAME, to)
        except OSError:  # another file system
            shutil.copyfile(kept / NAME, to)


def _remove_what_nobody_needs(kept: Path) -> None:
    """What one that was killed left here, and archives of programs that are gone."""
    for left in kept.glob(f"{build_cache.SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    for index in kept.parent.glob(f"*/{INDEX}"):
        with suppress(OSError, ValueError, LookupError, TypeError):
            of = json.loads(index.read_text(encoding="utf-8"))["of"]
            if not all(Path(folder).is_dir() for folder in of):
                shutil.rmtree(index.parent, ignore_errors=True)


def _is_current(kept: Path) -> bool:
    """Whether what is kept was made from the sources that are there now."""
    try:
        index = json.loads((kept / INDEX).read_text(encoding="utf-8"))
        return index["archive"] == _stamp(kept / NAME) and all(
            _stamp(Path(path)) == stamp for path, stamp in index["sources"].items()
        )
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _stamp(path: Path) -> list[int]:
    """Size and time of a file, as the index holds them."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _make(module: str, archive: Path) -> Path:
    """Make an archive, and its index beside it, in a process that imports nothing else."""
    command = [sys.executable, "-m", "giaoban.topology.sandbox.module_archive"]
    command += [module, str(archive)]
    # as in the guest, whatever Python is told here
    told = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = {**told, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=IMPORTED_FROM, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MachineLacks(
            "the program of the guest cannot be compiled:\n{said}",
            "giaoban doctor",
            said=done.stderr.strip(),
        )
    return archive.with_suffix(".json")


def write(module: str, archive: Path) -> None:
    """Compile a module and all that it imports into an archive; its index comes beside it.

    The archive: the size of the table in `HEAD_BYTES` bytes, least first; the table, marshalled:
    name → (path of the source, whether it is a package, where its code begins behind the table,
    and its bytes); the marshalled codes.
    """
    importlib.import_module(module)
    table: dict[str, tuple[str, bool, int, int]] = {}
    codes: list[bytes] = []
    sources: dict[str, list[int]] = {}
    start = 0
    for name, loaded in sorted(sys.modules.items()):
        spec = getattr(loaded, "__spec__", None)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            continue
        path = spec.loader.path
        if spec.name != name or not os.path.isabs(path):
            continue  # imported under another name: that one is there, too
        sources[path] = _stamp(Path(path))
        code = b"" if name in HOLLOW else Path(path).read_bytes()
        codes.append(marshal.dumps(compile(code, path, "exec", dont_inherit=True, optimize=0)))
        package = spec.submodule_search_locations is not None
        table[name] = path, package, start, len(codes[-1])
        start += len(codes[-1])
    head = marshal.dumps(table)
    size = len(head).to_bytes(HEAD_BYTES, "little")
    archive.write_bytes(b"".join((size, head, *codes)))
    index = {"archive": _stamp(archive), "of": OF, "sources": sources}
    archive.with_suffix(".json").write_text(json.dumps(index), encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]))
