"""Options that name files and folders of the project; nothing of it is loaded before it is asked
for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer


def _of_project(key: str) -> Callable[[], Path]:
    def found() -> Path:
        from giaoban.scenarios.spec.project import current

        path: Path = getattr(current(), key)
        return path

    return found


Results = Annotated[
    Path,
    typer.Option(
        "--results",
        help="folder of the runs (the project's)",
        default_factory=_of_project("runs"),
        show_default=False,
    ),
]
Province = Annotated[
    Path,
    typer.Option(
        "--province",
        help="province file, TOML (the project's)",
        default_factory=_of_project("province"),
        show_default=False,
    ),
]
