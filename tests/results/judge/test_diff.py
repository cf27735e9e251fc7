"""Two runs compared: tolerances, and what is named when they differ."""

import json

import pytest
import results_factory as make

from giaoban.results.judge.diff import differences
from giaoban.results.model.result import Result


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
        [delay] = [c for c in data["criteria"] if c["id"] == "mouth-to-ear"]
        delay["value"] += 0.09
        delay["margin_pct"] -= 0.0225
        delay["worst_at"] = "cu-jut audio down, before"
        delay["place"]["id"] = "cu-jut"

    assert paths(edit) == []


def test_counts_are_exact():
    def edit(data):
        data["phases"][2]["links"][3]["drops"] += 1

    assert paths(edit) == [("measure", "phases[after].links[access-cu-jut r-cu-jut->cu-jut].drops")]


def test_other_inputs_and_verdict():
    other = make.result(thresholds={"mouth-to-ear": 1.0})
    found = {d.path: d.kind for d in differences(make.result(), other)}
    assert found["verdict"] == "measure"
    assert found["criteria[mouth-to-ear].threshold"] == "measure"
    seed = differences(make.result(), changed(lambda data: data["inputs"].update(seed=2)))
    assert [(d.kind, d.path, d.a, d.b) for d in seed] == [("input", "inputs.seed", 1681, 2)]


def test_a_missing_bridge_is_one_difference():
    before, during, after = make.phases()
    less = make.phase("before", before.bridges[1:], before.links, before.mcu)
    found = differences(make.result(), make.result([less, during, after]))
    missing = [d for d in found if d.path == "phases[before].bridges[gia-nghia]"]
    assert len(missing) == 1
    assert missing[0].b is None


FRAMES = {"frames_sent": 900, "frames_lost": 2, "frames_undecodable": 30, "freezes": 4}
TIMES = {
    "burst_ms_mean": 200.0,
    "gap_ms_mean": 9000.0,
    "jitter_ms_mean": 0.5,
    "jitter_ms_max": 3.0,
    "delay_max_ms": 20.0,
    "freeze_ms_max": 3000.0,
    "freeze_ms_total": 900.0,
}


def with_video(lip_sync_up_ms=-12.0, impairments=(), **changes):
    """The sound result, but for one picture of `before` that is measured in every way."""
    _, during, after = make.phases()
    rtcp = {"reports": 5, "packets_lost": 3, "jitter_ms": changes.pop("rtcp_jitter_ms", 3.5)}
    shares = {"freeze_pct": 3.0, "freeze_pct_20s": 3.0}
    given = FRAMES | TIMES | shares | {"rtcp": rtcp} | changes
    bridge = make.bridge("cu-jut", None, make.stream("video", "up", **given))
    bridge = bridge.model_copy(update={"lip_sync_up_ms": lip_sync_up_ms})
    found = make.result([make.phase("before", [bridge]), during, after])
    return found.model_copy(update={"impairments": list(impairments)})


def of_video(**changes):
    """What differs of the picture itself: criteria on it may follow."""
    found = differences(with_video(), with_video(**changes))
    return [d.path.rsplit(".", 1)[1] for d in found if d.path.startswith("phases")]


@pytest.mark.parametrize("name", TIMES)
def test_every_new_time_has_the_tolerance_of_times(name):
    assert of_video(**{name: TIMES[name] + 0.1}) == []
    assert of_video(**{name: TIMES[name] + 0.11}) == [name]


@pytest.mark.parametrize("name", FRAMES)
def test_every_new_count_is_exact(name):
    assert of_video(**{name: FRAMES[name] + 1}) == [name]


def test_shares_of_time_skew_and_reports_have_tolerances_of_their_own():
    for share in ("freeze_pct", "freeze_pct_20s"):
        assert of_video(**{share: 3.009}) == []
        assert of_video(**{share: 3.02}) == [share]
    assert of_video(lip_sync_up_ms=-12.09) == []
    assert of_video(lip_sync_up_ms=-12.2) == ["lip_sync_up_ms"]
    assert of_video(rtcp_jitter_ms=3.7) == []  # a tick of 8 kHz and 0.1 ms
    assert of_video(rtcp_jitter_ms=3.8) == ["jitter_ms"]


@pytest.mark.parametrize(("freeze_ms", "off"), [(3000.09, []), (3000.2, ["longest-freeze"])])
def test_a_criterion_has_the_tolerance_of_its_figure_where_it_binds_too(freeze_ms, off):
    other = with_video(freeze_ms_max=freeze_ms)
    assert other.binding.criterion == "longest-freeze"
    found = [d.path for d in differences(with_video(), other) if not d.path.startswith("phases")]
    assert found == [f"criteria[{ident}].value" for ident in off]
