"""`giaoban.toml`: which province, scenarios, criteria, MCUs and runs are meant if none is named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from giaoban import tomlfile
from giaoban.errors import InputError, allowed, near_names
from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.scenarios.spec.project_folder import find, here
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.load import DEFAULT_PROVINCE
from giaoban.translation import languages

BUNDLED = Path(__file__).resolve().parents[1]
"""The folder of the scenarios that come with the program."""
RUNS, BASELINES = "runs", "baselines"
OF_QUESTIONS = frozenset({"question", "question_vi", "phases"})
"""Keys by which a scenario is known whose `schema` is missing or mistyped."""


def _spoken(value: str) -> str:
    if value not in languages():
        raise ValueError(Sentence("is not known{choices}", choices=allowed(languages())))
    return value


Spoken = Annotated[str, AfterValidator(_spoken)]
PathText = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]


class ProjectFile(StrictModel):
    """A project: which province, scenarios, criteria, MCUs and runs are meant where none are named.
    Paths are relative to the folder of the file.
    """

    schema_: Literal["giaoban.project/1"] = Field(alias="schema")
    province: PathText
    """Path of the province's file. Like `"province.toml"`."""
    scenarios: PathText = "scenarios"
    """Folder of the scenarios, each known by the name of its file."""
    criteria: PathText | None = None
    """Path of a file of criteria in place of the program's own. Like `"criteria.toml"`."""
    devices: PathText | None = None
    """Path of a file of MCUs in place of the program's own. Like `"devices.toml"`."""
    runs: PathText = RUNS
    """Folder that run folders are made in."""
    baselines: PathText = BASELINES
    """Folder of accepted answers (`giaoban accept`)."""
    language: Spoken | None = None
    """Language of what is printed, where neither `--lang` nor `GIAOBAN_LANG` says it.
    Like `"vi"`."""


@dataclass(frozen=True)
class Project:
    """What its file says, with its paths; `file` is None where there is no project."""

    file: Path | None
    scenarios: Path
    runs: Path
    baselines: Path
    _province: Path
    _criteria: Path
    _devices: Path

    @property
    def province(self) -> Path:
        """The province's file. Raises `InputError`: there is none."""
        return self._there("province", self._province)

    @property
    def criteria(self) -> Path:
        """The file of criteria. Raises `InputError`: there is none."""
        return self._there("criteria", self._criteria)

    @property
    def devices(self) -> Path:
        """The file of MCUs. Raises `InputError`: there is none."""
        return self._there("devices", self._devices)

    def inputs(self) -> dict[str, Path]:
        """The files that a scenario of it may hang on, by their keys, wherever one stands."""
        files = {"province": self.province, "criteria": self.criteria, "devices": self.devices}
        return {key: path.resolve() for key, path in files.items()}

    def scenario_files(self) -> list[Path]:
        """Its scenarios, by name: files of the folder, not of folders in it."""
        return scenarios_in(self.scenarios) if self.file is not None else []

    def _there(self, key: str, path: Path) -> Path:
        if self.file is not None and not path.is_file():
            said = tomlfile.load(self.file, ProjectFile).model_dump()[key]
            raise tomlfile.mistakes(self.file, [((key,), said, Sentence("there is no such file"))])
        return path


def scenarios_in(folder: Path) -> list[Path]:
    """The scenario files of a folder, by name; other TOML files are none."""
    return sorted(path for path in folder.glob("*.toml") if is_scenario(path))


def is_scenario(path: Path) -> bool:
    """Whether a file of a folder of scenarios is one. What cannot be told is taken for one: who
    reads it says what is wrong with it, and no question is passed over for a typing error.
    """
    try:
        data = tomlfile.parse(path, tomlfile.read_text(path))
    except InputError:
        return not path.is_dir()
    schema = data.get("schema")
    if isinstance(schema, str) and schema.startswith("giaoban."):
        return tomlfile.of_another_kind(schema, "giaoban.scenario/1") is None
    return not OF_QUESTIONS.isdisjoint(data)  # else another program's, as pyproject.toml


def current() -> Project:
    """The project that the current folder lies in; outside of any the bundled province, runs in
    `./runs`. Raises `InputError`: its file is wrong."""
    return _project(find(here()))


def project_of(scenario: Path) -> Project:
    """The project that a scenario is of: that around it, else that of the current folder.

    A scenario that comes with the program is of the bundled province, wherever that is installed.
    """
    folder = scenario.resolve().parent
    if folder == BUNDLED:
        return _project(None)
    if folder.is_relative_to(BUNDLED):  # asks of any province
        return current()
    around = find(folder)
    return current() if around is None else _project(around)


def _project(file: Path | None) -> Project:
    if file is None:
        return Project(
            None, BUNDLED, Path(RUNS), Path(BASELINES), DEFAULT_PROVINCE, CRITERIA, DEVICES
        )
    said, folder = tomlfile.load(file, ProjectFile), _short(file.parent)
    return Project(
        file=file,
        scenarios=folder / said.scenarios,
        runs=folder / said.runs,
        baselines=folder / said.baselines,
        _province=folder / said.province,
        _criteria=CRITERIA if said.criteria is None else folder / said.criteria,
        _devices=DEVICES if said.devices is None else folder / said.devices,
    )


def _short(folder: Path) -> Path:
    """Seen from the current folder, as people would write it."""
    start = here()
    return folder if start is None else Path(os.path.relpath(folder, start))


def known() -> dict[str, Path]:
    """Name → file; the project's own takes the place of one of ours."""
    return {path.stem: path for path in (*scenarios_in(BUNDLED), *current().scenario_files())}


def scenario_file(said: Path) -> Path:
    """The file that is meant by a path or a name; a file that exists wins.

    Raises `InputError`: a name that there is not. A path is not looked at: who reads it tells.
    """
    # not `Path.exists`, which raises OSError for a name that no file system takes
    if os.path.exists(said) or said.suffix or len(said.parts) != 1:
        return said
    names = known()
    if said.name in names:
        return names[said.name]
    raise InputError(
        'scenario "{name}": there is no such{near}',
        name=said.name,
        near=near_names("scenario", said.name, names),
    )
