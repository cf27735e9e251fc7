"""result.json: its schema file, what it accepts and what it refuses."""

import json

import jsonschema
import pytest
import results_factory as make
from pydantic import ValidationError

from giaoban.errors import InputError
from results.model import Accounting, Place, Result, lost_pcts
from results.schema.make import PATH, schema_text


def test_schema_file_is_what_the_model_gives():
    assert PATH.read_text(encoding="utf-8") == schema_text(), "run python -m results.schema.make"


@pytest.mark.parametrize("invalid", [(), ("the guest starved",)])
def test_result_validates_against_the_schema(invalid):
    schema = json.loads(PATH.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(make.result(invalid=invalid).to_json()), schema)


def test_schema_refuses_a_percentage_over_100():
    schema = json.loads(PATH.read_text(encoding="utf-8"))
    data = json.loads(make.result().to_json())
    data["phases"][0]["bridges"][0]["streams"][0]["lost_pct"] = 100.5
    with pytest.raises(jsonschema.ValidationError, match=r"100\.5"):
        jsonschema.validate(data, schema)


def test_round_trip_keeps_everything_and_the_marks():
    result = make.result()
    text = result.to_json()
    assert Result.from_json(text) == result
    assert json.loads(text)["schema"] == "giaoban.result/1"
    assert "Đắk R'Lấp" in text
    assert "NaN" not in text


def test_unknown_key_is_named():
    data = json.loads(make.result().to_json())
    data["phases"][0]["colour"] = "red"
    with pytest.raises(InputError, match=r"x\.json: .*phases\.0\.colour"):
        Result.from_json(json.dumps(data), "x.json")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "giaoban.result/2"}'])
def test_not_a_result(text):
    with pytest.raises(InputError, match="not a giaoban"):
        Result.from_json(text)


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


def test_nan_is_refused():
    with pytest.raises(ValidationError, match="finite"):
        make.stream(delay_ms=float("nan"))


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
    bad = make.result(thresholds={"one-way-delay": 1.0})
    assert bad.verdict == "fail"
    with pytest.raises(InputError, match="not met"):
        Result.from_json(bad.to_json().replace('"verdict": "fail"', '"verdict": "pass"'))


def test_place_text():
    link = Place(kind="link", id="access-x", detail="r-a->x", phase="after")
    assert link.text == "link access-x r-a->x, after"
    assert Place(kind="bridge", id="cu-jut", detail="audio down", phase="during").text == (
        "cu-jut audio down, during"
    )
    assert Place(kind="mcu", id="mcu").text == "mcu"
