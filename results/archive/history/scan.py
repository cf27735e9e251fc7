"""Run folder → what the history keeps of it, or why it is no run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from giaoban.errors import InputError, strerror
from giaoban.files import MOST_ANSWER, read_file
from giaoban.results.archive.evidence.manifest import INPUTS, refuse_altered
from giaoban.results.archive.history.entry import (
    BindingCriterion,
    CriterionValue,
    HistoryEntry,
    ProvinceRef,
    SkippedRun,
    TriedFailures,
    scenario_of,
)
from giaoban.results.archive.store import PARTIAL, RERUN, rerun_of
from giaoban.results.judge.criteria import LINK_PEAK
from giaoban.results.model.manifest import MANIFEST
from giaoban.results.model.result import CriterionResult, Result
from giaoban.results.model.run_ids import VIETNAM, begun
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.wording import Wording, reasons
from giaoban.schemas import COMMANDS
from giaoban.sentence import Sentence
from giaoban.text import LONGEST_NAME, text_problem
from giaoban.tomlfile import parse
from giaoban.translation import N_, translator

FILES = {"result.json": "check", "faults.json": "faults"}
"""The answers that are read in full, and the kind of run each makes."""
PREFIX = "giaoban."
_FAILURE_CRITERIA = {
    "interruption": (N_("Longest interruption by a failure"), "ms"),
    LINK_PEAK: (N_("Highest load of a link during a failure"), "%"),
}
VERDICTS = ("pass", "fail", "undecided", "invalid")


def answer_file(folder: Path) -> Path | None:
    """Return the file with the answer of a run's folder; None: the folder is no run."""
    for name in FILES:
        if (folder / name).is_file():
            return folder / name
    for path in sorted(set(folder.glob("*.json")) - {folder / MANIFEST}):
        try:
            head = _object(read_file(path, most=MOST_ANSWER))
        except InputError:
            continue
        if head and str(head.get("schema", "")).startswith(PREFIX) and "run_id" in head:
            return path
    return None


def stamp(folder: Path) -> str:
    """Changes when the answer, the manifest, the state of a run or what it was made for does."""
    path = answer_file(folder)
    if path is None:
        return "none"
    try:
        about = [_state(path)]
        if (folder / MANIFEST).is_file():
            about.append(_state(folder / MANIFEST))
    except OSError:
        return "none"  # gone since
    return f"{path.name} {' '.join(about)} {(folder / RERUN).is_file()}"


def _state(path: Path) -> str:
    about = path.stat()
    return f"{about.st_mtime_ns} {about.st_size}"


def scan(folder: Path) -> HistoryEntry | SkippedRun:
    """Read one folder of the results. Whatever is wrong with it becomes the reason."""
    if folder.name.startswith(PARTIAL):
        return SkippedRun.of(folder.name, Sentence("not finished: going on, or killed"))
    path = answer_file(folder)
    if path is None:
        return SkippedRun.of(folder.name, Sentence("no answer of a run in it"))
    try:
        again = rerun_of(folder)
        raw = read_file(path, most=MOST_ANSWER)
        entry = _entry(folder, path, raw)
        refuse_altered(path, raw)
    except InputError as error:
        return SkippedRun.of(folder.name, error.said)
    except OSError as error:
        why = Sentence("{path}: {why}", path=path.name, why=strerror(error))
        return SkippedRun.of(folder.name, why)
    if again is None:
        return entry
    why = Sentence("{run} made again by giaoban verify --rerun, no further run", run=again)
    return SkippedRun.of(folder.name, why)


def _entry(folder: Path, path: Path, raw: bytes) -> HistoryEntry:
    match FILES.get(path.name):
        case "check":
            result = Result.from_json(raw, str(path))
            about = _of_check(result) | {"province": _province(result, folder)}
        case "faults":
            answer = FaultsAnswer.from_json(raw, str(path))
            about = _of_faults(answer) | {"province": _province(answer, folder)}
        case _:
            about = _of_other(_object(raw) or {})
    told = begun(about["run_id"])
    kept = datetime.fromtimestamp(path.stat().st_mtime, VIETNAM).replace(microsecond=0, tzinfo=None)
    return HistoryEntry(
        folder=folder.name,
        at=told.at if told else kept,
        sha256=hashlib.sha256(raw).hexdigest(),
        **about,
    )


def _province(of: Result | FaultsAnswer, folder: Path) -> ProvinceRef:
    """The network of a run, by the name that its own copy of the file gives it."""
    ref = of.inputs.province
    name: object = ""
    try:
        path = folder / INPUTS / "province.toml"
        raw = read_file(path)
        if hashlib.sha256(raw).hexdigest() == ref.sha256:
            name = parse(path, raw.decode("utf-8-sig")).get("name", "")
    except (InputError, UnicodeDecodeError):
        pass  # a name is not worth more: without one the sum tells networks apart
    if not isinstance(name, str) or text_problem(name, LONGEST_NAME):
        name = ""
    return ProvinceRef(
        file=ref.path, sha256=ref.sha256, name=name, regulation=of.question.regulation
    )


def _of_any(of: Result | FaultsAnswer) -> dict[str, Any]:
    """What a check and tried failures tell alike."""
    return {
        "run_id": of.run_id,
        "verdict": of.verdict,
        "scenario": scenario_of(of.run_id, estimate=of.is_estimate),
        "scenario_sha256": of.inputs.scenario.sha256,
        "question_en": of.question.text_en,
        "question_vi": of.question.text_vi,
        "existing": {b.id: b.name for b in of.question.existing},
        "new": {b.id: b.name for b in of.question.new},
        "engine": of.engine.name if of.engine else "",
        "committed": of.inputs.commit is not None and of.inputs.committed,
        "reasons": of.reasons,
        "reasons_vi": reasons(of, Wording("vi", of)) if of.verdict == "invalid" else [],
    }


def _of_check(result: Result) -> dict[str, Any]:
    binding = result.binding
    named = DisplayNames(result)
    where = named.place(None if binding is None else binding.place)
    return {
        **_of_any(result),
        "kind": "check",
        "criteria": [_criterion(c, named) for c in result.criteria],
        "binding": binding
        and BindingCriterion(
            criterion=binding.criterion,
            where_en=str(where),
            where_vi=where.vi,
            margin_pct=binding.margin_pct,
        ),
    }


def _criterion(c: CriterionResult, named: DisplayNames) -> CriterionValue:
    nowhere = c.ok and c.value == 0  # a count of nought is found nowhere in particular
    where = named.place(None if nowhere else c.place)
    return CriterionValue(
        id=c.id,
        name_en=c.name_en,
        name_vi=c.name_vi,
        value=c.value,
        threshold=c.threshold,
        unit=c.unit,
        unit_vi=c.unit_vi,
        sense=c.sense,
        ok=c.ok,
        shown=c.shown,
        margin_pct=c.margin_pct,
        where_en=str(where),
        where_vi=where.vi,
    )


def _of_faults(answer: FaultsAnswer) -> dict[str, Any]:
    """The two criteria of failures, each at its worst over all that were tried."""
    criteria = []
    if any(f.interruption_ms is not None for f in answer.failures):
        worst = answer.interrupts_longest
        of = (worst.slowest.ms, worst.id) if worst and worst.slowest else (0.0, "")
        criteria.append(_of_failure("interruption", *of, answer))
    if (loaded := answer.most_loaded) is not None:
        criteria.append(_of_failure(LINK_PEAK, loaded.peak_pct, loaded.failure, answer))
    return {
        **_of_any(answer),
        "kind": "faults",
        "tried": TriedFailures(
            count=len(answer.failures),
            possible=len(answer.possible),
            singles=len(answer.possible) - len(answer.untried),
            unknown=sum(f.verdict == "invalid" for f in answer.failures),
        ),
        "compared_with": "" if answer.comparison is None else answer.comparison.baseline,
        "criteria": criteria,
        "single_points": [point.name_vi for point in answer.single_points],
    }


def _of_failure(what: str, value: float, failure: str, answer: FaultsAnswer) -> CriterionValue:
    name, unit = _FAILURE_CRITERIA[what]
    limit = answer.interruption_limit_ms if unit == "ms" else answer.link_limit_pct
    where = next(((f.name_en, f.name_vi) for f in answer.failures if f.id == failure), ("", ""))
    return CriterionValue(
        id=f"failure-{what}",
        name_en=name,
        name_vi=translator("vi").text(name),
        value=value,
        threshold=limit,
        unit=unit,
        sense="at-most",
        ok=value <= limit,
        margin_pct=100 * (limit - value) / limit if limit else None,
        where_en=where[0],
        where_vi=where[1],
    )


def _of_other(head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an entry for the answer of a study."""
    schema = str(head["schema"]).removeprefix(PREFIX).partition("/")[0]
    kind = COMMANDS.get(schema, schema)
    run_id = str(head["run_id"])
    verdict = head.get("verdict")
    engine = head.get("engine")
    inputs = head.get("inputs")
    given: Mapping[str, Any] = inputs if isinstance(inputs, Mapping) else {}
    return {
        "run_id": run_id,
        "kind": kind,
        "verdict": verdict if verdict in VERDICTS else None,
        "scenario": scenario_of(run_id).removeprefix(f"{kind}-"),
        "question_en": str(head.get("question_en") or ""),
        "question_vi": str(head.get("question_vi") or ""),
        "engine": str(engine.get("name", "")) if isinstance(engine, Mapping) else "",
        "committed": bool(given.get("commit")) and given.get("committed") is True,
    }


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
