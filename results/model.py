"""The answer of a run as typed data: `result.json`, schema `giaoban.result/1`.

Percentages are 0–100, one unit per quantity (in the name), and there is no NaN: a value that could
not be measured (nothing received, for example) is null.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from giaoban.errors import InputError
from giaoban.tomlfile import StrictModel

SCHEMA = "giaoban.result/1"

Verdict = Literal["pass", "fail", "invalid"]
Kind = Literal["audio", "video", "content"]
Direction = Literal["up", "down"]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-+[a-z0-9]+)*$", max_length=80)]
RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=120)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
Mos = Annotated[float, Field(ge=1, le=5)]


def lost_pcts(sent: int, received: int, impaired: int) -> tuple[float | None, float | None]:
    """(`lost_pct`, `listener_lost_pct`) from packet counts; None where nothing was to be heard.

    `lost_pct` is of the packets put on the wire; the listener also misses the impaired ones.
    """
    lost = sent - received
    wire = 100.0 * lost / sent if sent else None
    ear = 100.0 * (lost + impaired) / (sent + impaired) if sent + impaired else None
    return wire, ear


class FileRef(StrictModel):
    """An input file, tied to its exact bytes."""

    path: str
    sha256: Sha256


class Engine(StrictModel):
    """What emulated: the virtual-time guest (`sandbox`) or this machine's kernel (`native`)."""

    name: Literal["sandbox", "native"]
    time: Literal["virtual", "real"]
    kernel: str


class Inputs(StrictModel):
    """Everything the run depends on; `mcu` is the device catalogue, `code` the program's commit."""

    scenario: FileRef
    province: FileRef
    mcu: FileRef
    criteria: FileRef
    seed: int
    code: str


class StreamResult(StrictModel):
    """One media stream of one bridge in one phase; `up` is bridge to MCU, `down` MCU to bridge.

    `packets_sent` were put on the wire; `packets_impaired` were removed by the injector's loss
    model before it. `jitter_ms` is RFC 3550 interarrival jitter at the end of the phase;
    `mos` is null for video and when it cannot be computed.
    """

    kind: Kind
    direction: Direction
    packets_sent: Count
    packets_received: Count
    packets_impaired: Count
    lost_pct: Percent | None
    listener_lost_pct: Percent | None
    loss_burst_max: Count
    jitter_ms: Amount | None
    delay_p50_ms: Amount | None
    delay_p95_ms: Amount | None
    delay_p99_ms: Amount | None
    mos: Mos | None
    interruption_ms_max: Amount | None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.packets_received > self.packets_sent:
            raise ValueError("packets_received is more than packets_sent")
        expected = lost_pcts(self.packets_sent, self.packets_received, self.packets_impaired)
        for name, given, right in zip(
            ("lost_pct", "listener_lost_pct"),
            (self.lost_pct, self.listener_lost_pct),
            expected,
            strict=True,
        ):
            if (given is None) != (right is None) or abs((given or 0) - (right or 0)) > 0.01:
                raise ValueError(f"{name} = {given} does not follow from the counts ({right})")
        if self.kind != "audio" and self.mos is not None:
            raise ValueError(f"mos is for audio only, this stream is {self.kind}")
        return self


class BridgeResult(StrictModel):
    """A bridge that took part in the phase; a refused bridge is not listed here."""

    id: Id
    name: str
    streams: list[StreamResult]


class LinkResult(StrictModel):
    """One direction (`A->B`, node ids) of a link; `peak_pct` may pass 100 in a short window."""

    id: Id
    direction: Annotated[str, Field(pattern=r"^[a-z0-9-]+->[a-z0-9-]+$")]
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
    bridge's stream (`audio down`); `phase` the phase's name.
    """

    kind: Literal["mcu", "link", "bridge"]
    id: Id
    detail: str | None = None
    phase: Id | None = None

    @property
    def text(self) -> str:
        """E.g. `cu-jut audio down, during` or `link access-x r-a->x, after` or `mcu, after`."""
        words = [self.id] if self.kind != "link" else ["link", self.id]
        if self.detail:
            words.append(self.detail)
        return " ".join(words) + (f", {self.phase}" if self.phase else "")


class CriterionResult(StrictModel):
    """One criterion judged; null `value`: something that had to be measured was not (not ok).

    `margin_pct` is the share of the allowance still unused (see `results.verdict.margin_pct`).
    """

    id: Id
    name_en: str
    name_vi: str
    value: float | None
    threshold: float
    unit: str
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
    """Where every packet put on the wire went; `unaccounted` is what remains (valid: 0)."""

    packets_sent: Count
    packets_received: Count
    packets_dropped_at_queues: Count
    packets_lost_by_impairment: Count
    unaccounted: int

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        gone = self.packets_dropped_at_queues + self.packets_lost_by_impairment
        rest = self.packets_sent - self.packets_received - gone
        if self.unaccounted != rest:
            raise ValueError(f"unaccounted = {self.unaccounted}, but the counts leave {rest}")
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
    refused_commands: list[RefusedCommand] = Field(default_factory=list)
    phases: list[Phase]
    criteria: list[CriterionResult]
    binding: Binding | None
    assumptions: list[Assumption]
    accounting: Accounting
    names: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _verdict_fits(self) -> Self:
        if self.verdict == "pass" and not all(c.ok for c in self.criteria):
            raise ValueError("verdict is pass, but a criterion is not met")
        if self.verdict != "invalid" and self.accounting.unaccounted:
            raise ValueError("packets are unaccounted for, so the verdict can only be invalid")
        return self

    def to_json(self) -> str:
        """The text of `result.json` (indented, keys in the model's order, marks kept)."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, origin: str = "result.json") -> Self:
        """Read `result.json`. Raises `InputError` that names the key at fault."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{origin}: not a {SCHEMA} file: {key}: {first['msg']}") from None
