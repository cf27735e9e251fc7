"""What a run can show: shares with their intervals, and whether something is worse than before.

A rise counts as far as it is certain, so that chance alone makes nobody worse: the lower bound of
the difference of two figures, each known between two bounds (the method of variance estimates
recovery: Zou and Donner 2008; for shares that is Newcombe's interval of 1998).
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.9999
"""Of one bound. The streams of a run are compared all at once, and a run is judged at many seeds:
with a hundred comparisons a run errs by chance less than once in a hundred times."""


class ConfidenceInterval(NamedTuple):
    """A figure as it was measured, and between which bounds it lies."""

    value: float
    low: float
    high: float


def wilson(successes: float, trials: float, confidence: float = CONFIDENCE) -> ConfidenceInterval:
    """A share, 0 to 1, between its bounds (Wilson 1927, equation 4).

    Args:
        successes, trials: counts, or effective ones; trials above 0.
        confidence: of each bound by itself; 0.975 for an interval of 95 %.

    Raises:
        ValueError: more successes than trials, or no trial.
    """
    if not 0 <= successes <= trials or not trials:
        raise ValueError(f"{successes} of {trials}")
    z = _normal_quantile(confidence)
    share = successes / trials
    spread = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    middle, scale = share + z**2 / (2 * trials), 1 + z**2 / trials
    # of none or all the outer bound is that itself, which rounding would miss
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == trials else (middle + spread) / scale
    return ConfidenceInterval(share, low, high)


_normal_quantile = cache(NormalDist().inv_cdf)


def lost_share(lost: int, sent: int, spread: float) -> ConfidenceInterval:
    """The share of packets lost, of which so many together say as much as one lost by itself.

    Args:
        spread: the design effect (Kish 1965): the variance of a share over that of independent
            losses, 1 or more. Of both shares that are compared the same, the larger one: a phase
            that happened to lose nothing says nothing of how losses come on a line.
    """
    hang_together = max(1.0, spread)
    return wilson(lost / hang_together, sent / hang_together)


def in_bursts(burst_mean: float | None) -> float:
    """The design effect of losses in runs of so many packets on average: 2 L − 1, as of a line with
    a good and a bad state of which the bad one loses all."""
    return max(1.0, 2 * (burst_mean or 1.0) - 1)


def certain_rise(before: ConfidenceInterval, now: ConfidenceInterval) -> float:
    """By how much a figure has risen for certain; 0 if that may be chance."""
    rise = now.value - before.value
    reach = math.hypot(now.value - now.low, before.high - before.value)
    return max(0.0, rise - reach)


def detectable_rise(before: ConfidenceInterval) -> float:
    """The smallest rise that two figures known as well as this one can show."""
    return math.hypot(before.value - before.low, before.high - before.value)


@lru_cache(maxsize=4096)
def detectable_share_rise(before: ConfidenceInterval, sent: int, spread: float = 1.0) -> float:
    """The smallest rise of a share, 0 to 1, that is certain among so many packets."""
    low, high = 0, sent
    if certain_rise(before, lost_share(high, sent, spread)) <= 0:
        return 1.0
    while high - low > 1:
        middle = (low + high) // 2
        enough = certain_rise(before, lost_share(middle, sent, spread)) > 0
        low, high = (low, middle) if enough else (middle, high)
    return high / sent - before.value


EVENTS_CONFIDENCE = 0.99
"""Of a bound of a rate of events: one event in a run of any usual length shows no rate, and two in
20 s, or three in 30 s, show that there are more than one in three minutes."""


def certain_rate(count: int, expected: float) -> float:
    """Return how many events of a Poisson process are certain beyond those expected, 0 or more.

    Those that the expected ones may come to by chance are taken off `count` first. Then Garwood's
    lower bound (1936) with the chi-square quantile of Wilson and Hilferty (1931).
    """
    others = count - poisson_quantile(expected, CONFIDENCE)
    if others <= 0:
        return 0.0
    z = _normal_quantile(EVENTS_CONFIDENCE)
    return others * max(0.0, 1 - 1 / (9 * others) - z / (3 * math.sqrt(others))) ** 3


def certain_share(events: int, trials: int) -> float:
    """Return the share, 0 to 1, that so many events of so many trials show for certain."""
    return wilson(events, trials, EVENTS_CONFIDENCE).low


def poisson_quantile(mean: float, probability: float) -> int:
    """Return the least count that a Poisson variable does not pass with this probability."""
    if mean > 100:  # normal by then
        return math.ceil(mean + _normal_quantile(probability) * math.sqrt(mean))
    count, term = 0, math.exp(-mean)
    below = term
    while below < probability:
        count += 1
        term *= mean / count
        below += term
    return count
