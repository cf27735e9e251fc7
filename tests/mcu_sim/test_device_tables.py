"""The makers' published tables, cell by cell: a device is filled until it does not give the cell.

The numbers below are typed from the documents named beside them, not read from `devices.toml`.
"""

from __future__ import annotations

from typing import Any

import pytest

from mcu_sim.admission import Capacity
from mcu_sim.device import Device, load_devices, pick

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


def all_voice(device: Device) -> Device:
    """Every unit converted into audio ports; no file may say so, a meeting needs video."""
    return device.model_copy(update={"voice_units": int(device.capacity.units_total)})


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


@pytest.mark.parametrize(
    ("device", "calls"),
    [
        ("rmx-2000-1-mpm", 200),  # Hardware Guide, table 1-7
        ("rmx-2000-1-mpm-plus", 400),
        ("rmx-2000-1-mpmx", 360),
        ("rmx-2000-2-mpm-plus", 800),  # Admin Guide p. 17-49
        ("rmx-1500-mpmx", 360),  # Admin Guide p. 701
        ("rmx-2000-mpmx", 720),
        ("rmx-4000-mpmx", 1440),
    ],
)
def test_voice_rows_when_all_units_are_converted(device: str, calls: int) -> None:
    assert filled(all_voice(pick(DEVICES, device)), "audio") == calls
    assert filled(pick(DEVICES, device), "audio") == pick(DEVICES, device).capacity.units_total


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


@pytest.mark.parametrize(
    ("resolution", "units"),
    [("720p30", 1.5), ("1080p30", 3.0), ("SD30", 0.75), ("CIF30", 0.75), ("audio", 0.75)],
)
def test_hd_port_licence_in_a_mixed_conference(resolution: str, units: float) -> None:
    capacity = Capacity(pick(DEVICES, "rmx-1500-hd-ports"))
    capacity.open_conference("c")
    assert capacity.admit("svc", "SVC", conference="c").units == pytest.approx(1 / 3)
    assert capacity.admit("avc", resolution, conference="c").units == units


# http://www.videocentric.co.uk/video-networking/codian/codian-mcu-4200.shtml
@pytest.mark.parametrize(
    ("model", "ports"), [("4203", 6), ("4205", 12), ("4210", 20), ("4215", 30), ("4220", 40)]
)
def test_codian_4200(model: str, ports: int) -> None:
    device = pick(DEVICES, f"codian-{model}")
    assert filled(device, "CIF30") == ports
    assert filled(device, "audio") == 2 * ports  # its audio ports, then video ports


# not confirmed: general knowledge, so each of these devices says that its capacity is assumed
UNCONFIRMED = {
    "codian-4505-hd": {"720p30": 12},
    "codian-4510-hd": {"720p30": 20},
    "codian-4515-hd": {"720p30": 30},
    "codian-4520-hd": {"720p30": 40},
    "codian-4505-hd-plus": {"1080p30": 6},
    "codian-4510-hd-plus": {"1080p30": 10},
    "codian-4515-hd-plus": {"1080p30": 15},
    "codian-4520-hd-plus": {"1080p30": 20},
    "cms-1000-m4": {"1080p30": 48, "720p30": 96, "SD30": 192},
    "cms-1000-m5v2": {"1080p60": 30, "1080p30": 60, "720p30": 120, "SD30": 240, "audio": 2200},
    "vp9660": {"1080p30": 192},
}


@pytest.mark.parametrize(("device", "resolution", "calls"), cells(UNCONFIRMED))
def test_unconfirmed_figures_are_marked(device: str, resolution: str, calls: int) -> None:
    assert filled(pick(DEVICES, device), resolution) == calls
    assert "capacity" in dict(pick(DEVICES, device).assumptions())


# Huawei, corpus-15372: CIF:4CIF:720p:1080p = 8:4:2:1 calls a unit
@pytest.mark.parametrize(
    ("resolution", "calls_a_unit"), [("CIF30", 8), ("SD30", 4), ("720p30", 2), ("1080p30", 1)]
)
def test_viewpoint_8000(resolution: str, calls_a_unit: int) -> None:
    assert filled(pick(DEVICES, "viewpoint-8000-16"), resolution) == 16 * calls_a_unit


def test_te30_takes_three_sites_and_three_by_audio() -> None:
    """Huawei forum, thread 518405-881."""
    capacity = Capacity(pick(DEVICES, "te30"))
    assert [capacity.admit(f"v{n}", "SD30").accepted for n in range(4)] == [True] * 3 + [False]
    assert [capacity.admit(f"a{n}", "audio").accepted for n in range(4)] == [True] * 3 + [False]


@pytest.mark.parametrize("ports", [8, 12, 16])
@pytest.mark.parametrize("resolution", ["1080p30", "720p60", "720p30", "CIF30", "audio"])
def test_lifesize_2200_has_fixed_ports(ports: int, resolution: str) -> None:
    """Deployment Guide of August 2013."""
    assert filled(pick(DEVICES, f"lifesize-2200-{ports}"), resolution) == ports


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
