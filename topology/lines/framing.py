"""What a line's rate counts of each frame: bits on the wire, the frame, or the IP packet in it.

A contract's megabits are of one layer or another; for the small packets of sound that is a tenth
of the rate and more. Everything here is told as bytes more, or fewer, than a frame has from its
Ethernet header on without its checksum, which is what captures and the kernel's queues count.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from giaoban.provenance import Assumable

Layer = Literal["L1", "L2", "frame", "IP"]
OVERHEAD_BYTES: dict[Layer, int] = {
    "L1": 7
    + 1
    + 4
    + 12,  # preamble, start of frame, checksum, gap: IEEE 802.3, clauses 3.1 and 4.4.2
    "L2": 4,  # the checksum: a service frame of MEF 10 is all from destination address to checksum
    "frame": 0,
    "IP": -14,  # without the Ethernet header
}
VLAN_TAG_BYTES = 4  # IEEE 802.1Q, clause 9.3
MPLS_LABEL_BYTES = 4  # RFC 3032 §2.1
PPPOE_BYTES = 6 + 2  # RFC 2516 §4 and the PPP protocol (RFC 1661 §2)


class Framing(Assumable):
    """What a rate counts of each packet, and what is around packets on the line.

    Frames shorter than Ethernet's least (64 bytes with the checksum) are not counted as padded: of
    the meeting none is so short.
    """

    layer: Layer
    """What `rate_mbps` counts. `L1`: all that takes time on the wire, preamble and gap too. `L2`:
    the frame with its checksum, as MEF 10 does. `frame`: the frame without it, as captures have it;
    what holds where nothing is said. `IP`: the IP packet alone."""
    vlan_tags: Annotated[int, Field(ge=0, le=4)] = 0
    """VLAN tags in each frame, of 4 bytes (IEEE 802.1Q)."""
    mpls_labels: Annotated[int, Field(ge=0, le=10)] = 0
    """MPLS labels before each packet, of 4 bytes (RFC 3032)."""
    pppoe: bool = False
    """Whether packets are in PPPoE, which takes 8 bytes (RFC 2516)."""

    @property
    def overhead_bytes(self) -> int:
        """Bytes that the rate counts of a frame beside those that a capture shows; negative where
        it counts fewer. `IP` counts nothing of what is around a packet."""
        around = 0
        if self.layer != "IP":
            around += self.vlan_tags * VLAN_TAG_BYTES + self.mpls_labels * MPLS_LABEL_BYTES
            around += PPPOE_BYTES if self.pppoe else 0
        return OVERHEAD_BYTES[self.layer] + around
