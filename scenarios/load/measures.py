"""From records to measures: pure.

RFC 7501 defines what is measured, RFC 7502 how: rates over the time in which attempts were made,
delays of sessions that were established, standing sessions at each moment.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from giaoban.results.model.studies.load import (
    Delay,
    Guessing,
    McuView,
    OperationResult,
    Second,
    Sessions,
    Storm,
)
from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.locust.outcomes import (
    AUTHENTICATION,
    Cause,
    GeneratorHealth,
    Performed,
    Record,
)
from giaoban.scenarios.load.plan import BackOff, LoadPlan

CALLS: tuple[Performed, ...] = ("invite",)
ORDER: tuple[Performed, ...] = (
    "options",
    "register",
    "invite",
    "incoming",
    "info",
    "bye",
    "drop",
    "guess",
    "malformed",
    "unregister",
)


def nearest_rank(ascending: Sequence[float], percent: float) -> float:
    """A percentile that is one of the values."""
    return float(ascending[max(0, int(np.ceil(len(ascending) * percent / 100)) - 1)])


def delay_of(values_ms: Sequence[float]) -> Delay | None:
    """Percentiles by the nearest rank, so that each is a delay that happened; None of nothing."""
    if not values_ms:
        return None
    values = sorted(values_ms)

    def rank(percent: float) -> float:
        return round(nearest_rank(values, percent), 3)

    return Delay(
        p50_ms=rank(50),
        p95_ms=rank(95),
        p99_ms=rank(99),
        max_ms=rank(100),
        mean_ms=round(float(np.mean(values)), 3),
    )


def operations(records: Sequence[Record]) -> list[OperationResult]:
    """Each kind of what was done, in the order of a call's life."""
    found = []
    for operation in ORDER:
        own = [record for record in records if record.operation == operation]
        if not own:
            continue
        failed = [record for record in own if not record.ok]
        answers = Counter(f"{r.code or '-'} {r.reason}".strip() for r in failed)
        found.append(
            OperationResult(
                operation=operation,
                attempts=len(own),
                succeeded=len(own) - len(failed),
                failed=dict(sorted(Counter(str(record.cause) for record in failed).items())),
                answers=dict(answers.most_common(8)),
                repeats=sum(record.repeats for record in own),
                delay=delay_of([record.ms for record in own if record.ok]),
            )
        )
    return found


def sessions(records: Sequence[Record]) -> Sessions:
    """Sessions that bridges and technicians asked for.

    The rate is the attempts that follow the first one over the time from it to the last.
    """
    calls = [record for record in records if record.operation in CALLS]
    begun = sorted(record.at_s for record in calls)
    span_s = begun[-1] - begun[0] if len(begun) > 1 else 0.0
    established = [record for record in calls if record.ok]
    rate = (len(begun) - 1) / span_s if span_s else 0.0
    share = len(established) / len(calls) if calls else 0.0
    standing = standing_at(records)
    return Sessions(
        attempts=len(calls),
        established=len(established),
        refused=len(calls) - len(established),
        dropped=sum(record.operation == "drop" for record in records),
        held_up=sum(record.held_up for record in records),
        attempt_rate_per_s=round(rate, 3),
        established_per_s=round(rate * share, 3),
        capacity=max((count for _, count in standing), default=0),
        setup=delay_of([record.ms for record in established]),
    )


def standing_at(records: Sequence[Record]) -> list[tuple[float, int]]:
    """(s, sessions that stand from then on), whenever that changes.

    A session of a bridge lasts from its 200 to its BYE, to its end by the MCU, or to the bridge's
    next call if the line was cut without a word.
    """
    changes: list[tuple[float, int]] = []
    up: set[str] = set()
    for record in sorted(records, key=lambda r: (r.at_s + _lasts_s(r), r.who)):
        at_s = record.at_s + _lasts_s(record)
        begins = record.operation in ("invite", "incoming") and record.ok
        ends = record.operation in ("bye", "drop")
        if begins and record.who not in up:
            up.add(record.who)
        elif ends and record.who in up:
            up.remove(record.who)
        else:
            continue
        changes.append((at_s, len(up)))
    return changes


def storm(plan: LoadPlan, records: Sequence[Record]) -> Storm:
    """How those came back who were cut off."""
    outage = timetable.outage(plan)
    calls = [r for r in records if r.operation in CALLS and plan.is_bridge(r.who)]
    before = {r.who for r in calls if r.ok and r.at_s < outage.at_s}
    again = [r for r in calls if r.at_s >= outage.at_s and r.who in before]
    return storm_after(before, again, outage.back_s, plan.back_off)


def storm_after(
    before: Collection[str], again: Sequence[Record], back_s: float, back_off: BackOff
) -> Storm:
    """How those came back who were there `before`, by their attempts since they were cut off.

    Args:
        back_s: when the line was back.
    """
    back: dict[str, float] = {}
    for record in again:
        if record.ok:
            back.setdefault(record.who, record.at_s + record.ms / 1e3 - back_s)
    times = sorted(back.values())
    missing = len(before) - len(back)
    return Storm(
        cut_off=len(before),
        back=len(back),
        missing=missing,
        attempts=len(again),
        refused=sum(not record.ok for record in again),
        half_back_s=_half(times, len(before)),
        last_back_s=round(max(0.0, times[-1]), 3) if times and not missing else None,
        back_off=back_off,
    )


def refused_for_good(records: Sequence[Record], cut_s: float) -> int:
    """Refused calls of a storm that are a failure of the MCU's.

    Who is refused after the fault and gets in later is back, and that was no failure. Before the
    fault there is no storm that would excuse it.

    Args:
        cut_s: when the fault began.
    """
    calls = [record for record in records if record.operation in CALLS]
    last_in_s: dict[str, float] = {}
    for record in calls:
        if record.ok:
            last_in_s[record.who] = max(record.at_s, last_in_s.get(record.who, record.at_s))
    return sum(
        not record.ok and (record.at_s < cut_s or record.at_s >= last_in_s.get(record.who, cut_s))
        for record in calls
    )


def mcu_view(
    events: Sequence[dict[str, Any]], report: dict[str, Any], units_total: float | None
) -> McuView:
    """The MCU's side of a test, from its events and its closing report."""
    refused = Counter(f"{e['code']} {e['reason']}" for e in events if e["event"] == "refused")
    left = Counter(str(e.get("cause", "")) for e in events if e["event"] == "left")
    return McuView(
        joined=sum(e["event"] == "joined" for e in events),
        refused=dict(refused.most_common(8)),
        left=dict(sorted(left.items())),
        units_peak=max((float(e.get("units", 0)) for e in events), default=0.0),
        units_total=units_total,
        ports_peak=max((int(e.get("ports", 0)) for e in events), default=0),
        calls_left=0,
        sip_received=report["sip_received"],
        sip_dropped=report["sip_dropped"],
        media_sent=report["rtp_sent"],
        media_late=report["starved"],
        media_overflowed=report["overflowed"],
        wrong_passwords=report.get("wrong_passwords", 0),
    )


def series(
    records: Sequence[Record],
    healths: Sequence[GeneratorHealth],
    mcu_cpu: Sequence[tuple[float, float]],
) -> list[Second]:
    """Second by second; `mcu_cpu` are (s, per cent)."""
    last_s = max((r.at_s + _lasts_s(r) for r in records), default=0.0)
    standing = standing_at(records)
    seconds = []
    for t in range(int(last_s) + 1):
        calls = [r for r in records if r.operation in CALLS and t <= r.at_s < t + 1]
        good = [r for r in calls if r.ok]
        cpu = [h.cpu_pct for h in healths if t <= h.at_s < t + 1]
        of_mcu = [value for at_s, value in mcu_cpu if t <= at_s < t + 1]
        delays = delay_of([r.ms for r in good])
        seconds.append(
            Second(
                t_s=t,
                attempts=len(calls),
                established=len(good),
                failed=len(calls) - len(good),
                standing=next((n for at, n in reversed(standing) if at < t + 1), 0),
                setup_p95_ms=None if delays is None else delays.p95_ms,
                generator_cpu_pct=max(cpu, default=None),
                mcu_cpu_pct=max(of_mcu, default=None),
            )
        )
    return seconds


def _lasts_s(record: Record) -> float:
    """From what a record is dated by to its end: that of a dropped call is when it began."""
    return record.ms / 1e3


def _half(times: Sequence[float], whole: int) -> float | None:
    needed = -(-whole // 2)
    return round(max(0.0, times[needed - 1]), 3) if 0 < needed <= len(times) else None


BESIDE = ("options", "register", "guess")
"""Operations that calls do without. A guessed password is one to register with."""
ABSENT: tuple[Cause, ...] = ("timeout", "unsupported", "protocol")
"""Causes that say that there is no such thing: no answer; 405, 501 and the like; 404, 500 and the
like. A device that is full, or asks for a proof, has it."""


def lacking(operations: Sequence[OperationResult], *, accounts: bool) -> list[str]:
    """Which operations a device does not have for these bridges: every attempt failed, and none for
    another cause.

    Args:
        accounts: whether the bridges have any. Who asks them for a proof does not register them.
    """
    absent = {*ABSENT, *(() if accounts else ("authentication",))}
    return [
        each.operation
        for each in operations
        if each.operation in BESIDE and not each.succeeded and set(each.failed) <= absent
    ]


def nobody_answered(operations: Sequence[OperationResult]) -> list[str]:
    """What all calls met if none was set up, in a sentence."""
    for each in operations:
        if each.operation != "invite" or each.succeeded or not each.attempts:
            continue
        if set(each.answers) == {"- no answer"}:
            calls = "call" if each.attempts == 1 else "calls"
            return [f"no answer to any INVITE ({each.attempts} {calls})"]
        met = ", ".join(f"{count} × {answer}" for answer, count in each.answers.items())
        return [f"no call was set up: {met}"]
    return []


MINUTE_S = 60.0


def guessing(records: Sequence[Record], mcu: McuView | None) -> Guessing | None:
    """Of all guesses that there were; None if there were none."""
    guesses = [record for record in records if record.operation == "guess"]
    if not guesses:
        return None
    answered = [record for record in guesses if record.code in AUTHENTICATION]
    return Guessing(
        guesses=len(guesses),
        answered=len(answered),
        most_a_minute=most_a_minute(answered),
        seen=None if mcu is None else mcu.wrong_passwords,
    )


def most_a_minute(answered: Sequence[Record]) -> int:
    """The most that were answered to one name within any minute."""
    most = 0
    times: dict[str, deque[float]] = defaultdict(deque)
    for at_s, who in sorted((record.at_s + record.ms / 1e3, record.who) for record in answered):
        lately = times[who]
        lately.append(at_s)
        while lately[0] <= at_s - MINUTE_S:
            lately.popleft()
        most = max(most, len(lately))
    return most
