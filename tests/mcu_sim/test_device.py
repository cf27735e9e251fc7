"""The published tables and what a wrong file is answered with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from giaoban.errors import InputError
from mcu_sim.admission import Capacity
from mcu_sim.device import DEFAULT_PATH, Device, load_devices, pick


@pytest.mark.parametrize(
    ("device_id", "cards"),
    [("rmx-1500-mpmx", 1), ("rmx-2000-mpmx", 2), ("rmx-4000-mpmx", 4)],
)
@pytest.mark.parametrize(
    ("resolution", "calls_a_card"),
    [("1080p30", 15), ("720p60", 15), ("720p30", 30), ("SD30", 60), ("CIF30", 90)],
)
def test_each_cell_of_the_mpmx_table_is_reproduced(
    device_id: str, cards: int, resolution: str, calls_a_card: int
) -> None:
    capacity = Capacity(pick(load_devices(), device_id))
    calls = 0
    while capacity.admit(str(calls), resolution).accepted:
        calls += 1
    assert calls == cards * calls_a_card


def test_device_survives_the_way_into_plan_json_and_back() -> None:
    for device in load_devices().device:
        text = json.dumps(device.model_dump(), allow_nan=False)
        assert Device.model_validate(json.loads(text)) == device


def test_every_figure_has_a_source_and_every_assumption_what_settles_it() -> None:
    for device in load_devices().device:
        figures = [device.capacity, device.audio_mix_delay, device.compose_delay, *device.cost]
        assert all(figure.source.strip() for figure in figures)
        assumed = dict(device.assumptions())
        assert {"audio_mix_delay", "compose_delay", "refusal"} <= set(assumed)
        assert all(figure.settled_by.strip() for figure in assumed.values())


def test_default_device_has_the_figures_of_the_design() -> None:
    device = pick(load_devices(), "rmx-1500-mpmx")
    assert (device.units_total, device.ports_total, device.refuse_code) == (90.0, 90, 503)
    assert 20 <= device.audio_mix_delay_ms <= 60
    assert 100 <= device.compose_delay_ms <= 200
    assert device.units_for("4K60") is None


def test_a_near_miss_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match=r'did you mean "rmx-1500-mpmx"'):
        pick(load_devices(), "rmx-1500-mpm")


GOOD = DEFAULT_PATH.read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("units_total = 90.0", "units_total = -1.0", r"capacity\.units_total = -1\.0"),
        ("units_total = 90.0", "unit_total = 90.0", r'did you mean "units_total"'),
        ('reason = "Resource', 'reason = "two\\nlines', r"refusal\.reason = .*one line of text"),
        ("delay_ms = 40.0", "delay_ms = nan", r"delay_ms"),
        ("code = 503", "code = 200", r"refusal\.code = 200"),
        ('id = "rmx-2000-mpmx"', 'id = "rmx-1500-mpmx"', r"is there twice"),
        ('id = "rmx-2000-mpmx"', 'id = "RMX 2000"', r"id = \'RMX 2000\'"),
        ('resolution = "SD30"', 'resolution = "CIF30"', r'"CIF30" has two costs'),
        ('schema = "giaoban.devices/1"', 'schema = "x"', r"schema = 'x'"),
        (
            "assumed = true\nsettled_by",
            "assumed = true\n# settled_by",
            r"needs settled_by",
        ),
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
