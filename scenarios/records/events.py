"""What bridges and MCU told, one class a kind of event: `events.jsonl`.

The file's first line names its schema; then there is one event a line, in order of time, and at
last how each program fared. What an event does not say has no key there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from pydantic import ConfigDict, Discriminator, TypeAdapter, ValidationError

from giaoban.errors import InputError
from giaoban.mcu_sim.admission import Use
from giaoban.mcu_sim.media.leg import Kind

SCHEMA = "giaoban.captures/1"
"""Of `counters.json` too: both are one contract."""
FILE = "events.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Something that happened `t_ms` after the run's origin, told by MCU or `bridge`, or about it.

    `units`, `ports` and `use`: how much of the MCU is in use then, if the MCU tells it.
    """

    t_ms: float
    who: Literal["mcu", "bridge"]
    event: str
    bridge: str
    units: float | None = None
    ports: int | None = None
    use: Use | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected(EventRecord):
    """A bridge's call was answered after `setup_ms`."""

    event: Literal["connected"] = "connected"
    setup_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal(EventRecord):
    """With a code of SIP."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRefused(_Refusal):
    """A call was refused."""

    event: Literal["refused"] = "refused"
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut(EventRecord):
    """A call was never answered."""

    event: Literal["timed-out"] = "timed-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialFailed(_Refusal):
    """The MCU did not reach a bridge."""

    event: Literal["dial-failed"] = "dial-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway(EventRecord):
    """A call ended before it joined its meeting."""

    event: Literal["turned-away"] = "turned-away"
    reason: str
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(EventRecord):
    """A bridge is in its meeting.

    `setup_ms`: if the MCU called it. `asked`, `given`, `reason`: if it was given less than it asked
    for. `refused`: media that it was not given.
    """

    event: Literal["joined"] = "joined"
    meeting: str
    host: str | None = None
    setup_ms: float | None = None
    asked: str | None = None
    given: str | None = None
    reason: str | None = None
    refused: list[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(EventRecord):
    """A bridge left its meeting, in which it was for `lasted_s`; `cause`: `bye`, `put-out`, or how
    its line was lost. A log of before has neither `meeting` nor `lasted_s`."""

    event: Literal["left"] = "left"
    cause: str
    meeting: str | None = None
    lasted_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedByMcu(EventRecord):
    """A bridge's call was ended."""

    event: Literal["ended-by-mcu"] = "ended-by-mcu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controlled(EventRecord):
    """Somebody (`by`) did something (`kind`) about `bridge`; `refused`: nothing was done.

    `interruption`: what was reported of one, with cause, remedy and the minutes it is expected to
    take (Art. 16(2)d); `report-due`: the bridge is back, and nobody has reported.
    """

    event: Literal["control"] = "control"
    meeting: str
    kind: str
    by: str
    text: str
    cause: str | None = None
    remedy: str | None = None
    expected_min: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(EventRecord):
    """A bridge's command was answered with another code than 200."""

    event: Literal["command-refused"] = "command-refused"
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandWithoutCall(EventRecord):
    """A bridge had no call to give a command in."""

    event: Literal["command-without-call"] = "command-without-call"
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLost(EventRecord):
    """A bridge heard nothing any more, and took its call for dead."""

    event: Literal["media-lost"] = "media-lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redialled(EventRecord):
    """A bridge dials again."""

    event: Literal["redial"] = "redial"
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoweredOff(EventRecord):
    """A host lost its power."""

    event: Literal["powered-off"] = "powered-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoweredOn(EventRecord):
    """A host has started again."""

    event: Literal["powered-on"] = "powered-on"


@dataclass(frozen=True, slots=True, kw_only=True)
class RtcpReport(EventRecord):
    """What the receiver of a bridge's stream reported (RFC 3550 §6.4.1); it came to the bridge, or
    left it, at `t_ms`.

    `lost`: packets since it began; `fraction` (of 256) since the last report, None where that is
    not known; `jitter` in ticks of `clock_hz`.
    """

    event: Literal["rtcp-report"] = "rtcp-report"
    who: Literal["bridge"] = "bridge"
    receiver: Literal["mcu", "bridge"]
    kind: Kind
    lost: int
    fraction: int | None = None
    jitter: int
    clock_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Health:
    """How a program fared, at its end: datagrams, and every sign of trouble."""

    event: str
    starved: int
    stray: int
    overflowed: int
    unheard: int
    unsendable: int
    rtcp_sent: int
    rtcp_received: int
    sip_sent: int
    sip_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeHealth(_Health):
    """Of a bridge."""

    event: Literal["bridge-health"] = "bridge-health"
    bridge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class McuHealth(_Health):
    """Of the MCU. What may be None an estimate has no need to say. `uptime`: the number of the time
    for which it had power."""

    event: Literal["mcu-health"] = "mcu-health"
    worst_late_ms: float | None = None
    not_rtp: int = 0
    foreign: int = 0
    unauthentic: int = 0
    too_many: int | None = None
    rtp_sent: int | None = None
    rtp_received: int | None = None
    clock_steps: int | None = None
    clock_step_ms: float | None = None
    sip_unsendable: int | None = None
    sip_dropped: dict[str, int] | None = None
    wrong_passwords: int | None = None
    calls_left: int
    units_left: float
    uptime: int | None = None


class OfHost(TypedDict):
    """What an event that a bridge or the MCU tells has beside its own figures."""

    t_ms: float
    who: Literal["mcu", "bridge"]
    bridge: str


def of_bridge(bridge: str, t_ms: float) -> OfHost:
    """Of an event `t_ms` after the run's origin."""
    return {"t_ms": round(t_ms, 3), "who": "bridge", "bridge": bridge}


Event = (
    Connected
    | CallRefused
    | TimedOut
    | DialFailed
    | TurnedAway
    | Joined
    | Left
    | EndedByMcu
    | Controlled
    | CommandRefused
    | CommandWithoutCall
    | MediaLost
    | Redialled
    | PoweredOff
    | PoweredOn
    | RtcpReport
    | McuHealth
    | BridgeHealth
)
_EVENT: TypeAdapter[Event] = TypeAdapter(
    Annotated[Event, Discriminator("event")],
    config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False),
)
_STATE = ("units", "ports", "use")


def made(**fields: object) -> Event:
    """An event from what somebody told. Raises `ValidationError` for one that is none of these."""
    return parse(json.dumps(fields))


def parse(line: str | bytes) -> Event:
    """An event from its line. Raises `ValidationError`."""
    return _EVENT.validate_json(line)


def as_fields(event: Event) -> dict[str, Any]:
    """An event as its line has it; the MCU's state comes last."""
    fields: dict[str, Any] = _EVENT.dump_python(event, mode="json", exclude_none=True)
    return fields | {name: fields.pop(name) for name in _STATE if name in fields}


def in_order(events: Iterable[Event]) -> list[Event]:
    """By time; how programs fared comes last."""
    return sorted(events, key=lambda e: e.t_ms if isinstance(e, EventRecord) else inf)


def write(events: Iterable[Event], folder: Path) -> None:
    """Put them down as a run's `events.jsonl`."""
    with (folder / FILE).open("w", encoding="utf-8") as file:
        file.write(json.dumps({"schema": SCHEMA}) + "\n")
        file.writelines(json.dumps(as_fields(e), ensure_ascii=False) + "\n" for e in events)


def read(folder: Path) -> list[Event]:
    """The events of a run. Raises `InputError` for a file that is of another version or broken."""
    path = folder / FILE
    with path.open("rb") as file:
        first = file.readline().strip()
        try:
            found = json.loads(first)
        except ValueError:
            found = None
        schema = found.get("schema") if isinstance(found, dict) else None
        if schema != SCHEMA:
            said = "no schema" if schema is None else f"schema = {json.dumps(schema)}"
            raise InputError(
                "{path}:1: {said}: of another version (allowed: {schema})",
                path=path,
                said=said,
                schema=SCHEMA,
            )
        return list(_lines(path, file))


def _lines(path: Path, lines: Iterable[bytes]) -> Iterator[Event]:
    for number, line in enumerate(lines, 2):
        try:
            yield parse(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            what = f"{where}: {first['msg']}" if where else first["msg"]
            raise InputError(
                "{path}:{number}: not an event: {what}", path=path, number=number, what=what
            ) from None
