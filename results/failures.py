"""What every failure of a network does to a running meeting: `faults.json`, `giaoban.faults/1`.

Data only. A *failure* is one thing that goes wrong in an emulation of its own (or two, for a pair);
what it did to each bridge was measured there. `results.failure_points` sums up over failures.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError

from giaoban.errors import InputError
from giaoban.tomlfile import StrictModel
from results.model import Engine, Inputs, Named, Question, RunId
from results.quantities import Amount, Count, Id, LinkDirection, Verdict

SCHEMA = "giaoban.faults/1"

FailureKind = Literal["cut", "silent", "router", "site", "mcu", "group", "pair"]
ElementKind = Literal["link", "router", "bridge", "mcu", "group"]

_ONE = r"(mcu|(cut|silent|router|site|group):[a-z0-9-]+)"
FailureId = Annotated[str, Field(pattern=rf"^{_ONE}(\+{_ONE})?$", max_length=100)]
"""`cut:gia-nghia--dak-song`, `router:r-dak-mil`, `mcu`; a pair joins two with `+`."""


class Element(StrictModel):
    """A thing that fails."""

    kind: ElementKind
    id: Id


class BridgeImpact(StrictModel):
    """What a failure did to one bridge; times in ms.

    `behind`: without what failed there is no path from it to the MCU. `cut_off`: its media did not
    come back while the failure lasted. `path_before` and `path_after` are the links from the bridge
    to the MCU before the failure and once the network had its new routes; null: none, or not known.
    """

    bridge: Id
    behind: bool
    cut_off: bool
    interruption_ms: Amount
    packets_lost: Count
    picture_again_ms: Amount | None = None
    redials: Count = 0
    path_before: list[Id] | None = None
    path_after: list[Id] | None = None


class LinkPeak(StrictModel):
    """The worst second of one direction of a link while something had failed, in % of its rate."""

    id: Id
    direction: LinkDirection
    peak_pct: Amount


class FailureResult(StrictModel):
    """One failure: what its emulation found.

    `own` are the bridges that fail themselves: those of a site without power. `interruption_ms` is
    the longest at a bridge that is not behind the failure, at `interruption_at`; null: there is no
    such bridge. `packets_lost` are all bridges' together, `worst_link` is the most loaded of the
    backbone. Without `bridges` the emulation gave no measures; the verdict is then invalid.
    """

    id: FailureId
    kind: FailureKind
    name_en: Annotated[str, Field(min_length=1)]
    name_vi: Annotated[str, Field(min_length=1)]
    elements: Annotated[list[Element], Field(min_length=1)]
    own: list[Id] = Field(default_factory=list)
    verdict: Verdict
    reasons: list[str]
    interruption_ms: Amount | None = None
    interruption_at: Id | None = None
    packets_lost: Count = 0
    worst_link: LinkPeak | None = None
    bridges: list[BridgeImpact] = Field(default_factory=list)
    links: list[LinkPeak] = Field(default_factory=list)

    @property
    def cut_off(self) -> list[Id]:
        """Bridges whose media did not come back, sorted."""
        return sorted(b.bridge for b in self.bridges if b.cut_off)

    @property
    def lost_needlessly(self) -> list[Id]:
        """Bridges cut off although there was another path, sorted."""
        return sorted(b.bridge for b in self.bridges if b.cut_off and not b.behind)


class SinglePoint(StrictModel):
    """One thing whose failure alone takes bridges out of the meeting.

    `cut_off` are the bridges, without those at a failed site itself; `failures` by which it showed.
    """

    element: Element
    name: str
    cut_off: Annotated[list[Id], Field(min_length=1)]
    failures: Annotated[list[FailureId], Field(min_length=1)]


class LinkWorst(StrictModel):
    """The worst load of one direction of a link over all failures, and which failure causes it."""

    id: Id
    direction: LinkDirection
    peak_pct: Amount
    failure: FailureId


class Timing(StrictModel):
    """How each failure was tried, in seconds: phases, and from when to when it lasted.

    `to_s` null: what does not come back in the run. Counted from the first phase's start.
    """

    before_s: Amount
    during_s: Amount
    after_s: Amount
    at_s: Amount
    to_s: Amount


class FaultsAnswer(StrictModel):
    """The whole answer.

    `whole` says that every failure of a set was tried and not some picked by hand; `possible` are
    the ids of all failures that this network can have, tried or not.
    """

    schema_id: Literal["giaoban.faults/1"] = Field(default="giaoban.faults/1", alias="schema")
    run_id: RunId
    verdict: Verdict
    reasons: list[str]
    question: Question
    engine: Engine | None
    inputs: Inputs
    timing: Timing
    whole: bool
    possible: list[FailureId]
    failures: Annotated[list[FailureResult], Field(min_length=1)]
    single_points: list[SinglePoint]
    links: list[LinkWorst]
    link_limit_pct: Amount
    interruption_limit_ms: Amount
    names: dict[str, str]

    @property
    def bridges(self) -> list[Named]:
        """Everybody in the meeting, the existing ones first."""
        return [*self.question.existing, *self.question.new]

    def name(self, ident: str) -> str:
        """What people call a node or a link."""
        return self.names.get(ident, ident)

    def to_json(self) -> str:
        """The text of `faults.json` (indented, keys in the model's order, marks kept)."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, origin: str = "faults.json") -> Self:
        """Read `faults.json`. Raises `InputError` that names the key at fault."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{origin}: not a {SCHEMA} file: {key}: {first['msg']}") from None
