"""The yardstick: ns-3 sends bare UDP of the same rates and sizes over the same network."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import numpy as np

from bench.inputs import Size
from giaoban.errors import MachineLacks
from giaoban.scenarios.plan.plan import Plan
from giaoban.topology.addressing import host, prefix
from giaoban.topology.network import Network
from giaoban.topology.routing import shortest_paths
from giaoban.traffic import rtp
from giaoban.traffic.rtp import AUDIO_PACKET_MS, AUDIO_PACKET_SAMPLES
from giaoban.traffic.sources.video_model import FrameSource, VideoModel, packetise

SOURCE = Path(__file__).with_name("ns3_udp.cc")
MODULES = ("ns3-applications", "ns3-internet", "ns3-nix-vector-routing", "ns3-point-to-point")
INSTALL = "apt-get install g++ pkgconf libns3-dev"
ROUTINGS = ("static", "nix")
"""Static tables take the plan's own paths; nix-vector routing is ns-3's fastest, and takes the
path of the fewest hops."""
SCHEDULER = "ns3::PriorityQueueScheduler"  # the fastest of ns-3's with these networks
RUN_WITHIN_S = 600.0
SAMPLE_FRAMES = 3000


@dataclass(frozen=True)
class Flow:
    """Packets of one size at a fixed interval."""

    source: str
    target: str
    start_ns: int
    interval_ns: int
    udp_bytes: int


@dataclass(frozen=True)
class Simulation:
    """What ns-3 took. `speed`: simulated seconds per wall second, without building."""

    bridges: int
    routing: str
    seconds: float
    speed: float
    packets_per_s: float
    events: int
    build_s: float
    version: str


def measure(plan: Plan, size: Size, folder: Path, routing: str) -> Simulation:
    """Compile and run ns-3 on the plan's network with as many bridges as `size` has.

    Args:
        routing: one of ROUTINGS.

    Raises:
        MachineLacks: ns-3 or a compiler is missing, or does not do what is expected of it.
    """
    program = compiled(folder)
    bridges = [call.bridge for call in plan.calls][: size.bridges]
    flows = make_flows(plan.network.mcu.id, bridges, plan.video, plan.seed)
    file = folder / f"ns3-{size.bridges}.txt"
    file.write_text(describe(plan.network, flows), encoding="ascii")
    took = json.loads(run([str(program), str(file), str(size.seconds), routing, SCHEDULER]))
    if took["sent"] != took["received"]:
        raise MachineLacks(f"ns-3 lost packets: {took}", "none: the networks are not the same")
    return Simulation(
        bridges=size.bridges,
        routing=routing,
        seconds=size.seconds,
        speed=size.seconds / took["run_s"],
        packets_per_s=took["sent"] / size.seconds,
        events=took["events"],
        build_s=took["build_s"],
        version=version(),
    )


def make_flows(mcu: str, bridges: list[str], model: VideoModel, seed: int) -> list[Flow]:
    """Audio and video to the MCU and back for each bridge, evenly spaced at the mean rate.

    Flows start at random moments within one interval; the seed fixes them.
    """
    frames = FrameSource(model, np.random.default_rng(seed)).take(SAMPLE_FRAMES)
    packets = packetise(frames, model)
    video_ns = round(SAMPLE_FRAMES * 1e9 / model.fps / len(packets.size))
    video_bytes = rtp.HEADER_BYTES + round(float(packets.size.mean()))
    audio_ns, audio_bytes = AUDIO_PACKET_MS * 1_000_000, rtp.HEADER_BYTES + AUDIO_PACKET_SAMPLES
    rng = random.Random(seed)
    return [
        Flow(source, target, rng.randrange(interval_ns), interval_ns, udp_bytes)
        for bridge in bridges
        for source, target in ((bridge, mcu), (mcu, bridge))
        for interval_ns, udp_bytes in ((audio_ns, audio_bytes), (video_ns, video_bytes))
    ]


def describe(network: Network, flows: list[Flow]) -> str:
    """The network and its flows as the text that ns3_udp.cc reads."""
    number = numbers(network)
    lines = network_lines(network, {link.id: link.buffer_packets for link in network.links})
    for flow in flows:
        lines.append(
            f"flow {number[flow.source]} {number[flow.target]} {network.address(flow.target)} "
            f"{flow.start_ns} {flow.interval_ns} {flow.udp_bytes}"
        )
    return "\n".join(lines) + "\n"


def numbers(network: Network) -> dict[str, int]:
    """Node → its number in the text."""
    return {node.id: i for i, node in enumerate(network.nodes)}


def network_lines(network: Network, queues: Mapping[str, int]) -> list[str]:
    """Nodes, links and routes; `queues`: link → how many packets wait at each end.

    Tables hold no more than a meeting needs, since ns-3 reads a table to its end for each packet.
    """
    number = numbers(network)
    link_number = {link.id: i for i, link in enumerate(network.links)}
    lines = [f"nodes {len(network.nodes)}"]
    for link in network.links:
        lines.append(
            f"link {number[link.a]} {number[link.b]} {host(link.address_a)} {host(link.address_b)} "
            f"{round(link.rate_mbps * 1e6)} {round(link.delay_us * 1000)} {queues[link.id]}"
        )
    access = {prefix(link.address_a) for link in network.links if link.kind == "access"}
    mcu = prefix(network.access_link(network.mcu.id).address_a)
    routes = shortest_paths(network)
    for node in network.nodes:
        for route in routes.table(node.id):
            # a bridge sends to the MCU alone
            wanted = {mcu} if node.kind == "bridge" else access
            if route.via is not None and route.prefix in wanted:
                net = IPv4Network(route.prefix).network_address
                out = link_number[route.out_link]
                lines.append(f"route {number[node.id]} {net} {route.via} {out}")
    return lines


def compiled(folder: Path) -> Path:
    """The program, compiled into a folder once. Raises `MachineLacks`."""
    program = folder / "ns3_udp"
    if program.exists():
        return program
    if not shutil.which("g++") or not shutil.which("pkg-config"):
        raise MachineLacks("the yardstick needs a C++ compiler and ns-3", INSTALL)
    # -l only: what ns-3's own libraries link to need not be there as development files
    flags = run(["pkg-config", "--cflags-only-I", "--libs-only-l", *MODULES]).split()
    run(["g++", "-O2", "-std=c++20", str(SOURCE), "-o", str(program), *flags])
    return program


def version() -> str:
    """Of ns-3. Raises `MachineLacks`."""
    return run(["pkg-config", "--modversion", "ns3-core"]).strip()


def run(command: list[str]) -> str:
    """What a program prints. Raises `MachineLacks` if it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=RUN_WITHIN_S, check=False
    )
    if done.returncode:
        raise MachineLacks(f"{command[0]} failed:\n{done.stderr[-2000:]}", INSTALL)
    return done.stdout
