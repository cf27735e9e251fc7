"""Pictures look the same on every machine, whatever its user has told matplotlib, and the same
picture is the same bytes.

Matplotlib takes long to load, and most commands draw nothing or end before: who has
pictures drawn imports what draws them only then.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from giaoban.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 150
"""Dots an inch of every picture."""
UNDATED: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
"""Kinds of files that a picture can be, with what matplotlib is to leave out of each."""
NO_LOOK = ("backend", "backend_fallback", "interactive", "toolbar", "timezone", "webagg")
"""Settings that are not about how a picture looks."""


@contextmanager
def own_look(style: Mapping[str, Any]) -> Iterator[None]:
    """Matplotlib's own defaults and, over these, a style; no `matplotlibrc` of anybody's.

    Its font has Vietnamese, and not all letters that a name may have (中, ខ): of these it draws an
    empty box, which is seen in the picture and needs no warning; tables have the name.
    """
    import matplotlib as mpl

    look: dict[Any, Any] = {
        key: value
        for key, value in mpl.rcParamsDefault.items()
        if key.partition(".")[0] not in NO_LOOK
    }
    look["svg.hashsalt"] = "giaoban"  # else names within a picture are drawn by lot
    look.update(style)
    with mpl.rc_context(look), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        yield


def check_kinds(*paths: Path) -> None:
    """Raises `InputError` for a file that is of no kind that a picture can be."""
    for path in paths:
        if path.suffix.lower() not in UNDATED:
            raise InputError(
                '{path}: cannot draw a "{suffix}" file (allowed: {allowed})',
                path=path,
                suffix=path.suffix,
                allowed=", ".join(UNDATED),
            )


def save(figure: Figure, path: Path) -> None:
    """Write a picture, without the time at which that was. Raises `OSError`."""
    figure.savefig(path, dpi=DPI, metadata=UNDATED[path.suffix.lower()])
