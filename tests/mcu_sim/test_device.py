"""What a device file says, how its parts become a device, and what a wrong one is answered with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from giaoban.errors import InputError
from giaoban.mcu_sim.admission import Capacity
from giaoban.mcu_sim.device import (
    DEFAULT_PATH,
    KNOWN,
    VIDEO_RESOLUTIONS,
    Device,
    load_devices,
    lower,
    pick,
)


def test_device_survives_the_way_into_plan_json_and_back() -> None:
    for device in load_devices().device:
        text = json.dumps(device.model_dump(), allow_nan=False)
        assert Device.model_validate(json.loads(text)) == device


def test_every_figure_has_a_source_and_every_assumption_what_settles_it() -> None:
    for device in load_devices().device:
        assert all(figure.source.strip() for _, figure in device.figures())
        assumed = dict(device.assumptions())
        assert {"audio_mix_delay", "compose_delay", "refusal"} <= set(assumed)
        for figure in assumed.values():
            assert figure.settled_by.strip()
            # they go into the Vietnamese annex
            assert figure.source_vi.strip()
            assert figure.settled_by_vi.strip()


def test_default_device_has_the_figures_of_the_design() -> None:
    device = pick(load_devices(), "rmx-1500-mpmx")
    assert (device.units_total, device.ports_total, device.refusal.code) == (90.0, 90, 503)
    assert 20 <= device.audio_mix_delay_ms <= 60
    assert 100 <= device.compose_delay_ms <= 200
    assert device.units_for("4K60") is None
    assert [key for key, _ in device.assumptions()] == [
        "audio_mix_delay",
        "compose_delay",
        "forward_delay",
        "content",
        "refusal",
        "when_full",
        "line_rates",
    ]


def test_a_step_down_never_leads_back_up() -> None:
    for name in KNOWN:
        assert set(lower(name)) <= set(VIDEO_RESOLUTIONS) - {name}
        assert all(name not in lower(below) for below in lower(name))


GOOD = DEFAULT_PATH.read_text("utf-8")
HD_PORTS = '{ id = "rmx-2000-hd-ports",'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("units_total = 90.0", "units_total = -1.0", r"card\[0\]\.capacity\.units_total = -1\.0"),
        ("units_total = 90.0", "unit_total = 90.0", r'did you mean "units_total"'),
        (
            'reason = "Resource',
            'reason = "two\\nlines',
            r"refusal\.reason = .*of printable text",
        ),
        ("delay_ms = 40.0", "delay_ms = nan", r"delay_ms"),
        ("code = 503", "code = 200", r"family\[0\]\.refusal\.code = 200"),
        (
            'id = "rmx-2000-1-mpmx"',
            'id = "rmx-1500-mpmx"',
            r"toml:\d+: card\[0\]\.device\[2\]\.id = 'rmx-1500-mpmx': is there twice",
        ),
        ('id = "rmx-2000-mpmx"', 'id = "RMX 2000"', r"id = \'RMX 2000\'"),
        ("{ audio = 1.0 }", "{ audio = 1.0, CIF30 = 1.0 }", r'"CIF30" has two costs'),
        ("SD30 = 1.5,", "SD3 = 1.5,", r'unknown resolution "SD3" \(did you mean "SD30"\?\)'),
        ('schema = "giaoban.devices/1"', 'schema = "x"', r"schema = 'x'"),
        ("assumed = true\nsettled_by", "assumed = true\n# settled_by", r"needs settled_by"),
        ('family = "codian"', 'family = "codain"', r'no such family \(did you mean "codian"\?\)'),
        ('"audio", "refuse"]', '"refuse", "audio"]', r'the last is "refuse"'),
        ('"lower", "audio", "refuse"]', '"lower", "lower", "refuse"]', r"each once"),
        ('["lower", "audio",', '["higher", "audio",', r'"higher" needs levels'),
        ('"lower", "audio"', '"lowre", "audio"', r"'lowre'"),
        ("1080p30 = 10 }", "1080p30 = 11 }", r"levels take 96 of 90 units"),
        ("cards = 4\n", "cards = 4\nvoice_units = 2\n", r"those of 12 audio ports or more"),
        ("cards = 4\n", "cards = 4\nvoice_units = 360\n", r"leave no unit for video"),
        (HD_PORTS, HD_PORTS + " voice_units = 3,", r"cannot convert units"),
        ("cards = 4\n", "cards = 0\n", r"cards = 0"),
        ('units = 1.0, source = "one HD', 'units = 20.0, source = "one HD', r"leaves no unit"),
        ("SD60 = 1024, 720p30", "SVC = 9, 720p30", r'"SVC" has a limit, line rate or level but'),
        ("CIF30 = 0.125,", "CIF30 = 0.0,", r"units\.CIF30 = 0\.0"),
        ("{ audio = 1.0 }", "{ 1080p60 = 9.0 }", r'needs a cost for resolution "audio"'),
    ],
)
def test_bad_files_are_named_with_key_and_value(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    path = tmp_path / "devices.toml"
    path.write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError, match=message):
        load_devices(path)


DEVICES = load_devices()
VSW = ("VSW-2M", "VSW-4M", "VSW-6M")


def filled(device: Device, resolution: str, conference: str | None = None) -> int:
    """Calls of one resolution that get it as asked; the first that does not ends it."""
    capacity = Capacity(device)
    if conference is not None:
        assert capacity.open_conference(conference)
    calls = 0
    while capacity.admit(str(calls), resolution, conference=conference).given == resolution:
        calls += 1
    return calls


def cells(table: dict[str, dict[str, int]]) -> list[Any]:
    return [
        pytest.param(device, resolution, calls, id=f"{device} {resolution}")
        for device, row in table.items()
        for resolution, calls in row.items()
    ]


# RMX 2000 Hardware Guide (German), table 1-7 p. 1-13 and, for VSW, table 1-8
ONE_CARD = {
    "rmx-2000-1-mpm": {
        "720p30": 10,
        "SD30": 10,
        "CIF30": 40,
        "CIF30-H263": 40,
        "VSW-2M": 40,
        "VSW-4M": 20,
    },
    "rmx-2000-1-mpm-plus": {
        "1080p30": 10,
        "720p60": 10,
        "720p30": 20,
        "SD30": 30,
        "CIF30": 80,
        "CIF30-H263": 80,
        "VSW-2M": 80,
        "VSW-4M": 40,
        "VSW-6M": 20,
    },
    "rmx-2000-1-mpmx": {
        "1080p30": 15,
        "720p60": 15,
        "720p30": 30,
        "SD30": 60,
        "CIF30": 90,
        "CIF30-H263": 60,
        "VSW-2M": 80,
        "VSW-4M": 40,
        "VSW-6M": 20,
    },
}


@pytest.mark.parametrize(("device", "resolution", "calls"), cells(ONE_CARD))
def test_hardware_guide_one_card(device: str, resolution: str, calls: int) -> None:
    assert filled(pick(DEVICES, device), resolution) == calls


@pytest.mark.parametrize("resolution", ["1080p30", "720p60", "VSW-6M"])
def test_hardware_guide_not_available_on_mpm(resolution: str) -> None:
    """The dashes of the tables: SIP 488, whatever is free."""
    assert Capacity(pick(DEVICES, "rmx-2000-1-mpm")).admit("c", resolution).code == 488


# Admin Guide p. 17-49 for two MPM+; the MPMx rows are those of one card times the cards, which the
# voice and VSW rows of the Admin Guide p. 701 confirm
CHASSIS = {
    "rmx-2000-2-mpm-plus": {"CIF30": 160, "VSW-2M": 160, "SD30": 60, "720p30": 40, "1080p30": 20},
    "rmx-1500-mpmx": {"1080p30": 15, "720p30": 30, "SD30": 60, "CIF30": 90}
    | dict(zip(VSW, (80, 40, 20), strict=True)),
    "rmx-2000-mpmx": {"1080p30": 30, "720p30": 60, "SD30": 120, "CIF30": 180}
    | dict(zip(VSW, (160, 80, 40), strict=True)),
    "rmx-4000-mpmx": {"1080p30": 60, "720p30": 120, "SD30": 240, "CIF30": 360}
    | dict(zip(VSW, (320, 160, 80), strict=True)),
}


@pytest.mark.parametrize(("device", "resolution", "calls"), cells(CHASSIS))
def test_admin_guide_whole_chassis(device: str, resolution: str, calls: int) -> None:
    assert filled(pick(DEVICES, device), resolution) == calls


# CIF resources a call: Admin Guides, tables 2-1 and 21-7, RMX 1500 guide p. 3-16
UNITS: dict[str, tuple[float | None, float | None, float | None]] = {
    "CIF30": (1, 1, 1),
    "CIF30-H263": (1, 1, 1.5),
    "SD30-H263": (None, None, 3),
    "2CIF30": (2, 2.66, None),
    "SD15": (2, 2.66, None),
    "SD30": (4, 2.66, 1.5),
    "CIF60": (None, 2.66, 1.5),
    "SD60": (None, 4, 3),
    "720p30": (4, 4, 3),
    "720p60": (None, 8, 6),
    "1080p30": (None, 8, 6),
}


@pytest.mark.parametrize("resolution", UNITS)
@pytest.mark.parametrize(
    ("column", "device"),
    [(0, "rmx-2000-1-mpm"), (1, "rmx-2000-1-mpm-plus"), (2, "rmx-1500-mpmx")],
)
def test_resource_units_of_a_call(column: int, device: str, resolution: str) -> None:
    units = UNITS[resolution][column]
    answer = Capacity(pick(DEVICES, device)).admit("c", resolution)
    assert (answer.accepted, answer.units) == (units is not None, units or 0.0)


# Admin Guide, table 2-1: lowest line rate in kb/s, and what a call just below it gets instead
@pytest.mark.parametrize(
    ("resolution", "kbps", "below"),
    [
        ("CIF30", 128, "audio"),
        ("SD30", 256, "CIF30"),
        ("SD60", 1024, "SD30"),
        ("720p30", 1024, "SD30"),
        ("720p60", 1920, "720p30"),
        ("1080p30", 4096, "720p30"),
    ],
)
def test_lowest_line_rates(resolution: str, kbps: int, below: str) -> None:
    for device in ("rmx-1500-mpmx", "rmx-2000-1-mpm-plus"):
        capacity = Capacity(pick(DEVICES, device))
        assert capacity.admit("enough", resolution, kbps).given == resolution
        answer = capacity.admit("less", resolution, kbps - 1)
        assert (answer.given, answer.stepped_down) == (below, True)
        assert answer.reason == f"{kbps - 1} kb/s is less than {resolution} needs"


# Admin Guide 8.x p. 686: ports of 720p30; thirty a card
@pytest.mark.parametrize(
    ("resolution", "calls"),
    [
        ("1080p60", 7),
        ("1080p30", 15),
        ("720p30", 30),
        ("SD30", 60),
        ("CIF30", 60),
        ("audio", 60),
        ("SVC", 90),
    ],
)
def test_hd_port_licence(resolution: str, calls: int) -> None:
    device = pick(DEVICES, "rmx-1500-hd-ports")
    assert filled(device, resolution) == calls
    # alone in its conference a kind of call costs the same: only mixing adds to it
    assert filled(device, resolution, conference="c") == calls


# http://www.videocentric.co.uk/video-networking/codian/codian-mcu-4200.shtml
@pytest.mark.parametrize(
    ("model", "ports"), [("4203", 6), ("4205", 12), ("4210", 20), ("4215", 30), ("4220", 40)]
)
def test_codian_4200(model: str, ports: int) -> None:
    device = pick(DEVICES, f"codian-{model}")
    assert filled(device, "CIF30") == ports
    assert filled(device, "audio") == 2 * ports  # its audio ports, then video ports


@pytest.mark.parametrize(
    ("resolution", "an_hd_call"),
    [("1080p30", 2), ("720p30", 1), ("SD30", 1 / 2), ("audio", 1 / 12)],
)
@pytest.mark.parametrize("conferences", [1, 2])
def test_pexip_ratios_and_backplanes(resolution: str, an_hd_call: float, conferences: int) -> None:
    """Capacity planning: Full HD 2, SD 1/2, audio 1/12 of HD; one HD held for each conference."""
    capacity = Capacity(pick(DEVICES, "pexip-node-20"))
    for number in range(conferences):
        assert capacity.open_conference(str(number))
    calls = 0
    while capacity.admit(str(calls), resolution, conference="0").accepted:
        calls += 1
    assert calls == int((20 - conferences) / an_hd_call + 1e-6)
