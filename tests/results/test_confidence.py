"""What a run can show: against published intervals, and by how often it errs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.results.confidence import (
    ConfidenceInterval,
    certain_rate,
    certain_rise,
    certain_share,
    detectable_rise,
    detectable_share_rise,
    in_bursts,
    lost_share,
    poisson_quantile,
    wilson,
)

BOTH_95 = 0.975
"""Of each bound: an interval of 95 %."""
LIMIT_POINTS = 0.1
"""The threshold of `existing-loss-no-worse`."""


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe 1998a (Stat. Med. 17, 857), table I, method 3 – Wilson without correction
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (10, 20, 0.2993, 0.7007),
    ],
)
def test_wilson_s_interval(successes: int, trials: int, low: float, high: float) -> None:
    got = wilson(successes, trials, BOTH_95)
    assert got.value == successes / trials
    assert (got.low, got.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    other = wilson(trials - successes, trials, BOTH_95)
    assert (other.low, other.high) == (pytest.approx(1 - got.high), pytest.approx(1 - got.low))


@pytest.mark.parametrize(
    ("now", "before", "low"),
    [
        # Newcombe 1998b (Stat. Med. 17, 873), table II, method 10; certain is what is above 0
        ((56, 70), (48, 80), 0.0524),
        ((9, 10), (3, 10), 0.1705),
        ((10, 10), (0, 20), 0.6791),
        ((10, 10), (0, 10), 0.6075),
        ((6, 7), (2, 7), 0.0582),
        ((5, 56), (0, 29), 0.0),  # −0.0381 there: not certain
    ],
)
def test_newcombe_s_difference(now: tuple[int, int], before: tuple[int, int], low: float) -> None:
    a, b = wilson(*now, BOTH_95), wilson(*before, BOTH_95)
    assert certain_rise(b, a) == pytest.approx(low, abs=5e-5)
    # the other bound of the same interval: 0.3339 of the first example
    if now == (56, 70):
        high = a.value - b.value + math.hypot(a.high - a.value, b.value - b.low)
        assert high == pytest.approx(0.3339, abs=5e-5)


shares = st.tuples(st.integers(0, 400), st.integers(1, 400)).map(
    lambda two: wilson(min(two), max(two))
)


@given(shares, shares, st.floats(0, 0.2))
def test_a_rise_is_never_more_certain_than_it_is_large(
    a: ConfidenceInterval, b: ConfidenceInterval, more: float
) -> None:
    assert 0 <= a.low <= a.value <= a.high <= 1
    assert 0 <= certain_rise(a, b) <= max(0.0, b.value - a.value)
    assert certain_rise(a, a) == 0
    exact = ConfidenceInterval(b.value, b.value, b.value)
    base = ConfidenceInterval(a.value, a.value, a.value)
    assert certain_rise(base, exact) == max(0.0, b.value - a.value)
    higher = ConfidenceInterval(b.value + more, b.low + more, b.high + more)
    assert certain_rise(a, higher) >= certain_rise(a, b) - 1e-12


@given(shares)
def test_what_is_detectable_of_a_figure_is_what_a_certain_rise_needs(
    before: ConfidenceInterval,
) -> None:
    least = detectable_rise(before)
    for off, certain in ((1e-9, True), (-1e-9, False)):
        now = ConfidenceInterval(*(figure + least + off for figure in before))
        assert (certain_rise(before, now) > 0) == certain


@given(st.integers(0, 300), st.integers(300, 8000))
def test_what_is_detectable_of_a_share_is_what_a_certain_rise_needs(lost: int, sent: int) -> None:
    before = wilson(lost, sent)
    least = detectable_share_rise(before, sent)
    if certain_rise(before, wilson(sent, sent)) <= 0:
        assert least == 1.0
        return
    enough = round((least + before.value) * sent)
    assert certain_rise(before, wilson(enough, sent)) > 0
    assert certain_rise(before, wilson(enough - 1, sent)) == 0


def test_a_run_of_half_a_minute_shows_a_quarter_of_a_point() -> None:
    """Of 6,700 packets of pictures none was lost: from 17 on that is a rise; of 1,500 of sound."""
    assert 100 * detectable_share_rise(wilson(0, 6700), 6700) == pytest.approx(0.25, abs=0.01)
    assert 100 * detectable_share_rise(wilson(0, 1500), 1500) == pytest.approx(1.1, abs=0.05)


def test_a_few_packets_more_are_no_rise_and_a_hundred_are() -> None:
    """Two of 1,500 were a fail once."""

    def rise(lost: int, burst: float) -> float:
        return certain_rise(lost_share(0, 1500, burst), lost_share(lost, 1500, burst))

    assert rise(2, 1.0) == 0
    assert rise(100, 1.0) > 0.03
    assert rise(300, 4.0) > 0.09
    assert rise(100, 100.0) == 0  # a hundred in one piece are one event


# ------------------------------------------------------------------------------- by how it errs

RUNS = 400
STREAMS = 32
"""Of eight bridges sound and pictures, both ways; each is compared in two later phases."""
PACKETS = np.tile([1500, 6700], STREAMS // 2)
MOST_BURSTS = 80

Lost = tuple[NDArray[np.int64], NDArray[np.int64]]
"""(lost packets, how many bursts they are), each (RUNS, 3, STREAMS): in each of three phases."""


def losing(rng: np.random.Generator, rate: float, burst: float) -> Lost:
    """What a line loses that does not change: in bursts of so many packets on average.

    Gilbert's model by its runs: both states last a geometric number of packets.
    """
    stays = rate / (1 - rate) / burst  # from good to bad
    shape = (RUNS, 3, STREAMS, MOST_BURSTS)
    good, bad = rng.geometric(stays, shape), rng.geometric(1 / burst, shape)
    starts = np.cumsum(good + bad, axis=-1) - bad
    assert (starts[..., -1] > PACKETS).all()
    lengths = np.clip(PACKETS[:, None] - starts, 0, bad)
    return lengths.sum(axis=-1), (lengths > 0).sum(axis=-1)


def alarms(lost: Lost, limit_points: float = LIMIT_POINTS) -> float:
    """The share of runs in which any stream seems worse by more than the limit."""
    packets, bursts = lost
    means = packets / np.maximum(bursts, 1)
    rung = np.zeros(RUNS, np.bool_)
    for run, phase, stream in np.ndindex(RUNS, 2, STREAMS):
        first, later = (run, 0, stream), (run, 1 + phase, stream)
        burst, sent = max(1.0, means[first], means[later]), int(PACKETS[stream])
        before, now = (lost_share(int(packets[at]), sent, burst) for at in (first, later))
        rung[run] |= 100 * certain_rise(before, now) > limit_points
    return float(rung.mean())


@pytest.mark.parametrize("loss_pct", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("burst", [1.0, 4.0, 20.0])
def test_a_line_that_does_not_change_is_not_called_worse(loss_pct: float, burst: float) -> None:
    """In fewer than one run of a hundred, at 64 comparisons each, however long its bursts are."""
    rng = np.random.default_rng([round(1000 * loss_pct), round(burst)])
    lost = losing(rng, loss_pct / 100, burst)
    assert 100 * lost[0].sum() / (RUNS * 3 * PACKETS.sum()) == pytest.approx(loss_pct, rel=0.1)
    assert alarms(lost) < 0.01


def test_a_line_that_becomes_worse_is_called_so() -> None:
    """One stream of pictures that loses 1 % where it lost 0.1 % before."""
    rng = np.random.default_rng(5)
    packets, bursts = losing(rng, 0.001, 1.0)
    packets[:, 1:, 1] = rng.binomial(6700, 0.01, (RUNS, 2))
    bursts[:, 1:, 1] = packets[:, 1:, 1]
    assert alarms((packets, bursts)) > 0.99


@given(
    lost=st.integers(0, 300),
    more=st.integers(0, 3000),
    spread=st.floats(0, 200),
    wider=st.floats(1, 10),
)
def test_losses_that_hang_together_say_as_much_as_so_many_fewer(
    lost: int, more: int, spread: float, wider: float
) -> None:
    sent = lost + more + 1
    got = lost_share(lost, sent, spread)
    effect = max(1.0, spread)  # nothing says more than losses by themselves
    assert got == wilson(lost / effect, sent / effect)
    assert got.value == pytest.approx(lost / sent)
    less_sure = lost_share(lost, sent, effect * wider)
    assert less_sure.low <= got.low + 1e-12
    assert less_sure.high >= got.high - 1e-12


@pytest.mark.parametrize(
    ("burst_mean", "effect"), [(None, 1.0), (0.0, 1.0), (1.0, 1.0), (1.5, 2.0), (4.0, 7.0)]
)
def test_the_effect_of_bursts(burst_mean: float | None, effect: float) -> None:
    assert in_bursts(burst_mean) == effect


@pytest.mark.parametrize("mean", [2.0, 5.0, 20.0])
def test_the_effect_of_bursts_is_that_of_a_line_with_two_states(mean: float) -> None:
    """The variance of the number lost of 2,000 packets over that of losses by themselves, for rare
    bursts of geometric lengths (Gilbert 1960)."""
    rng = np.random.default_rng(round(mean))
    share, n, runs = 0.002, 2000, 20_000
    starts = share / mean
    counts = np.zeros(runs)
    bad = rng.random(runs) < share
    for _ in range(n):
        counts += bad
        stays = rng.random(runs) < np.where(bad, 1 - 1 / mean, starts / (1 - share))
        bad = stays
    effect = counts.var() / (n * share * (1 - share))
    assert effect == pytest.approx(in_bursts(mean), rel=0.1)


@pytest.mark.parametrize(
    ("mean", "low", "high"),
    # quantiles of the Poisson distribution; above a mean of 100 one more or less
    [(0.0, 0, 0), (1.0, 0, 3), (20.0, 12, 29), (85.8, 68, 104), (400.0, 361, 440)],
)
def test_a_poisson_interval(mean: float, low: int, high: int) -> None:
    found = poisson_quantile(mean, 0.025), poisson_quantile(mean, 0.975)
    assert found == pytest.approx((low, high), abs=1 if mean > 100 else 0)


@pytest.mark.parametrize(("count", "low"), [(2, 0.149), (3, 0.436), (10, 4.130), (50, 35.03)])
def test_the_certain_rate_is_garwood_s_lower_bound(count: int, low: float) -> None:
    """The mean with which so many events or more come in one run of 100 (tables of the Poisson
    distribution); the approximation is 0.03 too low at most. One event shows no rate."""
    assert certain_rate(count, 0.0) == pytest.approx(low, abs=0.03)
    assert certain_rate(1, 0.0) < 0.01


def test_chance_makes_no_rate_of_events_certain() -> None:
    """Of a Poisson process with the expected rate, more is certain in one run of 10,000."""
    counts = np.random.default_rng(1).poisson(2.0, 20_000)
    assert np.mean([certain_rate(int(count), 2.0) > 0 for count in counts]) < 0.0005


def test_one_packet_of_a_second_shows_less_than_a_percent() -> None:
    assert certain_share(1, 50) < 0.01 < certain_share(5, 50)
