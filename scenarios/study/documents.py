"""What documents are made of: a run's manifest with its inputs, its pictures, its chapters.

Pictures are drawn from what the evidence holds: plan, result, and the figures by second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from giaoban.errors import InputError
from giaoban.files import MOST_ANSWER, read_file, refuse_changed, write_whole
from giaoban.processes.workers import Helpers, InlineWorker
from giaoban.results.archive.evidence.documents import record_document
from giaoban.results.archive.evidence.manifest import (
    INPUTS,
    read_proof,
    save_inputs,
    write_manifest,
)
from giaoban.results.archive.store import kind_of_run, open_run, read_result
from giaoban.results.model.answers import Proved, asked
from giaoban.results.model.manifest import MANIFEST, Proof
from giaoban.results.model.result import Result
from giaoban.results.model.series import Series
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.model.studies.meetings import Entry
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes
from giaoban.results.report.annex.sensitivity import OF_ANOTHER, Analysis
from giaoban.results.report.excerpt import MOST_MAPPED
from giaoban.scenarios.measure.minutes import minutes
from giaoban.scenarios.plan.identity import versions
from giaoban.scenarios.plan.plan import PLAN, Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.records.events import FILE as EVENTS
from giaoban.scenarios.records.events import read as read_events
from giaoban.scenarios.study.failure_map import draw_failures
from giaoban.tomlfile import read_json
from giaoban.topology.load import load_province
from giaoban.topology.network import Network


def prove(folder: Path, question: Question, answer: Proved) -> Proof:
    """Put the inputs into a run's folder, and the manifest of all that is there.

    Raises `InputError`: an input is not any more what was judged.
    """
    inputs = inputs_of(question)
    saved = save_inputs(folder, inputs)
    engine = None if isinstance(answer, Sensitivity) else answer.engine
    kernel = engine.kernel if engine else "none" if isinstance(answer, Sensitivity) else "?"
    proof = write_manifest(folder, answer, saved, versions(kernel))
    copies = {file.path: file.sha256 for file in proof.manifest.files}
    paths = [path for _, _, path in inputs]
    refuse_changed(
        question.as_read,
        {path: copies[copy.path] for path, copy in zip(paths, saved, strict=True)},
    )
    return proof


def write_annex(out: Path, chapters: Sequence[Chapter]) -> None:
    """Write the annex of a run into its folder, and its sum into the list of documents."""
    data, draft = annex_bytes(chapters)
    write_whole(out, data)
    record_document(out.parent, data, draft=draft)


def inputs_of(question: Question) -> list[tuple[str, str, Path]]:
    """Each file with its role and what the scenario calls it."""
    found = [
        ("scenario", question.scenario_path.name, question.scenario_path),
        ("province", question.province_path.name, question.province_path),
        ("devices", question.devices_path.name, question.devices_path),
        ("criteria", question.criteria_path.name, question.criteria_path),
    ]
    roles = ["meeting"] * len(question.meetings) + ["file"] * len(question.files)
    paths = [*question.meetings, *question.files]
    names = _names(paths, question.scenario_path.parent)
    return found + list(zip(roles, names, paths, strict=True))


def _names(files: Sequence[Path], parent: Path) -> list[str]:
    """What files are called, seen from the scenario, each by a name of its own.

    Of a path from elsewhere, which tells of this machine and its user, it is the last part.
    """
    near = {path: str(path.relative_to(parent)) for path in files if path.is_relative_to(parent)}
    names: list[str] = []
    for path in files:
        name, number = near.get(path, path.name), 1
        while path not in near and name in {*near.values(), *names}:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        names.append(name)
    return names


def draw_pictures(
    folder: Path,
    *,
    network: Network,
    title: str,
    result: Result,
    series: Series,
    pixels: bool = True,
    helpers: Helpers | None = None,
) -> dict[str, Path]:
    """All pictures of a check, as `delay.vi.svg` and so on, and as `pixels` (.png) beside them;
    paths by name.

    Of a network too large to be drawn there is no map. `helpers`: who draws them, if anybody does.
    """
    limits = {c.id: c.threshold for c in result.criteria}
    ask = (helpers or InlineWorker()).ask
    asked: dict[str, Callable[[], Path]] = {}
    if len(network.nodes) <= MOST_MAPPED:  # first: it takes as long as three of the others
        new = [bridge.id for bridge in result.question.new]
        asked["map"] = ask(_draw_map, network, folder, title, result.link_peaks, new, pixels)
    for name in series.pictures:
        asked[name] = ask(_draw_plot, series, folder, name, limits, pixels)
    return {name: drawn() for name, drawn in asked.items()}


def _draw_plot(
    series: Series,
    folder: Path,
    name: str,
    limits: Mapping[str, float],
    pixels: bool,
) -> Path:
    from giaoban.results.report.plots.run import write_plot

    return write_plot(series, folder, name, lang="vi", limits=limits, pixels=pixels)


def _draw_map(
    network: Network,
    folder: Path,
    title: str,
    peaks: Mapping[tuple[str, str], float],
    new: list[str],
    pixels: bool,
) -> Path:
    from giaoban.topology.map.draw import BROAD_IN, draw

    files = _files(folder / "map.vi.svg", pixels)
    draw(network, *files, title=title, values=peaks, lang="vi", new=new, high=BROAD_IN)
    return files[0]


def _files(vectors: Path, pixels: bool) -> list[Path]:
    return [vectors, vectors.with_suffix(".png")] if pixels else [vectors]


def load_drawing() -> None:
    """What it takes to draw a check's pictures."""
    import giaoban.results.report.plots.run
    import giaoban.topology.map.draw  # noqa: F401


DOCUMENTED = ("check", "faults", "load", "sensitivity")
"""The kinds of runs that a document may be of."""


def chapters_of(
    refs: list[str],
    root: Path,
    folder: Path,
    *,
    pixels: bool,
    vary: Callable[[Chapter, Path], Chapter] = lambda check, _: check,
) -> list[Chapter]:
    """Return runs for a document: checks, failures, load tests; with pictures drawn into `folder`,
    and as `pixels` beside the vectors, which only a DOCX has. `vary` gets each check with its run
    and adds how far its assumptions may be off.

    A run without a manifest has no proof, which makes a draft of the document.

    Raises `InputError`: no such run, or one that is not what it was when it was made.
    """
    checks: list[Chapter] = []
    analyses: list[Sensitivity] = []
    failures: list[tuple[AnswerWithProof, FaultsAnswer]] = []
    loads: list[Chapter] = []
    networks: dict[str, tuple[Network, str]] = {}
    places: list[Path] = []
    for number, ref in enumerate(dict.fromkeys(refs)):
        run = open_run(ref, root, *DOCUMENTED)
        proof = read_proof(run) if (run / MANIFEST).exists() else None
        kind = proof.manifest.kind if proof else kind_of_run(run, *DOCUMENTED)
        if kind == "load":
            loads.append(Chapter(AnswerWithProof(LoadResult.read(run), proof), {}))
            continue
        if kind == "sensitivity":
            analyses.append(Sensitivity.read(run))
            continue
        if kind == "faults":
            answer = FaultsAnswer.read(run)
            failures.append((AnswerWithProof(answer, proof), answer))
            continue
        result = read_result(run)
        plan = _plan(run)
        title = _title(run, proof)
        networks[result.inputs.scenario.sha256] = plan.network, title
        place = folder / str(number)
        place.mkdir()
        series = Series.load(run / "series.npz")
        pictures = draw_pictures(
            place,
            network=plan.network,
            title=title,
            result=result,
            series=series,
            pixels=pixels,
        )
        told = _minutes(run, plan, result)
        part = AnswerWithProof(result, proof)
        analysis = analysis_of(run, place, proof, pixels=pixels)
        checks.append(Chapter(part, pictures, told, analysis))
        places.append(run)
    analysed = with_analyses(checks, analyses, folder, pixels=pixels)
    return [
        *(vary(check, run) for check, run in zip(analysed, places, strict=True)),
        *(_failures(part, answer, networks, folder, pixels) for part, answer in failures),
        *loads,
    ]


def analysis_of(
    run: Path, folder: Path, proof: Proof | None, *, pixels: bool = True
) -> Analysis | None:
    """What `giaoban check --sensitivity` left in the run's folder, drawn into `folder`; None:
    nothing. Raises `InputError`."""
    if not (run / Sensitivity.FILE).is_file():
        return None
    answer = Sensitivity.read(run)
    kept = () if proof is None else (each.path for each in proof.manifest.files)
    return Analysis(answer, _tornado(answer, folder, pixels), Sensitivity.FILE in kept)


def with_analyses(
    checks: Sequence[Chapter],
    analyses: Sequence[Sensitivity],
    folder: Path,
    *,
    pixels: bool = True,
) -> list[Chapter]:
    """Checks with the analyses that were made in runs of their own, which no evidence holds.

    Raises `InputError`: one is of no check that is asked about.
    """
    known = {asked(chapter.part.answer.inputs) for chapter in checks}
    found: dict[object, Analysis] = {}
    for answer in analyses:
        if asked(answer.inputs) not in known:
            raise InputError(OF_ANOTHER, run_id=answer.run_id)
        picture = _tornado(answer, _place(folder, answer.run_id), pixels)
        found[asked(answer.inputs)] = Analysis(answer, picture, proved=False)
    return [
        chapter._replace(analysis=found.get(asked(chapter.part.answer.inputs), chapter.analysis))
        for chapter in checks
    ]


def _tornado(answer: Sensitivity, folder: Path, pixels: bool) -> Path | None:
    from giaoban.results.report.plots.tornado import write_tornado

    return write_tornado(answer, folder, lang="vi", pixels=pixels)


def _place(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir()
    return place


def _minutes(run: Path, plan: Plan, result: Result) -> list[Entry]:
    """From what happened in it; an estimate has no log."""
    return minutes(plan, read_events(run), result.faults) if (run / EVENTS).is_file() else []


def _failures(
    part: AnswerWithProof,
    answer: FaultsAnswer,
    networks: Mapping[str, tuple[Network, str]],
    folder: Path,
    pixels: bool,
) -> Chapter:
    """Failures are drawn on the network of the check that they belong to."""
    known = networks.get(answer.inputs.scenario.sha256)
    if known is None:
        return Chapter(part, {})
    files = _files(folder / f"{answer.run_id}.vi.svg", pixels)
    draw_failures(answer, known[0], known[1], *files, lang="vi")
    return Chapter(part, {"failures": files[0]})


def _plan(run: Path) -> Plan:
    path = run / PLAN
    try:
        return read_json(Plan, read_file(path, most=MOST_ANSWER), str(path), "plan")
    except InputError:
        raise InputError(
            "{path}: missing, or no plan of a check; run it again", path=path
        ) from None


def _title(run: Path, proof: Proof | None) -> str:
    """The province's name; none if nothing is there that says it."""
    path = run / INPUTS / "province.toml"
    if proof is not None:
        path = run / next(i.path for i in proof.manifest.inputs if i.role == "province")
    elif not path.is_file():
        return ""
    return load_province(path).name
