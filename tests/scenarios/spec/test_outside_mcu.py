"""A bridge that is another MCU: what it adds, whom it concerns, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import DEFAULT, scenario

from giaoban.errors import InputError
from giaoban.results.model.result import Result
from giaoban.results.model.streams import BridgeResult, StreamResult
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question, plain_scenario
from giaoban.scenarios.spec.meeting_catalogue import (
    CATALOGUE,
    course_scenario,
    load_meeting,
)
from giaoban.topology.load import load_province

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
