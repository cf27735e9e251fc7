"""The answer of a run as typed data: `result.json`, schema `giaoban.result/1`.

Percentages are 0–100, one unit per quantity (in the name), and there is no NaN: a value that could
not be measured (nothing received, for example) is null.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from giaoban.errors import InputError
from giaoban.tomlfile import StrictModel
from results.background import OtherTraffic
from results.faults import FaultImpact, FaultResult
from results.off_by import OffBy
from results.quantities import (
    Amount,
    Count,
    Direction,
    Id,
    Kind,
    LinkDirection,
    Mos,
    Percent,
    Verdict,
)
from results.streams import BridgeResult, RtcpResult, StreamResult, lost_pcts

__all__ = [
    "SCHEMA",
    "Accounting",
    "Amount",
    "Assumption",
    "Binding",
    "BridgeResult",
    "Count",
    "CriterionResult",
    "Direction",
    "Downspeeded",
    "Engine",
    "FaultImpact",
    "FaultResult",
    "FileRef",
    "Id",
    "Impairment",
    "Inputs",
    "Kind",
    "LinkResult",
    "McuResult",
    "Meeting",
    "Mos",
    "Named",
    "OtherTraffic",
    "Percent",
    "Phase",
    "Place",
    "Question",
    "Refused",
    "RefusedCommand",
    "Result",
    "RtcpResult",
    "StreamResult",
    "Verdict",
    "lost_pcts",
]

SCHEMA = "giaoban.result/1"

RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=120)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class FileRef(StrictModel):
    """An input file, tied to its exact bytes."""

    path: str
    sha256: Sha256


class Engine(StrictModel):
    """What answered: the virtual-time guest (`sandbox`), this machine's kernel (`native`), or
    queues worked out without any network (`estimate`)."""

    name: Literal["sandbox", "native", "estimate"]
    time: Literal["virtual", "real"]
    kernel: str


class Inputs(StrictModel):
    """Everything the run depends on; `mcu` is the device catalogue.

    `code` is a hash over the program's sources, `commit` the commit it was at (null: not known),
    `committed` whether the sources were exactly those. `files` are those that the scenario names:
    recordings, and traces of losses.
    """

    scenario: FileRef
    province: FileRef
    mcu: FileRef
    criteria: FileRef
    files: list[FileRef] = Field(default_factory=list)
    seed: int
    code: str
    commit: str | None = None
    committed: bool = False


class LinkResult(StrictModel):
    """One direction (`A->B`, node ids) of a link; `peak_pct` may pass 100 in a short window."""

    id: Id
    direction: LinkDirection
    rate_mbps: Annotated[float, Field(gt=0)]
    utilisation_pct: Amount
    peak_pct: Amount
    drops: Count
    queue_p99_ms: Amount | None


class Refused(StrictModel):
    """A call that was not set up; `code` is the SIP answer (408 when the MCU never answered)."""

    bridge: Id
    code: Annotated[int, Field(ge=300, le=699)]
    reason: str


class Downspeeded(StrictModel):
    """A call that was given less than it asked for: resolutions, or "audio" for sound only."""

    bridge: Id
    asked: str
    given: str
    reason: str


class McuResult(StrictModel):
    """The MCU in one phase: `units_used` and `ports_used` are the highest of the phase.

    `joined` are the bridges in a conference at the end of the phase, `dropped` those that had
    joined and left before it without being asked to, `put_out` those that the control room put
    out, `downspeeded` those in it that were given less than they asked for.
    """

    units_used: Amount
    units_total: Annotated[float, Field(gt=0)]
    ports_used: Count
    ports_total: Annotated[int, Field(gt=0)]
    joined: list[Id]
    refused: list[Refused] = Field(default_factory=list)
    downspeeded: list[Downspeeded] = Field(default_factory=list)
    dropped: list[Id] = Field(default_factory=list)
    put_out: list[Id] = Field(default_factory=list)
    setup_ms_p95: Amount | None


class Phase(StrictModel):
    """One phase of the check (`before`, `during`, `after`)."""

    name: Id
    seconds: Annotated[float, Field(gt=0)]
    bridges: list[BridgeResult]
    links: list[LinkResult]
    mcu: McuResult


class Place(StrictModel):
    """Where a value was found.

    `id` is `mcu`, a link's id or a bridge's id; `detail` the link's direction (`A->B`) or the
    bridge's stream (`audio down`); `phase` the phase's name, `fault` the id of the fault by which,
    `mended` whether by its mending and not by its failing.
    """

    kind: Literal["mcu", "link", "bridge"]
    id: Id
    detail: str | None = None
    phase: Id | None = None
    fault: Id | None = None
    mended: bool = False

    @property
    def event(self) -> str | None:
        """The fault by which, and whether its mending: `cut-x mended`."""
        return f"{self.fault} mended" if self.fault and self.mended else self.fault

    @property
    def text(self) -> str:
        """E.g. `cu-jut audio down, during` or `link access-x r-a->x, after` or `mcu, after`."""
        words = [self.id] if self.kind != "link" else ["link", self.id]
        if self.detail:
            words.append(self.detail)
        when = [word for word in (self.phase, self.event) if word]
        return ", ".join([" ".join(words), *when])


class CriterionResult(StrictModel):
    """One criterion judged; null `value`: something that had to be measured was not (not ok).

    `measure` says which figure it is of, e.g. `worst stream delay_p95_ms`; null where the
    criterion is more than a figure. Without a `place` there was nothing to measure at all.
    `unit_vi` is the unit in Vietnamese where it is not a common one.
    `margin_pct` is the share of the allowance still unused (see `results.verdict.margin_pct`).
    """

    id: Id
    name_en: str
    name_vi: str
    value: float | None
    threshold: float
    unit: str
    unit_vi: str | None = None
    measure: str | None = None
    sense: Literal["at-most", "at-least"]
    ok: bool
    margin_pct: float | None
    worst_at: str
    place: Place | None = None
    source: str
    source_vi: str


class Binding(StrictModel):
    """What limits the answer: the criterion, its root cause's class and the place."""

    criterion: Id
    cause: Literal["mcu", "link", "stream"]
    place: Place
    where: str
    value: float | None
    threshold: float
    unit: str
    margin_pct: float | None


class Assumption(StrictModel):
    """A figure without a source, and what would replace it; `_vi` texts are for the annex."""

    what: str
    value: str
    source: str
    settled_by: str
    what_vi: str | None = None
    value_vi: str | None = None
    source_vi: str | None = None
    settled_by_vi: str | None = None


class Accounting(StrictModel):
    """Where every packet put on the wire went; `unaccounted` is what remains (valid: 0).

    `packets_duplicated` are copies that a line made, `packets_damaged` those that a host's or a
    router's checksum threw away, `packets_lost_by_faults` what links took that had failed,
    `packets_without_route` what ended in a router that knew no way, or went round in a circle until
    its time to live was over. In a run with faults the routers' own packets (OSPF, BFD) are counted
    with the others.
    """

    packets_sent: Count
    packets_received: Count
    packets_dropped_at_queues: Count
    packets_lost_by_impairment: Count
    packets_duplicated: Count = 0
    packets_damaged: Count = 0
    packets_lost_by_faults: Count = 0
    packets_without_route: Count = 0
    unaccounted: int

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        gone = self.packets_dropped_at_queues + self.packets_lost_by_impairment
        gone += self.packets_damaged + self.packets_lost_by_faults + self.packets_without_route
        rest = self.packets_sent + self.packets_duplicated - self.packets_received - gone
        if self.unaccounted != rest:
            raise ValueError(f"unaccounted = {self.unaccounted}, but the counts leave {rest}")
        return self


class Impairment(StrictModel):
    """What the scenario declared to be done to packets, on purpose.

    `direction` is `up` or `down` for a bridge, `A->B` for a link, null for both; `media` the kind
    of stream, null for all. Times are seconds from the start of the first phase (negative:
    before it), `to_s` null: to the end. The texts say what alone, not where or when:
    `10 % loss, Gilbert–Elliott`.
    """

    target: Literal["bridge", "link"]
    id: Id
    direction: Direction | LinkDirection | None = None
    media: Kind | None = None
    from_s: float
    to_s: float | None = None
    text_en: Annotated[str, Field(min_length=1)]
    text_vi: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.to_s is not None and self.to_s <= self.from_s:
            raise ValueError(f"to_s = {self.to_s:g} is not after from_s = {self.from_s:g}")
        if self.direction is not None and ("->" in self.direction) != (self.target == "link"):
            raise ValueError(f"direction {self.direction!r} is not one of a {self.target}")
        return self


class Named(StrictModel):
    """An identifier with the name shown to people."""

    id: Id
    name: str


class Question(StrictModel):
    """What was asked: which bridges exist, which are to be connected."""

    existing: list[Named]
    new: list[Named]
    text_vi: str
    text_en: str


class RefusedCommand(StrictModel):
    """A command of the control room that was not carried out; `on` is whom it was about.

    `code` is the SIP answer: 403 for what a branch may not do (Art. 16(2)c).
    """

    by: Id
    command: str
    on: Id | None = None
    code: Annotated[int, Field(ge=300, le=699)]
    reason: str


class Meeting(StrictModel):
    """How the meeting was held.

    `floor`: the chair and whom it calls are heard (Art. 15(2)a), or everybody. `video`: a picture
    composed for each bridge in `layout`, or the speaker's forwarded. `dial`: whether bridges call
    `in` or the MCU calls `out`. `encrypted`: media by SRTP.
    """

    floor: Literal["chair", "open"]
    video: Literal["presence", "switched"]
    layout: str
    dial: Literal["in", "out"]
    encrypted: bool


class Result(StrictModel):
    """The whole answer; `names` maps node ids (routers, bridges, `mcu`) to names for people."""

    schema_id: Literal["giaoban.result/1"] = Field(default="giaoban.result/1", alias="schema")
    run_id: RunId
    verdict: Verdict
    reasons: list[str]
    question: Question
    engine: Engine
    inputs: Inputs
    meeting: Meeting
    impairments: list[Impairment] = Field(default_factory=list)
    background: list[OtherTraffic] = Field(default_factory=list)
    faults: list[FaultResult] = Field(default_factory=list)
    refused_commands: list[RefusedCommand] = Field(default_factory=list)
    phases: list[Phase]
    criteria: list[CriterionResult]
    binding: Binding | None
    assumptions: list[Assumption]
    accounting: Accounting
    names: dict[str, str] = Field(default_factory=dict)
    estimate: OffBy | None = None
    """Of an emulated run: how far an estimate was off."""

    @model_validator(mode="after")
    def _verdict_fits(self) -> Self:
        if self.verdict == "pass" and not all(c.ok for c in self.criteria):
            raise ValueError("verdict is pass, but a criterion is not met")
        if self.verdict != "invalid" and self.accounting.unaccounted:
            raise ValueError("packets are unaccounted for, so the verdict can only be invalid")
        return self

    @property
    def is_estimate(self) -> bool:
        """Worked out and not emulated: no document for approval."""
        return self.engine.name == "estimate"

    def to_json(self) -> str:
        """The text of `result.json` (indented, keys in the model's order, marks kept)."""
        return self.to_bytes().decode()

    def to_bytes(self) -> bytes:
        """The same in UTF-8: of thousands of bridges the text alone would take twice as much."""
        return TypeAdapter(type(self)).dump_json(self, by_alias=True, indent=2) + b"\n"

    @classmethod
    def from_json(cls, text: str | bytes, origin: str = "result.json") -> Self:
        """Read `result.json`. Raises `InputError` that names the key at fault."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{origin}: not a {SCHEMA} file: {key}: {first['msg']}") from None
