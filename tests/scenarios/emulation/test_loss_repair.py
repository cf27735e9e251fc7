"""A line that loses 5 % of all, and packets of pictures that are sent again: what is on the wire,
and what becomes of it."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from runs import Finished, Runs

from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.log import OF_NO_USE, REPAIRED, REQUESTED, REQUESTED_AGAIN, RETRANSMITTED
from giaoban.traffic.profiles import RTX_PAYLOAD_TYPE

pytestmark = pytest.mark.sandbox

BRIDGE = "west"


@pytest.fixture(scope="module")
def run(runs: Runs) -> Finished:
    return runs["repaired"]


def done(run: Finished, way: str) -> dict[int, int]:
    """How often each thing was done about packets of the bridge's pictures."""
    plan: Plan = run.captures.plan
    [call] = (call for call in plan.calls if call.bridge == BRIDGE)
    index = (call.up if way == "up" else call.down)["video"]
    what = run.captures.retransmissions[index]["what"]
    kinds = (REQUESTED, REQUESTED_AGAIN, RETRANSMITTED, REPAIRED, OF_NO_USE)
    return {kind: int(np.count_nonzero(what == kind)) for kind in kinds}


def test_every_packet_is_accounted_for(run: Finished) -> None:
    assert run.result.verdict != "invalid", run.result.reasons
    assert run.result.accounting.unaccounted == 0
    assert run.result.accounting.packets_lost_by_impairment > 50


@pytest.mark.parametrize("way", ["up", "down"])
def test_what_was_asked_for_comes_again(run: Finished, way: str) -> None:
    told = done(run, way)
    # a line that loses 5 % loses requests and answers, too; some are asked for again
    assert told[REQUESTED] > 10
    assert told[REPAIRED] >= 0.9 * told[REQUESTED]
    came = told[REPAIRED] + told[OF_NO_USE]
    assert told[REPAIRED] <= came <= told[RETRANSMITTED] <= told[REQUESTED] + told[REQUESTED_AGAIN]


def test_the_result_tells_it(run: Finished) -> None:
    told = {"up": [0, 0], "down": [0, 0]}
    for _, bridge, stream in run.streams():
        if stream.kind != "video":
            assert stream.packets_requested is None
            continue
        assert stream.packets_repaired is not None
        assert stream.packets_requested is not None
        if bridge != BRIDGE:
            assert (stream.packets_requested, stream.packets_repaired) == (0, 0)
            continue
        told[stream.direction][0] += stream.packets_requested
        told[stream.direction][1] += stream.packets_repaired
    for way, (requested, repaired) in told.items():
        assert 0 < repaired <= done(run, way)[REPAIRED]
        assert 0 < requested <= done(run, way)[REQUESTED]


def test_pictures_are_judged_after_it_and_sound_is_not_repaired(run: Finished) -> None:
    lost = {
        (bridge, stream.kind): stream.lost_pct
        for phase, bridge, stream in run.streams()
        if phase == "after" and stream.direction == "up"
    }
    sound, picture = lost[BRIDGE, "audio"], lost[BRIDGE, "video"]
    assert sound is not None
    assert picture is not None
    assert sound > 1.5
    assert picture < 1.0


def test_wireshark_reads_what_is_sent_again(run: Finished) -> None:
    """The recording of the bridge's host: what it sent again, and what of the MCU's came."""
    fields = ["-e", "ip.src", "-e", "rtp.ssrc", "-e", "rtp.seq"]
    wanted = f"rtp.p_type == {RTX_PAYLOAD_TYPE}"
    read = subprocess.run(
        [
            *("tshark", "-n", "-r", run.folder / f"{BRIDGE}.pcapng"),
            *("-o", "rtp.heuristic_rtp:TRUE", "-Y", wanted, "-T", "fields", *fields),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("\t") for line in read.stdout.splitlines()]
    host = run.captures.plan.network.address(BRIDGE)
    sent = [row for row in rows if row[0] == host]
    came = [row for row in rows if row[0] != host]
    assert len(sent) == done(run, "up")[RETRANSMITTED]
    down = done(run, "down")
    assert len(came) == down[REPAIRED] + down[OF_NO_USE]
    assert len({row[1] for row in sent}) == len({row[1] for row in came}) == 1


def test_it_is_emulated_alone(run: Finished) -> None:
    assert 'loss_repair = "retransmission": packets that are sent again are emulated' in run.out
