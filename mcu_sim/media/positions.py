"""How far the streams to one call have come: where they go on when its bridge comes back."""

from __future__ import annotations

from collections.abc import Mapping

from mcu_sim.media.audio.bank import AudioOut
from mcu_sim.media.leg import Kind, Leg, Position
from mcu_sim.media.video.compose import VideoBank
from mcu_sim.media.video.forward import Forwarder
from traffic.profiles import AUDIO_CLOCK_HZ
from traffic.sources.video_model import CLOCK_HZ as VIDEO_CLOCK_HZ


def positions_of(
    leg: Leg,
    audio: AudioOut,
    composed: VideoBank,
    forwarders: Mapping[Kind, Forwarder],
    mixed_ns: int,
    now_ns: int,
) -> dict[Kind, Position]:
    """Of each medium of a call; `mixed_ns`: CLOCK_MONOTONIC up to which sound is mixed."""
    found: dict[Kind, Position] = {}
    for kind in leg.flows:
        if kind == "audio":
            found[kind] = Position(*audio.position(leg.row), mixed_ns, AUDIO_CLOCK_HZ)
        elif kind == "video" and leg.composed is not None:
            found[kind] = Position(*composed.position(leg.row), VIDEO_CLOCK_HZ)
        else:
            found[kind] = Position(*forwarders[kind].position(leg.row, now_ns), VIDEO_CLOCK_HZ)
    return found
