"""Rates of carriers' lines, in Mb/s."""

from __future__ import annotations

from collections.abc import Collection, Mapping

KNOWN_RATES_MBPS = {
    *(1.544, 6.312, 44.736),  # T1 to T3, ITU-T G.702
    *(2.048, 8.448, 34.368, 139.264),  # E1 to E4
    *(51.84, 155.52, 622.08),  # lowest steps of SONET (GR-253) and SDH (ITU-T G.707)
}
"""Rates that are written with three decimals."""
MAY_BE_THOUSANDS: Mapping[str, Collection[float]] = {
    "rate_mbps": KNOWN_RATES_MBPS,
    "buffer_packets": (),
}
"""Figures of lines of which 1,250 may be some, and what of each is none all the same. A length is
none of them: no line of a province is a thousand kilometres long, and maps give metres."""
