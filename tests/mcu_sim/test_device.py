"""What a device file says, how its parts become a device, and what a wrong one is answered with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from giaoban.errors import InputError
from mcu_sim.device import DEFAULT_PATH, KNOWN, PICTURES, Device, load_devices, lower, pick


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
    assert (device.units_total, device.ports_total, device.refuse_code) == (90.0, 90, 503)
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


def test_figures_that_nobody_confirmed_say_so() -> None:
    """General knowledge and what was worked out from it; the rest was read in a document."""
    assumed = {
        device.id for device in load_devices().device if "capacity" in dict(device.assumptions())
    }
    read = {"te30", "rmx-2000-mpmx", "rmx-1500-mpmx", "lifesize-2200-16", "codian-4220"}
    guessed = {"vp9660", "cms-1000-m4", "codian-4510-hd", "pexip-node-20", "rmx-4000-mpmx"}
    assert guessed <= assumed
    assert not read & assumed


def test_cards_multiply_and_their_source_is_that_of_the_scaling() -> None:
    one, four = (pick(load_devices(), name) for name in ("rmx-1500-mpmx", "rmx-4000-mpmx"))
    assert (four.units_total, four.ports_total) == (4 * one.units_total, 4 * one.ports_total)
    assert four.limit[0].calls == {name: 4 * n for name, n in one.limit[0].calls.items()}
    assert four.cost == one.cost
    assert four.capacity.source.startswith("four times one MPMx card")


def test_converted_units_become_audio_ports() -> None:
    device = pick(load_devices(), "rmx-1500-mpmx")
    told = json.loads(json.dumps(device.model_dump() | {"voice_units": 30}))
    converted = Device.model_validate(told)
    assert (converted.units_total, converted.audio_ports, converted.ports_total) == (60, 120, 180)


def test_a_near_miss_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match=r'did you mean "rmx-1500-mpmx"'):
        pick(load_devices(), "rmx-1500-mpm")


@pytest.mark.parametrize(
    ("resolution", "below"),
    [
        ("1080p30", ["720p30", "SD30", "CIF30"]),  # not 720p60: more frames were not asked for
        ("720p60", ["720p30", "SD30", "CIF30"]),
        ("1080p60", ["1080p30", "720p60", "720p30", "SD30", "CIF30"]),
        ("SD15", []),
        ("CIF60", ["CIF30"]),
        ("CIF30", []),
        ("VSW-4M", []),
        ("SVC", []),
        ("audio", []),
    ],
)
def test_what_is_below_a_resolution(resolution: str, below: list[str]) -> None:
    assert lower(resolution) == below


def test_a_step_down_never_leads_back_up() -> None:
    for name in KNOWN:
        assert set(lower(name)) <= set(PICTURES) - {name}
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
