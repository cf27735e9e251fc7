"""Which stream the MCU sends for each medium of a call: a planned one, or a new one."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping

from mcu_sim.media.leg import UNLOGGED, Flow, Kind, Position
from mcu_sim.offer_answer import Agreed
from mcu_sim.server.calls import Call
from mcu_sim.server.config import Seat
from traffic.sender.stream_plan import StreamPlan
from traffic.sources.video_model import VideoModel

RTP_VERSION_2 = 0x80
LEAST_KBPS = 32.0


def flows(
    agreed: Mapping[Kind, Agreed],
    seat: Seat | None,
    participant: str,
    rng: random.Random,
    before: Mapping[Kind, Position],
    now_ns: int,
) -> dict[Kind, Flow]:
    """The flows of a call that begins.

    `before`: how far the planned streams had come when a bridge lost its line. When it comes back
    to its place they go on from there: each is one stream, with a gap.
    """
    found: dict[Kind, Flow] = {}
    for kind, terms in agreed.items():
        planned = None if seat is None else seat.down.get(kind)
        down = planned or _new(participant, kind, rng)
        from_ns = 0
        if kind in before and planned is not None:
            from_ns = before[kind].at_ns
            sequence, timestamp = before[kind].at(now_ns)
            down = down.model_copy(
                update={"first_sequence": sequence, "first_timestamp": timestamp}
            )
        up = UNLOGGED if seat is None else seat.up.get(kind, UNLOGGED)
        found[kind] = Flow(terms, down.carrying(terms.send_type), up, from_ns)
    return found


def composed(call: Call, model: VideoModel, *, switched: bool) -> VideoModel | None:
    """The encoder of the picture composed for a call: at its rate. None: it has no such."""
    main = call.agreed.get("video")
    if main is None or switched:
        return None
    if main.max_kbps is None or main.max_kbps >= model.kbps:
        return model
    return model.model_copy(update={"kbps": max(LEAST_KBPS, main.max_kbps)})


def _new(participant: str, kind: Kind, rng: random.Random) -> StreamPlan:
    ssrc = rng.getrandbits(32)
    return StreamPlan(
        index=UNLOGGED,
        bridge=participant,
        kind="audio" if kind == "audio" else "video",
        direction="down",
        header_hex=struct.pack("!BBHII", RTP_VERSION_2, 0, 0, 0, ssrc).hex(),
        ssrc=ssrc,
        first_sequence=rng.getrandbits(15),
        first_timestamp=rng.getrandbits(32),
        seed=rng.getrandbits(48),
    )
