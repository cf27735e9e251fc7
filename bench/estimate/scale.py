"""`python -m bench.estimate.scale BRIDGES`: what a country of so many costs, as one JSON object.

`python -m bench.estimate.scale --whole [BRIDGES …]`: what a whole check by estimate of it costs.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.estimate import whole
from bench.estimate.schedule import NoMeter
from giaoban.clock import SECOND_NS
from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.scenarios.estimate.network.hops import servers_of
from giaoban.scenarios.estimate.network.packets import Packets
from giaoban.scenarios.estimate.network.paths import find_paths
from giaoban.scenarios.estimate.network.transit import Transit
from giaoban.scenarios.estimate.static import static_loads
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.plan.wire import around_bytes
from giaoban.scenarios.spec.generated_country import SCENARIO, tree_files
from giaoban.traffic.profiles import DEFAULT_PROFILE
from giaoban.traffic.rtp import AUDIO_PACKET_MS, AUDIO_PACKET_SAMPLES, HEADER_BYTES
from giaoban.traffic.sources.video_model import FrameSource, packetise

DRAWN = 32
"""Streams of pictures that are drawn from the model; all others are one of these, shifted."""
STEPS, STEP_NS = 4, 250_000_000


def main() -> int:
    """Build, route, load and simulate one country; with `--whole`, see `whole`."""
    parser = argparse.ArgumentParser(prog="python -m bench.estimate.scale", description=__doc__)
    parser.add_argument("bridges", type=int, nargs="*", metavar="BRIDGES")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--whole", action="store_true", help="whole checks, each in its own process")
    how.add_argument("--here", action="store_true", help="one whole check in this process")
    options = parser.parse_args()
    if options.whole:
        whole.table(options.bridges)
        return 0
    if len(options.bridges) != 1:
        parser.error("BRIDGES is one number (several only with --whole)")
    [bridges] = options.bridges
    if options.here:
        whole.here(bridges)
        return 0
    with tempfile.TemporaryDirectory(prefix="giaoban-bench-") as name:
        folder = Path(name)
        for file, text in tree_files(bridges, DEFAULT_PROFILE).items():
            (folder / file).write_text(text, encoding="utf-8")
        began = time.process_time()
        plan = make_question(folder / SCENARIO).plan
        planned = time.process_time()
    loads = static_loads(plan)
    loaded = time.process_time()
    if len(loads.joined) != bridges:
        raise RuntimeError(f"{len(loads.joined)} of {bridges} bridges joined")
    network_s, packets = _network(plan)
    figures = {
        "bridges": bridges,
        "plan_s": planned - began,
        "loads_s": loaded - planned,
        "network_s": network_s,
        "packets": packets,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def _network(plan: Plan) -> tuple[float, int]:
    """Processor time for a second of everybody's packets through all queues; how many these are.

    Making the packets is not in it. Raises `RuntimeError` if one of them is not accounted for.
    """
    pictures, sound = _pictures(plan), _sound(plan)
    rng = np.random.default_rng(plan.seed)
    shift = rng.integers(0, SECOND_NS, len(plan.streams))
    drawn = rng.integers(0, DRAWN, len(plan.streams))
    took, put, ended = 0.0, 0, 0
    began = time.process_time()
    paths, flows = find_paths(plan), Flows.of(plan)
    transit = Transit(paths, flows.path_of, servers_of(plan, paths, flows), {}, NoMeter())
    first_hop = [paths.of(int(path))[0] for path in flows.path_of[: len(plan.streams)]]
    order = paths.in_order
    took += time.process_time() - began
    for step in range(STEPS + 1):
        from_ns, until_ns = step * STEP_NS, (step + 1) * STEP_NS
        for stream in plan.streams if step < STEPS else ():
            at_ns, size = pictures[drawn[stream.index]] if stream.kind == "video" else sound
            packets = _part(at_ns, size, int(shift[stream.index]), from_ns, until_ns, stream.index)
            put += len(packets.at_ns)
            transit.put(first_hop[stream.index], packets)
        began = time.process_time()
        ended += len(transit.run(order, until_ns if step < STEPS else 2**62).at_ns)
        took += time.process_time() - began
    if put != ended:
        raise RuntimeError(f"{put} packets were sent, {ended} came")
    return took, put


def _part(
    at_ns: NDArray[np.int64],
    size: NDArray[np.int32],
    shift_ns: int,
    from_ns: int,
    until_ns: int,
    flow: int,
) -> Packets:
    """Of a stream that repeats every second, what is sent between two moments."""
    around = -int(np.searchsorted(at_ns, SECOND_NS - shift_ns))  # these come in the next second
    own = np.roll((at_ns + shift_ns) % SECOND_NS, around)
    sizes = np.roll(size, around)
    first, last = np.searchsorted(own, [from_ns, until_ns])
    n = int(last - first)
    number = np.arange(first, last)
    return Packets(own[first:last], sizes[first:last], np.full(n, flow, np.int32), number)


def _pictures(plan: Plan) -> list[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """A second of each drawn stream: (when, in ns; bytes on the wire), paced within its frames."""
    fps, around = round(plan.video.fps), around_bytes(plan)
    found = []
    for number in range(DRAWN):
        frames = FrameSource(plan.video, np.random.default_rng([plan.seed, number])).take(fps)
        packets = packetise(frames, plan.video)
        n = len(packets.size)
        at_ns = (np.arange(n, dtype=np.int64) * SECOND_NS) // n
        found.append((at_ns, (packets.size + HEADER_BYTES + around).astype(np.int32)))
    return found


def _sound(plan: Plan) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    at_ns = np.arange(0, SECOND_NS, AUDIO_PACKET_MS * 1_000_000, dtype=np.int64)
    size = HEADER_BYTES + AUDIO_PACKET_SAMPLES + around_bytes(plan)
    return at_ns, np.full(len(at_ns), size, np.int32)


if __name__ == "__main__":
    sys.exit(main())
