"""What our side can, as a list of `Media`: one section each for audio, main video and content.

The lists go into offers and answers; `without_video` and `at_level` make those of a call that is
stepped down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mcu_sim import h264
from mcu_sim.sdp import Codec, Media

PTIME_MS = 20
SLIDES = "slides"
"""Tag of the content channel's section (RFC 4796 §5)."""
G722 = Codec(9, "G722", 8000)
PCMA = Codec(8, "PCMA", 8000)
PCMU = Codec(0, "PCMU", 8000)
TONES = Codec(101, "telephone-event", 8000, fmtp="0-15")
"""Pressed keys, beside a codec (RFC 4733); the clock is that of all our codecs."""
H264_720P30 = Codec(97, "H264", 90000, fmtp="profile-level-id=42801F;packetization-mode=1")
"""Baseline profile, level 3.1, which 1280 × 720 at 30 frames/s needs (H.264 table A-1)."""

FEEDBACK = {"nack pli": "pli", "ccm fir": "fir"}
"""Requests for a key frame over RTCP: in a=rtcp-fb (RFC 4585 §4.2, RFC 5104 §7.1), and in short."""


def audio(
    port: int,
    codecs: Sequence[Codec] = (G722, PCMA, PCMU),
    *,
    protocol: str = "RTP/AVP",
    rtcp_mux: bool = True,
) -> Media:
    """Our audio in packets of 20 ms, the preferred codec first."""
    return Media(
        "audio",
        port,
        tuple(codecs),
        protocol=protocol,
        ptime_ms=PTIME_MS,
        rtcp_port=port + 1,
        rtcp_mux=rtcp_mux,
    )


def video(
    port: int,
    max_kbps: int,
    codecs: Sequence[Codec] = (H264_720P30,),
    *,
    protocol: str = "RTP/AVP",
    rtcp_mux: bool = True,
) -> Media:
    """Our video: H.264 at `max_kbps` of media at most, said both as b=AS and b=TIAS."""
    return Media(
        "video",
        port,
        tuple(codecs),
        protocol=protocol,
        rtcp_port=port + 1,
        rtcp_mux=rtcp_mux,
        as_kbps=max_kbps,
        tias_bps=1000 * max_kbps,
        feedback=tuple(f"* {kind}" for kind in FEEDBACK),
    )


def content(
    port: int,
    max_kbps: int,
    codecs: Sequence[Codec] = (H264_720P30,),
    *,
    protocol: str = "RTP/AVP",
    rtcp_mux: bool = True,
) -> Media:
    """Our content channel, a second video section that says it shows slides (RFC 4796)."""
    main = video(port, max_kbps, codecs, protocol=protocol, rtcp_mux=rtcp_mux)
    return replace(main, content=(SLIDES,))


def without_video(can: Sequence[Media]) -> list[Media]:
    """The audio of a list: what makes an answer or a new offer refuse all video."""
    return [media for media in can if media.kind != "video"]


def at_level(can: Sequence[Media], resolution: str) -> list[Media]:
    """A list whose main video does no more than a resolution of `h264.LEVELS`.

    Raises `KeyError` for another resolution.
    """
    return [
        replace(media, codecs=tuple(h264.at_most(codec, resolution) for codec in media.codecs))
        if role(media) == "video"
        else media
        for media in can
    ]


def roles(sections: Sequence[Media]) -> list[str]:
    """What each section of a description is for: its kind, or `content` for the content channel.

    Of several video sections one is the main picture and one the content (RFC 4796), told by
    their a=content, else by their order; any more have the role `surplus`. A section that is
    refused keeps its role. A single video section is the main picture.
    """
    found = [media.kind for media in sections]
    videos = [place for place, kind in enumerate(found) if kind == "video"]
    if len(videos) < 2:
        return found

    def first(candidates: Sequence[int], tag: str, has: bool = True) -> list[int]:
        return [place for place in candidates if (tag in sections[place].content) is has][:1]

    [main] = first(videos, "main") or first(videos, SLIDES, has=False) or videos[:1]
    others = [place for place in videos if place != main]
    [slides] = first(others, SLIDES) or others[:1]
    for place in others:
        found[place] = "content" if place == slides else "surplus"
    return found


def role(ours: Media) -> str:
    """The role that a section of our list is for."""
    return "content" if ours.kind == "video" and SLIDES in ours.content else ours.kind


def refused(section: Media) -> Media:
    """A section that is not taken: port 0, all else that tells its role (RFC 3264 §6)."""
    return Media(
        section.kind,
        0,
        protocol=section.protocol,
        formats=section.tokens(),
        content=section.content,
    )
