"""Which failures a network has, how each is tried, and what its measures come to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scenario_factory import DEFAULT, ROOT, SCENARIOS, scenario

from giaoban.errors import InputError
from giaoban.results.judge.baseline import read
from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.result import Result
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.records.guest import BridgeRoutes
from giaoban.scenarios.spec.failure_cases import chosen, find, pairs, possible
from giaoban.scenarios.spec.faults.kind import FaultContext
from giaoban.scenarios.spec.faults.plan import FaultPlan
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.scenarios.study.failures.observe import (
    before_and_after,
    no_measures,
    observe,
)
from giaoban.scenarios.study.failures.trial import (
    AT_S,
    DURING_S,
    LASTS_S,
    TIMING,
    possible_in,
    question_of,
    trial,
)
from giaoban.topology.load import load_province
from giaoban.topology.network import Network, build

EXPANSION = SCENARIOS / "expansion-gia-nghia-quang-son.toml"


@pytest.fixture
def network() -> Network:
    """The default province with the two bridges of the default scenario."""
    return build(load_province(DEFAULT), load_scenario(EXPANSION).new_bridges)


def group(ident: str, *links: str) -> Any:
    return SimpleNamespace(id=ident, name=ident.upper(), links=list(links))


# --------------------------------------------------------------------------------- which there are


def test_the_usual_failures_of_the_default_province(network: Network) -> None:
    found = [f.id for f in chosen(network, possible(network))]
    kinds = [ident.partition(":")[0] for ident in found]
    assert (kinds.count("cut"), kinds.count("router"), kinds.count("site")) == (10, 8, 8)
    assert len(found) == len(set(found)) == 36
    # light stays on at the far end of most leased circuits: each link fails both ways
    cut = {ident.partition(":")[2] for ident in found if ident.startswith("cut:")}
    assert cut == {ident.partition(":")[2] for ident in found if ident.startswith("silent:")}
    assert "access-mcu" in cut
    assert "site:gia-nghia" in found
    # its router is the same as the chair's, whose site is tried
    assert "site:gia-nghia-town" not in found


def test_options_add_and_only_picks(network: Network) -> None:
    singles = possible(network)
    usual = {f.id for f in chosen(network, singles)}
    more = {f.id for f in chosen(network, singles, access=True, mcu=True)}
    assert {ident.partition(":")[0] for ident in more - usual} == {"silent", "cut", "mcu"}
    for kind in ("cut", "silent"):
        assert len([i for i in more if i.startswith(f"{kind}:access-")]) == 11
    picked = chosen(network, singles, only=["mcu", "site:quang-son", "mcu"], with_pairs=True)
    assert [f.id for f in picked] == ["mcu", "site:quang-son"]


def test_pairs_are_of_links_and_routers_that_do_not_touch(network: Network) -> None:
    singles = possible(network)
    found = {f.id for f in pairs(network, singles.values())}
    # 9 links and 8 routers: every two of 17, but for each link with its two routers
    assert len(found) == 17 * 16 // 2 - 9 * 2
    assert "cut:cu-jut--krong-no+cut:gia-nghia--dak-song" in found
    assert "cut:cu-jut--krong-no+router:r-cu-jut" not in found
    assert "cut:cu-jut--krong-no+router:r-dak-mil" in found


def test_own_are_those_whose_power_or_only_line_it_takes(network: Network) -> None:
    found = possible(network, [group("cable", "gia-nghia--dak-song", "access-cu-jut")])
    at_the_mcu = ("gia-nghia", "gia-nghia-town", "quang-son")
    for ident, own in {
        "cut:access-mcu": (),
        "mcu": (),
        "cut:gia-nghia--dak-glong": (),
        "silent:access-cu-jut": ("cu-jut",),
        "cut:access-cu-jut": ("cu-jut",),
        "router:r-cu-jut": ("cu-jut",),
        "site:cu-jut": ("cu-jut",),
        "group:cable": ("cu-jut",),
        "router:r-gia-nghia": at_the_mcu,
        "site:gia-nghia": at_the_mcu,
        "router:r-dak-glong": ("dak-glong",),
    }.items():
        assert set(found[ident].own) == set(own), ident


ACCEPTED = """
[[accepted]]
failure = "{}"
reason = "one device, a spare one within a day"
reason_vi = "một thiết bị, có thiết bị dự phòng trong một ngày"
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (ACCEPTED.format("cut:west--eas"), 'no such failure (did you mean "cut:west--east"?)'),
        (ACCEPTED.format("mcu") * 2, "is accepted already"),
        (
            ACCEPTED.format("mcu+cut:west--east"),
            "no single point of failure (allowed: one of them)",
        ),
        (ACCEPTED.format("mcu").replace("một thiết bị, có", " "), ""),
        ('[[accepted]]\nfailure = "mcu"\nreason = " "\nreason_vi = "x"\n', "is empty"),
        ('[[accepted]]\nfailure = "mcu"\nreason = "x"\n', "reason_vi"),
    ],
)
def test_what_is_accepted_has_to_be_a_failure_with_a_reason(
    tmp_path: Path, more: str, said: str
) -> None:
    file = scenario(tmp_path / "s.toml", more=more)
    if not said:
        [item] = make_question(file).scenario.accepted
        assert item.failure == "mcu"
        return
    with pytest.raises(InputError) as told:
        make_question(file)
    assert said in str(told.value)
    assert "accepted" in str(told.value)


def test_groups_and_links_that_no_call_may_take(network: Network) -> None:
    data = network.model_dump()
    end = {**data["nodes"][0], "id": "r-end"}
    blind = {**data["links"][0], "id": "blind", "a": "r-end", "b": data["nodes"][0]["id"]}
    wider = Network.model_validate(
        {"nodes": [*data["nodes"], end], "links": [*data["links"], blind]}
    )
    cable = group("cable", "gia-nghia--dak-song", "gia-nghia--dak-r-lap")
    found = possible(wider, [cable, group("blinds", "blind")])
    assert found["group:cable"].tried == "usual"
    for ident in ("cut:blind", "silent:blind", "router:r-end", "group:blinds"):
        assert ident not in found


@pytest.mark.parametrize(
    ("ident", "said"),
    [
        ("cut:gia-nghia--dak-son", 'did you mean "cut:gia-nghia--dak-song"?'),
        ("gia-nghia", "no such failure"),
        ("mcu+mcu", "two different failures"),
        ("mcu+site:cu-jut+site:dak-mil", "two different failures"),
        ("mcu+", 'no such failure: ""'),
        ("", "no such failure"),
    ],
)
def test_an_unknown_failure(network: Network, ident: str, said: str) -> None:
    with pytest.raises(InputError) as told:
        find(possible(network), ident)
    assert said in str(told.value)


def test_a_pair_has_one_name_whichever_comes_first(network: Network) -> None:
    singles = possible(network)
    one, other = "router:r-cu-jut", "cut:gia-nghia--dak-song"
    assert find(singles, f"{one}+{other}") == find(singles, f"{other}+{one}")
    both = find(singles, f"{one}+{other}")
    assert both.id == f"{other}+{one}"
    assert len(both.faults) == len(both.elements) == 2
    assert not both.mended


# ---------------------------------------------------------------------------------- how it is tried


def test_a_trial_keeps_the_meeting_and_drops_what_has_its_times(tmp_path: Path) -> None:
    more = """
[content]
bridge = "west"
from_s = 50.0
to_s = 55.0
[[control]]
at_s = 40
by = "operator"
do = { command = "drop", participant = "east" }
[[impairment]]
bridge = "east"
loss = { model = "bernoulli", p = 0.01 }
[[impairment]]
bridge = "west"
from_s = 30.0
loss = { model = "bernoulli", p = 0.5 }
[[background]]
link = "west--east"
mbps = 5.0
source = "test"
[[background]]
link = "west--east"
mbps = 50.0
to_s = 40.0
source = "test"
[[fault]]
kind = "mcu"
at_s = 30.0
[thresholds]
audio-loss = 2.0
"""
    file = scenario(
        tmp_path / "s.toml", phases=(30, 30, 30), more=more, seed=5, profile="720p30-2m-content"
    )
    written = load_scenario(file)
    network = build(load_province(Path(written.province)), written.new_bridges)
    made = trial(written, possible(network)["cut:west--east"], FaultContext(network))
    assert made.phases.total_s == TIMING.before_s + TIMING.during_s + TIMING.after_s
    assert [i.bridge for i in made.impairments] == ["east"]
    assert [b.mbps for b in made.background] == [5.0]
    assert (made.content.bridge, made.content.from_s, made.content.to_s) == ("west", 0.0, None)
    assert made.controls == []
    [fault] = made.faults
    assert fault.model_dump(exclude_none=True) == {
        "kind": "cut",
        "link": "west--east",
        "at_s": AT_S,
        "to_s": AT_S + LASTS_S,
    }
    assert (made.seed, made.thresholds) == (5, {"audio-loss": 2.0})


def test_everybody_is_in_from_the_start_of_every_failure() -> None:
    """What a cut takes is mended within the trial; what has to start is not."""
    asked = make_question(EXPANSION)
    for ident, case in possible_in(asked).items():
        plan = question_of(asked, case).plan
        assert len(plan.calls) == 10
        start_s = plan.phases[0].start_s
        assert all(call.dial_s < start_s - 1.5 and not call.new for call in plan.calls)
        [fault] = plan.faults
        assert fault.at_s == start_s + AT_S
        assert plan.phases[1].start_s < fault.at_s
        assert plan.phases[1].end_s == plan.phases[1].start_s + DURING_S
        # while it is there, a load is measured in whole seconds after any new route
        mended = ident.partition(":")[0] in ("cut", "silent")
        assert fault.to_s == (plan.phases[1].end_s if mended else None), ident


def test_a_criterion_that_the_phases_are_too_short_for(tmp_path: Path) -> None:
    more = """
[[criterion]]
id = "late-loss"
name_en = "Loss after a while"
name_vi = "Mất gói sau một thời gian"
measure = { on = "stream", metric = "lost_pct" }
warm_up_s = 10.0
threshold = 1.0
unit = "%"
sense = "at-most"
source_en = "test"
source_vi = "thử"
"""
    asked = make_question(scenario(tmp_path / "s.toml", phases=(30, 30, 30), more=more))
    with pytest.raises(InputError, match="warm_up_s = 10"):
        question_of(asked, find(possible_in(asked), "mcu"))


# -------------------------------------------------------------------------------- what it comes to


PATHS = [
    BridgeRoutes(t_ms, {bridge: {"up": up, "down": ["y"]} for bridge, up in ways.items()})
    for t_ms, ways in (
        (100.0, {"a": ["access-a", "x"], "b": ["access-b"]}),
        (4100.0, {"a": ["access-a", "x"], "b": ["access-b"]}),
        (13_011.0, {"a": ["access-a", "y"], "b": None}),
        (19_000.0, {"a": ["access-a", "x"], "b": ["access-b"]}),
    )
]


def test_paths_before_and_after() -> None:
    window = {"failed_ms": 5000.0, "restored_ms": 13_100.0}
    assert before_and_after(PATHS, "a", **window) == (["access-a", "x"], ["access-a", "y"])
    assert before_and_after(PATHS, "b", **window) == (["access-b"], None)
    assert before_and_after([], "a", **window) == (None, None)
    assert before_and_after(PATHS[:2], "a", **window) == (["access-a", "x"], None)


def fault(*impacts: FaultImpact) -> FaultResult:
    return FaultResult(
        id="cut-x",
        kind="cut",
        target="link",
        target_id="x",
        at_s=5.0,
        restored_s=13.0,
        text_en="cable cut",
        text_vi="đứt cáp",
        bridges=list(impacts),
    )


def hit(bridge: str, ms: float, *, lost: int, **more: Any) -> FaultImpact:
    return FaultImpact(
        bridge=bridge,
        interruption_ms=ms,
        interrupted="video down" if ms else None,
        picture_interruption_ms=ms,
        packets_lost=lost,
        **{"behind": False, "cut_off": False, **more},
    )


def planned(to_s: float | None = 13.0, link: str = "x") -> FaultPlan:
    return FaultPlan(
        id="cut-x",
        kind="cut",
        target="link",
        target_id="x",
        at_s=5.0,
        to_s=to_s,
        links=[link],
        nodes=[],
    )


def result(*faults: FaultResult) -> Result:
    from tests.results import results_factory

    return results_factory.result().model_copy(update={"faults": list(faults)})


def test_what_one_failure_did(network: Network) -> None:
    failure = possible(network)["cut:gia-nghia--dak-song"]
    told = fault(
        hit("a", 310.0, lost=40, picture_again_ms=420.0),
        hit("b", 8000.0, lost=900, cut_off=True, behind=True, accepted=True, redials=2),
    )
    found = observe(failure, result(told), [planned()], PATHS)
    assert (found.interruption_ms, found.interruption_at) == (310.0, "a")
    assert found.packets_lost == 940
    assert found.cut_off == ["b"]
    assert found.lost_needlessly == []
    a, b = found.bridges
    assert (a.path_before, a.path_after) == (["access-a", "x"], ["access-a", "y"])
    assert a.picture_again_ms == 420.0
    assert (b.path_after, b.redials) == (None, 2)
    dark = observe(failure, result(told), [planned(link="access-a")], PATHS)
    assert dark.bridges[0].path_after is None
    during = result().phases[1]
    assert [(k.id, k.peak_pct) for k in found.links] == [(k.id, k.peak_pct) for k in during.links]


def test_of_a_pair_the_worse_counts(network: Network) -> None:
    both = find(possible(network), "cut:gia-nghia--dak-song+cut:dak-mil--cu-jut")
    one = fault(hit("a", 100.0, lost=7, picture_again_ms=200.0))
    other = fault(hit("a", 300.0, lost=5, cut_off=True, picture_again_ms=150.0))
    [impact] = observe(both, result(one, other), [planned(), planned(None)], []).bridges
    assert (impact.interruption_ms, impact.packets_lost, impact.cut_off) == (300.0, 7, True)
    assert impact.picture_again_ms == 200.0


def test_an_emulation_without_measures_is_invalid(network: Network) -> None:
    found = no_measures(possible(network)["mcu"], "it hung")
    assert (found.verdict, found.reasons, found.bridges) == ("invalid", ["it hung"], [])
    assert found.interruption_ms is None


def test_the_baseline_of_the_default_province_is_about_all_its_usual_failures(
    network: Network,
) -> None:
    """It is what the examples for CI compare with."""
    accepted = read("dak-nong")
    assert set(accepted.failure) == {f.id for f in chosen(network, possible(network))}
    assert set(accepted.bridges) == {bridge.id for bridge in network.bridges}
    assert accepted.failure["cut:gia-nghia--dak-glong"].cut_off == ["dak-glong"]
    for example in (".github/workflows/giaoban.yml", ".gitlab-ci.yml"):
        assert "--baseline dak-nong" in (ROOT / example).read_text(encoding="utf-8")
