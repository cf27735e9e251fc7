"""A bridge that is another MCU: what it adds, whom it concerns, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import DEFAULT, scenario

from giaoban.errors import InputError
from giaoban.results.model.result import Result
from giaoban.results.model.streams import BridgeResult, StreamResult
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question, plain_scenario, question_from
from giaoban.scenarios.spec.meeting_catalogue import (
    CATALOGUE,
    CataloguedMeeting,
    check_scenario,
    course_scenario,
    load_meeting,
)
from giaoban.topology.load import load_province
from tests.nights import at_night

GOVERNMENT = CATALOGUE / "with-government.toml"


def outside(
    bridge: str, playout: float = 0, mixing: float = 0, composing: float = 0, leg: float = 0
) -> str:
    told = 'source = "test"\nassumed = true\nsettled_by = "test"\n'
    return f"""[[outside_mcu]]
bridge = "{bridge}"
[outside_mcu.mcu]
playout_ms = {playout}
audio_mix_delay_ms = {mixing}
compose_delay_ms = {composing}
{told}
[outside_mcu.far_leg]
one_way_ms = {leg}
{told}
"""


def estimated(folder: Path, more: str = "", **top: str) -> Result:
    path = scenario(folder / "s.toml", bridges=(), more=more, **top)
    return estimate(make_question(path), "test").result


def bridge(result: Result, ident: str) -> BridgeResult:
    [found] = [b for b in result.phases[0].bridges if b.id == ident]
    return found


def stream(result: Result, ident: str, kind: str, direction: str = "down") -> StreamResult:
    [found] = [
        s for s in bridge(result, ident).streams if (s.kind, s.direction) == (kind, direction)
    ]
    return found


def ear(result: Result, ident: str) -> float:
    found = stream(result, ident, "audio").mouth_to_ear_ms
    assert found is not None
    return found


def screen(result: Result, ident: str) -> float:
    found = stream(result, ident, "video").camera_to_screen_ms
    assert found is not None
    return found


def early(result: Result, ident: str) -> float:
    found = bridge(result, ident).sound_early_ms
    assert found is not None
    return found


def test_a_longer_line_behind_it_delays_both_and_parts_nothing(tmp_path: Path) -> None:
    """Both ways: what the other end hears, and what is heard of it."""
    plain = estimated(tmp_path)
    ids = [b.id for b in plain.phases[0].bridges]
    behind = estimated(tmp_path, outside(ids[1], leg=500))
    for ident in ids:
        # of whom is heard first, the worst is now whoever is behind the other MCU
        assert ear(behind, ident) - ear(plain, ident) == pytest.approx(500, abs=5)
        assert screen(behind, ident) - screen(plain, ident) == pytest.approx(500, abs=5)
        assert early(behind, ident) == pytest.approx(early(plain, ident), abs=5)
    for ident in set(ids) - {ids[1]}:
        assert stream(behind, ident, "audio").mouth_to_ear_with == ids[1]
        assert stream(behind, ident, "audio", "up").mouth_to_ear_with == ids[1]
        assert stream(behind, ident, "video").camera_to_screen_with == ids[1]
    assert stream(behind, ids[0], "audio").delay_p95_ms == pytest.approx(
        stream(plain, ids[0], "audio").delay_p95_ms
    )  # on the wire there is what there was


def test_a_picture_composed_twice_comes_behind_its_sound(tmp_path: Path) -> None:
    plain = estimated(tmp_path)
    one, other = (b.id for b in plain.phases[0].bridges[:2])
    composed = estimated(tmp_path, outside(other, composing=200))
    assert screen(composed, one) - screen(plain, one) == pytest.approx(200, abs=5)
    # terminals hold sound back for its picture, but no longer than they do
    hold = 150.0
    waited = ear(composed, one) - ear(plain, one)
    assert 0 <= waited <= hold
    assert early(composed, one) == pytest.approx(early(plain, one) + 200 - waited, abs=5)
    # as much for sound: both are as far apart as before
    both = estimated(tmp_path, outside(other, composing=200, playout=150, mixing=50))
    assert early(both, one) == pytest.approx(early(plain, one), abs=5)


def test_sound_is_encoded_once_more(tmp_path: Path) -> None:
    """What that costs shows with a codec that is heard, in listening, where delay plays no part."""
    low = "720p30-high-512k"
    plain = estimated(tmp_path, profile=low)
    one, other = (b.id for b in plain.phases[0].bridges[:2])
    cascaded = estimated(tmp_path, outside(other), profile=low)
    before, after = (stream(r, one, "audio").mos_listening for r in (plain, cascaded))
    assert before is not None
    assert after is not None
    assert after < before - 0.05


def test_what_comes_over_two_other_mcus_is_encoded_four_times_for_these_alone(
    tmp_path: Path,
) -> None:
    """Who is at our MCU hears what one of the others has encoded, and never both."""

    def judged(*bridges: str) -> dict[tuple[str, str], float | None]:
        behind = "".join(map(outside, bridges))
        path = scenario(tmp_path / "s.toml", more=behind, profile="720p30-high-512k")
        whole = estimate(make_question(path), "test").result
        during = whole.model_copy(update={"phases": whole.phases[1:]})
        return {
            (b, direction): stream(during, b, "audio", direction).mos_listening
            for b in ("west", "east", "north")
            for direction in ("down", "up")
        }

    one, both = judged("west"), judged("west", "east")
    for direction in ("down", "up"):
        assert both["north", direction] == one["north", direction]
        more, less = one["west", direction], both["west", direction]
        assert more is not None
        assert less is not None
        assert less < more - 0.05
    assert both["east", "down"] == pytest.approx(both["west", "down"], abs=0.01)


@pytest.mark.parametrize(("count", "encodings"), [(1, 3), (2, 4)])
def test_what_its_encoder_has_to_know_ahead_delays_sound(
    tmp_path: Path, count: int, encodings: int
) -> None:
    """20 ms with G.722.1 Annex C each time that sound is encoded, nothing with G.711."""
    # longer than what sound is held back for its picture
    behind = "".join(outside(each, mixing=300) for each in ("west", "east")[:count])
    modelled, plain = (
        ear(estimated(tmp_path, behind, profile=profile), "west")
        for profile in ("cif30-128k-g722-1c", "cif30-128k")
    )
    assert modelled - plain == pytest.approx(encodings * 20.0, abs=3)


def test_the_curve_of_speech_quality_is_the_criterions(tmp_path: Path) -> None:
    """The other MCU joins in the second phase: from then on sound is encoded once more."""
    path = scenario(tmp_path / "s.toml", more=outside("north"), profile="720p30-high-512k")
    answer = estimate(make_question(path), "test")
    curve = answer.series.stream_mos["west audio down"]
    phases = answer.result.phases
    judged = {
        phase.name: next(
            each.mos_listening
            for each in next(b for b in phase.bridges if b.id == "west").streams
            if (each.kind, each.direction) == ("audio", "down")
        )
        for phase in phases
    }
    assert judged["before"] > judged["during"] + 0.05
    for name, start_s, end_s in answer.series.phases:
        seconds = curve[int(start_s) : int(end_s)]
        assert seconds == pytest.approx([judged[name]] * len(seconds), abs=0.001)


def test_what_is_assumed_of_it_is_told_and_what_is_not_there(tmp_path: Path) -> None:
    found = estimated(tmp_path, outside("west", playout=40, mixing=30, composing=120, leg=2))
    values = {a.what: a.value for a in found.assumptions}
    assert "sound: buffer 40 ms, mixing 30 ms; pictures: 120 ms" in values.values()
    assert "2 ms one way" in values.values()
    assert "nothing is lost there, and no other room speaks" in values.values()
    none = [a.value for a in estimated(tmp_path).assumptions]
    assert "nothing is lost there, and no other room speaks" not in none


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (outside("nobody"), "outside_mcu[0].bridge"),
        (outside("west") + outside("west"), "is there twice"),
        (outside("west", leg=-1), "one_way_ms"),
        (outside("west").replace("far_leg", "farleg"), "farleg"),
    ],
)
def test_one_that_cannot_be_is_refused(tmp_path: Path, more: str, said: str) -> None:
    path = scenario(tmp_path / "s.toml", more=more)
    with pytest.raises(InputError) as refused:
        make_question(path)
    assert said in str(refused.value)


def changed(**keys: object) -> CataloguedMeeting:
    """The meeting with the Government, with other keys."""
    own = load_meeting(GOVERNMENT).model_dump(by_alias=True, exclude_unset=True)
    return CataloguedMeeting.model_validate({**own, **keys})


def test_a_meeting_whose_other_mcu_does_not_take_part_is_refused(tmp_path: Path) -> None:
    written = GOVERNMENT.read_text(encoding="utf-8")
    path = tmp_path / "m.toml"
    for old, new, said in (
        ('participants = "all"', 'participants = ["gia-nghia", "cu-jut"]', "is no participant"),
        ('[[outside_mcu]]\nbridge = "chinh-phu"', '[[outside_mcu]]\nbridge = "bo"', "bo"),
    ):
        assert old in written
        path.write_text(written.replace(old, new), encoding="utf-8")
        province = load_province(DEFAULT)
        with pytest.raises(InputError) as refused:
            course_scenario(load_meeting(path), plain_scenario(DEFAULT), province)
        assert said in str(refused.value)


@pytest.mark.parametrize("make", [check_scenario, at_night(course_scenario)])
def test_the_meeting_with_the_government_is_cascaded_and_keeps_its_limits(make: object) -> None:
    """Passed on, pictures come in time; composed at both ends they do not (docs)."""
    province = load_province(DEFAULT)
    found = {}
    for video in ("switched", "presence"):
        meeting = changed(meeting={"video": video})
        held = make(meeting, plain_scenario(DEFAULT), province)
        asked = question_from(held, DEFAULT, province, DEFAULT)
        assert [o.bridge for o in asked.plan.outside_mcus] == ["chinh-phu"]
        assert asked.plan.meeting.chair == "chinh-phu"
        found[video] = estimate(asked, "test").result
    assert found["switched"].verdict == "pass"
    failed = {c.id for c in found["presence"].criteria if not c.ok}
    assert failed == {"camera-to-screen", "lip-sync"}
    assert load_meeting(GOVERNMENT).how.video == "switched"


def test_a_meeting_without_it_has_none() -> None:
    province = load_province(DEFAULT)
    base = plain_scenario(DEFAULT).model_copy(
        update={"outside_mcus": load_meeting(GOVERNMENT).outside_mcus}
    )
    held = course_scenario(load_meeting(CATALOGUE / "monthly-briefing.toml"), base, province)
    assert held.outside_mcus == []
