"""Sound that has no MOS: every kind of answer says that it was not judged, and why."""

from __future__ import annotations

from typing import Any

import annex_factory
import failures_factory
import meeting_factory
import pytest
import results_factory
import sensitivity_factory
from junit_schema import by_schema
from studies_factory import headroom, sweep, whatif

from giaoban.results.report.ci.answers import (
    of_check,
    of_faults,
    of_headroom,
    of_meeting,
    of_sensitivity,
    of_sweep,
    of_whatif,
)
from giaoban.results.report.ci.commands import Commands
from giaoban.results.report.ci.job_summary import job_summary
from giaoban.results.report.ci.junit import junit_xml
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings import meeting_summary
from giaoban.results.report.summaries import (
    check_summary,
    failures_summary,
    headroom_summary,
    sensitivity_summary,
    sweep_summary,
    whatif_summary,
)
from giaoban.results.report.wording import Wording
from giaoban.scenarios.measure.unmodelled import not_judged
from giaoban.traffic.profiles import load_profiles
from giaoban.translation import Language, translator

PROFILES = load_profiles()
LEFT_OUT = not_judged(PROFILES, ["cif30-128k", "cif30-128k-g722-1c"])
SAID: dict[Language, str] = {
    "en": "Speech quality (MOS) is not judged: this sound goes beyond the 7 kHz",
    "vi": "Không xét chất lượng tiếng nói (MOS): âm thanh này vượt 7 kHz",
}


def test_only_sound_without_factors_is_not_judged() -> None:
    assert len(LEFT_OUT) == 1
    assert (
        not_judged(PROFILES, [p.id for p in PROFILES.profile if p.audio.startswith("g711")]) == []
    )


def sensitivity(**more: Any) -> Any:
    return sensitivity_factory.answer().model_copy(update={"unmodelled": [], **more})


def meeting(**more: Any) -> Any:
    return meeting_factory.answer().model_copy(update={"unmodelled": [], **more})


def faults(**more: Any) -> Any:
    return failures_factory.answer().model_copy(update=more)


def check(**more: Any) -> Any:
    return results_factory.result().model_copy(update=more)


ANSWERS: list[tuple[Any, str, Any]] = [
    (check, "unmodelled", check_summary),
    (faults, "not_judged", failures_summary),
    (whatif, "not_judged", whatif_summary),
    (headroom, "not_judged", headroom_summary),
    (sweep, "not_judged", sweep_summary),
    (sensitivity, "unmodelled", sensitivity_summary),
]


@pytest.mark.parametrize("lang", SAID)
@pytest.mark.parametrize(("made", "field", "words"), ANSWERS)
def test_terminal_and_summary_say_why(made: Any, field: str, words: Any, lang: Language) -> None:
    said = SAID[lang]
    for found, told in ((LEFT_OUT, True), ([], False)):
        answer = made(**{field: found})
        assert (said in words.summary_md(answer, lang)) is told
        by = {"language": lang} if words in (check_summary, failures_summary) else {}
        shown = markdown(words.brief(answer, **by), translator(lang).say)
        assert (said in shown) is told


def test_notes_end_alike_in_each_language() -> None:
    """Without a full stop in English, where they are in few words, and with one in Vietnamese."""
    result = check(unmodelled=LEFT_OUT)
    for lang, stops in zip(SAID, (False, True), strict=True):
        said = check_summary.criteria_notes(result, Wording(lang, result))
        assert len(said) > 1
        assert {note.endswith(".") for note in said} == {stops}


@pytest.mark.parametrize("lang", SAID)
def test_what_a_meeting_shows_says_why(lang: Language) -> None:
    say = translator(lang).say
    for found, told in ((LEFT_OUT, True), ([], False)):
        answer = meeting(unmodelled=found)
        for blocks in (
            meeting_summary.brief(answer, lang),
            meeting_summary.summary_md(answer, lang),
        ):
            assert (SAID[lang] in markdown(blocks, say)) is told


@pytest.mark.parametrize("lang", SAID)
def test_the_annex_says_why(lang: Language) -> None:
    assert SAID[lang] in annex_factory.said(check(unmodelled=LEFT_OUT), lang=lang)
    assert SAID[lang] not in annex_factory.said(check(), lang=lang)


@pytest.mark.parametrize(
    ("report", "bare"),
    [
        (of_check(check(unmodelled=LEFT_OUT)), of_check(check())),
        (of_faults(faults(not_judged=LEFT_OUT)), of_faults(faults())),
        (of_whatif(whatif(not_judged=LEFT_OUT)), of_whatif(whatif())),
        (of_headroom(headroom(not_judged=LEFT_OUT)), of_headroom(headroom())),
        (of_sweep(sweep(not_judged=LEFT_OUT)), of_sweep(sweep())),
        (of_sensitivity(sensitivity(unmodelled=LEFT_OUT)), of_sensitivity(sensitivity())),
        (of_meeting(meeting(unmodelled=LEFT_OUT)), of_meeting(meeting())),
    ],
)
def test_it_is_skipped_in_junit_and_told_in_the_job_summary(report: Any, bare: Any) -> None:
    commands = Commands(("check", "s.toml"))
    assert report.verdict == bare.verdict
    assert report.failed == bare.failed
    xml = junit_xml(report, commands)
    by_schema(xml)
    assert f'<skipped message="{SAID["en"]}' in xml
    assert SAID["en"] not in junit_xml(bare, commands)
    assert SAID["en"] in markdown(job_summary(report, commands), translator("en").say)
    assert SAID["vi"] in markdown(job_summary(report, commands), translator("vi").say)
