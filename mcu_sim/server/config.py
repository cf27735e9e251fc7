"""The configuration of the MCU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from giaoban.mcu_sim.accounts import Accounts
from giaoban.mcu_sim.conference.commands import Command
from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.mcu_sim.device import Device
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.media.ports import FIRST_PORT
from giaoban.mcu_sim.sip.message import SIP_PORT
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.audio_encoding import AudioEncoding
from giaoban.traffic.sources.video_model import VideoModel

HEAR_EVERY_NS = 200_000_000
"""Period in which the MCU compares the voices."""


@dataclass(frozen=True)
class PlannedStreams:
    """A bridge whose streams are planned: up as indices into the plan, down as they are sent."""

    up: Mapping[Kind, int]
    down: Mapping[Kind, StreamPlan]


@dataclass(frozen=True)
class TimedCommand:
    """A command of the technician at the MCU's console to a meeting, at a moment of
    CLOCK_MONOTONIC."""

    at_ns: int
    command: Command
    meeting: str


@dataclass(frozen=True)
class McuConfig:
    """One MCU.

    Attributes:
        video: encoder of composed pictures; its rate is the most a call gets.
        seed: of all random numbers, for virtual time; None: the system's entropy.
        origin_ns: CLOCK_MONOTONIC from which meetings' times count.
        end_ns: when the process ends; None: on request.
        over_ns: when the meetings are over: whoever is still there is hung up, and nobody gets in
            any more. None: they have no end but their own.
        seats: participant → planned streams; others get streams of their own.
        guests: how many calls it takes beyond those with planned streams.
        commands: in order of time.
        accounts: users that may call; None: any.
        kernel_paces: whether the interface's queue sends packets at their times (`fq`).
        watchful: whether it looks often at losses and requests, where the kernel paces.
        session_expires_s: session interval (RFC 4028) it asks for, by which a bridge that vanished
            is noticed.
        encrypted: whether the calls it makes ask for SRTP; it takes both kinds.
        dialled_resolution: of the calls it makes; None for the best the device does.
        dialled_profile: H.264 profile of the calls it makes, a key of `h264.OFFERED`; it takes all.
        virtual_time: it runs in an emulation: its clock is never set (and looking at it takes
            time), and nobody there hears it ring.
        sound: the encoding of an emulation's calls. One whose codec the MCU has not is modelled,
            which only the other side of a check can hear; None: it takes what it has.
    """

    address: str
    device: Device
    meetings: Meetings
    playout_ms: float
    video: VideoModel
    seed: int | None
    origin_ns: int
    end_ns: int | None = None
    over_ns: int | None = None
    sip_port: int = SIP_PORT
    first_media_port: int = FIRST_PORT
    planned_streams: Mapping[str, PlannedStreams] = field(default_factory=dict)
    guests: int = 0
    commands: Sequence[TimedCommand] = ()
    accounts: Accounts | None = None
    kernel_paces: bool = True
    watchful: bool = True
    tcp: bool = False
    session_expires_s: int = 300
    encrypted: bool = False
    dialled_resolution: str | None = None
    dialled_profile: str = "baseline"
    virtual_time: bool = False
    sound: AudioEncoding | None = None

    @property
    def places(self) -> int:
        """Calls at the same time: those with planned streams, and guests."""
        return len(self.planned_streams) + self.guests
