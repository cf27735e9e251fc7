"""Which run is meant: one of the kind that a command is about, or the last one where none is named.

A run of another kind is told as what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from giaoban.errors import InputError
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.store import open_run
from giaoban.scenarios.cli.output import tell
from giaoban.sentence import Sentence


def last_run(root: Path, *kinds: str) -> Path:
    """The folder of the newest run of these kinds, which standard error is told.

    Raises `InputError`: there is none.
    """
    found = _last(root, *kinds)
    if not found:
        raise _no_run(root, kinds)
    return _taken(root, found[-1])


def last_for_annex(root: Path) -> list[str]:
    """The newest check, and the newest trial of failures of the same scenario and province; without
    a check the newest of any kind that an annex may be of. Raises `InputError`: there is none."""
    checks = _last(root, "check")
    if not checks:
        return [str(last_run(root, "check", "faults", "load"))]
    check = checks[-1]
    failures = [e for e in _last(root, "faults") if _same(e, check)]
    return [str(_taken(root, entry)) for entry in (check, *failures[-1:])]


def last_two(root: Path, ref: str | None) -> tuple[Path, Path]:
    """A check and the one before it of the same scenario and province, both emulated or both
    estimated; without `ref` the newest.

    Raises `InputError`: there are not two.
    """
    checks = _last(root, "check")
    if ref is not None:
        folder = open_run(ref, root, "check")
        at = next((n for n, e in enumerate(checks) if _is(root, e, folder)), None)
        if at is None:
            raise InputError(
                'run "{ref}": lies elsewhere, so that none is before it (allowed: two runs)',
                ref=ref,
            )
        checks = checks[: at + 1]
    if not checks:
        raise _no_run(root, ("check",))
    second = checks[-1]
    before = [
        e
        for e in checks[:-1]
        if e.scenario == second.scenario
        and _place(e) == _place(second)
        and (e.engine == "estimate") == (second.engine == "estimate")
    ]
    if not before:
        raise InputError(
            "{run}: no check of the same scenario is before it in {root} (allowed: two runs; "
            "giaoban history list shows those there are)",
            run=second.folder,
            root=root,
        )
    return _taken(root, before[-1]), _taken(root, second)


def _last(root: Path, *kinds: str) -> list[HistoryEntry]:
    with opened(root) as index:
        return [e for e in index.entries() if e.kind in kinds]


def _same(a: HistoryEntry, b: HistoryEntry) -> bool:
    return a.scenario_sha256 == b.scenario_sha256 and _place(a) == _place(b)


def _place(entry: HistoryEntry) -> str:
    return entry.province.sha256 if entry.province is not None else ""


def _is(root: Path, entry: HistoryEntry, folder: Path) -> bool:
    return (root / entry.folder).resolve() == folder.resolve()


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
