"""What a bridge of a load test offers, and what it makes of the answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mcu_sim import sdp
from mcu_sim.sdp.h264 import codec_for
from mcu_sim.sdp.offer_answer import PCMA, Agreed, audio, video
from mcu_sim.sip.message.addresses import HostPort
from traffic.media_load.messages import Medium, Where
from traffic.profiles import VIDEO_PAYLOAD_TYPE, Profile


def offered(ports: Mapping[Medium, int], contact: HostPort, profile: Profile) -> list[sdp.Media]:
    """What a bridge can. One without ports offers sound that neither side sends, at a port of its
    own: MCUs tell calls by the address of their media."""
    if not ports:
        nothing = audio(contact[1] & ~1, [PCMA])
        return [replace(nothing, direction=sdp.Direction.INACTIVE)]
    can = [audio(ports["audio"], [PCMA])]
    if "video" in ports:
        camera = [codec_for(profile.resolution, VIDEO_PAYLOAD_TYPE, profile.video_profile)]
        can.append(video(ports["video"], round(profile.video_kbps), camera))
    return can


def where_to(terms: Sequence[Agreed | None], target: str) -> dict[Medium, Where]:
    """Where the media of these terms go. Only `target`'s owner has agreed to get any: what another
    host says of itself is in no answer of the target's (the "voice hammer" of RFC 8445 §19.5.1)."""
    found: dict[Medium, Where] = {}
    for agreed in terms:
        if agreed is not None and not agreed.content:
            medium: Medium = "audio" if agreed.kind == "audio" else "video"
            found[medium] = Where(
                rtp=agreed.remote,
                rtcp=agreed.remote_rtcp,
                payload_type=agreed.send_type,
                muxed=agreed.rtcp_mux,
                sends=agreed.sends,
                assured=agreed.remote[0] == target,
                expects=agreed.receive_type if agreed.receives else None,
            )
    return found
