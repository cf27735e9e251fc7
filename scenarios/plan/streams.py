"""Which streams a run has, with their identifiers, seeds and impairments."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain

from giaoban.mcu_sim.media.leg import Kind
from giaoban.scenarios.spec.impairment import intervals
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.traffic import rtp
from giaoban.traffic.profiles import VIDEO_PAYLOAD_TYPE
from giaoban.traffic.sender.stream_plan import Direction, StreamPlan

WATCHING = 0x5A5A_5A5A
"""Tells the SSRC by which a bridge reports on slides, having none to show, from the slides' own."""


def stream_plans(
    scenario: Scenario,
    meetings: Sequence[Sequence[str]],
    seed: int,
    start_s: float,
    audio_type: int,
) -> list[StreamPlan]:
    """All streams; identifiers and seeds are drawn from the run's seed, in a fixed order.

    Args:
        meetings: who takes part in each, in the order of the network's bridges; the scenario's
            content is shown in the first.
        start_s: the first phase's start after the run's origin.
        audio_type: payload type of the sound.
    """
    rng = random.Random(seed)
    payload_types: dict[Kind, int] = {
        "audio": audio_type,
        "video": VIDEO_PAYLOAD_TYPE,
        "content": VIDEO_PAYLOAD_TYPE,
    }
    streams: list[StreamPlan] = []
    for bridge, kind, direction in _wanted(scenario, meetings):
        stream = rtp.StreamId(
            payload_type=payload_types[kind],
            ssrc=rng.getrandbits(32),
            first_sequence=rng.getrandbits(15),
            first_timestamp=rng.getrandbits(32),
        )
        streams.append(
            StreamPlan(
                index=len(streams),
                bridge=bridge,
                kind=kind,
                direction=direction,
                header_hex=rtp.template(stream).hex(),
                ssrc=stream.ssrc,
                first_sequence=stream.first_sequence,
                first_timestamp=stream.first_timestamp,
                seed=rng.getrandbits(48),
                impairments=intervals(scenario.impairments, bridge, kind, direction, start_s),
            )
        )
    return streams


def _wanted(
    scenario: Scenario, meetings: Sequence[Sequence[str]]
) -> Iterator[tuple[str, Kind, Direction]]:
    """Sound and picture both ways for every bridge; slides from one bridge to all others of its
    meeting.

    Slides come last: what else there is has the same identifiers with them and without.
    """
    ways: tuple[Direction, Direction] = ("up", "down")
    kinds: tuple[Kind, Kind] = ("audio", "video")
    for bridge in chain.from_iterable(meetings):
        for kind in kinds:
            for direction in ways:
                yield bridge, kind, direction
    if scenario.content is not None:
        for bridge in meetings[0]:
            yield bridge, "content", "up" if bridge == scenario.content.bridge else "down"
