"""In the guest: what impaired lines do to many packets each, for `test_lines.py`.

`lab_lines FOLDER` reads FOLDER/network.json and FOLDER/cases.json ({name: LineImpairment}); leaves
FOLDER/NAME.npz (leaving_ns, arrival_ns of the first to come, copies) and FOLDER/counts.json.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from giaoban.topology.counts import damaged
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.lines.impairments import LineImpairment
from giaoban.topology.network import Hop, Network
from giaoban.traffic import log
from tests.topology.emulation.lab_wire import Agenda, Flow, carry, count

PAYLOAD = 64
PACKETS = 250_000
SHORT = 100_000
FEWER = ("normal-close", "duplicate", "lost-or-twice", "corrupt", "all")
"""What is drawn for each packet by itself, or not compared with a distribution: `SHORT` will do."""
CLOSE_NS, APART_NS = 10_000, 2_000_000
AT_HOST = Hop("access-b-0", "r-0", "b-0")  # ends at an interface with a macvlan on it
AT_ROUTER = Hop("access-mcu", "mcu", "r-0")
BOTH = (AT_ROUTER, AT_HOST)
SLOW_MBPS, SLOW_BUFFER = 1.0, 10


def measure(
    folder: Path, network: Network, name: str, seed: int, n: int, spacing_ns: int, **at: Any
) -> dict[str, Any]:
    """A network of its own, the impairments in it from the start, a stream through it."""
    hops = at.get("hops", (AT_HOST,))
    with ProvinceNet(network, seed, hops) as net:
        for hop in hops:
            if "what" in at:
                net.impair(hop, at["what"])
        agenda = at["agenda"](net) if "agenda" in at else []
        flow = Flow(np.arange(n) * spacing_ns, PAYLOAD)
        found = carry(net, "mcu", "b-0", [flow], agenda=agenda)
        log.save(folder / f"{name}.npz", **found.flows[0])
        counted = count(net)
        told = {"changes_ns": found.changes_ns, "strays": found.strays}
        return {**counted, "damaged": damaged(counted["udp"]), **told}


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
