"""Rates of carriers' lines, in Mb/s, by what the lines are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping

PER_STEP_MBPS = {"OC": 51.84, "STS": 51.84, "STM": 155.52}
"""SONET (GR-253) and SDH (ITU-T G.707): the rate of step 1."""
CARRIERS_MBPS = {
    **{"T1": 1.544, "DS1": 1.544, "T2": 6.312, "DS2": 6.312, "T3": 44.736, "DS3": 44.736},
    **{"E1": 2.048, "E2": 8.448, "E3": 34.368, "E4": 139.264},
}
"""ITU-T G.702."""
KNOWN_RATES_MBPS = {*CARRIERS_MBPS.values(), 51.84, 155.52, 622.08}
"""What people write with three decimals, of E, T, and the lowest steps of SONET and SDH."""
MAY_BE_THOUSANDS: Mapping[str, Collection[float]] = {
    "rate_mbps": KNOWN_RATES_MBPS,
    "buffer_packets": (),
}
"""Figures of lines of which 1,250 may be some, and what of each is none all the same. A length is
none of them: no line of a province is a thousand kilometres long, and maps give metres."""
