"""Memoization: what was found of a record is kept with it, where somebody keeps the record."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, Protocol

MOST_ANSWERS = 64
"""So many are kept with a record."""


class Memoizing(Protocol):
    """A record that never changes."""

    @property
    def found(self) -> dict[Hashable, Any] | None:
        """What was found of it, by function and arguments; None: it is not to be memoized."""


def memoized[K: Memoizing, **P, R](
    function: Callable[Concatenate[K, P], R],
) -> Callable[Concatenate[K, P], R]:
    """A function of a record and of values that can be hashed, asked once for each of them."""

    @wraps(function)
    def ask(record: K, /, *args: P.args, **named: P.kwargs) -> R:
        if record.found is None:
            return function(record, *args, **named)
        key = function, args, tuple(named.items())
        if key not in record.found:
            if len(record.found) >= MOST_ANSWERS:
                record.found.clear()
            record.found[key] = function(record, *args, **named)
        answer: R = record.found[key]
        return answer

    return ask
