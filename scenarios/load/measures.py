"""From Locust's statistics to measures. Pure.

RFC 7501 defines what is measured, RFC 7502 how: rates over the time in which attempts were made,
delays of sessions that were established.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from giaoban.results.model.studies.load import (
    Delay,
    McuView,
    OperationResult,
    Sessions,
    Storm,
)
from giaoban.scenarios.load.outcomes import NO_ANSWER, cause_of
from giaoban.scenarios.load.plan import LoadPlan

ORDER = ("options", "register", "invite", "redial", "back", "bye", "drop", "unregister")
INVITE, REDIAL, BACK, DROP = "invite", "redial", "back", "drop"
_ERROR = re.compile(r"RequestFailedError\((['\"])(.*)\1\)", re.DOTALL)
MOST_ANSWERS = 8


@dataclass(frozen=True)
class Statistics:
    """What Locust leaves at the end of a test.

    Attributes:
        entries: its entries by name, as it serialises them.
        failures: texts of failures by name, with how many there were.
        counts, peak: sums of all processes, and the most calls that stood.
        cpu_pct: the highest of a process by Locust's monitor, a share of a core.
    """

    entries: Mapping[str, Mapping[str, Any]]
    failures: Mapping[str, Counter[str]]
    counts: Mapping[str, int]
    peak: int
    cpu_pct: float
    workers_missing: int


def read_statistics(path: Path) -> Statistics:
    """Read the file that `giaoban.scenarios.load.locust.hooks` writes."""
    data = json.loads(path.read_text(encoding="utf-8"))
    failures: dict[str, Counter[str]] = {}
    for error in data["errors"]:
        matched = _ERROR.fullmatch(error["error"])
        text = matched[2] if matched else error["error"]
        failures.setdefault(error["name"], Counter())[text.strip()] += error["occurrences"]
    return Statistics(
        {entry["name"]: entry for entry in data["entries"]},
        failures,
        data["counts"],
        data["peak"],
        data["cpu_pct"],
        data["workers_missing"],
    )


def nearest_rank(entry: Mapping[str, Any], rank: float) -> float:
    """Return the `rank`th lowest delay of Locust's histogram, in ms.

    Locust rounds to 1 ms, and from 100 ms on to two digits.
    """
    below = 0
    for ms, count in sorted((float(ms), n) for ms, n in entry["response_times"].items()):
        below += count
        if below >= rank:
            return ms
    raise ValueError("no delay of this rank")


def delay_of(entry: Mapping[str, Any]) -> Delay | None:
    """Return percentiles by the nearest rank; None without a success. The largest delay and the
    mean are exact."""
    number = sum(entry["response_times"].values())
    if not number:
        return None
    return Delay(
        p50_ms=nearest_rank(entry, 0.50 * number),
        p95_ms=nearest_rank(entry, 0.95 * number),
        p99_ms=nearest_rank(entry, 0.99 * number),
        max_ms=round(entry["max_response_time"], 3),
        mean_ms=round(entry["total_response_time"] / number, 3),
    )


def operations(
    found: Statistics, plan: LoadPlan, names: Sequence[str] = ORDER
) -> list[OperationResult]:
    """Return each kind of operation, in the order of a call's life."""
    made = []
    for name in names:
        if (entry := found.entries.get(name)) is None or not entry["num_requests"]:
            continue
        failures = found.failures.get(name, Counter())
        causes: Counter[str] = Counter()
        for text, count in failures.items():
            code = text.partition(" ")[0]
            known = cause_of(int(code) if code.isdigit() else 0, plan.capacity_codes)
            causes["protocol" if name == DROP else str(known)] += count
        made.append(
            OperationResult(
                operation=name,
                attempts=entry["num_requests"],
                succeeded=entry["num_requests"] - entry["num_failures"],
                failed=dict(sorted(causes.items())),
                answers=dict(failures.most_common(MOST_ANSWERS)),
                delay=delay_of(entry),
            )
        )
    return made


def sessions(found: Statistics, operations: Sequence[OperationResult]) -> Sessions:
    """Return the sessions that bridges asked for; of a storm before its cut.

    The rate is the attempts that follow the first one over the time from it to the last.
    """
    by_name = {each.operation: each for each in operations}
    calls, drops = by_name.get(INVITE), by_name.get(DROP)
    if calls is None:
        return Sessions(
            attempts=0, established=0, refused=0, dropped=0, attempt_rate_per_s=0.0,
            established_per_s=0.0, capacity=0, setup=None,
        )  # fmt: skip
    entry = found.entries[INVITE]
    span_s = entry["last_request_timestamp"] - entry["start_time"]
    rate = (calls.attempts - 1) / span_s if span_s > 0 else 0.0
    return Sessions(
        attempts=calls.attempts,
        established=calls.succeeded,
        refused=calls.attempts - calls.succeeded,
        dropped=drops.attempts if drops else 0,
        attempt_rate_per_s=round(rate, 3),
        established_per_s=round(rate * calls.succeeded / calls.attempts, 3),
        capacity=found.peak,
        setup=calls.delay,
    )


def storm(plan: LoadPlan, found: Statistics, operations: Sequence[OperationResult]) -> Storm:
    """Return how the bridges came back that were cut off. Times count from the restoration."""
    by_name = {each.operation: each for each in operations}
    back, again = by_name.get(BACK), by_name.get(REDIAL)
    cut_off, returned = (back.attempts, back.succeeded) if back else (0, 0)
    half = -(-cut_off // 2)
    half_s = last_s = None
    if 0 < half <= returned:
        half_s = round(nearest_rank(found.entries[BACK], half) / 1e3, 3)
    if back is not None and back.delay is not None and returned == cut_off:
        last_s = round(back.delay.max_ms / 1e3, 3)
    return Storm(
        cut_off=cut_off,
        back=returned,
        missing=cut_off - returned,
        attempts=again.attempts if again else 0,
        refused=again.attempts - again.succeeded if again else 0,
        half_back_s=half_s,
        last_back_s=last_s,
        back_off=plan.back_off,
    )


def mcu_view(
    events: Sequence[dict[str, Any]], report: dict[str, Any], units_total: float | None
) -> McuView:
    """Return the MCU's side of a test, from its events and its closing report."""
    refused = Counter(f"{e['code']} {e['reason']}" for e in events if e["event"] == "refused")
    left = Counter(str(e.get("cause", "")) for e in events if e["event"] == "left")
    return McuView(
        joined=sum(e["event"] == "joined" for e in events),
        refused=dict(refused.most_common(MOST_ANSWERS)),
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
    )


BESIDE = ("options", "register")
"""Operations that calls do without."""
ABSENT = ("timeout", "unsupported", "protocol")
"""Causes by which a device has no such operation: no answer; 405, 501 and the like; 404, 500 and
the like. A device that is full, or asks for a password, has it."""


def lacking(operations: Sequence[OperationResult], *, accounts: bool) -> list[str]:
    """Return the operations that a device does not have for these bridges: every attempt failed,
    and none for another cause. `accounts`: without any, a request for a password is one, too."""
    absent = {*ABSENT, *(() if accounts else ("authentication",))}
    return [
        each.operation
        for each in operations
        if each.operation in BESIDE and not each.succeeded and set(each.failed) <= absent
    ]


def unanswered(operations: Collection[OperationResult]) -> list[str]:
    """Return what all calls met if none was set up, in a sentence."""
    for each in operations:
        if each.operation != INVITE or each.succeeded or not each.attempts:
            continue
        if set(each.answers) == {NO_ANSWER}:
            calls = "call" if each.attempts == 1 else "calls"
            return [f"no answer to any INVITE ({each.attempts} {calls})"]
        met = ", ".join(f"{count} × {answer}" for answer, count in each.answers.items())
        return [f"no call was set up: {met}"]
    return []
