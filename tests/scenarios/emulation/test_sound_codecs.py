"""Sound whose frames are modelled: what is on the wire, who is heard, what is judged.

Pauses are left out and pictures follow the voice, so that the mix decides what is sent.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from recording import tshark
from runs import Finished, made
from scenario_factory import scenario

from giaoban.results.judge.criteria import AUDIO_LOSS, MOS
from giaoban.results.model.unmodelled import SPEECH_QUALITY
from giaoban.results.report.summaries.check_summary import summary_md
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.records.events import RtcpReport

pytestmark = pytest.mark.sandbox

MEETING = (
    '[meeting]\nfloor = "open"\nvideo = "switched"\ndial = "out"\n'
    'sound = "conversation"\nsilence_suppression = true\n'
)
OFF_MS = 0.3
"""How far an open-loop estimate's delays may be off: signalling and RTCP take no time in it."""
OCTETS, TICKS = 80, 960  # RFC 7587: 32 kb/s for 20 ms, 48 kHz


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("opus")
    file = scenario(
        folder / "opus.toml", id="opus", profile="sd30-256k-opus", phases=(2, 3, 2), more=MEETING
    )
    return made([file, "--pcap", "north"], folder / "results")


def test_wireshark_names_the_codec_and_finds_its_frames_and_clock(run: Finished) -> None:
    recording = run.folder / "north.pcapng"
    lines = [" ".join(line) for line in tshark(recording, "-q", "-z", "rtp,streams")]
    assert sum("opus" in line.lower() for line in lines) == 2
    plan = run.captures.plan
    [call] = [call for call in plan.calls if call.bridge == "north"]
    for index in (call.up["audio"], call.down["audio"]):
        fields = ("rtp.p_type", "rtp.seq", "rtp.timestamp", "udp.length")
        words = [word for field in fields for word in ("-e", field)]
        ssrc = plan.streams[index].ssrc
        rows = tshark(recording, "-Y", f"rtp.ssrc=={ssrc:#x}", "-T", "fields", *words)
        kinds, numbers, stamps, lengths = np.array(rows, np.int64).T
        assert set(kinds) == {111}
        assert set(lengths) == {8 + 12 + OCTETS}
        steps = np.diff(stamps) % 2**32
        assert (np.diff(numbers) % 2**16 == 1).all()
        assert (steps % TICKS == 0).all()
        if index == call.up["audio"]:
            assert steps.max() > TICKS  # a pause, in which nothing is sent
        else:
            assert set(steps) == {TICKS}


def test_both_sides_agreed_on_it(run: Finished) -> None:
    said = tshark(run.folder / "north.pcapng", "-Y", "sdp", "-T", "fields", "-e", "sdp.media_attr")
    assert len(said) == 2
    assert all("opus/48000/2" in str(row) for row in said)


def test_reports_count_by_its_clock(run: Finished) -> None:
    """RFC 3550 §6.4.1: jitter in units of the timestamp."""
    reports = [r for r in run.captures.events_of(RtcpReport) if r.kind == "audio"]
    assert {report.receiver for report in reports} == {"mcu", "bridge"}
    assert {report.clock_hz for report in reports} == {48_000}
    checked = 0
    for _, _, stream in run.streams():
        if stream.kind == "audio" and stream.rtcp is not None and stream.jitter_ms is not None:
            assert abs(stream.rtcp.jitter_ms - stream.jitter_ms) < 0.5
            checked += 1
    assert checked >= 3


def test_an_estimate_finds_the_same(run: Finished) -> None:
    """Whom the picture shows hangs on who was loudest in the MCU's mix."""
    file = run.root.parent / "opus.toml"
    estimated = estimate(make_question(file)).result
    assert estimated.verdict == run.result.verdict
    told, binding = estimated.binding, run.result.binding
    assert (told.criterion, told.place) == (binding.criterion, binding.place)
    assert told.value == pytest.approx(binding.value, abs=OFF_MS)
    found = [s for phase in estimated.phases for b in phase.bridges for s in b.streams]
    emulated = [stream for _, _, stream in run.streams()]
    assert len(found) == len(emulated) > 0
    for one, other in zip(found, emulated, strict=True):
        assert one.packets_sent == other.packets_sent
        assert one.packets_received == other.packets_received
        assert one.delay_p95_ms == pytest.approx(other.delay_p95_ms, abs=OFF_MS)
        assert one.mouth_to_ear_ms == pytest.approx(other.mouth_to_ear_ms, abs=OFF_MS)


def test_its_look_ahead_counts_each_time_that_sound_is_encoded(run: Finished) -> None:
    """RFC 6716: 26.5 ms with a frame of 20 ms; by the bridge, and by the MCU again."""
    plan = run.captures.plan
    terminal = plan.terminal
    others_ms = terminal.packetisation_ms + plan.device.audio_mix_delay_ms + 2 * terminal.playout_ms
    assert run.result.meeting.sound_devices_ms == pytest.approx(others_ms + 2 * 6.5)


def test_speech_quality_is_not_judged_and_the_answer_says_why(run: Finished) -> None:
    result = run.result
    judged = {criterion.id for criterion in result.criteria}
    assert MOS not in judged
    assert AUDIO_LOSS in judged
    assert {s.mos for _, _, s in run.streams()} == {s.mos_scale for _, _, s in run.streams()}
    assert {s.mos for _, _, s in run.streams()} == {None}
    [left_out] = [each for each in result.unmodelled if each.id == SPEECH_QUALITY]
    assert left_out.errs == "unjudged"
    assert f"Speech quality (MOS) is not judged: {left_out.why}" in summary_md(result)
    assert f"Không xét chất lượng tiếng nói (MOS): {left_out.why_vi}" in summary_md(result, "vi")
    assert "Speech quality (MOS) is not judged" in run.out
    kept = json.loads((run.folder / "result.json").read_bytes())
    assert [each for each in kept["unmodelled"] if each["id"] == "sound-codec"]
