"""Copies of objects that are copied many times over."""

from __future__ import annotations


def shallow_copy[T](of: T) -> T:
    """As `copy.copy` of an object with nothing but a `__dict__`, in a third of the time: that asks
    the object first how it is pickled."""
    other = object.__new__(type(of))
    vars(other).update(vars(of))
    return other
