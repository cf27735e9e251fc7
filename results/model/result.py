"""The answer of a run as typed data: `result.json`, schema `giaoban.result/2`.

Percentages are 0–100, one unit per quantity (in the name), and there is no NaN: a value that could
not be measured (nothing received, for example) is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, Field, TypeAdapter, model_validator

from giaoban.regulation import Regulation
from giaoban.results.model.answer_files import RESULT, JsonFile
from giaoban.results.model.faults import AcceptedInterruption, FaultResult
from giaoban.results.model.off_by import OffBy
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.quantities import (
    Amount,
    Count,
    Direction,
    Id,
    JudgedOnlyWith,
    Kind,
    LinkDirection,
    Method,
    OneLine,
    Percent,
    Sense,
    Verdict,
)
from giaoban.results.model.reasons import Reason
from giaoban.results.model.robustness import Robustness
from giaoban.results.model.seeds import Seeds
from giaoban.results.model.streams import BridgeResult, StreamResult
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.tomlfile import StrictModel

_KINDS = r"[A-Za-z0-9-]+(/[A-Za-z0-9-]+)*"
UsedOf = Annotated[
    str, Field(pattern=rf"^(units|ports|audio-ports|ports of {_KINDS}|limit {_KINDS})$")
]
"""`units`, `ports` (calls of any kind), `audio-ports`, `ports of 720p30` (that calls of a level may
take), `limit VSW-2M/VSW-4M` (calls that share a limit)."""


class InUse(StrictModel):
    """How much of a device was in use: of that of which most was.

    Of `used_of` were `used_amount` of `used_total` in use, which is `used_pct`.
    """

    used_pct: Percent
    used_of: UsedOf
    used_amount: Amount
    used_total: Annotated[float, Field(gt=0)]


class OtherTraffic(StrictModel):
    """One direction (`A->B`) of a link that other traffic was put on.

    `mbps` is what its frames take of the link, `packet_bytes` the size of each IP packet, `marked`
    the class that its packets claim. Times are seconds from the start of the first phase; null:
    from before it, or to the end.
    """

    link: Id
    direction: LinkDirection
    mbps: Annotated[float, Field(gt=0)]
    packet_bytes: Annotated[int, Field(ge=1)]
    marked: Literal["best-effort", "video", "voice"]
    from_s: Amount | None = None
    to_s: Amount | None = None


RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=120)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class FileRef(StrictModel):
    """An input file, tied to its exact bytes."""

    path: str
    sha256: Sha256


class Engine(StrictModel):
    """What answered: the virtual-time guest (`sandbox`), this machine's kernel (`native`), or
    queues worked out without any network (`estimate`)."""

    name: Method
    time: Literal["virtual", "real"]
    kernel: str


class Inputs(StrictModel):
    """Everything the run depends on; `mcu` is the device catalogue.

    `code` is a hash over the program's sources, `commit` the commit it was at (null: not known),
    `committed` whether the sources were exactly those. `files` are those that the scenario names:
    recordings, and traces of losses. `meetings` are those of the catalogue that it is tried in.
    """

    scenario: FileRef
    province: FileRef
    mcu: FileRef
    criteria: FileRef
    files: list[FileRef] = Field(default_factory=list)
    meetings: list[FileRef] = Field(default_factory=list)
    seed: int
    code: str
    commit: str | None = None
    committed: bool = False


class LinkResult(StrictModel):
    """One direction (`A->B`, node ids) of a link: its mean load, and that of its worst second.

    Loads are % of the rate, on a policed line of its CIR. They count control, voice and video alone
    where the sending router has classes. `peak_pct`, the worst second, may pass 100, as a packet
    counts where it ends.
    `drops` are of its queue, `policed` what bandwidth profiles dropped.
    """

    id: Id
    direction: LinkDirection
    rate_mbps: Annotated[float, Field(gt=0)]
    utilisation_pct: Amount
    peak_pct: Amount
    drops: Count
    policed: Count = 0
    queue_p99_ms: Amount | None

    @property
    def dropped(self) -> int:
        """By whatever it was: its full queue, or a bandwidth profile."""
        return self.drops + self.policed


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


class McuResult(InUse):
    """The MCU in one phase: `units_used` and `ports_used` are the highest of the phase, and
    `used_pct` the most of anything by which the device may refuse a call (see `InUse`).

    `joined` are the bridges in a conference at the end of the phase, `dropped` those that had
    joined and left before it without being asked to, `put_out` those that the control room put
    out, `downspeeded` those in it that were given less than they asked for. `setup_network_ms_p95`
    is the network's share of call set-up: neither the MCU nor a bridge has to think here, while
    real ones need 0.5 to 4 s (an assumption; no maker's figure was found).
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
    setup_network_ms_p95: Amount | None


class MoreCalls(StrictModel):
    """How many more calls like the meeting's the device takes as asked beside all its bridges.

    Found by asking its admission; links are not looked at. `to_limit`: with no more than
    `limit_pct` of the device in use (the threshold of `mcu-units`), `to_full`: until it refuses, or
    gives less. Both are 0 if it does not take all that were asked for.
    """

    resolution: str
    limit_pct: Percent
    to_limit: Count
    to_full: Count


class Phase(StrictModel):
    """One phase of the check (`before`, `during`, `after`)."""

    name: Id
    seconds: Annotated[float, Field(gt=0)]
    bridges: list[BridgeResult]
    links: list[LinkResult]
    mcu: McuResult


class Artefacts(StrictModel):
    """What a rate of visible artefacts rests on, in one stream and phase.

    `expected_per_h` follows from the losses declared on the stream's way: in a meeting of
    `length_min` minutes `least` to `most` (95 %, a Poisson process). `observed` are those of the
    run, in `observed_s` seconds of pictures; they show `certain_per_h` more than expected.
    """

    expected_per_h: Amount
    length_min: Amount
    least: Count
    most: Count
    observed: Count
    observed_s: Amount
    certain_per_h: Amount


class CriterionResult(StrictModel):
    """One criterion judged; null `value`: something that had to be measured was not (not ok).

    `measure` says which figure it is of, e.g. `worst stream delay_p95_ms`; null where the
    criterion is more than a figure. `assumed`: no source sets `threshold`. Without a
    `place` there was nothing to measure at all.
    `unit_vi` is the unit in Vietnamese where it is not a common one. `preferred`: a figure within
    the threshold that the source prefers not to be passed; it does not decide. `compared_with`:
    what existing bridges are compared with: the first phase, or an estimate of the same meeting at
    the same seed without the new bridges. `detectable`: the smallest rise that a run of this length
    can show. `shown`: false where that is more than `threshold`; the criterion is then neither met
    nor failed, has no margin and does not decide. `artefacts`: what the rate of `picture-artefacts`
    rests on.
    `margin_pct` is the share of the allowance still unused
    (`giaoban.results.judge.verdict.margin_pct`).
    """

    id: Id
    name_en: str
    name_vi: str
    value: float | None
    threshold: float
    unit: str
    unit_vi: str | None = None
    measure: str | None = None
    sense: Sense
    preferred: float | None = None
    compared_with: Literal["before", "without-new"] | None = None
    detectable: float | None = None
    shown: bool = True
    artefacts: Artefacts | None = None
    ok: bool
    margin_pct: float | None
    worst_at: str
    place: Place | None = None
    source: str
    source_vi: str
    assumed: bool = False

    @property
    def met(self) -> bool | None:
        """Whether it is met; None where the run could not have shown a change past the limit."""
        return self.ok if self.shown else None

    @property
    def past_preferred(self) -> bool:
        """Met, but not as well as its source prefers."""
        return (
            self.ok
            and self.preferred is not None
            and self.value is not None
            and (self.value > self.preferred) == (self.sense == "at-most")
            and self.value != self.preferred
        )


class UnjudgedLimit(StrictModel):
    """A limit that the scenario sets, for what there was none of in this run: no slides,
    nothing that fails on purpose."""

    id: Id
    name_en: str
    name_vi: str
    why: JudgedOnlyWith


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
    router's checksum threw away, `packets_policed` what bandwidth profiles of lines dropped,
    `packets_lost_by_faults` what links took that had failed,
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
    packets_policed: Count = 0
    unaccounted: int

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        gone = self.packets_dropped_at_queues + self.packets_lost_by_impairment
        gone += self.packets_policed
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
    """What was asked: which bridges exist, which are to be connected; the province's chair bridge
    where it is among them; the province's regulation, null if it has none."""

    existing: list[Named]
    new: list[Named]
    chair: Id | None = None
    text_vi: str
    text_en: str
    regulation: Regulation | None = None


class RefusedCommand(StrictModel):
    """A command of the control room that was not carried out; `on` is whom it was about.

    `code` is the SIP answer: 403 for what a branch may not do.
    """

    by: Id
    command: str
    on: Id | None = None
    code: Annotated[int, Field(ge=300, le=699)]
    reason: str


class Meeting(StrictModel):
    """How the meeting was held.

    `floor`: the chair and whom it calls are heard, or everybody. `video`: a picture
    composed for each bridge in `layout`, or the speaker's forwarded. `dial`: whether bridges call
    `in` or the MCU calls `out`. `encrypted`: media by SRTP. `sound_devices_ms` and
    `picture_devices_ms`: what terminals and MCU add between mouth and ear, camera and screen,
    buffers included, without any network. `queueing`: whether routers tell packets apart by class;
    null: an answer of before does not say; `video_share_pct`: what pictures are then sure of, of
    all that voice leaves.
    """

    floor: Literal["chair", "open"]
    video: Literal["presence", "switched"]
    layout: str
    dial: Literal["in", "out"]
    encrypted: bool
    sound_devices_ms: Amount | None = None
    picture_devices_ms: Amount | None = None
    queueing: Literal["fifo", "classes"] | None = None
    video_share_pct: Percent | None = None


NEAR_PCT = 2.0
"""An estimate with a smaller margin on either side of the limit asks to be emulated."""
OF_LOSSES = (
    "audio-loss",
    "picture-artefacts",
    "longest-freeze",
    "slides-frozen",
    "mos",
    "existing-loss-no-worse",
)
"""Criteria whose value depends on which packets are lost. An estimate draws them by itself."""
FAR_PCT = 5.0
"""A variation with a smaller margin is emulated. An estimate's delays are off by under 0.3 ms of
limits of 150 to 400 ms (docs/estimate.md); the rest is for what nobody has thought of."""


class MeetingChecked(StrictModel):
    """A meeting of the catalogue that the same system was tried in, beside the run.

    `engine`: whether it was emulated or estimated; null, as the `verdict` then: not tried. Far from
    every limit its course is estimated alone. `untried`: an estimate cannot show the effect of
    failures in it, or of another part of it that `reasons` name. `reasons`: why it is invalid, or
    was not tried; `reasons_vi`: the same in Vietnamese, where there is no code of them. `binding`
    is what limits it, `bound` that criterion, `margin_pct` the least margin of its criteria;
    `names` of what it alone has; `accepted`: interruptions by its faults that its verdict does not
    count. `seeds`: the result at other seeds; null: judged at its own alone. `article` is "" where
    the province's regulation does not have it.
    """

    id: Id
    name: str
    name_vi: str
    article: str
    engine: Method | None
    verdict: Verdict | None
    untried: Literal["failures", "emulated"] | None = None
    reasons: list[OneLine] = Field(default_factory=list)
    reasons_vi: list[OneLine] = Field(default_factory=list)
    reason_codes: list[Reason] = Field(default_factory=list)
    binding: Binding | None = None
    bound: CriterionResult | None = None
    margin_pct: float | None = None
    seeds: Seeds | None = None
    names: dict[str, str] = Field(default_factory=dict)
    accepted: list[AcceptedInterruption] = Field(default_factory=list)


class Result(JsonFile):
    """The whole answer of `giaoban check`.

    `names` maps node ids (routers, bridges, `mcu`) to names for people.
    """

    FILE: ClassVar[str] = RESULT
    schema_id: Literal["giaoban.result/2"] = Field(default="giaoban.result/2", alias="schema")
    run_id: RunId
    verdict: Verdict
    reasons: list[OneLine]
    reason_codes: list[Reason] = Field(default_factory=list)
    question: Question
    engine: Engine
    inputs: Inputs
    meeting: Meeting
    impairments: list[Impairment] = Field(default_factory=list)
    background: list[OtherTraffic] = Field(default_factory=list)
    faults: list[FaultResult] = Field(default_factory=list)
    refused_commands: list[RefusedCommand] = Field(default_factory=list)
    phases: list[Phase]
    more_calls: MoreCalls | None = None
    """Null: not asked, as no criterion limits how much of the device may be in use."""
    criteria: list[CriterionResult]
    binding: Binding | None
    unjudged_limits: list[UnjudgedLimit] = Field(default_factory=list)
    """What the scenario sets limits for, and had none of."""
    assumptions: list[Assumption]
    assumed_figures: Count | None = None
    """Figures in these records that `giaoban sensitivity` varies; null: an answer of before."""
    unmodelled: list[Unmodelled] = Field(default_factory=list)
    """What the model leaves out of this answer, and which way each errs; none of it is among the
    assumptions."""
    accounting: Accounting
    names: dict[str, str] = Field(default_factory=dict)
    estimate: OffBy | None = None
    """Of an emulated run: how far an estimate was off."""
    seeds: Seeds | None = None
    """The same question at other seeds; null: they were not asked for."""
    accepted: list[AcceptedInterruption] = Field(default_factory=list)
    """Interruptions by faults past a limit that the scenario accepts: the verdict does not count
    them."""
    failed_without: list[Id] = Field(default_factory=list)
    """Criteria that the system does not meet without the new bridges either: not in the first phase
    alone, or not in a fault that leaves existing bridges no path."""
    meetings: list[MeetingChecked] = Field(default_factory=list)
    """Of the catalogue, if the scenario names any."""
    robustness: Robustness | None = None
    """As long as what the verdict holds; null: it was not asked for."""

    @model_validator(mode="after")
    def _verdict_fits(self) -> Self:
        met = all(c.ok for c in self.criteria)
        if self.verdict == "pass" and not met and not self.passes_at_other_seeds:
            raise ValueError("verdict is pass, but a criterion is not met")
        if self.verdict != "invalid" and self.accounting.unaccounted:
            raise ValueError("packets are unaccounted for, so the verdict can only be invalid")
        return self

    @property
    def unshown(self) -> list[CriterionResult]:
        """The criteria that are neither met nor failed."""
        return [c for c in self.criteria if not c.shown]

    @property
    def passes_at_other_seeds(self) -> bool:
        """Whether it passes although its own seed does not meet a criterion."""
        seeds = self.seeds
        return self.verdict == "pass" and seeds is not None and seeds.own_passed is False

    @property
    def devices_past_preferred(self) -> tuple[float, float] | None:
        """What devices alone take of the delays of sound and of pictures, in ms, where one of these
        is past what its source prefers."""
        sound_ms, picture_ms = self.meeting.sound_devices_ms, self.meeting.picture_devices_ms
        past = any(c.past_preferred and c.unit == "ms" for c in self.criteria)
        if not past or sound_ms is None or picture_ms is None:
            return None
        return sound_ms, picture_ms

    @property
    def link_peaks(self) -> dict[tuple[str, str], float]:
        """The highest load of each direction of each link, in percent: {(id, direction): peak}."""
        peaks: dict[tuple[str, str], float] = {}
        for phase in self.phases:
            for link in phase.links:
                key = link.id, link.direction
                peaks[key] = max(peaks.get(key, 0.0), link.peak_pct)
        return peaks

    @property
    def streams(self) -> Iterator[StreamResult]:
        """Of all bridges in all phases."""
        for phase in self.phases:
            for bridge in phase.bridges:
                yield from bridge.streams

    def criterion(self, ident: str) -> CriterionResult | None:
        """What a criterion came to, if it was judged."""
        return next((c for c in self.criteria if c.id == ident), None)

    @property
    def is_judged(self) -> bool:
        """Whether its criteria say anything: those of a run that cannot be trusted are figures to
        find out by what made it so."""
        return self.verdict != "invalid"

    @property
    def is_estimate(self) -> bool:
        """Worked out and not emulated: no document for approval."""
        return self.engine.name == "estimate"

    @property
    def rests_on_losses(self) -> bool:
        """Return whether packets were lost and the binding criterion measures their effect."""
        return (
            self.binding is not None
            and self.binding.criterion in OF_LOSSES
            and any(stream.packets_received < stream.packets_sent for stream in self.streams)
        )

    @property
    def near_a_limit(self) -> bool:
        """Return whether the binding margin is too thin for an estimate."""
        margin_pct = None if self.binding is None else self.binding.margin_pct
        return margin_pct is not None and abs(margin_pct) < NEAR_PCT

    def rows(
        self, of: Literal["criteria", "bridges", "streams", "links"]
    ) -> list[dict[str, str | float | bool | None]]:
        """Flat rows for `pandas.DataFrame`, with units in the names of columns.

        Of streams, bridges and links one a phase, with columns `phase` and, of streams, `bridge`.
        What is nested stands with both names (`rtcp_jitter_ms`); lists are left out.
        """
        if of == "criteria":
            return [_flat(criterion) for criterion in self.criteria]
        found: list[dict[str, str | float | bool | None]] = []
        for phase in self.phases:
            if of == "links":
                found += [{"phase": phase.name, **_flat(link)} for link in phase.links]
            for bridge in phase.bridges if of != "links" else ():
                if of == "bridges":
                    found.append({"phase": phase.name, **_flat(bridge)})
                else:
                    about = {"phase": phase.name, "bridge": bridge.id}
                    found += [{**about, **_flat(stream)} for stream in bridge.streams]
        return found


def _flat(model: BaseModel) -> dict[str, str | float | bool | None]:
    found: dict[str, str | float | bool | None] = {}
    for name, value in model:
        if isinstance(value, BaseModel):
            found |= {f"{name}_{inner}": item for inner, item in _flat(value).items()}
        elif not isinstance(value, list | dict):
            found[name] = value
    return found


Pieces = Callable[[Any], Iterator[bytes]]


def in_pieces(result: Result) -> Iterator[bytes]:
    """What `Result.to_json` gives at once: each bridge and each link of each phase by itself."""
    yield from _apart(result, {"phases": _phase})
    yield b"\n"


def _phase(phase: Phase) -> Iterator[bytes]:
    return _apart(phase, {"bridges": _whole, "links": _whole})


def _apart(model: BaseModel, lists: Mapping[str, Pieces]) -> Iterator[bytes]:
    """A model, of which each item of these lists (in the model's order) is written by itself."""
    [rest] = _whole(model.model_copy(update={name: [] for name in lists}))
    for name, pieces_of in lists.items():
        key = f'\n  "{name}": ['.encode()  # no text holds a line's end, so it is the model's own
        before, _, rest = rest.partition(key)
        yield before + key
        between = b"\n    "
        for item in getattr(model, name):
            yield between
            for piece in pieces_of(item):
                yield piece.replace(b"\n", b"\n    ")
            between = b",\n    "
        if getattr(model, name):
            yield b"\n  "
    yield rest


def _whole(model: BaseModel) -> Iterator[bytes]:
    yield _adapter(type(model)).dump_json(model, by_alias=True, indent=2)


@cache
def _adapter(of: type[BaseModel]) -> TypeAdapter[BaseModel]:
    return TypeAdapter(of)
