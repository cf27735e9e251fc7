"""When a call's sound is played: pauses, jumps, lost ways, clocks that drift, the playout delay."""

from __future__ import annotations

import pytest

from tests.mcu_sim.audio_factory import LOUD, bank_of, counts, deliver, heard_at, packet, stream


def test_a_pause_is_not_a_loss_where_it_is_known_in_time() -> None:
    """No sequence number is missing: the sender had nothing to say."""
    pause, loss = bank_of(2), bank_of(2)
    for bank, sequence in ((pause, 2), (loss, 3)):
        datagrams = [packet(LOUD, 0, 0), packet(LOUD, 1, 160), packet(LOUD, sequence, 480)]
        deliver(bank, 0, datagrams, [0, 20, 60])
    # the frame that is missing is due at tick 4, 80 ms
    assert heard_at(pause, range(2, 6)) == [2, 3, 5]
    assert counts(pause) == {}
    assert heard_at(loss, range(2, 6)) == [2, 3, 4, 5]
    assert counts(loss) == {"concealed": 1}


def test_a_long_pause_is_concealed_for_60_ms_at_most() -> None:
    bank = bank_of(2)
    stream(bank, 0, 5, 0)
    datagrams = [packet(LOUD, 5 + i, 160 * (505 + i)) for i in range(5)]
    deliver(bank, 0, datagrams, [10_100.0 + 20 * i for i in range(5)])
    for tick in range(2, 505):
        bank.mix(tick)
    assert counts(bank) == {"concealed": 3}
    assert heard_at(bank, range(505, 512)) == [507, 508, 509, 510, 511]


def test_pauses_of_odd_lengths_do_not_shift_the_sound_in_the_long_run() -> None:
    bank = bank_of(2)
    stamp = 0.0
    for i in range(100):
        deliver(bank, 0, [packet(LOUD, i, round(stamp))], [stamp / 8])
        stamp += 160 + 79
    due_ms = 40 + 99 * 239 / 8
    heard = heard_at(bank, range(0, 200))
    # the last frame may lie in two ticks, and is concealed for three
    assert due_ms / 20 + 3 <= heard[-1] <= due_ms / 20 + 5
    assert counts(bank).keys() <= {"concealed"}


def test_another_ssrc_is_timed_anew() -> None:
    bank = bank_of(2)
    stream(bank, 0, 10, 0)
    datagrams = [packet(LOUD, 900 + i, 77 + 160 * i, ssrc=8) for i in range(5)]
    deliver(bank, 0, datagrams, [195 + 20.0 * i for i in range(5)])
    # ten frames from tick 2 on, of which those due after 195 ms give way; 195 + 40 ms: tick 12
    assert heard_at(bank, range(2, 17)) == list(range(2, 17))
    assert counts(bank) == {"resynchronised": 1, "concealed": 2}


@pytest.mark.parametrize("jump", [-(2**31) + 9, -80_000, -8_800, 8_800, 80_000, 2**31 - 9])
def test_a_jump_of_the_timestamp_is_a_new_start(jump: int) -> None:
    bank = bank_of(2)
    stream(bank, 0, 10, 0)
    stream(bank, 10, 10, 200, stamp=jump)
    assert heard_at(bank, range(2, 22)) == list(range(2, 22))
    assert counts(bank)["resynchronised"] == 1
    assert "late" not in counts(bank)


def test_an_old_packet_that_lost_its_way_does_not_set_the_clock() -> None:
    bank = bank_of(2)
    stream(bank, 0, 80, 0)
    deliver(bank, 0, [packet(LOUD, 1, 160)], [1599])
    deliver(bank, 0, [packet(LOUD, 2**16 - 5, -5 * 160)], [1599])
    stream(bank, 80, 5, 1600)
    assert heard_at(bank, range(2, 87)) == list(range(2, 87))
    assert counts(bank) == {"duplicated": 1, "late": 1, "reordered": 1}


def test_25_late_packets_in_a_row_time_the_call_anew() -> None:
    bank = bank_of(2)
    stream(bank, 0, 10, 0)
    stream(bank, 10, 24, 200 + 50)
    assert counts(bank) == {"late": 24}
    stream(bank, 34, 10, 680 + 50)
    assert counts(bank) == {"late": 25, "resynchronised": 1}
    # ten frames and their concealment; 730 + 40 ms: tick 39
    assert heard_at(bank, range(2, 49)) == [*range(2, 15), *range(39, 49)]


def test_24_late_packets_and_one_in_time_do_not() -> None:
    bank = bank_of(2)
    stream(bank, 0, 10, 0)
    for first in (10, 35, 60):
        stream(bank, first, 24, 20 * first + 50)
        stream(bank, first + 24, 1, 20 * (first + 24) + 20)
    assert counts(bank)["late"] == 72
    assert "resynchronised" not in counts(bank)


def test_a_buffer_that_fills_up_is_emptied_after_25_packets() -> None:
    """The sender's clock is faster than ours, here much faster."""
    bank = bank_of(2)
    stream(bank, 0, 40, 0, step_ms=15)  # lead: playout + 195 ms at the end
    assert counts(bank) == {}
    stream(bank, 40, 25, 600, step_ms=15 + 4.5)
    assert "resynchronised" not in counts(bank)
    stream(bank, 65, 1, 600 + 25 * 19.5)
    assert counts(bank)["resynchronised"] == 1
    stream(bank, 66, 10, 600 + 26 * 19.5)
    heard = heard_at(bank, range(2, 80))
    # what was queued after the new start was dropped: 1087.5 + 40 ms, tick 57, then 11 frames
    assert set(range(57, 68)) <= set(heard)
    assert max(heard) <= 70


@pytest.mark.parametrize("parts_per_million", [-6000, 6000])
def test_a_client_with_another_clock_is_served_for_minutes(parts_per_million: int) -> None:
    bank = bank_of(2)
    step = 20 * (1 + parts_per_million / 1e6)
    n, tick, played = 3000, 0, 0
    for i in range(n):
        at = step * i
        deliver(bank, 0, [packet(LOUD, i, 160 * i)], [at])
        while (tick + 1) * 20 < at:
            bank.mix(tick)
            played += bool(bank.power[0] > 2e6)
            tick += 1
    assert bank.resynchronised[0] >= 1
    assert played > 0.9 * n


def test_playout_delay_is_what_was_asked_for() -> None:
    for playout_ms in (0.0, 200.0, 1000.0):
        bank = bank_of(2, playout_ms)
        stream(bank, 0, 100, 0)
        first = round(playout_ms / 20)
        assert heard_at(bank, range(0, first + 100)) == list(range(first, first + 100))
        assert counts(bank) == {}
