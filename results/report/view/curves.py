"""Curves as the page carries them: 32-bit floats, little-endian, one after another, in base64.

NaN stays NaN: nothing was measured then. A curve is named by its place in the row.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from giaoban.results.model.series import Floats, Series

MEASURES = {
    "delay": "stream_delay_ms",
    "loss": "stream_lost_pct",
    "jitter": "stream_jitter_ms",
    "mos": "stream_mos",
    "frozen": "stream_frozen_pct",
}
"""What the page calls the groups of streams in `series.npz`."""


def curves(series: Series) -> dict[str, Any]:
    """`seconds` long each; `streams[BRIDGE KIND WAY][measure]`, `links[LINK A->B]` and `used` are
    places in `data`."""
    rows: list[Floats] = []

    def place(curve: Floats) -> int:
        rows.append(curve)
        return len(rows) - 1

    streams: dict[str, dict[str, int]] = {}
    for measure, group in MEASURES.items():
        for key, curve in getattr(series, group).items():
            streams.setdefault(key, {})[measure] = place(curve)
    links = {key: place(curve) for key, curve in series.link_utilisation_pct.items()}
    used = place(series.mcu_used_pct)
    packed = np.stack(rows).astype("<f4").tobytes()
    return {
        "seconds": int(series.t_s.size),
        "streams": streams,
        "links": links,
        "used": used,
        "data": base64.b64encode(packed).decode("ascii"),
    }
