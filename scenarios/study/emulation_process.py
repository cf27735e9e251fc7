"""Emulations in processes of their own, several of them side by side."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from giaoban.errors import InvalidRun, MachineLacks
from giaoban.files import writing
from giaoban.processes.heap import give_back
from giaoban.processes.progress import Progress
from giaoban.processes.workers import WorkerPool, answer, cores
from giaoban.results.archive.store import write_result
from giaoban.results.model.result import Result
from giaoban.scarce import shortage
from giaoban.scenarios.emulation.engine import EngineName, emulate
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.assemble import Answer, assemble
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.plan.recordings import save_recordings
from giaoban.sentence import Sentence

PROGRESS, WORK = ".progress", "work"
LOOK_S = 0.5
"""The progress of the processes is read so often."""


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
    found: dict[str, EmulationOutcome[T]] = {}
    at_once = min(count, 1 if engine is EngineName.NATIVE else jobs or cores())
    if not at_once:
        return found
    waiting, shown = iter(orders), -1.0
    running: dict[Future[EmulationOutcome[T]], EmulationJob[T]] = {}
    with WorkerPool(at_once) as pool:
        while True:
            for order in islice(waiting, at_once - len(running)):
                running[pool.submit(emulated_beside, order)] = order
            if not running:
                return found
            ended, _ = wait(running, LOOK_S, return_when=FIRST_COMPLETED)
            for future in ended:
                name, outcome = running.pop(future).name, answer(future)
                on_end(name, outcome.found)
                found[name] = outcome
            under_way = sum(_done(order.folder) for order in running.values())
            done = (len(found) + under_way) / count
            if done != shown:
                shown = done
                progress(Sentence(told, done=len(found), count=count), done)


def _done(folder: Path) -> float:
    """Return the share of an emulation that is done, 0 to 1."""
    try:
        return float((folder / PROGRESS).read_text(encoding="ascii"))
    except (OSError, ValueError):  # not begun, or being written
        return 0.0


# ------------------------------------------------------------------------------- in the process


def emulated_beside[T](order: EmulationJob[T]) -> EmulationOutcome[T]:
    """Return the outcome of one order. Raises `InputError` and `MachineLacks`."""
    begun_s = time.monotonic()
    found: T | InvalidRun
    try:
        found = emulated(order)
    except InvalidRun as error:
        found = error
    except Exception as raised:
        if (lacks := shortage(raised)) is None:
            raise
        raise MachineLacks(
            "{name}: {what}", lacks.install, name=order.name, what=lacks.what
        ) from None
    finally:
        (order.folder / PROGRESS).unlink(missing_ok=True)
        give_back()  # while the next guest runs, others need it
    return EmulationOutcome(found, time.monotonic() - begun_s)


def emulated[T](order: EmulationJob[T]) -> T:
    """Emulate, measure, judge, write `result.json`; the captures are removed afterwards."""
    folder = order.folder
    work = folder / WORK

    def progress(what: str, done: float) -> None:
        if what == "meeting":  # nearly all of it; other steps count from zero again
            (folder / PROGRESS).write_text(f"{done:.3f}", encoding="ascii")

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
        about = emulate(question.plan, work, order.engine, progress)
        captured = captures.load(work, question.plan)
        answer = assemble(question, captured, about, folder.name, reference=reference)
        write_result(folder, answer.result)
        found = order.look(answer, work / "captures")
        shutil.rmtree(work)
    return found
