"""Emulations in processes of their own, several of them side by side.

`python -m giaoban.scenarios.study.emulation_process` takes several, one after the other, so that
what it needs is loaded once: each line of its standard input is the path, in JSON, of an
`EmulationJob` that our parent has pickled. The process prints its progress
(`giaoban.processes.progress`). When it is done with one there are `result.json` and what the
order's `look` made of it. With the first error it ends: its exit code is that of the error told in
`error.pickle`.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from giaoban import IMPORTED_FROM
from giaoban.errors import GiaobanError, InputError, InvalidRun, MachineLacks
from giaoban.files import writing
from giaoban.processes import interruptions
from giaoban.processes.children import Ended, Job, module, run_all, tell_done
from giaoban.processes.heap import give_back
from giaoban.processes.progress import Progress
from giaoban.processes.progress import tell as tell_progress
from giaoban.processes.progress import told as progress_told
from giaoban.processes.workers import cores
from giaoban.results.archive.store import write_result
from giaoban.results.model.result import Result
from giaoban.scarce import shortage
from giaoban.scenarios.emulation.engine import EngineName, emulate
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.assemble import Answer, assemble
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.plan.recordings import save_recordings
from giaoban.sentence import Sentence

ORDER, FOUND, ERROR, WORK = "order.pickle", "found.pickle", "error.pickle", "work"


@dataclass(frozen=True)
class EmulationJob[T]:
    """What to emulate, where to put it, and what to make of it.

    `name` is how it is told of. `look` is given the answer and the folder of the captures, which
    are removed after that; it is pickled, so it is a function of a module, or a `partial` of one.
    """

    name: str
    question: Question
    engine: EngineName
    folder: Path
    look: Callable[[Answer, Path], T]


class EmulationOutcome[T](NamedTuple):
    """What `look` made of an emulation, or why it cannot be trusted; and how long it took (s)."""

    found: T | InvalidRun
    seconds: float


def result_of(answer: Answer, _captures: Path) -> Result:
    """What to `look` at where the result alone is wanted."""
    return answer.result


def emulate_all[T](
    orders: Iterable[EmulationJob[T]],
    count: int,
    *,
    engine: EngineName,
    jobs: int | None = None,
    told: str,
    progress: Progress,
    on_end: Callable[[str, T | InvalidRun], object] = lambda _name, _found: None,
) -> dict[str, EmulationOutcome[T]]:
    """Emulate `count` orders by an engine, each in a process; by their names.

    An order is asked for when its turn comes. Its folder is there; what its process is told and
    tells us is in there only meanwhile.

    Args:
        jobs: so many at once, None: as many as there are cores. In real time one has the machine to
            itself, whatever is said here.
        told: the sentence that says how many of all have ended, with `{done}` and `{count}`.
        on_end: is told of each at once; what it raises ends all.

    Raises:
        InputError, MachineLacks: as the emulation; then no other would fare better.
    """
    folders: dict[str, Path] = {}
    found: dict[str, EmulationOutcome[T]] = {}
    done: dict[str, float] = {}

    def processes() -> Iterator[Job]:
        for order in orders:
            folders[order.name] = order.folder
            yield job(order)

    def tell() -> None:
        progress(Sentence(told, done=len(found), count=count), sum(done.values()) / count)

    def line(name: str, text: str) -> None:
        step = progress_told(text)
        # the meeting is nearly all of it; other steps count from nought again
        if step is not None and step[0] == "meeting":
            done[name] = step[1]
        tell()

    def end(ended: Ended) -> None:
        folder = folders[ended.name]
        of: T | InvalidRun = failed(folder, ended) if ended.code else taken(folder / FOUND)
        on_end(ended.name, of)
        found[ended.name] = EmulationOutcome(of, ended.seconds)
        done[ended.name] = 1.0
        tell()

    at_once = 1 if engine is EngineName.NATIVE else jobs or cores()
    run_all(processes(), at_once=at_once, on_line=line, on_end=end, cwd=IMPORTED_FROM)
    return found


def job[T](order: EmulationJob[T]) -> Job:
    """What carries out an order, which is written into its folder."""
    path = order.folder.resolve() / ORDER
    path.write_bytes(pickle.dumps((Path.cwd(), order)))
    command = module("giaoban.scenarios.study.emulation_process")
    return Job(order.name, command, json.dumps(str(path)))  # whatever the folder's name is


def failed(folder: Path, ended: Ended) -> InvalidRun:
    """The error of a child that did not exit with 0, if it concerns its emulation alone.

    Raises what makes the whole run senseless: `InputError`, `MachineLacks`, or that it broke down.
    """
    told = folder / ERROR
    match taken(told) if told.is_file() else None:
        case InvalidRun() as error:
            return error
        case InputError() as error:
            raise error
        case MachineLacks(what=what, install=install):
            raise MachineLacks("{name}: {what}", install, name=ended.name, what=what)
    last = "\n".join(ended.tail)
    if ended.code < 0:
        return InvalidRun(
            "its process was ended by signal {signal}\n{last}", signal=-ended.code, last=last
        )
    raise RuntimeError(f"{ended.name} ended with {ended.code}:\n{last}")


# ------------------------------------------------------------------------------- in the process


def main() -> int:
    """The exit code: 0 when no more orders come, 130 if interrupted, or an error's."""
    gc.freeze()  # to look for garbage among what is loaded is dear
    try:
        for line in sys.stdin:
            if code := carried_out(Path(json.loads(line))):
                return code
            give_back()  # while the next guest runs, others need it
            tell_done()
    except KeyboardInterrupt:
        interruptions.taken()
        return interruptions.INTERRUPTED
    return 0


def carried_out(path: Path) -> int:
    """The exit code of one order: 0, or an error's, told in the order's folder."""
    here, order = taken(path)
    os.chdir(here)  # ours is the program's, so that it is found; files are named as seen from there
    folder = path.parent
    try:
        found = emulated(order, folder)
        (folder / FOUND).write_bytes(pickle.dumps(found))
    except Exception as raised:
        error = raised if isinstance(raised, GiaobanError) else shortage(raised)
        if error is None:
            raise
        (folder / ERROR).write_bytes(pickle.dumps(error))
        return error.exit_code
    return 0


def emulated[T](order: EmulationJob[T], folder: Path) -> T:
    """Emulate, measure, judge, write `result.json`; the captures are removed afterwards."""
    work = folder / WORK
    with writing(folder):
        work.mkdir()
        question, reference = order.question, None
        compares = question.plan.adds_bridges and not question.plan.faults
        if compares or not question.plan.watchful:  # else nothing hangs on any packet lost
            from giaoban.scenarios.estimate.estimate import foreseen  # long to load

            estimated = foreseen(question)
            question = estimated.question
            reference = estimated.prior().reference if compares else None
        save_recordings(question.plan, question.recordings, work)
        about = emulate(question.plan, work, order.engine, tell_progress)
        tell_progress(Sentence("measuring"), 0.0)
        captured = captures.load(work, question.plan)
        answer = assemble(question, captured, about, folder.name, reference=reference)
        write_result(folder, answer.result)
        found = order.look(answer, work / "captures")
        shutil.rmtree(work)
    return found


def taken(path: Path) -> Any:
    """What one of us has pickled; it is not left behind."""
    found = pickle.loads(path.read_bytes())
    path.unlink()
    return found


if __name__ == "__main__":
    interruptions.obey()
    sys.exit(main())
