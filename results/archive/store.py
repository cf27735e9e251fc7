"""Run folders: written aside, put in place in one step, so a half run is never taken for a whole.

A run is written in `.partial-RUN_ID` and renamed to `RUN_ID` when it is complete and on the disk.
The partial folder says whose it is (`giaoban.processes.ownership`), so that what a killed run left
can be told from a run that is going on.
"""

from __future__ import annotations

import atexit
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from giaoban.errors import InputError, near_names
from giaoban.files import flush, read_file, remove_folder, write_whole, writing
from giaoban.names import slug
from giaoban.processes import ownership
from giaoban.processes.children import interruptions_held
from giaoban.results.model.answer_files import ANSWER_FILES, RESULT, JsonFile
from giaoban.results.model.result import Result, in_pieces
from giaoban.results.model.run_ids import begun, id_in_second
from giaoban.sentence import Sentence

PARTIAL = ".partial-"
SUMMARY = "summary.md"
RERUN = "rerun-of"
"""In the folder of a run that was made again to verify another: that one's id."""

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_LONGEST_OF_A_RUN = 95
"""Characters of a name, which is followed by a second and a number."""


@dataclass(frozen=True)
class Outcome[A: JsonFile]:
    """A finished run."""

    folder: Path
    answer: A

    @property
    def summary(self) -> Path:
        return self.folder / SUMMARY


@dataclass
class RunFolder:
    """A run being written: put files into `path`, then `finish()`; as a context manager it is
    discarded unless finished (`with RunFolder.create(...) as folder:`).
    """

    root: Path
    run_id: str
    path: Path
    finished: bool = False
    _spare: int | None = field(default=None, repr=False)
    """An open file, given back where it is discarded: to look into a folder takes one, and it may
    be that no more could be had that it is discarded for."""

    @classmethod
    def create(cls, root: Path, run_id: str, number: int = 1) -> RunFolder:
        """Reserve `run_id` under `root` (made if missing), or `run_id-2`, `-3` … if it is taken;
        `number` is the first to try.

        Raises `InputError` (not writable, bad id), `MachineLacks` (no space).
        """
        if not _RUN_ID.fullmatch(run_id):
            raise InputError(
                "run id {run_id}: letters, digits, '.', '_' and '-' are allowed",
                run_id=repr(run_id),
            )
        with writing(root), interruptions_held():
            root.mkdir(parents=True, exist_ok=True)
            while True:
                name = run_id if number == 1 else f"{run_id}-{number}"
                partial = root / f"{PARTIAL}{name}"
                number += 1
                try:
                    partial.mkdir()
                except FileExistsError:
                    continue
                # Only now: a run that finished between a check and the mkdir would be missed.
                if (root / name).exists():
                    partial.rmdir()
                    continue
                folder = cls(root, name, partial)
                # whoever is interrupted before he has it cannot discard it
                atexit.register(folder.discard)
                try:
                    ownership.own(partial)
                    folder._spare = os.open(os.devnull, os.O_RDONLY)
                except OSError:
                    folder.discard()
                    raise
                return folder

    def finish(self, holds: str = RESULT) -> Path:
        """Flush everything to the disk and rename to the final name; returns the final folder.

        `holds` is the file without which it is no run. Raises `ValueError` if that is not there,
        `InputError` / `MachineLacks` from the disk.
        """
        if not (self.path / holds).is_file():
            raise ValueError(
                Sentence(
                    "{path} has no {holds}: the run is not complete", path=self.path, holds=holds
                )
            )
        final = self.root / self.run_id
        with writing(self.root):
            for folder, _, files in os.walk(self.path, topdown=False):
                flush(*(Path(folder) / name for name in files), Path(folder))
            self.path.rename(final)
            self.finished = True
            (final / ownership.OWNER).unlink(missing_ok=True)
            flush(self.root)
        self.path = final
        return final

    def keep(self, answer: JsonFile, summary: str = "") -> None:
        (self.path / answer.FILE).write_text(answer.to_json(), encoding="utf-8")
        if summary:
            (self.path / SUMMARY).write_text(summary, encoding="utf-8")

    def finished_with[A: JsonFile](self, answer: A) -> Outcome[A]:
        return Outcome(self.finish(answer.FILE), answer)

    def discard(self) -> None:
        """Remove an unfinished folder; does nothing to a finished one."""
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None
        if not self.finished:
            remove_folder(self.path)
        if self.finished or not self.path.exists():  # else it is tried once more at the end
            atexit.unregister(self.discard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.discard()


@contextmanager
def new_run(root: Path, name: str, now: datetime) -> Iterator[RunFolder]:
    """A folder for a run, called by its name and the time; what killed runs left is removed.

    A name that is none of a run, as a file of words may have it, is taken by its slug. A `now`
    without a zone is the time of Việt Nam.

    Raises `InputError`, `MachineLacks`: as `RunFolder.create`, and for what is written in it.
    """
    remove_stale_partials(root)
    run_id = id_in_second(_of_a_run(name), now)
    with interruptions_held(), _number_in_second(run_id, root) as number:
        made = RunFolder.create(root, run_id, number)
    with made as folder, writing(folder.path):
        yield folder


def _of_a_run(name: str) -> str:
    """Whatever a sweep's file is called, what it computed for hours is kept."""
    known = name if _RUN_ID.fullmatch(name) else slug(name) or "run"
    return known[:_LONGEST_OF_A_RUN]


@contextmanager
def _number_in_second(run_id: str, root: Path) -> Iterator[int]:
    """The next number of an id's second, which no other takes meanwhile.

    No two begin in one second unnumbered, whatever they are called: the last of them is known. What
    excludes all names is a folder without any.
    """
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        while True:
            number = 1 + max(_numbers_in_second_of(run_id, root).values(), default=0)
            reserved = root / f"{PARTIAL}{run_id[-len('20261125-080000') :]}-{number}"
            try:
                reserved.mkdir()
            except FileExistsError:
                continue
            # Only now: whoever had the number may have made his folder of it before.
            others = _numbers_in_second_of(run_id, root)
            others.pop(reserved.name, None)
            if number not in others.values():
                break
            reserved.rmdir()
    try:
        yield number
    finally:
        reserved.rmdir()


def _numbers_in_second_of(run_id: str, root: Path) -> dict[str, int]:
    """Of the runs that began in the second of an id, going on or finished, by their folders."""
    second = begun(run_id)
    found = {path.name: begun(path.name.removeprefix(PARTIAL)) for path in root.iterdir()}
    return {name: it.number for name, it in found.items() if it and second and it.at == second.at}


def note_rerun(folder: Path, of: str) -> None:
    """Have a run known for one that was made again from the evidence of another."""
    write_whole(folder / RERUN, f"{of}\n".encode())


def rerun_of(folder: Path) -> str | None:
    """The id of the run that a run was made again to verify; None: it is one of its own."""
    if not (folder / RERUN).is_file():
        return None
    told = read_file(folder / RERUN).decode("ascii", "replace").strip()
    return told if _RUN_ID.fullmatch(told) else "?"


def write_result(folder: Path, result: Result) -> Path:
    """Write `result.json` into a run's folder. Raises `InputError`, `MachineLacks`."""
    path = folder / RESULT
    with writing(folder), path.open("wb") as file:
        file.writelines(in_pieces(result))
    return path


def read_result(folder: Path) -> Result:
    """Read `result.json` of a run's folder. Raises `InputError` if missing or damaged."""
    if not (path := folder / RESULT).exists():
        raise InputError("{path}: no such file, so this is not a finished run", path=path)
    return Result.read(folder)


def kind_of_run(folder: Path, *kinds: str) -> str | None:
    """The kind of run that a folder is, of these or of any; None: it is no finished run of them."""
    if folder.name.startswith(PARTIAL):
        return None
    # not `Path.is_file`, which raises OSError for a name that no file system takes
    is_file = os.path.isfile
    return next((k for k in kinds or ANSWER_FILES if is_file(folder / ANSWER_FILES[k])), None)


def list_runs(root: Path, *kinds: str) -> list[Path]:
    """Folders of the finished runs of these kinds, or of any, sorted by id; none if the root does
    not exist."""
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if kind_of_run(path, *kinds) is not None)


def open_run(ref: str, root: Path, *kinds: str) -> Path:
    """The folder of a finished run, by path, by id or by the beginning of just one id.

    `kinds` are those of `ANSWER_FILES` that are meant. Raises `InputError` when none or several
    fit, or when it is a run of another kind.
    """
    direct = Path(ref)
    if ref and kind_of_run(direct, *kinds) is not None:
        return direct
    runs = [path.name for path in list_runs(root, *kinds)]
    match _named(ref, runs):
        case [name]:
            return root / name
        case [*fitting] if fitting:
            some = ", ".join(fitting[:5]) + (" …" if len(fitting) > 5 else "")
            raise InputError(
                'run "{ref}": {number} runs begin so: {some}',
                ref=ref,
                number=len(fitting),
                some=some,
            )
    if direct.name.startswith(PARTIAL) and direct.is_dir():
        raise InputError('run "{ref}": did not finish, so it has no result', ref=ref)
    others = [root / name for name in _named(ref, [path.name for path in list_runs(root)])]
    if ref and kind_of_run(direct) is not None:
        others = [direct]
    if len(others) == 1:
        raise InputError(
            'run "{ref}": is a run of kind {kind} (allowed here: {kinds}); what it '
            "found is in {root}",
            ref=ref,
            kind=kind_of_run(others[0]),
            kinds=", ".join(kinds),
            root=others[0],
        )
    hint = (
        near_names("run", ref, runs)
        if runs
        else Sentence(" ({root} holds no finished run)", root=root)
    )
    raise InputError('run "{ref}": no such run{hint}', ref=ref, hint=hint)


def _named(ref: str, names: Sequence[str]) -> list[str]:
    """The one of the name, else those that begin so."""
    return [ref] if ref in names else [name for name in names if ref and name.startswith(ref)]


def remove_stale_partials(root: Path, now_s: float | None = None) -> list[Path]:
    """Remove what killed runs left behind; returns the folders removed.

    `now_s` is the time (seconds since 1970) to judge ages by; None takes the clock's.
    """
    found = sorted(root.glob(f"{PARTIAL}*")) if root.is_dir() else []
    return ownership.remove_stale(found, now_s)
