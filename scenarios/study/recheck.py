"""Do approvals still hold with the figures as the files have them now?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from giaoban.errors import InputError
from giaoban.provenance import Sourced
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.recheck import Now, Rechecked, moved
from giaoban.results.archive.store import read_result
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.study.sensitivity.world import THRESHOLDS, World, told_value
from giaoban.sentence import Sentence


def approvals(
    entries: Sequence[HistoryEntry], root: Path
) -> tuple[list[HistoryEntry], list[HistoryEntry]]:
    """Checks that passed, emulated: those beside which their assumptions were tried, and others."""
    passed = [e for e in entries if e.kind == "check" and e.verdict == "pass" and e.counts]
    analysed = [e for e in passed if (root / e.folder / Sensitivity.FILE).is_file()]
    return analysed, [e for e in passed if e not in analysed]


def recheck(
    entries: Sequence[HistoryEntry],
    root: Path,
    scenarios: Mapping[str, Path],
    province: Path | None,
) -> list[Rechecked]:
    """Each approval with what moved since.

    Args:
        entries: approvals beside which their assumptions were tried.
        scenarios: files of scenarios as they are now, by the names of the files.
        province: in place of the one that a scenario names.

    Raises:
        InputError: a file of now is wrong.
    """
    known: dict[Path, dict[str, Now]] = {}
    found = []
    for entry in entries:
        folder = root / entry.folder
        name = read_result(folder).inputs.scenario.path
        path = scenarios.get(name)
        if path is None:
            why = Sentence("there is no scenario {name} now", name=name)
            found.append(
                Rechecked(
                    run_id=entry.run_id,
                    folder=entry.folder,
                    moved=[],
                    reason=why.en,
                    reason_vi=why.vi,
                )
            )
            continue
        if path not in known:
            known[path] = figures_now(make_question(path, province_path=province))
        since = moved(Sensitivity.read(folder), known[path])
        found.append(Rechecked(run_id=entry.run_id, folder=entry.folder, moved=since))
    return found


def scenario_files(given: Sequence[Path], known: Mapping[str, Path]) -> dict[str, Path]:
    """Files by their names: those that are known, and before them those that are given.

    Raises `InputError`: one that is given is none.
    """
    for path in given:
        if not path.is_file():
            raise InputError("{path}: there is no such file", path=path)
    return {path.name: path for path in (*known.values(), *given)}


def figures_now(question: Question) -> dict[str, Now]:
    """All figures of a question's files, by the names that analyses give them."""
    world = World.of(question)
    found = {
        f"{THRESHOLDS}.{c.id}": Now(c.threshold, c.assumed) for c in criteria_of(question).criterion
    }
    for key, record, value in world.figures():
        if (told := told_value(value)) is not None:
            found[key] = Now(told, isinstance(record, Sourced) and record.assumed)
    # what is chosen by its name is as sure as what has the name
    for chosen in (question.plan.profile, question.plan.audio):
        if (at := world.chosen_at(chosen, "id")) is not None:
            key = world.named(at)
            found[key] = Now(chosen.id, chosen.assumed or found[key].assumed)
    return found
