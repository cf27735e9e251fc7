"""What a link is loaded to while an impairment gives it another rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pretended_meeting import Meeting

from giaoban.scenarios.measure.links import utilisation_pct


@pytest.mark.parametrize(
    ("to_s", "shares"), [(3.0, [0, 1, 1, 0, 0]), (3.5, [0, 1, 1, 0.5, 0]), (None, [0, 1, 1, 1, 1])]
)
def test_a_load_is_of_the_rate_in_force(
    tmp_path: Path, to_s: float | None, shares: list[float]
) -> None:
    """10 Mb/s, and 2.5 Mb/s from the first second on: of each second, a share."""
    end = "" if to_s is None else f"to_s = {to_s}\n"
    more = f"from_s = 1.0\n{end}rate = {{ kbps = 2500.0 }}\n"
    more = f'[[impairment]]\nlink = "access-east"\ndirection = "up"\n{more}'
    captured = Meeting(tmp_path, more=more).load()
    times_s, percent = utilisation_pct(captured)
    column = captured.hops.index(("access-east", "east->r-east"))
    bits = np.diff(captured.samples[:, 1 + column]) * 8
    first = int(np.searchsorted(times_s, captured.plan.phases[0].start_s - 0.01))
    here = slice(first, first + len(shares))
    own = captured.plan.network.link("access-east").rate_mbps
    rates = own + np.array(shares) * (2.5 - own)
    assert percent[here, column] == pytest.approx(bits[here] / rates / 1e4, rel=1e-6)
    assert bits[here].min() > 0
