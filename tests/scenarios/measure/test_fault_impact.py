"""What a fault did to each bridge: pretended meetings in which packets and calls were lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pretended
import pytest
from pretended_meeting import Meeting

from giaoban.results.confidence import certain_share
from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.result import Result
from giaoban.scenarios.measure.assemble import assemble
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.fault_impact import Impacts
from giaoban.scenarios.measure.streams import FrameAnalyses
from giaoban.traffic.quality.frames import frames

CUT = '[[fault]]\nkind = "cut"\nlink = "west--east"\nat_s = 4.0\n'
PHASES = (3, 6, 5)
FRAME_MS = 34.0


def lose(captures: Captures, bridge: str, from_s: float, to_s: float, *ways: str) -> Captures:
    """All that was due in these seconds after the first phase began did not arrive."""
    start_ns = captures.origin_ns + round(captures.plan.phases[0].start_s * 1e9)
    traces = list(captures.traces)
    for stream in captures.plan.streams:
        if stream.bridge == bridge and stream.direction in (ways or ("up", "down")):
            trace = traces[stream.index]
            gone = trace.due_ns >= start_ns + from_s * 1e9
            gone &= trace.due_ns < start_ns + to_s * 1e9
            traces[stream.index] = replace(
                trace,
                arrival_ns=np.where(gone, -1, trace.arrival_ns),
                arrivals=np.where(gone, 0, trace.arrivals),
                jitter_ms=np.where(gone, np.nan, trace.jitter_ms),
            )
    return replace(captures, traces=traces)


def unsent(captures: Captures, bridge: str, from_s: float, to_s: float) -> Captures:
    """Nothing was sent to or by a bridge in these seconds; its picture begins anew after them."""
    start_ns = captures.origin_ns + round(captures.plan.phases[0].start_s * 1e9)
    traces = list(captures.traces)
    for stream in captures.plan.streams:
        if stream.bridge == bridge:
            trace = traces[stream.index]
            keep = trace.due_ns < start_ns + from_s * 1e9
            keep |= trace.due_ns >= start_ns + to_s * 1e9
            arrays = {k: v[keep] for k, v in vars(trace).items() if isinstance(v, np.ndarray)}
            traces[stream.index] = key_frame(replace(trace, **arrays), start_ns + to_s * 1e9)
    return replace(captures, traces=traces)


def key_frame(trace: Any, at_ns: float) -> Any:
    """The first frame that is due wholly after a moment is a key frame."""
    frames = np.unique(trace.timestamp[trace.due_ns >= at_ns])
    whole = [f for f in frames if trace.due_ns[trace.timestamp == f].min() >= at_ns]
    return replace(trace, key=trace.key | (trace.timestamp == whole[0]) if whole else trace.key)


def with_key_frames(captures: Captures, bridge: str, at_s: float) -> Captures:
    start_ns = captures.origin_ns + round(captures.plan.phases[0].start_s * 1e9)
    traces = list(captures.traces)
    for stream in captures.plan.streams:
        if stream.bridge == bridge and stream.kind == "video":
            traces[stream.index] = key_frame(traces[stream.index], start_ns + at_s * 1e9)
    return replace(captures, traces=traces)


def meeting(folder: Path, more: str = CUT, **how: Any) -> Meeting:
    made = Meeting(folder, bridges=(), phases=PHASES, more=more, **how)
    changes = [
        {**c.model_dump(exclude={"at_s"}), "due_ms": c.at_s * 1000, "t_ms": c.at_s * 1000 + 0.2}
        for c in made.question.plan.changes
    ]
    made.counters(lambda data: data.update(changes=changes))
    return made


def judged(made: Meeting, captures: Captures) -> Result:
    return assemble(made.question, captures, pretended.engine(), "run-1").result


def impact(fault: FaultResult, bridge: str) -> FaultImpact:
    [found] = [one for one in fault.bridges if one.bridge == bridge]
    return found


def value(result: Result, criterion: str) -> float | None:
    [found] = [c for c in result.criteria if c.id == criterion]
    return found.value


def failed(result: Result) -> list[str]:
    return [criterion.id for criterion in result.criteria if not criterion.ok]


def missed(result: Result) -> float:
    """Of sound, at the worst bridge, in %."""
    return value(result, "audio-loss") or 0.0


def test_a_run_without_faults_is_judged_as_ever(tmp_path: Path) -> None:
    result = Meeting(tmp_path, bridges=(), phases=PHASES).result()
    assert result.faults == []
    assert not [c.id for c in result.criteria if c.id.startswith("fault-")]
    assert not [a for a in result.assumptions if "fault" in a.what]


def test_an_interruption_is_measured_and_not_judged_as_loss(tmp_path: Path) -> None:
    """Of the bridge beyond the link, which has no other path: it is cut off."""
    made = meeting(tmp_path, CUT + "to_s = 6.0")
    captures = with_key_frames(lose(made.load(), "east", 4.0, 6.5), "east", 6.5)
    result = judged(made, captures)
    [fault] = result.faults
    assert (fault.id, fault.at_s, fault.restored_s) == ("cut-west--east", 4.0, 6.0)
    east, west = impact(fault, "east"), impact(fault, "west")
    assert east.interruption_ms == pytest.approx(2500, abs=2 * FRAME_MS)
    assert east.behind
    assert east.cut_off  # at 6 s nothing had come for two seconds
    assert east.call_kept
    assert east.gone_ms == pytest.approx(4000, abs=FRAME_MS)
    assert east.back_ms == pytest.approx(6500, abs=FRAME_MS)
    assert east.picture_again_ms == pytest.approx(2500, abs=3 * FRAME_MS)
    assert east.restored_to_picture_ms == pytest.approx(500, abs=3 * FRAME_MS)
    sound = 2 * 2500 / 20
    assert east.packets_lost > sound + 2500 / 33
    assert (west.interruption_ms, west.packets_lost, west.cut_off, west.behind) == (
        0,
        0,
        False,
        False,
    )
    assert west.gone_ms is None
    # the facts stay as they are, and the criteria look at the rest
    during = result.phases[1]
    [told] = [b for b in during.bridges if b.id == "east"]
    assert all(s.lost_pct and s.lost_pct > 30 for s in told.streams)
    assert value(result, "audio-loss") == value(result, "picture-artefacts") == 0
    assert value(result, "existing-loss-no-worse") == 0
    assert value(result, "fault-interruption") == pytest.approx(east.interruption_ms, abs=0.001)
    assert value(result, "fault-bridges-lost") == 1
    assert failed(result) == ["fault-interruption", "fault-bridges-lost"]
    assert Result.from_json(result.to_json()) == result


def test_what_is_lost_apart_from_the_interruption_is_judged(tmp_path: Path) -> None:
    made = meeting(tmp_path, CUT + "to_s = 6.0")
    captures = lose(lose(made.load(), "east", 4.0, 6.5), "east", 8.0, 8.3, "down")
    result = judged(made, captures)
    # 15 packets of the 3.5 s beside the interruption, as far as that is certain
    assert missed(result) == pytest.approx(100 * certain_share(15, 175), abs=0.1)
    assert result.verdict == "fail"


def test_loss_elsewhere_is_judged_while_the_fault_lasts(tmp_path: Path) -> None:
    made = meeting(tmp_path, CUT + "to_s = 6.0")
    captures = lose(lose(made.load(), "east", 4.0, 6.5), "west", 5.0, 5.3, "up")
    captures = with_key_frames(captures, "west", 5.3)
    result = judged(made, captures)
    assert missed(result) == pytest.approx(100 * certain_share(15, 300), abs=0.1)
    # no change of the fault is near: it is loss, and not judged as an interruption beside that
    assert impact(result.faults[0], "west").interruption_ms == 0


def test_a_bridge_that_is_behind_and_never_comes_back_fails_once_the_fault_is_over(
    tmp_path: Path,
) -> None:
    made = meeting(tmp_path, CUT + "to_s = 6.0")
    result = judged(made, lose(made.load(), "east", 4.0, 99.0))
    assert impact(result.faults[0], "east").back_ms is None
    assert value(result, "no-bridge-dropped") == 1
    assert result.verdict == "fail"


def test_one_that_is_behind_a_fault_which_lasts_is_not_dropped(tmp_path: Path) -> None:
    made = meeting(tmp_path)
    result = judged(made, lose(made.load(), "east", 4.0, 99.0))
    east = impact(result.faults[0], "east")
    assert (east.cut_off, east.picture_again_ms) == (True, None)
    assert east.interruption_ms == pytest.approx(1000 * (sum(PHASES) - 4), abs=FRAME_MS)
    assert value(result, "no-bridge-dropped") == 0
    assert failed(result) == ["fault-interruption", "fault-bridges-lost"]


def frozen_pct(result: Result, bridge: str) -> list[float]:
    """Of a bridge's pictures, as they were measured."""
    return [
        s.freeze_pct
        for phase in result.phases
        for b in phase.bridges
        for s in b.streams
        if b.id == bridge and s.freeze_pct is not None
    ]


def test_an_interruption_lasts_until_the_picture_is_back(tmp_path: Path) -> None:
    """The cut takes 0.2 s of both; the picture is not whole again until a key frame comes."""
    made = meeting(tmp_path, SILENT.replace("4.9", "10.0"))
    captures = with_key_frames(lose(made.load(), "east", 4.0, 4.2, "down"), "east", 5.1)
    result = judged(made, captures)
    east = impact(result.faults[0], "east")
    assert east.sound_interruption_ms == pytest.approx(200, abs=20)
    assert east.picture_interruption_ms == pytest.approx(1100, abs=2 * FRAME_MS)
    assert east.interruption_ms == east.picture_interruption_ms
    assert east.interrupted == "video down"
    assert east.picture_again_ms == pytest.approx(1100, abs=3 * FRAME_MS)
    assert (east.restored_interruption_ms, east.restored_to_picture_ms) == (0, None)
    assert not east.cut_off  # it had its sound
    [criterion] = [c for c in result.criteria if c.id == "fault-interruption"]
    assert not criterion.ok
    assert criterion.worst_at == "east video down, silent-access-west"
    # the facts stay, and nothing else fails by what the interruption took
    assert max(frozen_pct(result, "east")) > 10
    assert [c.id for c in result.criteria if not c.ok] == ["fault-interruption"]


def test_a_frozen_picture_after_a_fault_is_not_judged_twice(tmp_path: Path) -> None:
    made = meeting(tmp_path, SILENT.replace("4.9", "10.0"))
    captures = with_key_frames(lose(made.load(), "east", 4.0, 4.2, "down"), "east", 5.1)
    calm = Impacts(captures, FrameAnalyses(captures)).undisturbed()
    for stream in captures.plan.streams:
        if stream.kind == "video":
            found = frames(calm.traces[stream.index])
            assert found.decodable.all()
            assert not len(found.frozen_ns)
    gone = sum(len(t.due_ns) for t in captures.traces) - sum(len(t.due_ns) for t in calm.traces)
    # a picture of 12 packets or so, 30 times a second, until the key frame; sound while it is lost
    assert 0 < gone < 1.3 * 30 * 12 + 0.3 * 50


def test_a_picture_that_was_frozen_before_counts_from_the_fault_on(tmp_path: Path) -> None:
    made = meeting(tmp_path, SILENT.replace("4.9", "10.0"))
    captures = lose(made.load(), "east", 3.2, 3.3, "down")
    captures = with_key_frames(lose(captures, "east", 4.0, 4.1, "down"), "east", 4.6)
    result = judged(made, captures)
    east = impact(result.faults[0], "east")
    assert east.interruption_ms == pytest.approx(600, abs=2 * FRAME_MS)
    assert east.gone_ms == pytest.approx(4000, abs=FRAME_MS)
    assert missed(result) > 0


def test_a_link_that_flaps_fails_until_it_is_left_in_peace(tmp_path: Path) -> None:
    flap = (
        '[[fault]]\nkind = "flap"\nlink = "access-west"\nat_s = 4.0\nto_s = 8.0\n'
        "down_s = 0.5\nup_s = 1.5\n"
    )
    made = meeting(tmp_path, flap)
    captures = with_key_frames(lose(made.load(), "east", 4.0, 4.1, "down"), "east", 4.2)
    captures = with_key_frames(lose(captures, "east", 6.5, 6.6, "down"), "east", 6.9)
    east = impact(judged(made, captures).faults[0], "east")
    assert east.interruption_ms == pytest.approx(400, abs=2 * FRAME_MS)
    assert east.restored_interruption_ms == 0


SILENT = '[[fault]]\nkind = "silent"\nlink = "access-west"\nat_s = 4.0\nto_s = 4.9\n'


def test_a_bridge_that_is_not_behind_is_judged_by_its_interruption(tmp_path: Path) -> None:
    """Pretended: what is silent is West's line, what loses packets is East."""
    made = meeting(tmp_path, SILENT)
    captures = with_key_frames(lose(made.load(), "east", 4.0, 5.2, "up"), "east", 5.2)
    result = judged(made, captures)
    east = impact(result.faults[0], "east")
    assert not east.behind
    assert not east.cut_off  # 0.9 s had passed
    [criterion] = [c for c in result.criteria if c.id == "fault-interruption"]
    assert criterion.value == pytest.approx(1200, abs=FRAME_MS)
    assert criterion.worst_at == f"east {east.interrupted}, silent-access-west"
    assert (result.verdict, criterion.ok) == ("fail", False)
    assert result.binding.place.fault == "silent-access-west"


def test_a_bridge_that_is_not_behind_and_cut_off_is_counted(tmp_path: Path) -> None:
    made = meeting(tmp_path, SILENT.replace("4.9", "6.0"))
    result = judged(made, lose(made.load(), "east", 4.0, 6.5))
    assert value(result, "fault-bridges-lost") == 1


def test_a_call_that_is_made_anew_is_told(tmp_path: Path) -> None:
    made = meeting(tmp_path, CUT + "to_s = 5.5")
    who = {"bridge": "east", "who": "bridge"}
    mcu = {"bridge": "east", "who": "mcu", "units": 6.0, "ports": 2}
    made.events(
        more=[
            {"event": "media-lost", "t_ms": made.at_ms(0, 5.0), **who},
            {"event": "redial", "t_ms": made.at_ms(0, 5.2), "attempt": 1, **who},
            {"event": "redial", "t_ms": made.at_ms(0, 6.0), "attempt": 2, **who},
            {"event": "left", "t_ms": made.at_ms(0, 6.01), "cause": "replaced", **mcu},
            {"event": "joined", "t_ms": made.at_ms(0, 6.02), "meeting": "meeting", **mcu},
        ]
    )
    captures = lose(unsent(made.load(), "east", 5.0, 6.1), "east", 4.0, 5.0)
    result = judged(made, captures)
    east = impact(result.faults[0], "east")
    assert (east.redials, east.call_kept) == (2, False)
    assert east.interruption_ms == pytest.approx(2100, abs=2 * FRAME_MS)
    assert east.restored_to_picture_ms == pytest.approx(600, abs=3 * FRAME_MS)
    # what was not sent was not lost
    assert east.packets_lost < 2 * 1000 / 20 + 2 * 12 * 1000 / 33
    assert value(result, "no-bridge-dropped") == 0
    assert failed(result) == ["fault-interruption", "fault-bridges-lost"]


def test_two_faults_at_once_cut_off_what_neither_does_alone(tmp_path: Path) -> None:
    """A bridge is behind what has failed by then, all together."""
    more = CUT + '[[fault]]\nkind = "cut"\nlink = "access-west"\nat_s = 7.0\n'
    made = meeting(tmp_path, more)
    first, second = judged(made, lose(made.load(), "east", 4.0, 99.0)).faults
    assert {b.bridge for b in first.bridges if b.behind} == {"east"}
    assert {b.bridge for b in second.bridges if b.behind} == {"east", "west"}


def test_lost_packets_belong_to_the_fault_in_whose_time_they_would_have_come(
    tmp_path: Path,
) -> None:
    more = CUT + 'to_s = 5.0\n[[fault]]\nkind = "cut"\nlink = "access-east"\nat_s = 7.0\nto_s = 8.0'
    made = meeting(tmp_path, more)
    captures = lose(lose(made.load(), "east", 3.99, 5.0), "east", 6.99, 8.0)
    lost = sum(
        int(np.count_nonzero(captures.traces[s.index].lost))
        for s in captures.plan.streams
        if s.bridge == "east"
    )
    first, second = judged(made, captures).faults
    told = [impact(fault, "east").packets_lost for fault in (first, second)]
    under_way = 10  # due before the first fault, by more than they take: lost by something else
    assert lost - under_way <= sum(told) <= lost
    assert all(told)


def test_an_interruption_belongs_to_the_fault_in_whose_time_it_begins(tmp_path: Path) -> None:
    """A packet that is under way when a fault begins was due before it."""
    more = CUT + 'to_s = 8.0\n[[fault]]\nkind = "cut"\nlink = "access-west"\nat_s = 6.0\n'
    made = meeting(tmp_path, more)
    captures = lose(lose(made.load(), "east", 4.0, 8.3), "west", 5.99, 99.0)
    captures = with_key_frames(captures, "east", 8.3)
    first, second = judged(made, captures).faults
    told = [
        (fault.id, hit.bridge, round(hit.interruption_ms / 1000))
        for fault in (first, second)
        for hit in fault.bridges
    ]
    assert told == [
        ("cut-west--east", "west", 0),
        ("cut-west--east", "east", 4),
        ("cut-access-west", "west", 8),
        ("cut-access-west", "east", 0),
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: [], "fault cut-west--east: link west--east did not go down"),
        (
            lambda c: [{**c[0], "t_ms": c[0]["due_ms"] + 7.0}],
            "fault cut-west--east: link west--east: link-down came 7.0 ms late",
        ),
    ],
)
def test_a_fault_that_did_not_happen_or_came_late_is_no_answer(
    tmp_path: Path, change: Any, said: str
) -> None:
    made = meeting(tmp_path)
    made.counters(lambda data: data.update(changes=change(data["changes"])))
    result = made.result()
    assert (result.verdict, result.reasons) == ("invalid", [said])


def test_power_that_did_not_fail_or_come_back_is_no_answer(tmp_path: Path) -> None:
    more = '[[fault]]\nkind = "mcu"\nat_s = 4.0\nto_s = 5.0\nboot_s = 2.0\n'
    made = meeting(tmp_path, more)
    assert judged(made, made.load()).reasons == [
        "fault mcu: the MCU did not lose its power",
        "fault mcu: the MCU did not start again",
    ]
    who = {"bridge": "mcu", "who": "mcu"}
    off = {"event": "powered-off", "t_ms": made.at_ms(0, 4.0), **who}
    on = {"event": "powered-on", "t_ms": made.at_ms(0, 7.009), **who}
    made.events(more=[off, on])
    assert judged(made, made.load()).reasons == ["fault mcu: the MCU: powered-on came 9.0 ms late"]


def test_faults_are_marked_in_the_curves(tmp_path: Path) -> None:
    made = meeting(tmp_path)
    series = made.answer().series
    assert series.impaired == [
        ("link Tây – Đông: link cut", "đường truyền Tây – Đông: đứt cáp", 4.0, float(sum(PHASES)))
    ]
