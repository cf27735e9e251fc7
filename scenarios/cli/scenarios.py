"""Which scenario is meant where none is named, and what is shown where it cannot be told."""

from __future__ import annotations

from pathlib import Path

from giaoban.errors import InputError
from giaoban.results.archive.history.index import opened
from giaoban.scenarios.cli.output import tell
from giaoban.scenarios.spec.project import current, known
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.sentence import Sentence, joined

MOST_SHOWN = 20


def of_project(command: str, *, every: bool = False) -> list[Path]:
    """The project's only scenario, or all of them (`every`).

    Raises `InputError` that lists what could be meant, with what to type for each.
    """
    project = current()
    if project.file is None:
        raise _choose(command, None, known())
    files = project.scenario_files()
    if len(files) != 1 and not (every and files):
        raise _choose(command, project.scenarios, {path.stem: path for path in files})
    if not every:
        tell(Sentence("scenario {path}", path=files[0]))
    return files


def of_last_run(command: str, root: Path) -> Path:
    """The scenario of the newest check, or else the project's only one.

    Raises `InputError`: there is neither.
    """
    with opened(root) as index:
        checks = [e for e in index.entries() if e.kind == "check"]
    if checks:
        for path in known().values():
            if _id(path) == checks[-1].scenario:
                tell(
                    Sentence(
                        "scenario {path}, that of the last check, {run}",
                        path=path,
                        run=checks[-1].folder,
                    )
                )
                return path
    return of_project(command)[0]


def _id(path: Path) -> str:
    try:
        return load_scenario(path).id
    except InputError:  # that is told where it is asked for
        return ""


def _choose(command: str, folder: Path | None, found: dict[str, Path]) -> InputError:
    shown = list(found)[:MOST_SHOWN]
    lines = [
        Sentence("no scenario is named; this is no project (giaoban init makes one)")
        if folder is None
        else Sentence("no scenario is named, and {folder} has {n}", folder=folder, n=len(found)),
        *(Sentence("  giaoban {command} {name}", command=command, name=name) for name in shown),
    ]
    if len(found) > len(shown):
        lines.append(Sentence("  and {n} more: giaoban list scenarios", n=len(found) - len(shown)))
    if folder is not None and len(found) > 1 and command == "check":
        lines.append(Sentence("or all of them: giaoban check --all"))
    return InputError(joined("\n", lines))
