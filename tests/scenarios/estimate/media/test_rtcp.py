"""When reports are made, as the emulation's own sides of a session make them."""

from __future__ import annotations

import numpy as np

from giaoban.scenarios.estimate.media.rtcp import _intervals_ns
from giaoban.traffic.rtcp.session import Reporter


def test_reports_are_as_far_apart_as_a_reporter_with_the_seed_draws_them() -> None:
    count = 200  # of draws more than are made at a time
    reporter = Reporter(1, "mcu", 90_000, np.random.default_rng(5), 0)
    dues_ns = [reporter.due_ns]
    while len(dues_ns) < count:
        reporter.make(None, reporter.due_ns, 0)
        dues_ns.append(reporter.due_ns)
    assert _intervals_ns(5, count) == np.diff(dues_ns, prepend=0).tolist()
