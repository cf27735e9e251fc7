"""`giaoban mcu serve` as a command: what it says, how it ends, and its exit codes."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from scenario_factory import giaoban as here

from giaoban.mcu_sim.sip.events import CallEnded
from tests.clients.programs import HOST, Mcu, end, free_ports, giaoban
from tests.phone import Phone
from tests.processes import PATIENCE_S, wait_for

pytestmark = pytest.mark.realtime

AUDIO = f"v=0\no=- 1 1 IN IP4 {HOST}\ns=-\nc=IN IP4 {HOST}\nt=0 0\nm=audio %d RTP/AVP 8\n"


@pytest.fixture
def mcu(tmp_path: Path) -> Iterator[Mcu]:
    running = Mcu(tmp_path)
    yield running
    end(running.process)
    process = running.process
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()


def serve(port: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, which must come by itself."""
    return subprocess.run(
        giaoban("mcu", "serve", "--listen", f"{HOST}:{port}", *words),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_it_says_what_may_be_called_and_what_was_done() -> None:
    port = free_ports()
    done = serve(port, "--seconds", "0.5", "--device", "codian-4203")
    assert (done.returncode, done.stderr) == (0, "")
    first, rooms, closed = done.stdout.splitlines()
    assert "4203" in first
    assert f"sip:{HOST}:{port}" in first
    assert rooms == f"rooms: every name (call sip:giao-ban@{HOST}:{port}); callers: anyone"
    assert closed.startswith("closed: 0 media packets sent")


def test_meetings_and_accounts_are_named(tmp_path: Path) -> None:
    meetings, accounts = tmp_path / "meetings.toml", tmp_path / "accounts.toml"
    one = 'id = "{0}"\nname = "x"\npattern = "any-bridges"\nchair = "dak-nong"\n'
    listed = "".join("[[meeting]]\n" + one.format(f"hop-{n}") for n in range(10))
    head = 'schema = "giaoban.meetings/1"\n'
    meetings.write_text(f'{head}open_rooms = {{ prefix = "tam-" }}\n{listed}')
    accounts.touch(mode=0o600)
    accounts.write_text(
        'schema = "giaoban.accounts/1"\naccount = [{ user = "cu-jut", password = "x" }]\n'
    )
    words = ("--meetings", str(meetings), "--accounts", str(accounts), "--seconds", "0.1")
    port = free_ports()
    done = serve(port, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == (
        "rooms: hop-0, hop-1, hop-2, hop-3, hop-4, hop-5, hop-6, hop-7, 2 more, "
        f"every name that begins with tam- (call sip:hop-0@{HOST}:{port}); callers: 1 account"
    )


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_another_program_has(kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind((HOST, 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        ran = here("mcu", "serve", "--listen", f"{HOST}:{port}")
    assert (ran.code, ran.out) == (4, "")
    assert f"{HOST}:{port}: cannot be listened on: Address already in use" in ran.err
    assert "to mend it: another --listen" in ran.err


@pytest.mark.parametrize(
    "listen",
    [
        *(
            "5060",
            "localhost:5060",
            "127.0.0.1",
            "127.0.0.1:0",
            "127.0.0.1:70000",
            "::1:5060",
            "[::1]:5060",
        ),
        *(
            "0.0.0.0:5060",
            "224.0.0.1:5060",
            "255.255.255.255:5060",
            "127.0.0.1:5060 ",
            "1.2.3.999:1",
        ),
    ],
)
def test_addresses_that_cannot_be_listened_on(listen: str) -> None:
    ran = here("mcu", "serve", "--listen", listen)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f'giaoban: --listen = "{listen}"')
    assert "allowed" in ran.err
    assert ("is an IPv6 address, and this MCU speaks IPv4 alone" in ran.err) == ("::1" in listen)


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("schema = 1", 0o644, "chmod 600"),
        ('schema = "giaoban.accounts/1"\n', 0o600, "account"),
        ('schema = "giaoban.accounts/1"\naccount = [{ user = "a", pin = "geheim" }]', 0o600, "pin"),
        ("account = [", 0o600, "accounts.toml"),
    ],
)
def test_accounts_that_are_wrong(tmp_path: Path, text: str, mode: int, says: str) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(text)
    path.chmod(mode)
    ran = here("mcu", "serve", "--accounts", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert "geheim" not in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--accounts", "nowhere.toml"), "nowhere.toml"),
        (("--meetings", "nowhere.toml"), "nowhere.toml"),
        (("--device", "rmx-1500-mpmy"), "rmx-1500-mpmx"),
        (("--video", "both"), "'presence', 'switched'"),
        (("--events", "/nowhere/at/all"), "--events /nowhere/at/all: cannot be written"),
        (("--kbps", "1"), "--kbps"),
        (("--seconds", "0"), "--seconds"),
        (("--media-port", "80"), "--media-port"),
    ],
)
def test_options_that_are_wrong(words: tuple[str, ...], says: str) -> None:
    ran = here("mcu", "serve", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(signal.SIGINT, marks=pytest.mark.nightly),
        signal.SIGTERM,
    ],
)
def test_everybody_is_hung_up_when_it_is_told_to_stop(mcu: Mcu, by: int) -> None:
    callers = [Phone(user) for user in ("cu-jut", "dak-mil")]
    for caller in callers:
        caller.dial(mcu.uri("giao-ban"), AUDIO % free_ports(2))
    mcu.wait_for("joined", 2)
    mcu.process.send_signal(by)
    for caller in callers:
        caller.until(lambda c=caller: any(isinstance(e, CallEnded) for e in c.events), "a BYE")
        caller.close()
    assert wait_for(lambda: mcu.process.poll() is not None, "its end")
    assert mcu.process.returncode in (0, 3)  # 3: this machine was too busy
    assert [e["cause"] for e in mcu.said("left")] == ["put-out"] * 2


def test_media_that_left_late_make_it_invalid(mcu: Mcu) -> None:
    """The machine stands still for as long as the process is stopped."""
    with closing(Phone("cu-jut")) as caller:
        caller.dial(mcu.uri("giao-ban"), AUDIO % free_ports(2))
        mcu.wait_for("joined")
        mcu.process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        mcu.process.send_signal(signal.SIGCONT)
        caller.live(0.2)
        caller.hang_up()
        mcu.wait_for("left")
    mcu.process.send_signal(signal.SIGINT)
    out, errors = mcu.process.communicate(timeout=PATIENCE_S)
    assert mcu.process.returncode == 3, errors
    assert re.search(r"media packets left more than 20 ms late \(\d+\.\d %, limit 1 %;", errors)
    assert '"starved": 0' not in out


def test_the_console_carries_out_what_is_typed_and_says_what_came_of_it(tmp_path: Path) -> None:
    meetings = tmp_path / "meetings.toml"
    meetings.write_text(
        'schema = "giaoban.meetings/1"\n'
        '[[meeting]]\nid = "briefing"\nname = "x"\npattern = "any-bridges"\nchair = "dak-nong"\n'
    )
    done = subprocess.run(
        giaoban(
            *("mcu", "serve", "--listen", f"{HOST}:{free_ports()}", "--seconds", "1"),
            *("--meetings", str(meetings), "--console"),
        ),
        input="queue\nmute cu-jut\nbriefing: layout 2x2\nshout\nother: queue\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert "asking to speak: nobody" in said
    assert "refused: 404 cu-jut is unknown to this meeting" in said
    assert "done: all get layout 2x2" in said
    assert any(line.startswith("? command: is not known") for line in said)
    assert "refused: 404 no such meeting" in said
