"""What came to the ends of paths, stream by stream."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giaoban.scenarios.estimate.media.logs import ReceivedLogs
from giaoban.scenarios.estimate.network.ended import Ended
from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.scenarios.estimate.network.packets import Packets

STREAMS, FLOWS = 3, 5
Steps = list[tuple[bool, list[int]]]
"""Of each step: whether it is known, and the flow of each packet that came."""


def received(steps: Steps, *, known: bool) -> tuple[ReceivedLogs, list[Ended]]:
    """A packet a nanosecond; `known`: whether steps may be known at all."""
    logs = ReceivedLogs(cast(Flows, SimpleNamespace(streams=STREAMS, path_of=np.zeros(FLOWS))))
    came, now_ns = [], 0
    for is_known, flows in steps:
        at_ns = now_ns + np.arange(len(flows))
        now_ns += len(flows)
        packets = Packets(at_ns, np.full(len(flows), 100, np.int32), np.int32(flows), 7 * at_ns)
        came.append(Ended(packets, known=known and is_known))
        logs.add(came[-1])
    return logs, came


@given(
    st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(0, FLOWS - 1), min_size=1, max_size=20)),
        max_size=6,
    )
)
def test_what_is_known_is_received_as_what_is_not(steps: Steps) -> None:
    """Of flows that are no streams only the number is known."""
    logs, _ = received(steps, known=True)
    flows = [flow for _, own in steps for flow in own]
    assert logs.counts.tolist() == [flows.count(flow) for flow in range(FLOWS)]
    plain, _ = received(steps, known=False)
    for stream in range(STREAMS):
        at_ns = [place for place, flow in enumerate(flows) if flow == stream]
        for found in (logs.of(stream), plain.of(stream)):
            assert found["at_ns"].tolist() == at_ns
            assert found["sequence"].tolist() == [7 * at for at in at_ns]


def test_what_is_received_again_is_the_very_same() -> None:
    """So that nobody has to look at it to know that."""
    logs, came = received([(True, [0, 1, 0, 4]), (True, [1, 1])], known=True)
    again = ReceivedLogs(cast(Flows, SimpleNamespace(streams=STREAMS, path_of=np.zeros(FLOWS))))
    for ended in came:
        again.add(ended)
    for stream, many in enumerate((1, 2, 0)):
        parts, others = logs.parts(stream), again.parts(stream)
        assert len(parts) == many
        assert all(one is other for one, other in zip(parts, others, strict=True))
