"""Scenario file → question: all that it names is read, and checked as a whole."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from giaoban import tomlfile
from giaoban.errors import InputError, did_you_mean
from giaoban.tomlfile import Mistake
from mcu_sim.conference.commands import Drop, Layout, Redial, subject
from mcu_sim.conference.effects import OPERATOR
from mcu_sim.device import DEFAULT_PATH as DEVICES
from mcu_sim.device import Device, DeviceCatalogue, load_devices
from mcu_sim.h264 import LEVELS
from scenarios.plan import Plan, make_plan
from scenarios.scenario import Control, Scenario, load_scenario
from topology.checks import bridge_faults, change_faults
from topology.load import load_province
from topology.model import Province
from topology.network import build
from traffic.profiles import Profiles, load_profiles

REDIAL_AFTER_S = 2.0
"""A bridge hands the kernel its media a second ahead, which a hang-up does not call back."""


@dataclass(frozen=True)
class Question:
    """A plan together with the inputs it was made from, which the documents show."""

    plan: Plan
    scenario: Scenario
    scenario_path: Path
    province: Province
    province_path: Path
    profiles: Profiles
    devices_path: Path = DEVICES


def make_question(
    scenario_path: Path,
    *,
    province_path: Path | None = None,
    seed: int | None = None,
    pcap: Sequence[str] = (),
) -> Question:
    """Read a scenario and all it names, check it as a whole, and make the plan.

    Raises:
        InputError: every mistake with file, line, key, value and what is allowed.
    """
    scenario = load_scenario(scenario_path)
    province_path = province_path or (scenario_path.parent / scenario.province).resolve()
    province = load_province(province_path)
    profiles, devices = load_profiles(), load_devices()
    found = [
        *_network_mistakes(scenario, province),
        *_call_mistakes(scenario, profiles, devices),
        *_impairment_mistakes(scenario, province),
        *_control_mistakes(scenario, province),
    ]
    if found:
        raise tomlfile.mistakes(scenario_path, found)
    device = _device(scenario, province, devices, province_path)
    profile = profiles.pick(scenario.profile)
    if device.units_for(profile.resolution) is None or profile.resolution not in LEVELS:
        able = [name for name in device.resolutions() if name in LEVELS]
        what = f"is {profile.resolution}, {device.name} does not do it (allowed: {', '.join(able)})"
        raise tomlfile.mistakes(scenario_path, [(("profile",), profile.id, what)])
    bridges = [b.id for b in (*province.bridges, *scenario.new_bridges)]
    for name in pcap:
        if name not in bridges:
            raise InputError(f'--pcap = "{name}": unknown bridge{did_you_mean(name, bridges)}')
    try:
        network = build(province, scenario.new_bridges, scenario.link_changes)
        plan = make_plan(
            scenario,
            network,
            device,
            profile,
            profiles,
            chair=province.chair.id,
            seed=scenario.seed if seed is None else seed,
            pcap=pcap,
        )
    except InputError as error:
        raise InputError(f"{scenario_path}: {error}") from None
    return Question(plan, scenario, scenario_path, province, province_path, profiles)


def _network_mistakes(scenario: Scenario, province: Province) -> Iterator[Mistake]:
    bridges, changes = scenario.new_bridges, scenario.link_changes
    for fault in bridge_faults(province, bridges):
        yield ("bridge", *fault.loc), fault.value, fault.what
    for fault in change_faults(province, bridges, changes):
        yield ("link", *fault.loc), fault.value, fault.what


def _call_mistakes(
    scenario: Scenario, profiles: Profiles, devices: DeviceCatalogue
) -> Iterator[Mistake]:
    known = [profile.id for profile in profiles.profile]
    if scenario.profile not in known:
        what = f"unknown call profile{did_you_mean(scenario.profile, known)}"
        yield ("profile",), scenario.profile, what
    known = [device.id for device in devices.device]
    if scenario.device is not None and scenario.device not in known:
        what = f"unknown device{did_you_mean(scenario.device, known)}"
        yield ("device",), scenario.device, what


def _impairment_mistakes(scenario: Scenario, province: Province) -> Iterator[Mistake]:
    known = [b.id for b in (*province.bridges, *scenario.new_bridges)]
    named: Counter[tuple[str, str, str]] = Counter()
    for number, item in enumerate(scenario.impairments):
        loc = ("impairment", number, "bridge")
        if item.bridge not in known:
            yield loc, item.bridge, f"unknown bridge{did_you_mean(item.bridge, known)}"
        kinds = ("audio", "video") if item.kind == "both" else (item.kind,)
        for kind in kinds:
            named[item.bridge, kind, item.direction] += 1
            if named[item.bridge, kind, item.direction] == 2:
                what = f"its {kind} {item.direction} is impaired twice (allowed: once)"
                yield loc, item.bridge, what


def _control_mistakes(scenario: Scenario, province: Province) -> Iterator[Mistake]:
    bridges = [b.id for b in (*province.bridges, *scenario.new_bridges)]
    phases = scenario.phases
    length_s = phases.before_s + phases.during_s + phases.after_s
    for number, control in enumerate(scenario.controls):
        loc = ("control", number)
        if control.at_s >= length_s:
            yield (*loc, "at_s"), control.at_s, f"is after the run (allowed: below {length_s:g} s)"
        givers = [OPERATOR.value, *bridges]
        if control.by not in givers:
            what = f"unknown bridge{did_you_mean(control.by, givers)}"
            yield (*loc, "by"), control.by, what
        if (soon := _too_soon(scenario, control)) is not None:
            yield (*loc, "at_s"), control.at_s, soon
        named = subject(control.do)
        if named and named not in bridges:
            key = "for" if isinstance(control.do, Layout) else "participant"
            yield (*loc, "do", key), named, f"unknown bridge{did_you_mean(named, bridges)}"
        if isinstance(control.do, Layout) and scenario.meeting.video == "switched":
            what = 'there are no layouts with meeting.video = "switched"'
            yield (*loc, "do", "command"), control.do.command, what


def _too_soon(scenario: Scenario, control: Control) -> str | None:
    """What is wrong with a redial right after a drop: the old call's packets are on their way."""
    if not isinstance(control.do, Redial):
        return None
    dropped_s = [
        c.at_s
        for c in scenario.controls
        if isinstance(c.do, Drop) and c.do.participant == control.do.participant
    ]
    last_s = max((at_s for at_s in dropped_s if at_s <= control.at_s), default=-math.inf)
    if control.at_s - last_s >= REDIAL_AFTER_S:
        return None
    return (
        f"redials too soon (allowed: {REDIAL_AFTER_S:g} s or more after the drop at {last_s:g} s)"
    )


def _device(
    scenario: Scenario, province: Province, devices: DeviceCatalogue, province_path: Path
) -> Device:
    wanted = scenario.device or province.mcu.device
    for device in devices.device:
        if device.id == wanted:
            return device
    what = f"unknown device{did_you_mean(wanted, [device.id for device in devices.device])}"
    raise tomlfile.mistakes(province_path, [(("mcu", "device"), wanted, what)])
