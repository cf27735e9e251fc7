"""Offer and answer (RFC 3264): what two sides agree on for audio, video and a content channel.

A side says what it can as a list of `Media` (`audio`, `video`, `content`). SRTP keys are exchanged
in the descriptions themselves (RFC 4568); the source of their bytes is passed in.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from giaoban.mcu_sim.sdp import (
    Codec,
    Crypto,
    Direction,
    Media,
    Problem,
    SdpError,
    SessionDescription,
    Warn,
    h264,
)
from giaoban.mcu_sim.sdp.crypto import MASTER_BYTES, KeySource
from giaoban.mcu_sim.sdp.description import feedback_for, ip_address
from giaoban.text import printable
from giaoban.traffic.sources.audio_encoding import AudioEncoding

# --------------------------------------------------------- what our side can, as a list of `Media`

PTIME_MS = 20
MOST_KEPT = 1024
"""Letters of an offer's codecs for which the choice is remembered."""
SLIDES = "slides"
"""Tag of the content channel's section (RFC 4796 §5)."""
G722 = Codec(9, "G722", 8000)
PCMA = Codec(8, "PCMA", 8000)
PCMU = Codec(0, "PCMU", 8000)
H264_720P30 = Codec(97, "H264", 90000, fmtp="profile-level-id=42801F;packetization-mode=1")
"""Baseline profile, level 3.1, which 1280 × 720 at 30 frames/s needs (H.264 table A-1)."""

FEEDBACK = {"nack pli": "pli", "ccm fir": "fir"}
"""Requests for a key frame over RTCP: in a=rtcp-fb (RFC 4585 §4.2, RFC 5104 §7.1), and in short."""


def codec_of(encoding: AudioEncoding) -> Codec:
    """An encoding of sound as a description says it."""
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
    """Our audio in packets of 20 ms, the preferred codec first."""
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
    """Our content channel, a second video section that says it shows slides (RFC 4796)."""
    main = video(port, max_kbps, codecs, protocol=protocol)
    return replace(main, content=(SLIDES,))


def without_video(can: Sequence[Media]) -> list[Media]:
    """Return the audio sections: an answer or a new offer made of them refuses all video."""
    return [media for media in can if media.kind == "audio"]


def at_level(can: Sequence[Media], resolution: str) -> list[Media]:
    """A list whose main video does no more than a resolution of `h264.LEVELS`.

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


def _of_role(left: Sequence[Media], what: str) -> Media | None:
    """Return our section for this role."""
    return next((section for section in left if role(section) == what), None)


def refused(section: Media) -> Media:
    """A section that is not taken: port 0, all else that tells its role (RFC 3264 §6)."""
    return Media(
        section.kind,
        0,
        protocol=section.protocol,
        formats=section.tokens(),
        content=section.content,
    )


# ----------------- which codec of two lists is used (RFC 3264 §6.1, §7; for H.264 RFC 6184 §8.2.2)

DYNAMIC_TYPES = range(96, 128)
"""Payload types without a fixed meaning (RFC 3551 §6)."""


def choose_codec(ours: tuple[Codec, ...], theirs: tuple[Codec, ...]) -> tuple[Codec, Codec] | None:
    """For an answer: our first codec that they offer, as they offer it and as we state it.

    Of H.264 it is the best of theirs, in their profile and packetization mode, at what both can.
    The offerer's payload type is used in both directions, which RFC 3264 §5.1 asks for.
    """
    return (_kept_choice if _letters(theirs) <= MOST_KEPT else _choice)(ours, theirs)


def _choice(ours: tuple[Codec, ...], theirs: tuple[Codec, ...]) -> tuple[Codec, Codec] | None:
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


_kept_choice = functools.lru_cache(maxsize=64)(_choice)


def _letters(codecs: Sequence[Codec]) -> int:
    return sum(len(one.name) + len(one.fmtp) for one in codecs)


def _is_usual(theirs: Media) -> bool:
    """Whether what is made of a section's codecs is remembered: one maker's lists are always the
    same, and what is kept must not be large, whatever peers send."""
    return _letters(theirs.codecs) + sum(map(len, theirs.feedback)) <= MOST_KEPT


def answered_codec(theirs: Sequence[Codec], ours: Sequence[Codec]) -> tuple[Codec, Codec] | None:
    """For our offer: their first codec that is one of ours, and ours at what both can."""
    for one in theirs:
        # an answer repeats the offer's number; another one is not forbidden
        for other in sorted(ours, key=lambda our: our.payload_type != one.payload_type):
            if h264.matches(one, other):
                return one, replace(other, fmtp=h264.common(other, one).fmtp)
            if _same_name(one, other) and not h264.is_h264(one):
                return one, other
    return None


def renumbered(wanted: Sequence[Codec], in_use: Sequence[Codec]) -> tuple[Codec, ...]:
    """`wanted` for a new offer within a call: a payload type in use keeps its meaning.

    RFC 3264 §8.3.2. H.264 that is in use keeps its profile and packetization mode as well.
    """
    free = [number for number in DYNAMIC_TYPES if number not in {c.payload_type for c in in_use}]
    left = list(in_use)
    codecs: list[Codec] = []
    for codec in wanted:
        old = next((other for other in left if _same_name(codec, other)), None)
        if old is not None:
            left.remove(old)
            same = h264.in_the_form_of(old, codec) if h264.is_h264(codec) else old
            codecs.append(same)
            continue
        number = codec.payload_type
        if number in DYNAMIC_TYPES and number not in free:
            number = free[0]
        if number in free:
            free.remove(number)
        codecs.append(replace(codec, payload_type=number))
    return tuple(codecs)


def _same_name(one: Codec, other: Codec) -> bool:
    def shape(codec: Codec) -> tuple[str, int, int]:
        return codec.name.upper(), codec.clock_hz, codec.channels

    return shape(one) == shape(other)


# ----------------------------------------------------------------------- SRTP keys (RFC 4568 §7.1)

SECURE = ("RTP/SAVP", "RTP/SAVPF")
PROTOCOLS = ("RTP/AVP", "RTP/AVPF", *SECURE)


def is_secure(section: Media) -> bool:
    """Whether a section must be SRTP. On another a key says that it may be (RFC 8643)."""
    return section.protocol in SECURE


def with_keys(section: Media, keys: KeySource | None) -> Media:
    """Return a section to offer: with a key if it is SRTP and has none yet.

    Raises `ValueError` if there is no source of keys.
    """
    if section.crypto or not is_secure(section):
        return section
    if keys is None:
        raise ValueError(f"m={section.kind}: {section.protocol} needs a source of keys")
    return replace(section, crypto=(Crypto(1, keys(MASTER_BYTES)),))


def answer_keys(
    theirs: Media, old: Media | None, keys: KeySource | None
) -> tuple[Crypto, Crypto] | None:
    """Return our line and theirs for an offered section, None if there is no key to use.

    `old` is our section of this place until now: its key stays in use.
    """
    if not theirs.crypto:
        return None
    chosen = theirs.crypto[0]
    if old is not None and old.port and old.kind == theirs.kind and old.crypto:
        return Crypto(chosen.tag, old.crypto[0].key), chosen
    return None if keys is None else (Crypto(chosen.tag, keys(MASTER_BYTES)), chosen)


def answered_keys(ours: Media, theirs: Media) -> tuple[Crypto, Crypto]:
    """Our line and theirs for an answered section. `SdpError` if they took none of ours."""
    for line in theirs.crypto:
        for offered in ours.crypto:
            if line.tag == offered.tag:
                return offered, line
    raise SdpError(f"answer takes none of the SRTP keys offered for {ours.kind}")


# ------------------------- what is agreed on one section, and the rate that two descriptions leave

MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class NegotiatedMedia:
    """What goes on one m= section, seen from this side.

    Attributes:
        codec: as agreed, with the payload type of packets in.
        send_type, receive_type: RTP payload types on packets out and in.
        remote, remote_rtcp: (address, port) to send to; the same with `rtcp_mux`.
        max_kbps: the media rate to send at most, None if nothing limits it.
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


def agree(
    their_session: SessionDescription,
    theirs: Media,
    ours: Media,
    codecs: tuple[Codec, Codec],
    crypto: tuple[Crypto, Crypto] | None,
    *,
    content: bool,
) -> NegotiatedMedia | None:
    """The terms of a section that both take, None if there is no port for their RTCP, if our
    packets are longer than it takes, or if its rate has no room for a picture.

    Args:
        codecs: the codec as they state it and as we do.
        crypto: our line and theirs, None without SRTP.
    """
    their_codec, codec = codecs
    rtcp = rtcp_port(theirs, ours)
    if rtcp is None or _why_not_sent(their_session, theirs, ours) is not None:
        return None
    address = their_session.address_of(theirs)
    theirs_understand = feedback_for(theirs.feedback, their_codec.payload_type)
    both_understand = theirs_understand & feedback_for(ours.feedback, codec.payload_type)
    return NegotiatedMedia(
        kind=ours.kind,
        codec=codec,
        send_type=their_codec.payload_type,
        receive_type=codec.payload_type,
        remote=(address, theirs.port),
        remote_rtcp=(address, rtcp),
        sends=_is_sent(their_session, theirs, ours),
        receives=ours.direction.receives and theirs.direction.sends,
        max_kbps=_max_kbps(theirs, ours, their_codec),
        content=content,
        rtcp_mux=ours.rtcp_mux and theirs.rtcp_mux,
        crypto_send=crypto[0].key if crypto else None,
        crypto_receive=crypto[1].key if crypto else None,
        feedback=frozenset(FEEDBACK[kind] for kind in both_understand if kind in FEEDBACK),
    )


def rtcp_port(theirs: Media, ours: Media) -> int | None:
    """The port of their RTCP, None if there is none: it would be the one above 65535."""
    if ours.rtcp_mux and theirs.rtcp_mux:
        return theirs.port
    port = theirs.rtcp_port or theirs.port + 1
    return port if port <= MAX_PORT else None


LEAST_KBPS = 32.0
"""A picture of less is none: who has not so much for it gets no picture."""
SOUND_KBPS = 64.0
"""Rate of G.711 and G.722."""


def within_session(theirs: SessionDescription) -> SessionDescription:
    """Return their description with a rate of the whole session (RFC 8866 §5.8) made rates of its
    pictures.

    Sound has its rate first. The pictures share the rest evenly; one that states less than its
    share leaves the rest to the other. Where there is not enough for both, content gets none.
    """
    if theirs.as_kbps is None:
        return theirs
    total = float(theirs.as_kbps)
    what, most_kbps = roles(theirs.media), dict[int, float]()
    for place, section in enumerate(theirs.media):
        if section.port and what[place] in ("video", "content"):
            stated = _stated_kbps(section)
            most_kbps[place] = total if stated is None else stated
    has_sound = any(section.port and section.kind == "audio" for section in theirs.media)
    left = max(0.0, total - SOUND_KBPS * has_sound)
    media, pictures = list(theirs.media), sorted(most_kbps, key=lambda place: most_kbps[place])
    if left < LEAST_KBPS * len(pictures):
        pictures.sort(key=lambda place: what[place])  # content first, with nothing
        most_kbps |= dict.fromkeys(pictures[:-1], 0.0)
    for number, place in enumerate(pictures):
        kbps = min(most_kbps[place], left / (len(pictures) - number))
        left -= kbps
        media[place] = replace(media[place], as_kbps=int(kbps), tias_bps=int(1000 * kbps))
    return replace(theirs, media=tuple(media), as_kbps=None)


def at_their_rate(ours: Media, theirs: Media) -> Media:
    """Our section with the lower of the two rates, where it states one."""
    rate = _stated_kbps(theirs)
    if rate is None:
        return ours
    rate = max(rate, LEAST_KBPS)  # who is sent nothing may state less
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


# -------------------------------------------------------- what of an offer cannot be had, in words

MOST_NAMED = 8


def refusals(offer: SessionDescription, can: Sequence[Media]) -> list[Problem]:
    """All that an offer has and `can` has not, in the order of its sections. Texts are printable.

    Sections that the offer itself refuses are passed over.
    """
    offer = within_session(offer)
    left = list(can)
    found: list[Problem] = []
    for theirs, what in zip(offer.media, roles(offer.media), strict=True):
        ours = _of_role(left, what)
        why = _why_not(offer, theirs, ours) if theirs.port else None
        if ours is not None and theirs.port and why is None:
            left.remove(ours)
        all_of_it = theirs.problems if why is None else (why, *theirs.problems)
        found += [_told(theirs.kind, one) for one in all_of_it]
    return found


def not_taken(offer: SessionDescription, answer: SessionDescription) -> list[Problem]:
    """All of our offer that their answer does not take, or that cannot be had as it is answered.
    `ValueError` if they have not the same number of sections."""
    answer = within_session(answer)
    found: list[Problem] = []
    for ours, theirs, what in zip(offer.media, answer.media, roles(offer.media), strict=True):
        why = list(theirs.problems)
        if ours.port and not theirs.port and not why:
            why.append(Problem("the bridge does not take it", Warn.MEDIA))
        elif theirs.port and (lacking := _why_not_sent(answer, theirs, ours)) is not None:
            why.append(lacking)
        found += [_told(what, one) for one in why]
    return found


def _why_not(
    their_session: SessionDescription, theirs: Media, ours: Media | None
) -> Problem | None:
    if ours is None and theirs.protocol in PROTOCOLS:
        return Problem("there is none here, or not so many", Warn.MEDIA)
    if ours is None or theirs.protocol not in PROTOCOLS:
        name = "DTLS" if "TLS" in theirs.protocol.upper() else "its protocol"
        return Problem(f"{name} ({theirs.protocol[:30]}) is not spoken here", Warn.TRANSPORT)
    if choose_codec(ours.codecs, theirs.codecs) is None:
        named = [codec.name[:20] for codec in theirs.codecs[:MOST_NAMED]]
        known = dict.fromkeys(one.name for one in ours.codecs)
        said = f"none of its codecs ({', '.join(named)})" if named else "nothing that it names"
        return Problem(f"{said} is one of {', '.join(known)}", Warn.FORMAT)
    if is_secure(theirs) and not theirs.crypto:
        return Problem("it has no key that can be used (a=crypto)", Warn.TRANSPORT)
    return _why_not_sent(their_session, theirs, ours)


def _why_not_sent(their_session: SessionDescription, theirs: Media, ours: Media) -> Problem | None:
    """Why nothing can be sent to a section whose codec is agreed on; None: it can."""
    if not _takes_our_packets(theirs):
        said = f"its packets may hold {theirs.maxptime_ms} ms (a=maxptime), ours hold {PTIME_MS}"
        return Problem(said, Warn.ATTRIBUTE)
    if _is_too_slow(theirs) and _is_sent(their_session, theirs, ours):
        said = f"its rate (b=), or what the session's leaves it, is under {LEAST_KBPS:g} kb/s"
        return Problem(said, Warn.BANDWIDTH)
    return _no_rtcp(theirs) if rtcp_port(theirs, ours) is None else None


def _takes_our_packets(theirs: Media) -> bool:
    """Whether our packets of sound are not longer than may be sent to them: `maxptime` is a limit
    (RFC 8866 §6.5), `ptime` but a wish (§6.4)."""
    if theirs.kind != "audio" or theirs.maxptime_ms is None:
        return True
    return theirs.maxptime_ms >= PTIME_MS


def _is_too_slow(theirs: Media) -> bool:
    """Whether a section is a picture without room in its rate."""
    stated = _stated_kbps(theirs) if theirs.kind == "video" else None
    return stated is not None and stated < LEAST_KBPS


def _is_sent(their_session: SessionDescription, theirs: Media, ours: Media) -> bool:
    """Whether a section that is taken is sent anything; the zero address holds (RFC 3264 §8.4)."""
    held = ip_address(their_session.address_of(theirs)).is_unspecified
    return ours.direction.sends and theirs.direction.receives and not held


def _no_rtcp(theirs: Media) -> Problem:
    return Problem(f"no port above {theirs.port} for RTCP", Warn.TRANSPORT)


def _told(what: str, problem: Problem) -> Problem:
    return Problem(printable(f"{what}: {problem.text}"), problem.warning)


# ----------------------------------------------------------------------- answers (RFC 3264 §6, §7)

MOST_TOLD = 240
"""Characters of a reason: what a stranger offers in it may be long."""


def make_answer(
    offer: SessionDescription,
    can: Sequence[Media],
    address: str,
    session_id: int,
    *,
    previous: SessionDescription | None = None,
    keys: KeySource | None = None,
) -> tuple[SessionDescription, list[NegotiatedMedia | None]]:
    """The answer to an offer, and per section of it what is agreed (None: refused).

    Each section of the offer is answered in its place; what `can` has no match for is refused with
    port 0. One codec a section is chosen: our first that they have, of H.264 the best of theirs.

    Args:
        previous: our description in force when the offer comes within a call; the answer's version
            is one more, else `session_id`. Its SRTP keys stay in use, which spares both sides a
            change of keys at every refresh.
        keys: where SRTP keys come from; without them, sections with SRTP are refused.

    Raises:
        SdpError: nothing at all is left, for which a call gets a 488, or the offer has fewer
            sections than the call had (RFC 3264 §8).
    """
    if previous is not None and len(offer.media) < len(previous.media):
        raise SdpError(f"offer has {len(offer.media)} media, the call {len(previous.media)}")
    offer = within_session(offer)
    left = list(can)
    answered: list[Media] = []
    agreed: list[NegotiatedMedia | None] = []
    for place, (theirs, what) in enumerate(zip(offer.media, roles(offer.media), strict=True)):
        ours = _of_role(left, what)
        old = previous.media[place] if previous and place < len(previous.media) else None
        accepted = None if ours is None else _accept(offer, theirs, ours, old, keys)
        if ours is None or accepted is None:
            answered.append(refused(theirs))
            agreed.append(None)
            continue
        left.remove(ours)
        answered.append(accepted[0])
        agreed.append(accepted[1])
    if not any(agreed):
        why = refusals(offer, can)
        told = f": {'; '.join(one.text for one in why)}" if why else ""
        warning = why[0].warning if why else Warn.MEDIA
        reason = f"no audio or video in the offer can be done here{told}"
        raise SdpError(reason[:MOST_TOLD], warning)
    version = session_id if previous is None else previous.version + 1
    answer = SessionDescription(
        address, tuple(answered), session_id, version, origin_address=address
    )
    return answer, agreed


def read_answer(
    offer: SessionDescription, answer: SessionDescription
) -> list[NegotiatedMedia | None]:
    """What our offer and their answer agree on, per section. `SdpError` if they do not fit."""
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
        crypto = answered_keys(ours, theirs) if wanted else None
        agreed.append(agree(answer, theirs, ours, pair, crypto, content=what == "content"))
    return agreed


def _accept(
    offer: SessionDescription, theirs: Media, ours: Media, old: Media | None, keys: KeySource | None
) -> tuple[Media, NegotiatedMedia] | None:
    """Our section and the terms, None if what they offer cannot be had."""
    if not theirs.port or theirs.protocol not in PROTOCOLS:
        return None
    pair = choose_codec(ours.codecs, theirs.codecs)
    # without SAVP a key asks for SRTP if that can be had (RFC 8643 §3.1)
    crypto = answer_keys(theirs, old, keys) if is_secure(theirs) or theirs.crypto else None
    if pair is None or (crypto is None and is_secure(theirs)):
        return None
    ours = at_their_rate(ours, theirs)
    is_content = role(ours) == "content"
    terms = agree(offer, theirs, ours, pair, crypto, content=is_content)
    if terms is None:
        return None
    kinds = [kind for kind, short in FEEDBACK.items() if short in terms.feedback]
    section = replace(
        ours,
        codecs=(pair[1],),
        formats=(),
        protocol=theirs.protocol,
        # their word for the main picture, so that sections have the same roles in our description
        content=ours.content or theirs.content,
        crypto=crypto[:1] if crypto else (),
        rtcp_mux=terms.rtcp_mux,
        rtcp_port=None if terms.rtcp_mux else ours.rtcp_port,
        direction=Direction.of(terms.sends, terms.receives),
        feedback=tuple(f"* {kind}" for kind in kinds),
    )
    return section, terms


# ------------------------------------------------------------------------ offers (RFC 3264 §5, §8)


def make_offer(
    address: str, media: Sequence[Media], session_id: int, *, keys: KeySource | None = None
) -> SessionDescription:
    """A first offer of all of `media`, received at `address`.

    Sections over RTP/SAVP or RTP/SAVPF get an SRTP key. Raises `ValueError` if there
    is no source of keys for them.
    """
    sections = tuple(with_keys(section, keys) for section in media)
    return SessionDescription(address, sections, session_id, session_id, origin_address=address)


def make_reoffer(
    previous: SessionDescription, media: Sequence[Media], *, keys: KeySource | None = None
) -> SessionDescription:
    """A new offer within a call: from now on `media`, and nothing else.

    `previous` is our description in force, whether it was an offer or an answer. Its sections keep
    their places. Those that `media` goes on with keep their protocol, SRTP keys and payload types,
    the others are refused with port 0; what is new follows at the end. Raises `ValueError` if
    there is no source of keys for a new SRTP section.
    """
    left = list(media)
    what = roles(previous.media)
    sections = [refused(old) for old in previous.media]
    # what is in use goes on where it is; only then may a refused section be revived
    for place in sorted(range(len(sections)), key=lambda place: not previous.media[place].port):
        old = previous.media[place]
        ours = next((section for section in left if role(section) == what[place]), None)
        if ours is None:
            continue
        left.remove(ours)
        ours = replace(ours, content=ours.content or old.content)
        if old.port:
            codecs = renumbered(ours.codecs, old.codecs)
            ours = replace(ours, codecs=codecs, protocol=old.protocol, crypto=old.crypto)
        sections[place] = with_keys(ours, keys)
    sections += [with_keys(section, keys) for section in left]
    return replace(previous, media=tuple(sections), version=previous.version + 1)
