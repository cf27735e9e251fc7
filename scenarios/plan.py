"""Scenario + network + device → plan: everything that is fixed before an emulation starts.

Pure. What crosses to the emulation is the plan alone, as `plan.json`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Literal

from giaoban.errors import InputError
from giaoban.tomlfile import StrictModel
from mcu_sim.conference.commands import Redial
from mcu_sim.conference.effects import OPERATOR
from mcu_sim.conference.meeting import Meeting, Member
from mcu_sim.device import Device
from mcu_sim.media.leg import Kind
from scenarios.scenario import Control, Scenario
from topology.network import Network
from topology.routing import shortest_paths
from traffic import rtp
from traffic.profiles import (
    AUDIO_PAYLOAD_TYPE,
    VIDEO_PAYLOAD_TYPE,
    Profile,
    Profiles,
    Terminal,
)
from traffic.stream import StreamPlan
from traffic.video import VideoModel

FRAME_BYTES = rtp.HEADER_BYTES + 1200 + rtp.UDP_IP_BYTES + rtp.ETHERNET_BYTES  # a full packet
FIRST_DIAL_S = 0.5
DIAL_EVERY_S = 0.2
DIAL_GRID_S = 0.02
"""Media starts on a grid too (see `next_start_ns`): the few milliseconds in which a call is set up
then never decide on which side of a step it starts."""
SETTLE_S = 1.5  # from the last existing bridge's dialling to the first phase
CLOSING_S = 0.5  # media goes on so long after the last phase
MEETING = "meeting"
"""The meeting's id and the user part of its SIP address."""
SIP_PORT = 5060
DRAIN_S = 5.0  # for a BYE to be sent again, after the slowest queue has emptied
LONGEST_DRAIN_S = 3600.0


class PhasePlan(StrictModel):
    """A phase in seconds from the run's origin."""

    name: Literal["before", "during", "after"]
    start_s: float
    end_s: float


class CallPlan(StrictModel):
    """One bridge's call: when it dials or is dialled, and its indices into `Plan.streams`."""

    bridge: str
    name: str
    new: bool
    dial_s: float
    up: dict[Kind, int]
    down: dict[Kind, int]


class Plan(StrictModel):
    """Everything an emulation needs."""

    scenario_id: str
    seed: int
    network: Network
    device: Device
    profile: Profile
    video: VideoModel
    terminal: Terminal
    meeting: Meeting
    dial: Literal["in", "out"]
    encrypted: bool
    controls: list[Control]
    """Times counted from the run's origin."""
    phases: list[PhasePlan]
    calls: list[CallPlan]
    streams: list[StreamPlan]
    hang_up_s: float
    end_s: float
    pcap: list[str]

    def to_json(self) -> str:
        """The text of `plan.json`, which `model_validate_json` reads back."""
        return self.model_dump_json(by_alias=True, indent=1)


def make_plan(
    scenario: Scenario,
    network: Network,
    device: Device,
    profile: Profile,
    profiles: Profiles,
    *,
    chair: str,
    seed: int,
    pcap: Sequence[str] = (),
) -> Plan:
    """Fix timetable, streams and identifiers; all randomness comes from `seed`.

    Raises `InputError` for a bridge without a path to the MCU or a queue that never empties.
    """
    known = [bridge.id for bridge in network.bridges]
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
                dial_s=round(round(dial_s / DIAL_GRID_S) * DIAL_GRID_S, 3),
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
        meeting=_meeting(scenario, network, chair),
        dial=scenario.meeting.dial,
        encrypted=scenario.meeting.encrypted,
        controls=_controls(scenario, calls, phases[0].start_s),
        phases=phases,
        calls=calls,
        streams=streams,
        hang_up_s=hang_up_s,
        end_s=hang_up_s + DRAIN_S + 2 * _drain_s(network),
        pcap=list(pcap),
    )


def _meeting(scenario: Scenario, network: Network, chair: str) -> Meeting:
    """The one meeting of a check: the province and all its bridges (Art. 3(2)a)."""
    settings = scenario.meeting
    members = [
        Member(id=bridge.id, uri=f"sip:{bridge.id}@{network.address(bridge.id)}:{SIP_PORT}")
        for bridge in network.bridges
    ]
    return Meeting(
        id=MEETING,
        name=scenario.id,
        pattern="province-districts",
        chair=chair,
        member=members,
        floor=settings.floor,
        video=settings.video,
        layout=settings.layout,
    )


def _controls(scenario: Scenario, calls: Sequence[CallPlan], start_s: float) -> list[Control]:
    """The scenario's commands, and those by which the MCU dials each bridge at its time."""
    controls = [c.model_copy(update={"at_s": start_s + c.at_s}) for c in scenario.controls]
    if scenario.meeting.dial == "out":
        controls += [
            Control(
                at_s=call.dial_s,
                by=OPERATOR.value,
                do=Redial(command="redial", participant=call.bridge),
            )
            for call in calls
        ]
    return sorted(controls, key=lambda control: control.at_s)


def _drain_s(network: Network) -> float:
    """How long the slowest full queue takes to empty.

    A BYE may wait so long on its way up, while the MCU fills the queue down once more.
    """
    bits = FRAME_BYTES * 8
    slowest = max(link.buffer_packets * bits / (link.rate_mbps * 1e6) for link in network.links)
    if slowest > LONGEST_DRAIN_S:
        raise InputError(
            f"a full queue would take {slowest:.0f} s to empty at its link's rate "
            f"(allowed: {LONGEST_DRAIN_S:.0f} s; see buffer_packets and rate_mbps)"
        )
    return math.ceil(slowest * 10) / 10


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
