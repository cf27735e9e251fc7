"""Bridges that lose their line or their power, and an MCU that stops and starts again, emulated.

Here the link of a host without power is not down: what is sent to it arrives, and nobody hears it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fault_runs import FaultRun, dead_line, run_fault
from runs import control

from giaoban.scenarios.records.events import McuHealth
from giaoban.traffic.quality.measure import Trace

pytestmark = pytest.mark.sandbox

SPEAKS = control(2, "west", 'command = "call-to-speak", participant = "east"')
SETUP_S = 0.1
"""More than calling the MCU and its answer take."""
RUNS: dict[str, Callable[[Path], FaultRun]] = {
    "10 s": lambda f: run_fault(
        f,
        more='[meeting]\nvideo = "switched"\nencrypted = true\n'
        + SPEAKS
        + dead_line("access-east", 10, 24.3),
    ),
    "24 s": lambda f: run_fault(f, more=dead_line("access-east", 10, 33.9)),
    "one way": lambda f: run_fault(
        f,
        more=SPEAKS
        + dead_line("access-east", 10, 29, "down")
        + dead_line("access-north", 10, 29, "up"),
    ),
    "power": lambda f: run_fault(f, outages=[("east", 10, 24.3)]),
    "before its call": lambda f: run_fault(
        f, outages=[("north", 1, 3), ("east", -3, 1), ("north", 10, None)], phases=(4, 4, 12)
    ),
    "mcu": lambda f: run_fault(f, more=SPEAKS, outages=[("mcu", 10, 24.3)]),
    "mcu for ever": lambda f: run_fault(f, outages=[("mcu", 10, None)], phases=(4, 4, 30)),
    "both": lambda f: run_fault(
        f,
        more='[meeting]\ndial = "out"\nencrypted = true\n',
        outages=[("mcu", 10, 11.3), ("east", 12, 13), ("east", 30, 34)],
    ),
    "without": lambda f: run_fault(f, recovers=False, more=dead_line("access-east", 10, 24.3)),
}


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], FaultRun]:
    pool = ThreadPoolExecutor(2)
    begun: dict[str, Future[FaultRun]] = {}
    for name, make in RUNS.items():
        folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
        begun[name] = pool.submit(make, folder)
    return lambda name: begun[name].result()


Cut = Callable[[str], FaultRun]


def due_s(run: FaultRun, trace: Trace) -> np.ndarray:
    return (trace.due_ns - run.at_ns(0)) / 1e9


def arrives_between(run: FaultRun, trace: Trace, from_s: float, to_s: float) -> np.ndarray:
    """Which packets due in that time arrived."""
    times = due_s(run, trace)
    return trace.arrived[(times >= from_s) & (times < to_s)]


def mcu_healths(run: FaultRun) -> list[McuHealth]:
    return [health for health in run.captures.health if isinstance(health, McuHealth)]


def streams_of(run: FaultRun, bridge: str) -> list[Trace]:
    ways = [(kind, way) for kind in ("audio", "video") for way in ("up", "down")]
    return [run.trace(bridge, kind, way) for kind, way in ways]


# ------------------------------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", RUNS)
def test_every_packet_is_accounted_for(cut_off: Cut, name: str) -> None:
    run = cut_off(name)
    assert run.faults == []
    assert all(trace.unknown == 0 for trace in run.captures.traces)


@pytest.mark.parametrize("name", RUNS)
def test_every_stream_is_one_stream_in_order(cut_off: Cut, name: str) -> None:
    """`giaoban.traffic.quality.measure.trace` refuses numbers that do not run on; times run on as
    well."""
    run = cut_off(name)
    for stream, trace in zip(run.plan.streams, run.captures.traces, strict=True):
        assert np.all(np.diff(trace.due_ns) >= 0), stream
        clock_hz = run.plan.audio.clock_hz if stream.kind == "audio" else 90_000
        ticks = np.diff(trace.timestamp) % 2**32
        apart = np.diff(trace.due_ns) * clock_hz / 1e9
        # a frame's packets are spread over a part of its interval; forwarded ones keep the sender's
        assert np.all(np.abs(ticks - apart) < 0.25 * clock_hz), stream


@pytest.mark.parametrize("name", ["10 s", "24 s", "one way", "power", "mcu", "both"])
def test_media_flow_again_both_ways_until_the_end(cut_off: Cut, name: str) -> None:
    run = cut_off(name)
    end_s = run.plan.phases[-1].end_s - run.plan.phases[0].start_s
    back_s = max(e["at_s"] for e in run.told("connected")) + 1.5
    assert back_s < end_s - 3
    for bridge in ("west", "east", "north"):
        for trace in streams_of(run, bridge):
            arrived = arrives_between(run, trace, back_s, end_s)
            assert len(arrived) > 100
            assert arrived.all()


# ------------------------------------------------------------------------------ the line is away


@pytest.mark.parametrize(("name", "back_s"), [("10 s", 24.3), ("24 s", 33.9), ("one way", 29.0)])
def test_a_bridge_gives_its_call_up_after_10_s_and_dials_every_5_s(
    cut_off: Cut, name: str, back_s: float
) -> None:
    run = cut_off(name)
    [lost] = run.told("media-lost")
    assert lost["bridge"] == "east"
    assert lost["at_s"] == pytest.approx(20, abs=0.05)
    attempts = run.told("redial")
    assert [e["attempt"] for e in attempts] == list(range(1, len(attempts) + 1))
    gaps = np.diff([lost["at_s"], *(e["at_s"] for e in attempts)])
    assert gaps[0] == pytest.approx(5, abs=0.05)
    assert gaps[1:] == pytest.approx(5, abs=0.001)
    assert attempts[-1]["at_s"] > back_s > attempts[-1]["at_s"] - 5
    last = run.told("connected")[-1]
    assert last["bridge"] == "east"
    assert 0 < last["at_s"] - attempts[-1]["at_s"] < SETUP_S


def test_nothing_is_sent_by_a_bridge_without_a_call(cut_off: Cut) -> None:
    run = cut_off("24 s")
    for kind in ("audio", "video"):
        times = due_s(run, run.trace("east", kind, "up"))
        silent = (times > 20 + 0.3) & (times < 33.9)
        assert not silent.any()


def test_the_call_that_the_mcu_took_for_alive_is_replaced(cut_off: Cut) -> None:
    for name in ("10 s", "24 s"):
        left = [e["cause"] for e in cut_off(name).told("left", bridge="east")]
        assert left == ["replaced", "bye"]


def test_a_bye_that_comes_through_says_that_the_line_is_away(cut_off: Cut) -> None:
    run = cut_off("one way")
    lost, *later = run.told("left", bridge="east")
    assert lost["cause"] == "media-lost"
    assert lost["at_s"] == pytest.approx(20, abs=0.05)
    assert later[-1]["cause"] == "bye"


def test_the_speaker_is_the_speaker_again(cut_off: Cut) -> None:
    """Art. 15(2)b: its place and floor were kept. The chair sees it, each packet as it was sent."""
    run = cut_off("10 s")
    back_s = run.told("connected")[-1]["at_s"]
    seen, shown = run.trace("west", "video", "down"), run.trace("east", "video", "up")
    delay_ns = round(run.plan.device.forward_delay_ms * 1e6)
    came = dict(zip(shown.arrival_ns, shown.size, strict=True))
    for from_s, to_s in ((4, 9), (back_s + 1, back_s + 11)):
        within = (seen.due_ns >= run.at_ns(from_s)) & (seen.due_ns < run.at_ns(to_s))
        assert np.count_nonzero(within) > 140  # 30 pictures a second
        assert [came.get(t - delay_ns) for t in seen.due_ns[within]] == list(seen.size[within])


def test_a_new_call_begins_with_a_key_frame(cut_off: Cut) -> None:
    for name in ("24 s", "power", "mcu"):
        run = cut_off(name)
        ways = ("up", "down") if name != "mcu" else ("down",)
        for way in ways:
            trace = run.trace("east", "video", way)
            back_ns = run.at_ns(run.told("connected", bridge="east")[-1]["at_s"])
            # what the MCU had made ahead for the old call goes out before
            first = np.flatnonzero(trace.key & (trace.due_ns >= back_ns))[0]
            assert trace.due_ns[first] - back_ns < 600e6


def test_who_still_hears_the_others_does_not_hang_up(cut_off: Cut) -> None:
    """The way up alone is away: the bridge cannot notice, and the MCU waits."""
    run = cut_off("one way")
    assert run.told("media-lost", "redial", bridge="north") == []
    up = run.trace("north", "audio", "up")
    assert not arrives_between(run, up, 10, 29).any()
    assert arrives_between(run, up, 29.1, 40).all()


def test_without_recovery_nobody_gives_up_or_dials_again(cut_off: Cut) -> None:
    run = cut_off("without")
    assert run.told("media-lost", "redial") == []
    assert len(run.told("connected")) == 3
    [left] = run.told("left", bridge="east")
    assert left["cause"] == "bye"


# ------------------------------------------------------------------------------ power is away


def test_a_bridge_without_power_says_nothing_and_dials_when_it_is_back(cut_off: Cut) -> None:
    run = cut_off("power")
    [off], [on], [again] = run.told("powered-off"), run.told("powered-on"), run.told("redial")
    assert (off["who"], off["bridge"], off["at_s"]) == (
        "bridge",
        "east",
        pytest.approx(10, abs=0.001),
    )
    assert on["at_s"] == pytest.approx(24.3, abs=0.001)
    # each looks at the clock for itself, and a look takes part of a microsecond
    assert again["at_s"] == pytest.approx(on["at_s"], abs=10e-6)
    assert run.told("left", bridge="east")[0]["cause"] == "replaced"
    for kind in ("audio", "video"):
        times = due_s(run, run.trace("east", kind, "up"))
        # the last frame's packets may be due within its interval
        assert not ((times >= 10 + 1 / 30) & (times < 24.3)).any()


def test_nobody_hears_what_comes_to_a_host_without_power(cut_off: Cut) -> None:
    run = cut_off("power")
    [health] = [h for h in run.captures.health if getattr(h, "bridge", "") == "east"]
    down = [run.trace("east", kind, "down") for kind in ("audio", "video")]
    assert not any(arrives_between(run, trace, 10, 24).any() for trace in down)
    lost = sum(int(np.count_nonzero(trace.lost)) for trace in down)
    assert lost <= health.unheard < lost + 20  # reports, too


def test_a_bridge_that_stays_off_is_put_out_when_the_meeting_is_over(cut_off: Cut) -> None:
    run = cut_off("before its call")
    [left] = run.told("left", bridge="north")
    hang_up_s = run.plan.hang_up_s - run.plan.phases[0].start_s
    assert left["cause"] == "put-out"
    assert left["at_s"] == pytest.approx(hang_up_s + 2, abs=0.05)
    assert all(e["at_s"] < 10 for e in run.told("powered-on"))


def test_a_bridge_that_is_off_when_it_should_dial_dials_when_it_is_on(cut_off: Cut) -> None:
    """And one that is on again before its time comes does not dial before it."""
    run = cut_off("before its call")
    east, north = (run.told("connected", bridge=who) for who in ("east", "north"))
    assert [e["at_s"] for e in east] == [pytest.approx(1, abs=SETUP_S)]
    assert [e["at_s"] for e in north] == [pytest.approx(6, abs=SETUP_S)]
    assert [e["bridge"] for e in run.told("redial")] == ["east"]


# ------------------------------------------------------------------------------ the MCU


def test_the_mcu_starts_again_and_knows_nothing_of_before(cut_off: Cut) -> None:
    run = cut_off("mcu")
    [off], [on] = run.told("powered-off"), run.told("powered-on")
    assert (off["who"], off["bridge"]) == ("mcu", "mcu")
    assert (off["at_s"], on["at_s"]) == (
        pytest.approx(10, abs=0.001),
        pytest.approx(24.3, abs=0.001),
    )
    left = [e for e in run.told("left") if e["cause"] == "power-lost"]
    assert {e["bridge"] for e in left} == {"west", "east", "north"}
    assert all((e["units"], e["ports"]) == (0, 0) for e in left)
    joined = [e for e in run.told("joined") if e["at_s"] > 24]
    assert [e["bridge"] for e in joined] == ["west", "east", "north"]
    assert [e["units"] for e in joined] == [1.5, 3.0, 4.5]  # of 90, by calls in SD
    for kind in ("audio", "video"):
        times = due_s(run, run.trace("west", kind, "down"))
        assert not ((times >= 10 + 0.1) & (times < 24.3)).any()  # 0.1: its mixing delay
    first, second = mcu_healths(run)
    assert (first.uptime, second.uptime) == (1, 2)
    assert first.unheard > 1000


def test_a_floor_that_was_given_is_gone_with_the_mcu(cut_off: Cut) -> None:
    """Its configuration is all that it has after a start: the chair alone is heard."""
    run = cut_off("mcu")
    given = [e for e in run.told("control") if e["kind"] == "call-to-speak"]
    assert [e["at_s"] < 10 for e in given] == [True]


def test_bridges_that_lose_the_mcu_all_notice_and_dial_one_after_another(cut_off: Cut) -> None:
    run = cut_off("mcu")
    lost = run.told("media-lost")
    assert {e["bridge"] for e in lost} == {"west", "east", "north"}
    assert all(e["at_s"] == pytest.approx(20, abs=0.05) for e in lost)
    times = [e["at_s"] for e in run.told("redial")]
    assert len(times) == 3
    assert np.diff(times).min() > 0.01


def test_bridges_dial_in_vain_until_the_meeting_is_over(cut_off: Cut) -> None:
    run = cut_off("mcu for ever")
    attempts = [e["at_s"] for e in run.told("redial", bridge="east")]
    hang_up_s = run.plan.hang_up_s - run.plan.phases[0].start_s
    assert attempts == pytest.approx([25.02, 30.02, 35.02], abs=0.05)
    assert max(attempts) < hang_up_s
    assert len(run.told("connected", bridge="east")) == 1


def test_a_bridge_that_was_dialled_dials_in_when_it_comes_back(cut_off: Cut) -> None:
    run = cut_off("both")
    east = [e["at_s"] for e in run.told("connected", bridge="east")]
    assert east == [pytest.approx(13, abs=SETUP_S), pytest.approx(34, abs=SETUP_S)]
    # the others talked to an MCU that had forgotten them, until they noticed
    assert [e["bridge"] for e in run.told("media-lost")] == ["west", "north"]
    assert mcu_healths(run)[1].unheard > 1000
