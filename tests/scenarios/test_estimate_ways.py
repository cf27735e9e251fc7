"""Where packets go behind a hop: told once where all go the same way, else packet by packet."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from scenario_factory import scenario

from scenarios.estimate.flows import Flows
from scenarios.estimate.hops import servers_of
from scenarios.estimate.packets import Packets
from scenarios.estimate.paths import END, find_paths
from scenarios.estimate.queues import Served
from scenarios.estimate.transit import Transit
from scenarios.plan import Plan
from scenarios.question import make_question
from scenarios.tree import tree_files


class _Unread:
    def passed(self, hop: int, packets: Packets, served: Served) -> None:
        pass


def tree(folder: Path, bridges: int) -> Plan:
    for name, text in tree_files(bridges, "720p30-2m").items():
        (folder / name).write_text(text, encoding="utf-8")
    return make_question(folder / "scenario.toml").plan


def test_what_follows_every_hop_is_what_its_ways_say(tmp_path: Path) -> None:
    for plan in (tree(tmp_path, 60), make_question(scenario(tmp_path / "s.toml")).plan):
        paths = find_paths(plan)
        behind: dict[int, set[int]] = {}
        for way in range(len(paths.first)):
            own = [*paths.of(way), END]
            for hop, after in itertools.pairwise(own):
                behind.setdefault(hop, set()).add(after)
        only = {hop: next(iter(after)) for hop, after in behind.items() if len(after) == 1}
        assert paths.only_after == only
        assert any(len(after) > 1 for after in behind.values())  # and some hops are no such ones


def test_every_packet_comes_to_the_end_of_its_own_way(tmp_path: Path) -> None:
    """A packet a flow, to every bridge and back: each crosses its way's hops and no other."""
    plan = tree(tmp_path, 60)
    paths, flows = find_paths(plan), Flows.of(plan)
    transit = Transit(paths, flows.way_of, servers_of(plan, paths, flows), {}, _Unread())
    streams = [stream.index for stream in plan.streams]
    for stream in reversed(streams):
        packet = (
            np.array([0], np.int64),
            np.array([1000], np.int32),
            np.array([stream], np.int32),
            np.array([stream], np.int64),
            np.zeros(1, np.uint8),
        )
        transit.put(paths.of(int(flows.way_of[stream]))[0], Packets(*packet))
    came = transit.run(paths.in_order, 10**12)
    assert sorted(came.flow.tolist()) == streams
    assert came.flow.tolist() == came.seq.tolist()
    for flow, at_ns, step in zip(came.flow, came.at_ns, came.step, strict=True):
        way = paths.of(int(flows.way_of[flow]))
        links = [paths.links[hop] for hop in way]
        least_ns = sum(k.delay_us * 1e3 + 8e6 / k.rate_mbps for k in links)
        assert step == len(way)
        assert at_ns >= least_ns - len(way)  # each hop rounds by half a nanosecond at the most
