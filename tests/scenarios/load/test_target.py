"""Whom `giaoban load` calls and whom it does not, and what else it says no to."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest
from scenario_factory import giaoban as here

from giaoban.errors import InputError
from giaoban.scenarios.load.locust.options import add_options, plan_of, words_of
from giaoban.scenarios.load.passwords import accounts_toml
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
        (["--target", "sip:10.67.0.2", "--i-am-authorised", "--device", "rmx-1500"], "own MCU"),
        (["--target", "sip:10.67.0.2", "--i-am-authorised", "--room", "giao ban"], "giao ban"),
        (["--i-am-authorised"], "with --target"),
        (["--shape", "tsunami"], "storm"),
        (["--workers", "1", "--await-workers", "1"], "--await-workers"),
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
    given = {"num_users": 20, "spawn_rate": 4.0, **changes}
    return Namespace(**{**vars(parser.parse_args([])), **given})


def test_a_plan_goes_through_locusts_options_unchanged() -> None:
    made = plan_of(
        options(shape="storm", hold=0.0, media="both", no_register=True, outage=2.5),
        "sip:10.67.0.2:5070",
        authorised=True,
        seconds=7.0,
    )
    assert (made.target, made.shape, made.bridges) == (("10.67.0.2", 5070), "storm", 20)
    assert (made.registers, made.asks_options, made.accounts) == (False, True, "none")
    words = words_of(made)
    parser = ArgumentParser()
    add_options(parser)
    given, rest = parser.parse_known_args(words)
    host = rest[rest.index("--host") + 1]
    # a worker that is started by hand gets none of Locust's own options
    given = Namespace(**{**vars(given), "num_users": None, "spawn_rate": None})
    assert plan_of(given, host, authorised=given.i_am_authorised, seconds=7.0) == made


@pytest.mark.parametrize(
    ("changes", "host", "authorised", "seconds", "said"),
    [
        ({}, "sip:10.67.0.2", False, 1.0, "--i-am-authorised"),
        ({}, None, True, 1.0, "--host"),
        ({"num_users": 201}, "sip:10.67.0.2", True, 1.0, "--bridges 201"),
        ({}, "sip:10.67.0.2", True, 3601.0, "--seconds 3601"),
        # from Locust's page, which takes any value
        ({"shape": "tsunami"}, "sip:10.67.0.2", True, 1.0, "shape"),
        ({"room": "a@b"}, "sip:10.67.0.2", True, 1.0, "--room"),
    ],
)
def test_locust_by_itself_is_bound_as_well(
    changes: dict[str, object], host: str | None, authorised: bool, seconds: float, said: str
) -> None:
    with pytest.raises((InputError, ValueError), match=said):
        plan_of(options(**changes), host, authorised=authorised, seconds=seconds)
