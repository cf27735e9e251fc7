"""The verdict: each criterion can fail, the root cause is named, worse never becomes better."""

import pytest
import results_factory as make
import sensitivity_factory
from hypothesis import given
from hypothesis import strategies as st

from giaoban.results.judge.criteria import Criterion
from giaoban.results.judge.verdict import judge, margin_pct, meets, with_robustness
from giaoban.results.model.result import Refused
from giaoban.results.model.robustness import Robustness, WorldsPassed
from giaoban.results.model.studies.sensitivity import verdict_of
from giaoban.results.report.summaries.check_summary import headline
from giaoban.results.report.wording import Wording

CRITERIA = make.criteria()
OLD = list(make.EXISTING)
NEW = list(make.NEW)


def run(phases, **changes):
    asked = {"existing": OLD, "new": NEW, "invalid": []} | changes
    return judge(phases, CRITERIA, **asked)


def one(judgement, ident):
    return next(c for c in judgement.criteria if c.id == ident)


def with_during(*streams, ident="cu-jut", **phase_changes):
    """The sound check with one bridge's streams replaced in the phase `during`."""
    before, during, after = make.phases()
    bridges = [make.bridge(ident, None, *streams) if b.id == ident else b for b in during.bridges]
    return [before, make.phase("during", bridges, **phase_changes), after]


def test_a_sound_check_passes_with_the_least_margin_binding():
    found = run(make.phases())
    assert (found.verdict, found.reasons) == ("pass", [])
    assert all(c.ok for c in found.criteria)
    assert found.binding.criterion == "mouth-to-ear"
    assert found.binding.margin_pct == pytest.approx(100 * (400 - 260) / 400)
    assert found.binding.where == "gia-nghia audio down with cu-jut, before"
    assert one(found, "mcu-units").margin_pct == pytest.approx(100 * (80 - 100 / 3) / 80)


HEARD, SEEN = "cu-jut audio down, during", "cu-jut video down, during"
WITH = " with gia-nghia, during"


def picture(**changes):
    return make.stream("video", "down", **({"sent": 7000, "delay_ms": 5.0} | changes))


@pytest.mark.parametrize(
    ("stream", "ident", "where"),
    [
        (make.stream(mouth_to_ear_ms=401.0), "mouth-to-ear", "cu-jut audio down" + WITH),
        (picture(camera_to_screen_ms=401.0), "camera-to-screen", "cu-jut video down" + WITH),
        (make.stream(sent=1000, received=989), "audio-loss", HEARD),
        (make.stream(sent=1000, received=995, packets_late=6), "audio-loss", HEARD),
        (make.stream(sent=1000, packets_corrupted=5, impaired=6), "audio-loss", HEARD),
        (picture(artefacts_per_h=20.1), "picture-artefacts", SEEN),
        (picture(freezes=1, freeze_ms_max=2001.0), "longest-freeze", SEEN),
        (make.stream(mos=3.9), "mos", HEARD),
        (make.stream(interruption_ms=1001.0), "no-bridge-dropped", HEARD),
        (make.stream(delay_ms=8.1), "existing-delay-no-worse", HEARD),
        (make.stream(sent=1500, received=1475), "existing-loss-no-worse", HEARD),
    ],
)
def test_each_stream_criterion_can_fail(stream, ident, where):
    found = run(with_during(stream))
    assert found.verdict == "fail"
    criterion = one(found, ident)
    assert not criterion.ok
    assert criterion.margin_pct < 0
    assert criterion.worst_at == where
    assert any(where in reason for reason in found.reasons)


def test_limits_themselves_are_met():
    limits = {"mouth_to_ear_ms": 400.0, "mos": 4.0, "interruption_ms": 1000.0}
    sound = make.stream(delay_ms=8.0, sent=1000, received=990, **limits)
    seen = {"camera_to_screen_ms": 400.0, "artefacts_per_h": 20.0}
    frozen = {"freezes": 1, "freeze_ms_max": 2000.0}
    found = run(with_during(sound, picture(sent=10_000, **seen, **frozen)))
    assert found.verdict == "pass"
    at_the_limit = {c.id for c in found.criteria if c.margin_pct == 0}
    assert at_the_limit >= {
        *("mouth-to-ear", "camera-to-screen", "audio-loss", "picture-artefacts"),
        *("longest-freeze", "mos"),
        "existing-delay-no-worse",
    }


def test_lips_and_voice_are_judged_at_the_bridge_that_sees_them():
    before, during, after = make.phases()
    skews = {"sound_early_ms": 91.0, "sound_early_with": "dak-mil"}
    bridges = [b.model_copy(update=skews) if b.id == "cu-jut" else b for b in during.bridges]
    found = run([before, make.phase("during", bridges), after])
    assert [c.id for c in found.criteria if not c.ok] == ["lip-sync"]
    assert found.binding.where == "cu-jut with dak-mil, during"


def test_nothing_received_is_not_met_and_has_no_value():
    dead = make.stream(sent=1500, received=0, delay_ms=None, jitter_ms=None, mos=None)
    found = run(with_during(dead))
    for ident in ("mos", "existing-delay-no-worse"):
        criterion = one(found, ident)
        assert (criterion.ok, criterion.value, criterion.margin_pct) == (False, None, None)
    assert one(found, "audio-loss").value == 100
    assert one(found, "no-bridge-dropped").value == 1


def test_impaired_packets_are_missed_by_the_listener():
    found = run(with_during(make.stream(impaired=500)))
    assert one(found, "existing-loss-no-worse").value == pytest.approx(25, abs=4)  # certain of it
    assert one(found, "audio-loss").value == 25


def test_a_bridge_that_leaves_or_vanishes_is_dropped():
    before, during, after = make.phases()
    left = make.phase("after", after.bridges, device=make.mcu(OLD, dropped=["dak-mil"]))
    found = run([before, during, left])
    assert one(found, "no-bridge-dropped").worst_at == "dak-mil, after"
    gone = make.phase("after", [b for b in after.bridges if b.id != "dak-mil"])
    assert one(run([before, during, gone]), "no-bridge-dropped").value == 1


def test_refused_for_capacity_names_the_mcu_even_when_a_link_is_full():
    before, _, after = make.phases()
    device = make.mcu(OLD, [Refused(bridge="quang-son", code=503, reason="no units")])
    links = [make.link("access-quang-son", "r-quang-son->quang-son", 100.0, 50)]
    bridges = [b for b in after.bridges if b.id != "quang-son"]
    found = run(
        [
            before,
            make.phase("during", bridges, links, device),
            make.phase("after", bridges, links, device),
        ]
    )
    assert found.verdict == "fail"
    assert one(found, "every-call-set-up").value == 1
    assert (found.binding.criterion, found.binding.cause) == ("every-call-set-up", "mcu")
    assert found.binding.where == "mcu, during"


def refusing(*names):
    """The sound check in which the MCU refuses Cư Jút in these phases."""
    device = make.mcu(OLD, [Refused(bridge="cu-jut", code=503, reason="no units")])
    return [
        make.phase(p.name, p.bridges, device=device) if p.name in names else p
        for p in make.phases()
    ]


@pytest.mark.parametrize(
    ("names", "new", "failed_without"),
    [
        (("before", "during", "after"), NEW, ["every-call-set-up"]),
        (("during", "after"), NEW, []),
        (("before",), [], []),
    ],
)
def test_a_system_that_fails_without_is_not_blamed_on_new_bridges(names, new, failed_without):
    found = run(refusing(*names), new=new)
    assert (found.verdict, found.failed_without) == ("fail", failed_without)
    result = make.result(refusing(*names))
    already = "FAIL – the system fails already without these bridges"
    assert headline(result).startswith(already) == ("before" in names)
    said = Wording("vi", result).verdict(result)
    assert said.startswith("Không đạt: ngay cả khi không kết nối 2 điểm cầu mới") == (
        "before" in names
    )


def test_new_bridges_that_are_in_the_meeting_from_the_start_are_not_cleared():
    _, during, after = refusing("during", "after")
    assert run([during, after]).failed_without == []


def test_a_call_nobody_answered_is_an_effect_of_the_full_link():
    before, _, after = make.phases()
    device = make.mcu(OLD, [Refused(bridge="quang-son", code=408, reason="timeout")])
    links = [make.link("access-quang-son", "quang-son->r-quang-son", 100.0, 50)]
    bridges = [b for b in after.bridges if b.id != "quang-son"]
    found = run([before, make.phase("after", bridges, links, device)])
    assert not one(found, "every-call-set-up").ok
    assert found.binding.where == "link access-quang-son quang-son->r-quang-son, after"


def test_a_full_link_is_named_with_its_direction_though_its_effects_are_further_out():
    lossy = make.stream(sent=1000, received=600, delay_ms=900.0, mos=1.0)
    links = [
        make.link("access-cu-jut", "cu-jut->r-cu-jut", 99.9, 0),
        make.link("access-cu-jut", "r-cu-jut->cu-jut", 99.6, 400),
    ]
    found = run(with_during(lossy, links=links))
    assert one(found, "audio-loss").margin_pct < one(found, "link-peak").margin_pct
    assert (found.binding.criterion, found.binding.cause) == ("link-peak", "link")
    assert found.binding.where == "link access-cu-jut r-cu-jut->cu-jut, during"


def test_a_bridge_asked_for_and_never_seen_was_not_set_up():
    before = make.phases()[0]
    found = run([before])
    assert one(found, "every-call-set-up").value == 2


def test_without_existing_bridges_nothing_can_be_worse():
    ids = [c.id for c in run(make.phases(), existing=[]).criteria]
    assert not [ident for ident in ids if ident.startswith("existing")]


def test_existing_bridges_without_a_later_phase_were_not_compared():
    found = judge(make.phases()[:1], CRITERIA, existing=OLD, invalid=[])
    assert one(found, "existing-loss-no-worse").value is None
    assert found.verdict == "fail"


@pytest.mark.parametrize("name", ["check", "course"])
def test_a_meeting_has_nothing_to_compare(name):
    """Of one phase, in which all who take part are there from the beginning."""
    phase = make.phases()[0].model_copy(update={"name": name})
    found = judge([phase], CRITERIA, existing=OLD, invalid=[])
    assert [c.id for c in found.criteria if c.id.startswith("existing-")] == []
    assert found.verdict == "pass"


bad = st.floats(0, 100)
values = st.fixed_dictionaries(
    {
        "delay": st.floats(0, 400),
        "jitter": st.floats(0, 80),
        "lost": st.integers(0, 1000),
        "fall": st.floats(0, 3.4),
        "silence": st.floats(0, 3000),
        "units": st.floats(0, 90),
        "peak": bad,
        "refused": st.integers(0, 2),
    }
)


def judged(v):
    received = 1000 - v["lost"]
    heard = received > 0
    stream = make.stream(
        sent=1000,
        received=received,
        delay_ms=v["delay"] if heard else None,
        jitter_ms=v["jitter"] if heard else None,
        mos=4.4 - v["fall"] if heard else None,
        interruption_ms=v["silence"],
    )
    refused = [Refused(bridge=b, code=503, reason="full") for b in NEW[: v["refused"]]]
    device = make.mcu(OLD, refused, units_used=v["units"])
    links = [make.link("access-cu-jut", "cu-jut->r-cu-jut", v["peak"])]
    return run(with_during(stream, links=links, device=device))


@given(values, values)
def test_worse_never_turns_a_fail_into_a_pass(first, second):
    worse = {key: max(first[key], second[key]) for key in first}
    a, b = judged(first), judged(worse)
    assert not (a.verdict == "fail" and b.verdict == "pass")
    for x, y in zip(a.criteria, b.criteria, strict=True):
        assert x.ok or not y.ok, x.id
        if x.margin_pct is not None and y.margin_pct is not None:
            assert y.margin_pct <= x.margin_pct + 1e-9
    assert (b.verdict == "pass") == all(c.ok for c in b.criteria)


@given(st.sampled_from(CRITERIA.criterion), st.floats(-10, 2000))
def test_margin_is_negative_exactly_when_not_met(criterion: Criterion, value):
    margin = margin_pct(criterion, value)
    assert margin <= 100
    assert meets(criterion, value) == (margin >= 0)


@pytest.mark.parametrize(
    ("judged", "passed", "required_pct", "verdict"),
    [
        (1000, 950, 95.0, "pass"),
        (1000, 949, 95.0, "fail"),
        (3, 2, 66.666667, "fail"),  # by less than a result's figures show
        (3, 2, 66.6666, "pass"),
    ],
)
def test_a_share_of_drawn_worlds_is_judged_alike_in_a_check_and_by_itself(
    judged: int, passed: int, required_pct: float, verdict: str
) -> None:
    worlds = WorldsPassed(
        judged=judged, passed=passed, low_pct=0.0, high_pct=100.0, required_pct=required_pct
    )
    told = Robustness(
        file="sensitivity.json", as_assumed="pass", tried=1, deciding=[], holds_while=[],
        holds_while_vi=[], worlds=worlds,
    )  # fmt: skip
    drawn = sensitivity_factory.drawn().model_copy(update={"judged": judged, "passed": passed})
    found = with_robustness(make.result(), told)
    assert found.verdict == verdict_of("pass", drawn, required_pct) == verdict
    assert told.fails_in_worlds == (verdict == "fail")
    last = found.criteria[-1]
    assert (last.margin_pct >= 0) == last.ok
