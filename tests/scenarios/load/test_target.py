"""Whom `giaoban load` calls and whom it does not, and what else it says no to."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest
from scenario_factory import giaoban as here

from giaoban.errors import InputError
from giaoban.scenarios.load.locust.options import add_options, plan_of
from giaoban.scenarios.load.passwords import accounts_toml, password_of
from giaoban.scenarios.load.target import check_bounds, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("sip:10.67.0.2", ("10.67.0.2", 5060)),
        ("sip:10.67.0.2:5070", ("10.67.0.2", 5070)),
        ("SIP:127.0.0.1:1", ("127.0.0.1", 1)),
    ],
)
def test_a_device_is_named_by_its_address(text: str, target: tuple[str, int]) -> None:
    assert parse_target(text, authorised=True) == target


@pytest.mark.parametrize(
    "text",
    ["", "10.67.0.2", "sips:10.67.0.2", "sip:mcu.example", "sip:10.67.0.2:0", "sip:10.67.0.2:x",
     "sip:10.67.0.2:65536", "sip:224.0.0.1", "sip:0.0.0.0", "sip:255.255.255.255"],
)  # fmt: skip
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="allowed"):
        parse_target(text, authorised=True)


@pytest.mark.parametrize("text", ["sip:10.67.0.2", "sip:127.0.0.1:5060", "sip:203.0.113.7"])
def test_nobody_is_called_without_the_owners_word(text: str) -> None:
    with pytest.raises(InputError, match="--i-am-authorised"):
        parse_target(text, authorised=False)


@pytest.mark.parametrize("beyond", [(201, 1.0, 1.0), (1, 21.0, 1.0), (1, 1.0, 3601.0)])
def test_a_real_device_is_not_taken_beyond_bounds(beyond: tuple[int, float, float]) -> None:
    check_bounds(200, 20.0, 3600.0)
    with pytest.raises(InputError, match="too much"):
        check_bounds(*beyond)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target", "sip:10.67.0.2"], "--i-am-authorised"),
        (["--target", "sip:10.67.0.2", "--i-am-authorised", "--bridges", "500"], "--bridges 500"),
        (["--target", "sip:10.67.0.2", "--i-am-authorised", "--rate", "100"], "--rate 100"),
        (["--target", "sip:10.67.0.2", "--i-am-authorised", "--technicians", "1"], "own MCU"),
        (["--target", "sip:10.67.0.2", "--i-am-authorised", "--device", "rmx-1500"], "own MCU"),
        (["--target", "sip:10.67.0.2", "--i-am-authorised", "--room", "giao ban"], "giao ban"),
        (["--technicians", "1", "--no-register"], "--no-register"),
        (["--i-am-authorised"], "with --target"),
        (["--shape", "tsunami"], "guess, hold, malformed, ramp, steady, storm"),
        (["--media", "smell"], "audio, both, none"),
        (["--back-off", "never"], "none, random"),
        (["--hold", "60"], "--hold 60"),
        (["--shape", "guess", "--anonymous"], "password"),
        (["--max", "setup=1"], "setup-p95"),
        (["--device", "rmx"], "rmx"),
        (["--bind", "x", "--await-workers", "1"], "HOST:PORT"),
        (["--target", "sip:10.67.0.2", "--i-am-authorised", "--accounts", "{tmp}/a.toml"], "fewer"),
    ],
)
def test_mistakes_are_told_before_anybody_is_called(
    words: list[str], said: str, tmp_path: Path
) -> None:
    accounts = tmp_path / "a.toml"
    accounts.write_text(accounts_toml(["cu-jut"], "x"), encoding="utf-8")
    accounts.chmod(0o600)
    filled = [word.format(tmp=tmp_path) for word in words]
    done = here("load", *filled, "--results", str(tmp_path / "runs"))
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "runs").exists()


def options(**changes: object) -> Namespace:
    """Of Locust's command line, with ours at what they are without being given."""
    parser = ArgumentParser()
    add_options(parser)
    given = {"num_users": 20, "spawn_rate": 4.0, "run_time": None, **changes}
    return Namespace(**{**vars(parser.parse_args([])), **given})


def test_locusts_own_options_make_a_plan() -> None:
    plan = plan_of(options(shape="hold", seconds=7.0), "sip:10.67.0.2:5070", authorised=True)
    assert (plan.target, plan.shape, plan.bridges) == (("10.67.0.2", 5070), "hold", 20)
    assert (plan.rate_per_s, plan.seconds, plan.media) == (4.0, 7.0, [])
    assert plan_of(options(run_time=90), "sip:10.67.0.2", authorised=True).seconds == 90
    given = plan.model_copy(update={"bridges": 3}).model_dump_json()
    assert plan_of(options(giaoban_plan=given), None, authorised=False).bridges == 3


@pytest.mark.parametrize(
    ("changes", "host", "authorised", "said"),
    [
        ({}, "sip:10.67.0.2", False, "--i-am-authorised"),
        ({}, None, True, "--host"),
        ({"num_users": 201}, "sip:10.67.0.2", True, "--bridges 201"),
        ({"spawn_rate": 21.0}, "sip:10.67.0.2", True, "--rate 21"),
        ({"seconds": 3601.0}, "sip:10.67.0.2", True, "--time 3601"),
        # what comes from Locust's page, which Locust does not look at
        ({"shape": "guess"}, "sip:10.67.0.2", True, "--shape"),
        ({"media": "smell"}, "sip:10.67.0.2", True, "--media"),
        ({"seconds": float("nan")}, "sip:10.67.0.2", True, "--seconds"),
        ({"room": "a@b"}, "sip:10.67.0.2", True, "--room"),
        ({"room": ""}, "sip:10.67.0.2", True, "--room"),
        ({"hold": -1.0}, "sip:10.67.0.2", True, "--hold"),
        ({"accounts": "/nowhere/a.toml"}, "sip:10.67.0.2", True, "/nowhere/a.toml"),
    ],
)
def test_locust_by_itself_is_bound_as_well(
    changes: dict[str, object], host: str | None, authorised: bool, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        plan_of(options(**changes), host, authorised=authorised)


def test_locusts_own_numbers_rule_unless_a_timetable_is_asked_for() -> None:
    free = plan_of(options(hold=3.0), "sip:10.67.0.2", authorised=True)
    assert (free.by_hand, free.bridges, free.hold_s, free.seconds) == (True, 200, 3.0, 3600.0)
    timed = plan_of(options(shape="steady"), "sip:10.67.0.2", authorised=True)
    assert (timed.by_hand, timed.bridges, timed.seconds) == (False, 20, 60.0)
    own = {"num_users": None, "spawn_rate": None}
    assert plan_of(options(**own), "sip:10.67.0.2", authorised=True, own_shape=True).by_hand
    with pytest.raises(InputError, match="LoadTestShape"):
        plan_of(options(shape="hold", **own), "sip:10.67.0.2", authorised=True, own_shape=True)


def test_what_is_not_asked_for_is_not_in_the_plan() -> None:
    plan = plan_of(options(no_register=True, no_options=True), "sip:10.67.0.2", authorised=True)
    assert (plan.registers, plan.asks_options, plan.accounts) == (False, False, "none")


def test_passwords_differ_and_hang_on_the_secret() -> None:
    assert password_of("cu-jut", "a") != password_of("dak-mil", "a")
    assert password_of("cu-jut", "a") != password_of("cu-jut", "b")
    assert password_of("cu-jut", "a") == password_of("cu-jut", "a")
