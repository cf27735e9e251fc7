"""A small base for what-ifs: two bridges, a device of six ports, of which four may be in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenario_factory import scenario

from giaoban.scenarios.study.whatif.apply import Base, base_of

DEVICE = "codian-4505-hd-plus"
CALM = "[thresholds]\nexisting-delay-no-worse = 500.0\n"
"""Phases of 2 s make a rise in delay of every bridge that joins; that is not what is tried here."""


def small(folder: Path, *, more: str = "", **top: Any) -> Path:
    """The scenario's file."""
    given = {"bridges": (), "device": DEVICE, **top}
    return scenario(folder / "small-base.toml", more=CALM + more, **given)


def base(folder: Path, **top: Any) -> Base:
    """The base of that file."""
    return base_of(small(folder, **top), pace_s=0.5)
