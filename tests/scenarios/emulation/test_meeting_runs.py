"""Meetings in the sandbox: switched pictures, calls from the MCU, encryption, floor control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recording import heard, tshark
from runs import MEETINGS, Finished, Runs
from scenario_factory import giaoban, scenario

from giaoban.mcu_sim.media.srtp import TAG_BYTES
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.measure.hop_delays import rebuild
from giaoban.scenarios.plan.question import make_question
from giaoban.traffic.rtp import ETHERNET_BYTES, HEADER_BYTES, UDP_IP_BYTES

pytestmark = pytest.mark.sandbox

NAMES = tuple(MEETINGS)
TONE = 3000.0  # amplitude of a bridge's tone


STARTED = (*NAMES, "sound")


@pytest.mark.parametrize("name", STARTED)
def test_how_far_an_estimate_is_off(runs: Runs, name: str) -> None:
    off = runs[name].result.estimate
    assert (off.refused, off.same_verdict) == (None, True)
    # where a key frame that overtakes others answers another request, other frames are missed
    if name != "lossy":
        assert off.same_binding
        assert off.within
        assert off.loss_points_max == 0.0


def test_where_packets_overtake_each_other_an_estimate_fails_by_the_same_stream(runs: Runs) -> None:
    binding = runs["lossy"].result.binding
    told = estimate(make_question(runs.folder / "lossy.toml")).result.binding
    stream = ("bridge", "west", "video up")
    for place in (binding.place, told.place):
        assert (place.kind, place.id, place.detail) == stream


BEGINNING_NS = 200_000_000
"""Longer than packets overtake each other by."""


def events(run: Finished, *names: str, **having: object) -> list[dict[str, Any]]:
    """Events of these names that have these figures."""
    lines = (run.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [
        e
        for e in found
        if e.get("event") in names and having.items() <= {**e, "by": e.get("by")}.items()
    ]


# ---------------------------------------------------------------------------------- every meeting


@pytest.mark.parametrize("name", NAMES)
def test_the_run_is_valid_and_every_packet_is_accounted_for(runs: Runs, name: str) -> None:
    run = runs[name]
    assert run.code in (0, 1), run.err + run.out
    account = run.result.accounting
    assert account.unaccounted == account.packets_dropped_at_queues == 0
    assert account.packets_sent == account.packets_received > 5_000
    told = run.captures.health
    rtcp = sum(h.rtcp_sent for h in told)
    assert rtcp == sum(h.rtcp_received for h in told) > 20
    assert all(s.lost_pct in (0.0, None) for _, _, s in run.streams())


@pytest.mark.parametrize("name", NAMES)
def test_queues_are_rebuilt_close_to_what_was_measured(runs: Runs, name: str) -> None:
    """Encrypted packets are longer on the wire by their tag; RTCP and SIP are not rebuilt.

    Where packets overtake each other, many leave within each other's time.
    """
    captured = runs[name].captures
    slowest_mbps = min(link.rate_mbps for link in captured.plan.network.links)
    report = 300 + TAG_BYTES + HEADER_BYTES + UDP_IP_BYTES + ETHERNET_BYTES
    rebuilt = rebuild(captured)
    assert rebuilt.trusted
    assert name == "lossy" or rebuilt.error_us < report * 8 / slowest_mbps


# ------------------------------------------------------------------------------ switched pictures


def test_each_viewer_sees_the_speaker_and_the_speaker_sees_the_chair(runs: Runs) -> None:
    """Every picture packet leaves the device's delay after the speaker's came, in their order."""
    run = runs["switched"]
    delay_ns = round(run.captures.plan.device.forward_delay_ms * 1e6)
    # (viewer, whom it sees, from, to): east speaks from 2 s, north from 9 s
    for viewer, speaker, since_s, until_s in (
        ("west", "east", 3, 9),
        ("east", "west", 0, 9),
        ("north", "east", 7, 9),
        ("west", "north", 10, 12),
        ("east", "north", 10, 12),
    ):
        seen = run.trace(viewer, "video", "down")
        shown = run.trace(speaker, "video", "up")
        within = (seen.due_ns >= run.at_ns(since_s)) & (seen.due_ns < run.at_ns(until_s))
        assert np.count_nonzero(within) > 100
        came = dict(zip(shown.arrival_ns, shown.size, strict=True))
        assert [came.get(t - delay_ns) for t in seen.due_ns[within]] == list(seen.size[within])


def test_what_was_lost_on_the_way_to_the_mcu_is_no_loss_of_the_viewers_line(runs: Runs) -> None:
    """Each way is measured alone. What came is sent on as it came, in whatever order."""
    run = runs["lossy"]
    shown = run.trace("west", "video", "up")
    assert shown.impaired.mean() > 0.03
    assert np.any(np.diff(shown.arrival_ns[shown.arrived]) < 0)
    delay_ns = round(run.captures.plan.device.forward_delay_ms * 1e6)
    for viewer in ("east", "north"):
        seen = run.trace(viewer, "video", "down")
        assert seen.arrived.all()
        onward = np.sort(shown.arrival_ns[shown.arrived]) + delay_ns
        # a viewer begins with a key frame: what was sent before it and comes later is not for it
        begins_ns = seen.due_ns[0] + BEGINNING_NS
        during = (onward >= begins_ns) & (onward <= seen.due_ns[-1])
        assert np.array_equal(onward[during], seen.due_ns[seen.due_ns >= begins_ns])
    lost = {
        (bridge, s.direction): s.packets_impaired
        for phase, bridge, s in run.streams()
        if (phase, s.kind) == ("after", "video")
    }
    assert lost.pop(("west", "up")) > 0
    assert set(lost.values()) == {0}


def test_at_a_switch_the_new_picture_comes_at_once(runs: Runs) -> None:
    """The camera is asked for a key frame: its next one by itself may be 10 s away."""
    run = runs["switched"]
    for viewer, switched_s in (("west", 2), ("west", 9), ("east", 9)):
        seen = run.trace(viewer, "video", "down")
        gaps = np.diff(seen.due_ns)
        at = (seen.due_ns[1:] > run.at_ns(switched_s)) & (
            seen.due_ns[:-1] < run.at_ns(switched_s + 1)
        )
        assert 0 < gaps[at].max() < 600e6, viewer


def test_a_command_of_a_branch_that_it_may_not_give_is_refused_and_logged(runs: Runs) -> None:
    """Art. 16(2)c: a branch may not adjust another bridge's equipment."""
    run = runs["switched"]
    [logged] = events(run, "control", kind="refused")
    assert (logged["by"], logged["bridge"]) == ("east", "west")
    assert "mute: 403" in logged["text"]
    [told] = events(run, "command-refused")
    assert (told["who"], told["bridge"], told["code"]) == ("bridge", "east", 403)
    [kept] = run.result.refused_commands
    assert (kept.by, kept.command, kept.on, kept.code) == ("east", "mute", "west", 403)
    called = events(run, "control", kind="call-to-speak")
    assert [(e["by"], e["bridge"]) for e in called] == [("west", "east"), ("west", "north")]


def test_only_the_chair_and_whom_it_called_are_heard(runs: Runs) -> None:
    """In the last second west (0), the chair, and north (2) are; east (1) no longer."""
    run = runs["switched"]
    at_north, at_west = heard(run, "north"), heard(run, "west")
    assert at_north[0] == pytest.approx(TONE, rel=0.05)
    assert at_west[2] == pytest.approx(TONE, rel=0.05)
    assert max(at_north[1], at_north[2], at_west[0], at_west[1]) < 100


# ---------------------------------------------------------------------------------- who calls whom


def test_the_mcu_calls_every_bridge(runs: Runs) -> None:
    run = runs["out"]
    assert events(run, "connected", "refused", "timed-out") == []
    joined = events(run, "joined")
    assert [e["bridge"] for e in joined] == ["west", "east", "north"]
    assert all(0 < e["setup_ms"] < 50 for e in joined)
    assert run.result.phases[2].mcu.joined == ["east", "north", "west"]
    said = tshark(
        run.folder / "north.pcapng",
        *("-Y", "sip.Method", "-T", "fields", "-e", "ip.src", "-e", "sip.Method"),
    )
    mcu, north = (run.captures.plan.network.address(n) for n in ("mcu", "north"))
    assert [tuple(row) for row in said] == [(mcu, "INVITE"), (mcu, "ACK"), (north, "BYE")]


def test_the_bridges_call_otherwise(runs: Runs) -> None:
    run = runs["encrypted"]
    assert [e["bridge"] for e in events(run, "connected")] == ["west", "east", "north"]
    assert all("setup_ms" not in e for e in events(run, "joined"))


# ------------------------------------------------------------------------------------- encryption


def test_nobody_reads_the_sound_of_an_encrypted_meeting(runs: Runs) -> None:
    """On the wire it is noise without any bridge's tone, and each packet has a tag."""
    run = runs["encrypted"]
    rows = tshark(
        run.folder / "west.pcapng",
        *("-Y", "rtp && udp.port==40000", "-T", "fields", "-e", "udp.length"),
    )
    assert {int(row[0]) for row in rows} == {8 + HEADER_BYTES + 160 + TAG_BYTES}
    plain, secret = heard(runs["out"], "north"), heard(run, "north")
    assert plain[0] == pytest.approx(TONE, rel=0.05)
    assert secret[0] < TONE / 2


def test_encryption_changes_nothing_of_who_sends_what(runs: Runs) -> None:
    plain, secret = runs["out"], runs["encrypted"]
    counts = [
        {(p, b, s.kind, s.direction): s.packets_sent for p, b, s in run.streams()}
        for run in (plain, secret)
    ]
    assert counts[0] == counts[1]


# ------------------------------------------------------------------------------ calls given less


def test_a_call_that_is_given_sound_alone_sends_and_gets_sound_alone(runs: Runs) -> None:
    """Its camera stays off: the answer to its offer took the picture out."""
    run = runs["sound"]
    assert (run.code, run.result.accounting.unaccounted) == (1, 0), run.err + run.out
    after = run.result.phases[2]
    [less] = after.mcu.downspeeded
    assert (less.bridge, less.asked, less.given) == ("new-10", "720p30", "audio")
    for kind, there in (("audio", True), ("video", False)):
        for direction in ("up", "down"):
            assert bool(len(run.trace("new-10", kind, direction).due_ns)) == there
            assert len(run.trace("new-9", kind, direction).due_ns) > 50
    [bridge] = [b for b in after.bridges if b.id == "new-10"]
    assert [(s.kind, s.direction) for s in bridge.streams] == [("audio", "up"), ("audio", "down")]
    assert "every-call-as-asked" in [c.id for c in run.result.criteria if not c.ok]
    assert all(c.value is not None for c in run.result.criteria)  # no picture of it is missed


# ----------------------------------------------------------------------- dropped and called again


def test_a_bridge_called_again_has_its_streams_go_on_with_a_gap(runs: Runs) -> None:
    """Each is one stream: its numbers run on, and nothing was due while it was away."""
    run = runs["all"]
    dropped_s, back_s = 3, 7
    for kind in ("audio", "video"):
        for direction in ("up", "down"):
            trace = run.trace("east", kind, direction)
            assert trace.arrived.all()
            gaps_s = np.diff(trace.due_ns) / 1e9
            assert gaps_s.max() > back_s - dropped_s - 1.1, (kind, direction)
            assert np.count_nonzero(gaps_s > 1) == 1, (kind, direction)
            last = trace.due_ns[np.argmax(gaps_s)]
            assert last < run.at_ns(dropped_s + 1.1), (kind, direction)
            assert trace.due_ns[-1] > run.at_ns(11.9)


def test_a_bridge_put_out_by_the_control_room_is_not_dropped(runs: Runs) -> None:
    run = runs["all"]
    [left] = [e for e in events(run, "left", bridge="east") if e["cause"] == "put-out"]
    assert left["units"] == 3.0
    assert [p.mcu.put_out for p in run.result.phases] == [["east"], [], []]
    assert [p.mcu.dropped for p in run.result.phases] == [[], [], []]
    [dropped] = [c for c in run.result.criteria if c.id == "no-bridge-dropped"]
    assert dropped.ok
    assert run.result.phases[2].mcu.joined == ["east", "north", "west"]


@pytest.mark.nightly
def test_calls_that_the_mcu_made_outlive_their_session_timer(tmp_path: Path) -> None:
    """RFC 4028: unanswered, the MCU's refresh at 150 s would end every call at 268 s."""
    calls: dict[str, Any] = {"phases": (4, 4, 300), "bridges": (), "profile": "cif30-high-64k"}
    file = scenario(tmp_path / "long.toml", id="long", more=MEETINGS["out"], **calls)
    ran = giaoban("check", file, "--results", tmp_path / "results")
    assert ran.code == 0, ran.out
