"""Where packets go behind a hop: told once where all go the same way, else packet by packet."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scenario_factory import scenario

from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.scenarios.estimate.network.hops import servers_of
from giaoban.scenarios.estimate.network.packets import Packets
from giaoban.scenarios.estimate.network.paths import END, find_paths
from giaoban.scenarios.estimate.network.queues import Served
from giaoban.scenarios.estimate.network.transit import FlowOf, Transit
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from tests.nights import at_night
from tests.scenarios.trees import tree_scenario


class _Crossed:
    """Hops in the order in which each flow's packets crossed them."""

    def __init__(self) -> None:
        self.of: dict[int, list[int]] = {}

    def passed(self, hop: int, size: NDArray[np.int32], flow_of: FlowOf, served: Served) -> None:
        assert len(size) == len(served.out_ns)
        for flow in flow_of().tolist():
            self.of.setdefault(flow, []).append(hop)


def tree(folder: Path, bridges: int) -> Plan:
    return make_question(tree_scenario(folder, bridges, "720p30-2m")).plan


def test_what_follows_every_hop_is_what_its_ways_say(tmp_path: Path) -> None:
    for plan in (tree(tmp_path, 60), make_question(scenario(tmp_path / "s.toml")).plan):
        paths = find_paths(plan)
        behind: dict[int, set[int]] = {}
        for path in range(len(paths.first)):
            own = [*paths.of(path), END]
            for hop, after in itertools.pairwise(own):
                behind.setdefault(hop, set()).add(after)
        only = {hop: next(iter(after)) for hop, after in behind.items() if len(after) == 1}
        assert paths.only_after == only
        assert any(len(after) > 1 for after in behind.values())  # and some hops are no such ones


def test_every_packet_comes_to_the_end_of_its_own_way(tmp_path: Path) -> None:
    """A packet a flow, to every bridge and back: each crosses its way's hops and no other."""
    plan = tree(tmp_path, 60)
    paths, flows = find_paths(plan), Flows.of(plan)
    crossed = _Crossed()
    transit = Transit(paths, flows.path_of, servers_of(plan, paths, flows), {}, crossed)
    streams = [stream.index for stream in plan.streams]
    for stream in reversed(streams):
        packet = (
            np.array([0], np.int64),
            np.array([1000], np.int32),
            np.array([stream], np.int32),
            np.array([stream], np.int64),
        )
        transit.put(paths.of(int(flows.path_of[stream]))[0], Packets(*packet))
    came = transit.run(paths.in_order, 10**12)
    assert sorted(came.flow.tolist()) == streams
    assert came.flow.tolist() == came.seq.tolist()
    for flow, at_ns in zip(came.flow.tolist(), came.at_ns.tolist(), strict=True):
        path = paths.of(int(flows.path_of[flow]))
        links = [paths.links[hop] for hop in path]
        least_ns = sum(k.delay_us * 1e3 + 8e6 / k.rate_mbps for k in links)
        assert crossed.of[flow] == path
        assert at_ns >= least_ns - len(path)  # each hop rounds by half a nanosecond at the most


@pytest.mark.parametrize("step_ns", [at_night(10**12), 3_000_000])
def test_packets_may_be_put_in_any_order_and_served_in_any_steps(
    tmp_path: Path, step_ns: int
) -> None:
    """Against one queue after another, each with all its packets in order."""
    plan = tree(tmp_path, 8)
    paths, flows = find_paths(plan), Flows.of(plan)
    rng = np.random.default_rng(8)
    stream = np.array([each.index for each in plan.streams for _ in range(40)], np.int32)
    n = len(stream)
    sent = Packets(
        rng.permutation(30_000_000)[:n].astype(np.int64),
        rng.integers(100, 1300, n).astype(np.int32),
        stream,
        np.arange(n),
    )
    arrival = np.zeros(n, np.int64)
    at_ns = sent.at_ns.copy()
    path_of = flows.path_of[stream]
    for hop in paths.in_order:
        mine = np.flatnonzero([hop in paths.of(int(path)) for path in path_of])
        mine = mine[np.argsort(at_ns[mine])]
        server = servers_of(plan, paths, flows)[hop]
        served, left = server.serve(at_ns[mine], sent.size[mine], lambda: stream, 2**62)
        assert left is None
        at_ns[mine] = served.out_ns
    transit = Transit(paths, flows.path_of, servers_of(plan, paths, flows), {}, _Crossed())
    for start_ns in range(0, int(at_ns.max()) + step_ns, step_ns):
        now = np.flatnonzero((sent.at_ns >= start_ns) & (sent.at_ns < start_ns + step_ns))
        for place in rng.permutation(now).tolist():
            part = sent.take(slice(place, place + 1))
            transit.put(paths.of(int(path_of[place]))[0], part)
        came = transit.run(paths.in_order, start_ns + step_ns)
        arrival[came.seq] = came.at_ns
    assert arrival.tolist() == at_ns.tolist()
