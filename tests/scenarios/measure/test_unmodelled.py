"""What the model leaves out: one list, which the documents and the answers tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import SCENARIOS, scenario

from giaoban.results.report.unmodelled_words import left_out_of
from giaoban.scenarios.measure.unmodelled import left_out, unmodelled
from giaoban.scenarios.plan.question import make_question
from giaoban.translation import translator
from scripts.docs.unmodelled import PAGES, with_table


@pytest.mark.parametrize("lang", PAGES)
def test_the_documents_have_the_list_as_it_is(lang: str) -> None:
    page = PAGES[lang].read_text(encoding="utf-8")
    assert with_table(page, lang) == page, "python -m scripts.docs.unmodelled"
    other = page.replace(left_out()[0].what if lang == "en" else left_out()[0].what_vi, "x")
    assert with_table(other, lang) == page != other


def of(name: str, *, estimate: bool) -> set[str]:
    question = make_question(SCENARIOS / f"{name}.toml")
    return {each.id for each in unmodelled(question, estimate=estimate)}


def test_where_losses_are_recovered_the_packets_for_it_are_left_out(tmp_path: Path) -> None:
    repair = '[meeting.repair]\nshare_pct = 90.0\nwithin_ms = 50.0\nsource = "test"\n'
    file = scenario(tmp_path / "s.toml", more=repair)
    found = {each.id for each in unmodelled(make_question(file), estimate=False)}
    assert found & {"loss-repair", "repair-packets"} == {"repair-packets"}


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
    assert {"loss-repair", "rate-adaptation", "error-concealment"} <= plain


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_sentence_for_a_letter_names_each_with_its_direction(lang: str) -> None:
    found = left_out()
    said = translator(lang).say(left_out_of(found))
    for each in found:
        assert said.count(each.what if lang == "en" else each.what_vi) >= 1
    assert "too kind" in said if lang == "en" else "dễ dãi" in said
    kind = [each for each in found if each.errs == "too-strict"]
    assert "dễ dãi" not in translator("vi").say(left_out_of(kind))
