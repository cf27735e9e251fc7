"""What was asked, what was done on purpose, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.model.result import Result
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.report.annex import failure_sections
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.citation import Citation
from giaoban.results.report.document import Block, Heading, Par, bullets
from giaoban.results.report.meetings_table import meetings_line
from giaoban.results.report.seed_words import sentence
from giaoban.results.report.summaries.sensitivity_summary import assumptions_line, doubt
from giaoban.results.report.traffic_words import FROM, FROM_TO, other_traffic
from giaoban.results.report.wording import FIGURES_ALONE
from giaoban.sentence import Sentence

AS_ASSUMED = (
    "Điều kiện: các số liệu giả định đúng như liệt kê trong phụ lục này; mỗi số liệu được đo "
    "hoặc ghi trong hợp đồng sẽ bớt một điều kiện."
)
"""Follows a conditional verdict where no figure was varied by itself."""


def asked(result: Result, say: AnnexWording, title: str) -> Iterator[Block]:
    """The question, the bridges, the meeting, and all that was done to the network."""
    yield Heading(title)
    yield Par(say.simulated("simulated estimate" if result.is_estimate else "simulated"))
    yield Par(say.question())
    question = result.question
    for key, bridges in (("existing", question.existing), ("new", question.new)):
        if bridges:
            names = ", ".join(say.of(bridge.id) for bridge in bridges)
            yield Par(say(key, count=len(bridges), bridges=names))
    yield Par(say("meeting", told=say.meeting(result.meeting)))
    if result.background:
        yield from other_traffic(result, say)
    else:
        yield Par(say("no background"))
    if result.impairments:
        yield Par(say("impaired"))
        yield bullets([f"{say.impairment(item)}" for item in result.impairments])
    if result.faults:
        yield Par(say("failing"))
        items = []
        for fault in result.faults:
            start = say.number(fault.at_s)
            until = fault.restored_s
            when = (
                say.gettext(FROM, start=start)
                if until is None
                else say.gettext(FROM_TO, start=start, end=say.number(until))
            )
            items.append(f"{say.fault_told(fault)}, {when};")
        yield bullets(items)
    basis = Citation(question.regulation, say)
    if articles := basis.article("expansion"):
        yield Par(say("basis", articles=articles, **basis.decision))


def concluded(
    result: Result, say: AnnexWording, tried: Sequence[FaultsAnswer] = (), *, failures_at: int
) -> Iterator[Block]:
    """The verdict in one sentence, and what it hangs on; then what failures came to.

    `tried` are the answers about failures of the same question, told in section `failures_at`.
    """
    yield Heading(say("verdict"))
    yield Par(say.simulated("verdict estimate" if result.is_estimate else "verdict simulated"))
    conditional = result.robustness is not None and result.robustness.can_turn
    yield Par(say.verdict(result, conditional=conditional), bold=True)
    if result.verdict != "invalid" and (binding := say.binding(result.binding, result)):
        yield Par(binding)
    if not result.is_judged:
        yield Par(say.gettext(FIGURES_ALONE))
    else:
        yield Par(sentence(result, say))
        if (rests_on := assumptions_line(result)) is not None:
            yield Par(say.say(rests_on))
        if (fragile := _fragile(result)) is not None:
            yield Par(say.say(fragile), bold=True)
        if conditional and result.robustness is not None and result.robustness.file is None:
            yield Par(say.gettext(AS_ASSUMED))
        if line := meetings_line(result, say):
            yield Par(line)
    for text in say.interruptions(result):
        yield Par(text)
    for answer in tried:
        yield from failure_sections.concluded(answer, say, told_at=failures_at)


def _fragile(result: Result) -> Sentence | None:
    """Return the warning of worlds that were drawn alone; an analysis gives its own."""
    varied = result.robustness
    if varied is None or varied.file is not None or varied.worlds is None:
        return None
    return doubt(varied, varied.worlds)
