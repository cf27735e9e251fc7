"""Faults in the result, the judgement and the documents."""

from __future__ import annotations

import annex_factory as annexes
import pytest
import results_factory as make

from giaoban.results.judge.under_faults import as_judged, never_back
from giaoban.results.judge.verdict import Judgement, judge
from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.result import Refused
from giaoban.results.report.wording import Wording


def hit(bridge: str = "cu-jut", **changes: object) -> FaultImpact:
    """A bridge that nothing happened to, but for the changes."""
    values = {"bridge": bridge, "behind": False, "interruption_ms": 0.0, "packets_lost": 0}
    return FaultImpact.model_validate({**values, "cut_off": False, **changes})


def gone(bridge: str = "cu-jut", start_s: float = 40.0, end_s: float | None = 41.5, **changes):
    """A bridge that was interrupted for some seconds."""
    length_ms = 1000 * ((90.0 if end_s is None else end_s) - start_s)
    values = {
        "interruption_ms": length_ms,
        "interrupted": "video down",
        "picture_interruption_ms": length_ms,
        "gone_ms": 1000 * start_s,
        "back_ms": None if end_s is None else 1000 * end_s,
        "packets_lost": 400,
    }
    return hit(bridge, **(values | changes))


def fault(*bridges: FaultImpact, **changes: object) -> FaultResult:
    values = {
        "id": "cut-gia-nghia--dak-song",
        "kind": "cut",
        "target": "link",
        "target_id": "gia-nghia--dak-song",
        "at_s": 40.0,
        "restored_s": 50.0,
        "text_en": "link cut",
        "text_vi": "đứt cáp",
        "bridges": list(bridges),
    }
    return FaultResult.model_validate(values | changes)


def judged(*faults: FaultResult, phases=None) -> Judgement:
    return judge(
        make.phases() if phases is None else phases,
        make.criteria(),
        existing=list(make.EXISTING),
        new=list(make.NEW),
        invalid=[],
        faults=faults,
    )


def value(judgement: Judgement, ident: str) -> float | None:
    return next(c for c in judgement.criteria if c.id == ident).value


def test_criteria_of_faults_are_for_runs_with_faults() -> None:
    without, some = judged(), judged(fault(hit()))
    extra = [c.id for c in some.criteria if c.id not in {c.id for c in without.criteria}]
    assert extra == ["fault-interruption", "fault-bridges-lost"]


@pytest.mark.parametrize(
    ("impact", "interruption", "lost", "verdict"),
    [
        (hit(), 0, 0, "pass"),
        (gone(end_s=40.9), 900, 0, "pass"),
        (gone(end_s=41.1), 1100, 0, "fail"),
        (gone(end_s=41.1, behind=True), 1100, 0, "fail"),
        (gone(end_s=41.1, accepted=True), 0, 0, "pass"),
        (gone(end_s=49.0, cut_off=True), 9000, 1, "fail"),
        (gone(end_s=49.0, cut_off=True, behind=True), 9000, 1, "fail"),
        (gone(end_s=49.0, cut_off=True, behind=True, accepted=True), 0, 0, "pass"),
    ],
)
def test_interruptions_are_judged_unless_they_are_accepted(
    impact: FaultImpact, interruption: float, lost: float, verdict: str
) -> None:
    found = judged(fault(impact))
    assert value(found, "fault-interruption") == pytest.approx(interruption)
    assert value(found, "fault-bridges-lost") == lost
    assert found.verdict == verdict


def test_the_longer_one_of_failing_and_mending_is_judged_and_says_which() -> None:
    mended = gone(
        end_s=40.4,
        restored_interruption_ms=1100.0,
        restored_interrupted="audio down",
        restored_sound_interruption_ms=1100.0,
    )
    found = judged(fault(mended))
    [criterion] = [c for c in found.criteria if c.id == "fault-interruption"]
    assert (criterion.value, criterion.ok) == (1100.0, False)
    assert criterion.worst_at == "cu-jut audio down, cut-gia-nghia--dak-song mended"
    result = make.result().model_copy(update={"faults": [fault(mended)]})
    assert Wording("vi", result).place(criterion.place) == (
        "Cư Jút, âm thanh chiều xuống, khôi phục sau sự cố: đứt cáp (Gia Nghĩa – Đắk Song)"
    )
    assert Wording("en", result).place(criterion.place) == (
        "Cư Jút, sound down, mending of: link cut (Gia Nghĩa – Đắk Song)"
    )


def without(phase, bridge: str, *, dropped: bool):
    """A phase in which a bridge is not there any more."""
    left = [b for b in phase.bridges if b.id != bridge]
    who = [bridge] if dropped else []
    return make.phase(phase.name, left, device=make.mcu([b.id for b in left], dropped=who))


@pytest.mark.parametrize("dropped", [True, False])
def test_a_bridge_that_a_fault_took_is_not_dropped_while_it_lasts(dropped: bool) -> None:
    before, during, after = make.phases()
    phases = [before, during, without(after, "cu-jut", dropped=dropped)]
    lasting = fault(gone(end_s=None, behind=True, cut_off=True), restored_s=None)
    assert value(judged(lasting, phases=phases), "no-bridge-dropped") == 0
    assert value(judged(fault(hit()), phases=phases), "no-bridge-dropped") == 1
    restored = fault(gone(end_s=None, behind=True, cut_off=True))
    assert value(judged(restored, phases=phases), "no-bridge-dropped") == 1


def test_one_that_another_fault_still_holds_need_not_be_back() -> None:
    restored = fault(gone(end_s=None, behind=True))
    other = fault(
        gone(start_s=45.0, end_s=None, behind=True), id="cut-2", at_s=45.0, restored_s=None
    )
    assert never_back([restored]) == ["cu-jut"]
    assert never_back([restored, other]) == []


def test_one_that_never_came_back_is_missed_in_the_last_phase() -> None:
    """It was taken in the second of three, and the fault was over in the same."""
    found = judged(fault(gone(start_s=40.0, end_s=None), restored_s=50.0))
    [dropped] = [c for c in found.criteria if c.id == "no-bridge-dropped"]
    assert (dropped.value, dropped.worst_at) == (1.0, "cu-jut, after")


def test_calls_that_a_fault_kept_from_being_set_up_again_do_not_count() -> None:
    before, during, after = make.phases()
    refused = [Refused(bridge="cu-jut", code=408, reason="no answer")]
    late = make.phase("during", during.bridges, device=make.mcu([], refused))
    assert value(judged(fault(gone()), phases=[before, late, after]), "every-call-set-up") == 0
    assert value(judged(fault(hit()), phases=[before, late, after]), "every-call-set-up") == 1


def test_of_an_interrupted_bridge_what_is_left_is_judged() -> None:
    """In the phases after the interruption it is judged as ever."""
    before, during, after = make.phases()
    nothing = make.stream("audio", "down", sent=0, delay_ms=None, jitter_ms=None, mos=None)
    bad = make.stream("video", "down", sent=1000, received=900, artefacts_per_h=30.0)
    bridges = [
        make.bridge("cu-jut", None, nothing, bad) if b.id == "cu-jut" else b for b in during.bridges
    ]
    phases = [before, make.phase("during", bridges), after]
    found = judged(fault(gone(end_s=40.9)), phases=phases)
    assert value(found, "mos") == 4.4  # no stream is missing
    assert value(found, "picture-artefacts") == 30.0
    kept = as_judged(phases, [fault(gone(end_s=40.9))])[1]
    [mine] = [b for b in kept.bridges if b.id == "cu-jut"]
    assert mine.streams == [bad]
    # in another phase a stream of which nothing was sent is a fault of the MCU
    elsewhere = fault(gone(start_s=70.0, end_s=71.0), at_s=70.0, restored_s=80.0)
    assert value(judged(elsewhere, phases=phases), "mos") is None


def test_without_faults_the_phases_are_judged_as_they_are() -> None:
    phases = make.phases()
    assert as_judged(phases, []) == phases


def told():
    one = fault(
        gone("cu-jut", end_s=40.25, picture_again_ms=310.0),
        gone(
            "dak-song",
            end_s=55.0,
            behind=True,
            accepted=True,
            cut_off=True,
            redials=2,
            call_kept=False,
        ),
        hit("dak-mil"),
        accepted_reason="a second line is ordered.",
        accepted_reason_vi="đã đặt đường truyền thứ hai",
    )
    accepted = judged(one).accepted
    return make.result().model_copy(update={"faults": [one], "accepted": accepted})


@pytest.mark.parametrize(
    ("hurt", "failed_without"),
    [
        (gone(end_s=49.0, cut_off=True, behind=True), ["fault-interruption", "fault-bridges-lost"]),
        (gone(end_s=49.0, cut_off=True), []),
        (gone("quang-son", end_s=49.0, cut_off=True, behind=True), []),
    ],
)
def test_new_bridges_are_not_blamed_where_no_path_is_left(
    hurt: FaultImpact, failed_without: list[str]
) -> None:
    assert judged(fault(hurt)).failed_without == failed_without


def test_all_that_is_heard_and_seen_leaves_interruptions_out() -> None:
    rows = annexes.rows(told(), caption="Kết quả theo từng tiêu chí")
    said = [row[0] for row in rows if "không tính thời gian gián đoạn do sự cố" in row[0]]
    assert len(said) == 4  # nobody shows slides


def test_what_begins_anew_is_not_compared_with_before() -> None:
    """A key frame after an interruption is a burst; the next phase is compared again."""
    before, during, after = make.phases()
    slow = make.stream("video", "down", delay_ms=18.0, camera_to_screen_ms=318.0)
    hurt = [make.bridge("cu-jut", None, slow) if b.id == "cu-jut" else b for b in during.bridges]
    in_time = [before, make.phase("during", hurt), after]
    later = [before, during, make.phase("after", hurt)]
    found = fault(gone(end_s=40.9))
    assert value(judged(found, phases=in_time), "existing-delay-no-worse") == 0
    assert value(judged(found, phases=in_time), "camera-to-screen") == 318
    assert value(judged(found, phases=later), "existing-delay-no-worse") == 13
    assert value(judged(fault(hit()), phases=in_time), "existing-delay-no-worse") == 13


def test_where_all_were_interrupted_there_is_nothing_to_compare() -> None:
    mcu = fault(
        *(gone(b, 40.0, 61.0, accepted=True) for b in [*make.EXISTING, *make.NEW]),
        kind="mcu",
        target="mcu",
        target_id="mcu",
    )
    found = judged(mcu)
    assert not [c.id for c in found.criteria if c.id.startswith("existing-")]
    assert found.verdict == "pass"
