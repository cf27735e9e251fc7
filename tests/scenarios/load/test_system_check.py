"""The check of the system at a real device: what is made of what bridges did and heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scenario_factory import giaoban

from giaoban.results.model.studies.meetings import PartJudged
from giaoban.scenarios.load.load_test import LoadRecords, LoadTest
from giaoban.scenarios.load.locust.processes import LocustSetup
from giaoban.scenarios.load.measures import Statistics
from giaoban.scenarios.load.outcomes import ReceivedMedia, Request
from giaoban.scenarios.load.plan import bridge_name
from giaoban.scenarios.load.system_check import TOGETHER_S, Calls, judged, plan_of

BRIDGES = {"gia-nghia": "Gia Nghĩa", "cu-jut": "Cư Jút"}
PLAN = plan_of(
    ("127.0.0.1", 5060),
    list(BRIDGES),
    "720p30-2m",
    room="giao-ban",
    has_accounts=False,
    registers=True,
    asks_options=True,
)
WHO = [bridge_name(number) for number in range(2)]


def did(who: str, operation: str, at_s: float, **more: Any) -> Request:
    return Request(
        **{"operation": operation, "who": who, "at_s": at_s, "ms": 5.0, "ok": True, **more}
    )


def heard(who: str, medium: str, **more: Any) -> ReceivedMedia:
    whole = {
        "who": who,
        "medium": medium,
        "lasted_ms": TOGETHER_S * 1e3,
        "agreed": True,
        "sent": 500,
        "received": 500,
        "wait_ms": 40.0,
        "heard_ms": TOGETHER_S * 1e3,
    }
    return ReceivedMedia.model_validate(whole | more)


def good(who: str) -> tuple[list[Request], list[ReceivedMedia]]:
    records = [did(who, "options", 1.0), did(who, "invite", 2.0), did(who, "bye", 12.0)]
    return records, [heard(who, "audio"), heard(who, "video")]


def judge(*parts: tuple[list[Request], list[ReceivedMedia]], cpu_pct: float = 5.0) -> PartJudged:
    calls = Calls(
        [request for part in parts for request in part[0]],
        [one for part in parts for one in part[1]],
    )
    entries = {"invite": {"num_requests": len(parts)}}
    seen = LoadRecords(Statistics(entries, {}, {}, len(parts), cpu_pct, 0), None)
    test = LoadTest(PLAN, LocustSetup(), None, None, {})
    return judged(test, seen, calls, BRIDGES)


def test_all_is_well() -> None:
    part = judge(good(WHO[0]), good(WHO[1]))
    assert (part.verdict, part.reasons) == ("pass", [])
    assert [(b.bridge, b.ok, b.setup_ms) for b in part.bridges] == [
        ("gia-nghia", True, 5.0),
        ("cu-jut", True, 5.0),
    ]
    assert [(e.code, e.bridge) for e in part.minutes] == [
        ("joined", "gia-nghia"),
        ("joined", "cu-jut"),
        ("hung-up", "gia-nghia"),
        ("hung-up", "cu-jut"),
    ]


@pytest.mark.parametrize(
    ("records", "media", "said"),
    [
        ({"invite": {"ok": False, "code": 486, "reason": "Busy"}}, {}, "not set up (SIP 486)"),
        ({"invite": {"ok": False, "code": 0}}, {}, "not set up"),
        ({}, {"audio": {"received": 0, "wait_ms": None, "heard_ms": 0.0}}, "audio down"),
        ({}, {"video": {"heard_ms": 3000.0}}, "video down"),
        ({}, {"video": {"agreed": False}}, "video up, video down"),
        ({}, {"audio": {"withheld": True, "sent": 0}}, "audio up, audio down"),
        ({"bye": {"ok": False, "code": 0}}, {}, "not hung up"),
    ],
)
def test_what_is_wrong_with_one_bridge_is_told_of_it_alone(
    records: dict[str, dict[str, Any]], media: dict[str, dict[str, Any]], said: str
) -> None:
    told, came = good(WHO[1])
    told = [r.model_copy(update=records.get(r.operation, {})) for r in told]
    came = [one.model_copy(update=media.get(one.medium, {})) for one in came]
    part = judge(good(WHO[0]), (told, came))
    assert part.verdict == "fail"
    assert [b.ok for b in part.bridges] == [True, False]
    (reason,) = part.reasons
    assert reason.startswith("cu-jut: ")
    assert said in reason


def test_a_machine_that_cannot_keep_up_gives_no_answer() -> None:
    assert judge(good(WHO[0]), good(WHO[1]), cpu_pct=95.0).verdict == "invalid"


def test_every_bridge_needs_an_account_of_its_own(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.touch(mode=0o600)
    lines = ['schema = "giaoban.accounts/1"', "[[account]]", 'user = "cu-jut"', 'password = "x"']
    accounts.write_text("\n".join(lines), encoding="utf-8")
    real = ("--target", "sip:127.0.0.1:9", "--i-am-authorised", "--accounts", str(accounts))
    ran = giaoban("meeting", "district-to-district", *real, "--results", tmp_path / "runs")
    assert (ran.code, "fewer accounts than the meeting has bridges, 2" in ran.err) == (2, True)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "sip:127.0.0.1:5060"), "--i-am-authorised"),
        (("--target", "sip:example.org", "--i-am-authorised"), "is no SIP address of a device"),
        (("--i-am-authorised",), "is for a real device"),
        (("--target", "sip:127.0.0.1", "--i-am-authorised", "--only", "course"), "emulated alone"),
        (("--target", "sip:127.0.0.1", "--i-am-authorised", "--room", "a b"), "--room"),
    ],
)
def test_nobody_is_called_without_consent_or_by_mistake(words: tuple[str, ...], said: str) -> None:
    ran = giaoban("meeting", "district-to-district", *words)
    assert (ran.code, said in ran.err) == (2, True), ran.err
