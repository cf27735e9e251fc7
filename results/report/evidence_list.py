"""By which run and from which files an answer was made, as every summary lists it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from giaoban.results.report.document import Bullets, Code, Text

_ROLES = ("scenario", "province", "mcu", "criteria")
NO_DOCUMENT = (
    "an estimate is no document for approval; emulations are in ",
    Code("confirmed/"),
)
"""Of a study that estimates, and may have emulated some of what it found."""


def evidence(run_id: str, inputs: Any, *, by: str = "", more: Sequence[Text] = ()) -> Bullets:
    """The run, with `by` what it was made; `more` is said of it; then its files with their sums.

    `inputs` are those of any kind of answer.
    """
    files = [(role, ref) for role in _ROLES if (ref := getattr(inputs, role, None)) is not None]
    return Bullets(
        [
            ("run ", Code(run_id), f", {by}seed {inputs.seed}, code {inputs.code}"),
            *more,
            *((f"{role}: ", Code(ref.path), " sha256 ", Code(ref.sha256)) for role, ref in files),
        ]
    )
