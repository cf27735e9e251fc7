"""What the model leaves out: none of it is among the assumptions of an answer. Data only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from giaoban.provenance import Text
from giaoban.tomlfile import StrictModel

SPEECH_QUALITY = "speech-quality"
"""The entry of a question whose sound has no MOS."""
Errs = Literal["too-kind", "too-strict", "either", "unjudged"]


class Unmodelled(StrictModel):
    """One thing that the model leaves out, and in which direction that errs."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]
    """Short name: a-z, 0-9 and `-`."""
    what: Text
    """What is left out, as it stands in a sentence."""
    what_vi: Text
    """The same in Vietnamese."""
    instead: Text
    """What the program does instead."""
    instead_vi: Text
    """The same in Vietnamese."""
    errs: Errs
    """`too-kind`: what fails may pass. `too-strict`: what works may fail. `either`: both may be.
    `unjudged`: no verdict speaks of it."""
    why: Text
    """Why it errs that way, and how far."""
    why_vi: Text
    """The same in Vietnamese."""
    settled_by: Text
    """What would settle it, or have it modelled."""
    settled_by_vi: Text
    """The same in Vietnamese."""
    source: Text
    """What says so: a standard, a study, a page of the documents."""


def once(found: Iterable[Unmodelled]) -> list[Unmodelled]:
    """Each once, of several answers."""
    return list({each.id: each for each in found}.values())
