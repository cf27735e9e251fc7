"""Scenario + province + device → plan: everything that is fixed before an emulation starts.

Pure but for the reading of the files that a scenario names. What crosses to the emulation is the
plan alone, as `plan.json`.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from giaoban.errors import InputError, did_you_mean
from giaoban.tomlfile import StrictModel
from mcu_sim.device import DEFAULT_PATH as DEVICES
from mcu_sim.device import Device, load_devices, pick
from mcu_sim.h264 import LEVELS
from scenarios.scenario import Scenario, load_scenario
from topology.load import load_province
from topology.model import Province
from topology.network import Network, build
from topology.routing import shortest_paths
from traffic import rtp
from traffic.profiles import (
    AUDIO_PAYLOAD_TYPE,
    VIDEO_PAYLOAD_TYPE,
    Profile,
    Profiles,
    Terminal,
    load_profiles,
)
from traffic.stream import StreamPlan
from traffic.video import VideoModel

FRAME_BYTES = 1254  # a full media packet on the wire: 1212 RTP + 28 UDP/IP + 14 Ethernet
FIRST_DIAL_S = 0.5
DIAL_EVERY_S = 0.2
SETTLE_S = 1.5  # from the last existing bridge's dialling to the first phase
CLOSING_S = 0.5  # media goes on so long after the last phase
DRAIN_S = 2.0  # for the last BYE, and longer where a queue takes longer to empty
LONGEST_DRAIN_S = 3600.0


class PhasePlan(StrictModel):
    """A phase in seconds from the run's origin."""

    name: Literal["before", "during", "after"]
    start_s: float
    end_s: float


class CallPlan(StrictModel):
    """One bridge's call: when it dials, and its indices into `Plan.streams`."""

    bridge: str
    name: str
    new: bool
    dial_s: float
    up: dict[str, int]
    down: dict[str, int]


class Plan(StrictModel):
    """Everything an emulation needs."""

    scenario_id: str
    seed: int
    network: Network
    device: Device
    profile: Profile
    video: VideoModel
    terminal: Terminal
    phases: list[PhasePlan]
    calls: list[CallPlan]
    streams: list[StreamPlan]
    hang_up_s: float
    end_s: float
    pcap: list[str]


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
    pcap: tuple[str, ...] = (),
) -> Question:
    """Read a scenario and all it names, check it as a whole, and make the plan.

    Raises:
        InputError: naming file, key, value and what is allowed.
    """
    scenario = load_scenario(scenario_path)
    province_path = province_path or (scenario_path.parent / scenario.province).resolve()
    province = load_province(province_path)
    profiles = load_profiles()
    try:
        network = build(province, scenario.new_bridges, scenario.link_changes)
        device = pick(load_devices(), scenario.device or province.mcu.device)
        profile = profiles.pick(scenario.profile)
        if profile.resolution not in LEVELS:
            raise InputError(f'profile "{profile.id}": unknown resolution "{profile.resolution}"')
        plan = _plan(scenario, network, device, profile, profiles, seed, pcap)
    except InputError as error:
        raise InputError(f"{scenario_path}: {error}") from None
    return Question(plan, scenario, scenario_path, province, province_path, profiles)


def _plan(
    scenario: Scenario,
    network: Network,
    device: Device,
    profile: Profile,
    profiles: Profiles,
    seed: int | None,
    pcap: tuple[str, ...],
) -> Plan:
    seed = scenario.seed if seed is None else seed
    known = [bridge.id for bridge in network.bridges]
    for word, key in [(i.bridge, "impairment.bridge") for i in scenario.impairments] + [
        (name, "--pcap") for name in pcap
    ]:
        if word not in known:
            raise InputError(f'{key} = "{word}": unknown bridge{did_you_mean(word, known)}')
    routes = shortest_paths(network)
    for bridge in known:
        routes.path(bridge, network.mcu.id)
    new = {bridge.id for bridge in scenario.new_bridges}
    phases = _phases(scenario, len(known) - len(new))
    streams = _streams(scenario, network, seed)
    calls = []
    dialled_new = 0
    for number, node in enumerate(network.bridges):
        if node.id in new:
            during = phases[1]
            share = (during.end_s - during.start_s) / len(new)
            dial_s = during.start_s + share * (dialled_new + 0.5)
            dialled_new += 1
        else:
            dial_s = FIRST_DIAL_S + DIAL_EVERY_S * number
        own = [s for s in streams if s.bridge == node.id]
        calls.append(
            CallPlan(
                bridge=node.id,
                name=node.name,
                new=node.id in new,
                dial_s=round(dial_s, 3),
                up={s.kind: s.index for s in own if s.direction == "up"},
                down={s.kind: s.index for s in own if s.direction == "down"},
            )
        )
    hang_up_s = phases[-1].end_s + CLOSING_S
    return Plan(
        scenario_id=scenario.id,
        seed=seed,
        network=network,
        device=device,
        profile=profile,
        video=profiles.video_model(profile),
        terminal=profiles.terminal,
        phases=phases,
        calls=calls,
        streams=streams,
        hang_up_s=hang_up_s,
        end_s=hang_up_s + max(DRAIN_S, 1.0 + _drain_s(network)),
        pcap=list(pcap),
    )


def _drain_s(network: Network) -> float:
    """How long the slowest full queue takes to empty, in whole seconds."""
    bits = FRAME_BYTES * 8
    slowest = max(link.buffer_packets * bits / (link.rate_mbps * 1e6) for link in network.links)
    if slowest > LONGEST_DRAIN_S:
        raise InputError(
            f"a full queue would take {slowest:.0f} s to empty at its link's rate "
            f"(allowed: {LONGEST_DRAIN_S:.0f} s; see buffer_packets and rate_mbps)"
        )
    return float(math.ceil(slowest))


def _phases(scenario: Scenario, existing: int) -> list[PhasePlan]:
    start = float(round(FIRST_DIAL_S + DIAL_EVERY_S * existing + SETTLE_S + 0.5))
    lengths = scenario.phases
    phases = []
    for name, seconds in (
        ("before", lengths.before_s),
        ("during", lengths.during_s),
        ("after", lengths.after_s),
    ):
        phases.append(
            PhasePlan.model_validate({"name": name, "start_s": start, "end_s": start + seconds})
        )
        start += seconds
    return phases


def _streams(scenario: Scenario, network: Network, seed: int) -> list[StreamPlan]:
    """Two kinds in two directions a bridge; identifiers and seeds drawn from the run's seed."""
    rng = random.Random(seed)
    streams: list[StreamPlan] = []
    for bridge in network.bridges:
        for kind, payload_type in (("audio", AUDIO_PAYLOAD_TYPE), ("video", VIDEO_PAYLOAD_TYPE)):
            for direction in ("up", "down"):
                stream = rtp.StreamId(
                    payload_type=payload_type,
                    ssrc=rng.getrandbits(32),
                    first_sequence=rng.getrandbits(15),
                    first_timestamp=rng.getrandbits(32),
                )
                chosen = [
                    i
                    for i in scenario.impairments
                    if i.bridge == bridge.id
                    and i.direction == direction
                    and i.kind in (kind, "both")
                ]
                if len(chosen) > 1:
                    raise InputError(
                        f"impairment: {bridge.id} {kind} {direction} is named {len(chosen)} times "
                        "(allowed: once)"
                    )
                streams.append(
                    StreamPlan.model_validate(
                        {
                            "index": len(streams),
                            "bridge": bridge.id,
                            "kind": kind,
                            "direction": direction,
                            "header_hex": rtp.template(stream).hex(),
                            "ssrc": stream.ssrc,
                            "first_sequence": stream.first_sequence,
                            "first_timestamp": stream.first_timestamp,
                            "seed": rng.getrandbits(48),
                            "loss": chosen[0].loss if chosen else None,
                            "jitter": chosen[0].jitter if chosen else None,
                        }
                    )
                )
    return streams
