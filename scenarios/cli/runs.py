"""Opening a run of the kind that a command is about; another kind is told as what it is."""

from __future__ import annotations

from pathlib import Path

from giaoban.errors import InputError
from giaoban.results.archive.history.entry import Entry, SkippedRun
from giaoban.results.archive.history.scan import FILES, scan
from giaoban.results.archive.store import open_run


def open_kind(ref: str, root: Path, *kinds: str) -> Path:
    """The folder of a run of one of the kinds (`check`, `faults`), the first that fits.

    Raises `InputError`: no such run, several begin so, or it is of another kind.
    """
    files = {kind: name for name, kind in FILES.items()}
    errors: list[InputError] = []
    for kind in kinds:
        try:
            return open_run(ref, root, files[kind])
        except InputError as error:
            errors.append(error)
    other = _other(ref, root)
    if other is not None and other.kind not in kinds:
        raise InputError(
            'run "{ref}": is a run of kind {kind} (allowed here: {kinds}); what it '
            "found is in {root}",
            ref=ref,
            kind=other.kind,
            kinds=", ".join(kinds),
            root=root / other.folder,
        )
    raise errors[0]


def _other(ref: str, root: Path) -> Entry | None:
    """The one run of any kind that is meant."""
    if not ref or not root.is_dir():
        return None
    fitting = [p for p in sorted(root.iterdir()) if p.is_dir() and p.name.startswith(ref)]
    exact = [p for p in fitting if p.name == ref]
    if len(exact or fitting) != 1:
        return None
    found = scan((exact or fitting)[0])
    return None if isinstance(found, SkippedRun) else found
