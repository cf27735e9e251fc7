"""Session descriptions (SDP, RFC 8866) for audio and video calls; all errors are `SdpError`."""

from giaoban.mcu_sim.sdp.crypto import Crypto, CryptoKey, Suite
from giaoban.mcu_sim.sdp.description import (
    STATIC_CODECS,
    Codec,
    Direction,
    Media,
    Problem,
    SdpError,
    SessionDescription,
    Warn,
    build,
    parse,
)

__all__ = [
    "STATIC_CODECS",
    "Codec",
    "Crypto",
    "CryptoKey",
    "Direction",
    "Media",
    "Problem",
    "SdpError",
    "SessionDescription",
    "Suite",
    "Warn",
    "build",
    "parse",
]
