"""How many examples a law is tried with that says a number of its own.

`@settings(max_examples=…)` is what is tried whatever the profile (`tests/conftest.py`), so that
such a law would not be tried with more at night, nor with fewer in a hurry.
"""

from __future__ import annotations

from hypothesis import settings

DAILY = "steady"
"""The profile for which laws say their numbers."""


def examples(by_day: int) -> int:
    """So many by day, and as many more or fewer otherwise as a law has that says nothing."""
    now, usual = settings().max_examples, settings.get_profile(DAILY).max_examples
    return max(1, round(by_day * now / usual))
