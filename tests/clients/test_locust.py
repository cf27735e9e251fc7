"""Locust as its users know it: its page, its numbers, a LoadTestShape, classes by name, one line
for what is wrong for all of them. Real Locust; the devices are `fake_mcu`'s."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from giaoban.scenarios.load.passwords import accounts_toml
from tests.clients.fake_mcu import Device, fake
from tests.clients.programs import HOST, end, free_ports
from tests.processes import wait_for

pytestmark = pytest.mark.realtime
ROOT = Path(__file__).resolve().parents[2]
LOCUSTFILE = ROOT / "traffic" / "locustfile.py"
ENDS_WITHIN_S = 120.0
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

OWN = """
from locust import LoadTestShape, User, constant, task
from giaoban.traffic.locustfile import *

class Hasty(BridgeUser):
    wait_time = constant(0.2)

class Idle(User):
    wait_time = constant(1)

    @task
    def nothing(self):
        self.environment.events.request.fire(
            request_type="-", name="idle", response_time=0, response_length=0, exception=None,
            context={},
        )
"""
SHAPE = """
class Steps(LoadTestShape):
    def tick(self):
        steps = [(3, 3), (6, 7), (8, 2)]
        return next(((n, 10) for until, n in steps if self.get_run_time() < until), None)
"""


def begin(*words: str, file: Path = LOCUSTFILE) -> subprocess.Popen[str]:
    """Locust without its page."""
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--only-summary"]
    return subprocess.Popen(
        [*command, "--i-am-authorised", *words], env=ENVIRONMENT, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def locust(*words: str, file: Path = LOCUSTFILE) -> tuple[int, str]:
    """The same, to its end: its exit code, and what it wrote."""
    with begin(*words, file=file) as job:
        _, said = job.communicate(timeout=ENDS_WITHIN_S)
    return job.returncode, said


def counts(said: str) -> dict[str, tuple[int, int]]:
    """(requests, failures) by name, of the closing table."""
    rows = re.findall(r"^\S+ +(\S+) +(\d+) +(\d+)\(", said, re.MULTILINE)
    return {name: (int(requests), int(failures)) for name, requests, failures in rows}


def own_file(folder: Path, text: str) -> Path:
    path = folder / "own.py"
    path.write_text(text, encoding="utf-8")
    return path


# ----------------------------------------------------------------------------------- classes, shape


def test_a_shape_of_ones_own_brings_bridges_and_takes_them_away(tmp_path: Path) -> None:
    file = own_file(tmp_path, OWN + SHAPE)
    with fake(Device()) as mcu:
        code, said = locust("BridgeUser", "--host", mcu.address, "--hold", "0", file=file)
        left = mcu.standing
    assert code == 0, said
    assert "Traceback" not in said
    # the numbers of those who have left are given out again: nobody is called bridge-0008
    assert mcu.callers == {f"bridge-{n:04d}" for n in range(1, 8)}
    assert left == 0
    assert mcu.asked.count("INVITE") == mcu.asked.count("BYE") == 7
    assert counts(said)["unregister"] == (7, 0)


def test_a_timetable_and_a_shape_of_ones_own_are_one_too_many(tmp_path: Path) -> None:
    file = own_file(tmp_path, OWN + SHAPE)
    with fake(Device()) as mcu:
        code, said = locust("--host", mcu.address, "--shape", "storm", file=file)
    assert code == 2
    assert "LoadTestShape of its own" in said
    assert mcu.asked == []


@pytest.mark.parametrize(
    "asked",
    [
        {"Hasty": "invite", "GuesserUser": "guess"},
        pytest.param({"Idle": "idle", "BabblerUser": "malformed"}, marks=pytest.mark.nightly),
    ],
    ids="+".join,
)
def test_whom_the_command_line_names_is_run_and_nobody_else(
    asked: dict[str, str], tmp_path: Path
) -> None:
    words = ("-u", "2", "-r", "2", "--seconds", "5", "--hold", "0.3")
    file = own_file(tmp_path, OWN)
    with ExitStack() as stack:
        jobs = {}
        for named in asked:  # all at once
            mcu = stack.enter_context(fake(Device(register=403)))
            jobs[named] = stack.enter_context(
                begin(named, "--host", mcu.address, *words, file=file)
            )
        said = {named: job.communicate(timeout=ENDS_WITHIN_S)[1] for named, job in jobs.items()}
    for named, operation in asked.items():
        found = counts(said[named])
        assert operation in found, said[named]
        assert not found.keys() & ({"invite", "idle"} - {operation})
        assert "Traceback" not in said[named]
    if "Hasty" in asked:  # a call of 0.3 s and its own pause of 0.2 s
        assert counts(said["Hasty"])["invite"][0] > 2 * 3
    if "GuesserUser" in asked:  # each once a second
        assert counts(said["GuesserUser"])["guess"][0] <= 2 * 6


def test_without_a_name_only_bridges_call(tmp_path: Path) -> None:
    with fake(Device()) as mcu:
        code, said = locust("--host", mcu.address, "-u", "4", "-r", "4", "--seconds", "3")
    assert code == 0, said
    assert counts(said).keys() == {"options", "register", "invite", "bye", "unregister"}
    assert mcu.callers == {f"bridge-{n:04d}" for n in range(1, 5)}


# ----------------------------------------------------------------------------------------- its page


class Page:
    """Locust with its page."""

    def __init__(self, log: Path, *words: str) -> None:
        self._log = log
        self._base = f"http://{HOST}:{free_ports()}"
        command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--web-host", HOST]
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [*command, "--web-port", self._base.rpartition(":")[2], *words],
                env=ENVIRONMENT, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        wait_for(self._is_up, "Locust's page", ENDS_WITHIN_S)

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self._base + path, timeout=30) as answer:
            return str(answer.read().decode())

    def swarm(self, users: int, rate: float = 10, **options: object) -> dict[str, Any]:
        """Press its button: start, or change the numbers while it runs."""
        form = {"user_count": users, "spawn_rate": rate, **options}
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(self._base + "/swarm", data, timeout=30) as answer:
            said: dict[str, Any] = json.loads(answer.read())
        return said

    def stop(self) -> None:
        with urllib.request.urlopen(self._base + "/stop", b"", timeout=60):
            pass

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/stats/requests"))
        return found

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.log
        try:
            return bool(self.get("/"))
        except OSError:
            return False


@contextmanager
def page(folder: Path, *words: str) -> Iterator[Page]:
    made = Page(folder / "locust.log", *words)
    try:
        yield made
    finally:
        end(made.process, signal.SIGTERM)


def test_numbers_changed_on_the_page_are_followed_up_and_down(tmp_path: Path) -> None:
    with fake(Device()) as mcu, page(tmp_path, "--host", mcu.address, "--i-am-authorised") as web:
        assert web.swarm(2, hold=0, media="none")["success"]
        for users in (5, 1, 3):
            wait_for(lambda: mcu.standing, "the first calls", ENDS_WITHIN_S)
            web.swarm(users)
            wait_for(lambda wanted=users: mcu.standing == wanted, f"{users} calls", ENDS_WITHIN_S)
        # numbers are given out again; who has just hung up may have his own for a moment longer
        assert mcu.callers <= {f"bridge-{n:04d}" for n in range(1, 5 + 2 + 1)}
        web.stop()
        wait_for(lambda: mcu.standing == 0, "all to hang up", ENDS_WITHIN_S)
        # and again, with other options than before
        web.swarm(2, hold=0, media="audio", room="phong-2")
        wait_for(lambda: mcu.standing == 2, "calls of a second test", ENDS_WITHIN_S)
        wait_for(lambda: web.stats()["state"] == "running", "Locust to say so", ENDS_WITHIN_S)
        end(web.process, signal.SIGTERM)
        assert mcu.standing == 0
        assert web.process.returncode == 0, web.log
        assert "Traceback" not in web.log


KINDS = {"BridgeUser", "TechnicianUser", "GuesserUser", "BabblerUser"}


def listed(text: str) -> set[str]:
    """The classes of users that a page offers."""
    return {kind for kind in KINDS if f'"{kind}"' in text}


def test_our_options_are_on_the_page_and_nothing_secret_is(tmp_path: Path) -> None:
    """Nor a class that is to be named."""
    accounts = tmp_path / "kept-to-ourselves.toml"
    accounts.write_text(accounts_toml(["x"], "y"), encoding="utf-8")
    accounts.chmod(0o600)
    words = ["--host", "sip:127.0.0.1:9", "--i-am-authorised", "--accounts", str(accounts)]
    with page(tmp_path, "--class-picker", *words) as web:
        text = web.get("/")
        assert "Traceback" not in web.log
    for shown in ("shape", "seconds", "hold", "media", "room", "no_register", "no_options"):
        assert f'"{shown}"' in text
    for hidden in ("giaoban_plan", "i_am_authorised", "accounts", accounts.stem):
        assert hidden not in text
    assert listed(text) == {"BridgeUser"}


def test_what_the_page_may_not_ask_for_is_one_line_and_locust_goes_on(tmp_path: Path) -> None:
    with fake(Device()) as mcu, fake(Device()) as other:
        with page(tmp_path, "--host", mcu.address, "--i-am-authorised") as web:
            for number, (asked, said) in enumerate(
                [
                    ({"host": other.address}, "--i-am-authorised"),
                    ({"host": "sip:mcu.example"}, "is no SIP address"),
                    ({"host": mcu.address, "shape": "tsunami"}, "steady, ramp, hold, storm"),
                    ({"host": mcu.address, "shape": "locust", "hold": -1}, "--hold"),
                    ({"host": mcu.address, "hold": 1, "users": 201}, "201"),
                ],
                1,
            ):
                web.swarm(**{"users": 3, **asked})  # type: ignore[arg-type]
                wait_for(lambda n=number: web.log.count("/ERROR/") == n, said, ENDS_WITHIN_S)
                assert said in web.log
                wait_for(lambda: web.stats()["state"] == "stopped", "the end", ENDS_WITHIN_S)
            web.swarm(3, host=mcu.address, shape="locust", hold=0)
            wait_for(lambda: mcu.standing == 3, "calls", ENDS_WITHIN_S)
            assert "Traceback" not in web.log
        assert other.asked == []


def test_the_owners_word_is_not_the_pages_to_give(tmp_path: Path) -> None:
    """Nor are classes but those that were named."""
    named = ("BridgeUser", "GuesserUser")
    words = (*named, "--class-picker")
    with fake(Device()) as mcu, page(tmp_path, *words, "--host", mcu.address) as web:
        assert listed(web.get("/")) == {*named}
        web.swarm(1, i_am_authorised="true", giaoban_plan="{}")
        wait_for(lambda: "--i-am-authorised" in web.log, "the refusal", ENDS_WITHIN_S)
        assert mcu.asked == []


# ---------------------------------------------------------------------------- as load tests have it

COUNTED = """
import sys
from importlib import metadata
from giaoban.scenarios.load.locust import start

look, times = metadata.entry_points, 0

def counted(**wanted):
    global times
    times += 1
    return look(**wanted)

metadata.entry_points = counted
try:
    start.main()
finally:
    from gevent import monkey

    print(times, monkey.is_module_patched("socket"), metadata.entry_points is counted)
"""


def test_a_load_tests_locust_reads_once_what_is_installed() -> None:
    """gevent, which patches module by module, asks at each step; what answers it is there again
    for whoever asks later."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, "--version"],
        capture_output=True, text=True, check=False, env=ENVIRONMENT,
    )  # fmt: skip
    version, told = done.stdout.splitlines()
    assert (done.returncode, told) == (0, "1 True True"), done.stderr
    assert version.startswith("locust ")


# ---------------------------------------------------------------------------- wrong for all of them

UNREACHABLE = """
import errno
from giaoban.scenarios.load.locust import sip_transport
from giaoban.traffic.locustfile import *

def nowhere(target):
    raise OSError(errno.ENETUNREACH, "Network is unreachable")

sip_transport._own_address = nowhere
"""
NO_PORTS = """
from giaoban.traffic.media_load.process import MediaError, MediaProcess
from giaoban.traffic.locustfile import *

def none(self, media):
    raise MediaError("Too many open files")

MediaProcess.open = none
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (UNREACHABLE, "nobody can call sip:127.0.0.1:9: Network is unreachable"),
        (NO_PORTS, "no phone for some users: Too many open files"),
    ],
    ids=["unreachable", "no-ports"],
)
def test_what_is_wrong_for_all_users_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    words = ["--host", "sip:127.0.0.1:9", "-u", "5", "-r", "5", "--seconds", "3"]
    code, wrote = locust(*words, "--media", "audio", file=own_file(tmp_path, text))
    assert wrote.count(said) == 1, wrote
    assert "Traceback" not in wrote
    assert code == 1


def test_users_without_an_account_are_one_line(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(accounts_toml(["cu-jut", "dak-mil"], "y"), encoding="utf-8")
    accounts.chmod(0o600)
    with fake(Device()) as mcu:
        code, said = locust(
            "--host", mcu.address, "-u", "6", "-r", "6", "--seconds", "4",
            "--accounts", str(accounts),
        )  # fmt: skip
    assert said.count("no more users: 2 of bridge") == 1, said
    assert "Traceback" not in said
    assert mcu.callers == {"cu-jut", "dak-mil"}
    assert code == 1


@pytest.mark.nightly  # by day one process does, and load tests have masters and workers
def test_a_master_and_a_worker_follow_a_shape_too(tmp_path: Path) -> None:
    file = own_file(tmp_path, OWN + SHAPE)
    port = str(free_ports())
    with fake(Device()) as mcu:
        worker = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(file), "--worker", "--master-port", port],
            env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            code, said = locust(
                "BridgeUser", "--host", mcu.address, "--hold", "0", "--master",
                "--master-bind-port", port, "--expect-workers", "1", file=file,
            )  # fmt: skip
            _, told = worker.communicate(timeout=ENDS_WITHIN_S)
        finally:
            end(worker)
    assert code == 0, said
    assert "Traceback" not in said + told
    assert mcu.callers == {f"bridge-{n:04d}" for n in range(1, 8)}
    assert mcu.asked.count("INVITE") == mcu.asked.count("BYE") == 7
