"""Runs without pictures and annex, which cost more than everything else about a pretended run.

That they are drawn and set is looked at where this is not used, and in `tests/results`. As a
program: `giaoban` so.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from giaoban.scenarios.cli import entry
from giaoban.scenarios.study import check
from giaoban.scenarios.study.failures import failures
from giaoban.scenarios.study.headroom import headroom
from giaoban.scenarios.study.whatif import compare as whatif

PLOTS_OF_LOAD = "giaoban.results.report.plots.load"
"""What draws is loaded with it."""


class Patch(Protocol):
    """As `pytest.MonkeyPatch`, which takes longer to load than what is patched."""

    def setattr(self, target: object, name: str, value: object) -> None: ...

    def setitem(self, dic: dict[str, ModuleType], name: str, value: ModuleType) -> None: ...


class _ToTheEnd:
    """A patch of a program that does nothing else."""

    def setattr(self, target: object, name: str, value: object) -> None:
        setattr(target, name, value)

    def setitem(self, dic: dict[str, ModuleType], name: str, value: ModuleType) -> None:
        dic[name] = value


def undrawn(patch: Patch) -> None:
    """Until the patch is undone no picture is drawn and no annex set; both files are empty."""
    patch.setattr(check, "draw_pictures", lambda *_, **__: {})
    patch.setattr(check, "write_annex", lambda path, _chapters: path.touch())
    patch.setattr(failures, "draw_failures", _touch)
    patch.setattr(whatif, "draw_map", _touch_map)
    patch.setattr(headroom, "draw_map", _touch_room_map)
    patch.setattr(headroom, "draw_plot", _touch_plot)


def unplotted(patch: Patch) -> None:
    """Until the patch is undone a load test has no plots."""
    nothing = ModuleType(PLOTS_OF_LOAD)
    nothing.__dict__["write_load_plots"] = lambda *_, **__: []
    patch.setitem(sys.modules, PLOTS_OF_LOAD, nothing)


def _touch_map(_line: Any, folder: Path, lang: str) -> None:
    _touch(folder / f"map.{lang}.svg", folder / f"map.{lang}.png")


def _touch_room_map(_name: str, _network: Any, _used: Any, folder: Path, lang: str) -> None:
    _touch_map(None, folder, lang)


def _touch_plot(_answer: Any, folder: Path, lang: str) -> None:
    _touch(folder / f"headroom.{lang}.svg", folder / f"headroom.{lang}.png")


def _touch(*words: Any, **_: Any) -> None:
    """Leave an empty file in each picture's place."""
    for word in words:
        if isinstance(word, Path):
            word.touch()


if __name__ == "__main__":
    undrawn(_ToTheEnd())
    unplotted(_ToTheEnd())
    entry.main()
