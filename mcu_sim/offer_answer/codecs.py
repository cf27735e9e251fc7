"""Which codec of two lists is used (RFC 3264 §6.1, §7; for H.264 RFC 6184 §8.2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mcu_sim import h264
from mcu_sim.sdp import Codec

DYNAMIC_TYPES = range(96, 128)
"""Payload types without a fixed meaning (RFC 3551 §6)."""


def is_tones(codec: Codec) -> bool:
    """Whether it carries pressed keys and no sound (RFC 4733 §2.4.1)."""
    return codec.name.lower() == "telephone-event"


def tones_of(theirs: Sequence[Codec], ours: Sequence[Codec], main: Codec) -> Codec | None:
    """For an answer: the keys that are taken beside a codec with its clock, None if not by both."""
    known = next((one for one in ours if is_tones(one)), None)
    offered = (one for one in theirs if is_tones(one) and one.clock_hz == main.clock_hz)
    found = next(offered, None)
    if known is None or found is None:
        return None
    return replace(known, payload_type=found.payload_type, clock_hz=found.clock_hz)


def choose(ours: Sequence[Codec], theirs: Sequence[Codec]) -> tuple[Codec, Codec] | None:
    """For an answer: our first codec that they offer, as they offer it and as we state it.

    Of H.264 it is the best of theirs, in their profile and packetization mode, at what both can.
    The offerer's payload type is used in both directions, which RFC 3264 §5.1 asks for.
    """
    for one in ours:
        if is_tones(one):
            continue
        if h264.is_h264(one):
            other = h264.best(one, theirs)
            if other is not None:
                return other, replace(h264.common(one, other), name=one.name)
            continue
        for other in theirs:
            if _same_name(one, other):
                return other, replace(one, payload_type=other.payload_type)
    return None


def answered(theirs: Sequence[Codec], ours: Sequence[Codec]) -> tuple[Codec, Codec] | None:
    """For our offer: their first codec that is one of ours, and ours at what both can."""
    for one in theirs:
        if is_tones(one):
            continue
        # an answer repeats the offer's number; another one is not forbidden
        for other in sorted(ours, key=lambda our: our.payload_type != one.payload_type):
            if h264.matches(one, other):
                return one, replace(other, fmtp=h264.common(other, one).fmtp)
            if _same_name(one, other) and not h264.is_h264(one):
                return one, other
    return None


def renumbered(wanted: Sequence[Codec], in_use: Sequence[Codec]) -> tuple[Codec, ...]:
    """`wanted` for a new offer within a call: a payload type in use keeps its meaning.

    RFC 3264 §8.3.2. H.264 that is in use keeps its profile and packetization mode as well.
    """
    free = [number for number in DYNAMIC_TYPES if number not in {c.payload_type for c in in_use}]
    left = list(in_use)
    codecs: list[Codec] = []
    for codec in wanted:
        old = next((other for other in left if _same_name(codec, other)), None)
        if old is not None:
            left.remove(old)
            same = h264.in_the_form_of(old, codec) if h264.is_h264(codec) else old
            codecs.append(same)
            continue
        number = codec.payload_type
        if number in DYNAMIC_TYPES and number not in free:
            number = free[0]
        if number in free:
            free.remove(number)
        codecs.append(replace(codec, payload_type=number))
    return tuple(codecs)


def _same_name(one: Codec, other: Codec) -> bool:
    def shape(codec: Codec) -> tuple[str, int, int]:
        return codec.name.upper(), codec.clock_hz, codec.channels

    return shape(one) == shape(other)
