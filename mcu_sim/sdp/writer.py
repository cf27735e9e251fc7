"""Writing a session description, lines in the order of RFC 8866 §5."""

from __future__ import annotations

from mcu_sim.sdp.description import Media, SdpError, Session


def build(session: Session) -> bytes:
    """The description's text. Raises `SdpError` for a section without formats."""
    origin = f"{session.user} {session.session_id} {session.version}"
    at = session.origin_address
    lines = ["v=0", f"o={origin} IN {_family(at)} {at}", f"s={session.name}"]
    if session.address is not None:
        lines.append(f"c=IN {_family(session.address)} {session.address}")
    if session.as_kbps is not None:
        lines.append(f"b=AS:{session.as_kbps}")
    lines.append("t=0 0")
    for media in session.media:
        lines += _media_lines(media)
    return "".join(f"{line}\r\n" for line in lines).encode()


def _media_lines(media: Media) -> list[str]:
    formats = media.tokens()
    if not formats:
        raise SdpError(f"m={media.kind}: has no format")
    lines = [f"m={media.kind} {media.port} {media.protocol} {' '.join(formats)}"]
    if media.address is not None:
        lines.append(f"c=IN {_family(media.address)} {media.address}")
    if media.as_kbps is not None:
        lines.append(f"b=AS:{media.as_kbps}")
    if media.tias_bps is not None:
        lines.append(f"b=TIAS:{media.tias_bps}")
    for codec in media.codecs:
        channels = f"/{codec.channels}" if codec.channels != 1 else ""
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_hz}{channels}")
        if codec.fmtp:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.fmtp}")
    lines += [f"a=rtcp-fb:{value}" for value in media.feedback]
    lines += [f"a=crypto:{line.text()}" for line in media.crypto]
    for name, value in (
        ("ptime", media.ptime_ms),
        ("maxptime", media.maxptime_ms),
        ("rtcp", media.rtcp_port),
        ("content", ",".join(media.content) or None),
        ("label", media.label),
    ):
        if value is not None:
            lines.append(f"a={name}:{value}")
    if media.rtcp_mux:
        lines.append("a=rtcp-mux")
    if media.port:
        lines.append(f"a={media.direction}")
    return lines


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"
