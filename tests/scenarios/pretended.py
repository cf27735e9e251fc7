"""A pretended emulation: every packet's way through the queues, one event after another.

Writes the same files as the guest, from a plan alone. Nothing is shared with the code under test
that rebuilds queues with whole arrays: here a heap of events is worked off packet by packet.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from giaoban.lru_cache import LruCache
from giaoban.mcu_sim.admission import Use
from giaoban.results.model.result import Engine
from giaoban.scenarios.plan.plan import CallPlan, Plan
from giaoban.scenarios.records.events import (
    BridgeHealth,
    CallRefused,
    Connected,
    Event,
    Joined,
    Left,
    McuHealth,
    TimedOut,
    in_order,
    write,
)
from giaoban.scenarios.records.guest import COUNTERS, GUEST, Counters, GuestRecord
from giaoban.topology.counts import QueueCount, RouterCount
from giaoban.topology.network import Hop
from giaoban.topology.routing import shortest_paths
from giaoban.traffic import log
from giaoban.traffic.log import RECEIVED, SENT
from giaoban.traffic.rtp import ETHERNET_BYTES, UDP_IP_BYTES

ORIGIN_NS = 7_000_000_000
KERNEL = "6.12.0-pretended"
SAMPLE_OFFSET_NS = 11_000_000
Drop = Callable[[int, int, Hop], bool]
"""Told stream, number of the packet in it and hop: whether the packet is dropped there."""


@dataclass
class Told:
    """What the pretended network knows of itself.

    `passages`: (link, direction) → (arrival, wait) in ns of every packet that got through, by
    arrival. `drops`: (link, direction) → times of drops.
    """

    passages: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    departures: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    drops: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    arrivals: dict[tuple[int, int], int] = field(default_factory=dict)


def emulator(
    spoil: Callable[[Path], None] = lambda _folder: None,
    error: BaseException | None = None,
    **how: Any,
) -> Callable[[Plan, Path, object, object], Engine]:
    """What takes the place of `giaoban.scenarios.emulation.engine.emulate`: `how` is what `emulate`
    is told, `spoil` may change the folder, `error` is raised at its end."""

    def instead(plan: Plan, folder: Path, *_of: object) -> Engine:
        (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
        emulate_once(plan, folder, **how)
        spoil(folder)
        if error is not None:
            raise error
        return engine()

    return instead


KEPT_BYTES = 64 << 20
_left: LruCache[tuple[str, str], dict[str, bytes]] = LruCache(
    KEPT_BYTES, lambda files: sum(map(len, files.values()))
)
"""What a plan, emulated in one way, left in its folder."""


def emulate_once(plan: Plan, folder: Path, **how: Any) -> None:
    """As `emulate`, which is asked once for the same plan: many tests look at one meeting.

    What a function drops is asked of it each time.
    """
    if any(map(callable, how.values())):
        emulate(plan, folder, **how)
        return

    def left(_: object) -> dict[str, bytes]:
        with TemporaryDirectory() as place:
            emulate(plan, Path(place), **how)
            made = [path for path in Path(place).rglob("*") if path.is_file()]
            return {str(path.relative_to(place)): path.read_bytes() for path in made}

    for name, data in _left.get((plan.to_json(), repr(sorted(how.items()))), left).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def emulate(
    plan: Plan,
    folder: Path,
    *,
    refused: Collection[str] = (),
    unanswered: Collection[str] = (),
    given: Mapping[str, str] | None = None,
    drop: Drop = lambda _stream, _number, _hop: False,
    impaired_every: int = 0,
) -> Told:
    """Write the captures of a meeting in `folder`.

    `given`: what the MCU gave bridges that it gave less than they asked for; "audio" for no
    picture. `impaired_every`: the injector took out each so manieth packet of every stream; 0 for
    none.
    """
    given = given or {}
    rng = np.random.default_rng(plan.seed)
    sent: list[np.ndarray] = []
    for stream in plan.streams:
        call = next(c for c in plan.calls if c.bridge == stream.bridge)
        absent = call.bridge in (*refused, *unanswered)
        absent |= stream.kind == "video" and given.get(call.bridge) == "audio"
        sent.append(
            np.zeros(0, SENT) if absent else _media(plan, call, stream.index, rng, impaired_every)
        )
    told = _carry(plan, sent, drop)
    received = [_received(stream.index, sent[stream.index], told) for stream in plan.streams]
    _write(plan, folder, sent, received, told, _events(plan, refused, unanswered, given))
    return told


def engine() -> Engine:
    """What an engine says of itself."""
    return Engine(name="sandbox", time="virtual", kernel=KERNEL)


def _media(
    plan: Plan, call: CallPlan, index: int, rng: np.random.Generator, impaired_every: int
) -> np.ndarray:
    """One stream's packets from its call's answer to its end: audio even, video in bursts."""
    stream = plan.streams[index]
    start_ns = ORIGIN_NS + round(call.dial_s * 1e9) + int(rng.integers(3_000_000, 33_000_000))
    end_ns = ORIGIN_NS + round(plan.hang_up_s * 1e9)
    step = 20_000_000 if stream.kind == "audio" else 33_333_333
    times = np.arange(start_ns, end_ns, step)
    frame = np.arange(len(times))
    if stream.kind == "video":
        count = rng.integers(1, 12, len(times))
        frame = np.repeat(frame, count)
        nth = np.arange(len(frame)) - np.repeat(np.cumsum(count) - count, count)
        times = times[frame] + nth * int(rng.integers(1, 2_000_000))
        times = np.maximum.accumulate(times)
    packets = np.zeros(len(times), SENT)
    packets["stream"] = index
    packets["sequence"] = stream.first_sequence + np.arange(len(times))
    clock = 160 if stream.kind == "audio" else 3000
    packets["timestamp"] = (stream.first_timestamp + frame * clock) & 0xFFFFFFFF
    packets["due_ns"] = packets["leaving_ns"] = times
    packets["size"] = 172 if stream.kind == "audio" else rng.integers(60, 1212, len(times))
    packets["key"] = (stream.kind == "video") & (frame == 0)
    packets["copies"] = 1
    if impaired_every:
        packets["copies"][impaired_every - 1 :: impaired_every] = 0
    return packets


def _carry(plan: Plan, sent: list[np.ndarray], drop: Drop) -> Told:
    """Every packet through first-in first-out queues, event by event."""
    routes = shortest_paths(plan.network)
    mcu = plan.network.mcu.id
    told = Told()
    links = {link.id: link for link in plan.network.links}
    paths = []
    sizes = []
    events: list[tuple[int, int, int, int]] = []
    for stream, packets in zip(plan.streams, sent, strict=True):
        ends = (stream.bridge, mcu) if stream.direction == "up" else (mcu, stream.bridge)
        way = routes.path(*ends)
        paths.append([(hop, (hop.link, hop.direction), links[hop.link]) for hop in way])
        sizes.append((packets["size"].astype(int) + (UDP_IP_BYTES + ETHERNET_BYTES)).tolist())
        leaving_ns = packets["leaving_ns"].tolist()
        events += [
            (leaving_ns[number], stream.index, number, 0)
            for number in np.flatnonzero(packets["copies"]).tolist()
        ]
    heapq.heapify(events)
    free_ns: dict[Hop, int] = {}
    while events:
        now_ns, index, number, step = heapq.heappop(events)
        path = paths[index]
        if step == len(path):
            told.arrivals[index, number] = now_ns
            continue
        hop, key, link = path[step]
        if drop(index, number, hop):
            told.drops.setdefault(key, []).append(now_ns)
            continue
        size = sizes[index][number]
        start_ns = max(now_ns, free_ns.get(hop, 0))
        free_ns[hop] = start_ns + round(size * 8e3 / link.rate_mbps)
        told.passages.setdefault(key, []).append((now_ns, start_ns - now_ns))
        told.departures.setdefault(key, []).append((free_ns[hop], size))
        heapq.heappush(
            events, (free_ns[hop] + round(link.delay_us * 1000), index, number, step + 1)
        )
    return told


def _received(index: int, sent: np.ndarray, told: Told) -> np.ndarray:
    got = [(told.arrivals[index, n], n) for n in range(len(sent)) if (index, n) in told.arrivals]
    got.sort()
    packets = np.zeros(len(got), RECEIVED)
    which = np.array([n for _, n in got], np.int64)
    packets["stream"] = index
    packets["sequence"] = sent["sequence"][which] & 0xFFFF
    packets["timestamp"] = sent["timestamp"][which]
    packets["arrival_ns"] = [at for at, _ in got]
    packets["size"] = sent["size"][which]
    return packets


def _write(
    plan: Plan,
    folder: Path,
    sent: list[np.ndarray],
    received: list[np.ndarray],
    told: Told,
    events: Sequence[Event],
) -> None:
    captures = folder / "captures"
    captures.mkdir(parents=True)
    up = [s.index for s in plan.streams if s.direction == "up"]
    down = [s.index for s in plan.streams if s.direction == "down"]
    for who, out, back in (("bridges", up, down), ("mcu", down, up)):
        _dump(captures / f"{who}-sent.bin", [sent[i] for i in out], "leaving_ns")
        _dump(captures / f"{who}-received.bin", [received[i] for i in back], "arrival_ns")
    hops = [(link.id, hop.direction) for link in plan.network.links for hop in link.hops]
    seconds = ORIGIN_NS + np.arange(int(plan.end_s) + 1) * 1_000_000_000 + SAMPLE_OFFSET_NS
    samples = np.zeros((len(seconds), 1 + len(hops)), np.int64)
    samples[:, 0] = seconds - ORIGIN_NS
    for column, hop in enumerate(hops, start=1):
        gone = np.array(told.departures.get(hop, []), np.int64).reshape(-1, 2)
        total = np.concatenate([[0], np.cumsum(gone[:, 1])])
        samples[:, column] = total[np.searchsorted(gone[:, 0], seconds, "right")]
    log.save(captures / "links.npz", samples=samples)
    marks = [plan.phases[0].start_s, *(p.end_s for p in plan.phases)]
    health = [e for e in events if isinstance(e, McuHealth | BridgeHealth)]
    others = sum(e.sip_sent + e.rtcp_sent for e in health)
    on_wire = sum(int(s["copies"].sum()) for s in sent)
    Counters(
        hops=hops,
        queues=[_queue(hop, told, 2**63) for hop in hops],
        classes=[],
        at_phase=[
            [_queue(hop, told, ORIGIN_NS + round(mark * 1e9)) for hop in hops] for mark in marks
        ],
        udp={
            "OutDatagrams": on_wire + others,
            "InDatagrams": sum(map(len, received)) + others,
            **dict.fromkeys(("NoPorts", "InErrors", "RcvbufErrors", "InCsumErrors"), 0),
            **dict.fromkeys(("IpInHdrErrors", "IpInAddrErrors", "IpOutNoRoutes"), 0),
        },
        lines=[],
        background=[],
        background_damaged=0,
        line_changes=[],
        changes=[],
        fault_drops=[],
        routers=RouterCount(sent=0, received=0, without_route=0, expired=0),
        pacer_drops=0,
        probes=[],
    ).write(captures / COUNTERS)
    about = GuestRecord(kernel=KERNEL, build_virtual_s=0.5, origin_ns=ORIGIN_NS)
    about.write(captures / GUEST)
    write(events, folder)


def _events(
    plan: Plan, refused: Collection[str], unanswered: Collection[str], given: Mapping[str, str]
) -> list[Event]:
    asked = plan.profile.resolution
    cost = plan.device.units_for(asked)
    assert cost is not None
    events: list[Event] = []
    inside: list[str] = []
    for call in sorted(plan.calls, key=lambda c: c.dial_s):
        t_ms, who = call.dial_s * 1000, call.bridge
        if who in unanswered:
            events.append(TimedOut(t_ms=t_ms + 32_000, who="bridge", bridge=who))
        elif who in refused:
            why = "No free units"
            events.append(
                CallRefused(t_ms=t_ms + 1, who="bridge", bridge=who, code=503, reason=why)
            )
        else:
            inside.append(who)
            less = {"asked": asked, "given": given.get(who), "reason": "all are in use"}
            events.append(Connected(t_ms=t_ms + 2, who="bridge", bridge=who, setup_ms=2.0))
            events.append(
                Joined(
                    t_ms=t_ms + 3,
                    who="mcu",
                    bridge=who,
                    meeting=plan.meeting.id,
                    **(less if who in given else {}),
                    **held(plan, cost, len(inside)),
                )
            )
    for number, who in enumerate(inside, start=1):
        t_ms, left = plan.hang_up_s * 1000 + number, held(plan, cost, len(inside) - number)
        events.append(Left(t_ms=t_ms, who="mcu", bridge=who, cause="bye", **left))
    well: dict[str, Any] = dict.fromkeys(
        ("starved", "stray", "overflowed", "unheard", "unsendable"), 0
    )
    well |= {"sip_sent": 5, "sip_received": 5, "rtcp_sent": 2, "rtcp_received": 2}
    mcu = McuHealth(calls_left=0, units_left=0.0, rtp_sent=9, sip_dropped={}, **well)
    return [*in_order(events), mcu, *(BridgeHealth(bridge=c.bridge, **well) for c in plan.calls)]


def held(plan: Plan, cost: float, calls: int) -> dict[str, Any]:
    """What the MCU tells of itself with so many calls in, of so many units each."""
    units, total = cost * calls, plan.device.units_total
    use = Use(pct=100 * units / total, of="units", amount=units, total=total)
    return {"units": units, "ports": calls, "use": use}


def _queue(hop: tuple[str, str], told: Told, before_ns: int) -> QueueCount:
    return QueueCount(
        link=hop[0],
        direction=hop[1],
        sent_packets=bisect_left(told.departures.get(hop, []), (before_ns,)),
        queue_drops=bisect_left(told.drops.get(hop, []), before_ns),
        backlog=0,
        line_losses=0,
    )


def _dump(path: Path, parts: list[np.ndarray], by: str) -> None:
    packets = np.concatenate(parts)
    packets[np.argsort(packets[by], kind="stable")].tofile(path)
