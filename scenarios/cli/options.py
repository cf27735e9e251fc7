"""Options that several commands have, each said once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from giaoban.errors import InputError
from giaoban.results.model.seeds import OTHER_SEEDS
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.spec.project import scenario_file
from giaoban.sentence import Sentence, joined
from giaoban.tomlfile import StrictModel, said_by_pydantic

OtherProvince = Annotated[
    Path | None, typer.Option("--province", help="another province than the scenario names")
]
Profile = Annotated[str | None, typer.Option("--profile", help="another call profile")]
Device = Annotated[str | None, typer.Option("--device", help="another device")]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="emulate what the answer rests on, and its neighbours")
]
Target = Annotated[
    str | None, typer.Option("--target", metavar="sip:HOST", help="a real MCU, in real time")
]
Authorised = Annotated[
    bool, typer.Option("--i-am-authorised", help="its owner has agreed to this test, now")
]
Accounts = Annotated[
    Path | None, typer.Option("--accounts", help="the bridges' accounts there (TOML)")
]
Room = Annotated[str, typer.Option("--room", help="the room that bridges call there")]
NoRegister = Annotated[bool, typer.Option("--no-register", help="bridges do not register")]
NoOptions = Annotated[
    bool, typer.Option("--no-options", help="bridges do not ask for the MCU's capabilities")
]
Engine = Annotated[
    EngineName, typer.Option("--engine", help="virtual-time guest, or this kernel (root)")
]
MOST_JOBS = 1024
"""More processes than any machine of today has cores for."""
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, max=MOST_JOBS, help="processes at a time (the cores there are)"),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="a Dask cluster: tcp://HOST:8786"),
]
MOST_SEEDS = 1000
OtherSeeds = Annotated[
    int | None,
    typer.Option(
        "--seeds",
        metavar="N",
        min=0,
        max=MOST_SEEDS,
        help=f"judge by so many other seeds as well ({OTHER_SEEDS}; 0: none)",
    ),
]
StudySeeds = Annotated[
    int | None,
    typer.Option(
        "--seeds",
        metavar="N",
        min=OTHER_SEEDS,
        max=MOST_SEEDS,
        help=f"judge by so many other seeds as well ({OTHER_SEEDS} or more)",
    ),
]
"""Of a study: one seed decides nothing."""


def day(option: str, text: str | None) -> date | None:
    """A day, as 2026-03-02. Raises `InputError`."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(
            '{option} = "{text}": is no day (allowed: 2026-03-02)', option=option, text=text
        ) from None


def of_options[M: StrictModel](model: type[M], **values: object) -> M:
    """A model of what options of the same names were given; None: it was not.

    Raises `InputError` that names the option of each mistake.
    """
    try:
        return model.model_validate({key: v for key, v in values.items() if v is not None})
    except ValidationError as error:
        raise InputError(
            joined("; ", map(_wrong_option, error.errors(include_url=False)))
        ) from None


def _wrong_option(error: ErrorDetails) -> Sentence:
    what = said_by_pydantic(error)
    if not error["loc"]:  # of several together, which it names
        return what
    return Sentence(
        '--{option} = "{text}": {what}', option=error["loc"][0], text=error["input"], what=what
    )


def of_option[M: StrictModel](option: str, text: str, model: type[M], values: object) -> M:
    """A model of what the text of one option says. Raises `InputError` with the whole text."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        said = joined("; ", map(said_by_pydantic, error.errors(include_url=False)))
        raise InputError(
            '{option} = "{text}": {what}', option=option, text=text, what=said
        ) from None


def scenario(path: Path | None) -> Path | None:
    return None if path is None else scenario_file(path)


SCENARIO = "scenario: file (TOML), or name (see giaoban list scenarios)"
Scenario = Annotated[
    Path,
    typer.Argument(help=SCENARIO, callback=scenario),
]
ScenarioIfAny = Annotated[
    Path | None,
    typer.Argument(help=SCENARIO, callback=scenario),
]
HeldWith = Annotated[
    Path | None,
    typer.Option(
        "--scenario",
        help="hold it with this scenario's bridges, lines and device",
        callback=scenario,
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, max=2**31 - 1, help="another seed")]
Worlds = Annotated[
    int,
    typer.Option(
        "--worlds",
        metavar="N",
        min=0,
        max=100_000,
        help="draw so many worlds in which all assumed figures are others at once",
    ),
]
RequireRobust = Annotated[
    float | None,
    typer.Option(
        "--require-robust",
        metavar="SHARE",
        min=0.0,
        max=1.0,
        help="fail if a smaller share of the drawn worlds passes, as 0.95 (draws 1000)",
    ),
]
RangesFile = Annotated[
    Path | None,
    typer.Option("--ranges", help="file (TOML): how far figures may be, before the usual"),
]
