"""What the guest counted, did to the network, and was: `captures/*.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, TypeAdapter

from giaoban.scenarios.records.events import SCHEMA
from giaoban.tomlfile import StrictModel, read_json
from giaoban.topology.changes import NetworkChange
from giaoban.topology.counts import ClassCount, LineCount, Probe, QueueCount, RouterCount

CAPTURES, FAULT = "captures", "fault.json"
"""In a run's folder: what is told here, and why there is none of it."""
COUNTERS, GUEST, ROUTES = "counters.json", "guest.json", "routes.json"
LINKS = "links.npz"
"""Arrays `samples`, `other` of links (`giaoban.scenarios.measure.captures.Captures`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultDrops:
    """Packets that faults took away in one direction of a link."""

    link: str
    direction: str
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundCount:
    """Packets of one stream of background traffic.

    `handed` to the kernel, of which `sent`; `late`: times they were handed over after they were
    due; `overflowed` at the receiver.
    """

    link: str
    direction: str
    handed: int
    received: int
    overflowed: int = 0
    late: int = 0
    sent: int = 0
    pacer_drops: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """An impairment of a line began or ended: when it was due, and when it really did (ms after the
    run's origin)."""

    link: str
    direction: str
    begins: bool
    due_ms: float
    t_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMade:
    """A change of the network (`giaoban.topology.changes.NetworkChange`): when it was due, and when
    it was carried out (ms after the run's origin)."""

    fault: int
    do: str
    link: str | None
    source: str | None
    target: str | None
    router: str | None
    due_ms: float
    t_ms: float

    @classmethod
    def of(cls, change: NetworkChange, due_ms: float, t_ms: float) -> Self:
        """A change that was carried out."""
        return cls(**change.model_dump(exclude={"at_s"}), due_ms=due_ms, t_ms=t_ms)

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others: two are the same if one was to be the other."""
        where = (self.link, self.source, self.target, self.router)
        return (self.fault, self.do, *where, round(self.due_ms))


@dataclass(frozen=True, slots=True)
class BridgeRoutes:
    """The links from each bridge to the MCU (`up`) and back (`down`) at a moment; None: no way."""

    t_ms: float
    paths: dict[str, dict[str, list[str] | None]]


class _Record(BaseModel):
    model_config = StrictModel.model_config

    def write(self, path: Path) -> None:
        """Put it down as JSON."""
        data = self.model_dump(mode="json", by_alias=True)
        path.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")


class Counts(_Record):
    """What kernels count, from their start on or from one moment to another.

    Attributes:
        hops: (link, direction) of every direction of every link, in the order of `queues`.
        udp: all hosts' datagrams and all nodes' errors, by the kernel's names
            (`giaoban.topology.emulation.counters.datagrams`).
        lines: of lines with impairments.
        classes: where packets wait by class.
        pacer_drops: packets that the senders' own pacing dropped.
    """

    hops: list[tuple[str, str]]
    queues: list[QueueCount]
    classes: list[ClassCount]
    lines: list[LineCount]
    udp: dict[str, int]
    routers: RouterCount
    fault_drops: list[FaultDrops]
    pacer_drops: int

    def since(self, before: Counts) -> Counts:
        """What was counted from an earlier moment on; of what waits, what waits now."""
        return Counts(
            hops=self.hops,
            queues=_less(self.queues, before.queues),
            classes=_less(self.classes, before.classes),
            lines=_less(self.lines, before.lines),
            udp={name: count - before.udp[name] for name, count in self.udp.items()},
            routers=_less([self.routers], [before.routers])[0],
            fault_drops=_less(self.fault_drops, before.fault_drops),
            pacer_drops=self.pacer_drops - before.pacer_drops,
        )


class Counters(Counts):
    """`counters.json`: what was counted while the meeting went on, and when the network changed.

    Attributes:
        background: in the order of the plan's streams.
        background_damaged: packets of other traffic that were thrown away as damaged at routers.
        at_phase: `queues` since they were built, at the first phase's start and each phase's end.
        probes: each direction of each link, measured before the meeting.
    """

    schema_: Literal["giaoban.captures/1"] = Field(default="giaoban.captures/1", alias="schema")
    background: list[BackgroundCount]
    background_damaged: int
    at_phase: list[list[QueueCount]]
    line_changes: list[LineChange]
    changes: list[ChangeMade]
    probes: list[Probe]

    @classmethod
    def read(cls, captures: Path) -> Self:
        """Raises `InputError` for a file that is of another version or broken."""
        path = captures / COUNTERS
        return read_json(cls, path.read_bytes(), str(path), SCHEMA)


class GuestRecord(_Record):
    """`guest.json`: its kernel, how long the network took to build, and when its times begin
    (CLOCK_MONOTONIC)."""

    kernel: str
    build_virtual_s: float
    origin_ns: int

    @classmethod
    def read(cls, captures: Path) -> Self:
        """Raises `InputError` for a file that is broken."""
        path = captures / GUEST
        return read_json(cls, path.read_bytes(), str(path), GUEST)


_ROUTES = TypeAdapter(list[BridgeRoutes])


def write_routes(routes: Sequence[BridgeRoutes], captures: Path) -> None:
    """Put down as `routes.json` which ways packets took, in order of time."""
    data = _ROUTES.dump_python(list(routes), mode="json")
    (captures / ROUTES).write_text(json.dumps(data, indent=1), encoding="utf-8")


def read_routes(captures: Path) -> list[BridgeRoutes]:
    """In order of time; nothing where no routes change."""
    path = captures / ROUTES
    if not path.is_file():
        return []
    return sorted(_ROUTES.validate_json(path.read_bytes()), key=lambda routes: routes.t_ms)


def _less[T: (QueueCount, ClassCount, LineCount, RouterCount, FaultDrops)](
    now: Sequence[T], before: Sequence[T]
) -> list[T]:
    """Records less the earlier ones: counts as differences; names, and what waits, as it is now."""
    found = []
    for new, old in zip(now, before, strict=True):
        counts = {
            name: count - getattr(old, name)
            for name in new.__dataclass_fields__
            if isinstance(count := getattr(new, name), int) and name != "backlog"
        }
        found.append(replace(new, **counts))
    return found
