"""How many examples a law is tried with that says a number of its own.

`@settings(max_examples=40)` is what is tried whatever the profile (`tests/conftest.py`): such a law
would be tried neither with more at night nor with fewer in a hurry.
"""

from __future__ import annotations

from hypothesis import settings


def examples(of_a_hundred: int) -> int:
    """So many where a law that says nothing is tried with a hundred, else more or fewer."""
    return max(1, round(of_a_hundred * settings().max_examples / 100))
