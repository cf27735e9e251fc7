"""Pictures look the same on every machine, whatever its user has told matplotlib.

Matplotlib takes long to load, and most commands draw nothing or end before: who has
pictures drawn imports what draws them only then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

DPI = 150
"""Dots an inch of every picture."""
SUFFIXES = (".png", ".svg", ".pdf")
"""Kinds of files that a picture can be."""
NO_LOOK = ("backend", "backend_fallback", "interactive", "toolbar", "timezone", "webagg")
"""Settings that are not about how a picture looks."""


@contextmanager
def own_look(style: Mapping[str, Any]) -> Iterator[None]:
    """Matplotlib's own defaults and, over these, a style; no `matplotlibrc` of anybody's."""
    import matplotlib as mpl

    look: dict[Any, Any] = {
        key: value
        for key, value in mpl.rcParamsDefault.items()
        if key.partition(".")[0] not in NO_LOOK
    }
    look.update(style)
    with mpl.rc_context(look):
        yield
