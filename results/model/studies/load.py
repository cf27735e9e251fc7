"""The answer of a load test as typed data: `load.json`, schema `giaoban.load/1`.

Terms are RFC 7501's. Percentages are 0–100, one unit per quantity; null: it was not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import LOAD, JsonFile
from giaoban.results.model.quantities import Amount, Count, Id, OneLine, Verdict
from giaoban.results.model.reasons import Reason
from giaoban.results.model.result import Assumption, Engine, FileRef, RunId
from giaoban.tomlfile import StrictModel

Place = Literal["loopback", "target"]


class Delay(StrictModel):
    """How long something took until its final answer, of those that succeeded."""

    p50_ms: Amount
    p95_ms: Amount
    p99_ms: Amount
    max_ms: Amount
    mean_ms: Amount


class OperationResult(StrictModel):
    """All of one kind: `failed` by cause, `answers` their texts (`502 Bad Gateway`: 3)."""

    operation: Id
    attempts: Count
    succeeded: Count
    failed: dict[Id, Count]
    answers: dict[str, Count]
    delay: Delay | None


class MediaResult(StrictModel):
    """One medium of all calls: how many brought what they should.

    Attributes:
        calls: that stood with it, but for those too short to tell (`too_short`).
        missed: those of them in which too little came, by why: `withheld` (the answer names another
            host than the target, from which nothing came, so nothing was sent there either),
            `not-agreed` (the MCU's answer does not let it send this), `nothing` (no packet of the
            agreed kind came), `late` (the first came too late), `too-little`.
        packets_sent, packets_received, packets_lost: of all calls; `lost` by sequence numbers.
        expected_s, heard_s: for how long sound or moving pictures should have come, and for how
            much of that they did.
    """

    medium: Literal["audio", "video"]
    calls: Count
    too_short: Count
    missed: dict[Id, Count]
    packets_sent: Count
    packets_received: Count
    packets_lost: Count
    expected_s: Amount
    heard_s: Amount


class Sessions(StrictModel):
    """Sessions by RFC 7501, over the time in which attempts were made.

    Attributes:
        attempt_rate_per_s: the session attempt rate, as it was reached.
        established_per_s: those that succeeded, each second of the same time.
        capacity: most sessions that stood at the same time: the session capacity, if the device
            refused more.
    """

    attempts: Count
    established: Count
    refused: Count
    dropped: Count
    attempt_rate_per_s: Amount
    established_per_s: Amount
    capacity: Count
    setup: Delay | None


class Storm(StrictModel):
    """What followed a fault: times count from when the line was back.

    `last_back_s` null: somebody did not come back; `missing` says how many.
    """

    cut_off: Count
    back: Count
    missing: Count
    attempts: Count
    refused: Count
    half_back_s: Amount | None
    last_back_s: Amount | None
    back_off: Literal["none", "random"]


class McuView(StrictModel):
    """What the MCU itself says: calls it has taken, refused and seen leaving, by why.

    `calls_left` are those that it still held when it was told to stop.
    """

    joined: Count
    refused: dict[str, Count]
    left: dict[str, Count]
    units_peak: Amount
    units_total: Amount | None
    ports_peak: Count
    calls_left: Count
    sip_received: Count
    sip_dropped: dict[str, Count]
    media_sent: Count
    media_late: Count
    media_overflowed: Count
    cpu_pct_mean: Amount | None = None


class GeneratorView(StrictModel):
    """How the generator fared; the `reasons` of the answer say whether its figures hold.

    `cpu_pct_max`: the highest share of a core of one process, by Locust's monitor, which looks
    every 5 s; null: it has not looked.
    """

    processes: Count
    cpu_pct_max: Amount | None
    media_sent: Count
    media_late_pct: Amount
    media_overflowed: Count


class LoadCriterion(StrictModel):
    """One criterion and what came of it; `ok` null: nothing of the kind was done.

    `set_here`: the threshold was given for this test, and is not the usual one.
    """

    id: Id
    name_en: str
    name_vi: str
    value: float | None
    threshold: float
    unit: str
    ok: bool | None
    source: str
    source_vi: str = ""
    set_here: bool = False


class LoadInputs(StrictModel):
    """Everything that a test depends on beside what was asked for.

    `mcu` is the device catalogue; null for a device of others. The file of its accounts is never
    named. `code`, `commit` and `committed`: as `giaoban.results.model.result.Inputs`.
    """

    mcu: FileRef | None = None
    seed: int = 0
    code: str
    commit: str | None = None
    committed: bool = False


class LoadResult(JsonFile):
    """The whole answer of `giaoban load`.

    Attributes:
        what: shape, bridges, rate and all else that was asked for.
        place: on this machine, or at a device of others.
        lacking: operations that this device does not have; nothing is judged by them.
        criteria: empty only of a test that is invalid: nothing was done.
        reasons: why the figures do not hold; or of calls that all failed, what they met.
    """

    FILE: ClassVar[str] = LOAD
    engine: ClassVar[Engine | None] = None
    """All runs in real time; other answers with evidence have an engine."""
    names: ClassVar[Mapping[str, str]] = {}
    schema_id: Literal["giaoban.load/1"] = Field(default="giaoban.load/1", alias="schema")
    run_id: RunId
    verdict: Verdict
    reasons: list[OneLine]
    reason_codes: list[Reason] = Field(default_factory=list)
    place: Place
    what: dict[str, str | int | float | bool | list[str]]
    inputs: LoadInputs
    server: str
    sessions: Sessions
    operations: list[OperationResult]
    lacking: list[Id] = Field(default_factory=list)
    media: list[MediaResult] = Field(default_factory=list)
    storm: Storm | None = None
    mcu: McuView | None = None
    generator: GeneratorView | None = None
    criteria: list[LoadCriterion]
    assumptions: list[Assumption] = Field(default_factory=list)
