"""Jitter buffers: late, reordered, duplicated, odd and foreign packets, packets of all sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.mcu_sim.audio_factory import (
    LOUD,
    QUIET,
    bank_of,
    counts,
    deliver,
    heard_at,
    packet,
    say,
)

# ------------------------------------------------------------------------- late, reordered, twice


def test_a_late_packet_is_silence() -> None:
    bank = bank_of(2)
    say(bank, 0, [0, 1, 2, 3, 4], [0, 20, 40, 60, 80])
    say(bank, 0, [5], [140.001])  # due at tick 7, 140 ms
    say(bank, 0, [6], [160.0])  # due at tick 8, just in time
    assert heard_at(bank, range(2, 10)) == [2, 3, 4, 5, 6, 8]
    assert counts(bank) == {"late": 1}


@given(order=st.permutations(range(12)), wrap=st.booleans())
def test_order_of_arrival_within_the_playout_delay_does_not_matter(
    order: list[int], wrap: bool
) -> None:
    """Also where timestamps run over 32 bits."""
    first = 2**32 - 800 if wrap else 1000
    straight, mixed = bank_of(2), bank_of(2)
    rng = np.random.default_rng(1)
    sounds = [rng.integers(-5000, 5000, 160).astype(np.int16) for _ in range(13)]
    for bank, frames in ((straight, list(range(12))), (mixed, order)):
        say(bank, 0, [0], [0.0], first_timestamp=first, sound=sounds[12])
        for n in frames:
            say(bank, 0, [n + 1], [20.0], first_timestamp=first, sound=sounds[n])
    for tick in range(2, 16):
        np.testing.assert_array_equal(straight.mix(tick), mixed.mix(tick))


# -------------------------------------------------------------------------- packets of all kinds


@pytest.mark.parametrize("slots", [2, 4, 12])
def test_packets_of_20_to_120_ms(slots: int) -> None:
    bank, n = bank_of(2), 120 // slots
    rng = np.random.default_rng(slots)
    sound = rng.integers(0, 256, n * slots * 80).astype(np.uint8)
    datagrams = [
        packet(part.tobytes(), i, 80 * slots * i) for i, part in enumerate(sound.reshape(n, -1))
    ]
    deliver(bank, 0, datagrams, [10.0 * slots * i for i in range(n)])
    ticks = len(sound) // 160
    heard = np.concatenate([bank.mix(tick)[1] for tick in range(2, 2 + ticks)])
    # A-law has no zero, so nothing is changed by going through linear samples
    np.testing.assert_array_equal(heard, sound[: ticks * 160])
    assert counts(bank) == {}


@pytest.mark.parametrize(
    "options",
    [
        {"csrcs": 3},
        {"extension": b"12345678"},
        {"csrcs": 15, "extension": bytes(400), "padding": 255},
    ],
)
def test_headers_may_have_csrcs_an_extension_and_padding(options: dict[str, object]) -> None:
    bank = bank_of(2)
    plain = packet(QUIET, 0, 0)
    deliver(bank, [1, 0], [plain, packet(LOUD, 0, 0, **options)], [0, 0])  # type: ignore[arg-type]
    np.testing.assert_array_equal(bank.mix(2)[1], np.frombuffer(LOUD, np.uint8))
    assert counts(bank) == {}


@pytest.mark.parametrize(
    "datagram",
    [
        packet(LOUD[:-1], 0, 0),
        packet(LOUD * 7, 0, 0),
        packet(LOUD, 0, 0, payload_type=101),
        packet(LOUD, 0, 0)[:11],
        b"\x40" + packet(LOUD, 0, 0)[1:],  # version 1
    ],
)
def test_odd_packets_are_counted_and_change_nothing(datagram: bytes) -> None:
    bank = bank_of(2)
    deliver(bank, [0, 1, 0], [datagram, packet(QUIET, 0, 0), datagram], [0, 0, 0])
    assert heard_at(bank, range(1, 5)) == []
    assert counts(bank) == {"odd": 2}
    say(bank, 0, [0], [100])
    assert heard_at(bank, range(5, 8)) == [7]


# ------------------------------------------------------------------------- nothing but arrivals


@st.composite
def journeys(draw: st.DrawFn) -> tuple[list[int], list[bytes], list[float]]:
    """Packets of two calls that the network and their senders treat badly, by time of arrival."""
    arrived: list[tuple[float, int, bytes]] = []
    for row in (0, 1):
        slots = draw(st.sampled_from([2, 4]))
        stamp, sequence, ssrc, sent = draw(st.integers(0, 2**32)), 65_500, 1, 0.0
        for _ in range(draw(st.integers(0, 60))):
            fate = draw(st.sampled_from("......lrdpjsx"))
            delay = draw(st.integers(0, 30))
            if fate == "p":
                stamp += 333
                sent += 41.6
            elif fate == "j":
                stamp += 80_000
            elif fate == "s":
                ssrc += 1
            elif fate == "r":
                delay += 60
            payload = bytes([sequence % 256]) * 80 * slots
            kind = 101 if fate == "x" else 8
            datagram = packet(payload, sequence, stamp, ssrc=ssrc, payload_type=kind)
            for copy in range(0 if fate == "l" else 2 if fate == "d" else 1):
                arrived.append((sent + delay + 7 * copy, row, datagram))
            sequence += 1
            stamp += 80 * slots
            sent += 10 * slots
    arrived.sort(key=lambda a: a[0])
    return [a[1] for a in arrived], [a[2] for a in arrived], [a[0] for a in arrived]


def run(
    journey: tuple[list[int], list[bytes], list[float]], strides: Sequence[int], *, one_by_one: bool
) -> tuple[np.ndarray, list[dict[str, int]]]:
    """What is heard if the program looks after so many ticks each time."""
    rows, datagrams, arrivals = journey
    bank = bank_of(3)
    mixes, done, tick = [], 0, 0
    for stride in strides:
        upto = int(np.searchsorted(arrivals, 20.0 * (tick + stride - 1), side="right"))
        size = 1 if one_by_one else max(1, upto - done)
        for at in range(done, upto, size):
            part = slice(at, min(at + size, upto))
            deliver(bank, rows[part], datagrams[part], arrivals[part])
        done = upto
        mixes += [bank.mix(t) for t in range(tick, tick + stride)]
        tick += stride
    return np.array(mixes), [counts(bank, row) for row in range(3)]


@given(journeys(), st.lists(st.integers(1, 50), min_size=1, max_size=20))
@settings(max_examples=examples(25), deadline=None)
def test_what_is_heard_depends_on_arrivals_not_on_when_the_program_looks(
    journey: tuple[list[int], list[bytes], list[float]], strides: list[int]
) -> None:
    total = sum(strides)
    mixes, counted = run(journey, [1] * total, one_by_one=True)
    later, counted_later = run(journey, strides, one_by_one=False)
    np.testing.assert_array_equal(mixes, later)
    assert counted == counted_later
