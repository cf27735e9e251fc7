"""The session establishment rate: the highest attempt rate without a failure, by search. Pure.

RFC 7502 searches for it as RFC 2544 does for throughput: rates that went well and rates that did
not close in on it. A rate has failed when it failed twice, since other work on a machine can only
make an MCU slower; it went well when it did so once.
"""

from __future__ import annotations

from collections.abc import Callable

from giaoban.results.model.studies.load import Trial

PRECISION = 1.05
"""The rate that failed is at most so many times the one that went well."""
STEP = 2.0
ATTEMPTS = 2
LOWEST_PER_S = 1.0


def search(
    first_per_s: float, most_per_s: float, attempt: Callable[[float], Trial]
) -> tuple[float | None, list[Trial]]:
    """(the rate, every trial in order).

    The rate is None if no trial went well, and where the generator was at its end before the MCU:
    a trial at the lowest rate that did not go well says so. It is `most_per_s` if that went well.

    Args:
        attempt: one trial at a rate.
    """
    trials: list[Trial] = []

    def tried(rate: float) -> str:
        outcomes: list[str] = []
        while len(outcomes) < ATTEMPTS and "clean" not in outcomes:
            trials.append(attempt(rate))
            outcomes.append(trials[-1].outcome)
        if "clean" in outcomes:
            return "clean"
        # one failure is none, and a trial that does not count makes it no second one
        return "invalid" if "invalid" in outcomes else "failed"

    good, bad = 0.0, 0.0
    invalid = False
    rate = min(first_per_s, most_per_s)
    while not bad:
        outcome = tried(rate)
        if outcome == "clean":
            good = rate
            if rate >= most_per_s:
                return rate, trials
            rate = min(rate * STEP, most_per_s)
        else:
            bad, invalid = rate, outcome == "invalid"
    while not good and bad > LOWEST_PER_S:
        rate = max(LOWEST_PER_S, bad / STEP)
        outcome = tried(rate)
        if outcome == "clean":
            good = rate
        else:
            bad, invalid = rate, outcome == "invalid"
    while good and bad / good > PRECISION:
        rate = (good * bad) ** 0.5
        outcome = tried(rate)
        if outcome == "clean":
            good = rate
        else:
            bad, invalid = rate, outcome == "invalid"
    found = round(good, 2) if good and not invalid else None
    return found, trials
