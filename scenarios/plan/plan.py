"""Scenario + network + device → plan: everything that is fixed before an emulation starts.

Pure. What crosses to the emulation is the plan alone, as `plan.json`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal

from pydantic import Field

from giaoban.mcu_sim.conference.commands import Present, Redial, subject
from giaoban.mcu_sim.conference.effects import OPERATOR
from giaoban.mcu_sim.conference.meeting import Meeting, Member
from giaoban.mcu_sim.device import Device
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sip.message import SIP_PORT
from giaoban.scenarios.plan.drain import drain_s
from giaoban.scenarios.plan.streams import stream_plans
from giaoban.scenarios.spec.background import (
    BackgroundPlan,
    background_plans,
)
from giaoban.scenarios.spec.faults.kind import BootTimes, FaultContext
from giaoban.scenarios.spec.faults.plan import FaultPlan, plan_faults
from giaoban.scenarios.spec.impairment import LinePlan, line_plans
from giaoban.scenarios.spec.outside_mcu import OutsideMcu
from giaoban.scenarios.spec.scenario import Control, PhaseName, Scenario
from giaoban.tomlfile import StrictModel
from giaoban.topology.changes import NetworkChange, Outage
from giaoban.topology.model import Group
from giaoban.topology.network import Network
from giaoban.topology.routing import shortest_paths
from giaoban.traffic.profiles import DIAL_GRID_S, Profile, Profiles, Recovery, Terminal
from giaoban.traffic.quality.recovered import Repair
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.audio_encoding import AudioEncoding
from giaoban.traffic.sources.content import ContentModel
from giaoban.traffic.sources.talk_spurts import SpeechModel
from giaoban.traffic.sources.video_model import VideoModel

FIRST_DIAL_S = 0.5
DIAL_EVERY_S = 0.2
DIALLING_S = 60.0
"""However many bridges there are, all have dialled within this: a great many dial at once."""
SAMPLE_OFFSET_NS = 11_000_000
"""Counters are read so long after each whole second: the MCU's audio leaves on a grid of 20 ms, and
on it a packet could be counted on either side of a second."""
SETTLE_S = 1.5  # from the last existing bridge's dialling to the first phase
CLOSING_S = 0.5  # media goes on so long after the last phase
RECORDINGS = "media"
"""Where recordings lie in a run's folder."""
PLAN = "plan.json"
"""A plan's file, in a run's folder."""
MEETING = "meeting"
"""The meeting's id and the user part of its SIP address."""
GRACE_S = 2.0
"""Under faults the MCU closes the meeting so long after its end: some bridges cannot hang up."""
DRAIN_S = 5.0  # for a BYE to be sent again, after the slowest queue has emptied


class PhasePlan(StrictModel):
    """A phase in seconds from the run's origin."""

    name: PhaseName
    start_s: float
    end_s: float


class CallPlan(StrictModel):
    """One bridge's call: to which meeting, when it dials or is dialled, and its indices into
    `Plan.streams`."""

    bridge: str
    name: str
    new: bool
    meeting: str = MEETING
    dial_s: float
    up: dict[Kind, int]
    down: dict[Kind, int]


class ContentPlan(StrictModel):
    """The bridge that shows slides, the times in seconds from the run's origin, and the stream of
    frames."""

    bridge: str
    from_s: float
    to_s: float
    model: ContentModel


class RecordingPlan(StrictModel):
    """What a bridge sends in place of modelled pictures: a file of the run's folder."""

    bridge: str
    file: str


class Plan(StrictModel):
    """Everything an emulation needs."""

    scenario_id: str
    seed: int
    network: Network
    device: Device
    profile: Profile
    audio: AudioEncoding
    video: VideoModel
    sound: Literal["tone", "conversation"]
    silence_suppression: bool
    speech: SpeechModel
    content: ContentPlan | None
    recordings: list[RecordingPlan]
    terminal: Terminal
    meeting: Meeting
    concurrent: list[Meeting] = Field(default_factory=list)
    """Others that the MCU holds meanwhile, with the same video."""
    outside_mcus: list[OutsideMcu] = Field(default_factory=list)
    """Bridges that are MCUs of others."""
    dial: Literal["in", "out"]
    encrypted: bool
    controls: list[Control]
    """Times counted from the run's origin."""
    phases: list[PhasePlan]
    calls: list[CallPlan]
    streams: list[StreamPlan]
    lines: list[LinePlan]
    faults: list[FaultPlan] = Field(default_factory=list)
    changes: list[NetworkChange] = Field(default_factory=list)
    outages: list[Outage] = Field(default_factory=list)
    recovery: Recovery | None = None
    """How cut-off bridges come back; None: nothing fails, and nobody dials again."""
    repair: Repair | None = None
    """How many lost packets of pictures receivers recover; None: none."""
    length_min: float | None = None
    """How long the meeting lasts, in minutes, where that is known."""
    background: list[BackgroundPlan] = Field(default_factory=list)
    hang_up_s: float
    end_s: float
    pcap: list[str]
    loses: bool = False
    """Whether packets are known to be lost though nothing here says so: a queue is too short."""

    @property
    def meetings(self) -> list[Meeting]:
        """All that the MCU holds; the one that is asked about comes first."""
        return [self.meeting, *self.concurrent]

    def meeting_of_control(self, control: Control) -> str:
        """The meeting to which the MCU's technician gives a command."""
        about = subject(control.do)
        of_subject = (m.id for m in self.concurrent if about and m.lists(about))
        return control.meeting or next(of_subject, self.meeting.id)

    @property
    def loses_on_purpose(self) -> bool:
        """Whether key frames are to be expected to be asked for, whatever queues do."""
        lossy = any(link.loses for link in self.network.links)
        impaired = bool(self.lines) or any(stream.impairments for stream in self.streams)
        return self.meeting.video == "switched" or lossy or impaired or self.recovery is not None

    @property
    def slides_sent(self) -> int | None:
        """Index of the stream in which slides are sent; None: none are shown."""
        if self.content is None:
            return None
        shown = self.content.bridge
        return next((c.up.get("content") for c in self.calls if c.bridge == shown), None)

    @property
    def watchful(self) -> bool:
        """Whether devices look at what came every `giaoban.traffic.receiver.feedback.LOOK_NS`.

        They have no more in hand than that. Where nobody asks for anything longer windows send
        the same, for less.
        """
        return self.loses or self.content is not None or self.loses_on_purpose

    @property
    def line_kbps(self) -> float | None:
        """The line rate of a call, in kb/s of sound and pictures; None: the MCU calls, and offers
        what it has."""
        return None if self.dial == "out" else self.profile.video_kbps + self.audio.kbps

    @property
    def adds_bridges(self) -> bool:
        """Whether new bridges join existing ones."""
        return len({call.new for call in self.calls}) > 1

    def without_new(self) -> Plan:
        """Return the same meeting at the same seed, in which the new bridges never call."""
        new = {call.bridge for call in self.calls if call.new}
        calls = [
            call.model_copy(update={"dial_s": self.end_s}) if call.new else call
            for call in self.calls
        ]
        controls = [
            control
            for control in self.controls
            if new.isdisjoint((control.by, subject(control.do)))
        ]
        shown = None if self.content is None or self.content.bridge in new else self.content
        return self.model_copy(update={"calls": calls, "controls": controls, "content": shown})

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
    groups: Sequence[Group] = (),
    all_from_start: bool = False,
) -> Plan:
    """Fix timetable, streams and identifiers; all randomness comes from `seed`.

    `groups` are the province's shared-risk groups. New bridges dial during the second
    phase, or with the others if `all_from_start`.

    Raises `InputError` for a bridge without a path to the MCU, or a queue that never empties.
    """
    meeting = _meeting(scenario, network, chair)
    meetings = [meeting, *_concurrent(scenario, network)]
    meeting_of = {who: each.id for each in meetings for who in each.roster}
    later_s = {each.id: each.from_s for each in scenario.concurrent}
    callers = [bridge for bridge in network.bridges if bridge.id in meeting_of]
    routes = shortest_paths(network)
    for bridge in callers:
        routes.path(bridge.id, network.mcu.id)
    new: set[str] = set()
    if scenario.phases.of_expansion and not all_from_start:
        new = {bridge.id for bridge in scenario.new_bridges if bridge.id in meeting_of}
    first = {b.id for b in callers if b.id not in new and later_s.get(meeting_of[b.id]) is None}
    dial_every_s = min(DIAL_EVERY_S, DIALLING_S / len(callers))
    phases = _phases(scenario, len(first) * dial_every_s)
    start_s = phases[0].start_s
    audio_type = profiles.encoding(profile.audio).payload_type
    streams = stream_plans(scenario, _attendance(network, meetings), seed, start_s, audio_type)
    content = _content(scenario, profile, profiles, phases)
    streams_of: dict[str, list[StreamPlan]] = {bridge.id: [] for bridge in callers}
    for stream in streams:
        streams_of[stream.bridge].append(stream)
    calls = []
    dialled: Counter[str | None] = Counter()
    for node in callers:
        group = None if node.id in first else "new" if node.id in new else meeting_of[node.id]
        number = dialled[group]
        dialled[group] += 1
        if node.id in new:
            during = phases[1]
            share = (during.end_s - during.start_s) / len(new)
            dial_s = during.start_s + share * (number + 0.5)
        elif group is None:
            dial_s = FIRST_DIAL_S + dial_every_s * number
        else:
            dial_s = start_s + (later_s[group] or 0.0) + dial_every_s * number
        own = streams_of[node.id]
        calls.append(
            CallPlan(
                bridge=node.id,
                name=node.name,
                new=node.id in new,
                meeting=meeting_of[node.id],
                dial_s=round(round(dial_s / DIAL_GRID_S) * DIAL_GRID_S, 3),
                up={s.kind: s.index for s in own if s.direction == "up"},
                down={s.kind: s.index for s in own if s.direction == "down"},
            )
        )
    hang_up_s = phases[-1].end_s + CLOSING_S
    recovery = profiles.recovery
    boot_times = BootTimes(recovery.bridge_boot_s, recovery.mcu_boot_s)
    failing = plan_faults(scenario.faults, FaultContext(network, groups, boot_times), start_s)
    return Plan(
        scenario_id=scenario.id,
        seed=seed,
        network=network,
        device=device,
        profile=profile,
        audio=profiles.encoding(profile.audio),
        video=profiles.video_model(profile),
        sound=scenario.meeting.sound,
        silence_suppression=scenario.meeting.silence_suppression,
        speech=profiles.speech,
        content=content,
        recordings=[
            RecordingPlan(bridge=item.bridge, file=f"{RECORDINGS}/{item.bridge}.npz")
            for item in scenario.recordings
        ],
        terminal=profiles.terminal,
        meeting=meeting,
        concurrent=meetings[1:],
        outside_mcus=scenario.outside_mcus,
        dial=scenario.meeting.dial,
        encrypted=scenario.meeting.encrypted,
        controls=_controls(scenario, calls, start_s, content),
        phases=phases,
        calls=calls,
        streams=streams,
        lines=[*line_plans(scenario.impairments, network, start_s), *failing.lines],
        faults=failing.faults,
        changes=failing.changes,
        outages=failing.outages,
        recovery=recovery if failing.faults else None,
        repair=scenario.meeting.repair,
        length_min=scenario.meeting.length_min,
        background=background_plans(scenario.background, network, start_s, phases[-1].end_s),
        hang_up_s=hang_up_s,
        end_s=hang_up_s + DRAIN_S + 2 * drain_s(network, scenario.impairments, failing.lines),
        pcap=list(pcap),
    )


def at_seed(plan: Plan, scenario: Scenario, seed: int) -> Plan:
    """The plan that `make_plan` would have made with another seed."""
    streams = stream_plans(
        scenario,
        _attendance(plan.network, plan.meetings),
        seed,
        plan.phases[0].start_s,
        plan.audio.payload_type,
    )
    return plan.model_copy(update={"seed": seed, "streams": streams})


def _meeting(scenario: Scenario, network: Network, chair: str) -> Meeting:
    """The meeting that is asked about; where nothing else is said, that of the province and all its
    bridges (Art. 3(2)a) that are in no other meeting."""
    settings = scenario.meeting
    elsewhere = {who for each in scenario.concurrent for who in each.participants}
    participants = settings.participants
    if participants is None:
        participants = [b.id for b in network.bridges if b.id not in elsewhere]
    return Meeting(
        id=MEETING,
        name=scenario.id,
        pattern="province-districts",
        chair=settings.chair or chair,
        member=_members(network, participants),
        floor=settings.floor,
        video=settings.video,
        layout=settings.layout,
    )


def _concurrent(scenario: Scenario, network: Network) -> list[Meeting]:
    return [
        Meeting(
            id=each.id,
            name=each.id,
            pattern="any-bridges",
            chair=each.chair,
            member=_members(network, each.participants),
            floor=each.floor,
            video=scenario.meeting.video,
            layout=each.layout,
        )
        for each in scenario.concurrent
    ]


def _members(network: Network, participants: Collection[str]) -> list[Member]:
    """In the order of the network's bridges."""
    wanted = set(participants)
    return [
        Member(id=bridge.id, uri=f"sip:{bridge.id}@{network.address(bridge.id)}:{SIP_PORT}")
        for bridge in network.bridges
        if bridge.id in wanted
    ]


def _attendance(network: Network, meetings: Sequence[Meeting]) -> list[list[str]]:
    """Who takes part in each meeting, in the order of the network's bridges."""
    return [[b.id for b in network.bridges if meeting.lists(b.id)] for meeting in meetings]


def _content(
    scenario: Scenario, profile: Profile, profiles: Profiles, phases: Sequence[PhasePlan]
) -> ContentPlan | None:
    shown = scenario.content
    if shown is None:
        return None
    start_s, end_s = phases[0].start_s, phases[-1].end_s
    return ContentPlan(
        bridge=shown.bridge,
        from_s=start_s + shown.from_s,
        to_s=end_s if shown.to_s is None else min(end_s, start_s + shown.to_s),
        model=profiles.content_model(profile, shown.kbps),
    )


def _controls(
    scenario: Scenario, calls: Sequence[CallPlan], start_s: float, content: ContentPlan | None
) -> list[Control]:
    """Return the scenario's commands, those by which the MCU dials each bridge at its time, and
    those by which the technician at the MCU gives the content channel and takes it back."""
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
    if content is not None:
        for at_s, who in ((content.from_s, content.bridge), (content.to_s, None)):
            present = Present(command="present", participant=who)
            controls.append(Control(at_s=at_s, by=OPERATOR.value, do=present))
    return sorted(controls, key=lambda control: control.at_s)


def _phases(scenario: Scenario, dialling_s: float) -> list[PhasePlan]:
    start = float(round(FIRST_DIAL_S + dialling_s + SETTLE_S + 0.5))
    phases = []
    for name, seconds in scenario.phases.parts:
        phases.append(PhasePlan(name=name, start_s=start, end_s=start + seconds))
        start += seconds
    return phases
