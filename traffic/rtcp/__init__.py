"""RTCP (RFC 3550), with requests for packets, a key frame or a rate (RFC 4585, RFC 5104): what it
says, and its bytes."""

from giaoban.traffic.rtcp.packets import (
    CNAME,
    Bye,
    Chunk,
    FullIntraRequest,
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
    "CNAME",
    "Bye",
    "Chunk",
    "FullIntraRequest",
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
