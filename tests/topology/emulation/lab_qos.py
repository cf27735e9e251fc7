"""In the guest: flows of several classes through one slow link, for `test_qos.py`, and through
bandwidth profiles, for `test_policing.py`.

`lab_qos FOLDER` reads FOLDER/cases.json ({name: {network, flows, reshape?}}), a flow being {dscp,
payload, mean_ns, n, poisson}; leaves FOLDER/NAME-FLOW.npz (leaving_ns, arrival_ns) and
FOLDER/counts.json ({name: {queues, classes, udp, pacer_drops, probe_faults, probes}}).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from giaoban.topology.emulation import probe
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.network import Hop, Network
from giaoban.traffic import log
from tests.topology.emulation.lab_wire import Agenda, Flow, Times, carry, count

DRAIN_S = 3.0
SLOW = Hop("access-b-0", "r-0", "b-0")


def times(flow: dict[str, Any], seed: int) -> Times:
    """(n,) when each packet of a flow leaves: evenly, or as a Poisson process."""
    n, mean_ns = flow["n"], flow["mean_ns"]
    if not flow["poisson"]:
        return np.arange(n) * mean_ns
    gaps_ns = np.random.default_rng(seed).exponential(mean_ns, n)
    return np.cumsum(np.rint(gaps_ns).astype(np.int64))


def measure(folder: Path, name: str, case: dict[str, Any]) -> dict[str, Any]:
    network = Network.model_validate(case["network"])
    reshaped = case.get("reshape")
    with ProvinceNet(network, 7, [SLOW] if reshaped else []) as net:
        probes = probe.measure(net)
        net.police()
        before = count(net)
        agenda: Agenda = []
        if reshaped:
            agenda = [(reshaped["at_ns"], lambda: net.reshape(SLOW, reshaped["rate_mbps"], 100))]
        flows = [
            Flow(times(flow, seed), flow["payload"], flow["dscp"])
            for seed, flow in enumerate(case["flows"], start=1681)
        ]
        for k, arrays in enumerate(carry(net, "mcu", "b-0", flows, DRAIN_S, agenda).flows):
            log.save(folder / f"{name}-{k}.npz", **arrays)
        found = count(net)
        for key in found["udp"]:
            found["udp"][key] -= before["udp"][key]
        for queue, old in zip(found["queues"], before["queues"], strict=True):
            for key in ("queue_drops", "line_losses"):
                queue[key] -= old[key]
    found["probe_faults"] = [fault for p in probes if (fault := p.fault())]
    found["probes"] = [asdict(p) for p in probes]
    return found


def main(folder: Path) -> int:
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    counts = {}
    for name, case in cases.items():
        counts[name] = measure(folder, name, case)
        sys.stdout.write(f"{name}\n")
    (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
