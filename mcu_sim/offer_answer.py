"""Offer and answer (RFC 3264): what two sides agree on, for G.711 and H.264.

A side says what it can as a list of `Media` (one a kind: port, codecs, direction, bandwidth).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mcu_sim.sdp import Codec, Direction, Media, SdpError, Session

PTIME_MS = 20
UNSET_ADDRESS = "0.0.0.0"
"""As a connection address: send me nothing (RFC 3264 §8.4)."""
PCMA = Codec(8, "PCMA", 8000)
PCMU = Codec(0, "PCMU", 8000)
H264_720P30 = Codec(97, "H264", 90000, fmtp="profile-level-id=42801F;packetization-mode=1")
"""Baseline profile, level 3.1, which 1280 × 720 at 30 frames/s needs (H.264 table A-1)."""

_DEFAULT_LEVEL = "420010"
"""Baseline profile at level 1, meant when profile-level-id is absent (RFC 6184 §8.1)."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What goes on one m= section, seen from this side.

    `remote` and `remote_rtcp` are (address, port) to send to; `send_type` and `receive_type` are
    the RTP payload types on packets out and in; `max_kbps` is the media rate the other side lets
    us send, None if it does not say.
    """

    kind: str
    codec: Codec
    send_type: int
    receive_type: int
    local_port: int
    remote: tuple[str, int]
    remote_rtcp: tuple[str, int]
    sends: bool
    receives: bool
    ptime_ms: int | None
    max_kbps: float | None


def audio(port: int, codecs: Sequence[Codec] = (PCMA, PCMU)) -> Media:
    """Our audio: G.711 in packets of 20 ms."""
    return Media("audio", port, tuple(codecs), ptime_ms=PTIME_MS, rtcp_port=port + 1)


def video(port: int, max_kbps: int, codecs: Sequence[Codec] = (H264_720P30,)) -> Media:
    """Our video: H.264 at `max_kbps` of media at most, said both as b=AS and b=TIAS."""
    return Media(
        "video",
        port,
        tuple(codecs),
        rtcp_port=port + 1,
        as_kbps=max_kbps,
        tias_bps=1000 * max_kbps,
    )


def make_offer(address: str, media: Sequence[Media], session_id: int) -> Session:
    """A first offer of all of `media`, received at `address`."""
    return Session(address, tuple(media), session_id, session_id, origin_address=address)


def make_answer(
    offer: Session, can: Sequence[Media], address: str, session_id: int
) -> tuple[Session, list[Agreed | None]]:
    """The answer to an offer, and per section of it what is agreed (None: refused).

    Each section of the offer is answered in its place (RFC 3264 §6); what `can` has no match for,
    or has used up, is refused with port 0. One codec a section is chosen: our first that they
    have. Raises `SdpError` if nothing at all is left, for which a call gets a 488.
    """
    left = list(can)
    answered: list[Media] = []
    agreed: list[Agreed | None] = []
    for theirs in offer.media:
        ours = next((media for media in left if media.kind == theirs.kind), None)
        pair = None
        if theirs.port and ours is not None and theirs.protocol in ("RTP/AVP", "RTP/AVPF"):
            pair = _choose(ours.codecs, theirs.codecs)
        if ours is None or pair is None:
            answered.append(_refused(theirs))
            agreed.append(None)
            continue
        left.remove(ours)
        section, terms = _accept(offer, theirs, ours, *pair)
        answered.append(section)
        agreed.append(terms)
    if not any(agreed):
        raise SdpError("no audio or video in the offer can be done here")
    return make_offer(address, answered, session_id), agreed


def read_answer(offer: Session, answer: Session) -> list[Agreed | None]:
    """What our offer and their answer agree on, per section. `SdpError` if they do not fit."""
    if len(answer.media) != len(offer.media):
        raise SdpError(f"answer has {len(answer.media)} media, the offer {len(offer.media)}")
    agreed: list[Agreed | None] = []
    for ours, theirs in zip(offer.media, answer.media, strict=True):
        if theirs.kind != ours.kind:
            raise SdpError(f"answer has {theirs.kind} where the offer has {ours.kind}")
        if not theirs.port:
            agreed.append(None)
            continue
        pair = _choose(theirs.codecs, ours.codecs)
        if pair is None:
            raise SdpError(f"answer's {theirs.kind} codec was not offered")
        agreed.append(_terms(answer, theirs, ours, pair[1], pair[0].payload_type))
    return agreed


def _accept(
    offer: Session, theirs: Media, ours: Media, our_codec: Codec, their_codec: Codec
) -> tuple[Media, Agreed]:
    # The offerer's numbers are used in both directions, which RFC 3264 §5.1 asks for.
    codec = replace(our_codec, payload_type=their_codec.payload_type)
    if codec.name.upper() == "H264":
        codec = replace(codec, fmtp=_h264_answer(our_codec, their_codec))
    terms = _terms(offer, theirs, ours, codec, their_codec.payload_type)
    section = replace(
        ours,
        codecs=(codec,),
        formats=(),
        protocol=theirs.protocol,
        direction=Direction.of(terms.sends, terms.receives),
    )
    return section, terms


def _terms(
    their_session: Session, theirs: Media, ours: Media, codec: Codec, send_type: int
) -> Agreed:
    address = their_session.address_of(theirs)
    held = address == UNSET_ADDRESS
    rtcp_port = theirs.rtcp_port or theirs.port + 1
    if rtcp_port > 65535:
        raise SdpError(f"m={theirs.kind}: no port above {theirs.port} for RTCP")
    return Agreed(
        kind=ours.kind,
        codec=codec,
        send_type=send_type,
        receive_type=codec.payload_type,
        local_port=ours.port,
        remote=(address, theirs.port),
        remote_rtcp=(address, rtcp_port),
        sends=ours.direction.sends and theirs.direction.receives and not held,
        receives=ours.direction.receives and theirs.direction.sends,
        ptime_ms=theirs.ptime_ms,
        max_kbps=_rate_kbps(theirs),
    )


def _rate_kbps(media: Media) -> float | None:
    if media.tias_bps is not None:
        return media.tias_bps / 1000
    return None if media.as_kbps is None else float(media.as_kbps)


def _choose(first: Sequence[Codec], second: Sequence[Codec]) -> tuple[Codec, Codec] | None:
    """The first codec of `first` that `second` has as well, with its match there."""
    for one in first:
        for other in second:
            if _same(one, other):
                return one, other
    return None


def _same(one: Codec, other: Codec) -> bool:
    def shape(codec: Codec) -> tuple[str, int, int]:
        return codec.name.upper(), codec.clock_hz, codec.channels

    if shape(one) != shape(other):
        return False
    if one.name.upper() != "H264":
        return True
    # RFC 6184 §8.2.2: packetization mode and profile must be equal, the level may differ.
    mode = (one.parameter("packetization-mode") or "0", other.parameter("packetization-mode"))
    return mode[0] == (mode[1] or "0") and _profile(one) == _profile(other)


def _profile(codec: Codec) -> tuple[str, bool]:
    """Profile, and for baseline whether it is the constrained one (constraint_set1_flag)."""
    profile, flags, _ = _profile_level(codec)
    if profile == 0x42:
        return "baseline", False  # conference devices mix 42001F, 42801F and 42E01F freely
    return f"{profile:02x}", bool(flags & 0x40)


def _profile_level(codec: Codec) -> tuple[int, int, int]:
    text = codec.parameter("profile-level-id") or _DEFAULT_LEVEL
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 3:
        raise SdpError(f"profile-level-id={text[:20]}: needs six hexadecimal digits")
    return value[0], value[1], value[2]


def _h264_answer(ours: Codec, theirs: Codec) -> str:
    """Their profile at the lower of the two levels; the packetization mode is the same."""
    profile, flags, level = _profile_level(theirs)
    level = min(level, _profile_level(ours)[2])
    mode = theirs.parameter("packetization-mode")
    text = f"profile-level-id={profile:02X}{flags:02X}{level:02X}"
    return text if mode is None else f"{text};packetization-mode={mode}"


def _refused(theirs: Media) -> Media:
    return Media(theirs.kind, 0, protocol=theirs.protocol, formats=theirs.tokens())
