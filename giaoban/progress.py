"""How far a piece of work has come."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Told (what is being done, the share of it that is done, 0 to 1)."""
