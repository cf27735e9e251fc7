"""Copies of objects as `copy.copy` makes them."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from giaoban.shallow import shallow_copy


@dataclass(frozen=True)
class Box:
    held: list[int]
    name: str = "box"


def test_attributes_are_shared_and_no_more() -> None:
    box = Box([1])
    other = shallow_copy(box)
    assert (type(other), vars(other)) == (Box, vars(copy.copy(box)))
    assert other is not box
    assert other.held is box.held
    object.__setattr__(other, "name", "other")
    assert box.name == "box"
