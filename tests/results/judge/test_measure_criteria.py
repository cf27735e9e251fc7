"""Criteria on any figure: metric, statistic, sense, threshold, warm-up, and what they refuse."""

import tomllib

import annex_factory as annexes
import pytest
import results_factory as make
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.results.judge.aggregate import aggregate
from giaoban.results.judge.criteria import Criterion, load_criteria
from giaoban.results.judge.metrics import METRICS, Measure, kinds_of
from giaoban.results.judge.verdict import judge
from giaoban.results.report.summaries.check_summary import binds, criteria
from tests.results.tables import rows_of

ASKED = {"existing": list(make.EXISTING), "new": list(make.NEW), "invalid": []}
BASE = {
    "id": "mine",
    "name_en": "Mine",
    "name_vi": "Của tôi",
    "measure": {"on": "stream", "metric": "delay_p95_ms"},
    "threshold": 10.0,
    "unit": "ms",
    "sense": "at-most",
    "source_en": "the contract",
    "source_vi": "hợp đồng",
}


def criterion(**changes):
    return Criterion.model_validate(BASE | changes)


def judged(phases=None, warmed=None, **changes):
    criteria = make.criteria(more=[criterion(**changes)])
    found = judge(phases or make.phases(), criteria, warmed=warmed, **ASKED)
    return next(c for c in found.criteria if c.id == "mine"), found


def during(*streams, **bridge):
    before, mid, after = make.phases()
    bridges = [
        make.bridge("cu-jut", None, *streams).model_copy(update=bridge) if b.id == "cu-jut" else b
        for b in mid.bridges
    ]
    return [before, make.phase("during", bridges), after]


# ------------------------------------------------------------------------------------ statistics


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("worst", 8),
        ("max", 8),
        ("min", 1),
        ("mean", 3.75),
        ("median", 3),
        ("p5", 1.15),
        ("p95", 7.4),
    ],
)
def test_statistics_over_all_that_is_chosen(statistic, expected):
    streams = [make.stream(delay_ms=float(v)) for v in (8, 2, 1, 4)]
    measure = {
        "on": "stream",
        "metric": "delay_p95_ms",
        "bridges": ["cu-jut"],
        "phases": ["during"],
    }
    result, _ = judged(during(*streams), statistic=statistic, measure=measure)
    assert result.value == pytest.approx(expected)
    assert result.worst_at == "cu-jut audio down, during"
    assert result.measure == f"{statistic} stream delay_p95_ms"


def test_the_sense_says_which_is_worst():
    measure = {"on": "stream", "metric": "mos", "direction": "up"}
    streams = (make.stream("audio", "up", mos=3.5), make.stream("audio", "down", mos=1.0))
    result, found = judged(
        during(*streams), measure=measure, sense="at-least", best=4.5, threshold=3.6, unit="MOS"
    )
    assert (result.value, result.ok, result.worst_at) == (3.5, False, "cu-jut audio up, during")
    assert found.verdict == "fail"


@given(st.lists(st.floats(0, 500), min_size=1, max_size=9))
def test_every_statistic_lies_between_min_and_max(values):
    phases = [make.phase("p", [make.bridge("x", "X", *(make.stream(delay_ms=v) for v in values))])]
    measure = Measure(on="stream", metric="delay_p95_ms")
    for statistic in ("worst", "mean", "median", "p5", "p95", "min", "max"):
        for sense in ("at-most", "at-least"):
            value = aggregate(measure, statistic, sense, phases).value
            assert min(values) - 1e-9 <= value <= max(values) + 1e-9


# ---------------------------------------------------------------------------- of what a figure is


def test_lip_sync_has_two_sides():
    """ITU-R BT.1359: sound up to 90 ms early or 185 ms late is acceptable end to end."""
    measure = {"on": "bridge", "metric": "lip_sync_down_ms"}
    early = criterion(id="sound-early", measure=measure, threshold=90.0)
    late = criterion(id="sound-late", measure=measure, threshold=-185.0, sense="at-least")
    criteria = make.criteria(more=[early, late])
    for skew, ok in ((90.0, [True, True]), (91.0, [False, True]), (-186.0, [True, False])):
        phases = during(make.stream(), lip_sync_down_ms=skew)
        found = judge(phases, criteria, **ASKED).criteria[-2:]
        assert [c.ok for c in found] == ok
        assert found[0].worst_at == "cu-jut, during"


def test_links_and_the_mcu():
    measure = {"on": "link", "metric": "drops", "links": ["access-cu-jut"]}
    before, mid, after = make.phases()
    links = [make.link("access-cu-jut", "r-a->cu-jut", drops=3), make.link("x", "a->b", drops=9)]
    phases = [before, make.phase("during", mid.bridges, links), after]
    result, _ = judged(phases, measure=measure, unit="packets", threshold=2.0)
    assert (result.value, result.ok) == (3, False)
    assert result.place.text == "link access-cu-jut r-a->cu-jut, during"
    mcu, _ = judged(measure={"on": "mcu", "metric": "ports_used"}, unit="ports", threshold=30.0)
    assert (mcu.value, mcu.worst_at) == (10, "mcu, during")


def test_a_report_s_figure():
    rtcp = {"reports": 5, "packets_lost": -2, "jitter_ms": 3.5}
    measure = {
        "on": "stream",
        "metric": "rtcp.jitter_ms",
        "bridges": ["cu-jut"],
        "phases": ["during"],
    }
    result, _ = judged(during(make.stream(rtcp=rtcp)), measure=measure)
    assert result.value == 3.5
    silent, _ = judged(during(make.stream()), measure=measure)
    assert (silent.value, silent.ok) == (None, False)


def test_no_burst_is_no_long_burst_but_nothing_received_is_no_measure():
    measure = {"on": "stream", "metric": "burst_ms_mean"}
    assert judged(measure=measure)[0].value == 0
    dead = make.stream(received=0, delay_ms=None, jitter_ms=None, mos=None)
    result, _ = judged(during(dead), measure=measure, statistic="mean")
    assert (result.value, result.ok, result.place.id) == (None, False, "cu-jut")


def test_sound_has_no_freezes():
    measure = {"on": "stream", "metric": "freezes"}
    frames = {"frames_sent": 900, "frames_lost": 2, "frames_undecodable": 30, "freezes": 4}
    measure["bridges"] = ["cu-jut"]
    measure["phases"] = ["during"]
    phases = during(make.stream(), make.stream("video", "down", **frames))
    result, _ = judged(phases, measure=measure, unit="times", threshold=3.0)
    assert (result.value, result.worst_at) == (4, "cu-jut video down, during")


def test_who_is_alone_has_no_delay_from_mouth_to_ear():
    """Nobody else to hear: that is not nothing measured."""
    alone = make.stream(mouth_to_ear_ms=None, mouth_to_ear_with=None)
    phases = [make.phase("before", [make.bridge("cu-jut", None, alone)]), *make.phases()[1:]]
    result, found = judged(phases, measure={"on": "stream", "metric": "mouth_to_ear_ms"})
    assert result.value == 260
    [whole] = [c for c in found.criteria if c.id == "mouth-to-ear"]
    assert whole.value == 260


def test_both_opinions_of_speech_are_mos():
    for metric in ("mos", "mos_listening"):
        assert Measure(on="stream", metric=metric).unit == "MOS"
        assert kinds_of(metric) == ("audio",)


def test_nothing_to_measure_is_not_met_and_says_so():
    measure = {"on": "stream", "metric": "lost_pct", "kind": "content"}
    result, found = judged(measure=measure, unit="%")
    assert (result.value, result.ok, result.place) == (None, False, None)
    where = "nowhere: there were no measured content streams"
    assert f"Mine: could not be measured ({where})" in found.reasons
    whole = make.result().model_copy(update={"criteria": [result], "binding": found.binding})
    [row] = annexes.rows(whole, caption="Kết quả theo từng tiêu chí")
    assert row[0].endswith("\nkhông có gì để đo")
    assert rows_of(criteria(whole))[0]["worst at"] == where
    assert "nothing to measure" in binds(whole)
    assert "Không đạt rõ nhất: của tôi – không có gì để đo" in annexes.said(whole)


# -------------------------------------------------------------------------------------- warm-up


def test_a_warm_up_is_judged_on_phases_measured_anew():
    cold = during(make.stream(delay_ms=40.0))
    warmed = {5.0: make.phases()}
    result, _ = judged(cold, warmed, warm_up_s=5.0)
    assert (result.value, result.ok) == (5.0, True)
    assert judged(cold)[0].value == 40.0
    with pytest.raises(ValueError, match="warms up for 5 s"):
        judged(cold, {3.0: make.phases()}, warm_up_s=5.0)


def test_warm_ups_that_are_needed():
    more = [criterion(id=f"m{i}", warm_up_s=w) for i, w in enumerate((5.0, 0.0, 2.5, 5.0))]
    assert load_criteria(more=more).warm_ups() == [2.5, 5.0]
    assert load_criteria().warm_ups() == []


# ------------------------------------------------------------------------- files and their errors


def test_as_a_scenario_writes_it():
    text = """
    id = "burst"
    name_en = "Longest burst"
    name_vi = "Loạt mất gói dài nhất"
    measure = { on = "stream", metric = "loss_burst_max", kind = "video", phases = ["after"] }
    statistic = "p95"
    warm_up_s = 5
    threshold = 8
    unit = "packets"
    sense = "at-most"
    source_en = "the contract"
    source_vi = "hợp đồng"
    """
    found = Criterion.model_validate(tomllib.loads(text))
    criteria = load_criteria(more=[found], thresholds={"burst": 9.0})
    assert criteria.criterion[-1].threshold == 9
    assert criteria.criterion[-1].source_vi.startswith("do kịch bản đặt (mặc định 8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"measure": {"on": "stream", "metric": "delay_p95"}}, 'did you mean "delay_p95_ms"'),
        ({"measure": {"on": "bridge", "metric": "mos"}}, "allowed: lip_sync_down_ms"),
        ({"measure": {"on": "stream", "metric": "mos", "kind": "video"}}, "allowed: audio"),
        ({"measure": {"on": "stream", "metric": "freezes", "kind": "audio"}}, "video, content"),
        (
            {"measure": {"on": "stream", "metric": "camera_to_screen_ms", "kind": "content"}},
            "allowed: video",
        ),
        ({"measure": {"on": "link", "metric": "drops", "kind": "audio"}}, "kind does not go with"),
        ({"measure": {"on": "mcu", "metric": "ports_used", "bridges": ["a"]}}, "bridges does not"),
        ({"measure": {"on": "link", "metric": "drops", "direction": "up"}}, "allowed: A->B"),
        ({"unit": "%"}, 'unit of delay_p95_ms is "ms"'),
        *(
            ({"measure": {"on": "stream", "metric": metric}}, f'unit of {metric} is "%"')
            for metric in ("lost_pct", "freeze_pct_20s", "listener_lost_pct_20s")
        ),
        ({"measure": {"on": "link", "metric": "drops"}, "unit": "bits"}, "needs unit_vi"),
        ({"id": "link-peak"}, "takes no measure"),
        ({"measure": None}, "not known without a measure"),
        ({"threshold": -1.0}, "best value there can be"),
        ({"sense": "at-least"}, "below the best value"),
        ({"lowest": 20.0}, "must be 20 ms or more"),
        ({"statistic": "mode"}, "p95"),
        ({"warm_up_s": -1.0}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_judged_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        criterion(**changes)


def test_ids_are_ones_own():
    with pytest.raises(InputError, match=r's\.toml: criterion "audio-loss", "mine" is there'):
        load_criteria(origin="s.toml", more=[criterion(id="audio-loss"), criterion(), criterion()])


@pytest.mark.parametrize(("on", "metric"), [(on, m) for on, ms in METRICS.items() for m in ms])
def test_every_figure_can_be_asked_for(on, metric):
    measure = Measure(on=on, metric=metric)
    found = aggregate(measure, "worst", "at-most", make.phases())
    assert found.value is None or found.value >= 0
