"""`giaoban device list`, `show` and `fit`."""

from __future__ import annotations

import json

import pytest
from scenario_factory import giaoban

from giaoban.errors import InputError
from giaoban.mcu_sim.device import load_devices
from giaoban.scenarios.cli.commands.data.device import parse_calls


def test_list_names_every_device_and_marks_what_is_not_confirmed() -> None:
    ran = giaoban("device", "list")
    assert (ran.code, ran.err) == (0, "")
    rows = {line.split()[0]: line for line in ran.out.splitlines()}
    assert {each.id for each in load_devices().device} <= set(rows)
    row = " ".join(rows["rmx-1500-mpmx"].split())
    assert row == "rmx-1500-mpmx 90 × CIF 15 15 30 60 90 90"
    assert rows["codian-4220"].split()[-2:] == ["40", "80"]
    assert rows["vp9660"].split()[-1] == "192*"
    assert "not confirmed" in ran.out


def test_list_as_json() -> None:
    ran = giaoban("device", "list", "--json")
    assert (ran.code, ran.err) == (0, "")
    devices = {device["id"]: device for device in json.loads(ran.out)["devices"]}
    assert devices["rmx-1500-mpmx"]["calls"]["720p30"] == 30
    assert devices["pexip-node-20"]["calls"] == {
        "audio": 228,
        "SD30": 38,
        "720p30": 19,
        "1080p30": 9,
    }
    assert "capacity" in devices["cms-1000-m4"]["assumed"]
    assert "capacity" not in devices["codian-4220"]["assumed"]


def test_show_gives_costs_conduct_and_sources() -> None:
    ran = giaoban("device", "show", "rmx-1500-mpmx-fixed")
    assert (ran.code, ran.err) == (0, "")
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["720p30", "3", "20*", "1024", "*"] in rows
    assert (
        "when full: a port of the next higher level, lower resolutions, sound alone, refusal"
        in ran.out
    )
    assert "ports set aside: CIF30 0, SD30 0, 720p30 10, 1080p30 10 *" in ran.out
    # an address must come out whole, however narrow the terminal is
    assert "https://www.manualslib.de/manual/76400/Polycom-Rmx-2000.html?page=17" in ran.out
    assert "compose_delay *: within 100–200 ms" in ran.out
    assert "to be settled by a measurement on the MCU itself" in ran.out


def test_show_of_other_kinds_of_devices() -> None:
    ran = giaoban("device", "show", "pexip-node-20")
    assert "reserve: 1 a conference" in ran.out
    ran = giaoban("device", "show", "codian-4220")
    assert "40 × port, 80 ports, 40 for audio only" in ran.out
    ran = giaoban("device", "show", "rmx-1500-hd-ports")
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["720p30", "1", "(mixed:", "1.5)", "30*", "–"] in rows
    assert ["1080p60", "4", "(mixed:", "–)", "7*", "–"] in rows


def test_show_as_json_is_the_device_of_plan_json() -> None:
    ran = giaoban("device", "show", "rmx-1500-mpmx", "--json")
    said = json.loads(ran.out)
    assert (ran.code, said["calls"]["SD30"]) == (0, 60)
    assert said["when_full"]["steps"] == ["lower", "audio", "refuse"]
    assert said["when_full"]["assumed"]


@pytest.mark.parametrize(
    ("device", "calls", "code"),
    [
        ("rmx-1500-mpmx", "8x720p30,11x1080p30", 0),
        ("rmx-1500-mpmx", "8x720p30,12x1080p30", 1),
        ("rmx-1500-mpmx", "30x720p30", 0),
        ("rmx-1500-mpmx", "31x720p30", 1),
        ("rmx-1500-mpmx-fixed", "11x1080p30", 1),  # stepped down is not as asked
        ("codian-4220", "1x720p30", 1),
    ],
)
def test_fit_exits_with_0_or_1(device: str, calls: str, code: int) -> None:
    ran = giaoban("device", "fit", device, "--calls", calls)
    assert (ran.code, ran.err) == (code, "")
    assert ("does NOT fit" in ran.out) == bool(code)
    ran = giaoban("device", "fit", device, "--calls", calls, "--json")
    said = json.loads(ran.out)
    assert (ran.code, said["fits"]) == (code, not code)


def test_fit_tells_the_calls_that_get_less() -> None:
    ran = giaoban("device", "fit", "rmx-1500-mpmx", "--calls", "14x1080p30,1x720p30,2x1080p30")
    assert "90 of 90 × CIF, 16 of 90 ports" in " ".join(ran.out.split())
    assert "call 16: 720p30 instead of 1080p30 (no room left at 1080p30)" in ran.out
    assert "call 17: 1080p30 refused, 503 Resource deficiency" in ran.out


def test_fit_as_json() -> None:
    ran = giaoban("device", "fit", "codian-4505-hd", "--calls", "13x720p30", "--json")
    said = json.loads(ran.out)
    assert (said["units_used"], said["units_total"]) == (12.0, 12.0)
    assert (said["ports_used"], said["ports_total"]) == (13, 24)
    [answer] = said["stepped_down"]
    assert (answer["call_id"], answer["resolution"], answer["given"]) == ("13", "720p30", "audio")
    assert said["refused"] == []
    assert said["more"] == {"audio": 11, "CIF30": 0, "SD30": 0, "720p30": 0}
    assert "capacity" in said["assumed"]


@pytest.mark.parametrize(
    ("device", "calls", "said"),
    [
        ("rmx-1500", "1x720p30", 'did you mean "rmx-1500-mpmx"?'),
        ("rmx-1500-mpmx", "8x720p3", 'unknown resolution "720p3" (did you mean "720p30"?)'),
        ("rmx-1500-mpmx", "8", '"8" is not a number of calls at a resolution'),
        ("rmx-1500-mpmx", "8x720p30,", '"" is not a number of calls'),
        ("rmx-1500-mpmx", "-8x720p30", "allowed: like 8x720p30,3x1080p30"),
        ("rmx-1500-mpmx", "0x720p30", "0 calls (allowed: 1 to 10000 in all)"),
        ("rmx-1500-mpmx", "9999x720p30,2x720p30", "10001 calls (allowed: 1 to 10000"),
        ("rmx-1500-mpmx", "1xgood", 'unknown resolution "good" (allowed: 1080p30, 720p60'),
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_fit_with_bad_input(device: str, calls: str, said: str, more: tuple[str, ...]) -> None:
    ran = giaoban("device", "fit", device, "--calls", calls, *more)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_an_unknown_device_cannot_be_shown() -> None:
    ran = giaoban("device", "show", "codian-422")
    assert (ran.code, ran.out) == (2, "")
    assert "no such device (did you mean" in ran.err


@pytest.mark.parametrize("text", ["8x720p30,3x1080p30", "8×720p30, 3 x 1080p30"])
def test_calls_are_read_as_people_write_them(text: str) -> None:
    assert parse_calls(text) == [(8, "720p30"), (3, "1080p30")]


def test_digits_of_other_scripts_are_no_numbers() -> None:
    with pytest.raises(InputError, match="not a number of calls"):
        parse_calls("٨x720p30")
