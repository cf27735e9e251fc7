"""Captures → result: accounting, validity, calls, phases and the documents' curves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pretended import ORIGIN_NS
from pretended_meeting import Meeting

from giaoban.results.model.result import Phase, Result
from giaoban.results.model.streams import StreamResult
from giaoban.scenarios.measure import validity
from giaoban.topology.network import Hop
from giaoban.traffic.log import RECEIVED, SENT, read
from giaoban.traffic.quality.codecs import codec_of, speech_mos


def stream_of(phase: Phase, bridge: str, kind: str, direction: str) -> StreamResult:
    [found] = [b for b in phase.bridges if b.id == bridge]
    [stream] = [s for s in found.streams if (s.kind, s.direction) == (kind, direction)]
    return stream


def test_a_good_meeting_passes(tmp_path: Path) -> None:
    result = Meeting(tmp_path).result()
    assert (result.verdict, result.reasons) == ("pass", [])
    account = result.accounting
    assert account.packets_sent == account.packets_received > 10_000
    assert account.unaccounted == 0
    assert [len(phase.bridges) for phase in result.phases] == [2, 3, 3]
    assert Result.from_json(result.to_json()) == result


def test_all_packets_of_a_phase_are_counted_once(tmp_path: Path) -> None:
    """A packet belongs to the phase in which it was due."""
    meeting = Meeting(tmp_path, impaired_every=10)
    result, plan = meeting.result(), meeting.question.plan
    sent = np.concatenate(
        [read(tmp_path / "captures" / f"{w}-sent.bin", SENT) for w in ("bridges", "mcu")]
    )
    for phase, timed in zip(result.phases, plan.phases, strict=True):
        start, end = (ORIGIN_NS + round(s * 1e9) for s in (timed.start_s, timed.end_s))
        for stream in plan.streams:
            call = next(c for c in plan.calls if c.bridge == stream.bridge)
            if call.dial_s >= timed.end_s:
                continue
            mine = sent[(sent["stream"] == stream.index)]
            mine = mine[(mine["due_ns"] >= start) & (mine["due_ns"] < end)]
            got = stream_of(phase, stream.bridge, stream.kind, stream.direction)
            assert got.packets_sent == np.count_nonzero(mine["copies"])
            assert got.packets_impaired == np.count_nonzero(mine["copies"] == 0) > 0
            assert got.packets_received == got.packets_sent
            assert got.lost_pct == 0.0
            assert got.listener_lost_pct == pytest.approx(10, abs=1.5)
            assert got.loss_burst_max == 1


def test_delay_is_arrival_less_due(tmp_path: Path) -> None:
    """Of one stream, by hand: propagation, serialisation and waiting."""
    meeting = Meeting(tmp_path)
    result, plan = meeting.result(), meeting.question.plan
    call = plan.calls[0]
    index = call.up["audio"]
    sent = read(tmp_path / "captures" / "bridges-sent.bin", SENT)
    due = sent["due_ns"][sent["stream"] == index]
    timed = plan.phases[2]
    start, end = (ORIGIN_NS + round(s * 1e9) for s in (timed.start_s, timed.end_s))
    delays = [
        (meeting.told.arrivals[index, n] - at) / 1e6
        for n, at in enumerate(due.tolist())
        if start <= at < end
    ]
    got = stream_of(result.phases[2], call.bridge, "audio", "up")
    for figure, percent in (("p50", 50), ("p95", 95), ("p99", 99)):
        value = getattr(got, f"delay_{figure}_ms")
        assert value == pytest.approx(np.percentile(delays, percent), abs=1e-4)


def test_wire_loss(tmp_path: Path) -> None:
    """One packet of twenty dropped on the way to one bridge: lost there, and nowhere else."""

    def drop(_stream: int, number: int, hop: Hop) -> bool:
        return hop.target == "north" and number % 20 == 7

    result = Meeting(tmp_path, drop=drop).result()
    assert result.verdict == "fail"
    for phase in result.phases[1:]:
        for bridge in phase.bridges:
            for stream in bridge.streams:
                hit = bridge.id == "north" and stream.direction == "down"
                assert stream.lost_pct == (pytest.approx(5, abs=1) if hit else 0.0)
                assert stream.loss_burst_max == (1 if hit else 0)
    account = result.accounting
    assert account.packets_dropped_at_queues == account.packets_sent - account.packets_received > 0
    assert account.unaccounted == 0
    assert (result.binding.cause, result.binding.place.id) == ("stream", "north")


def test_refused_call(tmp_path: Path) -> None:
    result = Meeting(tmp_path, refused={"north"}).result()
    assert result.verdict == "fail"
    before, during, after = result.phases
    assert [(r.bridge, r.code, r.reason) for r in during.mcu.refused] == [
        ("north", 503, "No free units")
    ]
    assert before.mcu.refused == after.mcu.refused == []
    assert [b.id for b in after.bridges] == ["west", "east"]
    assert after.mcu.joined == ["east", "west"]
    assert (result.binding.criterion, result.binding.cause) == ("every-call-set-up", "mcu")


def test_call_without_an_answer(tmp_path: Path) -> None:
    """The INVITE's timer runs out after 32 s, in the last phase here; it counts as 408."""
    result = Meeting(tmp_path, unanswered={"north"}, phases=(2, 2, 40)).result()
    refused = [(p.name, r.code) for p in result.phases for r in p.mcu.refused]
    assert refused == [("after", 408)]
    assert result.verdict == "fail"
    assert result.binding.cause != "mcu"


def test_bridge_dropped_in_a_phase(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    middle_ms = meeting.at_ms(2, 0.5)

    def leave_early(event: dict[str, Any]) -> None:
        if event["event"] == "left" and event["bridge"] == "east":
            event["t_ms"] = middle_ms

    meeting.events(leave_early)
    result = meeting.result()
    assert [p.mcu.dropped for p in result.phases] == [[], [], ["east"]]
    assert result.verdict == "fail"
    [dropped] = [c for c in result.criteria if c.id == "no-bridge-dropped"]
    assert (dropped.value, dropped.ok) == (1.0, False)


def test_mcu_units_of_each_phase(tmp_path: Path) -> None:
    """The highest of the phase, also where nothing changes in it."""
    meeting = Meeting(tmp_path)
    result = meeting.result()
    cost = meeting.question.plan.device.units_for("720p30")
    assert cost is not None
    assert [p.mcu.units_used for p in result.phases] == [2 * cost, 3 * cost, 3 * cost]
    assert [p.mcu.ports_used for p in result.phases] == [2, 3, 3]
    assert [p.mcu.setup_network_ms_p95 for p in result.phases] == [2.0, 2.0, None]


def test_curves_of_the_documents(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    series = meeting.answer().series
    cost = meeting.question.plan.device.units_for("720p30")
    assert cost is not None
    assert series.phases == [("before", 0, 2), ("during", 2, 5), ("after", 5, 9)]
    assert series.t_s.tolist() == list(range(9))
    # north dials in the middle of "during", 3.5 s after the first phase began
    one_pct = 100 * cost / meeting.question.plan.device.units_total
    assert (series.mcu_used_pct / one_pct).tolist() == pytest.approx([2, 2, 2, 3, 3, 3, 3, 3, 3])
    delay = series.stream_delay_ms["north audio down"]
    assert np.isnan(delay).tolist() == [True] * 3 + [False] * 6
    assert not np.isnan(series.stream_delay_ms["east video up"]).any()
    assert set(series.link_utilisation_pct) >= {"west--east r-west->r-east"}


def test_inputs_are_tied_to_their_bytes(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    inputs = meeting.result().inputs
    for ref, path in (
        (inputs.scenario, meeting.question.scenario_path),
        (inputs.province, meeting.question.province_path),
    ):
        assert ref.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert inputs.seed == meeting.question.plan.seed


def set_health(meeting: Meeting, who: str, key: str, value: object) -> None:
    def change(event: dict[str, Any]) -> None:
        if event["event"] == who and event.get("bridge") in (None, "north"):
            event[key] = value

    meeting.events(change)


def less_received(data: dict[str, Any]) -> None:
    data["udp"]["InDatagrams"] -= 1


def lose_a_record(meeting: Meeting) -> None:
    """The kernel delivered a packet that the program never logged."""
    path = meeting.folder / "captures" / "mcu-received.bin"
    path.write_bytes(path.read_bytes()[RECEIVED.itemsize :])


def double_a_record(meeting: Meeting) -> None:
    path = meeting.folder / "captures" / "mcu-received.bin"
    path.write_bytes(path.read_bytes() + path.read_bytes()[: RECEIVED.itemsize])


def spoil_a_record(meeting: Meeting) -> None:
    path = meeting.folder / "captures" / "mcu-received.bin"
    packets = read(path, RECEIVED)
    packets["timestamp"][100] += 1
    packets.tofile(path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda m: m.counters(less_received), "1 packet is unaccounted for"),
        (lambda m: m.counters(lambda d: d["udp"].update(OutDatagrams=1)), "are unaccounted for"),
        (lambda m: m.counters(lambda d: d.update(pacer_drops=3)), "pacing dropped 3 packets"),
        (lambda m: set_health(m, "bridge-health", "starved", 2), "north: media was handed over"),
        (lambda m: set_health(m, "mcu-health", "starved", 4), "the MCU: media was handed over"),
        (lambda m: set_health(m, "bridge-health", "overflowed", 5), "north: 5 packets overflowed"),
        (lambda m: set_health(m, "mcu-health", "overflowed", 6), "the MCU: 6 packets overflowed"),
        (lambda m: set_health(m, "mcu-health", "stray", 1), "the MCU: 1 packet came that belongs"),
        (lambda m: set_health(m, "bridge-health", "stray", 2), "north: 2 packets came that belong"),
        (lambda m: set_health(m, "mcu-health", "not_rtp", 1), "1 packet came that is not RTP"),
        (lambda m: set_health(m, "mcu-health", "unauthentic", 3), "3 packets came that could not"),
        (lambda m: set_health(m, "mcu-health", "foreign", 4), "4 packets came under another"),
        (lambda m: set_health(m, "mcu-health", "unsendable", 5), "5 packets of media could not"),
        (lambda m: set_health(m, "mcu-health", "calls_left", 1), "still held 1 call"),
        (lambda m: set_health(m, "mcu-health", "units_left", 3.0), "and 3 units"),
        (lambda m: set_health(m, "mcu-health", "sip_sent", 6), "the hosts' kernels sent"),
        (lambda m: set_health(m, "mcu-health", "sip_received", 4), "the hosts' kernels delivered"),
        (lambda m: set_health(m, "bridge-health", "rtcp_sent", 1), "the hosts' kernels sent"),
        (lambda m: set_health(m, "mcu-health", "rtcp_received", 1), "the hosts' kernels delivered"),
        (lose_a_record, "the hosts' kernels delivered"),
        (double_a_record, "1 packet arrived twice"),
        (spoil_a_record, "1 packet came that was never sent"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_a_sign_of_trouble_makes_the_run_invalid(
    tmp_path: Path, spoil: Callable[[Meeting], None], said: str
) -> None:
    meeting = Meeting(tmp_path)
    assert validity.reasons(meeting.load()) == []
    spoil(meeting)
    assert any(said in fault for fault in map(str, validity.reasons(meeting.load())))
    result = meeting.result()
    assert result.verdict == "invalid"
    assert any(said in reason for reason in result.reasons)


def test_losses_of_a_lossy_line_are_accounted_for(tmp_path: Path) -> None:
    """The kernel's loss model on a link: neither unaccounted for nor dropped at a queue."""

    def lose(data: dict[str, Any]) -> None:
        data["queues"][0]["line_losses"] += 7
        data["udp"]["OutDatagrams"] += 7

    meeting = Meeting(tmp_path)
    meeting.counters(lose)
    account = validity.accounting(meeting.load())
    assert (account.packets_lost_by_impairment, account.unaccounted) == (7, 0)


def test_a_conversation_minds_the_delay_that_a_listener_does_not(tmp_path: Path) -> None:
    """MOS-CQ and MOS-LQ: one has the whole way from mouth to ear in it, the other none."""
    result = Meeting(tmp_path).result()
    codec = codec_of("g711a")
    for bridge in result.phases[2].bridges:
        for s in (s for s in bridge.streams if s.kind == "audio"):
            assert s.mouth_to_ear_ms is not None
            assert s.mouth_to_ear_ms > 250
            assert s.mouth_to_ear_with in {"north", "east", "west"} - {bridge.id}
            expected = speech_mos(codec, s.mouth_to_ear_ms, 0.0)
            assert s.mos == pytest.approx(float(expected), abs=1e-3)  # type: ignore[arg-type]
            assert s.mos_listening == pytest.approx(4.409, abs=1e-3)
            assert s.mos < 4.1 < s.mos_listening
