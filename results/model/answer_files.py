"""The file that makes a folder a run, by the command that judges in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from giaoban.files import MOST_ANSWER, read_file
from giaoban.tomlfile import StrictModel, read_json

RESULT, FAULTS, LOAD = "result.json", "faults.json", "load.json"
MEETING, CALENDAR, COMPARE = "meeting.json", "calendar.json", "compare.json"
WHATIF, HEADROOM, SENSITIVITY, SWEEP = (
    "whatif.json",
    "headroom.json",
    "sensitivity.json",
    "sweep.json",
)

ANSWER_FILES: Mapping[str, str] = {
    "check": RESULT,
    "faults": FAULTS,
    "load": LOAD,
    "meeting": MEETING,
    "calendar": CALENDAR,
    "whatif": WHATIF,
    "headroom": HEADROOM,
    "compare": COMPARE,
    "sensitivity": SENSITIVITY,
    "sweep": SWEEP,
}
"""A folder that holds several is a run of the first of them: `giaoban check` leaves an analysis
beside its answer."""


class JsonFile(StrictModel):
    """A file of a run's folder, of the `schema` that stands in it."""

    FILE: ClassVar[str]
    """What it is called there."""
    INDENT: ClassVar[int | None] = 2

    @classmethod
    def schema_name(cls) -> str:
        """What its `schema` says, as `giaoban.result/2`."""
        return str(cls.model_fields["schema_id"].default)

    @classmethod
    def from_json(cls, text: str | bytes, origin: str = "") -> Self:
        """Read it. Raises `InputError` that names the key at fault."""
        return read_json(cls, text, origin or cls.FILE, cls.schema_name())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """That of a run's folder. Raises `InputError`: there is none, or it is damaged."""
        path = folder / cls.FILE
        return cls.from_json(read_file(path, most=MOST_ANSWER), str(path))

    def to_json(self) -> str:
        """The text of the file: keys in the model's order, marks kept."""
        return self.model_dump_json(by_alias=True, indent=self.INDENT) + "\n"
