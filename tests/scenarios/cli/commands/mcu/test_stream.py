"""`giaoban stream` as a command, over loopback: its figures and exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
from scenario_factory import giaoban as here

from tests.clients.programs import HOST, LATE, end, free_ports, giaoban
from tests.loopback import udp_socket
from tests.processes import PATIENCE_S, wait_for

CALL = ("--profile", "720p30-2m")


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        giaoban("stream", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> None:
    end(process)
    for pipe in (process.stdout, process.stderr):
        pipe.close()


def _bound(port: int) -> bool:
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") for line in lines)


@pytest.mark.realtime
def test_packets_sent_are_received() -> None:
    port = free_ports()
    receiver = start("receive", str(port), "--seconds", "20", "--idle", "1", "--json")
    try:
        wait_for(lambda: _bound(port), "the receiver")
        words = ("send", f"{HOST}:{port}", *CALL, "--seconds", "2", "--json")
        done = here("stream", *words)
        out, _ = receiver.communicate(timeout=PATIENCE_S)
    finally:
        finish(receiver)
    sent, got = json.loads(done.out), json.loads(out)
    assert done.code in (0, LATE)  # a busy machine may make it late, and then it must say so
    assert (done.code == 0) is sent["valid"]
    assert sent["packets"] == got["packets"]
    assert sorted(s["ssrc"] for s in got["streams"]) == sorted(s["ssrc"] for s in sent["streams"])
    assert all(s["lost"] == s["duplicates"] == s["reordered"] == 0 for s in got["streams"])


@pytest.mark.realtime
def test_ctrl_c_reports_the_packets_so_far() -> None:
    with udp_socket(HOST, timeout_s=PATIENCE_S) as far:
        sending = start("send", f"{HOST}:{far.getsockname()[1]}", *CALL, "--json")
        try:
            far.recv(2048)
            sending.send_signal(signal.SIGINT)
            out, _ = sending.communicate(timeout=PATIENCE_S)
        finally:
            finish(sending)
    report = json.loads(out)
    assert sending.returncode == 130
    assert report["interrupted"]
    assert 0 < report["packets"] < 2500


def test_a_file_is_counted_and_sent_again(tmp_path: Path) -> None:
    file, again = tmp_path / "sound.pcapng", tmp_path / "again.pcapng"
    words = ("--loss", "0.05,0.3", "--jitter", "5,2", "--duplicate", "0.1", "--seconds", "5")
    assert here("stream", "send", *CALL, *words, "--out", str(file)).code == 0
    done = here("stream", "receive", "--pcap", str(file), "--json")
    report = json.loads(done.out)
    assert len(report["streams"]) == 2
    assert all(s["lost"] and s["duplicates"] for s in report["streams"])
    refused = here("stream", "send", "--pcap", str(file), "--out", str(again))
    assert refused.code == 2
    assert "2 RTP streams and no ssrc is given" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["8.8.8.8:5004", *CALL], "--i-am-authorised"),
        (["239.1.1.1:5004", *CALL, "--i-am-authorised"], "not the address of one host"),
        ([f"{HOST}:5004"], "--profile and --pcap"),
        ([*CALL], "HOST:PORT or --out"),
        ([f"{HOST}:5004", "--profile", "720p30-2n"], 'did you mean "720p30-2m"'),
        ([f"{HOST}:5004", *CALL, "--loss", "2"], "--loss"),
        ([f"{HOST}:5004", *CALL, "--loss", "0.1,0"], "R is 0"),
        ([f"{HOST}:5004", *CALL, "--jitter", "5"], "--jitter"),
        ([f"{HOST}:5004", *CALL, "--reorder"], "with --jitter"),
        ([f"{HOST}:5004", *CALL, "--interface", "nonesuch0"], "no such interface"),
    ],
)
def test_bad_usage_is_refused(words: list[str], said: str) -> None:
    done = here("stream", "send", *words)
    assert done.code == 2
    assert said in " ".join(done.err.split())
