"""Drawn worlds: strata, and what fails them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giaoban.results.model.studies.sensitivity import FailedBy, PastFlips
from giaoban.scenarios.study.sensitivity.drawn import hypercube
from giaoban.scenarios.study.sensitivity.sensitivity import failed_by
from tests.results import sensitivity_factory as some


@given(worlds=st.integers(1, 60), figures=st.integers(0, 6), seed=st.integers(0, 2**31 - 1))
def test_each_part_of_each_range_is_in_one_world(worlds: int, figures: int, seed: int) -> None:
    places = hypercube(worlds, figures, seed)
    assert places.shape == (worlds, figures)
    assert ((places >= 0) & (places < 1)).all()
    for column in range(figures):
        parts = np.floor(places[:, column] * worlds).astype(int)
        assert sorted(parts.tolist()) == list(range(worlds))


def test_the_same_seed_draws_the_same() -> None:
    np.testing.assert_array_equal(hypercube(40, 3, 7), hypercube(40, 3, 7))
    assert (hypercube(40, 3, 7) != hypercube(40, 3, 8)).any()


def test_failing_worlds_count_for_figures_past_their_flips() -> None:
    """The MCU's line fails at 30.5 Mb/s and less, its composing at 160 ms and more."""
    worlds = [
        {some.LINE: 30.5, some.COMPOSE: 100.0},
        {some.LINE: 20.0, some.COMPOSE: 170.0},
        {some.LINE: 31.0, some.COMPOSE: 159.0},
    ]
    assert failed_by("loss", worlds, some.figures()) == FailedBy(
        criterion="loss",
        worlds=3,
        alone=2,
        past_flips=[
            PastFlips(field="rate_mbps", keys=[some.LINE], worlds=2),
            PastFlips(field="delay_ms", keys=[some.COMPOSE], worlds=1),
        ],
    )
    assert failed_by("mos", worlds, some.figures()) == FailedBy(criterion="mos", worlds=3)
