"""Offer and answer (RFC 3264) for audio, video and a content channel.

A side describes its capabilities as a list of `Media` (`audio`, `video`, `content`). SRTP keys are
exchanged in the descriptions themselves (RFC 4568); the source of their bytes is passed in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from giaoban.mcu_sim.sdp import (
    Codec,
    Crypto,
    Direction,
    Media,
    SdpError,
    SessionDescription,
    h264,
)
from giaoban.mcu_sim.sdp.crypto import MASTER_BYTES, KeySource
from giaoban.mcu_sim.sdp.description import feedback_for
from giaoban.text import printable
from giaoban.traffic.sources.audio_encoding import AudioEncoding

# -------------------------------------------------------- our capabilities, as a list of `Media`

PTIME_MS = 20
SLIDES = "slides"
"""Tag of the content channel's section (RFC 4796 §5)."""
G722 = Codec(9, "G722", 8000)
PCMA = Codec(8, "PCMA", 8000)
PCMU = Codec(0, "PCMU", 8000)
H264_720P30 = Codec(97, "H264", 90000, fmtp="profile-level-id=42801F;packetization-mode=1")
"""Baseline profile, level 3.1, which 1280 × 720 at 30 frames/s needs (H.264 table A-1)."""

FEEDBACK = {"nack pli": "pli", "ccm fir": "fir"}
"""Requests for a key frame over RTCP: value of a=rtcp-fb (RFC 4585 §4.2, RFC 5104 §7.1) → name."""


def codec_of(encoding: AudioEncoding) -> Codec:
    """Return an audio encoding as the codec of a description."""
    return Codec(
        encoding.payload_type,
        encoding.encoding,
        encoding.clock_hz,
        encoding.channels,
        encoding.fmtp,
    )


def audio(
    port: int,
    codecs: Sequence[Codec] = (G722, PCMA, PCMU),
    *,
    protocol: str = "RTP/AVP",
) -> Media:
    """Return our audio in packets of 20 ms, the preferred codec first."""
    return Media(
        "audio",
        port,
        tuple(codecs),
        protocol=protocol,
        ptime_ms=PTIME_MS,
        rtcp_port=port + 1,
        rtcp_mux=True,
    )


def video(
    port: int,
    max_kbps: int,
    codecs: Sequence[Codec] = (H264_720P30,),
    *,
    protocol: str = "RTP/AVP",
) -> Media:
    """Return our video: H.264 at `max_kbps` of media at most, stated as b=AS and as b=TIAS."""
    return Media(
        "video",
        port,
        tuple(codecs),
        protocol=protocol,
        rtcp_port=port + 1,
        rtcp_mux=True,
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
) -> Media:
    """Return our content channel, a second video section tagged as slides (RFC 4796)."""
    main = video(port, max_kbps, codecs, protocol=protocol)
    return replace(main, content=(SLIDES,))


def without_video(can: Sequence[Media]) -> list[Media]:
    """Return the audio sections: an answer or a new offer made of them refuses all video."""
    return [media for media in can if media.kind == "audio"]


def at_level(can: Sequence[Media], resolution: str) -> list[Media]:
    """Return a list whose main video is limited to a resolution of `h264.LEVELS`.

    Raises `KeyError` for another resolution.
    """
    return [
        replace(
            media,
            codecs=tuple(
                h264.at_most(codec, resolution) if h264.is_h264(codec) else codec
                for codec in media.codecs
            ),
        )
        if role(media) == "video"
        else media
        for media in can
    ]


def roles(sections: Sequence[Media]) -> list[str]:
    """Return the role of each section: its kind, or `content` for the content channel.

    Of several video sections one is the main picture and one the content (RFC 4796), by their
    a=content, else by their order; any more have the role `surplus`. A refused section keeps its
    role. A single video section is the main picture.
    """
    names = [media.kind for media in sections]
    videos = [place for place, kind in enumerate(names) if kind == "video"]
    if len(videos) < 2:
        return names
    tags = {place: sections[place].content for place in videos}
    # the first tagged `main`, else the first that is not slides, else the first
    main = min(videos, key=lambda place: ("main" not in tags[place], SLIDES in tags[place]))
    videos.remove(main)
    slides = min(videos, key=lambda place: SLIDES not in tags[place])
    for place in videos:
        names[place] = "content" if place == slides else "surplus"
    return names


def role(ours: Media) -> str:
    """Return the role of a section of our list."""
    return "content" if ours.kind == "video" and SLIDES in ours.content else ours.kind


def refused(section: Media) -> Media:
    """Return a section that is not taken: port 0, the rest of its m= line as it was (RFC 3264
    §6)."""
    return Media(
        section.kind,
        0,
        protocol=section.protocol,
        formats=section.tokens(),
        content=section.content,
    )


# ----------------- which codec of two lists is used (RFC 3264 §6.1, §7; for H.264 RFC 6184 §8.2.2)


def choose_codec(ours: Sequence[Codec], theirs: Sequence[Codec]) -> tuple[Codec, Codec] | None:
    """For an answer: return our first codec that they offer, as they offer it and as we state it.

    Of H.264 it is the best of theirs, in their profile and packetization mode, within the limits of
    both. The offerer's payload type is used in both directions, which RFC 3264 §5.1 asks for.
    """
    for one in ours:
        if h264.is_h264(one):
            other = h264.best(one, theirs)
            if other is not None:
                return other, replace(h264.common(one, other), name=one.name)
            continue
        for other in theirs:
            if _same_name(one, other):
                return other, replace(one, payload_type=other.payload_type)
    return None


def answered_codec(theirs: Sequence[Codec], ours: Sequence[Codec]) -> tuple[Codec, Codec] | None:
    """For our offer: return their first codec that is one of ours, and ours within the limits of
    both."""
    for one in theirs:
        for other in ours:
            if h264.matches(one, other):
                return one, replace(other, fmtp=h264.common(other, one).fmtp)
            if _same_name(one, other) and not h264.is_h264(one):
                return one, other
    return None


def _same_name(one: Codec, other: Codec) -> bool:
    def shape(codec: Codec) -> tuple[str, int, int]:
        return codec.name.upper(), codec.clock_hz, codec.channels

    return shape(one) == shape(other)


# ----------------------------------------------------------------------- SRTP keys (RFC 4568 §7.1)

SECURE = ("RTP/SAVP", "RTP/SAVPF")
PROTOCOLS = ("RTP/AVP", "RTP/AVPF", *SECURE)


def is_secure(section: Media) -> bool:
    """Return whether a section must be SRTP. On another, a key means that it may be (RFC 8643)."""
    return section.protocol in SECURE


def _answer_keys(
    theirs: Media, old: Media | None, keys: KeySource | None
) -> tuple[Crypto, Crypto] | None:
    """Return our line and theirs for an offered section, None if there is no key to use.

    `old` is our section of this place until now: its key stays in use.
    """
    if not theirs.crypto:
        return None
    chosen = theirs.crypto[0]
    if old is not None and old.port and old.crypto:
        return Crypto(chosen.tag, old.crypto[0].key), chosen
    return None if keys is None else (Crypto(chosen.tag, keys(MASTER_BYTES)), chosen)


def _answered_keys(ours: Media, theirs: Media) -> tuple[Crypto, Crypto]:
    """Return our line and theirs for an answered section. Raise `SdpError` if they took no line of
    ours."""
    for line in theirs.crypto:
        for offered in ours.crypto:
            if line.tag == offered.tag:
                return offered, line
    raise SdpError(f"answer takes none of the SRTP keys offered for {ours.kind}")


# ---------------------------------------------- the terms of one section, and the rate that is left


@dataclass(frozen=True, slots=True)
class NegotiatedMedia:
    """The terms of one m= section, seen from this side.

    Attributes:
        codec: as agreed, with the payload type of received packets.
        send_type, receive_type: RTP payload types on packets sent and received.
        remote, remote_rtcp: (address, port) to send to; the same with `rtcp_mux`.
        max_kbps: the highest media rate to send, None for no limit.
        content: whether the section is the content channel.
        crypto_send, crypto_receive: SRTP keys of our packets and theirs, None without SRTP.
        feedback: requests over RTCP that both understand: `pli`, `fir`.
    """

    kind: str
    codec: Codec
    send_type: int
    receive_type: int
    remote: tuple[str, int]
    remote_rtcp: tuple[str, int]
    sends: bool
    receives: bool
    max_kbps: float | None
    content: bool = False
    rtcp_mux: bool = False
    crypto_send: bytes | None = field(default=None, repr=False)
    crypto_receive: bytes | None = field(default=None, repr=False)
    feedback: frozenset[str] = frozenset()


def _agree(
    their_session: SessionDescription,
    theirs: Media,
    ours: Media,
    codecs: tuple[Codec, Codec],
    crypto: tuple[Crypto, Crypto] | None,
    *,
    content: bool,
) -> NegotiatedMedia:
    """Return the terms of a section that both take.

    Args:
        codecs: the codec as they state it and as we do.
        crypto: our line and theirs, None without SRTP.
    """
    their_codec, codec = codecs
    address = their_session.address_of(theirs)
    held = ipaddress.ip_address(address).is_unspecified  # hold by address (RFC 3264 §8.4)
    rtcp_mux = ours.rtcp_mux and theirs.rtcp_mux
    rtcp_port = theirs.port if rtcp_mux else theirs.rtcp_port or theirs.port + 1
    understood = feedback_for(theirs.feedback, their_codec.payload_type)
    understood &= feedback_for(ours.feedback, codec.payload_type)
    return NegotiatedMedia(
        kind=ours.kind,
        codec=codec,
        send_type=their_codec.payload_type,
        receive_type=codec.payload_type,
        remote=(address, theirs.port),
        remote_rtcp=(address, rtcp_port),
        sends=ours.direction.sends and theirs.direction.receives and not held,
        receives=ours.direction.receives and theirs.direction.sends,
        max_kbps=_max_kbps(theirs, ours, their_codec),
        content=content,
        rtcp_mux=rtcp_mux,
        crypto_send=crypto[0].key if crypto else None,
        crypto_receive=crypto[1].key if crypto else None,
        feedback=frozenset(name for kind, name in FEEDBACK.items() if kind in understood),
    )


LEAST_KBPS = 32.0
"""A picture of a lower rate is refused."""
SOUND_KBPS = 64
"""Rate of G.711 and G.722."""


def within_session(theirs: SessionDescription) -> SessionDescription:
    """Return their description with a rate of the whole session (RFC 8866 §5.8) as a limit of each
    picture. The sound has its rate first; the pictures share the rest evenly."""
    if theirs.as_kbps is None:
        return theirs
    sound = any(one.port and one.kind == "audio" for one in theirs.media)
    pictures = sum(1 for one in theirs.media if one.port and one.kind == "video")
    share = max(0, theirs.as_kbps - SOUND_KBPS * sound) // max(1, pictures)
    media = []
    for one in theirs.media:
        if one.port and one.kind == "video":
            stated = _stated_kbps(one)
            kbps = share if stated is None else min(share, int(stated))
            one = replace(one, as_kbps=kbps, tias_bps=1000 * kbps)
        media.append(one)
    return replace(theirs, media=tuple(media), as_kbps=None)


def _at_their_rate(ours: Media, theirs: Media) -> Media:
    """Return our section with the lower of the two rates, where it states one."""
    rate = _stated_kbps(theirs)
    if rate is None:
        return ours
    return replace(
        ours,
        as_kbps=None if ours.as_kbps is None else min(ours.as_kbps, int(rate)),
        tias_bps=None if ours.tias_bps is None else min(ours.tias_bps, round(1000 * rate)),
    )


def _stated_kbps(media: Media) -> float | None:
    return media.as_kbps if media.tias_bps is None else media.tias_bps / 1000


def _max_kbps(theirs: Media, ours: Media, their_codec: Codec) -> float | None:
    stated = _stated_kbps(theirs)
    bounds = [stated, None if ours.tias_bps is None else ours.tias_bps / 1000]
    # devices that state a low level and a high b= mean the b=, unless max-br says otherwise
    if h264.is_h264(their_codec) and (stated is None or their_codec.parameter("max-br")):
        bounds.append(h264.max_kbps(their_codec))
    return min((bound for bound in bounds if bound is not None), default=None)


# ----------------------------------------------------------------------- answers (RFC 3264 §6, §7)

MAX_REASON = 240
"""Characters of a reason: a peer's names in it may be long."""


def _why_not(theirs: Media, ours: Media | None) -> str | None:
    """Return why an offered section cannot be taken, None if it can. The text is printable."""
    reason = None
    codecs = ", ".join(codec.name[:20] for codec in theirs.codecs[:8])
    rate = _stated_kbps(theirs)
    if theirs.protocol not in PROTOCOLS:
        reason = f"the protocol {theirs.protocol[:30]} is not supported"
    elif ours is None:
        reason = "no such section is left here"
    elif choose_codec(ours.codecs, theirs.codecs) is None:
        known = ", ".join(dict.fromkeys(one.name for one in ours.codecs))
        reason = f"no common codec (offered: {codecs or 'none'}; here: {known})"
    elif is_secure(theirs) and not theirs.crypto:
        reason = "it has no usable key (a=crypto)"
    elif theirs.kind == "video" and rate is not None and rate < LEAST_KBPS:
        reason = f"its rate (b=) is under {LEAST_KBPS:g} kb/s"
    return None if reason is None else printable(f"{theirs.kind[:20]}: {reason}")


def refusals(offer: SessionDescription, can: Sequence[Media]) -> list[str]:
    """Return why sections of an offer are not taken, one text each, without those that the offer
    itself refuses."""
    offer = within_session(offer)
    left = {role(section): section for section in can}
    reasons = []
    for theirs, what in zip(offer.media, roles(offer.media), strict=True):
        why = _why_not(theirs, left.get(what)) if theirs.port else None
        if why is not None:
            reasons.append(why)
        elif theirs.port:
            del left[what]
    return reasons


def make_answer(
    offer: SessionDescription,
    can: Sequence[Media],
    address: str,
    session_id: int,
    *,
    previous: SessionDescription | None = None,
    keys: KeySource | None = None,
) -> tuple[SessionDescription, list[NegotiatedMedia | None]]:
    """Return the answer to an offer, and the terms of each section (None: refused).

    Each section of the offer is answered in its place; one without a match in `can` is refused with
    port 0. One codec a section is chosen: our first that they have, of H.264 the best of theirs.

    Args:
        previous: our description in force when the offer comes within a call; the answer's version
            is one more, else `session_id`. Its SRTP keys stay in use, which spares both sides a
            change of keys at every refresh.
        keys: source of SRTP keys; without it, sections with SRTP are refused.

    Raises:
        SdpError: no section is left, for which a call gets a 488, or the offer has fewer sections
            than the call had (RFC 3264 §8).
    """
    if previous is not None and len(offer.media) < len(previous.media):
        raise SdpError(f"offer has {len(offer.media)} media, the call {len(previous.media)}")
    theirs_in_session = within_session(offer)
    left = {role(section): section for section in can}
    answered: list[Media] = []
    agreed: list[NegotiatedMedia | None] = []
    for place, what in enumerate(roles(offer.media)):
        theirs = theirs_in_session.media[place]
        old = previous.media[place] if previous and place < len(previous.media) else None
        accepted = _accept(theirs_in_session, theirs, left.get(what), old, keys)
        if accepted is None:
            answered.append(refused(theirs))
            agreed.append(None)
            continue
        del left[what]
        answered.append(accepted[0])
        agreed.append(accepted[1])
    if not any(agreed):
        why = "; ".join(refusals(offer, can))
        raise SdpError(f"no audio or video of the offer can be taken: {why}"[:MAX_REASON])
    version = session_id if previous is None else previous.version + 1
    answer = SessionDescription(
        address, tuple(answered), session_id, version, origin_address=address
    )
    return answer, agreed


def _accept(
    offer: SessionDescription,
    theirs: Media,
    ours: Media | None,
    old: Media | None,
    keys: KeySource | None,
) -> tuple[Media, NegotiatedMedia] | None:
    """Return our section and the terms, None if the offered section cannot be taken."""
    if ours is None or not theirs.port or _why_not(theirs, ours) is not None:
        return None
    pair = choose_codec(ours.codecs, theirs.codecs)
    # without SAVP a key asks for SRTP if that is possible (RFC 8643 §3.1)
    crypto = _answer_keys(theirs, old, keys)
    if pair is None or (crypto is None and is_secure(theirs)):
        return None
    ours = _at_their_rate(ours, theirs)
    terms = _agree(offer, theirs, ours, pair, crypto, content=role(ours) == "content")
    kinds = [kind for kind, name in FEEDBACK.items() if name in terms.feedback]
    section = replace(
        ours,
        codecs=(pair[1],),
        protocol=theirs.protocol,
        # their tag of the main picture, so that sections have the same roles in our description
        content=ours.content or theirs.content,
        crypto=crypto[:1] if crypto else (),
        rtcp_mux=terms.rtcp_mux,
        rtcp_port=None if terms.rtcp_mux else ours.rtcp_port,
        direction=Direction.of(terms.sends, terms.receives),
        feedback=tuple(f"* {kind}" for kind in kinds),
    )
    return section, terms


def read_answer(
    offer: SessionDescription, answer: SessionDescription
) -> list[NegotiatedMedia | None]:
    """Return the terms of each section of our offer after their answer. Raises `SdpError` if the
    two do not fit."""
    if len(answer.media) != len(offer.media):
        raise SdpError(f"answer has {len(answer.media)} media, the offer {len(offer.media)}")
    answer = within_session(answer)
    agreed: list[NegotiatedMedia | None] = []
    for ours, theirs, what in zip(offer.media, answer.media, roles(offer.media), strict=True):
        if theirs.kind != ours.kind:
            raise SdpError(f"answer has {theirs.kind} where the offer has {ours.kind}")
        if not theirs.port:
            agreed.append(None)
            continue
        if not ours.port:
            raise SdpError(f"answer takes {theirs.kind} that was not offered")
        if theirs.protocol not in PROTOCOLS or is_secure(theirs) is not is_secure(ours):
            raise SdpError(f"answer has {theirs.kind} over {theirs.protocol[:20]}, not as offered")
        pair = answered_codec(theirs.codecs, ours.codecs)
        if pair is None:
            raise SdpError(f"answer's {theirs.kind} codec was not offered")
        wanted = is_secure(ours) or (ours.crypto and theirs.crypto)  # RFC 8643 §3.1
        crypto = _answered_keys(ours, theirs) if wanted else None
        agreed.append(_agree(answer, theirs, ours, pair, crypto, content=what == "content"))
    return agreed


# ------------------------------------------------------------------------ offers (RFC 3264 §5, §8)


def make_offer(
    address: str, media: Sequence[Media], session_id: int, *, keys: KeySource | None = None
) -> SessionDescription:
    """Return a first offer of all of `media`, received at `address`.

    Sections over RTP/SAVP or RTP/SAVPF get an SRTP key. Raises `ValueError` if there is no source
    of keys for them.
    """
    sections = []
    for section in media:
        if is_secure(section):
            if keys is None:
                raise ValueError(f"m={section.kind}: {section.protocol} needs a source of keys")
            section = replace(section, crypto=(Crypto(1, keys(MASTER_BYTES)),))
        sections.append(section)
    media = tuple(sections)
    return SessionDescription(address, media, session_id, session_id, origin_address=address)


def reoffer(previous: SessionDescription) -> SessionDescription:
    """Return a new offer within a call: our description in force with every section that is in use
    in both directions again (RFC 3264 §8). Codecs, ports and SRTP keys stay."""
    media = tuple(
        replace(one, direction=Direction.SENDRECV) if one.port else one for one in previous.media
    )
    return replace(previous, media=media, version=previous.version + 1)
