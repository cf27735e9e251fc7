"""What the model leaves out: one list, which the documents and the answers tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scenario_factory import SCENARIOS, scenario

from giaoban.errors import InputError
from giaoban.mcu_sim.device import DelayFigure, KeyFrameDelayFigure, SetupDelayFigure
from giaoban.results.report.unmodelled_words import left_out_of
from giaoban.scenarios.measure.unmodelled import UNMODELLED, LeftOut, left_out, unmodelled
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.tomlfile import load
from giaoban.translation import translator
from scripts.docs.unmodelled import PAGES, with_table

KIND, GROWS = "processing-under-load", "delay-by-load"


@pytest.mark.parametrize("lang", PAGES)
def test_the_documents_have_the_list_as_it_is(lang: str) -> None:
    page = PAGES[lang].read_text(encoding="utf-8")
    assert with_table(page, lang) == page, "python -m scripts.docs.unmodelled"
    other = page.replace(left_out()[0].what if lang == "en" else left_out()[0].what_vi, "x")
    assert with_table(other, lang) == page != other


def of(name: str, *, estimate: bool) -> set[str]:
    question = make_question(SCENARIOS / f"{name}.toml")
    return {each.id for each in unmodelled(question, estimate=estimate)}


def test_a_question_is_told_what_concerns_it() -> None:
    plain = of("expansion-gia-nghia-quang-son", estimate=False)
    assert {"other-traffic", "failures", "policing", "unmeasured-loss", "rooms"} <= plain
    assert not plain & {"tcp", "signalling-in-queues", "other-routers", "joining-at-once"}
    estimated = of("expansion-gia-nghia-quang-son", estimate=True)
    assert estimated - plain == {"signalling-in-queues"}
    shared = of("background-without-classes", estimate=False)
    assert {"tcp", "bursts-of-other-traffic"} <= shared
    assert "other-traffic" not in shared
    broken = of("ring-cut-and-power-loss", estimate=False)
    assert {"protection-below-ip", "other-routers"} <= broken
    assert "failures" not in broken
    again, fec = (of(f"lossy-line-with-{how}", estimate=False) for how in ("retransmission", "fec"))
    assert "loss-repair" in plain - again
    assert fec ^ again == {"fec-rate"}
    assert "repair-in-two-ways" in (fec & again) - plain
    assert "error-concealment" in plain


def test_where_errors_are_concealed_it_is_told_how_they_are_counted(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml", more="[meeting]\nerror_concealment = true\n")
    found = {each.id for each in unmodelled(make_question(file), estimate=False)}
    assert found & {"error-concealment", "visibility-of-damage"} == {"visibility-of-damage"}


@pytest.mark.parametrize(
    ("delays", "told"),
    [
        ((), {KIND}),
        (("compose_delay",), {KIND, GROWS}),
        (("audio_mix_delay",), {KIND, GROWS}),
        (("audio_mix_delay", "compose_delay"), {KIND, GROWS}),
        (("audio_mix_delay", "compose_delay", "setup_delay", "key_frame_delay"), {GROWS}),
        (("setup_delay",), {KIND, GROWS}),
        (("forward_delay",), {KIND}),
        (("audio_mix_delay", "forward_delay"), {KIND, GROWS}),
    ],
)
def test_a_delay_that_stays_is_told_and_one_that_counts_nowhere_is_not(
    tmp_path: Path, delays: tuple[str, ...], told: set[str]
) -> None:
    """Pictures are composed here: those that are passed on come at no time that counts."""
    question = by_load(make_question(scenario(tmp_path / "s.toml")), *delays)
    assert {each.id for each in unmodelled(question, estimate=True)} & {KIND, GROWS} == told
    none = by_load(question, *delays, more_ms=0.0)
    assert {each.id for each in unmodelled(none, estimate=True)} & {KIND, GROWS} == {KIND}


def by_load(question: Question, *delays: str, more_ms: float = 100.0) -> Question:
    """The same with these delays of the device growing until it is full."""
    device = question.plan.device
    known: dict[str, DelayFigure] = {
        "setup_delay": SetupDelayFigure(delay_ms=0.0, source="test"),
        "key_frame_delay": KeyFrameDelayFigure(delay_ms=140.0, source="test"),
    }
    grown = {
        name: (getattr(device, name) or known[name]).model_copy(
            update={"more_at_capacity_ms": more_ms}
        )
        for name in delays
    }
    plan = question.plan.model_copy(update={"device": device.model_copy(update=grown)})
    return replace(question, plan=plan)


def test_short_phases_are_told(tmp_path: Path) -> None:
    question = make_question(scenario(tmp_path / "s.toml", phases=(2.0, 2.0, 2.0)))
    assert "joining-at-once" in {each.id for each in unmodelled(question, estimate=True)}


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_sentence_for_a_letter_names_each_with_its_direction(lang: str) -> None:
    found = left_out()
    said = translator(lang).say(left_out_of(found))
    for each in found:
        assert said.count(each.what if lang == "en" else each.what_vi) >= 1
    assert "too kind" in said if lang == "en" else "dễ dãi" in said
    kind = [each for each in found if each.errs == "too-strict"]
    assert "dễ dãi" not in translator("vi").say(left_out_of(kind))


def test_an_entry_stands_once_and_says_a_direction(tmp_path: Path) -> None:
    text = UNMODELLED.read_text(encoding="utf-8")
    twice = tmp_path / "twice.toml"
    twice.write_text(text.replace('id = "tcp"', 'id = "hours"'), encoding="utf-8")
    with pytest.raises(InputError, match='two entries have the id "hours"'):
        load(twice, LeftOut)
    twice.write_text(text.replace('errs = "either"', 'errs = "both"', 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"errs = 'both': is not known"):
        load(twice, LeftOut)
