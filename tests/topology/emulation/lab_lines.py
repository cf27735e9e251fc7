"""In the guest: what impaired lines do to many packets each, for `test_lines.py`.

`lab_lines FOLDER` reads FOLDER/network.json and FOLDER/cases.json ({name: LineImpairment}); leaves
FOLDER/NAME.npz (leaving_ns, arrival_ns of the first to come, copies) and FOLDER/counts.json.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.topology.emulation.lab_wire import BUFFER_BYTES, LEAD_NS, PORT, WINDOW, sleep_until
from topology.counts import damaged
from topology.emulation import counters
from topology.emulation.mininet_net import ProvinceNet
from topology.emulation.namespace import inside
from topology.impairments import LineImpairment
from topology.network import Hop, Network
from traffic import log
from traffic.batch import (
    ReceiveBatch,
    SendBatch,
    media_socket,
    sockaddr,
)

PAYLOAD = 64
PACKETS = 1_000_000
SHORT = 100_000
FEWER = ("normal-close", "duplicate", "lost-or-twice", "corrupt", "all")
"""What is drawn for each packet by itself, or not compared with a distribution: `SHORT` will do."""
CLOSE_NS, APART_NS = 10_000, 2_000_000
AT_HOST = Hop("access-b-0", "r-0", "b-0")  # ends at an interface with a macvlan on it
AT_ROUTER = Hop("access-mcu", "mcu", "r-0")
BOTH = (AT_ROUTER, AT_HOST)
DRAIN_NS = 2_000_000_000
SLOW_MBPS, SLOW_BUFFER = 1.0, 10

Agenda = list[tuple[int, Callable[[], None]]]


class Wire:
    """Sends from the MCU to the bridge, at given times, and reads what comes there."""

    def __init__(self, net: ProvinceNet) -> None:
        self._addresses = [net.network.address(host) for host in ("mcu", "b-0")]
        self._socks = []
        for host, address in zip(("mcu", "b-0"), self._addresses, strict=True):
            with inside(net.namespace(host)):
                self._socks.append(media_socket(address, PORT, dscp=0, buffer_bytes=BUFFER_BYTES))
        self._outbox, self._inbox = SendBatch(WINDOW, PAYLOAD), ReceiveBatch(1024, PAYLOAD)

    def carry(self, after_ns: NDArray[np.int64], agenda: Agenda) -> dict[str, Any]:
        """One datagram at each time; at each time of the agenda what is to be done then."""
        sender, receiver = self._socks
        n = len(after_ns)
        arrival_ns, copies = np.zeros(n, np.int64), np.zeros(n, np.int64)
        origin_ns = time.monotonic_ns() + 2 * LEAD_NS

        strays = 0

        def take() -> None:
            nonlocal strays
            while len(got := self._inbox.receive(receiver.fileno())):
                if got.overflowed:
                    raise OverflowError(f"{got.overflowed} datagrams overflowed the receiver")
                index = np.ascontiguousarray(got.data[:, :4]).view("<u4")[:, 0][::-1]
                # damaged on two lines, in two bits that cancel each other in the checksum
                known = index < n
                strays += int(np.count_nonzero(~known))
                index = index[known]
                first = copies[index] == 0
                arrival_ns[index[first]] = (got.arrival_ns[::-1][known] - origin_ns)[first]
                np.add.at(copies, index, 1)

        done = []
        for start in range(0, n, WINDOW):
            times_ns = after_ns[start : start + WINDOW]
            count = len(times_ns)
            sleep_until(origin_ns + int(times_ns[0]) - LEAD_NS)
            numbers = np.arange(start, start + count, dtype="<u4")
            self._outbox.data[:count, :4] = numbers[:, None].view(np.uint8)
            self._outbox.send(
                sender.fileno(),
                np.full(count, PAYLOAD),
                origin_ns + times_ns,
                np.full(count, sockaddr(self._addresses[1], PORT)),
            )
            while agenda and agenda[0][0] < times_ns[-1]:
                at_ns, change = agenda.pop(0)
                sleep_until(origin_ns + at_ns)
                began_ns = time.monotonic_ns() - origin_ns
                change()
                done.append((began_ns, time.monotonic_ns() - origin_ns))
            take()
        sleep_until(origin_ns + int(after_ns[-1]) + DRAIN_NS)
        take()
        arrays = {"leaving_ns": after_ns, "arrival_ns": arrival_ns, "copies": copies}
        return {"arrays": arrays, "changes_ns": done, "strays": strays}

    def close(self) -> None:
        for sock in self._socks:
            sock.close()


def count(net: ProvinceNet) -> dict[str, Any]:
    """All that the kernel counted since the network was built."""
    udp = counters.datagrams(net)
    return {
        "queues": [asdict(queue) for queue in counters.queues(net)],
        "lines": [asdict(line) for line in counters.lines(net)],
        "udp": udp,
        "damaged": damaged(udp),
    }


def measure(
    folder: Path, network: Network, name: str, seed: int, n: int, spacing_ns: int, **at: Any
) -> dict[str, Any]:
    """A network of its own, the impairments in it from the start, a stream through it."""
    hops = at.get("hops", (AT_HOST,))
    with ProvinceNet(network, seed, hops) as net:
        for hop in hops:
            if "what" in at:
                net.impair(hop, at["what"])
        wire = Wire(net)
        agenda = at["agenda"](net) if "agenda" in at else []
        found = wire.carry(np.arange(n) * spacing_ns, agenda)
        wire.close()
        log.save(folder / f"{name}.npz", **found["arrays"])
        return {**count(net), "changes_ns": found["changes_ns"], "strays": found["strays"]}


def changes(cases: dict[str, LineImpairment]) -> Callable[[ProvinceNet], Agenda]:
    """All is lost, then all comes, then it is jittered, then all comes again, as at first."""
    steps = ("everything", "nothing", "normal-close", "nothing")

    def agenda(net: ProvinceNet) -> Agenda:
        return [
            (at_ns * SHORT * CLOSE_NS // 10, lambda case=case: net.impair(AT_HOST, cases[case]))
            for at_ns, case in zip((2, 3, 4, 5), steps, strict=True)
        ]

    return agenda


def reshaped(net: ProvinceNet) -> Agenda:
    """A slow queue from 2/10 to 4/10 of the stream."""
    own = net.network.link(AT_HOST.link)
    return [
        (
            2 * SHORT * CLOSE_NS // 10,
            lambda: net.reshape(AT_HOST, SLOW_MBPS, SLOW_BUFFER),
        ),
        (
            4 * SHORT * CLOSE_NS // 10,
            lambda: net.reshape(AT_HOST, own.rate_mbps, own.buffer_packets),
        ),
    ]


def main(folder: Path) -> int:
    network = Network.model_validate_json((folder / "network.json").read_text(encoding="utf-8"))
    cases = {
        name: LineImpairment.model_validate(what)
        for name, what in json.loads((folder / "cases.json").read_text(encoding="utf-8")).items()
    }
    counts = {}
    counts["plain"] = measure(folder, network, "plain", 1, SHORT // 10, APART_NS, hops=())
    counts["idle"] = measure(folder, network, "idle", 1, SHORT // 10, APART_NS, hops=BOTH)
    for name, what in cases.items():
        if name in ("everything", "nothing", "in-order"):
            continue
        spacing_ns = APART_NS if name.endswith("-apart") else CLOSE_NS
        n = SHORT if name in FEWER else PACKETS
        counts[name] = measure(folder, network, name, 5, n, spacing_ns, what=what)
    for name, seed in (("first", 7), ("again", 7), ("other", 8)):
        counts[name] = measure(
            folder, network, name, seed, SHORT, CLOSE_NS, what=cases["in-order"], hops=BOTH
        )
    counts["changed"] = measure(
        folder, network, "changed", 9, SHORT, CLOSE_NS, agenda=changes(cases)
    )
    counts["reshaped"] = measure(folder, network, "reshaped", 9, SHORT, CLOSE_NS, agenda=reshaped)
    (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
