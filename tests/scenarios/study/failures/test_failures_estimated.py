"""Failures by estimate: what is found, how long it takes routers to turn, and what is refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import (
    giaoban,
    scenario,
)
from undrawn import undrawn

from giaoban.results.model.studies.failures import FailureResult, FaultsAnswer
from giaoban.results.report.view.page import FILE
from giaoban.scenarios.estimate.calls import timetable
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.ways import find_ways
from giaoban.scenarios.plan.question import make_question
from tests.nights import at_night
from tests.scenarios.rings import MEETINGS, ring_scenario

TRIED = ("mcu", "cut:a--b", "silent:a--b", "router:r-b", "site:c", "cut:a--b+cut:b--c")
SEEN_MS, SPF_MS, INSTALL_MS, BFD_MS, BFD_TIMES = 10, 100, 20, 100, 3
SPACING_MS = 20.0
"""Of packets of sound."""


def ring(folder: Path) -> Path:
    return ring_scenario(folder, id="ring")


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> FaultsAnswer:
    folder = tmp_path_factory.mktemp("ring")
    only = [word for ident in TRIED for word in ("--only", ident)]
    words = ("--estimate", "--jobs", "1", "--json", "--results", folder / "runs", *only)
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)
        ran = giaoban("faults", ring(folder), *words)
    assert ran.code in (0, 1), ran.err
    [run] = (folder / "runs").iterdir()
    told = FaultsAnswer.from_json((run / "faults.json").read_bytes())
    assert json.loads(ran.out) == json.loads(told.to_json())
    assert {path.name for path in (run / "failures").iterdir()} == {
        ident.replace(":", "-").replace("+", "_") for ident in TRIED
    }
    summary = (run / "summary.md").read_text(encoding="utf-8")
    assert "ESTIMATED: " in summary
    assert run.name.startswith("faults-ring-estimate-")
    page = (run / FILE).read_text(encoding="utf-8")
    assert "ƯỚC TÍNH: " in page
    return told


def failure(answer: FaultsAnswer, ident: str) -> FailureResult:
    [found] = [each for each in answer.failures if each.id == ident]
    return found


def of_bridge(answer: FaultsAnswer, ident: str, bridge: str) -> Any:
    [found] = [each for each in failure(answer, ident).bridges if each.bridge == bridge]
    return found


def test_it_says_that_it_is_an_estimate(answer: FaultsAnswer) -> None:
    assert (answer.engine.name, answer.is_estimate) == ("estimate", True)


def test_whom_a_failure_cuts_off(answer: FaultsAnswer) -> None:
    assert {ident: failure(answer, ident).cut_off for ident in TRIED} == {
        "mcu": ["a", "b", "c"],
        "cut:a--b": [],
        "silent:a--b": [],
        "router:r-b": ["b"],
        "site:c": ["c"],
        "cut:a--b+cut:b--c": ["b"],
    }


def test_the_slow_case_is_the_same_at_any_seed(tmp_path: Path) -> None:
    """A lost request for a key frame is repeated: at some seeds of a failure, not at all."""
    path, found = ring(tmp_path), []
    for seed in (1, 7):
        words = ("--estimate", "--only", "silent:a--b", "--json", "--results", tmp_path / "runs")
        with pytest.MonkeyPatch.context() as patch:
            undrawn(patch)
            ran = giaoban("faults", path, "--seed", seed, *words)
        [failed] = FaultsAnswer.from_json(ran.out.encode()).failures
        slow = failed.slow
        assert slow is not None
        assert failed.longest is not None
        assert slow.seeds == 20
        assert slow.interruption_ms >= failed.longest.ms
        assert failed.verdict == ("fail" if slow.interruption_ms > 1000 else "pass")
        found.append((failed.verdict, slow.over_limit, slow.at))
    assert found[0] == found[1]


def test_packets_go_the_other_way_round(answer: FaultsAnswer) -> None:
    for ident in ("cut:a--b", "silent:a--b"):
        moved = of_bridge(answer, ident, "b")
        assert moved.path_before == ["access-b", "a--b", "access-mcu"]
        assert moved.path_after == ["access-b", "b--c", "c--a", "access-mcu"]
    assert of_bridge(answer, "cut:a--b+cut:b--c", "b").path_after is None


def test_sound_is_away_for_as_long_as_the_timers_take(answer: FaultsAnswer) -> None:
    """Detection, at most two ticks of routers, and the routes taking effect; the picture comes with
    the next key frame, which is asked for."""
    noticed_ms = {
        "cut:a--b": (SEEN_MS, SEEN_MS),
        "silent:a--b": ((BFD_TIMES - 1) * BFD_MS, BFD_TIMES * BFD_MS),
    }
    for ident, (least_ms, most_ms) in noticed_ms.items():
        hit = of_bridge(answer, ident, "b")
        assert least_ms + INSTALL_MS - SPACING_MS <= hit.sound_interruption_ms
        assert hit.sound_interruption_ms <= most_ms + 2 * SPF_MS + INSTALL_MS + SPACING_MS
        assert hit.interruption_ms == hit.picture_interruption_ms >= hit.sound_interruption_ms
        assert hit.packets_lost
        assert not of_bridge(answer, ident, "c").interruption_ms


def test_the_link_that_is_left_carries_both_calls(answer: FaultsAnswer) -> None:
    loads = {
        ident: max(k.peak_pct for k in failure(answer, ident).links if k.id == "c--a")
        for ident in ("cut:a--b", "site:c")
    }
    assert loads["cut:a--b"] > 1.5 * loads["site:c"]


def test_failures_that_cannot_be_estimated_are_named_and_those_that_can(tmp_path: Path) -> None:
    """A pair goes with its parts, whether they are tried by themselves or not."""
    file = ring_scenario(
        tmp_path,
        more='[[background]]\nlink = "a--b"\nmbps = 2.0\nsource = "test"\n',
    )
    tried = (
        "cut:a--b",
        "router:r-b",
        "cut:b--c",
        "site:c",
        "cut:a--b+cut:b--c",
        "cut:a--b+cut:c--a",
    )
    only = [word for ident in tried for word in ("--only", ident)]
    words = ("--estimate", "--results", tmp_path / "runs", *only)
    ran = giaoban("faults", file, *words)
    assert ran.code == 2
    said, why, rest = ran.err.strip().split("\n")
    assert said.endswith("or try the others alone)")
    assert rest.strip() == "can be estimated: --only cut:b--c --only site:c"
    assert "cut:a--b, router:r-b, cut:a--b+cut:c--a: [[background]]" in why
    assert not list((tmp_path / "runs").glob("*"))


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("kind", ["cut", "site"])
def test_other_traffic_on_an_access_line_has_no_other_way(
    tmp_path: Path, direction: str, kind: str
) -> None:
    """What is lost by the fault is estimated: nothing goes round."""
    where = {"cut": 'link = "access-west"', "site": 'bridge = "west"\nboot_s = 0.5'}[kind]
    more = f"""
[[background]]
link = "access-west"
direction = "{direction}"
mbps = 2.0
source = "test"

[[fault]]
kind = "{kind}"
{where}
at_s = 3.0
to_s = 4.0
"""
    path = scenario(tmp_path / "s.toml", bridges=(), phases=(2, 4, 2), more=more)
    result = estimate(make_question(path)).result
    assert result.accounting.unaccounted == 0
    assert result.accounting.packets_lost_by_faults > 100


LOSSY = (
    '[[impairment]]\nlink = "c--a"\nloss = { model = "bernoulli", p = 0.01 }\nduplicate = 0.01\n'
)
KINDS = {
    "degrade": 'link = "access-b"\nloss_pct = 20.0\n',
    "rate-drop": 'link = "access-b"\nrate_mbps = 0.2\nbuffer_packets = 20\n',
    "flap": 'link = "a--b"\ndown_s = 0.3\nup_s = 0.4\n',
    "silent": 'link = "a--b"\ndirection = "r-a->r-b"\n',
    "router": 'router = "r-c"\n',
    "site": 'bridge = "c"\nboot_s = 0.5\n',
    "mcu": "boot_s = 0.5\n",
}
BESIDE = {
    "": "",
    "classes": '[qos]\nscheduling = "classes"\nsource = "t"\n',
    "lossy": LOSSY,
    **MEETINGS,
}


@pytest.mark.parametrize(
    ("kind", "beside"),
    [
        *((kind, "") for kind in KINDS),
        ("silent", "classes"),
        ("silent", "lossy"),
        # each way of failing once, in another meeting
        *(
            case if number % (len(MEETINGS) + 1) == 0 else at_night(*case)
            for number, case in enumerate(itertools.product(("silent", "site", "mcu"), MEETINGS))
        ),
    ],
)
def test_every_kind_is_estimated_and_every_packet_accounted_for(
    tmp_path: Path, kind: str, beside: str
) -> None:
    fault = f'[[fault]]\nkind = "{kind}"\n{KINDS[kind]}at_s = 2.5\nto_s = 3.7\n'
    file = ring_scenario(
        tmp_path,
        phases=(2.0, 2.5, 2.0),
        more=BESIDE[beside] + fault,
    )
    result = estimate(make_question(file)).result
    assert result.verdict != "invalid", result.reasons
    assert result.accounting.unaccounted == 0
    [told] = result.faults
    lost = {one.bridge for one in told.bridges if one.packets_lost}
    assert lost >= ({"c"} if kind in ("router", "site") else {"b"})


def test_an_mcu_that_starts_anew_has_its_bridges_back_by_their_timers(tmp_path: Path) -> None:
    """Each gives its call up after 10 s without sound, and dials in turn 5 s later; the MCU, which
    was back long before, knows nothing of the calls that still send to it, nor of who was muted."""
    mute = (
        '[[control]]\nat_s = 3.5\nby = "operator"\ndo = { command = "mute", participant = "b" }\n'
    )
    file = ring_scenario(
        tmp_path,
        phases=(2.0, 20.0, 4.0),
        more=mute + '[[fault]]\nkind = "mcu"\nat_s = 3.0\nto_s = 4.0\nboot_s = 0.5\n',
    )
    question = make_question(file)
    table = timetable(question.plan, find_ways(question.plan))
    told = [(each.event, each.t_ms) for each in table.events if each.bridge == "mcu"]
    origin_ms = question.plan.phases[0].start_s * 1e3
    assert told == [("powered-off", origin_ms + 3000), ("powered-on", origin_ms + 4500)]
    muted = [e.t_ms for e in table.events if e.event == "control" and e.bridge == "b"]
    assert muted == [origin_ms + 4500]  # what the operator could not do while it was off
    result = estimate(question).result
    assert result.accounting.unaccounted == 0
    [fault] = result.faults
    timers = question.profiles.recovery
    for number, one in enumerate(fault.bridges):
        assert (one.behind, one.redials, one.call_kept) == (True, 1, False)
        away_ms = 1e3 * (timers.media_timeout_s + timers.redial_every_s)
        assert one.sound_interruption_ms == pytest.approx(away_ms + 20 * number, abs=45)
