"""`giaoban stream` as a command, over loopback: what it says, and its exit codes."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import giaoban as here

from giaoban.traffic import log as packet_log
from tests.clients.programs import HOST, LATE, end, free_ports, giaoban
from tests.loopback import udp_socket
from tests.nights import at_night
from tests.processes import PATIENCE_S, wait_for

pytestmark = pytest.mark.realtime

GE = """schema = "giaoban.impairments/1"
[[interval]]
to_s = 1.0
what = { loss = { model = "bernoulli", p = 0.5 }, duplicate = 0.2 }
"""


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        giaoban("stream", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> None:
    end(process)
    for pipe in (process.stdout, process.stderr):
        pipe.close()


def both(sending: list[str]) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """(the sender's exit code, what it says, what the receiver says)."""
    port = free_ports()
    receiver = start("receive", str(port), "--seconds", "20", "--idle", "1", "--json")
    try:
        wait_for(lambda: _bound(port), "the receiver")
        done = subprocess.run(
            giaoban("stream", "send", f"{HOST}:{port}", *sending, "--json"),
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        out, _ = receiver.communicate(timeout=PATIENCE_S)
    finally:
        finish(receiver)
    return done.returncode, json.loads(done.stdout), json.loads(out)


def _bound(port: int) -> bool:
    wanted = f"{port:04X}"
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{wanted}") for line in lines)


def test_what_is_sent_is_received() -> None:
    code, sent, got = both(["--rate", "500", "--seconds", "2", "--streams", "2"])
    assert code in (0, LATE)  # a busy machine may make it late, and then it must say so
    assert (code == 0) is sent["valid"]
    assert sent["packets"] == got["packets"] == 1000
    streams = got["streams"]
    assert [s["packets"] for s in streams] == [500, 500]
    assert all(s["lost"] == s["duplicates"] == s["reordered"] == 0 for s in streams)


def test_impairments_are_told_and_seen(tmp_path: Path) -> None:
    file, log = tmp_path / "ge.toml", tmp_path / "log"
    file.write_text(GE)
    words = ["--rate", "500", "--seconds", "2", "--impair", str(file), "--log", str(log)]
    _, sent, got = both(words)
    logged = packet_log.read(log, packet_log.SENT)
    assert len(logged) == 1000
    assert sent["packets"] == got["packets"] == int(logged["copies"].sum())
    # the second half is untouched; of 500 a half is removed within 5 standard deviations (56)
    assert (logged["copies"][500:] == 1).all()
    assert abs(sent["removed"] - 250) < 56


def test_a_profile_has_sound_and_pictures() -> None:
    _, sent, got = both(["--profile", "720p30-2m", "--seconds", "1"])
    types = sorted(s["payload_type"] for s in got["streams"])
    assert (len(types), types[-1]) == (2, 97)
    assert sent["packets"] == got["packets"]


@pytest.mark.parametrize("by", [signal.SIGINT, at_night(signal.SIGTERM)])
def test_ctrl_c_tells_what_was_sent(by: signal.Signals) -> None:
    with udp_socket(HOST, timeout_s=PATIENCE_S) as far:
        to = f"{HOST}:{far.getsockname()[1]}"
        # few and short: on a busy machine all of them wait in the socket until they are counted
        slow = ("--rate", "20", "--size", "100", "--seconds", "60")
        sending = start("send", to, *slow, "--json")
        try:
            far.recv(2048)
            sending.send_signal(by)
            out, _ = sending.communicate(timeout=PATIENCE_S)
        finally:
            finish(sending)
        far.setblocking(False)
        came = 1
        with contextlib.suppress(BlockingIOError):
            while far.recv(2048):
                came += 1
    report = json.loads(out)
    assert sending.returncode == 130
    assert report["interrupted"]
    assert report["packets"] == came < 1_200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["8.8.8.8:5004", "--rate", "10"], "--i-am-authorised"),
        (["239.1.1.1:5004", "--rate", "10", "--i-am-authorised"], "not the address of one host"),
        ([f"{HOST}:5004"], "--profile and --rate"),
        ([f"{HOST}:5004", "--rate", "10", "--profile", "720p30-2m"], "--profile and --rate"),
        ([f"{HOST}:5004", "--profile", "720p30-2n"], 'did you mean "720p30-2m"'),
        ([f"{HOST}:5004", "--rate", "10", "--streams", "11"], "--streams 11"),
        ([f"{HOST}:5004", "--rate", "10", "--pacing", "hope"], "'hope' is not one of"),
        ([f"{HOST}:5004", "--rate", "10", "--size", "9000"], "--size"),
    ],
)
def test_bad_usage_is_refused(words: list[str], said: str) -> None:
    done = here("stream", "send", *words)
    assert done.code == 2
    assert said in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("p = 0.5", "p = 1.5"), ":4: interval[0].what.loss.p = 1.5"),
        (("to_s = 1.0", "to_s = 0.0"), ":3: interval[0].to_s = 0.0"),
        (("duplicate", "duplicates"), 'did you mean "duplicate"'),
        (("to_s = 1.0", "from_s = 99.0"), ":3: interval[0].from_s = 99.0: begins after"),
        (("to_s = 1.0", "what = {}\n[[interval]]\nfrom_s = 0.5"), "overlaps another interval"),
    ],
)
def test_bad_impairments_are_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(GE.replace(*change))
    done = here("stream", "send", f"{HOST}:5004", "--rate", "10", "--impair", str(file))
    assert done.code == 2
    assert said in done.err


def test_a_stream_that_is_late_is_invalid() -> None:
    # no machine hands a packet over within 1 µs of its time, of 20,000 a second
    words = ["--rate", "20000", "--seconds", "0.3", "--limit-us", "1"]
    done = here("stream", "send", f"{HOST}:{free_ports()}", *words)
    assert done.code == 3
    assert "was not paced" in done.err
    assert "of 99 %" in done.out


def test_pacing_by_the_kernel_needs_its_queue() -> None:
    done = here("stream", "send", f"{HOST}:5004", "--rate", "10", "--pacing", "kernel")
    assert done.code == 4
    assert "fq" in done.err
