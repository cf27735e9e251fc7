"""Delay tables as netem reads them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giaoban.topology.lines.impairments import (
    DIST_SCALE,
    TABLE_MAX,
    TABLE_SIZE,
    GilbertElliott,
    LineImpairment,
    RandomLoss,
    jitter,
)


def exponential(mean_ms: float) -> LineImpairment:
    """A line with exponential delays."""

    def quantile(u: NDArray[np.float64]) -> NDArray[np.float64]:
        return -mean_ms * np.log1p(-u)

    return LineImpairment(jitter=jitter(quantile, mean_ms, mean_ms, reorder=True))


@given(st.floats(0.001, 1000.0))
def test_a_table_has_the_moments_and_quantiles_of_its_distribution(mean_ms: float) -> None:
    found = exponential(mean_ms).jitter
    delays_ms = found.delays_ns / 1e6
    step_ms = found.scale_ns / DIST_SCALE / 1e6 + 1e-6  # and the whole ns of the offset
    assert delays_ms.mean() == pytest.approx(mean_ms, rel=0.001, abs=step_ms)
    assert delays_ms.std() == pytest.approx(mean_ms, rel=0.02, abs=step_ms)
    u = (np.arange(TABLE_SIZE) + 0.5) / TABLE_SIZE
    inner = slice(0, TABLE_SIZE * 99 // 100)
    assert np.allclose(delays_ms[inner], -mean_ms * np.log1p(-u)[inner], rtol=1e-3, atol=step_ms)


@given(st.floats(0.001, 1000.0))
def test_a_table_fits_into_16_bits_and_delays_nothing_below_zero(mean_ms: float) -> None:
    found = exponential(mean_ms).jitter
    assert len(found.table) == TABLE_SIZE
    assert max(map(abs, found.table)) <= TABLE_MAX
    assert found.delays_ns.min() > -1.0 - found.scale_ns / DIST_SCALE


def test_a_constant_delay_needs_no_table() -> None:
    found = jitter(lambda u: np.full_like(u, 3.0), 3.0, 0.0, reorder=False)
    assert (found.offset_ns, found.scale_ns) == (3_000_000, 0)
    assert found.delays_ns.tolist() == [3_000_000.0]


def test_a_tail_beyond_the_table_is_refused() -> None:
    shape, mean = 2.5, 1 / 1.5
    with pytest.raises(ValueError, match=r"standard deviation of .* \(allowed on a line"):
        jitter(
            lambda u: (1 - u) ** (-1 / shape) - 1,
            mean,
            mean * math.sqrt(shape / (shape - 2)),
            reorder=False,
        )


def test_delays_beyond_the_kernel_are_refused() -> None:
    with pytest.raises(ValueError, match="allowed on a line: below 17 s"):
        jitter(lambda u: 40_000.0 * u, 20_000.0, 40_000.0 / math.sqrt(12), reorder=False)


def test_a_line_does_nothing_by_default_and_goes_through_json_unchanged() -> None:
    assert LineImpairment().model_dump() == {
        "loss": None,
        "jitter": None,
        "duplicate": 0.0,
        "corrupt": 0.0,
    }
    for loss in (RandomLoss(p=0.1), GilbertElliott(p=0.1, r=0.2)):
        what = exponential(2.0).model_copy(update={"loss": loss})
        assert LineImpairment.model_validate_json(what.model_dump_json()) == what
