"""A run made again from its evidence, and compared: the same measures, and the same packets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from pydantic import ConfigDict, Field

from giaoban.errors import InputError
from giaoban.processes.ownership import temporary_folder
from giaoban.processes.progress import Progress
from giaoban.processes.workers import cores
from giaoban.results.archive.store import Outcome, note_rerun
from giaoban.results.judge.baseline_compare import alone
from giaoban.results.judge.diff import Difference, differences
from giaoban.results.model.answer_files import FAULTS, RESULT, SENSITIVITY
from giaoban.results.model.answers import ESTIMATE
from giaoban.results.model.manifest import Manifest, Proof
from giaoban.results.model.result import Result
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.sensitivity import Sensitivity, TriedFigure
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.plan.identity import code_identity
from giaoban.scenarios.plan.plan import PLAN
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.failure_cases import chosen
from giaoban.scenarios.study.check import check, check_by_estimate
from giaoban.scenarios.study.failures.failures import try_failures
from giaoban.scenarios.study.failures.trial import possible_in
from giaoban.scenarios.study.laid_out import as_laid_out, lay_out
from giaoban.scenarios.study.sensitivity.sensitivity import AnalysisOptions, sensitivity
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, dumps, read_json

CODE = "inputs.code"


def rerun(
    proof: Proof, files: Mapping[str, bytes], *, root: Path, now: datetime, progress: Progress
) -> list[str]:
    """What differs from the evidence when it is run again; empty: nothing. `root` takes the run,
    which is known for no further one (`note_rerun`).

    Whatever engine it names, a stranger's scenario runs in the sandbox, never on this machine's own
    kernel, which takes root. Raises `InputError`: inputs that the scenario names by paths that lead
    elsewhere, a run in which nothing was emulated.
    """
    manifest = proof.manifest
    if manifest.engine not in {ESTIMATE, *EngineName}:
        if manifest.kind == "load":
            raise InputError(
                "{run_id}: nothing was emulated that could be repeated, all of it ran in real time",
                run_id=manifest.run_id,
            )
        raise InputError(
            "{run_id}: nothing was emulated that could be repeated", run_id=manifest.run_id
        )

    def compared[T: (FaultsAnswer, Sensitivity)](
        then: T, again: Callable[..., Outcome[T]]
    ) -> list[str]:
        outcome = again(root=root, now=now, progress=progress)
        note_rerun(outcome.folder, manifest.run_id)
        return _told(differences(then, outcome.answer))

    with temporary_folder("rerun") as folder:
        scenario, province = lay_out(manifest, files, folder)
        if manifest.kind == "faults":
            return compared(*_failures(manifest, files, scenario, province))
        question = make_question(
            scenario,
            province_path=province,
            seed=manifest.seed,
            pcap=recorded(files),
            change=as_laid_out(manifest),
        )
        if manifest.kind == "sensitivity":
            told = Sensitivity.from_json(files[SENSITIVITY])
            return compared(told, partial(sensitivity, question, wanted=options_of(told, folder)))
        then = Result.from_json(files[RESULT])
        analysed = None
        if SENSITIVITY in files:
            analysed = Sensitivity.from_json(files[SENSITIVITY])
        again = partial(
            check_by_estimate
            if manifest.engine == ESTIMATE
            else partial(check, engine=EngineName.SANDBOX),
            seeds=other_seeds_of(then),
            wanted=None if analysed is None else options_of(analysed, folder),
        )
        outcome = again(question, root=root, now=now, progress=progress)
        note_rerun(outcome.folder, manifest.run_id)
    found = _told(differences(then, outcome.answer))
    if analysed is not None:
        found += _told(differences(analysed, Sensitivity.read(outcome.folder)))
    return found


def other_seeds_of(then: Result) -> int | None:
    """How many other seeds a result was judged by; None: as many as usual, which were refused."""
    if then.seeds is None:
        return 0
    return None if then.seeds.refused is not None else then.seeds.tried


def options_of(then: Sensitivity, folder: Path) -> AnalysisOptions:
    """What was asked of the assumptions; ranges that a file of the user's gave, of which the
    evidence has what came of it, are written into `folder`."""
    of_file = [figure for figure in then.figures if figure.range_from == "ranges"]
    ranges = folder / "ranges.toml" if of_file else None
    if ranges is not None:
        ranges.write_text(dumps(_ranges_of(of_file)), encoding="utf-8")
    drawn = then.drawn
    return AnalysisOptions(
        seeds=then.seeds,
        worlds=0 if drawn is None else drawn.judged + drawn.impossible,
        required_pct=then.required_pct,
        ranges=ranges,
    )


def _ranges_of(figures: Sequence[TriedFigure]) -> dict[str, object]:
    tables: dict[str, list[dict[str, object]]] = {"range": [], "choice": []}
    for figure in figures:
        source = {"source": figure.range_source, "source_vi": figure.range_source_vi}
        if figure.choices:
            more = {"of_these": figure.choices, "likely": figure.likely_choices or None}
            tables["choice"].append({"of": [figure.key], **more, **source})
            continue
        names = ("low", "high", "likely_low", "likely_high", "scale", "whole")
        own = {name: getattr(figure, name) for name in names}
        tables["range"].append({"of": [figure.key], **own, **source})
    return {
        "schema": "giaoban.ranges/1",
        **{name: found for name, found in tables.items() if found},
    }


def recorded(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The bridges whose frames the run recorded: a recorder takes some nanoseconds of its own."""
    if PLAN not in files:
        return ()
    return tuple(read_json(_Recorded, files[PLAN], PLAN, "plan").pcap)


class _Recorded(StrictModel):
    """Of a plan only whose frames were recorded."""

    model_config = ConfigDict(extra="ignore")
    pcap: list[str] = Field(default_factory=list)


def _told(found: Sequence[Difference]) -> list[str]:
    """In a line each. That the program is another one is told by `by_another`: it explains, and
    where the measures are the same all the same, it confirms them."""
    return [
        Sentence("{path}: {a} became {b}", path=d.path, a=d.a, b=d.b)
        for d in found
        if d.path != CODE
    ]


def by_another(manifest: Manifest) -> str:
    """What to know if the program that runs it again is not the one that made it; '' if it is."""
    if manifest.code == code_identity():
        return ""
    then = manifest.commit or f"code {manifest.code}"
    return Sentence("by another version of the program than then ({then})", then=then)


def _failures(
    manifest: Manifest, files: Mapping[str, bytes], scenario: Path, province: Path
) -> tuple[FaultsAnswer, Callable[..., Outcome[FaultsAnswer]]]:
    then = FaultsAnswer.from_json(files[FAULTS])
    # each is tried by a process that reads the scenario as it is, so absolute paths must be there
    asked = make_question(scenario, province_path=province, seed=manifest.seed)
    possible = possible_in(asked)
    network = asked.plan.network
    again = partial(
        try_failures,
        asked,
        chosen(network, possible, only=[f.id for f in then.failures]),
        possible=possible,
        whole=then.whole,
        jobs=cores(),
        engine=None if then.is_estimate else EngineName.SANDBOX,
    )
    return alone(then), again
