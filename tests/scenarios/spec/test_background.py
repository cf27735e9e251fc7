"""[[background]] tables: what they may not say, what is planned of them, when packets leave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scenario_factory import giaoban, scenario

from giaoban.results.judge.criteria import load_criteria
from giaoban.scenarios.measure.assumptions import assumptions
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.background import (
    BackgroundPlan,
    PoissonArrivals,
)
from giaoban.topology.lines.qos import AF41, BEST_EFFORT, EF
from giaoban.traffic.rtp import ETHERNET_BYTES, UDP_IP_BYTES

SHARE = 'link = "west--east"'
TABLE = (SHARE, "mbps = 5.0")
START_S = 3.0  # of the first phase in the small province


def background(*lines: str) -> str:
    return "\n".join(["[[background]]", *lines, 'source = "test"', ""])


def plan_of(folder: Path, *more: str) -> Plan:
    return make_question(scenario(folder / "scenario.toml", more="".join(more))).plan


@pytest.mark.parametrize(
    ("lines", "key", "said"),
    [
        ((SHARE,), "[[back", "has no rate or two (allowed: mbps or pct)"),
        ((*TABLE, "pct = 5.0"), "[[back", "has no rate or two (allowed: mbps or pct)"),
        (('link = "west-east"', "mbps = 1.0"), "link", '(did you mean "west--east"?)'),
        ((*TABLE, 'direction = "up"'), "direction", "r-west->r-east, r-east->r-west)"),
        (
            ('link = "access-west"', "mbps = 1.0", 'direction = "west->r-east"'),
            "direction",
            "is no direction of access-west (allowed: both, west->r-west, r-west->west, up, down)",
        ),
        ((SHARE, "mbps = 10001.0"), "mbps", "(allowed: 10000 or less)"),
        ((SHARE, "mbps = 0.0"), "mbps", "(allowed: more than 0)"),
        ((SHARE, "pct = 1001.0"), "pct", "(allowed: 1000 or less)"),
        ((*TABLE, "packet_bytes = 1501"), "packet_bytes", "(allowed: 1500 or less)"),
        ((*TABLE, "packet_bytes = 45"), "packet_bytes", "(allowed: 46 or more)"),
        ((*TABLE, "from_s = 6.0"), "from_s", "begins after the run (allowed: below 6 s)"),
        ((*TABLE, "to_s = 6.5"), "to_s", "ends after the run (allowed: up to 6 s)"),
        ((*TABLE, "from_s = 4.0", "to_s = 4.0"), "[[back", "to_s is not after from_s"),
        ((*TABLE, "from_s = 4.0", "to_s = 4.05"), "[[back", "flows for less than 0.1 s"),
        ((*TABLE, "from_s = 5.95"), "from_s", "flows for less than 0.1 s"),
        ((*TABLE, 'marked = "bulk"'), "marked", "(allowed: 'best-effort', 'video' or 'voice')"),
        ((*TABLE, "kbps = 1.0"), "kbps", 'unknown key (did you mean "mbps"?)'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, lines: tuple[str, ...], key: str, said: str
) -> None:
    file = scenario(tmp_path / "scenario.toml", more=background(*lines))
    ran = giaoban("check", file, "--results", tmp_path / "results")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    line = max(n for n, t in enumerate(file.read_text().splitlines(), 1) if t.startswith(key))
    assert f"scenario.toml:{line}: " in ran.err
    assert not (tmp_path / "results").exists()


def test_a_source_is_needed(tmp_path: Path) -> None:
    more = background(*TABLE).replace('source = "test"', "")
    ran = giaoban("check", scenario(tmp_path / "s.toml", more=more), "--results", tmp_path)
    assert ran.code == 2
    assert "background[0].source: is missing" in ran.err


def test_what_is_planned(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        background(SHARE, "pct = 20.0"),
        background('link = "access-west"', "mbps = 2.0", "from_s = 1.0", 'marked = "voice"'),
        background(*TABLE, 'direction = "r-east->r-west"', "to_s = 3.0", 'marked = "video"'),
    )
    assert plan.phases[0].start_s == START_S
    end_s = plan.phases[-1].end_s
    assert [(b.hop.direction, b.mbps, b.from_s, b.to_s, b.dscp) for b in plan.background] == [
        ("r-west->r-east", 20.0, 0.0, end_s, BEST_EFFORT),
        ("r-east->r-west", 20.0, 0.0, end_s, BEST_EFFORT),
        ("r-west->west", 2.0, START_S + 1.0, end_s, EF),
        ("r-east->r-west", 5.0, 0.0, START_S + 3.0, AF41),
    ]


def test_on_an_access_link_it_goes_down_up_or_both_ways(tmp_path: Path) -> None:
    kind = "mbps = 1.0"
    tables = [
        background('link = "access-west"', kind, f'direction = "{direction}"')
        for direction in ("up", "both", "down", "west->r-west")
    ]
    plan = plan_of(tmp_path, *tables, background('link = "access-west"', kind))
    up, down = "west->r-west", "r-west->west"
    told = [each.hop.direction for each in plan.background]
    assert told == [up, up, down, down, up, down]


def test_what_is_assumed_is_told(tmp_path: Path) -> None:
    assumed = 'assumed = true\nsettled_by = "a measurement"\nsettled_by_vi = "số liệu đo"'
    file = scenario(tmp_path / "scenario.toml", more=background(SHARE, "pct = 12.5", assumed))
    question = make_question(file)
    [told] = [
        a
        for a in assumptions(question, load_criteria())
        if a.what == "other traffic, link Tây – Đông"
    ]
    assert (told.value, told.value_vi) == ("12.5 %", "12,5 %")
    assert told.what_vi == "lưu lượng khác, tuyến Tây – Đông"
    assert told.settled_by_vi == "số liệu đo"


def test_a_scenario_may_put_classes_in_place_of_the_provinces_queues(tmp_path: Path) -> None:
    assert plan_of(tmp_path).network.qos is None
    qos = '[qos]\nscheduling = "classes"\nvideo_share_pct = 75.0\nsource = "test"\n'
    found = plan_of(tmp_path, qos).network.qos
    assert (found.scheduling, found.video_share_pct) == ("classes", 75.0)


def test_the_end_waits_for_the_classes_buffers(tmp_path: Path) -> None:
    """All that they hold is sent at the link's rate, and once more what came meanwhile."""
    qos = '[qos]\nscheduling = "classes"\nother_buffer_packets = 9000\nsource = "test"\n'
    packets = 64 + 128 + 1000 + 9000
    drain_s = packets * 1254 * 8 / 10e6
    plain, classes = plan_of(tmp_path), plan_of(tmp_path, qos)
    assert plain.end_s < classes.end_s
    assert classes.end_s - classes.hang_up_s == pytest.approx(5.0 + 2 * drain_s, abs=0.3)


PLAN = BackgroundPlan(
    link="l",
    source="a",
    target="b",
    from_s=2.0,
    to_s=62.0,
    mbps=10.0,
    packet_bytes=1200,
    dscp=0,
)


def test_frames_take_as_much_of_the_link_as_was_said() -> None:
    assert 1e9 / PLAN.mean_ns * (1200 + ETHERNET_BYTES) * 8 == pytest.approx(10e6)
    assert PLAN.payload_bytes == 1200 - UDP_IP_BYTES


def test_arrivals_are_a_poisson_process() -> None:
    """Within 4 standard deviations: as many as the rate says, gaps as spread as they are long."""
    times_ns = PoissonArrivals(PLAN, 7, 0).until(10**12)
    assert (times_ns >= 2e9).all()
    assert (times_ns < 62e9).all()
    assert (np.diff(times_ns) >= 0).all()
    n = 60e9 / PLAN.mean_ns
    assert abs(len(times_ns) - n) < 4 * n**0.5
    gaps = np.diff(times_ns)
    assert gaps.std() / gaps.mean() == pytest.approx(1.0, abs=4 / len(gaps) ** 0.5)
    # as many in one second as in any other: the variance of counts is their mean
    counts = np.histogram(times_ns, np.arange(2e9, 62.01e9, 1e8))[0]
    spread = counts.var() / counts.mean()
    assert spread == pytest.approx(1.0, abs=4 * (2 / len(counts)) ** 0.5)
