"""Answers of every kind taken apart into cases (`giaoban.results.judge.cases`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from giaoban.results.judge.cases import Case, JudgedFigure, Report, Status, status_of
from giaoban.results.judge.criteria import MOS, OF_FAULTS
from giaoban.results.model.places import Place
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import CriterionResult, Inputs, MeetingChecked, Result
from giaoban.results.model.studies.calendar import CalendarAnswer
from giaoban.results.model.studies.compared import Compared, ScenarioCompared
from giaoban.results.model.studies.failures import FailureResult, FaultsAnswer
from giaoban.results.model.studies.headroom import Headroom, Thing
from giaoban.results.model.studies.load import LoadCriterion, LoadResult
from giaoban.results.model.studies.meetings import BridgeJudged, MeetingAnswer, Part, PartJudged
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.model.studies.sweep import SweepAnswer
from giaoban.results.model.studies.whatif import Judged, WhatIf
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.results.report.display_names import DisplayNames
from giaoban.results.report.meetings import calendar_summary, meeting_summary
from giaoban.results.report.summaries import (
    check_summary,
    compared_summary,
    failures_summary,
    headroom_summary,
    load_summary,
    sensitivity_summary,
    sweep_summary,
    whatif_summary,
)
from giaoban.results.report.unmodelled_words import unrated_sound
from giaoban.results.report.wording import VERDICTS, Wording, in_words, reasons
from giaoban.sentence import Both, Sentence, decimals_of
from giaoban.translation import unit_words

RUN, ABOUT_INPUTS = "run", "inputs"
"""Cases for what is about no other: the run itself, and what got worse of the inputs."""


def of_check(result: Result) -> Report:
    """A case a criterion, one for each meeting of the catalogue; or one for the run, if invalid."""
    named = DisplayNames(result)
    cases: list[Case] = []
    if result.verdict == "invalid":
        cases.append(_invalid([*_each(lambda say: reasons(result, say), named)]))
    else:
        accepted = named.en.accepted(result.accepted, result.faults)
        for each in result.criteria:
            case = _criterion(each, named, passes=result.verdict == "pass")
            if each.ok and each.id in OF_FAULTS and accepted:
                case = replace(case, note=accepted)
            cases.append(case)
        cases += _unrated(result.unmodelled)
    for meeting in result.meetings:
        told = partial(_of_meeting, meeting, result)
        lines = [] if meeting.verdict in ("pass", None) else _filed(meeting.reasons, told, named)
        status: Status = "not-judged" if meeting.verdict is None else status_of(meeting.verdict)
        name = Both(meeting.name, meeting.name_vi)
        cases.append(Case(f"meeting:{meeting.id}", status, lines, kind="meeting", name=name))
    return Report(
        "check",
        _stem(result.inputs),
        result.verdict,
        named.said(lambda say: check_summary.headline(result, say)),
        _whole(result.verdict, cases, result.reasons),
        files=_files(result.inputs),
        method=result.engine.name,
    )


def _unrated(found: Sequence[Unmodelled]) -> list[Case]:
    """A case for the speech quality that nobody judged, with why."""
    return [Case(MOS, "not-judged", [told]) for told in unrated_sound(found)]


def of_faults(answer: FaultsAnswer, seconds: Mapping[str, float] | None = None) -> Report:
    """A case a failure. Without a baseline it fails if its run does not meet the criteria; with one
    if anything got worse: what was accepted has been accepted."""
    compared, took, named = answer.comparison, seconds or {}, DisplayNames(answer)
    cases = [_failure(each, answer, took.get(each.id, 0.0), named) for each in answer.failures]
    tried = {failure.id for failure in answer.failures}
    elsewhere: dict[str, list[str]] = {}
    for change in [] if compared is None else compared.worse:
        if change.failure not in tried:
            what = failures_summary.change_line(change, answer)
            elsewhere.setdefault(change.failure or ABOUT_INPUTS, []).append(what)
    possible = {*answer.possible, ABOUT_INPUTS}
    cases += (
        Case(name, "fail", lines, kind="regression", gone=not possible.issuperset(name.split("+")))
        for name, lines in elsewhere.items()
    )
    cases += _unrated(answer.not_judged)
    why = _filed(answer.reasons, partial(failures_summary.why_not, answer), named)
    return Report(
        "faults",
        _stem(answer.inputs),
        answer.verdict,
        failures_summary.headline(answer),
        _whole(answer.verdict, cases, why),
        files=_files(answer.inputs),
        method=answer.method,
    )


def of_whatif(answer: WhatIf) -> Report:
    """Return a case for each variant that was asked for; the first to fail names the remedies."""
    several = sum(variant.asked for variant in answer.variants) > 1
    cases = [
        replace(_judged(v.id, v.final), name=Sentence(v.name)) for v in answer.variants if v.asked
    ]
    if several and answer.verdict == "pass":  # one that passes is what was asked for
        cases = [replace(c, status="not-judged") if c.status == "fail" else c for c in cases]
    remedies = whatif_summary.found_lines(answer)
    for number, case in enumerate(cases):
        if case.status == "fail":
            cases[number] = replace(case, lines=[*case.lines, *remedies])
            break
    cases += _unrated(answer.not_judged)
    return Report(
        "whatif",
        _stem(answer.inputs),
        answer.verdict,
        whatif_summary.headline(answer),
        _whole(answer.verdict, cases, []),
        files=_files(answer.inputs),
        method=answer.method,
    )


_PLACES: Mapping[Thing, str] = {"device": "mcu", "link": "link", "stream": "bridge"}
"""What is in the way, as input files name it."""


def of_headroom(answer: Headroom) -> Report:
    """Whether one more fits; how many do is its figure."""
    first = answer.bottlenecks[0] if answer.bottlenecks else None
    lines = [headroom_summary.headline(answer)]
    if first is not None:
        lines.append(headroom_summary.bottleneck_line(first, answer))
    status = status_of(answer.verdict)
    fits = Case(
        "one-more-fits",
        status,
        lines if status != "pass" else [],
        JudgedFigure(answer.more, 1, "bridges", "at-least"),
        at=None if first is None else (_PLACES[first.thing], first.id),
        name=Sentence("one more bridge"),
    )
    return Report(
        "headroom",
        _stem(answer.inputs),
        answer.verdict,
        headroom_summary.headline(answer),
        [fits, *_unrated(answer.not_judged)],
        files=_files(answer.inputs),
        method=answer.method,
    )


def of_sensitivity(answer: Sensitivity) -> Report:
    """The verdict as assumed, and a case for the share of worlds that has to pass, if one is asked.

    What merely could flip the verdict is no failure.
    """
    headline = sensitivity_summary.headline(answer)
    as_assumed = status_of(answer.as_assumed)
    lines = [] if as_assumed == "pass" else [headline]
    if lines and answer.binding is not None:
        lines.append(sensitivity_summary.binding_words(answer.binding, answer))
    cases = [Case("as-assumed", as_assumed, lines, name=Sentence("with the figures as assumed"))]
    if answer.drawn is not None and answer.required_pct is not None:
        drawn = answer.drawn
        met = drawn.suffice(answer.required_pct)
        cases.append(
            Case(
                "robust",
                "pass" if met else "fail",
                [] if met else [sensitivity_summary.robust(drawn)],
                JudgedFigure(drawn.passed_pct, answer.required_pct, "%", "at-least"),
                name=Sentence("share of drawn worlds that pass"),
            )
        )
    cases += _unrated(answer.unmodelled)
    return Report(
        "sensitivity",
        _stem(answer.inputs),
        answer.verdict,
        headline,
        cases,
        files=_files(answer.inputs),
        method="estimate",
    )


def of_load(result: LoadResult) -> Report:
    """A case a criterion; what nobody did was not judged."""
    named = DisplayNames(result)
    cases = [_load_criterion(each) for each in result.criteria]
    if result.verdict == "invalid":
        told = [*_each(lambda say: reasons(result, say), named)]
        cases = [_invalid(told)]
    return Report(
        "load",
        result.place,
        result.verdict,
        load_summary.headline(result),
        _whole(result.verdict, cases, result.reasons),
        method="real-time",
    )


def of_meeting(answer: MeetingAnswer) -> Report:
    """A case for each bridge in each part, and for how a part began, was and ended."""
    named = DisplayNames(answer)
    cases = [case for part in answer.parts for case in _part(part, named)]
    cases += _unrated(answer.unmodelled)
    return Report(
        "meeting",
        answer.meeting.id,
        answer.verdict,
        named.said(lambda say: meeting_summary.verdict_line(answer, say)),
        _whole(answer.verdict, cases, []),
        method=answer.method,
    )


def of_calendar(answer: CalendarAnswer) -> Report:
    """A case a rule, and one for each moment that was judged."""
    cases: list[Case] = []
    for rule in calendar_summary.RULES:
        broken = [n for n, finding in enumerate(answer.findings) if finding.rule == rule]
        lines: list[str] = [_finding(answer, number) for number in broken]
        name = Sentence(calendar_summary.RULE_NAMES[rule])
        status: Status = "fail" if broken else "pass"
        cases.append(Case(f"rule:{rule}", status, lines, kind="rule", name=name))
    named = DisplayNames(answer)
    for peak in answer.peaks:
        why: list[str] = [_why(failed, named) for failed in peak.failed]
        unnamed = partial(in_words, peak.reasons, ())
        why = why or _filed(peak.reasons, unnamed, named)
        shown = why if peak.verdict != "pass" else []
        cases.append(
            Case(f"peak:{peak.start}", status_of(peak.verdict), shown, name=_peak(peak.start))
        )
    return Report(
        "calendar",
        PurePath(answer.calendar).stem,
        answer.verdict,
        Sentence(calendar_summary.verdict(answer)),
        _whole(answer.verdict, cases, []),
        files=[answer.calendar],
        method=answer.method,
    )


def of_sweep(answer: SweepAnswer) -> Report:
    """A case a point. A sweep looks around and judges nothing, unless it is compared with one."""
    cases = []
    for point in answer.points:
        ident = f"{point.bridges}/{point.profile}/{point.device}/{point.failure}"
        binds = sweep_summary.bound(point, answer)
        why = Both(point.why, point.why_vi) if point.why else binds
        lines = [Sentence("{what}: {why}", what=VERDICTS[point.verdict], why=why)]
        margin = None
        if point.margin_pct is not None:
            margin = JudgedFigure(point.margin_pct, 0.0, "%", "at-least")
        status: Status = "pass" if point.verdict == "pass" else "fail"
        told = lines if status == "fail" else []
        cases.append(Case(ident, status, told, margin, name=sweep_summary.called(point, answer)))
    cases += _unrated(answer.not_judged)
    return Report(
        "whatif",
        _stem(answer.inputs),
        "pass",
        sweep_summary.headline(answer),
        cases,
        judges=False,
        files=_files(answer.inputs),
        method="estimate",
    )


def of_compared(answer: Compared) -> Report:
    """Return a case a scenario, with the figures that changed, the cause and the worse bridges."""
    status: Mapping[str, Status] = {
        "worse": "fail",
        "gone": "fail",
        "same": "not-judged",
        "not-judged": "invalid",
    }
    cases = [
        Case(
            each.id,
            status.get(each.state, "pass"),
            compared_summary.lines(each, answer.tolerance_points),
            at=_changed_at(each) if each.state == "worse" else None,
            kind="regression",
        )
        for each in answer.scenarios
    ]
    return Report(
        "compare",
        answer.scenarios[0].id if len(answer.scenarios) == 1 else "scenarios",
        answer.verdict,
        compared_summary.headline(answer),
        cases,
        method=answer.method,
    )


def _changed_at(each: ScenarioCompared) -> tuple[str, str] | None:
    """The first element that was changed: its table, and its id."""
    for change in each.inputs:
        if change.at is not None and not change.words:
            return re.split(r"[\[.]", change.key)[0], change.at
    return None


# ---------------------------------------------------------------------------------------- cases


def _criterion_name(c: CriterionResult, named: DisplayNames) -> Sentence:
    return named.said(lambda say: say.criterion(c))


def _bridge_name(bridge: BridgeJudged, named: DisplayNames) -> Sentence:
    return Both(bridge.name, bridge.name)


def _figure(c: CriterionResult) -> JudgedFigure:
    return JudgedFigure(c.value, c.threshold, c.unit, c.sense, c.margin_pct)


def _criterion(c: CriterionResult, named: DisplayNames, *, passes: bool) -> Case:
    """Return the case of a criterion; one that fails at the own seed passes if the answer does."""
    name = _criterion_name(c, named)
    if not c.shown:
        why = named.said(lambda say: say.detectable(c))
        return Case(c.id, "not-judged", [Sentence("{name}: {why}", name=name, why=why)], name=name)
    figure = _figure(c)
    if c.ok:
        return Case(c.id, "pass", figure=figure, name=name)
    if passes:
        return Case(c.id, "pass", note=f"not met at this seed: {_why(c, named)}", name=name)
    return Case(c.id, "fail", [_why(c, named)], figure, at=_at(c.place), name=name)


def _why(c: CriterionResult, named: DisplayNames) -> Sentence:
    """What, where, by how much."""

    def words(say: Wording) -> str:
        told = say.found(c, say.place(c.place) or "–")
        if c.value is None or not c.threshold:
            return told
        unit = "points" if c.unit == "%" else say.either(c.unit, c.unit_vi)
        rounded = round(c.value, decimals_of(c.value, c.threshold))
        amount = say.amount(abs(rounded - c.threshold), unit, limit=0.0)
        return f"{told}; {say.gettext('off by {amount}', amount=amount)}"

    return named.said(words)


def _at(place: Place | None) -> tuple[str, str] | None:
    return None if place is None else (place.kind, place.id)


def _failure(
    failure: FailureResult, answer: FaultsAnswer, seconds: float, named: DisplayNames
) -> Case:
    since = answer.comparison
    elements = failure.elements[0]
    at = (elements.kind, elements.id)
    made = partial(Case, failure.id, at=at, seconds=seconds)
    if failure.verdict == "invalid":
        why = _each(lambda say: in_words(failure.reasons, failure.reason_codes, say), named)
        lines = [Sentence("invalid: {reason}", reason=each) for each in why]
        return made("invalid", lines, kind="invalid")
    if since is not None:
        worse = [change for change in since.worse if change.failure == failure.id]
        if worse:
            lines = [failures_summary.change_in_words(change, answer) for change in worse]
            return made("fail", lines, kind="regression")
    elif failure.verdict == "fail":
        return made("fail", failures_summary.why_failed(failure, answer).lines())
    if failure.verdict == "not-judged":
        return made("not-judged", [failures_summary.verdict_words(failure, answer)])
    if not failure.others_cut_off or failure.kind == "pair":
        return made("pass")
    who = ", ".join(map(named.en.of, failure.others_cut_off))
    why_accepted = since.reason if since is not None else ""
    if failure.accepted is not None:
        why_accepted = failure.accepted.reason
    return made("pass", note=f"accepted single point of failure ({who} cut off): {why_accepted}")


def _judged(ident: str, judged: Judged) -> Case:
    lines = _filed(judged.reasons, partial(whatif_summary.not_met, judged), DisplayNames())
    bound = judged.binding
    if judged.verdict == "invalid":
        return Case(ident, "invalid", lines, kind="invalid")
    figure = (
        None if judged.worst_pct is None else JudgedFigure(judged.worst_pct, 0.0, "%", "at-least")
    )
    if judged.verdict == "pass":
        return Case(ident, "pass", figure=figure)
    if not lines and bound is not None:
        lines = [whatif_summary.what_binds(judged, bound)]
    return Case(ident, "fail", lines, figure, at=None if bound is None else _at(bound.place))


def _load_criterion(c: LoadCriterion) -> Case:
    name = Both(c.name_en, c.name_vi)
    figure = JudgedFigure(c.value, c.threshold, c.unit)
    if c.ok is not False:
        return Case(c.id, "pass" if c.ok else "not-judged", figure=figure, name=name)
    value = compared_summary.value(c.value, c.unit)
    line = Sentence(
        "{criterion}: {value} (limit {limit:g} {unit})",
        criterion=name,
        value=value,
        limit=c.threshold,
        unit=unit_words(c.unit, c.threshold),
    )
    return Case(c.id, "fail", [line], figure, name=name)


def _part(part: PartJudged, named: DisplayNames) -> Iterator[Case]:
    name = part.part
    if part.verdict == "invalid":
        lines = _each(lambda say: meeting_summary.failing(part, say), named)
        yield Case(f"{name}:{RUN}", "invalid", lines, kind="invalid")
        return
    opened = named.said(lambda say: meeting_summary.opened(part, say))
    called = partial(_in_part, part.part)
    title = called(Sentence("calls set up"))
    yield _plain(f"{name}:opening", [opened], ok=part.opening.ok, name=title)
    for criterion in part.failed:
        yield Case(
            f"{name}:{criterion.id}",
            "fail",
            [_why(criterion, named)],
            _figure(criterion),
            at=_at(criterion.place),
            name=called(_criterion_name(criterion, named)),
        )
    for bridge in part.bridges:
        alone = part.model_copy(update={"bridges": [bridge], "failed": []})
        lines = _each(lambda say, of=alone: meeting_summary.failing(of, say), named)
        at = ("bridge", bridge.bridge)
        ok = bridge.outcome != "not-met"
        who = called(_bridge_name(bridge, named))
        status: Status = "pass" if ok else "fail"
        yield Case(f"{name}:bridge:{bridge.bridge}", status, lines, at=at, name=who)
    closed = named.said(lambda say: meeting_summary.closed(part, say))
    title = called(Sentence("calls ended"))
    yield _plain(f"{name}:closing", [closed], ok=part.closing.ok, name=title)


def _in_part(part: Part, what: Sentence) -> Sentence:
    name = {"check": Sentence("check of the system"), "course": Sentence("course of the meeting")}
    return Sentence("{part}: {what}", part=name[part], what=what)


def _plain(ident: str, lines: Sequence[str], *, ok: bool, name: str) -> Case:
    return Case(ident, "pass" if ok else "fail", [] if ok else lines, name=name)


def _peak(start: str) -> Sentence:
    def words(say: Wording) -> str:
        return say.gettext("what is held at {time}", time=calendar_summary.moment(start, say))

    return DisplayNames().said(words)


def _finding(answer: CalendarAnswer, number: int) -> Sentence:
    def words(say: Wording) -> str:
        finding = answer.findings[number]
        when = calendar_summary.moment(finding.start, say)
        titles = " / ".join(answer.title(m, say.language == "vi") for m in finding.meetings)
        return f"{when}, {titles}: {calendar_summary.what(finding, answer.names, say)}"

    return DisplayNames().said(words)


def _invalid(lines: Sequence[str]) -> Case:
    return Case(RUN, "invalid", [f"invalid: {line}" for line in lines], kind="invalid")


def _each(words: Callable[..., list[str]], named: DisplayNames) -> list[str]:
    """Sentences that both languages have as many of; else the English ones."""
    english, other = words(named.en), words(named.vi)
    if len(english) != len(other):
        return english
    return [Both(en, vi) for en, vi in zip(english, other, strict=True)]


def _filed(
    filed: list[str], words: Callable[[Wording], list[str]], named: DisplayNames
) -> list[str]:
    """The English sentences of a file, with what `words` says in another language: one each if
    there are as many, else all in one."""

    def others() -> list[str]:
        return words(named.vi)

    if not filed:
        return []
    if len(filed) != len(others()):
        return [Both("; ".join(filed), lambda: "; ".join(others()))]
    return [Both(en, vi) for en, vi in zip(filed, others(), strict=True)]


def _of_meeting(meeting: MeetingChecked, result: Result, say: Wording) -> list[str]:
    """What limits a meeting of the catalogue, or why nothing is known of it."""
    if meeting.verdict == "fail" and (told := say.within(meeting, result)):
        return [told]
    return in_words(meeting.reasons, meeting.reason_codes, say)


def _whole(verdict: Verdict, cases: list[Case], why: Sequence[str]) -> list[Case]:
    """Cases of which at least one says what the verdict says."""
    if verdict == "pass" or any(case.status in ("fail", "invalid") for case in cases):
        return cases
    lines = list(why) or [Sentence(VERDICTS[verdict])]
    return [*cases, Case(RUN, status_of(verdict), lines)]


def _stem(inputs: Inputs) -> str:
    return PurePath(inputs.scenario.path).stem


def _files(inputs: Inputs) -> list[str]:
    return [inputs.scenario.path, inputs.province.path]
