"""RTCP (RFC 3550) with requests for key frames (RFC 4585, RFC 5104)."""

from giaoban.traffic.rtcp.packets import (
    Bye,
    IntraRequest,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    middle32,
    ntp_of,
)
from giaoban.traffic.rtcp.wire import RtcpError, is_rtcp, pack, parse

__all__ = [
    "Bye",
    "IntraRequest",
    "Packet",
    "PictureLossIndication",
    "ReceiverReport",
    "ReportBlock",
    "RtcpError",
    "SenderReport",
    "SourceDescription",
    "is_rtcp",
    "middle32",
    "ntp_of",
    "pack",
    "parse",
]
