"""All hops of a level at once give what hop after hop gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_factory import SCENARIOS

from giaoban.results.model.result import Result
from giaoban.results.model.series import STREAM_GROUPS
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.network.batched_transit import level_of, parts_of
from giaoban.scenarios.estimate.network.hops import is_steady
from giaoban.scenarios.estimate.network.paths import Paths, find_paths
from giaoban.scenarios.estimate.network.queues import Batch, BatchedFifo, Fifo, rate_from
from giaoban.scenarios.plan.question import Question, make_question
from tests.scenarios.trees import tree_scenario

LINKS = [(2.0, 190.0, 40, 0), (10.0, 5.0, 300, 24), (0.3, 2000.0, 12, -14)]
"""Mb/s, µs, packets, bytes that the rate counts beside a frame's own."""


@given(
    seed=st.integers(0, 2**32 - 1),
    calls=st.lists(st.integers(0, 300), min_size=1, max_size=6),
    load=st.floats(0.05, 1.5),
)
@settings(deadline=None)
def test_queues_side_by_side(seed: int, calls: list[int], load: float) -> None:
    """Also where some are full."""
    rng = np.random.default_rng(seed)
    rates = [rate_from(0, *link) for link in LINKS]
    alone = [Fifo([rate], link[1]) for rate, link in zip(rates, LINKS, strict=True)]
    wide = BatchedFifo(rates, [link[1] for link in LINKS])
    now_ns = 0
    for many in calls:
        if not many:
            continue
        mean_ns = 700 * 8e3 / 2.0 / load / len(LINKS)
        at_ns = now_ns + np.cumsum(rng.exponential(mean_ns, many)).astype(np.int64)
        now_ns = int(at_ns[-1])
        hop, size = rng.integers(0, len(LINKS), many), rng.integers(100, 1254, many)
        order = np.argsort(hop, kind="stable")
        at_ns, size, hop = at_ns[order], size[order].astype(np.int32), hop[order]
        hops, first = np.unique(hop, return_index=True)
        through = wide.serve(Batch(at_ns, size, hops, first))
        served = [alone[h].serve(at_ns[hop == h], size[hop == h]) for h in hops]
        lost = np.concatenate([s.lost for s in served]).tolist()
        assert (through.lost is not None) == any(lost)
        assert through.lost is None or through.lost.tolist() == lost
        assert through.out_ns.tolist() == np.concatenate([s.out_ns for s in served]).tolist()
        assert through.began_ns.tolist() == np.concatenate([s.began_ns for s in served]).tolist()
    loses = [
        one.equivalent == (rate.limit, rate.limit) for one, rate in zip(alone, rates, strict=True)
    ]
    assert loses == [
        found == (rate.limit, rate.limit)
        for found, rate in zip(wide.equivalent, rates, strict=True)
    ]


IMPAIRED = """
[[impairment]]
link = "access-b-1"
direction = "up"
from_s = 0.5
to_s = 4.0
jitter = { model = "gamma", shape = 2.0, scale_ms = 5.0, reorder = true }
loss = { model = "gilbert-elliott", p = 0.02, r = 0.25 }

[[impairment]]
link = "access-b-1"
direction = "down"
from_s = 1.0
to_s = 4.0
duplicate = 0.05
corrupt = 0.02
"""


def tree(folder: Path, bridges: int, impaired: str = "") -> Question:
    return make_question(tree_scenario(folder, bridges, "cif30-128k", impaired))


@pytest.mark.parametrize("step_packets", [2_000_000, 1])
def test_the_answer_is_that_of_hop_after_hop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_packets: int
) -> None:
    monkeypatch.setattr("giaoban.scenarios.estimate.limits.STEP_PACKETS", step_packets)
    question = tree(tmp_path, 20)
    assert is_steady(question.plan)
    found = estimate(question)
    monkeypatch.setattr("giaoban.scenarios.estimate.media.media.is_steady", lambda _plan: False)
    expected = estimate(question)
    assert found.result == expected.result
    assert found.result.accounting.packets_dropped_at_queues == 0
    for group in (*STREAM_GROUPS, "link_utilisation_pct"):
        curves = getattr(expected.series, group)
        assert curves
        for key, values in curves.items():
            np.testing.assert_array_equal(getattr(found.series, group)[key], values)


@pytest.mark.parametrize("line", [{"loss_pct": 0.02}, {"buffer_packets": 2, "loss_pct": 0.005}])
def test_so_it_is_where_packets_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: dict[str, float]
) -> None:
    question = tree(tmp_path, 3)
    network = question.plan.network
    links = [link.model_copy(update=line) for link in network.links]
    plan = question.plan.model_copy(update={"network": network.model_copy(update={"links": links})})
    accounting = as_hop_after_hop(replace(question, plan=plan), monkeypatch).accounting
    assert accounting.packets_dropped_at_queues + accounting.packets_lost_by_impairment > 0


def test_so_it_is_where_packets_are_held_back_doubled_and_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = as_hop_after_hop(tree(tmp_path, 3, IMPAIRED), monkeypatch)
    accounting = found.accounting
    assert min(accounting.packets_lost_by_impairment, accounting.packets_duplicated) > 0
    assert accounting.packets_damaged > 0
    reordered = (s.packets_reordered for p in found.phases for b in p.bridges for s in b.streams)
    assert any(reordered)


def as_hop_after_hop(question: Question, monkeypatch: pytest.MonkeyPatch) -> Result:
    """The result of an estimate, which is the same hop after hop."""
    assert is_steady(question.plan)
    found = estimate(question).result
    monkeypatch.setattr("giaoban.scenarios.estimate.media.media.is_steady", lambda _plan: False)
    assert found == estimate(question).result
    return found


def test_each_level_is_behind_all_that_comes_to_it(tmp_path: Path) -> None:
    paths = find_paths(tree(tmp_path, 20).plan)
    level = level_of(paths)
    assert set(level) == set(paths.in_order)
    ranks = [level[hop] for hop in paths.in_order]
    assert ranks == sorted(ranks)  # packets are put in order by this
    for path in range(len(paths.first)):
        own = [level[hop] for hop in paths.of(path)]
        assert own == sorted(set(own))


class Ways(NamedTuple):
    """Paths by the levels that they cross."""

    first: list[list[int]]

    def of(self, path: int) -> list[int]:
        return self.first[path]


@given(ways=st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=4), min_size=1, max_size=8))
def test_two_levels_are_of_one_part_if_any_paths_join_them(ways: list[list[int]]) -> None:
    parts = parts_of(cast(Paths, Ways(ways)), {level: level for level in range(13)})
    joined = {level: {level} for way in ways for level in way}
    for _ in joined:  # as far as there may be steps from one path to the next
        for way in ways:
            all_joined = set().union(*(joined[level] for level in way))
            joined |= dict.fromkeys(all_joined, all_joined)
    assert sorted(map(tuple, parts)) == sorted({tuple(sorted(each)) for each in joined.values()})


def test_what_goes_up_is_one_part_and_what_goes_down_another(tmp_path: Path) -> None:
    paths = find_paths(tree(tmp_path, 20).plan)
    parts = parts_of(paths, {hop: hop for hop in paths.in_order})
    ways = [sorted({hop for path in ways for hop in paths.of(path)}) for ways in up_and_down(paths)]
    assert sorted(map(list, parts)) == sorted(ways)


def up_and_down(paths: Paths) -> tuple[range, range]:
    return range(0, len(paths.first), 2), range(1, len(paths.first), 2)


@pytest.mark.parametrize(
    ("name", "steady"),
    [
        ("expansion-gia-nghia-quang-son", True),
        ("loss-on-one-access-link", True),
        ("policed-access-line", False),
        ("ring-cut-and-power-loss", False),
        ("background-without-classes", False),
        ("background-with-classes", False),
    ],
)
def test_what_is_steady(name: str, steady: bool) -> None:
    assert is_steady(make_question(SCENARIOS / f"{name}.toml").plan) == steady
