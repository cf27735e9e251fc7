"""A made-up country as a province, a device that holds it, and a scenario of both."""

from __future__ import annotations

from typing import Any

from giaoban import tomlfile
from giaoban.sentence import N_, message
from giaoban.topology.country import DEVICE, SOURCE, country
from giaoban.topology.importers.files import as_toml

PROVINCE, DEVICES, SCENARIO = "province.toml", "devices.toml", "scenario.toml"
UNITS_TO_SPARE = 1.5
"""So that the device is not what limits the answer: it may be used to 80 %."""
PHASE_S = 2.0


def tree_files(bridges: int, profile: str, *, below: str = "") -> dict[str, str]:
    """File name → text of a country with so many bridges. Raises `InputError` for the number.

    `below`: a folder for the scenario, whose province is that of a project then.
    """
    scenario, name = _scenario(bridges, profile), SCENARIO
    if below:
        scenario |= {"province": None, "devices": f"../{DEVICES}"}
        name = f"{below}/{scenario['id']}.toml"
    return {
        PROVINCE: as_toml(country(bridges)),
        DEVICES: tomlfile.dumps(_devices(bridges)),
        name: tomlfile.dumps(scenario),
    }


def _devices(bridges: int) -> dict[str, Any]:
    """One device large enough: no maker sells it, and nothing of a cascade is modelled."""
    room = float(round(bridges * UNITS_TO_SPARE))
    costs = {"audio": 0.1, "CIF30": 0.5, "SD30": 0.5, "720p30": 1.0, "1080p30": 1.0}
    return {
        "schema": "giaoban.devices/1",
        "defaults": {
            name: {"delay_ms": delay_ms, **SOURCE}
            for name, delay_ms in (
                ("audio_mix_delay", 40.0),
                ("compose_delay", 120.0),
                ("forward_delay", 10.0),
            )
        }
        | {"content": {"units": 0.0, **SOURCE}},
        "family": [
            {
                "id": "made-up",
                "refusal": {"code": 503, "reason": "Service Unavailable", **SOURCE},
                "when_full": {"steps": ["refuse"], **SOURCE},
            }
        ],
        "card": [
            {
                "id": "made-up",
                "family": "made-up",
                "unit": "call",
                "capacity": {"units_total": room, "ports_total": int(room), **SOURCE},
                "cost": [{"units": costs, **SOURCE}],
                "device": [{"id": DEVICE, "name": "MCU (made up)"}],
            }
        ],
    }


def _scenario(bridges: int, profile: str) -> dict[str, Any]:
    question = message(
        N_("Does a meeting of {bridges} {bridges:bridge|bridges} of a whole country work?"),
        bridges=bridges,
    )
    return {
        "schema": "giaoban.scenario/1",
        "id": f"country-{bridges}-bridges",
        "question": question.en,
        "question_vi": question.vi,
        "province": PROVINCE,
        "devices": DEVICES,
        "profile": profile,
        "seed": 1681,
        "phases": {"before_s": PHASE_S, "during_s": PHASE_S, "after_s": PHASE_S},
    }
