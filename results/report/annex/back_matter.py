"""The back matter: conditions, assumptions, method, terms, and how to check the document."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from giaoban.results.model.answers import input_refs
from giaoban.results.model.quantities import Method
from giaoban.results.model.result import Accounting, Result
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.method_words import (
    AFTER_CRITERIA,
    AFTER_MEETING,
    METHOD,
    METHOD_COMPARED,
    METHOD_ESTIMATED,
    METHOD_FAULTS,
    METHOD_INTERRUPTED,
    METHOD_LOADS,
    METHOD_PHASES,
    METHOD_SEEDS,
    TERMS,
    Course,
)
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.citation import Citation
from giaoban.results.report.document import (
    Align,
    Block,
    Cell,
    Head,
    Heading,
    Par,
    Sum,
    Table,
    bullets,
    capital,
)


def conditions(
    results: Sequence[Result],
    faults: Sequence[FaultsAnswer],
    loads: Sequence[LoadResult],
    say: AnnexWording,
    *,
    assumptions_at: int,
    failures_at: int,
) -> Iterator[Block]:
    """What the verdict holds under, or what is recommended where it is no pass; the sections where
    assumptions and failures are told. Load tests, if there are any, come right after the failures.
    """
    verdicts = {result.verdict for result in results}
    met = verdicts == {"pass"}
    new = any(result.question.new for result in results)
    items = list(_first_of_all(results, say))
    if count := len(merged(results, loads, say)):
        key = "condition assumptions" if met else "advice assumptions"
        if met and not new:
            key = "condition assumptions as is"
        items.append(say(key, count=count, section=assumptions_at))
    if met:
        items.append(say("condition as asked" if new else "condition as is"))
        shared = any(result.background for result in results)
        items.append(say("condition background" if shared else "condition no background"))
    items += _of_failures(faults, say, failures_at)
    if any(answer.verdict == "fail" for answer in loads):
        items.append(say("condition load", section=failures_at + 1))
    if not faults and not any(result.faults for result in results):
        items.append(say("condition untried"))
    basis = Citation(results[0].question.regulation, say)
    if met:
        items.append(say("condition configuration", cited=basis.in_brackets("configuration")))
    lead, cited = basis.check_lead, basis.in_brackets("system-check")
    items.append(say("condition lead" if lead else "condition before", lead=lead, cited=cited))
    yield Heading(say("conditions" if met else "advice"))
    if met:
        yield Par(say("conditions intro"))
    else:
        worst = next(each for each in ("fail", "undecided", "invalid") if each in verdicts)
        yield Par(say(_ADVICE_INTRO[worst]))
    yield bullets(items)


_ADVICE_INTRO = {
    "fail": "advice intro",
    "undecided": "advice intro undecided",
    "invalid": "advice intro invalid",
}


def _first_of_all(results: Sequence[Result], say: AnnexWording) -> Iterator[str]:
    """What has to be done about checks that are no pass."""
    failed = [result for result in results if result.verdict == "fail"]
    if failed:
        new = any(result.question.new for result in failed)
        yield say("condition fail" if new else "advice as is")
    if any(result.verdict == "undecided" for result in results):
        yield say("advice undecided")
    if any(result.verdict == "invalid" for result in results):
        yield say("advice invalid")


def _of_failures(
    faults: Sequence[FaultsAnswer], say: AnnexWording, failures_at: int
) -> Iterator[str]:
    """What has to be done about failures that were tried, and about those that were not."""
    verdicts = {failure.verdict for answer in faults for failure in answer.failures}
    if "fail" in verdicts:
        yield say("condition faults", section=failures_at)
    if "invalid" in verdicts:
        yield say("condition faults invalid", section=failures_at)
    if points := sum(not p.is_accepted for answer in faults for p in answer.single_points):
        yield say("condition points", count=points, section=failures_at)
    if untried := sum(len(answer.untried) for answer in faults):
        yield say("condition some untried", count=untried, section=failures_at)


def merged(
    results: Sequence[Result], loads: Sequence[LoadResult], say: AnnexWording
) -> list[Sequence[str]]:
    """Return the assumptions of all answers, each once."""
    every = [a for result in results for a in result.assumptions]
    every += [a for answer in loads for a in answer.assumptions]
    return list(dict.fromkeys(tuple(say.assumption(a)) for a in every))


def assumptions(
    results: Sequence[Result], loads: Sequence[LoadResult], say: AnnexWording
) -> Iterator[Block]:
    """Each figure without a source, with what would replace it."""
    yield Heading(say("assumptions"))
    rows = merged(results, loads, say)
    if not rows:
        yield Par(say("no assumptions"))
        return
    yield Par(say("assumptions intro"))
    yield Table(
        caption=say("assumptions table"),
        head=[[Head(say(key)) for key in ("what", "value", "rests on", "replaced by")]],
        rows=[[Cell(capital(row[0])), *map(Cell, row[1:])] for row in rows],
        widths=[36, 36, 54, 37],
        aligns=["left"] * 4,
        small=True,
        ident="assumptions-table",
    )


def method(
    say: AnnexWording,
    *,
    faults: bool,
    tried: bool,
    loads: bool,
    seeds: Sequence[Method] = (),
    estimated: bool = False,
    courses: Collection[Course],
) -> Iterator[Block]:
    """How it was checked, in a page. `faults`: anything failed on purpose; `tried`: each failure by
    itself; `seeds`: how other seeds were tried, where they were; `estimated`: a result is;
    `courses`: what was done in the checks."""
    yield Heading(say("method"))
    if estimated:
        yield Par(METHOD_ESTIMATED)
    *first, last = METHOD
    for number, text in enumerate(first):
        if number == AFTER_MEETING:
            yield from (Par(METHOD_PHASES[c]) for c in METHOD_PHASES if c in courses)
        compared = [METHOD_COMPARED[c] for c in METHOD_COMPARED if c in courses]
        yield Par(" ".join([text, *(compared if number == AFTER_CRITERIA - 1 else ())]))
    by_estimate, by_emulation = METHOD_SEEDS
    if "estimate" in seeds:
        yield Par(by_estimate)
    if any(each != "estimate" for each in seeds):
        yield Par(by_emulation)
    if tried:
        yield Par(METHOD_FAULTS)
    if faults:
        yield Par(METHOD_INTERRUPTED)
    if loads:
        yield Par(METHOD_LOADS)
    yield Par(last)


def course(result: Result) -> Course:
    if result.question.new:
        return "expansion"
    return "as is" if len(result.phases) > 1 else "one phase"


def terms(say: AnnexWording) -> Iterator[Block]:
    yield Heading(say("terms"))
    yield Table(
        caption=say("terms table"),
        head=[[Head(say("term")), Head(say("meaning"))]],
        rows=[[Cell(term), Cell(meaning)] for term, meaning in TERMS],
        widths=[40, 123],
        aligns=["left", "left"],
    )


def proof(parts: Sequence[AnswerWithProof], say: AnnexWording) -> Iterator[Block]:
    """How to check, the sums, and what was checked by what."""
    yield Heading(say("proof"))
    yield Par(say("proof intro"))
    yield bullets([say(f"proof step {step}") for step in (1, 2, 3, 4)])
    for part in parts:
        run_id, named = part.answer.run_id, AnnexWording(part.answer).run()
        if part.proof is None:
            yield Par(say("no sum", run=named))
        else:
            yield Sum(say("sum", run=named), part.proof.sum, payload(run_id, part.proof.sum))
    for part in parts:
        yield identity(part, say)
    for part in parts:
        if isinstance(part.answer, Result):
            yield accounting(part.answer, say)


def accounting(result: Result, say: AnnexWording) -> Par:
    return Par(
        say("accounting", number=result.run_id, told=_balance(result.accounting, say)), note=True
    )


def payload(run_id: str, total: str) -> str:
    """What a QR code holds."""
    return f"giaoban {run_id} sha256 {total}"


def identity(part: AnswerWithProof, say: AnnexWording) -> Table:
    """The run, and the sums of all it was made from."""
    answer = part.answer
    inputs = answer.inputs
    version = Cell(inputs.commit or "", code=True)
    if inputs.commit is None:
        version = Cell(say("unknown version", sources=inputs.code))
    elif not inputs.committed:
        version = Cell(say("changed version", commit=inputs.commit, sources=inputs.code))
    rows = [
        [
            Cell(say("run load" if isinstance(answer, LoadResult) else "run")),
            Cell(answer.run_id, code=True),
        ],
        [Cell(say("seed")), Cell(str(inputs.seed))],
        [Cell(say("version")), version],
    ]
    if answer.engine is not None or isinstance(answer, LoadResult):
        versions = part.proof.manifest.versions if part.proof is not None else {}
        kernel = answer.engine.kernel if answer.engine else versions.get("kernel")
        emulated = answer.engine is None or answer.engine.name != "estimate"
        others = [f"{_TITLES.get(k, k)} {v}" for k, v in versions.items() if k != "kernel"]
        what = [say(f"engine {answer.engine.name if answer.engine else 'none'}")]
        what += [say("kernel", version=kernel)] if kernel and emulated else []
        rows.append([Cell(say("environment")), Cell("; ".join([*what, *others]))])
    rows += [
        [Cell(say(f"input {role}"), sub=ref.path), Cell(ref.sha256, code=True)]
        for role, ref in input_refs(inputs)
    ]
    aligns: list[Align] = ["left", "left"]
    head = [[Head(say("label")), Head(say("value"))]]
    caption = "identity table load" if isinstance(answer, LoadResult) else "identity table"
    return Table(say(caption), head, rows, [48, 115], aligns, small=True, ident="evidence-table")


_TITLES = {
    "python": "Python", "mininet": "Mininet", "numpy": "NumPy", "scapy": "Scapy",
    "locust": "Locust",
}  # fmt: skip


def _balance(counts: Accounting, say: AnnexWording) -> str:
    """The balance of packets; rare kinds only if there was any."""
    kinds = (
        (counts.packets_received, "{packets} gói nhận được", True),
        (counts.packets_dropped_at_queues, "{packets} gói bị loại tại hàng đợi", True),
        (counts.packets_policed, "{packets} gói bị cắt theo hồ sơ băng thông", False),
        (counts.packets_lost_by_impairment, "{packets} gói mất trên đường truyền", True),
        (counts.packets_lost_by_faults, "{packets} gói mất do sự cố", False),
        (counts.packets_without_route, "{packets} gói không có đường đi", False),
        (counts.packets_damaged, "{packets} gói hỏng bị loại khi kiểm tra", False),
        (counts.unaccounted, "{packets} gói không rõ nguyên nhân", True),
    )

    def told(text: str, packets: int) -> str:
        return say.gettext(text, packets=say.number(packets), n=packets)

    sent = told("{packets} gói tin đã gửi", counts.packets_sent)
    if counts.packets_duplicated:
        sent += " + " + told("{packets} bản sao do nhân đôi gói tin", counts.packets_duplicated)
    gone = [told(text, count) for count, text, always in kinds if count or always]
    return f"{sent} = {' + '.join(gone)}"
