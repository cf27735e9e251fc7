"""What terminals do about loss, as a profile has it: send again, protect, lower the rate."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from giaoban.provenance import Assumable
from giaoban.traffic.ulpfec import LONG_MASK_BITS


class Repair(Assumable):
    """How many lost packets of pictures terminals and MCU recover, by whatever means.

    Judged at the receiver; no packet more is sent.
    """

    share_pct: Annotated[float, Field(ge=0, le=100)]
    """Share of lost packets that are recovered, in percent. Like `90.0`."""
    within_ms: Annotated[float, Field(ge=0, le=2000)]
    """A recovered packet arrives so much later than the others, in ms; a packet is not recovered
    if no later one arrives that was sent within this time. Like `100.0`."""


class RateAdaptation(Assumable):
    """How an encoder answers reported loss, which makers call dynamic bandwidth: pictures get
    coarser before they break."""

    loss_pct: Annotated[float, Field(gt=0, le=50)]
    """The rate is lowered where a receiver report says that more was lost since the one before, in
    % (RFC 3550 §6.4.1, fraction lost)."""
    lower_pct: Annotated[float, Field(gt=0, le=90)]
    """By so much of the present rate at a time, in percent."""
    least_kbps: Annotated[float, Field(ge=32, le=50_000)]
    """No lower than this, in kb/s of the picture."""
    calm_s: Annotated[float, Field(ge=0, le=600)]
    """It is raised again when reports have told of no loss for so long, in seconds."""
    raise_pct: Annotated[float, Field(gt=0, le=100)]
    """By so much of the call's rate at a time, once a report, in percent."""


class Retransmission(Assumable):
    """How a receiver of pictures asks for packets that it has not got (RFC 4585 §6.2.1), and how
    its sender sends them again (RFC 4588)."""

    reorder_ms: Annotated[float, Field(ge=0, le=1000)]
    """For so long a packet is waited for that others have overtaken, before it is asked for, in
    ms."""
    retry_ms: Annotated[float, Field(ge=0, le=1000)]
    """A round trip and so long after a request it is repeated, in ms."""
    most_requests: Annotated[int, Field(ge=1, le=100)]
    """How often one packet is asked for, and sent again, at the most."""
    history_ms: Annotated[float, Field(ge=10, le=60_000)]
    """For how long a sender keeps what it has sent, in ms."""
    history_packets: Annotated[int, Field(ge=16, le=32_768)]
    """How many packets it keeps at the most."""


class Fec(Assumable):
    """How packets of pictures are protected by forward error correction (RFC 5109): one FEC packet
    for a group of them."""

    group_packets: Annotated[int, Field(ge=1, le=LONG_MASK_BITS)]
    """Packets that one FEC packet protects at the most. Like `10`."""
    group_pictures: Annotated[int, Field(ge=1, le=30)]
    """Pictures that it protects packets of at the most: with the last packet of so many it is
    sent, whatever their number. Like `2`."""
