"""What links and the MCU carry when everybody is in: from rates alone, without a single packet.

For searches (how many more bridges fit?) that ask thousands of times. Delay and loss are not in
it: that is what `giaoban.scenarios.estimate.estimate` is for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from giaoban.clock import SECOND_NS
from giaoban.mcu_sim.admission import Use
from giaoban.mcu_sim.device import AUDIO
from giaoban.mcu_sim.fit import meeting_on
from giaoban.results.judge.criteria import (
    CALLS_AS_ASKED,
    CALLS_SET_UP,
    LINK_PEAK,
    MCU_UNITS,
    Criteria,
)
from giaoban.results.model.places import Place
from giaoban.scenarios.plan.plan import CallPlan, Plan
from giaoban.scenarios.plan.wire import around_bytes
from giaoban.sentence import counted
from giaoban.topology.lines.qos import BEST_EFFORT, by_class
from giaoban.topology.network import Hop
from giaoban.topology.routing import Routes, shortest_paths
from giaoban.traffic.h264 import FU_HEADER_BYTES
from giaoban.traffic.rtp import AUDIO_PACKET_MS, ETHERNET_BYTES, HEADER_BYTES
from giaoban.traffic.sources.video_model import FrameSource, VideoModel, packetise
from giaoban.traffic.sources.video_stream import packets_in

TRIAL_S = 240
"""So many seconds of the encoder's model are drawn to know how much its seconds differ."""
WORST_SECOND = 3.0
"""Standard deviations of the busiest second above the mean: about one in 700, of a few minutes'
seconds on a few links the largest."""


PictureLoad = Callable[[VideoModel, int], tuple[float, float]]
"""Of an encoder, with so much around each packet: a picture's mean in Mb/s on the wire, and the
variance of its seconds in (Mb/s)²."""


@dataclass(frozen=True)
class LinkLoad:
    """One direction of one link: the load of the meeting and of other traffic, on the wire.

    Where a router's end has classes, best-effort traffic is left out: it takes what the classes
    of the meeting leave. `rate_mbps` is at most the CIR of a policed line. `peak_mbps` is about
    the busiest second: encoders' seconds differ, and the more streams there are the less that
    matters.
    """

    link: str
    direction: str
    rate_mbps: float
    mean_mbps: float
    peak_mbps: float

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(kind="link", id=self.link, detail=self.direction)

    @property
    def mean_pct(self) -> float:
        """Of the rate."""
        return 100 * self.mean_mbps / self.rate_mbps

    @property
    def peak_pct(self) -> float:
        """Of the rate."""
        return 100 * self.peak_mbps / self.rate_mbps


@dataclass(frozen=True)
class RefusedOrReduced:
    """A call that the device refuses (`given` None, with its SIP `code`) or gives less."""

    bridge: str
    asked: str
    given: str | None
    code: int
    reason: str


@dataclass(frozen=True)
class StaticLoads:
    """The network and the device with everybody in whom the device takes.

    `links`: both directions of every link, in the plan's order. `joined`: bridges that are in, in
    the order they dialled.
    """

    links: list[LinkLoad]
    units_used: float
    units_total: float
    ports_used: int
    ports_total: int
    use: Use
    joined: list[str]
    refused: list[RefusedOrReduced]
    downspeeded: list[RefusedOrReduced]

    def worst_link(self) -> LinkLoad:
        """The one whose busiest second is nearest to its rate, or furthest above."""
        return max(self.links, key=lambda load: load.peak_pct)


@dataclass(frozen=True)
class Shortfall:
    """The criterion that arithmetic alone sees fail, where, and its value; `link` if it is one."""

    criterion: str
    where: str
    value: float
    link: LinkLoad | None = None

    @property
    def place(self) -> Place:
        """Where: the link's direction, else the device."""
        return Place(kind="mcu", id="mcu") if self.link is None else self.link.place


def second_limit_pct(criteria: Criteria) -> float:
    """The load of links that the busiest second may have, which is what is added up here."""
    [limit] = [c for c in criteria.criterion if c.id == LINK_PEAK]
    return limit.threshold


def shortfall(
    loads: StaticLoads, units_limit_pct: float, link_limit_pct: float
) -> Shortfall | None:
    """Why a criterion fails whatever packets do: the device, which goes first, or a link's mean."""
    if refused := len(loads.refused):
        return Shortfall(CALLS_SET_UP, f"{counted(refused, 'call')} refused", refused)
    if less := len(loads.downspeeded):
        return Shortfall(CALLS_AS_ASKED, f"{counted(less, 'call')} given less", less)
    if loads.use.pct > units_limit_pct:
        return Shortfall(MCU_UNITS, "the device", loads.use.pct)
    worst = max(loads.links, key=lambda load: load.mean_pct, default=None)
    if worst is None or worst.mean_pct <= link_limit_pct:
        return None
    return Shortfall(LINK_PEAK, f"{worst.link} {worst.direction}", worst.mean_pct, worst)


@dataclass
class _NormalSum:
    mean: float = 0.0
    variance: float = 0.0

    def add(self, mean: float, variance: float) -> None:
        self.mean += mean
        self.variance += variance


def static_loads(
    plan: Plan, routes: Routes | None = None, pictures: PictureLoad | None = None
) -> StaticLoads:
    """Admit every call of the plan as the device does, and add up what goes over each link.

    Args:
        routes: of the plan's network, if the caller has them already.
        pictures: what a picture takes; None: `video_load`.
    """
    routes = routes or shortest_paths(plan.network)
    capacity = meeting_on(plan.device, content=plan.content is not None)
    joined: list[CallPlan] = []
    with_video: set[str] = set()
    refused: list[RefusedOrReduced] = []
    downspeeded: list[RefusedOrReduced] = []
    profile = plan.profile
    conferences = {plan.meeting.id: True}
    """Whether the device had room for each meeting."""
    for call in sorted(plan.calls, key=lambda call: call.dial_s):
        if call.meeting not in conferences:
            conferences[call.meeting] = capacity.open_conference(call.meeting)
        if not conferences[call.meeting]:
            code, reason = plan.device.refusal.code, plan.device.refusal.reason
            refused.append(RefusedOrReduced(call.bridge, profile.resolution, None, code, reason))
            continue
        answer = capacity.admit(call.bridge, profile.resolution, plan.line_kbps, call.meeting)
        told = RefusedOrReduced(
            call.bridge, profile.resolution, answer.given, answer.code, answer.reason
        )
        if not answer.accepted:
            refused.append(told)
            continue
        joined.append(call)
        if answer.given != AUDIO:
            with_video.add(call.bridge)
        if answer.stepped_down:
            downspeeded.append(told)
    return StaticLoads(
        links=_links(plan, routes, joined, with_video, pictures or video_load),
        units_used=capacity.units_used,
        units_total=capacity.device.units_total,
        ports_used=capacity.ports_used,
        ports_total=capacity.device.ports_total,
        use=capacity.use,
        joined=[call.bridge for call in joined],
        refused=refused,
        downspeeded=downspeeded,
    )


def _links(
    plan: Plan,
    routes: Routes,
    joined: list[CallPlan],
    with_video: set[str],
    pictures: PictureLoad,
) -> list[LinkLoad]:
    around = around_bytes(plan)
    sums: dict[Hop, _NormalSum] = {
        hop: _NormalSum() for link in plan.network.links for hop in link.hops
    }
    overhead = {link.id: link.overhead_bytes for link in plan.network.links}
    of_a_call = {o: _of_a_call(plan, around + o, pictures) for o in {*overhead.values()}}
    shown = plan.content
    slides = shown.model.kbps / 1000 if shown is not None else 0.0
    presenter = shown.bridge if shown is not None else None
    mcu = plan.network.mcu.id
    for call in joined:
        for source, target in ((call.bridge, mcu), (mcu, call.bridge)):
            for hop in routes.path(source, target):
                up, down, video = of_a_call[overhead[hop.link]]
                sums[hop].add(up if target == mcu else down, 0.0)
                if call.bridge in with_video:
                    sums[hop].add(*video)
                    if source == presenter or (source == mcu and target != presenter):
                        sums[hop].add(slides, 0.0)
    routers = {node.id for node in plan.network.routers} if by_class(plan.network.qos) else set()
    for other in plan.background:
        if other.dscp == BEST_EFFORT and other.hop.source in routers:
            continue
        frame_bytes = other.packet_bytes + ETHERNET_BYTES  # of the stated rate
        sent_bytes = frame_bytes + overhead[other.link]
        mbps = other.mbps * sent_bytes / frame_bytes
        # packets come at random times (Poisson): the variance of a second is λ · size²
        sums[other.hop].add(mbps, mbps * sent_bytes * 8e-6)
    loads = []
    for link in plan.network.links:
        for hop in link.hops:
            mean, spread = sums[hop].mean, math.sqrt(sums[hop].variance)
            rate_mbps = link.committed_mbps(hop.source)
            peak = mean + WORST_SECOND * spread
            loads.append(LinkLoad(link.id, hop.direction, rate_mbps, mean, peak))
    return loads


def _of_a_call(
    plan: Plan, around: int, pictures: PictureLoad
) -> tuple[float, float, tuple[float, float]]:
    """What a call's sound takes up and down, and its pictures, with so much around each packet."""
    up = _audio_mbps(plan.audio.packet_ms, plan.audio.packet_bytes, around)
    if plan.sound == "conversation" and plan.silence_suppression:
        up *= plan.speech.activity
    down = _audio_mbps(AUDIO_PACKET_MS, plan.audio.octets(AUDIO_PACKET_MS), around)
    return up, down, pictures(plan.video, around)


def _audio_mbps(packet_ms: int, payload_bytes: int, around: int) -> float:
    return (HEADER_BYTES + payload_bytes + around) * 8e-3 / packet_ms


def video_load(model: VideoModel, around: int) -> tuple[float, float]:
    """A picture's mean in Mb/s on the wire, and the variance of its seconds in (Mb/s)²."""
    return _video_load(model.model_dump_json(), around)


def most_video_load(model: VideoModel, around: int) -> tuple[float, float]:
    """More than that mean can be, whatever is drawn, and 0: nothing is drawn to know it."""
    octets = model.most_bytes(TRIAL_S * model.fps)
    packets = packets_in(TRIAL_S * SECOND_NS, model.kbps, model)
    around += FU_HEADER_BYTES + HEADER_BYTES
    return (octets + packets * around) * 8e-6 / TRIAL_S, 0.0


@lru_cache(maxsize=64)
def _video_load(model_json: str, around: int) -> tuple[float, float]:
    model = VideoModel.model_validate_json(model_json)
    frames = FrameSource(model, np.random.default_rng(0)).take(TRIAL_S * model.fps)
    packets = packetise(frames, model)
    size = packets.size + HEADER_BYTES + around
    second = packets.frame // model.fps
    mbps = np.bincount(second, size, TRIAL_S) * 8e-6
    return float(mbps.mean()), float(mbps.var())
