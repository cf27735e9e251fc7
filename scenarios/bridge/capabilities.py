"""What a bridge offers: its microphone, its camera, its content channel (RFC 4566, RFC 3264)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sdp.h264 import codec_for
from giaoban.mcu_sim.sdp.offer_answer import PCMA, audio, content, video
from giaoban.traffic.profiles import VIDEO_PAYLOAD_TYPE, Profile


def capabilities(
    ports: Mapping[Kind, int],
    profile: Profile,
    microphone: sdp.Codec = PCMA,
    *,
    content_kbps: float = 0.0,
    encrypted: bool = False,
) -> list[sdp.Media]:
    """The media for which there are `ports`, which include audio; at the profile's rate."""
    protocol = "RTP/SAVP" if encrypted else "RTP/AVP"
    camera = [codec_for(profile.resolution, VIDEO_PAYLOAD_TYPE, profile.video_profile)]
    can = [audio(ports["audio"], [microphone], protocol=protocol)]
    if "video" in ports:
        can.append(
            video(
                ports["video"],
                round(profile.video_kbps),
                camera,
                protocol=protocol,
            )
        )
    if "content" in ports:
        can.append(content(ports["content"], round(content_kbps), camera, protocol=protocol))
    return can


def no_media(port: int) -> list[sdp.Media]:
    """Sound that neither side sends, for a call of signalling alone: at a port of its own, since
    MCUs tell calls by the address of their media."""
    return [replace(audio(port, [PCMA]), direction=sdp.Direction.INACTIVE)]
