"""Do approvals still hold with the figures as the files have them now?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from giaoban.errors import InputError
from giaoban.files import read_file
from giaoban.processes.ownership import temporary_folder
from giaoban.provenance import FigureRange, Sourced
from giaoban.regulation import CalendarRules, Regulation
from giaoban.results.archive.evidence.manifest import INPUTS, sha256
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.recheck import (
    Changed,
    Fact,
    Now,
    Rechecked,
    changed,
    moved,
)
from giaoban.results.archive.store import read_result
from giaoban.results.model.manifest import MANIFEST, Manifest
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.measure.assumptions import LANGUAGES, assumed_records
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.spec.scenario import Expect, load_scenario
from giaoban.scenarios.study.rerun import as_laid_out, lay_out
from giaoban.scenarios.study.sensitivity.world import THRESHOLDS, World, told_value
from giaoban.sentence import N_, Both, Sentence, message
from giaoban.topology.assumptions import line_name
from giaoban.topology.model import Link, Router
from giaoban.translation import translator

NO_SAY = frozenset(
    [
        "id",
        "name",
        "name_vi",
        "question",
        "question_vi",
        "schema_",
        "seed",
        "source",
        "source_vi",
        "settled_by",
        "settled_by_vi",
        "assumed",
        "lat",
        "lon",
        "province",
        "devices",
        "meetings",
        "file",
        "thresholds",
        "range",
        "unusual",
    ]
)
"""Fields that no verdict hangs on: words, places on the map, paths of files whose content is
compared, and the seed, of which a check tries others itself; limits are compared as they hold."""
NO_SAY_RECORDS = (CalendarRules, Expect, FigureRange, Regulation)
MEETINGS = "meetings"


class ScenariosNow(NamedTuple):
    """Files of scenarios as they are now: those that were `given`, by identifier, as a copy may
    have another name, before those that are `known`, by name."""

    given: Mapping[str, Path]
    known: Mapping[str, Path]

    @classmethod
    def among(cls, given: Sequence[Path], known: Mapping[str, Path]) -> ScenariosNow:
        """Raises `InputError`: one that is given is none, not there, or the second of its kind."""
        found: dict[str, Path] = {}
        for path in given:
            ident = load_scenario(path).id
            if found.setdefault(ident, path) != path:
                raise InputError(
                    "{path}: is the scenario {ident}, as {other} is (allowed: one file a scenario)",
                    path=path,
                    ident=ident,
                    other=found[ident],
                )
        return cls(found, {path.name: path for path in known.values()})

    def of(self, scenario: str, name: str) -> Path | None:
        """That of an approval, by its scenario and the name of its file then."""
        return self.given.get(scenario) or self.known.get(name)


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
    scenarios: ScenariosNow,
    province: Path | None,
) -> list[Rechecked]:
    """Each approval with what moved since.

    Args:
        entries: approvals beside which their assumptions were tried.
        scenarios: files of scenarios as they are now.
        province: in place of the one that a scenario names.

    Raises:
        InputError: a file of now is wrong.
    """
    known: dict[Path, Question] = {}
    found = []
    for entry in entries:
        folder = root / entry.folder
        name = read_result(folder).inputs.scenario.path
        path = scenarios.of(entry.scenario, name)
        made = partial(Rechecked, run_id=entry.run_id, folder=entry.folder)
        if path is None:
            why = Sentence("there is no scenario {name} now", name=name)
            found.append(made(moved=[], changed=None, reason=why.en, reason_vi=why.vi))
            continue
        if path not in known:
            known[path] = make_question(path, province_path=province)
        asked, analysis = known[path], Sensitivity.read(folder)
        then, now = records_then(folder), records_of(asked)
        if then is not None:  # to be tried in fewer meetings than then is no more than was asked
            asked_in = {name: then[MEETINGS].get(name) for name in now[MEETINGS]}
            then[MEETINGS] = {name: tried for name, tried in asked_in.items() if tried is not None}
        others = None
        if then is not None:
            keys = [figure.key for figure in analysis.figures]
            others = named(changed(then, now, keys), names_of(asked))
        found.append(made(moved=moved(analysis, figures_now(asked)), changed=others))
    return found


def named(changes: Sequence[Changed], names: Mapping[str, Both]) -> list[Changed]:
    """Changes with what people call them; of a record without a name with that of what it is of."""
    found = []
    for each in changes:
        record, fields = each.key, list[str]()
        while record not in names and "." in record:
            record, _, last = record.rpartition(".")
            fields.insert(0, last)
        if record in names:
            name = names[record]
            update = {"what": name.en, "what_vi": name.vi, "field": ".".join(fields)}
            found.append(each.model_copy(update=update))
        else:
            found.append(each)
    return found


def names_of(question: Question) -> dict[str, Both]:
    """What records of a question's files are called, by name: as its assumptions are, else as they
    say themselves; and its limits."""
    world, criteria = World.of(question), criteria_of(question)
    province, extra = question.province, question.scenario.new_bridges
    found = {f"{THRESHOLDS}.{c.id}": Both(c.name_en, c.name_vi) for c in criteria.criterion}
    for assumed, told in assumed_records(question, criteria):
        if isinstance(assumed, Sourced) and (path := world.find(assumed)) is not None:
            found.setdefault(world.named(path), Both(told.what, told.what_vi or told.what))
    for key, record, _ in world.figures():
        name = key.rpartition(".")[0]
        if name in found:
            continue
        if isinstance(record, Link):
            en, vi = (line_name(province, record.id, translator(lang), extra) for lang in LANGUAGES)
            found[name] = Both(en, vi)
        elif isinstance(own := getattr(record, "name", None), str):
            called = Both(own, own)
            if isinstance(record, Router):  # else a bridge of the same place is called the same
                as_router = message(N_("router {router}"), router=called)
                called = Both(as_router.en, as_router.vi)
            found[name] = called
    return found


def strangers(scenarios: ScenariosNow, entries: Sequence[HistoryEntry], root: Path) -> list[Path]:
    """Of the files that were given those that no approval is compared with."""
    compared = {
        scenarios.of(entry.scenario, read_result(root / entry.folder).inputs.scenario.path)
        for entry in entries
    }
    return [path for path in scenarios.given.values() if path not in compared]


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


def records_of(question: Question) -> dict[str, dict[str, Fact]]:
    """Of all records of a question's files the fields that a verdict may hang on, by name; its
    limits, the recordings and traces that it names, and the meetings that it is tried in."""
    found: dict[str, dict[str, Fact]] = {}
    for key, record, value in World.of(question).figures():
        name, _, field = key.rpartition(".")
        if isinstance(record, NO_SAY_RECORDS):
            continue
        there = found.setdefault(name, {})
        if field in NO_SAY or value is None or value == []:
            continue
        if (told := told_value(value)) is not None:
            there[field] = told
        elif isinstance(value, dict):
            there[field] = ", ".join(f"{of} {each}" for of, each in value.items())
    found[THRESHOLDS] = {c.id: c.threshold for c in criteria_of(question).criterion}
    found["files"] = {path.name: sha256(path.read_bytes()) for path in question.files}
    found[MEETINGS] = dict.fromkeys((path.name for path in question.meetings), "true")
    return found


def records_then(folder: Path) -> dict[str, dict[str, Fact]] | None:
    """Of the files that a run was made from, its copies; None: they are not there, or this program
    does not read them."""
    try:
        if (kept := inputs_then(folder)) is None:
            return None
        manifest, files = kept
        with temporary_folder("recheck") as place:
            scenario, province = lay_out(manifest, files, place)
            return records_of(
                make_question(scenario, province_path=province, change=as_laid_out(manifest))
            )
    except (InputError, OSError):
        return None


def inputs_then(folder: Path) -> tuple[Manifest, Mapping[str, bytes]] | None:
    """Return the manifest of a run and its inputs; None: there is none. Raises `InputError`,
    `OSError`."""
    if (folder / MANIFEST).is_file() and (folder / INPUTS).is_dir():
        manifest = Manifest.from_json(read_file(folder / MANIFEST), MANIFEST)
        return manifest, {item.path: read_file(folder / item.path) for item in manifest.inputs}
    return None
