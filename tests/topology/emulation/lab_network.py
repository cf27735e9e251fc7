"""In the guest: the network as Mininet shows it and as `probe` measures it, and a meeting in it.

`lab_network FOLDER` reads province, chain, lossy and plan (.json) in FOLDER, and leaves one JSON
file an experiment.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from giaoban.mcu_sim.sip.message import SIP_PORT
from giaoban.scenarios.bridge.planned import PORTS
from giaoban.scenarios.emulation.bridges import attend
from giaoban.scenarios.emulation.guest import _run_mcu
from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.emulation import probe
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.emulation.namespace import inside
from giaoban.topology.network import Network
from giaoban.traffic.batch import SO_RCVBUFFORCE, SO_TIMESTAMPNS, ReceiveBatch
from tests.topology.emulation.lab_wire import sleep_until

ETH_P_IP = 0x0800
ROUTER_AT_MCU = "r-gia-nghia"
TAMPERS = {
    "untouched": "",
    "rate": "netem rate 18mbit delay 200us limit 116",
    "delay": "netem rate 20mbit delay 300us limit 116",
    "small-delay": "netem rate 20mbit delay 230us limit 116",
    "loss": "netem rate 20mbit delay 200us limit 116 loss 90%",
    "short-queue": "netem rate 20mbit delay 200us limit 3",
    "no-queue": "pfifo limit 1000",
    "restored": "netem rate 20mbit delay 200us limit 116",
}
LOSSY_SEEDS = range(8)


def mininet_api(network: Network) -> dict[str, Any]:
    """What an engineer at Mininet's command line sees; what is left when he leaves."""
    before = _left_behind()
    net = ProvinceNet(network, seed=1)
    net.build()
    started = len(_processes())
    bridge = net["cu-jut"]
    seen: dict[str, Any] = {"shells_after_build": started - len(before["processes"])}
    seen["addresses"] = bridge.cmd("ip -4 addr")
    seen["routes"] = net["r-cu-jut"].cmd("ip -4 route")
    seen["names"] = [node.name for node in net.hosts]
    seen["intfs"] = {str(i): i.IP() for i in net[ROUTER_AT_MCU].intfList()}
    seen["links"] = len(net.links)
    with bridge.popen("ip -4 -o addr show media0", stdout=subprocess.PIPE, text=True) as process:
        seen["popen"] = process.communicate()[0]
    seen["pexec"] = list(bridge.pexec(["sh", "-c", "echo out; echo err >&2; exit 3"]))
    seen["ip"] = bridge.IP()
    seen["ping"] = bridge.cmd(f"ping -c 5 -i 0.2 {net['mcu'].IP()}")
    three = [net[name] for name in ("cu-jut", "mcu", "tuy-duc")]
    seen["mininet_ping_lost_pct"] = net.ping(three)
    seen["namespaces"] = len({os.fstat(net.namespace(n.id)).st_ino for n in network.nodes})
    left_running = bridge.popen(["sleep", "1000000"])
    net.stop()
    left_running.kill()
    left_running.wait()
    after = _left_behind()
    seen["left"] = {what: sorted(set(after[what]) - set(before[what])) for what in after}
    net.stop()  # as the end of a `with` does after somebody stopped it by hand
    return seen


def _left_behind() -> dict[str, list[str]]:
    """Processes, network namespaces that anything holds, and interfaces outside of namespaces."""
    held = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            held.append(os.readlink(f"/proc/self/fd/{fd}"))
        except FileNotFoundError:
            continue
    lsns = subprocess.run(["lsns", "-n", "-t", "net", "-o", "NS"], capture_output=True, text=True)
    return {
        "processes": _processes(),
        "held": [name for name in held if name.startswith("net:")],
        "lsns": lsns.stdout.split(),
        "named": os.listdir("/run/netns"),
        "interfaces": os.listdir("/sys/class/net"),
    }


def _processes() -> list[str]:
    """Ids of programs, ended ones that nobody has waited for included.

    The kernel's own threads, which are children of process 2, come and go.
    """
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        fields = Path("/proc", pid, "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        if fields[1] not in ("0", "2") or pid == "1":
            found.append(pid)
    return found


def probes(network: Network) -> dict[str, Any]:
    """What the probes find after somebody has changed the queue of r-0 towards r-1."""
    found = {}
    with ProvinceNet(network, seed=1) as net:
        interface = net.interfaces["l-0", "r-0"]
        for name, queue in TAMPERS.items():
            if queue:
                said = net["r-0"].cmd(f"tc qdisc replace dev {interface} root {queue}")
                if said.strip():
                    raise RuntimeError(said)
            found[name] = _faults(net)
        measured = probe.measure(net)
    worst = {
        "rate_off_pct": max(abs(p.rate_mbps / p.asked_rate_mbps - 1) * 100 for p in measured),
        "delay_off_us": max(abs(p.delay_us - p.asked_delay_us) for p in measured),
    }
    return {"faults": found, "worst": worst}


def lossy_probes(network: Network) -> list[str]:
    """All faults that the probes find on lossy lines that are as they were asked for."""
    found = []
    for seed in LOSSY_SEEDS:
        with ProvinceNet(network, seed) as net:
            found += _faults(net)
    return found


def _faults(net: ProvinceNet) -> list[str]:
    return [fault for p in probe.measure(net) if (fault := p.fault())]


def meeting(folder: Path, plan: Plan) -> dict[str, Any]:
    """A whole meeting; the marks of all datagrams on the wire between a router and the MCU."""
    captures = folder / "captures"
    captures.mkdir()
    with ProvinceNet(plan.network, plan.seed) as net:
        origin_ns = time.monotonic_ns() + 1_000_000_000
        access = plan.network.access_link(plan.network.mcu.id)
        with inside(net.namespace(ROUTER_AT_MCU)):
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
            wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            wire.bind((net.interfaces[access.id, ROUTER_AT_MCU], 3))
        namespaces = {call.bridge: net.namespace(call.bridge) for call in plan.calls}
        crew = [
            _fork(lambda: _run_mcu(net, plan, origin_ns, captures)),
            _fork(lambda: attend(plan, namespaces, origin_ns, captures)),
        ]
        seen: Counter[tuple[str, str, int]] = Counter()
        inbox = ReceiveBatch(1024, 2048)
        for second in range(int(plan.end_s) + 4):
            sleep_until(origin_ns + second * 1_000_000_000)
            while len(got := inbox.receive(wire.fileno())):
                seen.update(_marks(got.data, plan.network.address(plan.network.mcu.id)))
        wire.close()
        for process in crew:
            process.join()
        codes = [process.exitcode for process in crew]
    return {"exit_codes": codes, "marks": [[*key, number] for key, number in sorted(seen.items())]}


def _marks(frames: np.ndarray[Any, np.dtype[np.uint8]], mcu: str) -> list[tuple[str, str, int]]:
    """(what, direction, DSCP) of each UDP datagram; RFC 791, 768, 2474.

    RTCP is told from RTP by its packet type (RFC 5761 section 4), its medium by the bridge's port.
    """
    address = bytes(int(part) for part in mcu.split("."))
    marks = []
    for frame in frames:
        if int.from_bytes(frame[12:14].tobytes(), "big") != ETH_P_IP or frame[23] != 17:
            continue
        up = frame[30:34].tobytes() == address
        ports = [int.from_bytes(frame[at : at + 2].tobytes(), "big") for at in (34, 36)]
        payload_type = int(frame[43] & 0x7F)  # of RTP, if it is RTP
        what = "sip" if ports[1] == SIP_PORT else f"rtp-{payload_type}"
        if what != "sip" and 64 <= payload_type < 96:
            what = "rtcp-" + next(kind for kind, port in PORTS.items() if port in ports)
        marks.append((what, "up" if up else "down", int(frame[15]) >> 2))
    return marks


def _fork(run: Callable[[], None]) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=run, daemon=True)
    process.start()
    return process


def main(folder: Path) -> int:
    province, chain, lossy = (
        Network.model_validate_json((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("province", "chain", "lossy")
    )
    plan = Plan.model_validate_json((folder / "plan.json").read_text(encoding="utf-8"))
    for name, run in (
        ("mininet", lambda: mininet_api(province)),
        ("probes", lambda: probes(chain)),
        ("lossy-probes", lambda: lossy_probes(lossy)),
        ("meeting", lambda: meeting(folder, plan)),
    ):
        (folder / f"{name}.result.json").write_text(json.dumps(run()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
