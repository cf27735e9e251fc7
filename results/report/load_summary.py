"""A load test in words: what a terminal shows, and `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.counting import Count, counted
from results.model.load import Delay, LoadCriterion, LoadResult
from results.report.criteria_table import criteria_table
from results.report.document import (
    TONES,
    Block,
    Bullets,
    Heading,
    Par,
    Table,
    pars,
    table,
)
from results.report.markdown import markdown
from results.report.summary import MET

HEAD = {
    "pass": "PASS – the MCU meets the criteria under this load",
    "fail": "FAIL – the MCU does not meet the criteria under this load",
    "invalid": "INVALID – the figures cannot be trusted, so they say nothing about the MCU",
}
NOTHING = "–"
_MISSED = {
    "withheld": "the answer names another host, which sent nothing, so it was sent nothing",
    "not-agreed": "the answer does not let the MCU send it",
    "nothing": "nothing came",
    "late": "it began too late",
    "too-little": "too little came",
}
_LACKING = {
    "options": ("does not answer OPTIONS", "; --no-options leaves it out"),
    "register": ("does not register these bridges", "; --no-register leaves them out"),
    "guess": ("has no registrar, so no password can be guessed", ""),
}


def headline(result: LoadResult) -> str:
    """The verdict in a line."""
    return HEAD[result.verdict]


def session_lines(result: LoadResult) -> list[str]:
    """RFC 7501's figures, a line each."""
    s = result.sessions
    lines = [
        f"session attempts {s.attempts} ({s.attempt_rate_per_s:g}/s), established "
        f"{s.established} ({s.established_per_s:g}/s), refused {s.refused}, dropped {s.dropped}",
        f"sessions standing at the most: {s.capacity}",
        f"call set-up{_without_devices(result)}: {delay_line(s.setup)}",
    ]
    if s.establishment_rate_per_s is not None:
        lines.append(
            f"session establishment rate: {s.establishment_rate_per_s:g}/s "
            "(the highest without failure)"
        )
    storm = result.storm
    if storm is not None:
        last = f"{storm.last_back_s:g} s" if storm.last_back_s is not None else "never"
        half = f"{storm.half_back_s:g} s" if storm.half_back_s is not None else "never"
        lines.append(
            f"after the fault ({storm.back_off} back-off): {storm.back} of "
            f"{counted(storm.cut_off, 'bridge')} back in {counted(storm.attempts, 'attempt')}, "
            f"half of them after {half}, the last after {last}"
        )
    return lines


def media_lines(result: LoadResult) -> list[str]:
    """What came to the calls, a line a medium."""
    lines = []
    for m in result.media:
        name = {"audio": "sound", "video": "pictures"}[m.medium]
        missed = ", ".join(f"{n} × {_MISSED[why]}" for why, n in m.missed.items())
        good = m.calls - sum(m.missed.values())
        short = f"; {counted(m.too_short, 'call')} too short to tell" if m.too_short else ""
        worst = "" if m.worst_pct is None else f", {m.worst_pct:g} % in the worst call"
        lines.append(
            f"{name}: {good} of {counted(m.calls, 'call')} had what they should"
            f"{f' ({missed})' if missed else ''}{short}; {counted(m.packets_received, 'packet')} "
            f"came, {m.packets_lost} {Count(m.packets_lost):was|were} lost; "
            f"{m.heard_s:g} s of {m.expected_s:g} s expected{worst}"
        )
    return lines


def lacking_lines(result: LoadResult) -> list[str]:
    """What the device does not have, and how not to ask for it."""
    lines = []
    for o in result.operations:
        if o.operation in result.lacking:
            answers = ", ".join(f"{n} × {text.removeprefix('- ')}" for text, n in o.answers.items())
            what, option = _LACKING[o.operation]
            lines.append(f"{result.server} {what} ({answers}): not judged{option}")
    return lines


def mcu_lines(result: LoadResult) -> list[str]:
    """The MCU's own view; nothing where it is somebody's device."""
    m = result.mcu
    if m is None:
        return []
    refused = ", ".join(f"{n} × {why}" for why, n in m.refused.items()) or "none"
    left = ", ".join(f"{n} by {why}" for why, n in m.left.items()) or "none"
    total = "" if m.units_total is None else f" of {m.units_total:g}"
    cpu = "" if m.cpu_pct_mean is None else f", processor {m.cpu_pct_mean:g} % of a core"
    return [
        f"the MCU's view: joined {m.joined}; refused {refused}; left {left}; "
        f"still held at the end {m.calls_left}",
        f"the MCU at the most: {m.units_peak:g}{total} units, {m.ports_peak} ports{cpu}",
    ]


def generator_line(result: LoadResult) -> str | None:
    """How the generator fared."""
    g = result.generator
    if g is None:
        return None
    late = NOTHING if g.dial_late_p99_ms is None else f"{g.dial_late_p99_ms:g} ms"
    media = ""
    if g.media_sent:
        media = f", media {g.media_sent} packets, {g.media_late_pct:g} % more than 20 ms late"
    return (
        f"the generator: {g.processes} process{'es' * (g.processes != 1)}, processor "
        f"{g.cpu_pct_mean:g} % of a core, dialled late by at most {late} (99 of 100), "
        f"{g.missed_timers} timers missed{media}"
    )


class _English:
    """What the columns of criteria hold."""

    def heading(self, key: str) -> str:
        return key

    def criterion(self, c: LoadCriterion) -> str:
        return c.name_en

    def in_unit(self, value: float | None, c: LoadCriterion) -> str:
        return NOTHING if value is None else f"{value:g} {c.unit}"

    def limit(self, c: LoadCriterion) -> str:
        return f"≤ {c.threshold:g} {c.unit}"

    def met(self, c: LoadCriterion) -> str:
        return MET[c.ok]

    def source(self, c: LoadCriterion) -> str:
        return c.source

    def margin(self, c: LoadCriterion) -> str:
        return NOTHING

    where = margin


def _operations(result: LoadResult) -> Table:
    rows = []
    for o in result.operations:
        failed = ", ".join(f"{n} {cause}" for cause, n in o.failed.items()) or "0"
        delays = (NOTHING, NOTHING)
        if o.delay is not None:
            delays = (f"{o.delay.p50_ms:.1f} ms", f"{o.delay.p95_ms:.1f} ms")
        answers = "; ".join(f"{n} × {text}" for text, n in o.answers.items())
        counts = (str(o.attempts), str(o.succeeded), failed, str(o.repeats))
        rows.append((o.operation, *counts, *delays, answers))
    head = ("what", "attempts", "succeeded", "failed", "sent again", "median", "95 %", "answers")
    return table(head, rows, right=(1, 2, 4, 5, 6))


def unsupported_lines(result: LoadResult) -> list[str]:
    """What the device does not do at all, by its own answers."""
    lines = []
    for o in result.operations:
        if o.operation in result.lacking:
            continue
        if set(o.failed) == {"unsupported"} and not o.succeeded:
            answers = ", ".join(o.answers)
            lines.append(f"not supported by {result.server}: {o.operation} ({answers})")
    return lines


def _without_devices(result: LoadResult) -> str:
    """In the emulated province nobody has to think: what devices take themselves is not in it."""
    return "" if result.place != "province" else " (waiting and the network’s share alone)"


def delay_line(delay: Delay | None) -> str:
    """`p50 8.1 ms, p95 …`."""
    if delay is None:
        return NOTHING
    return (
        f"median {delay.p50_ms:g} ms, 95 % within {delay.p95_ms:g} ms, 99 % within "
        f"{delay.p99_ms:g} ms, the longest {delay.max_ms:g} ms"
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


def brief(result: LoadResult) -> list[Block]:
    """What a terminal shows: the verdict, both views, criteria and what was done."""
    verdict = Par(headline(result), bold=True, tone=TONES[result.verdict])
    told = pars([*result.reasons, *_told(result)])
    return [
        verdict,
        *told,
        criteria_table(result.criteria, _English(), "screen"),
        _operations(result),
    ]


def summary_md(result: LoadResult) -> str:
    """The text of `summary.md`."""
    return markdown(summary(result))


def summary(result: LoadResult) -> Iterator[Block]:
    """All that a person wants to know of a load test, in English."""
    yield Heading(f"Load test {result.run_id}", 0)
    yield Par(headline(result), bold=True)
    yield Bullets(result.reasons)
    what = ", ".join(f"{key} {_plain(value)}" for key, value in result.what.items())
    yield Par(f"{result.server} ({result.place}). {what}.")
    yield Bullets(_told(result))
    yield Heading("Criteria")
    yield criteria_table(result.criteria, _English(), "screen")
    yield Heading("What was done")
    yield _operations(result)
    if result.search:
        yield Heading("Search")
        rows = [(f"{t.rate_per_s:g}/s", t.outcome, t.why) for t in result.search]
        yield table(("rate", "outcome", "why"), rows)


def _plain(value: str | int | float | bool | list[str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "+".join(value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
