"""Can the run be trusted? Every packet's whereabouts, and every sign that the machine failed us."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import numpy as np

from giaoban.results.model.reasons import Reason, because
from giaoban.results.model.result import Accounting
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.fault_impact import mine
from giaoban.scenarios.records.events import BridgeHealth, Joined, McuHealth, PoweredOff, PoweredOn
from giaoban.scenarios.records.guest import BackgroundCount, ChangeMade
from giaoban.topology.changes import NetworkChange
from giaoban.topology.counts import damaged as damaged_of
from giaoban.traffic.quality.measure import Trace

LATE_MS = 5.0
"""An impairment of a line, or a failure, that comes later than this is not the one asked for."""


def accounting(captures: Captures) -> Accounting:
    """Where every datagram went, by the kernel's counters of all hosts and queues."""
    counters = captures.counters
    udp, queues, lines, routers = counters.udp, counters.queues, counters.lines, counters.routers
    dropped = sum(q.queue_drops for q in queues)
    lost = sum(q.line_losses for q in queues) + sum(line.lost for line in lines)
    # less than none: a line discarded packets, which must stay unaccounted for
    duplicated = sum(max(line.duplicated, 0) for line in lines)
    # a header that a line damaged, and one that went round in a circle, are counted as one thing
    expired = 0 if any(line.what.corrupt for line in captures.plan.lines) else routers.expired
    damaged = damaged_of(udp) - expired
    by_faults = sum(link.lost for link in counters.fault_drops)
    without_route = routers.without_route + expired
    policed = sum(q.policed for q in queues)
    gone = dropped + policed + lost + damaged + by_faults + without_route
    sent, received = udp["OutDatagrams"], udp["InDatagrams"]
    sent += sum(stream.sent for stream in counters.background)
    if captures.plan.changes:
        sent, received = sent + routers.sent, received + routers.received
    else:
        received += sum(stream.received for stream in _background(captures, at="router"))
        damaged += counters.background_damaged
        gone += counters.background_damaged
    return Accounting(
        packets_sent=sent,
        packets_duplicated=duplicated,
        packets_received=received,
        packets_lost_by_faults=by_faults,
        packets_without_route=without_route,
        packets_dropped_at_queues=dropped,
        packets_policed=policed,
        packets_lost_by_impairment=lost,
        packets_damaged=damaged,
        unaccounted=sent + duplicated - received - gone,
    )


class UnexpectedPackets(NamedTuple):
    """What is strange about one stream.

    Attributes:
        unknown: packets that came and were never sent.
        removed: packets that came though the injector had removed them.
        twice: arrivals beyond the copies that were sent.
        met: of each interval of its impairments, whether anything was sent in it.
    """

    unknown: int
    removed: int
    twice: int
    met: tuple[bool, ...]


def unexpected_packets(captures: Captures, index: int) -> UnexpectedPackets:
    """Look at one stream."""
    trace, plan = captures.traces[index], captures.plan
    met = []
    for interval in plan.streams[index].impairments:
        to_s = plan.end_s if interval.to_s is None else interval.to_s
        edges = captures.origin_ns + np.rint(np.array([interval.from_s, to_s]) * 1e9)
        first, last = np.searchsorted(trace.due_ns, edges.astype(np.int64))
        met.append(bool(last > first))
    removed, twice = _removed_and_twice(trace)
    return UnexpectedPackets(trace.unknown, removed, twice, tuple(met))


def _removed_and_twice(trace: Trace) -> tuple[int, int]:
    removed = twice = 0  # as nearly always, which is seen soonest
    if not trace.copies.all():
        removed = int(np.count_nonzero(trace.impaired & trace.arrived))
    if trace.arrivals.max(initial=0) > 1:
        twice = int(np.sum(np.maximum(trace.arrivals - np.maximum(trace.copies, 1), 0)))
    return removed, twice


def reasons(
    captures: Captures, seen: Mapping[int, UnexpectedPackets] | None = None
) -> list[Reason]:
    """Reasons why the run is invalid; none for a run that can be trusted.

    `seen`: what is strange about each stream, where that is known already.
    """
    found = []
    if seen is None:
        seen = {index: unexpected_packets(captures, index) for index in range(len(captures.traces))}
    account, counters = accounting(captures), captures.counters
    udp = counters.udp
    if account.unaccounted:
        waiting = sum(q.backlog for q in counters.queues)
        found.append(
            because(
                "unaccounted",
                packets=account.unaccounted,
                closed=udp["NoPorts"],
                full=udp["RcvbufErrors"],
                waiting=waiting,
            )
        )
    health = captures.health
    told_sent = sum(h.sip_sent + h.rtcp_sent - h.unsendable for h in health) + captures.media_sent
    if udp["OutDatagrams"] != told_sent:
        found.append(because("kernel-sent", kernel=udp["OutDatagrams"], programs=told_sent))
    read = captures.media_received
    read += sum(h.sip_received + h.rtcp_received + h.unheard for h in health)
    read += sum(count for h in health for count, _ in _unlogged(h))
    read += sum(stream.received for stream in _background(captures, at="host"))
    if udp["InDatagrams"] != read:
        found.append(because("kernel-delivered", kernel=udp["InDatagrams"], programs=read))
    # the kernel counts what fails its checksum among what a socket dropped
    damaged = udp["InCsumErrors"]
    full = sum(h.overflowed for h in health) > damaged
    for h in health:
        found += _of_one(h, full, under_faults=captures.plan.recovery is not None)
    if counters.pacer_drops:
        found.append(because("pacing-dropped", packets=counters.pacer_drops))
    damaged += counters.background_damaged
    full = sum(stream.overflowed for stream in counters.background) > damaged
    for stream in counters.background:
        found += _of_background(stream, full)
    found += _of_streams(captures, seen, account.packets_duplicated)
    found += _of_lines(captures)
    found += _without_effect(captures, seen)
    found += faults_in_vain(captures)
    return found


def _background(captures: Captures, at: Literal["router", "host"]) -> list[BackgroundCount]:
    """The streams of background traffic that end at routers, or at hosts."""
    plan = captures.plan
    routers = {node.id for node in plan.network.routers}
    told = zip(captures.counters.background, plan.background, strict=True)
    return [stream for stream, of in told if (of.target in routers) == (at == "router")]


def _of_background(stream: BackgroundCount, full: bool) -> list[Reason]:
    """What its sender and its receiver say of a stream of background traffic.

    `full`: what sockets dropped is more than what was damaged on the way.
    """
    line = f"{stream.link} {stream.direction}"
    found = []
    if stream.sent != stream.handed:
        found.append(
            because("background-unsent", line=line, sent=stream.sent, packets=stream.handed)
        )
    if stream.late:
        found.append(because("background-late", line=line, times=stream.late))
    if stream.pacer_drops:
        found.append(because("background-paced", line=line, packets=stream.pacer_drops))
    if stream.overflowed and full:
        found.append(because("background-overflowed", line=line, packets=stream.overflowed))
    return found


def _of_streams(
    captures: Captures, seen: Mapping[int, UnexpectedPackets], by_lines: int
) -> list[Reason]:
    """Packets that nobody sent, and copies beyond those that were asked for."""
    found = []
    beyond = 0
    for stream in captures.plan.streams:
        name, of = f"{stream.bridge} {stream.kind} {stream.direction}", seen[stream.index]
        if of.unknown:
            found.append(because("never-sent", stream=name, packets=of.unknown))
        if of.removed:
            found.append(because("removed-came", stream=name, packets=of.removed))
        if of.twice and not by_lines:
            found.append(because("stream-twice", stream=name, packets=of.twice))
        beyond += of.twice
    if by_lines and beyond > by_lines:
        found.append(because("more-twice", packets=beyond, duplicated=by_lines))
    return found


def _of_lines(captures: Captures) -> list[Reason]:
    """Impairments that did not begin or end when they should have, or did what nobody asked for."""
    plan, changes = captures.plan, captures.counters.line_changes
    # lines are changed until the last sample, at a whole second
    last_s = math.floor(plan.end_s)
    planned = sum(1 + (line.to_s is not None and line.to_s <= last_s) for line in plan.lines)
    found = []
    if len(changes) < planned:
        found.append(because("line-changes", planned=planned, made=len(changes)))
    for change in changes:
        late_ms = change.t_ms - change.due_ms
        if late_ms > LATE_MS and change.due_ms > 0:
            what = "began" if change.begins else "ended"
            where = f"{change.link} {change.direction}"
            found.append(because(f"impairment-{what}-late", line=where, late_ms=round(late_ms, 1)))
    twice = {(line.link, line.hop.direction) for line in plan.lines if line.what.duplicate}
    for counted in captures.counters.lines:
        if counted.duplicated and (counted.link, counted.direction) not in twice:
            where = f"{counted.link} {counted.direction}"
            found.append(because("line-duplicated", line=where, packets=counted.duplicated))
    if (count := accounting(captures).packets_damaged) and not any(
        line.what.corrupt for line in plan.lines
    ):
        closed = captures.counters.udp["NoPorts"]
        found.append(because("damaged", packets=count, closed=closed))
    return found


def _without_effect(captures: Captures, seen: Mapping[int, UnexpectedPackets]) -> list[Reason]:
    """Impairments in whose time nothing passed; of a bridge that had no call, that is told so."""
    plan = captures.plan
    called = {e.bridge for e in captures.events_of(Joined, who="mcu")}
    met: dict[tuple[str, str, float, float], bool] = {}
    for stream in plan.streams:
        if stream.bridge not in called:
            continue
        for interval, any_sent in zip(stream.impairments, seen[stream.index].met, strict=True):
            to_s = plan.end_s if interval.to_s is None else interval.to_s
            leg = f"{stream.bridge} {stream.direction}"
            key = "leg", leg, interval.from_s, to_s
            met[key] = met.get(key, False) or any_sent
    times_s = captures.samples[:, 0] / 1e9
    for line in plan.lines:
        to_s = plan.end_s if line.to_s is None else line.to_s
        first = max(int(np.searchsorted(times_s, line.from_s, "right")) - 1, 0)
        last = min(int(np.searchsorted(times_s, to_s)), len(times_s) - 1)
        carried = captures.samples[:, 1 + captures.hops.index((line.link, line.hop.direction))]
        key = "line", f"{line.link} {line.hop.direction}", line.from_s, to_s
        met[key] = bool(carried[last] > carried[first])
    start_s = plan.phases[0].start_s
    return [
        because(f"{key}-impaired-idle", **{key: of}, from_s=from_s - start_s, to_s=to_s - start_s)
        for (key, of, from_s, to_s), any_passed in met.items()
        if not any_passed
    ]


def _unlogged(health: McuHealth | BridgeHealth) -> list[tuple[int, str]]:
    """What a program read and could not put down to a stream (in a check nobody else sends to it):
    how many packets, and the code of that reason."""
    found = [(health.stray, "stray")]
    if isinstance(health, McuHealth):
        found += [(health.not_rtp, "not-rtp"), (health.unauthentic, "unauthentic")]
    return found


def _of_one(health: McuHealth | BridgeHealth, full: bool, *, under_faults: bool) -> list[Reason]:
    """What one program says of itself. What SIP threw away is no fault: such a call fails.

    `full`: what sockets dropped is more than what was damaged on the way. `under_faults`: a host
    may find no way to send to, and what it would have sent is lost.
    """
    who = "mcu" if isinstance(health, McuHealth) else health.bridge
    unlogged = [(count, code) for count, code in _unlogged(health) if count]
    found = [because(code, who=who, packets=count) for count, code in unlogged]
    if health.starved:
        found.append(because("starved", who=who, times=health.starved))
    if full and health.overflowed:
        found.append(because("overflowed", who=who, packets=health.overflowed))
    if isinstance(health, McuHealth) and health.foreign:
        found.append(because("foreign", who=who, packets=health.foreign))
    if health.unsendable and not under_faults:
        found.append(because("unsendable", who=who, packets=health.unsendable))
    if isinstance(health, McuHealth) and (health.calls_left or health.units_left):
        calls, units = health.calls_left, health.units_left
        found.append(because("calls-left", calls=calls, units=units))
    return found


def faults_in_vain(captures: Captures) -> list[Reason]:
    """What was planned to fail or to come back, and did not, or not in time."""
    return [*_changes(captures), *_outages(captures)]


def _changes(captures: Captures) -> Iterator[Reason]:
    plan = captures.plan
    made = {change.key: change for change in captures.counters.changes}
    for change in plan.changes:
        due_ms = change.at_s * 1000
        done = made.get(ChangeMade.of(change, due_ms, due_ms).key)
        where = {"fault": plan.faults[change.fault].id, **_where(change)}
        if done is None:
            yield because(f"not-{change.do}", **where)
        elif (late_ms := done.t_ms - done.due_ms) > LATE_MS:
            yield because(f"late-{change.do}", **where, late_ms=round(late_ms, 1))


def _outages(captures: Captures) -> Iterator[Reason]:
    plan = captures.plan
    for outage in plan.outages:
        where = {"fault": plan.faults[outage.fault].id, "who": outage.host}
        for at_s, kind, event in (
            (outage.from_s, PoweredOff, "powered-off"),
            (outage.to_s, PoweredOn, "powered-on"),
        ):
            if at_s is None:
                continue
            told = [e.t_ms - at_s * 1000 for e in mine(captures, outage.host, kind)]
            late_ms = min(told, key=abs, default=None)
            if late_ms is None:
                yield because(f"not-{event}", **where)
            elif abs(late_ms) > LATE_MS:
                yield because(f"late-{event}", **where, late_ms=round(late_ms, 1))


def _where(change: NetworkChange) -> dict[str, str]:
    if change.router is not None:
        return {"router": change.router}
    if change.source is not None:
        return {"line": f"{change.link} {change.hop.direction}"}
    return {"line": str(change.link)}
