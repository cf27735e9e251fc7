"""When each bridge dials, hangs up and is cut off: pure, from the plan alone.

Times are seconds since the beginning of the test. Bridges are numbered from 0. The timetable is
kept whatever comes of earlier calls, so that a slow MCU does not slow its own load down (an open
load).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from giaoban.scenarios.load.plan import LoadPlan

PREPARE_S = 2.0
"""From the beginning of a test to the first call: every bridge has its ports and is registered."""
SETTLE_S = 3.0
"""From the last call to the fault of a storm, or to the first guess."""
SHARE_HELD = 0.8
"""Of the time until a bridge's next call, where nothing says how long its calls are."""
RAMP_DEVIATIONS = 3.0
"""The ramp begins so many standard deviations before its top: 0.1 % are earlier."""
GOODBYE_S = 3.0
INTRUSION_EVERY_S = 1.0
SHORTEST_PAUSE_S = 1.0


@dataclass(frozen=True)
class CallInterval:
    """One call: when it is dialled, and when the bridge hangs up."""

    dial_s: float
    until_s: float


@dataclass(frozen=True)
class LineOutage:
    """Lines are away from `at_s` to `back_s`, without a word to the MCU."""

    at_s: float
    back_s: float


def period_s(plan: LoadPlan) -> float:
    """How often a bridge of the steady shape calls."""
    return plan.bridges / plan.rate_per_s


def hold_s(bridges: int, rate_per_s: float) -> float:
    """The length of a call of the steady shape if nothing says it."""
    return SHARE_HELD * bridges / rate_per_s


def all_dialled_s(plan: LoadPlan) -> float:
    """When the last bridge dials for the first time, but for the steady shape and the ramp."""
    return PREPARE_S + (plan.bridges - 1) / plan.rate_per_s


def window_s(plan: LoadPlan) -> tuple[float, float]:
    """From when to when the shape lasts: what is measured over time is measured over that."""
    if plan.shape == "steady":
        return PREPARE_S, PREPARE_S + plan.seconds
    if plan.shape == "ramp":
        last_s = _nine_o_clock(plan, plan.bridges - 1)
        return PREPARE_S, last_s + plan.seconds
    if plan.shape == "storm":
        return outage(plan).at_s, outage(plan).back_s + plan.seconds
    begin_s = all_dialled_s(plan) + SETTLE_S
    return begin_s, begin_s + plan.seconds


def outage(plan: LoadPlan) -> LineOutage:
    """The fault of a storm: every bridge's line is away."""
    at_s = all_dialled_s(plan) + SETTLE_S
    return LineOutage(at_s, at_s + plan.outage_s)


def calls_of(plan: LoadPlan, number: int) -> Iterator[CallInterval]:
    """A bridge's calls, in order. What a storm makes of the one is in `redial_s`."""
    end_s = window_s(plan)[1]
    if plan.shape == "steady":
        dial_s = PREPARE_S + number / plan.rate_per_s
        while dial_s < end_s:
            yield CallInterval(dial_s, dial_s + plan.hold_s)
            dial_s += period_s(plan)
        return
    if plan.shape == "ramp":
        dial_s = _nine_o_clock(plan, number)
    else:
        dial_s = PREPARE_S + number / plan.rate_per_s
    # they leave one after another, as they came: a storm of BYEs is another test
    yield CallInterval(dial_s, end_s + number / plan.rate_per_s)


def redial_s(plan: LoadPlan, number: int, attempt: int) -> float:
    """How long a bridge waits before it dials again after a cut.

    Args:
        attempt: 0 for the first one, which counts from when its line is back; later ones count
            from the refusal before.

    Without back-off all do the same at the same moment. With it the first attempts are spread
    evenly at random over `spread_s`, and each later one over twice the time of the one before, as
    RFC 3261 §21.5.4 and the exponential back-off of RFC 5626 §4.5 have it.
    """
    if plan.back_off == "none":
        return 0.0 if attempt == 0 else plan.redial_s
    draw = random.Random(f"{plan.seed}/{number}/{attempt}").random()
    spread_s = plan.spread_s if attempt == 0 else plan.redial_s * 2**attempt
    return draw * spread_s


def intruders(plan: LoadPlan) -> int:
    """How many guess or send what is malformed; each does so about once a second at the most."""
    if plan.shape not in ("guess", "malformed"):
        return 0
    return math.ceil(plan.rate_per_s)


def intrusions(plan: LoadPlan, number: int, now_s: float = 0.0) -> Iterator[float]:
    """When an intruder strikes; one whom Locust's own numbers bring, every second from now on."""
    begin_s, end_s = window_s(plan)
    count = intruders(plan)
    at_s = begin_s + number / plan.rate_per_s
    every_s = count / plan.rate_per_s
    if plan.by_hand:
        at_s, every_s = now_s, INTRUSION_EVERY_S
    while at_s < end_s:
        yield at_s
        at_s += every_s


def pause_s(plan: LoadPlan, called_s: float) -> float:
    """After a call of a user whom Locust's own numbers bring, until its next one.

    Args:
        called_s: for how long ago it dialled; a refusal does not make it dial sooner.
    """
    return max(SHORTEST_PAUSE_S, plan.hold_s / SHARE_HELD - called_s)


def total_s(plan: LoadPlan) -> float:
    """When the last one has hung up."""
    end_s = window_s(plan)[1]
    if plan.shape == "steady":
        return end_s + plan.hold_s + GOODBYE_S
    return end_s + (plan.bridges - 1) / plan.rate_per_s + GOODBYE_S


def attempts(plan: LoadPlan) -> int:
    """Session attempts on the timetable; redialling after refusals not counted."""
    return sum(1 for number in range(plan.bridges) for _ in calls_of(plan, number))


def _nine_o_clock(plan: LoadPlan, number: int) -> float:
    """Arrivals around an hour, normally distributed, the most of them at `rate_per_s`."""
    deviation_s = plan.bridges / plan.rate_per_s / math.sqrt(2 * math.pi)
    quantile = NormalDist().inv_cdf((number + 0.5) / plan.bridges)
    return PREPARE_S + max(0.0, deviation_s * (RAMP_DEVIATIONS + quantile))
