"""Drawn worlds, against what is known of them: strata, and a function with known Sobol indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.scenarios.study.sensitivity.drawn import first_order, hypercube, total_order


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


def test_the_indices_of_the_ishigami_function() -> None:
    """Ishigami and Homma 1990, with a = 7, b = 0.1: 0.3139, 0.4424, 0; one more does nothing."""
    places = hypercube(4000, 4, 1681)
    found = first_order(places, ishigami(places).tolist())
    assert found[:3] == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert found[3] == pytest.approx(0.0, abs=0.01)


def test_a_sum_is_shared_by_the_squares_of_its_factors() -> None:
    places = hypercube(3000, 3, 5)
    found = first_order(places, (places @ np.array([3.0, 2.0, 0.0])).tolist())
    assert found == pytest.approx([9 / 13, 4 / 13, 0.0], abs=0.03)


@pytest.mark.parametrize("worlds", [20, 40, 100, 400])
def test_figures_that_do_nothing_have_no_share(worlds: int) -> None:
    """However few worlds there are: what is settled first is no matter of luck."""
    told = [
        first_order(places, np.sin(40 * places[:, 0] * places[:, 1]).tolist())[2:]
        for seed in range(10)
        for places in [hypercube(worlds, 42, seed)]
    ]
    assert np.count_nonzero(told) <= 400 * 0.03
    decides = hypercube(worlds, 42, 3)
    found = first_order(decides, decides[:, 5].tolist())
    assert (int(found.argmax()), found[5] > 0.5) == (5, True)


def test_nothing_is_said_of_what_does_not_differ_or_of_too_few() -> None:
    assert first_order(hypercube(100, 2, 1), [5.0] * 100).tolist() == [0, 0]
    assert first_order(hypercube(3, 2, 1), [1.0, 2.0, 3.0]).tolist() == [0, 0]
    assert first_order(np.zeros((0, 2)), []).tolist() == [0, 0]


def ishigami(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of three figures; a fourth does nothing. a = 7, b = 0.1."""
    x = np.pi * (2 * places - 1)
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    return np.asarray(y)


def drawn_anew(places: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    others = hypercube(*places.shape, seed)
    columns = []
    for column in range(places.shape[1]):
        at = places.copy()
        at[:, column] = others[:, column]
        columns.append(ishigami(at))
    return np.stack(columns, axis=1)


def test_the_total_indices_of_the_ishigami_function() -> None:
    """0.5576, 0.4424, 0.2437 (Ishigami and Homma 1990): the third matters only with the first."""
    places = hypercube(8000, 4, 1681)
    answers = ishigami(places)
    found = total_order(answers.tolist(), drawn_anew(places, 1682), float(answers.var()))
    assert found[:3] == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)
    assert found[3] == 0.0


def test_a_world_that_cannot_be_is_left_out_of_a_total_index() -> None:
    places = hypercube(4000, 4, 3)
    anew = drawn_anew(places, 4)
    anew[::3] = np.nan
    answers = ishigami(places)
    found = total_order(answers.tolist(), anew, float(answers.var()))
    assert found[:3] == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.05)
    assert total_order([5.0, 5.0], np.ones((2, 3)), 0.0).tolist() == [0, 0, 0]
