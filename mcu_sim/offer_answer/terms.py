"""What is agreed on one section, and the rate that two descriptions leave."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from mcu_sim import h264
from mcu_sim.offer_answer.capability import FEEDBACK
from mcu_sim.offer_answer.codecs import is_tones
from mcu_sim.sdp import Codec, Crypto, CryptoKey, Media, Session

MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Agreed:
    """What goes on one m= section, seen from this side.

    Attributes:
        codec: as agreed, with the payload type of packets in.
        send_type, receive_type: RTP payload types on packets out and in.
        remote, remote_rtcp: (address, port) to send to; the same with `rtcp_mux`.
        ptime_ms: what the other side wants in a packet, None if it does not say.
        max_kbps: the media rate to send at most, None if nothing limits it.
        content: whether the section is the content channel.
        crypto_send, crypto_receive: SRTP keys of our packets and theirs, None without SRTP.
        tone_type: RTP payload type of pressed keys that come in (RFC 4733), None if not agreed.
        feedback: requests for a key frame over RTCP that both understand: `pli`, `fir`.
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
    content: bool = False
    rtcp_mux: bool = False
    protocol: str = "RTP/AVP"
    crypto_send: CryptoKey | None = None
    crypto_receive: CryptoKey | None = None
    feedback: frozenset[str] = frozenset()
    tone_type: int | None = None


def agree(
    their_session: Session,
    theirs: Media,
    ours: Media,
    codecs: tuple[Codec, Codec],
    crypto: tuple[Crypto, Crypto] | None,
    *,
    content: bool,
) -> Agreed | None:
    """The terms of a section that both take, None if there is no port for their RTCP.

    Args:
        codecs: the codec as they state it and as we do.
        crypto: our line and theirs, None without SRTP.
    """
    their_codec, codec = codecs
    address = their_session.address_of(theirs)
    held = ipaddress.ip_address(address).is_unspecified  # send me nothing: RFC 3264 §8.4
    rtcp = rtcp_port(theirs, ours)
    if rtcp is None:
        return None
    theirs_understand = theirs.feedback_for(their_codec.payload_type)
    both_understand = theirs_understand & ours.feedback_for(codec.payload_type)
    return Agreed(
        kind=ours.kind,
        codec=codec,
        send_type=their_codec.payload_type,
        receive_type=codec.payload_type,
        local_port=ours.port,
        remote=(address, theirs.port),
        remote_rtcp=(address, rtcp),
        sends=ours.direction.sends and theirs.direction.receives and not held,
        receives=ours.direction.receives and theirs.direction.sends,
        ptime_ms=_ptime_ms(theirs),
        max_kbps=_max_kbps(their_session, theirs, ours, their_codec),
        content=content,
        rtcp_mux=ours.rtcp_mux and theirs.rtcp_mux,
        protocol=theirs.protocol,
        crypto_send=crypto[0].key if crypto else None,
        crypto_receive=crypto[1].key if crypto else None,
        tone_type=_tone_type(theirs, ours),
        feedback=frozenset(FEEDBACK[kind] for kind in both_understand if kind in FEEDBACK),
    )


def rtcp_port(theirs: Media, ours: Media) -> int | None:
    """The port of their RTCP, None if there is none: it would be the one above 65535."""
    if ours.rtcp_mux and theirs.rtcp_mux:
        return theirs.port
    port = theirs.rtcp_port or theirs.port + 1
    return port if port <= MAX_PORT else None


def _tone_type(theirs: Media, ours: Media) -> int | None:
    if not any(is_tones(codec) for codec in theirs.codecs):
        return None
    return next((codec.payload_type for codec in ours.codecs if is_tones(codec)), None)


def at_their_rate(ours: Media, their_session: Session, theirs: Media) -> Media:
    """Our section with the lower of the two rates, where it states one."""
    rate = _stated_kbps(their_session, theirs)
    if rate is None:
        return ours
    return replace(
        ours,
        as_kbps=None if ours.as_kbps is None else min(ours.as_kbps, int(rate)),
        tias_bps=None if ours.tias_bps is None else min(ours.tias_bps, round(1000 * rate)),
    )


def _stated_kbps(session: Session, media: Media) -> float | None:
    """The rate of a section, else of the whole session, which no section can go beyond."""
    if media.tias_bps is not None:
        return media.tias_bps / 1000
    kbps = session.as_kbps if media.as_kbps is None else media.as_kbps
    return None if kbps is None else float(kbps)


def _max_kbps(session: Session, theirs: Media, ours: Media, their_codec: Codec) -> float | None:
    stated = _stated_kbps(session, theirs)
    bounds = [stated, None if ours.tias_bps is None else ours.tias_bps / 1000]
    # devices that state a low level and a high b= mean the b=, unless max-br says otherwise
    if h264.is_h264(their_codec) and (stated is None or their_codec.parameter("max-br")):
        bounds.append(h264.max_kbps(their_codec))
    return min((bound for bound in bounds if bound is not None), default=None)


def _ptime_ms(theirs: Media) -> int | None:
    if theirs.maxptime_ms is None or theirs.ptime_ms is None:
        return theirs.ptime_ms
    return min(theirs.ptime_ms, theirs.maxptime_ms)
