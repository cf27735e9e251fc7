"""Scenarios with lines whose queues drop before they are full: what refuses them, the example."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import SCENARIOS, SMALL, giaoban, scenario

from giaoban.scenarios.measure.unmodelled import unmodelled
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.topology.lines.queue_discipline import FqCodel

FQ_CODEL = """
[[link]]
link = "access-west"
source = "test"
[link.queue]
discipline = "fq_codel"
source = "test"
"""
CLASSES = '[qos]\nscheduling = "classes"\nsource = "test"\n'


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--estimate"),
        ("headroom", "--jobs", "1"),
        ("whatif", "--more", "1"),
        ("sensitivity", "--worlds", "0"),
    ],
)
def test_what_adds_up_or_estimates_refuses_them(words: tuple[str, ...], tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml", more=FQ_CODEL)
    command, *more = words
    ran = giaoban(command, file, *more, "--results", tmp_path / "runs")
    assert (ran.code, ran.out) == (2, "")
    said = "queue of access-west: what fq_codel drops before it is full is emulated"
    assert said in " ".join(ran.err.split())


def test_not_on_a_line_whose_packets_wait_by_class(tmp_path: Path) -> None:
    """In the scenario's own change, and where the province has it and the scenario the classes."""
    ran = giaoban("check", scenario(tmp_path / "s.toml", more=FQ_CODEL + CLASSES))
    assert (ran.code, ran.out) == (2, "")
    said = " ".join(ran.err.split())
    assert "link[0].queue.discipline = 'fq_codel': a line whose packets wait by class" in said
    text = SMALL.read_text(encoding="utf-8")
    end = text.index('[[bridge]]\nid = "east"')
    table = '[bridge.queue]\ndiscipline = "codel"\nsource = "test"\n\n'
    (tmp_path / "province.toml").write_text(text[:end] + table + text[end:], encoding="utf-8")
    file = scenario(tmp_path / "c.toml", province="province.toml", more=CLASSES)
    ran = giaoban("check", file)
    assert (ran.code, ran.out) == (2, "")
    assert "access-west has another: a line whose packets wait by class" in " ".join(
        ran.err.split()
    )
    taken = CLASSES + FQ_CODEL.replace("fq_codel", "tail_drop")
    file = scenario(tmp_path / "t.toml", province="province.toml", more=taken)
    assert make_question(file).plan.network.link("access-west").queue is None


def test_it_is_left_out_of_what_is_left_out(tmp_path: Path) -> None:
    def ids(more: str) -> list[str]:
        question = make_question(scenario(tmp_path / "s.toml", more=more))
        return [each.id for each in unmodelled(question, estimate=False)]

    assert "queue-disciplines" in ids("")
    assert "queue-disciplines" not in ids(FQ_CODEL)


def test_the_example_is_the_download_with_smaller_calls_and_a_discipline() -> None:
    with_it, without = (
        load_scenario(SCENARIOS / f"download-{name}.toml")
        for name in ("with-fq-codel", "without-classes")
    )
    assert (with_it.background, with_it.phases, with_it.seed) == (
        without.background,
        without.phases,
        without.seed,
    )
    plan = make_question(SCENARIOS / "download-with-fq-codel.toml").plan
    assert [link.id for link in plan.network.links if link.queue] == ["access-cu-jut"]
    assert isinstance(plan.network.link("access-cu-jut").queue, FqCodel)
