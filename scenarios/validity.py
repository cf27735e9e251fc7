"""Can the run be trusted? Every packet's whereabouts, and every sign that the machine failed us."""

from __future__ import annotations

from typing import Any

from results.model import Accounting
from scenarios.captures import Captures

UNLOGGED = {
    "stray": "belong to no stream",
    "not_rtp": "are not RTP",
    "unauthentic": "could not be authenticated (SRTP)",
}
"""What a program read and could not put down to a stream; in a check nobody else sends to it."""


def accounting(captures: Captures) -> Accounting:
    """Where every datagram went, by the kernel's counters of all hosts and queues."""
    udp, queues = captures.counters["udp"], captures.counters["queues"]
    dropped = sum(q["queue_drops"] for q in queues)
    lost = sum(q["line_losses"] for q in queues)
    return Accounting(
        packets_sent=udp["OutDatagrams"],
        packets_received=udp["InDatagrams"],
        packets_dropped_at_queues=dropped,
        packets_lost_by_impairment=lost,
        unaccounted=udp["OutDatagrams"] - udp["InDatagrams"] - dropped - lost,
    )


def faults(captures: Captures) -> list[str]:
    """Reasons why the run is invalid; none for a run that can be trusted."""
    found = []
    account = accounting(captures)
    if account.unaccounted:
        udp = captures.counters["udp"]
        waiting = sum(q["backlog"] for q in captures.counters["queues"])
        found.append(
            f"{account.unaccounted} packets are unaccounted for ({udp['NoPorts']} came to a closed "
            f"port, {udp['RcvbufErrors']} to a full buffer, {waiting} wait in queues)"
        )
    health = captures.events_of("mcu-health", "bridge-health")
    told_sent = sum(h["sip_sent"] + h["rtcp_sent"] for h in health)
    told_received = sum(h["sip_received"] + h["rtcp_received"] for h in health)
    unlogged = sum(h.get(key, 0) for h in health for key in UNLOGGED)
    if account.packets_sent != captures.media_sent + told_sent:
        found.append(
            f"the hosts' kernels sent {account.packets_sent} datagrams, "
            f"the programs {captures.media_sent + told_sent}"
        )
    if account.packets_received != captures.media_received + told_received + unlogged:
        found.append(
            f"the hosts' kernels delivered {account.packets_received} datagrams, "
            f"the programs read {captures.media_received + told_received + unlogged}"
        )
    for h in health:
        found += _of_one(h)
    if captures.counters["pacer_drops"]:
        found.append(f"senders' pacing dropped {captures.counters['pacer_drops']} packets")
    for stream, trace in zip(captures.plan.streams, captures.traces, strict=True):
        if trace.duplicates or trace.unknown:
            found.append(
                f"{stream.bridge} {stream.kind} {stream.direction}: {trace.duplicates} packets "
                f"arrived twice, {trace.unknown} were never sent"
            )
    return found


def _of_one(health: dict[str, Any]) -> list[str]:
    """What one program says of itself. What SIP threw away is no fault: such a call fails."""
    who = health.get("bridge", "the MCU")
    found = [
        f"{who}: {count} packets came that {what}"
        for key, what in UNLOGGED.items()
        if (count := health.get(key, 0))
    ]
    if health["starved"]:
        found.append(f"{who}: media was handed over after it was due {health['starved']} times")
    if health["overflowed"]:
        found.append(f"{who}: {health['overflowed']} packets overflowed a receive buffer")
    if count := health.get("foreign", 0):
        found.append(f"{who}: {count} packets came under another payload type than was agreed on")
    if count := health.get("unsendable", 0):
        found.append(f"{who}: {count} packets of media could not be sent")
    if health.get("calls_left") or health.get("units_left"):
        found.append(
            f"the MCU still held {health['calls_left']} calls and {health['units_left']:g} units "
            "after everyone had hung up"
        )
    return found
