"""The last run of a kind, for commands that name none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from giaoban.errors import InputError
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.index import opened
from giaoban.scenarios.cli.output import tell
from giaoban.sentence import Sentence


def last_run(root: Path, *kinds: str) -> Path:
    """Return the folder of the newest run of these kinds; print it on standard error.

    Raises `InputError`: there is none.
    """
    found = _last(root, *kinds)
    if not found:
        raise _no_run(root, kinds)
    return _taken(root, found[-1])


def last_for_annex(root: Path) -> list[str]:
    """Return the newest check, and the newest faults run of the same scenario and province; without
    a check the newest run of which an annex is made. Raises `InputError`: there is none."""
    checks = _last(root, "check")
    if not checks:
        return [str(last_run(root, "check", "faults", "load"))]
    check = checks[-1]
    failures = [e for e in _last(root, "faults") if _same(e, check)]
    return [str(_taken(root, entry)) for entry in (check, *failures[-1:])]


def _last(root: Path, *kinds: str) -> list[HistoryEntry]:
    with opened(root) as index:
        return [e for e in index.entries() if e.kind in kinds]


def _same(a: HistoryEntry, b: HistoryEntry) -> bool:
    return a.scenario_sha256 == b.scenario_sha256 and _place(a) == _place(b)


def _place(entry: HistoryEntry) -> str:
    return entry.province.sha256 if entry.province is not None else ""


def _no_run(root: Path, kinds: Sequence[str]) -> InputError:
    return InputError(
        "{root} holds no finished run of {kinds} (allowed: a run that is named, or giaoban check "
        "first)",
        root=root,
        kinds=", ".join(kinds),
    )


def _taken(root: Path, entry: HistoryEntry) -> Path:
    tell(Sentence("run {run} ({kind})", run=entry.folder, kind=entry.kind))
    return root / entry.folder
