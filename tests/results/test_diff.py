"""Two runs compared: tolerances, and what is named when they differ."""

import json

import results_factory as make

from results.diff import differences
from results.model import Result


def changed(edit):
    data = json.loads(make.result().to_json())
    edit(data)
    return Result.from_json(json.dumps(data))


def paths(edit):
    return [(d.kind, d.path) for d in differences(make.result(), changed(edit))]


def test_the_same_run_under_another_id_kernel_and_path():
    def edit(data):
        data["run_id"] = "other"
        data["engine"]["kernel"] = "6.1"
        data["inputs"]["scenario"]["path"] = "/elsewhere/x.toml"

    assert paths(edit) == []


def test_times_within_a_tenth_of_a_millisecond():
    def by(amount):
        def edit(data):
            data["phases"][1]["bridges"][1]["streams"][0]["delay_p95_ms"] += amount

        return edit

    assert paths(by(0.1)) == []
    assert paths(by(0.11)) == [
        ("measure", "phases[during].bridges[cu-jut].streams[audio up].delay_p95_ms")
    ]


def test_criterion_in_ms_has_the_same_tolerance_and_its_place_may_move():
    def edit(data):
        [delay] = [c for c in data["criteria"] if c["id"] == "one-way-delay"]
        delay["value"] += 0.09
        delay["margin_pct"] -= 0.06
        delay["worst_at"] = "cu-jut video down, before"
        delay["place"]["id"] = "cu-jut"

    assert paths(edit) == []


def test_counts_are_exact():
    def edit(data):
        data["phases"][2]["links"][3]["drops"] += 1

    assert paths(edit) == [("measure", "phases[after].links[access-cu-jut r-cu-jut->cu-jut].drops")]


def test_other_numbers_to_a_millionth():
    def by(factor):
        def edit(data):
            data["phases"][0]["links"][0]["utilisation_pct"] *= factor

        return edit

    assert paths(by(1 + 5e-7)) == []
    assert len(paths(by(1 + 5e-6))) == 1


def test_other_inputs_and_verdict():
    other = make.result(thresholds={"one-way-delay": 1.0})
    found = {d.path: d.kind for d in differences(make.result(), other)}
    assert found["verdict"] == "measure"
    assert found["criteria[one-way-delay].threshold"] == "measure"
    seed = differences(make.result(), changed(lambda data: data["inputs"].update(seed=2)))
    assert [(d.kind, d.path, d.a, d.b) for d in seed] == [("input", "inputs.seed", 1681, 2)]


def test_a_missing_bridge_is_one_difference():
    before, during, after = make.phases()
    less = make.phase("before", before.bridges[1:], before.links, before.mcu)
    found = differences(make.result(), make.result([less, during, after]))
    missing = [d for d in found if d.path == "phases[before].bridges[gia-nghia]"]
    assert len(missing) == 1
    assert missing[0].b is None


def test_null_is_not_nought():
    def edit(data):
        data["phases"][0]["bridges"][0]["streams"][0]["interruption_ms_max"] = None

    assert len(paths(edit)) == 1
