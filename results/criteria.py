"""The criteria a run is judged by: `criteria.toml`, with thresholds that a scenario may set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.errors import InputError, did_you_mean
from giaoban.tomlfile import StrictModel, load
from results.model import Assumption, Id

DEFAULT_PATH = Path(__file__).with_name("criteria.toml")

CriterionId = Literal[
    "mcu-units",
    "every-call-set-up",
    "every-call-as-asked",
    "link-peak",
    "one-way-delay",
    "jitter",
    "loss",
    "mos",
    "no-bridge-dropped",
    "existing-loss-no-worse",
    "existing-delay-no-worse",
]


class Criterion(StrictModel):
    """One criterion: a value is fine at most (or at least) `threshold`, in `unit`.

    `best` is the best value there can be: 0 for at-most criteria, given for at-least ones.
    """

    id: CriterionId
    name_en: Annotated[str, Field(min_length=1)]
    name_vi: Annotated[str, Field(min_length=1)]
    threshold: float
    unit: Literal["%", "ms", "MOS", "calls", "bridges", "points"]
    sense: Literal["at-most", "at-least"]
    best: float = 0.0
    lowest: float
    highest: float
    source_en: Annotated[str, Field(min_length=1)]
    source_vi: Annotated[str, Field(min_length=1)]
    assumed: bool = False
    settled_by: str | None = None
    settled_by_vi: str | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if problem := self.problem_with(self.threshold):
            raise ValueError(f"threshold {problem}")
        if self.sense == "at-least" and self.best <= self.highest:
            raise ValueError("best must be above highest for an at-least criterion")
        if self.assumed and not (self.settled_by and self.settled_by_vi):
            raise ValueError("an assumed criterion needs settled_by and settled_by_vi")
        return self

    def problem_with(self, threshold: float) -> str:
        """Why a threshold makes no sense here, or ''."""
        if not math.isfinite(threshold):
            return "must be a finite number"
        if not self.lowest <= threshold <= self.highest:
            return f"must be {self.lowest:g} to {self.highest:g} {self.unit}"
        return ""


class Criteria(StrictModel):
    """A criteria file: each criterion once, in the order they are shown."""

    schema_id: Literal["giaoban.criteria/1"] = Field(alias="schema")
    criterion: Annotated[list[Criterion], Field(min_length=1)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        seen: set[str] = set()
        for item in self.criterion:
            if item.id in seen:
                raise ValueError(f'criterion "{item.id}" is given twice')
            seen.add(item.id)
        return self

    @property
    def ids(self) -> list[Id]:
        return [item.id for item in self.criterion]

    def with_thresholds(
        self, thresholds: Mapping[str, float], origin: str = "thresholds"
    ) -> Criteria:
        """The same criteria with other thresholds; their source then says who set them.

        Raises `InputError` (message begins with `origin`) for unknown ids and absurd values.
        """
        known = {item.id: item for item in self.criterion}
        mistakes: list[str] = []
        for key, value in thresholds.items():
            item = known.get(key)  # type: ignore[call-overload]
            if item is None:
                hint = did_you_mean(key, known)
                mistakes.append(f"{origin}: thresholds.{key}: no such criterion{hint}")
            elif isinstance(value, bool) or not isinstance(value, int | float):
                mistakes.append(f"{origin}: thresholds.{key} = {value!r}: must be a number")
            elif problem := item.problem_with(value):
                mistakes.append(f"{origin}: thresholds.{key} = {value!r}: {problem}")
        if mistakes:
            raise InputError("\n".join(mistakes))
        return self.model_copy(
            update={"criterion": [_changed(c, thresholds.get(c.id)) for c in self.criterion]}
        )

    def assumptions(self) -> list[Assumption]:
        """The thresholds that rest on no published figure, for the result's list."""
        return [
            Assumption(
                what=f"Limit: {c.name_en}",
                what_vi=f"Ngưỡng: {c.name_vi}",
                value=f"{c.threshold:g} {c.unit}",
                value_vi=f"{c.threshold:g}".replace(".", ",") + f" {UNIT_VI[c.unit]}",
                source=c.source_en,
                source_vi=c.source_vi,
                settled_by=c.settled_by or "",
                settled_by_vi=c.settled_by_vi,
            )
            for c in self.criterion
            if c.assumed
        ]


UNIT_VI: Mapping[str, str] = {
    "%": "%",
    "ms": "ms",
    "MOS": "điểm",
    "calls": "cuộc gọi",
    "bridges": "điểm cầu",
    "points": "điểm %",
}


def _changed(item: Criterion, threshold: float | None) -> Criterion:
    if threshold is None or threshold == item.threshold:
        return item
    default = f"{item.threshold:g}"
    default_vi = default.replace(".", ",")
    return item.model_copy(
        update={
            "threshold": float(threshold),
            "source_en": f"set by the scenario (default {default}: {item.source_en})",
            "source_vi": f"do kịch bản đặt (mặc định {default_vi}: {item.source_vi})",
        }
    )


def load_criteria(
    path: Path = DEFAULT_PATH,
    thresholds: Mapping[str, float] | None = None,
    origin: str = "thresholds",
) -> Criteria:
    """Read a criteria file and apply a scenario's thresholds. Raises `InputError`."""
    return load(path, Criteria).with_thresholds(thresholds or {}, origin)
