"""Old runs down to their evidence: what can be made again from it goes, what proves it stays.

In this order, so that nothing is lost whenever it is interrupted: the evidence is packed and put in
place, read back and compared with the run, then a marker says that the run is pruned, and only then
files are removed. A run whose evidence cannot be packed or does not agree stays as it is.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from giaoban.errors import InputError
from giaoban.files import flush, write_whole, writing
from giaoban.results.archive.evidence.manifest import sha256
from giaoban.results.archive.evidence.pack import ENDING, open_evidence, write_evidence
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.store import PRUNED, RERUN
from giaoban.results.model.answers import ANSWERS
from giaoban.results.model.manifest import MANIFEST
from giaoban.results.model.map import Map
from giaoban.sentence import Sentence

SCHEMA = "giaoban.pruned/1"
DOCUMENTS = (".pdf", ".docx")
"""They may have gone with a letter."""


class PruneResult(NamedTuple):
    """What pruning did to a run."""

    folder: Path
    freed_bytes: int
    evidence_bytes: int


def prunable(
    entries: Sequence[HistoryEntry], *, keep: int, older_than_days: int | None, now: datetime
) -> list[HistoryEntry]:
    """The folders whose runs may be pruned, oldest first; `entries` are all folders with runs,
    oldest first.

    The newest `keep` runs stay whole, and all that are not older than `older_than_days`. Copies of
    a run count once, and stay or go together: each takes as much space as the first. Only checks,
    runs of failures and load tests have much beside their evidence.
    """
    bulky = ANSWERS.keys() - {"sensitivity"}
    whole = [e for e in entries if e.kind in bulky and e.state == "whole"]
    runs = list(dict.fromkeys(e.sha256 for e in whole))
    oldest = set(runs[: max(0, len(runs) - keep)])
    old = [e for e in whole if e.sha256 in oldest]
    if older_than_days is None:
        return old
    before = now.replace(tzinfo=None) - timedelta(days=older_than_days)
    return [e for e in old if e.at < before]


def unfinished(root: Path, entries: Sequence[HistoryEntry]) -> list[Path]:
    """Pruned runs in which an interruption left something to remove."""
    pruned = [root / e.folder for e in entries if e.state == "evidence"]
    return [folder for folder in pruned if any(_removable(folder))]


def check_own(folder: Path) -> None:
    """Raises `InputError` for a link: what it leads to is somebody else's, or another run's."""
    if folder.is_symlink():
        raise InputError(
            "{folder}: is a link to {target}; nothing was removed there (prune it where it lies)",
            folder=folder,
            target=os.readlink(folder),
        )


def prune_run(folder: Path, *, now: datetime) -> PruneResult:
    """Bring one run down to its evidence, its answer and its documents.

    Raises `InputError` if the evidence cannot be made, or does not hold this run, or the folder is
    a link; then nothing was removed. `MachineLacks` if there is no space for it.
    """
    check_own(folder)
    evidence = folder / f"{folder.name}{ENDING}"
    if not (folder / PRUNED).is_file():
        _pack(folder, evidence)
        marker = {
            "schema": SCHEMA,
            "pruned_at": now.isoformat(timespec="seconds"),
            "evidence": evidence.name,
            "evidence_sha256": sha256(evidence.read_bytes()),
            "removed": [path.name for path in _removable(folder)],
        }
        text = json.dumps(marker, ensure_ascii=False, indent=2) + "\n"
        write_whole(folder / PRUNED, text.encode())
        flush(folder / PRUNED, folder)
    return _remove(folder, evidence)


def _pack(folder: Path, evidence: Path) -> None:
    """Put the evidence in place once it is known to hold what the folder holds."""
    temporary = folder / f".{evidence.name}.{os.getpid()}"
    try:
        write_evidence(folder, temporary)
        _compare(folder, temporary)
        with writing(folder):
            temporary.replace(evidence)
            flush(evidence, folder)
    finally:
        temporary.unlink(missing_ok=True)


def _compare(folder: Path, evidence: Path) -> None:
    opened = open_evidence(evidence.read_bytes())
    wrong = list(opened.altered)
    for name, data in opened.files.items():
        if (folder / name).read_bytes() != data:
            wrong.append(Sentence("{name}: is not the run's", name=name))
    if opened.proof is None or opened.proof.manifest.answer not in opened.files:
        wrong.append(Sentence("no answer in it"))
    if wrong:
        raise InputError(
            "{folder}: its evidence does not hold this run ({wrong}); nothing was removed",
            folder=folder,
            wrong="; ".join(wrong),
        )


def _remove(folder: Path, evidence: Path) -> PruneResult:
    freed = 0
    with writing(folder):
        for path in _removable(folder):
            freed += _size(path)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return PruneResult(folder, freed, evidence.stat().st_size)


def _removable(folder: Path) -> list[Path]:
    kept = {*(of.FILE for of in ANSWERS.values()), MANIFEST, PRUNED, RERUN, Map.FILE}
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name not in kept
        and path.suffix not in DOCUMENTS
        and (path.name.startswith(".") or not path.name.endswith(ENDING))
    ]


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return sum(_size(inside) for inside in path.iterdir())
    return path.lstat().st_size
