"""Talk spurts and pauses: their lengths, and that they do not hang on how one looks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sources.talk_spurts import Speech
from tests.laws import examples

MODEL = load_profiles().speech
S = 1_000_000_000
SPURTS = 100_000
LONG_NS = round((SPURTS + 2_000) * (MODEL.talk_s + MODEL.pause_s) * S)


def lengths(seed: int = 5) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """100,000 talk spurts and as many pauses, in s."""
    changes, talks_first = Speech(MODEL, seed).changes_ns(LONG_NS)
    steps = np.diff(np.r_[0, changes]) / S
    talk, pause = steps[::2], steps[1::2]
    if not talks_first:
        talk, pause = pause, talk
    assert min(len(talk), len(pause)) >= SPURTS
    return talk[:SPURTS], pause[:SPURTS]


def test_mean_lengths_and_activity_are_those_of_the_recommendation() -> None:
    """Within four standard errors: an exponential's deviation is its mean."""
    talk, pause = lengths()
    for found, mean in ((talk, 1.004), (pause, 1.587)):
        assert abs(found.mean() - mean) < 4 * mean / np.sqrt(SPURTS)
    activity = talk.sum() / (talk.sum() + pause.sum())
    a = MODEL.activity
    assert round(a, 3) == 0.387
    # delta method: the relative errors of both sums are 1/√n
    assert abs(activity - a) < 4 * a * (1 - a) * np.sqrt(2 / SPURTS)


def test_it_begins_as_it_goes_on() -> None:
    """Of 2,000 talkers so many talk at the start as at any time (binomial, four deviations)."""
    n, a = 2_000, MODEL.activity
    at = np.array([0, 400_000_000, 7 * S], np.int64)
    talking = np.array([Speech(MODEL, seed).talking(at) for seed in range(n)])
    assert np.all(np.abs(talking.mean(axis=0) - a) < 4 * np.sqrt(a * (1 - a) / n))


@settings(max_examples=examples(50), deadline=None)
@given(
    st.integers(0, 2**48),
    st.integers(0, 10**15),
    st.lists(st.integers(0, 600 * S), min_size=1, max_size=60),
)
def test_what_is_said_does_not_hang_on_how_one_asks(
    seed: int, origin_ns: int, at_ns: list[int]
) -> None:
    asked = Speech(MODEL, seed, origin_ns)
    singly = [bool(asked.talking(np.array([origin_ns + t], np.int64))[0]) for t in at_ns]
    at_once = Speech(MODEL, seed).talking(np.array(at_ns, np.int64))
    assert at_once.tolist() == singly
