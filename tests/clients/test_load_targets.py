"""What `giaoban load` says of devices that lack something, or do not do what they should.

The devices are `fake_mcu`'s. All are called at once, by the users that Locust runs; how late a busy
machine let them be is left out of what is judged, which is for other tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest

from giaoban.results.model.studies.load import LoadResult
from giaoban.results.report.summaries.load_summary import lacking_lines, media_lines, summary_md
from giaoban.scenarios.cli.output import EXIT_CODES
from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.load_test import LoadRecords, LoadTest, answer
from giaoban.scenarios.load.locust.journal import HEARD, RECORD, JournalRecords
from giaoban.scenarios.load.locust.outcomes import GeneratorHealth, ReceivedMedia, Record
from giaoban.scenarios.load.locust.processes import LocustSetup
from giaoban.scenarios.load.plan import BackOff, LoadPlan, Shape
from giaoban.traffic.profiles import load_profiles
from tests.clients.fake_mcu import HOST, Device, fake
from tests.clients.programs import LATE, undrawn
from tests.loopback import free_ports, local_address, udp_socket

pytestmark = pytest.mark.realtime
ROOT = Path(__file__).resolve().parents[2]
BRIDGES = 2
HEALTH = GeneratorHealth(generator="1", at_s=0, cpu_pct=5, late_ms=1, missed_timers=0, standing=0)
PROFILE = load_profiles().pick("720p30-2m")


class Case(NamedTuple):
    """A device, and what is to be said of it; `asks`: as with no --no-options, --no-register."""

    device: Device | None
    failed: frozenset[str] = frozenset()
    reason: str = ""
    lacks: frozenset[str] = frozenset()
    missed: dict[str, int] | None = None
    asks: bool = True


SILENT = Device(options=None, register=None, invite=None, bye=None)
NO_BYE = Device(bye=None)
"""What is waited for last: no other device still owes an answer."""
NOT_SET_UP, NOT_HEARD = frozenset({"calls-not-set-up"}), frozenset({"calls-not-heard"})
OPTIONS, REGISTER = frozenset({"options"}), frozenset({"register"})
BOTH = OPTIONS | REGISTER
ELSEWHERE = local_address(77)
UNANSWERED = "no answer to any INVITE (2 calls)"
CASES: dict[str, Case] = {
    "good": Case(Device(), missed={}),
    # what it lacks beside calls decides nothing about calls
    "no answer to OPTIONS": Case(Device(options=None), lacks=OPTIONS),
    **{
        f"OPTIONS {code}": Case(Device(options=code), lacks=OPTIONS)
        for code in (404, 405, 500, 501)
    },
    "no answer to REGISTER": Case(Device(register=None), lacks=REGISTER),
    **{
        f"REGISTER {code}": Case(Device(register=code), lacks=REGISTER)
        for code in (401, 403, 404, 405, 500, 501)
    },
    "neither": Case(Device(options=None, register=405), lacks=BOTH, missed={}),
    "neither asked for": Case(Device(options=None, register=405), missed={}, asks=False),
    "full for registrations": Case(
        Device(register=503), failed=frozenset({"registrations-failed"}), missed={}
    ),
    # calls that come to nothing
    "silent": Case(SILENT, NOT_SET_UP, UNANSWERED, BOTH),
    "silent, nothing else asked": Case(SILENT, NOT_SET_UP, UNANSWERED, asks=False),
    "no answer to INVITE": Case(Device(invite=None), NOT_SET_UP, UNANSWERED),
    "nobody there": Case(None, NOT_SET_UP, UNANSWERED, BOTH),
    "no SIP": Case(Device(says_garbage=True), NOT_SET_UP, UNANSWERED, BOTH),
    **{
        f"INVITE {code}": Case(Device(invite=code), NOT_SET_UP, f"no call was set up: 2 × {code} ")
        for code in (302, 401, 404, 405, 486, 488, 500, 501, 503)
    },
    "no session description": Case(Device(body="none"), NOT_SET_UP, "2 × 200 its answer cannot"),
    "garbage for one": Case(Device(body="garbage"), NOT_SET_UP, "2 × 200 its answer cannot"),
    "hangs up at once": Case(Device(hangs_up=True), frozenset({"calls-dropped"})),
    "no answer to BYE": Case(NO_BYE, frozenset({"hang-ups-failed"}), missed={}),
    # calls that stand
    "answers from elsewhere": Case(Device(from_elsewhere=True), missed={}),
    "sends nothing": Case(Device(sends="nothing"), NOT_HEARD, missed={"nothing": 2}),
    "sends reports alone": Case(Device(sends="reports"), NOT_HEARD, missed={"nothing": 2}),
    "another codec": Case(Device(sends="other-codec"), NOT_HEARD, missed={"nothing": 2}),
    "half of the sound": Case(Device(sends="half"), NOT_HEARD, missed={"too-little": 2}),
    "sound for a second": Case(Device(sends="one-second"), NOT_HEARD, missed={"too-little": 2}),
    "sound that begins late": Case(Device(sends="late"), NOT_HEARD, missed={"late": 2}),
    "media elsewhere": Case(Device(media_at=ELSEWHERE), missed={}),
    "a third party for media": Case(
        Device(media_at=ELSEWHERE, sends="nothing"), NOT_HEARD, missed={"withheld": 2}
    ),
    "a third party that is to get media alone": Case(
        Device(media_at=ELSEWHERE, sends="nothing", body="recvonly"), NOT_HEARD,
        missed={"withheld": 2},
    ),
    "inactive": Case(Device(body="inactive"), NOT_HEARD, missed={"not-agreed": 2}),
    "takes no sound": Case(Device(body="no-audio"), NOT_HEARD, missed={"not-agreed": 2}),
}  # fmt: skip


def plan(address: str, case: Case) -> LoadPlan:
    host, port = address.removeprefix("sip:").split(":")
    return LoadPlan(
        target=(host, int(port)), shape="hold", bridges=BRIDGES, rate_per_s=4, seconds=0.2,
        hold_s=0, answer_within_s=1 if case.device == NO_BYE else 2,
        media=[] if case.missed is None else ["audio"], profile=PROFILE.id,
        kbps=PROFILE.video_kbps, registers=case.asks, asks_options=case.asks, asks_to_speak=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def answers() -> dict[str, LoadResult]:
    """What each device came to."""
    with ExitStack() as stack:
        addresses = [
            stack.enter_context(fake(case.device)).address if case.device else closed_port()
            for case in CASES.values()
        ]
        plans = [plan(*pair) for pair in zip(addresses, CASES.values(), strict=True)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.clients.callers"],
            input=json.dumps([one.model_dump() for one in plans]),
            capture_output=True, text=True, cwd=ROOT, check=False, timeout=180,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    journals = json.loads(done.stdout)
    return {
        name: answer_of(of, journal)
        for name, of, journal in zip(CASES, plans, journals, strict=True)
    }


def answer_of(
    of: LoadPlan,
    journal: list[dict[str, Any]],
    ended_s: float | None = None,
    *,
    until_s: float | None = None,
) -> LoadResult:
    """The verdict on what was done, as if the machine had been idle.

    Args:
        ended_s: when all had done what they had to.
        until_s: for how long the generator said how it fared, where that is not 30 s or `ended_s`.
    """
    by_kind: dict[str, list[dict[str, Any]]] = {RECORD: [], HEARD: []}
    for entry in journal:
        values = {key: value for key, value in entry.items() if key != "kind"}
        by_kind.setdefault(entry["kind"], []).append(values)
    records = [Record(**{**entry, "due_s": None}) for entry in by_kind[RECORD]]
    healths = [
        HEALTH.model_copy(update={"at_s": float(at_s)})
        for at_s in range(int(until_s or ended_s or 30))
    ]
    heard = [ReceivedMedia(**entry) for entry in by_kind[HEARD]]
    kept = JournalRecords(0.0, records, healths, heard, ended_s)
    order = LoadTest(of, LocustSetup(), None, "presence", None, {})
    return answer(order, LoadRecords(kept, None, []), "load-hold-20261127-090000", (None, []))


def closed_port() -> str:
    with udp_socket(HOST) as probe:
        return f"sip:{HOST}:{probe.getsockname()[1]}"


@pytest.mark.alone  # what is judged is how soon calls hear something
@pytest.mark.parametrize("name", CASES)
def test_a_device_gets_the_verdict_that_it_deserves(
    name: str, answers: dict[str, LoadResult]
) -> None:
    case, result = CASES[name], answers[name]
    calls = next(each for each in result.operations if each.operation == "invite")
    assert calls.attempts == BRIDGES, result.operations  # whatever else it lacks, it is called
    assert {c.id for c in result.criteria if c.ok is False} == case.failed
    assert result.verdict == ("fail" if case.failed else "pass"), result.reasons
    assert EXIT_CODES[result.verdict] == (1 if case.failed else 0)
    assert set(result.lacking) == case.lacks
    if case.reason:
        assert len(result.reasons) == 1
        assert case.reason in result.reasons[0]
    else:
        assert result.reasons == []
    if case.missed is not None:
        [sound] = result.media
        assert (sound.calls, sound.missed) == (BRIDGES, case.missed)
        assert f"sound: {BRIDGES - sum(case.missed.values())} of 2 calls" in media_lines(result)[0]
    asked = {each.operation for each in result.operations} & BOTH
    assert asked == (BOTH if case.asks else frozenset())
    told = "\n".join(lacking_lines(result))
    for operation, option in (("options", "--no-options"), ("register", "--no-register")):
        assert (option in told) == (operation in case.lacks)
    assert all(line in summary_md(result) for line in lacking_lines(result))
    unjudged = {"options": "options-failed", "register": "registrations-failed"}
    not_judged = {c.id for c in result.criteria if c.ok is None}
    assert not_judged >= {unjudged[each] for each in case.lacks}


def test_calls_that_wait_for_a_silent_device_are_not_the_generators_fault() -> None:
    """Each bridge has seven calls in 3 s, and waits for the answer to its first one for 10 s."""
    of = plan("sip:127.0.0.1:5060", CASES["silent"]).model_copy(
        update={"shape": "steady", "rate_per_s": 5.0, "seconds": 3.0, "hold_s": 0.3}
    )
    waited = {"operation": "invite", "ms": 10_000.0, "ok": False, "reason": "no answer"}
    calls = [
        {"kind": RECORD, "who": of.name(n), "at_s": 2.0 + n / 5, "cause": "timeout", **waited}
        for n in range(BRIDGES)
    ]
    result = answer_of(of, calls)
    assert (result.verdict, result.reasons) == ("fail", [UNANSWERED])
    refused = [{**call, "cause": "capacity", "code": 486, "ms": 5.0} for call in calls]
    result = answer_of(of, refused)
    assert (result.verdict, result.reasons) == (
        "invalid", ["only 2 of 15 calls of the timetable were dialled"],
    )  # fmt: skip


def unheard(of: LoadPlan) -> list[dict[str, Any]]:
    """All attempts of a plan at an address where nobody listens, each refused at once."""
    dialled = [
        (of.name(number), call.dial_s)
        for number in range(of.bridges)
        for call in timetable.calls_of(of, number)
    ]
    if of.shape == "storm":
        back_s = timetable.outage(of).back_s
        dialled += [(of.name(number), back_s) for number in range(of.bridges)]
    failed = {"ms": 1.0, "ok": False, "reason": "no answer", "cause": "timeout"}
    return [
        {"kind": RECORD, "operation": "invite", "who": who, "at_s": at_s, **failed}
        for who, at_s in dialled
    ]


@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize("back_off", get_args(BackOff))
def test_no_shape_passes_where_nobody_answers(shape: Shape, back_off: BackOff) -> None:
    """Nor is it the generator's fault that it has nothing left to do long before the end."""
    of = plan("sip:127.0.0.1:5060", CASES["silent"]).model_copy(
        update={"shape": shape, "seconds": 60.0, "hold_s": 0.3, "back_off": back_off}
    )
    calls = unheard(of)
    ended_s = max(call["at_s"] for call in calls) + 0.1
    result = answer_of(of, calls, ended_s)
    assert (result.verdict, result.reasons) == (
        "fail",
        [f"no answer to any INVITE ({len(calls)} calls)"],
    )
    assert "calls-not-set-up" in {c.id for c in result.criteria if c.ok is False}
    # who never came to the end of what it had to do has fallen silent
    assert answer_of(of, calls, None, until_s=30.0).verdict == "invalid"


def test_a_test_that_did_nothing_is_invalid() -> None:
    result = answer_of(plan("sip:127.0.0.1:5060", CASES["good"]), [])
    assert (result.verdict, result.criteria) == ("invalid", [])
    assert "nothing was done" in result.reasons[0]
    assert LoadResult.from_json(result.to_json()) == result


MALFORMED = (
    *("--shape", "malformed", "--bridges", "1", "--media", "none"),
    *("--answer-within", "2"),
)


class Ran(NamedTuple):
    """`giaoban load` at a device, to its end."""

    out: str
    errors: str
    code: int
    folder: Path


@contextmanager
def load(device: Device, folder: Path, *words: str) -> Iterator[Callable[[], Ran]]:
    """Start it with its results in a folder; what gives its end."""
    with fake(device) as running:
        target = ("--target", running.address, "--i-am-authorised", "--results", str(folder))
        with subprocess.Popen(
            undrawn("load", *target, *words),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        ) as job:  # fmt: skip
            yield lambda: Ran(*job.communicate(timeout=180), job.returncode, folder)


HOLD = ("--bridges", "2", "--rate", "4", "--shape", "hold", "--time", "1", "--answer-within", "3")


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Some that may be late, all at once: they mostly wait."""
    asked: dict[str, tuple[Device, tuple[str, ...]]] = {
        "refuses": (
            Device(options=None, register=405, invite=486),
            ("--rate", "2", "--time", "3", *MALFORMED),
        ),
        "dies": (
            Device(options=None, register=None, invite=None),
            ("--rate", "1", "--time", "5", *MALFORMED),
        ),
    }
    with ExitStack() as stack:
        jobs = {
            name: stack.enter_context(load(device, tmp_path_factory.mktemp(name), *words))
            for name, (device, words) in asked.items()
        }
        return {name: end() for name, end in jobs.items()}


def told(ran: Ran) -> LoadResult:
    [answer] = ran.folder.glob("*/load.json")
    return LoadResult.from_json(answer.read_text("utf-8"))


def said_by(ran: Ran, code: int, text: str) -> None:
    assert ran.code in (code, LATE), ran.out + ran.errors
    assert ran.code == LATE or text in ran.out
    assert "Traceback" not in ran.out + ran.errors


def test_the_command_says_what_a_device_lacks(commands: dict[str, Ran]) -> None:
    said_by(commands["refuses"], 1, "does not answer OPTIONS")


@pytest.mark.nightly  # by day both are cases of the verdicts, and the command says such things
def test_the_command_passes_a_device_for_what_it_lacks(tmp_path: Path) -> None:
    with load(Device(options=None, register=405), tmp_path, *HOLD) as end:
        said_by(end(), 0, "does not answer OPTIONS")


@pytest.mark.nightly
def test_the_command_says_that_nobody_answered(tmp_path: Path) -> None:
    with load(SILENT, tmp_path, *HOLD) as end:
        said_by(end(), 1, "no answer to any INVITE")


def test_where_nobody_listens_no_answer_is_waited_for(tmp_path: Path) -> None:
    """Timers B and F would have each request repeated six times and more (RFC 3261 §17.1)."""
    target = f"sip:{ELSEWHERE}:{free_ports(ELSEWHERE)}"
    words = ("--target", target, "--i-am-authorised", "--results", str(tmp_path), "--json")
    hold = ("--bridges", "2", "--rate", "4", "--shape", "hold", "--time", "1", "--media", "none")
    ran = subprocess.run(
        undrawn("load", *words, *hold, "--answer-within", "180"),
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    said_by(Ran(ran.stdout, ran.stderr, ran.returncode, tmp_path), 1, "no answer to any INVITE")
    operations = {each.operation: each for each in LoadResult.from_json(ran.stdout).operations}
    for asked in ("options", "register", "invite"):
        assert operations[asked].failed == {"timeout": 2}
        assert operations[asked].repeats < 2 * 6


def test_a_device_without_options_may_survive_what_is_malformed(commands: dict[str, Ran]) -> None:
    """Any answer to a call is a sign of life; it refuses all calls, so it does not pass."""
    ran = commands["refuses"]
    assert ran.code in (1, LATE), ran.out + ran.errors
    criteria = {c.id: c.ok for c in told(ran).criteria}
    assert criteria["malformed-not-survived"] is True
    assert criteria["calls-not-set-up"] is False
    assert criteria["options-failed"] is None


def test_a_device_that_dies_of_what_is_malformed_makes_nobody_late(
    commands: dict[str, Ran],
) -> None:
    """Who waits for its answers strikes later than planned, which is not the generator's doing."""
    ran = commands["dies"]
    criteria = {c.id: c.ok for c in told(ran).criteria}
    assert criteria["malformed-not-survived"] is False
    [journal] = ran.folder.glob("*/journal.jsonl")
    entries = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    strikes = [e for e in entries if e.get("operation") == "malformed"]
    assert len(strikes) >= 2
    assert "due_s" not in strikes[1]  # a second after the first, which took two
