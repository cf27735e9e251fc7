"""Can the run be trusted? Every packet's whereabouts, and every sign that the machine failed us."""

from __future__ import annotations

from results.model import Accounting
from scenarios.captures import Captures


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
    sip_sent = sum(h["sip_sent"] for h in health)
    sip_received = sum(h["sip_received"] for h in health)
    stray = sum(h["stray"] + h.get("not_rtp", 0) for h in health)
    if account.packets_sent != captures.media_sent + sip_sent:
        found.append(
            f"the hosts' kernels sent {account.packets_sent} datagrams, "
            f"the programs {captures.media_sent + sip_sent}"
        )
    if account.packets_received != captures.media_received + sip_received + stray:
        found.append(
            f"the hosts' kernels delivered {account.packets_received} datagrams, "
            f"the programs read {captures.media_received + sip_received + stray}"
        )
    if stray:
        found.append(f"{stray} packets arrived that belong to no stream")
    for h in health:
        who = h.get("bridge", "the MCU")
        if h["starved"]:
            found.append(f"{who}: media was handed over after it was due {h['starved']} times")
        if h["overflowed"]:
            found.append(f"{who}: {h['overflowed']} packets overflowed a receive buffer")
        if h.get("calls_left") or h.get("units_left"):
            found.append(
                f"the MCU still held {h['calls_left']} calls and {h['units_left']:g} units "
                "after everyone had hung up"
            )
    if captures.counters["pacer_drops"]:
        found.append(f"senders' pacing dropped {captures.counters['pacer_drops']} packets")
    for stream, trace in zip(captures.plan.streams, captures.traces, strict=True):
        if trace.duplicates or trace.unknown:
            found.append(
                f"{stream.bridge} {stream.kind} {stream.direction}: {trace.duplicates} packets "
                f"arrived twice, {trace.unknown} were never sent"
            )
    return found
