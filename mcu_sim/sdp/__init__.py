"""Session descriptions (SDP, RFC 8866) for audio and video calls; all errors are `SdpError`."""

from giaoban.mcu_sim.sdp.crypto import Crypto
from giaoban.mcu_sim.sdp.description import (
    STATIC_CODECS,
    Codec,
    Direction,
    Media,
    SdpError,
    SessionDescription,
    build,
    parse,
)

__all__ = [
    "STATIC_CODECS",
    "Codec",
    "Crypto",
    "Direction",
    "Media",
    "SdpError",
    "SessionDescription",
    "build",
    "parse",
]
