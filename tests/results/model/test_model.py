"""result.json: its schema file, what it accepts and what it refuses."""

import json

import jsonschema
import pytest
import results_factory as make
from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.results.model.result import Accounting, Impairment, Result
from giaoban.results.model.streams import lost_pcts
from giaoban.scenarios.schemas.make import schema_text


@pytest.mark.parametrize("invalid", [(), (make.unaccounted(3),)])
def test_result_validates_against_the_schema(invalid):
    schema = json.loads(schema_text(Result))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(make.result(invalid=invalid).to_json()), schema)


def test_round_trip_keeps_everything_and_the_marks():
    result = make.result()
    text = result.to_json()
    assert Result.from_json(text) == result
    assert json.loads(text)["schema"] == "giaoban.result/2"
    assert "Đắk R'Lấp" in text
    assert "NaN" not in text


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((100, 99, 0), (1.0, 1.0)),
        ((99, 99, 1), (0.0, 1.0)),
        ((0, 0, 0), (None, None)),
        ((0, 0, 5), (None, 100.0)),
        ((50, 0, 50), (100.0, 100.0)),
    ],
)
def test_lost_pcts(counts, expected):
    assert lost_pcts(*counts) == pytest.approx(expected)


def test_loss_that_does_not_follow_from_the_counts_is_refused():
    good = make.stream().model_dump()
    with pytest.raises(ValidationError, match="does not follow"):
        type(make.stream()).model_validate(good | {"packets_received": 1})


def test_mos_of_video_is_refused():
    with pytest.raises(ValidationError, match="audio only"):
        type(make.stream()).model_validate(make.stream("video").model_dump() | {"mos": 4.0})


def test_accounting_must_add_up():
    with pytest.raises(ValidationError, match="counts leave 1"):
        Accounting(
            packets_sent=10,
            packets_received=8,
            packets_dropped_at_queues=1,
            packets_lost_by_impairment=0,
            unaccounted=0,
        )


def test_pass_with_a_failed_criterion_is_refused():
    bad = make.result(thresholds={"mouth-to-ear": 1.0})
    assert bad.verdict == "fail"
    with pytest.raises(InputError, match="not met"):
        Result.from_json(bad.to_json().replace('"verdict": "fail"', '"verdict": "pass"'))


def test_a_corrupted_packet_arrived_but_is_missing_for_the_listener():
    assert lost_pcts(100, 98, 0, 2) == pytest.approx((2.0, 4.0))
    hit = make.stream(sent=100, received=98, packets_corrupted=2, packets_duplicated=500)
    assert (hit.lost_pct, hit.listener_lost_pct) == (2.0, 4.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"packets_corrupted": 1501}, "packets_corrupted is more than packets_received"),
        ({"packets_reordered": 1501}, "packets_reordered is more than packets_received"),
        ({"packets_late": 1501}, "packets_late is more than packets_received"),
        ({"packets_late": 15}, "listener_lost_pct = 0.0 does not follow"),
        ({"packets_reordered": 15, "reordered_pct": 2.0}, "reordered_pct = 2.0 does not follow"),
        ({"freezes": 1}, "freezes is for video and content only"),
        ({"frames_sent": 0}, "frames_sent is for video and content only"),
        ({"frames_late": 0}, "frames_late is for video and content only"),
        ({"camera_to_screen_ms": 9.0}, "camera_to_screen_ms is for video only"),
    ],
)
def test_figures_of_a_stream_that_do_not_fit(changes, message):
    with pytest.raises(ValidationError, match=message):
        type(make.stream()).model_validate(make.stream().model_dump() | changes)


@pytest.mark.parametrize("name", ["camera_to_screen_ms", "mouth_to_ear_ms", "mos_listening"])
def test_slides_have_neither_a_camera_nor_a_sound(name):
    with pytest.raises(ValidationError, match=f"{name} is for (video|audio) only"):
        make.stream("content", **{name: 4.0})


def test_a_late_packet_arrived_but_is_missing_for_the_listener():
    late = make.stream(sent=100, received=98, packets_late=2, packets_corrupted=1)
    assert (late.lost_pct, late.listener_lost_pct) == (2.0, 5.0)


def test_more_bad_frames_than_frames_are_refused():
    with pytest.raises(ValidationError, match="more than frames_sent"):
        make.stream("video", frames_sent=10, frames_undecodable=11)
    with pytest.raises(ValidationError, match="more than frames_sent"):
        make.stream("video", frames_sent=10, frames_undecodable=5, frames_lost=3, frames_late=3)


def test_duplicates_and_damage_are_accounted_for():
    counts = {"packets_dropped_at_queues": 1, "packets_lost_by_impairment": 2}
    Accounting(
        packets_sent=100,
        packets_received=104,
        packets_duplicated=10,
        packets_damaged=3,
        unaccounted=0,
        **counts,
    )
    with pytest.raises(ValidationError, match="counts leave -10"):
        Accounting(
            packets_sent=100, packets_received=104, packets_damaged=3, unaccounted=0, **counts
        )


LOSS = {"target": "bridge", "id": "cu-jut", "from_s": 0.0, "text_en": "loss", "text_vi": "mất"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"to_s": 0.0}, "to_s = 0 is not after"),
        ({"direction": "a->b"}, "not one of a bridge"),
        ({"target": "link", "direction": "up"}, "not one of a link"),
    ],
)
def test_an_impairment_makes_sense(changes, message):
    Impairment.model_validate(LOSS)
    with pytest.raises(ValidationError, match=message):
        Impairment.model_validate(LOSS | changes)
