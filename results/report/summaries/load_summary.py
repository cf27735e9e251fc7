"""A load test in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from giaoban.results.model.studies.load import Delay, LoadCriterion, LoadResult
from giaoban.results.report.criteria_table import criteria_table
from giaoban.results.report.document import (
    NOTHING,
    TONES,
    Block,
    Bullets,
    Heading,
    Par,
    Table,
    pars,
    table,
)
from giaoban.results.report.markdown import markdown
from giaoban.results.report.screen_wording import MET
from giaoban.results.report.wording import Wording, reasons
from giaoban.sentence import Both, Sentence, joined, message, number, shown
from giaoban.translation import N_, SOURCE, Language, pgettext, unit_words

HEAD = {
    "pass": N_("PASS – the MCU meets the criteria under this load"),
    "fail": N_("FAIL – the MCU does not meet the criteria under this load"),
    "invalid": N_("INVALID – the figures cannot be trusted, so they say nothing about the MCU"),
}
_PLACES = {
    "loopback": Sentence("on this machine"),
    "target": Sentence("a device of somebody's own"),
}
_PARAMETERS = {
    "shape": N_("shape of the load"),
    "bridges": N_("bridges"),
    "rate_per_s": N_("session attempts, at the most"),
    "seconds": N_("duration of the load"),
    "hold_s": N_("length of a call"),
    "answer_within_s": N_("an attempt fails without a final answer within"),
    "media": N_("media of each call"),
    "profile": N_("call profile"),
    "back_off": N_("back-off before dialling again"),
    "outage_s": N_("lines are away for"),
    "spread_s": N_("first attempts are spread over"),
    "redial_s": N_("interval between attempts"),
    "registers": N_("bridges register"),
    "asks_options": N_("bridges ask what the MCU can (OPTIONS)"),
    "accounts": N_("passwords"),
    "room": N_("room that is called"),
    "generators": N_("load generators (processes)"),
}
_UNITS = {
    "rate_per_s": N_("{value:g}/s"),
    "seconds": N_("{value:g} s"),
    "hold_s": N_("{value:g} s"),
    "answer_within_s": N_("{value:g} s"),
    "outage_s": N_("{value:g} s"),
    "spread_s": N_("{value:g} s"),
    "redial_s": N_("{value:g} s"),
}
_CHOICES = {
    ("shape", "steady"): pgettext("load", "steady"),
    ("shape", "hold"): pgettext("load", "hold"),
    ("shape", "storm"): pgettext("load", "storm"),
    ("back_off", "none"): pgettext("back-off", "none"),
    ("back_off", "random"): pgettext("back-off", "random"),
    ("accounts", "none"): N_("none"),
    ("accounts", "file"): N_("of a file of accounts"),
    ("accounts", "secret"): N_("drawn for this test"),
}
_BACK_OFF = {"none": pgettext("back-off", "none"), "random": pgettext("back-off", "random")}
CAUSES: Mapping[str, str] = {
    "bye": pgettext("mcu event", "bye"),
    "put-out": pgettext("mcu event", "put-out"),
    "failed": pgettext("mcu event", "failed"),
    "media-lost": pgettext("mcu event", "media-lost"),
    "session-expired": pgettext("mcu event", "session-expired"),
    "gone": pgettext("mcu event", "gone"),
    "no-ack": pgettext("mcu event", "no-ack"),
    "replaced": pgettext("mcu event", "replaced"),
    "power-lost": pgettext("mcu event", "power-lost"),
}
"""By what a call ended."""
NOBODY_CALLED_BEFORE = N_(
    "no bridge had got a call before the lines went away, so nothing is known of dialling again"
)
"""Of a storm: each bridge that had a call before it counts as cut off."""
_MISSED = {
    "withheld": N_("the answer names another host, which sent nothing, so it was sent nothing"),
    "not-agreed": N_("the answer does not let the MCU send it"),
    "nothing": N_("nothing came"),
    "late": N_("it began too late"),
    "too-little": N_("too little came"),
}
_LACKING = {
    "options": N_(
        "{server} does not answer OPTIONS ({answers}): not judged; --no-options leaves it out"
    ),
    "register": N_(
        "{server} does not register these bridges ({answers}): not judged; --no-register leaves "
        "them out"
    ),
}


def headline(result: LoadResult) -> Sentence:
    return Sentence(HEAD[result.verdict])


def session_lines(result: LoadResult) -> list[str]:
    """RFC 7501's figures, a line each."""
    s = result.sessions
    lines: list[str] = [
        Sentence(
            "session attempts {attempts} ({attempts_per_s:g}/s), established {established} "
            "({established_per_s:g}/s), refused {refused}, dropped {dropped}",
            attempts=s.attempts,
            attempts_per_s=s.attempt_rate_per_s,
            established=s.established,
            established_per_s=s.established_per_s,
            refused=s.refused,
            dropped=s.dropped,
        ),
        Sentence("sessions standing at the most: {n}", n=s.capacity),
        Sentence("call set-up: {delays}", delays=delay_line(s.setup)),
    ]
    storm = result.storm
    if why := why_nobody_dialled_again(result):
        lines.append(Sentence("after the fault: {what}", what=Sentence(why)))
    elif storm is not None and storm.cut_off:
        lines.append(
            Sentence(
                "after the fault ({back_off} back-off): {back} of {n} {n:bridge|bridges} back in "
                "{attempts} {attempts:attempt|attempts}, half of them after {half}, the last after "
                "{last}",
                back_off=Sentence(_BACK_OFF[storm.back_off]),
                back=storm.back,
                n=storm.cut_off,
                attempts=storm.attempts,
                half=_after(storm.half_back_s),
                last=_after(storm.last_back_s),
            )
        )
    return lines


def why_nobody_dialled_again(result: LoadResult) -> str:
    """Return why a storm tells nothing of dialling again; empty if it does, or if its figures do
    not hold."""
    if result.storm is None or result.storm.cut_off or result.verdict == "invalid":
        return ""
    return NOBODY_CALLED_BEFORE


def _after(seconds: float | None) -> Sentence:
    return Sentence("never") if seconds is None else Sentence("{s:g} s", s=seconds)


def media_lines(result: LoadResult) -> list[str]:
    lines: list[str] = []
    for m in result.media:
        known = N_("sound: {what}") if m.medium == "audio" else N_("pictures: {what}")
        parts = [
            Sentence("{n} × {what}", n=n, what=Sentence(_MISSED[why]))
            for why, n in m.missed.items()
        ]
        said = Sentence(
            "{good} of {n} {n:call|calls} had what they should",
            good=m.calls - sum(m.missed.values()),
            n=m.calls,
        )
        if parts:
            said = Sentence("{what} ({missed})", what=said, missed=joined(", ", parts))
        if m.too_short:
            short = Sentence("{n} {n:call|calls} too short to tell", n=m.too_short)
            said = joined("; ", [said, short])
        came = Sentence(
            "{n} {n:packet|packets} came, {lost} {lost:was|were} lost; {heard:g} s of "
            "{expected:g} s expected",
            n=m.packets_received,
            lost=m.packets_lost,
            heard=m.heard_s,
            expected=m.expected_s,
        )
        lines.append(Sentence(known, what=joined("; ", [said, came])))
    return lines


def lacking_lines(result: LoadResult) -> list[str]:
    """What the device does not have, and how not to ask for it."""
    lines: list[str] = []
    for o in result.operations:
        if o.operation in result.lacking:
            answers = ", ".join(f"{n} × {text.removeprefix('- ')}" for text, n in o.answers.items())
            lines.append(Sentence(_LACKING[o.operation], server=result.server, answers=answers))
    return lines


def mcu_lines(result: LoadResult) -> list[str]:
    """The MCU's own view; nothing where it is somebody's device."""
    m = result.mcu
    if m is None:
        return []
    refused = ", ".join(f"{n} × {why}" for why, n in m.refused.items()) or Sentence("none")
    left = [
        Sentence("{n} by {why}", n=n, why=Sentence(CAUSES.get(why, why)))
        for why, n in m.left.items()
    ]
    if m.units_total is None:
        most = Sentence(
            "the MCU at the most: {units:g} {units:unit|units}, {ports} {ports:port|ports}",
            units=m.units_peak,
            ports=m.ports_peak,
        )
    else:
        most = Sentence(
            "the MCU at the most: {units:g} of {total:g} {total:unit|units}, "
            "{ports} {ports:port|ports}",
            units=m.units_peak,
            total=m.units_total,
            ports=m.ports_peak,
        )
    if m.cpu_pct_mean is not None:
        cpu = Sentence("processor {pct:g} % of a core", pct=m.cpu_pct_mean)
        most = joined(", ", [most, cpu])
    return [
        Sentence(
            "the MCU's view: joined {joined}; refused {refused}; left {left}; still held at the "
            "end {held}",
            joined=m.joined,
            refused=refused,
            left=joined(", ", left) if left else Sentence("none"),
            held=m.calls_left,
        ),
        most,
    ]


def generator_line(result: LoadResult) -> Sentence | None:
    g = result.generator
    if g is None:
        return None
    said = Sentence("the generator: {n} {n:process|processes}", n=g.processes)
    if g.cpu_pct_max is not None:
        cpu = Sentence("processor up to {pct:g} % of a core", pct=g.cpu_pct_max)
        said = joined(", ", [said, cpu])
    if g.media_sent:
        media = Sentence(
            "media {n} {n:packet|packets}, {pct:g} % more than 20 ms late",
            n=g.media_sent,
            pct=g.media_late_pct,
        )
        said = joined(", ", [said, media])
    return said


class _ScreenWording:
    """What the columns of criteria hold."""

    def __init__(self, result: LoadResult) -> None:
        self._result = result

    def heading(self, key: str) -> str:
        return Sentence(key)

    def criterion(self, c: LoadCriterion) -> str:
        return Both(c.name_en, c.name_vi)

    def in_unit(self, value: float | None, c: LoadCriterion) -> str:
        if value is None:
            return NOTHING
        value_shown = shown(value, c.threshold)
        return Sentence("{value} {unit}", value=value_shown, unit=unit_words(c.unit, value))

    def limit(self, c: LoadCriterion) -> str:
        return Sentence(
            "≤ {value:g} {unit}", value=c.threshold, unit=unit_words(c.unit, c.threshold)
        )

    def ok(self, c: LoadCriterion) -> bool | None:
        return None if self._result.verdict == "invalid" else c.ok

    def met(self, c: LoadCriterion) -> str:
        return MET[self.ok(c)]

    def source(self, c: LoadCriterion) -> str:
        return Both(c.source, c.source_vi or c.source)

    def margin(self, c: LoadCriterion) -> str:
        return NOTHING

    where = margin


FAILURE_CAUSES = {
    "capacity": N_("the MCU was full: {count}"),
    "timeout": N_("no answer in time: {count}"),
    "authentication": N_("account not accepted: {count}"),
    "unsupported": N_("not supported: {count}"),
    "protocol": N_("wrong answer or ended call: {count}"),
    "media": N_("the generator’s fault: {count}"),
}
"""What a cause of failures is, for people who read no codes."""


def _failures(cause: str, count: int) -> Sentence:
    """How many failed so: in English as `load.json` calls it, which is how it is looked for."""
    code = f"{count} {cause}"
    if cause not in FAILURE_CAUSES:
        return Both(code, code)
    return Both(code, message(FAILURE_CAUSES[cause], count=number(count, "d")).vi)


def _operations(result: LoadResult) -> Table:
    rows = []
    for o in result.operations:
        failed = joined(", ", (_failures(cause, n) for cause, n in o.failed.items())) or "0"
        delays: tuple[str, str] = (NOTHING, NOTHING)
        if o.delay is not None:
            delays = (_ms(o.delay.p50_ms), _ms(o.delay.p95_ms))
        answers = "; ".join(f"{n} × {text}" for text, n in o.answers.items())
        tried, succeeded = (number(count, "d") for count in (o.attempts, o.succeeded))
        counts = (tried, succeeded, failed)
        rows.append((o.operation, *counts, *delays, answers))
    head = (
        *(Sentence("what"), Sentence("attempts"), Sentence("succeeded")),
        *(Sentence(pgettext("attempts", "failed")), Sentence("median")),
        *("95 %", Sentence("answers")),
    )
    return table(head, rows, right=(1, 2, 4, 5))


def _ms(ms: float) -> Sentence:
    return Sentence("{ms} ms", ms=shown(ms))


def unsupported_lines(result: LoadResult) -> list[str]:
    """What the device does not do at all, by its own answers."""
    lines: list[str] = []
    for o in result.operations:
        if o.operation in result.lacking:
            continue
        if set(o.failed) == {"unsupported"} and not o.succeeded:
            answers = ", ".join(o.answers)
            lines.append(
                Sentence(
                    "not supported by {server}: {operation} ({answers})",
                    server=result.server,
                    operation=o.operation,
                    answers=answers,
                )
            )
    return lines


def delay_line(delay: Delay | None) -> str:
    """Return `median 8.1 ms, 95 % within …`; `–` without a delay."""
    if delay is None:
        return NOTHING
    return Sentence(
        "median {p50} ms, 95 % within {p95} ms, 99 % within {p99} ms, the longest {most} ms",
        p50=shown(delay.p50_ms),
        p95=shown(delay.p95_ms),
        p99=shown(delay.p99_ms),
        most=shown(delay.max_ms),
    )


def _told(result: LoadResult) -> list[str]:
    """RFC 7501's figures, and both views."""
    generator = generator_line(result)
    return [
        *session_lines(result),
        *media_lines(result),
        *lacking_lines(result),
        *unsupported_lines(result),
        *mcu_lines(result),
        *([generator] if generator else []),
    ]


def _reasons(result: LoadResult, say: Wording) -> list[str]:
    """Why it does not pass, by the criteria, or why it is no answer."""
    if result.verdict == "invalid":
        return reasons(result, say)
    short = _ScreenWording(result)
    return say.as_filed(
        result.reasons,
        lambda: [
            Sentence(
                "not met: {criterion}, {value} ({limit})",
                criterion=short.criterion(c),
                value=short.in_unit(c.value, c),
                limit=short.limit(c),
            )
            for c in result.criteria
            if c.ok is False
        ],
    )


def brief(result: LoadResult, language: Language = SOURCE) -> list[Block]:
    """What a terminal shows: the verdict, both views, criteria and what was done."""
    verdict = Par(headline(result), bold=True, tone=TONES[result.verdict])
    told = pars([*_reasons(result, Wording(language, result)), *_told(result)])
    return [
        verdict,
        *told,
        criteria_table(result.criteria, _ScreenWording(result), "screen"),
        _operations(result),
    ]


def summary_md(result: LoadResult, language: Language = SOURCE) -> str:
    say = Wording(language, result)
    return markdown(summary(result, say), say.say)


def summary(result: LoadResult, say: Wording) -> Iterator[Block]:
    yield Heading(Sentence("Load test {run}", run=result.run_id), 0)
    yield Par(headline(result), bold=True)
    yield Bullets(_reasons(result, say))
    yield Par(Sentence("{server} ({place}).", server=result.server, place=_PLACES[result.place]))
    yield _parameters(result, say)
    yield Bullets(_told(result))
    yield Heading(Sentence("Criteria"))
    yield criteria_table(result.criteria, _ScreenWording(result), "screen")
    yield Heading(Sentence("What was done"))
    yield _operations(result)


def _parameters(result: LoadResult, say: Wording) -> Table:
    """`LoadResult.what` under its keys' names."""
    rows = [
        (Sentence(_PARAMETERS.get(key, key)), _parameter(key, value, say))
        for key, value in result.what.items()
    ]
    return table((Sentence("parameter"), Sentence("value")), rows)


def _parameter(key: str, value: str | float | list[str], say: Wording) -> str:
    if isinstance(value, bool):
        return Sentence("yes") if value else Sentence("no")
    if isinstance(value, list):
        return ", ".join(map(say.kind, value)) or Sentence("none")
    if isinstance(value, str):
        return Sentence(_CHOICES.get((key, value), value))
    return Sentence(_UNITS[key], value=value) if key in _UNITS else Sentence("{n:g}", n=value)
