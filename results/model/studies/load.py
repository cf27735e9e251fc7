"""The answer of a load test as typed data: `load.json`, schema `giaoban.load/1`.

Terms are RFC 7501's. Percentages are 0–100, one unit per quantity; null: it was not measured.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import LOAD, JsonFile
from giaoban.results.model.quantities import Amount, Count, Id, OneLine, Verdict
from giaoban.results.model.reasons import Reason
from giaoban.results.model.result import Assumption, Engine, FileRef, RunId
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.tomlfile import StrictModel

Place = Literal["loopback", "province", "target"]


class Delay(StrictModel):
    """How long something took until its final answer, of those that succeeded."""

    p50_ms: Amount
    p95_ms: Amount
    p99_ms: Amount
    max_ms: Amount
    mean_ms: Amount


class OperationResult(StrictModel):
    """All of one kind: `failed` by cause, and how the failures were told (`502 Bad Gateway`: 3).

    `repeats` are requests that were sent again since no answer came within half a second.
    """

    operation: Id
    attempts: Count
    succeeded: Count
    failed: dict[Id, Count]
    answers: dict[str, Count]
    repeats: Count
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
        worst_pct: what came in the call with the least, of what should have.
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
    worst_pct: Amount | None


class Sessions(StrictModel):
    """Sessions by RFC 7501, over the time in which attempts were made.

    Attributes:
        attempt_rate_per_s: the session attempt rate, as it was reached.
        established_per_s: those that succeeded, each second of the same time.
        establishment_rate_per_s: the session establishment rate: the highest attempt rate
            without a failure, found by search; null where nobody searched.
        held_up: attempts that began late, since the MCU had not answered the bridge's call before.
        capacity: most sessions that stood at the same time: the session capacity, if the device
            refused more.
    """

    attempts: Count
    established: Count
    refused: Count
    dropped: Count
    held_up: Count
    attempt_rate_per_s: Amount
    established_per_s: Amount
    establishment_rate_per_s: Amount | None = None
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
    wrong_passwords: Count = 0
    cpu_pct_mean: Amount | None = None
    cpu_pct_max: Amount | None = None


class Guessing(StrictModel):
    """What guessing passwords came to.

    `answered`: guesses that were refused; `most_a_minute`: the most of them of one name within any
    minute. `seen`: wrong passwords that the test's own MCU told of; null at somebody's device.
    """

    guesses: Count
    answered: Count
    most_a_minute: Count
    seen: Count | None


class GeneratorView(StrictModel):
    """How the generator fared, by its worst process; `valid` is what `reasons` of the result say.

    `dial_late_p99_ms`: from when a call should have been dialled to when it was.
    """

    processes: Count
    cpu_pct_mean: Amount
    cpu_pct_max: Amount
    loop_late_max_ms: Amount
    missed_timers: Count
    dial_late_p99_ms: Amount | None
    media_sent: Count
    media_late_pct: Amount
    media_worst_late_ms: Amount
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


class Trial(StrictModel):
    """One rate that a search tried."""

    rate_per_s: Amount
    outcome: Literal["clean", "failed", "invalid"]
    why: str
    why_vi: str | None = None


class Second(StrictModel):
    """One second of the test, from its beginning."""

    t_s: Count
    attempts: Count
    established: Count
    failed: Count
    standing: Count
    setup_p95_ms: Amount | None
    generator_cpu_pct: Amount | None
    mcu_cpu_pct: Amount | None = None


class LoadInputs(StrictModel):
    """Everything that a test depends on beside what was asked for.

    `mcu` is the device catalogue. Scenario, province and criteria are those of the check inside the
    province; a device that is somebody's has none of them. The file with its accounts is never
    named. `code`, `commit` and `committed`: as `giaoban.results.model.result.Inputs`.
    """

    scenario: FileRef | None = None
    province: FileRef | None = None
    mcu: FileRef | None = None
    criteria: FileRef | None = None
    files: list[FileRef] = Field(default_factory=list)
    meetings: list[FileRef] = Field(default_factory=list)
    seed: int
    code: str
    commit: str | None = None
    committed: bool = False


class LoadResult(JsonFile):
    """The whole answer of `giaoban load`.

    Attributes:
        what: shape, bridges, rate and all else that was asked for.
        place: on this machine, inside the emulated province, or at somebody's device.
        question_en, question_vi: what the scenario asks; empty without one.
        engine: what emulated the province; null: nothing was emulated, all ran in real time.
        assumptions: of the test itself; `check_assumptions` are those of the check inside the
            province, of its network and calls, `unmodelled` what the model leaves out of that.
        lacking: operations that somebody's device has none of; nothing is judged by them.
        criteria: empty only of a test that is invalid: nothing was done.
        reasons: why the figures do not hold; or of calls that all failed, what they met.
        names: of nodes, for people.
    """

    FILE: ClassVar[str] = LOAD
    schema_id: Literal["giaoban.load/1"] = Field(default="giaoban.load/1", alias="schema")
    run_id: RunId
    verdict: Verdict
    reasons: list[OneLine]
    reason_codes: list[Reason] = Field(default_factory=list)
    place: Place
    question_en: str = ""
    question_vi: str = ""
    what: dict[str, str | int | float | bool | list[str]]
    engine: Engine | None = None
    inputs: LoadInputs
    server: str
    sessions: Sessions
    operations: list[OperationResult]
    lacking: list[Id] = Field(default_factory=list)
    media: list[MediaResult] = Field(default_factory=list)
    storm: Storm | None = None
    guessing: Guessing | None = None
    mcu: McuView | None = None
    generator: GeneratorView | None = None
    criteria: list[LoadCriterion]
    search: list[Trial] = Field(default_factory=list)
    series: list[Second] = Field(default_factory=list)
    assumptions: list[Assumption] = Field(default_factory=list)
    check_assumptions: list[Assumption] = Field(default_factory=list)
    unmodelled: list[Unmodelled] = Field(default_factory=list)
    names: dict[str, str] = Field(default_factory=dict)
