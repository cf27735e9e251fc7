"""The plan: everything that is fixed before an emulation starts, and nothing left to chance."""

from __future__ import annotations

import cProfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_factory import NORTH, SCENARIOS, scenario

from giaoban.errors import InputError
from giaoban.scenarios.plan.plan import CLOSING_S, Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.topology.lines.impairments import GilbertElliott
from giaoban.topology.network import Hop
from giaoban.traffic import rtp
from giaoban.traffic.impairments import BernoulliLoss, GammaJitter, Impairments, Interval
from tests.laws import examples
from tests.scenarios.trees import tree_scenario

EXAMPLES = sorted(SCENARIOS.glob("*.toml"))


def plan_of(path: Path, **how: int) -> Plan:
    return make_question(path, **how).plan


def new_bridges(count: int) -> tuple[dict[str, object], ...]:
    return tuple({**NORTH, "id": f"new-{n}"} for n in range(count))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_load(path: Path) -> None:
    assert load_scenario(path).id == path.stem
    assert plan_of(path).scenario_id == path.stem


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_same_seed_gives_the_same_plan(path: Path) -> None:
    assert plan_of(path).model_dump_json() == plan_of(path).model_dump_json()
    other = plan_of(path, seed=2)
    assert other.model_dump_json() != plan_of(path).model_dump_json()
    # a seed changes what is drawn, not the network or the timetable
    assert (other.network, other.phases) == (plan_of(path).network, plan_of(path).phases)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_a_plan_survives_its_json(path: Path) -> None:
    plan = plan_of(path)
    assert Plan.model_validate_json(plan.to_json()) == plan


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**31 - 1),
    new=st.integers(1, 40),
    phases=st.tuples(*[st.floats(2, 3600).map(lambda s: round(s, 1))] * 3),
)
def test_timetable(tmp_path: Path, seed: int, new: int, phases: tuple[float, float, float]) -> None:
    file = scenario(tmp_path / "s.toml", bridges=new_bridges(new), phases=phases, seed=seed)
    plan = plan_of(file)
    before, during, after = plan.phases
    lengths = [phase.end_s - phase.start_s for phase in plan.phases]
    assert lengths == pytest.approx(phases)
    assert (before.end_s, during.end_s) == (during.start_s, after.start_s)
    # whole seconds, since links are sampled each second
    assert before.start_s == int(before.start_s)
    dials = [call.dial_s for call in plan.calls]
    assert len(set(dials)) == len(dials)
    existing = [call for call in plan.calls if not call.new]
    added = [call for call in plan.calls if call.new]
    assert all(0 < call.dial_s <= before.start_s - 1 for call in existing)
    assert len(added) == new
    assert all(during.start_s < call.dial_s < during.end_s for call in added)
    assert [c.dial_s for c in added] == sorted(c.dial_s for c in added)
    assert plan.hang_up_s == pytest.approx(after.end_s + CLOSING_S)
    assert plan.end_s > plan.hang_up_s + 1


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31 - 1), new=st.integers(1, 40))
def test_streams_are_told_apart(tmp_path: Path, seed: int, new: int) -> None:
    plan = plan_of(scenario(tmp_path / "s.toml", bridges=new_bridges(new), seed=seed))
    assert [s.index for s in plan.streams] == list(range(4 * (2 + new)))
    assert _all_different(s.ssrc for s in plan.streams)
    assert _all_different(s.seed for s in plan.streams)
    used = [i for call in plan.calls for i in (*call.up.values(), *call.down.values())]
    assert sorted(used) == list(range(len(plan.streams)))
    for call in plan.calls:
        for direction, indices in (("up", call.up), ("down", call.down)):
            assert set(indices) == {"audio", "video"}
            for kind, index in indices.items():
                stream = plan.streams[index]
                said = (stream.bridge, stream.kind, stream.direction)
                assert said == (call.bridge, kind, direction)


def _all_different(values: Iterable[int]) -> bool:
    listed = list(values)
    return len(set(listed)) == len(listed)


def test_headers_are_what_the_streams_say(tmp_path: Path) -> None:
    """The template goes on the wire, the other figures go to the measuring side: they agree."""
    plan = plan_of(scenario(tmp_path / "s.toml"))
    for stream in plan.streams:
        header = bytes.fromhex(stream.header_hex)
        assert int.from_bytes(header[2:4], "big") == stream.first_sequence
        assert int.from_bytes(header[4:8], "big") == stream.first_timestamp
        assert int.from_bytes(header[8:12], "big") == stream.ssrc
        assert header[1] == {"audio": 8, "video": 97}[stream.kind]
        assert len(header) == rtp.HEADER_BYTES


def test_a_new_bridge_changes_nothing_of_the_existing_ones(tmp_path: Path) -> None:
    """Else a difference could come from other random numbers and not from the bridge."""
    one = plan_of(scenario(tmp_path / "one.toml", bridges=new_bridges(1)))
    two = plan_of(scenario(tmp_path / "two.toml", bridges=new_bridges(2)))
    count = len(one.streams)
    assert two.streams[:count] == one.streams
    assert two.calls[:2] == one.calls[:2]
    assert [two.network.address(c.bridge) for c in one.calls] == [
        one.network.address(c.bridge) for c in one.calls
    ]


def test_impairments_go_to_their_streams_alone(tmp_path: Path) -> None:
    """In time counted from the run's origin; what has no beginning holds from there."""
    more = """
[[impairment]]
bridge = "east"
kind = "audio"
from_s = 1.0
to_s = 2.5
loss = { model = "bernoulli", p = 0.1 }

[[impairment]]
bridge = "east"
kind = "audio"
from_s = 2.5
corrupt = 0.2

[[impairment]]
bridge = "north"
direction = "down"
jitter = { model = "gamma", shape = 2.0, scale_ms = 3.0 }
"""
    plan = plan_of(scenario(tmp_path / "s.toml", more=more))
    start_s = plan.phases[0].start_s
    touched = {
        (s.bridge, s.kind, s.direction): s.impairments for s in plan.streams if s.impairments
    }
    jitter = Impairments(jitter=GammaJitter(shape=2.0, scale_ms=3.0))
    assert touched == {
        ("east", "audio", "up"): [
            Interval(
                from_s=start_s + 1,
                to_s=start_s + 2.5,
                what=Impairments(loss=BernoulliLoss(p=0.1)),
            ),
            Interval(from_s=start_s + 2.5, what=Impairments(corrupt=0.2)),
        ],
        ("north", "audio", "down"): [Interval(what=jitter)],
        ("north", "video", "down"): [Interval(what=jitter)],
    }
    assert plan.lines == []


def test_impairments_of_links_go_to_their_directions(tmp_path: Path) -> None:
    more = """
[[impairment]]
link = "west--east"
from_s = 1.0
rate = { kbps = 2000.0, buffer_packets = 7 }

[[impairment]]
link = "access-north"
direction = "up"
to_s = 3.0
loss = { model = "gilbert", p = 0.1, r = 0.5 }
"""
    plan = plan_of(scenario(tmp_path / "s.toml", more=more))
    start_s = plan.phases[0].start_s
    assert [(line.hop, line.from_s, line.to_s, line.rate_mbps) for line in plan.lines] == [
        (Hop("access-north", "north", "r-east"), 0.0, start_s + 3, None),
        (Hop("west--east", "r-east", "r-west"), start_s + 1, None, 2.0),
        (Hop("west--east", "r-west", "r-east"), start_s + 1, None, 2.0),
    ]
    assert [line.buffer_packets for line in plan.lines] == [None, 7, 7]
    assert plan.lines[0].what.loss == GilbertElliott(p=0.1, r=0.5)
    assert not any(s.impairments for s in plan.streams)


def test_slides_go_from_one_bridge_to_all_others(tmp_path: Path) -> None:
    """And change nothing of the other streams' identifiers."""
    more = '[content]\nbridge = "west"\nfrom_s = 1.0\nto_s = 3.0\nkbps = 500.0'
    without = plan_of(scenario(tmp_path / "s.toml"))
    plan = plan_of(scenario(tmp_path / "s.toml", more=more))
    assert plan.streams[: len(without.streams)] == without.streams
    slides = {(s.bridge, s.kind, s.direction) for s in plan.streams[len(without.streams) :]}
    assert slides == {
        ("west", "content", "up"),
        ("east", "content", "down"),
        ("north", "content", "down"),
    }
    start_s = plan.phases[0].start_s
    assert [(c.at_s, c.do.model_dump()["participant"]) for c in plan.controls] == [
        (start_s + 1, "west"),
        (start_s + 3, None),
    ]


def test_a_province_can_be_replaced(tmp_path: Path) -> None:
    """`--province` counts for bridges and routers alike."""
    example = SCENARIOS / "expansion-thin-link.toml"
    with pytest.raises(InputError, match="unknown router"):
        make_question(example, province_path=Path(__file__).parents[2] / "topology" / "small.toml")


def test_the_work_grows_with_the_bridges_and_no_faster(tmp_path: Path) -> None:
    """Function calls, which do not mind how busy the machine is: n log n is 2.2 times as many."""

    def calls(bridges: int) -> int:
        path = tree_scenario(tmp_path, bridges, "720p30-2m")
        profile = cProfile.Profile()
        profile.runcall(make_question, path)
        return sum(each.callcount for each in profile.getstats())  # type: ignore[attr-defined]

    calls(2)  # what is loaded and compiled once
    assert calls(400) < 2.3 * calls(200)
