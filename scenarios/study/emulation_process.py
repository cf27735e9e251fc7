"""An emulation in a process of its own: what such a process does, and how it tells its errors.

Progress is printed, one JSON object a line. The exit code is 0, or that of the error that is told
in `error.json`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from giaoban import interruptions
from giaoban.children import Ended
from giaoban.errors import GiaobanError, InputError, InvalidRun, MachineLacks
from giaoban.scarce import shortage
from results.archive.store import write_result, writing
from scenarios.emulation.engine import EngineName, emulate
from scenarios.estimate.run import foreseen
from scenarios.measure import captures
from scenarios.measure.assemble import Answer, assemble
from scenarios.spec.question import Question
from scenarios.spec.recordings import save_recordings

Progress = Callable[[str, float], None]

ERROR, WORK = "error.json", "work"
INTERRUPTED = 130


def emulated[T](
    question: Question,
    folder: Path,
    engine: EngineName,
    look: Callable[[Answer, Path], T],
) -> T:
    """Emulate, measure, judge, write `result.json`; the captures are removed afterwards.

    `look` is given the answer and the folder of the captures while they are there.
    """
    work = folder / WORK
    with writing(folder):
        work.mkdir()
        question = foreseen(question).question
        save_recordings(question.plan, question.recordings, work)
        about = emulate(question.plan, work, engine, say)
        say("measuring", 0.0)
        captured = captures.load(work, question.plan)
        answer = assemble(question, captured, about, folder.name)
        write_result(folder, answer.result)
        found = look(answer, work / "captures")
        shutil.rmtree(work)
    return found


def work_in(folder: Path, work: Callable[[], None]) -> int:
    """Do the work; the exit code is 0, 130 if interrupted, or an error's, told in `folder`."""
    try:
        work()
    except KeyboardInterrupt:
        interruptions.taken()
        return INTERRUPTED
    except Exception as raised:
        error = raised if isinstance(raised, GiaobanError) else shortage(raised)
        if error is None:
            raise
        said = {"message": str(error)}
        if isinstance(error, MachineLacks):
            said = {"message": error.what, "install": error.install}
        (folder / ERROR).write_text(json.dumps(said), encoding="utf-8")
        return error.exit_code
    return 0


def exit_with(main: Callable[[list[str]], int]) -> NoReturn:
    """Run a child's main function on the command line's words; it can be interrupted."""
    interruptions.obey()
    sys.exit(main(sys.argv[1:]))


def failed(folder: Path, ended: Ended) -> InvalidRun:
    """The error of a child that did not exit with 0, if it concerns its emulation alone.

    Raises what makes the whole run senseless: `InputError`, `MachineLacks`, or that it broke down.
    """
    fault = folder / ERROR
    said = json.loads(fault.read_text(encoding="utf-8")) if fault.is_file() else {}
    message = said.get("message", "")
    match ended.code:
        case InvalidRun.exit_code if said:
            return InvalidRun(message)
        case InputError.exit_code if said:
            raise InputError(message)
        case MachineLacks.exit_code if said:
            lacks = said.get("install", "giaoban doctor")
            raise MachineLacks(f"{ended.name}: {message}", lacks)
    last = "\n".join(ended.tail)
    if ended.code < 0:
        return InvalidRun(f"its process was ended by signal {-ended.code}\n{last}".strip())
    raise RuntimeError(f"{ended.name} ended with {ended.code}:\n{last}")


@dataclass
class Going[T]:
    """Several such processes at once, as the parent hears of them (`giaoban.children.run_all`).

    `told` says in words how many of all have ended, `take` what one that ended has found.
    """

    count: int
    progress: Progress
    told: Callable[[int, int], str]
    take: Callable[[Ended], T]
    found: dict[str, T] = field(default_factory=dict)
    _done: dict[str, float] = field(default_factory=dict)

    def on_line(self, name: str, line: str) -> None:
        if line.startswith("{"):
            said = json.loads(line)
            # the meeting is nearly all of it; other steps count from nought again
            if said["what"] == "meeting":
                self._done[name] = said["done"]
        self._tell()

    def on_end(self, ended: Ended) -> None:
        self.found[ended.name] = self.take(ended)
        self._done[ended.name] = 1.0
        self._tell()

    def _tell(self) -> None:
        so_far = self.told(len(self.found), self.count)
        self.progress(so_far, sum(self._done.values()) / self.count)


def say(what: str, done: float) -> None:
    """Tell the parent how far it is."""
    sys.stdout.write(json.dumps({"what": what, "done": done}) + "\n")
    sys.stdout.flush()
