"""What was found of a record is not found again, and never taken for what another one has."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from quality_factory import delivered, video_log
from traffic_factory import MS, START_NS

from giaoban.traffic.quality.frames import frames, measure_frames
from giaoban.traffic.quality.lipsync import lip_sync
from giaoban.traffic.quality.measure import measure, trace_in_order
from giaoban.traffic.quality.memoized import memoized

SECOND_NS = 1000 * MS
asked: list[tuple[int, int]] = []


@dataclass(frozen=True, eq=False)
class Record:
    value: int
    found: dict[Any, Any] | None = field(default=None, init=False)


@memoized
def sum_with(record: Record, more: int) -> int:
    asked.append((record.value, more))
    return record.value + more


def test_each_is_asked_once_of_a_record_that_remembers() -> None:
    asked.clear()
    record = Record(1)
    assert [sum_with(record, 2), sum_with(record, 2)] == [3, 3]
    assert asked == [(1, 2)] * 2  # it does not
    object.__setattr__(record, "found", {})
    assert [sum_with(record, 2), sum_with(record, more=3), sum_with(record, 2)] == [3, 4, 3]
    assert asked[2:] == [(1, 2), (1, 3)]
    assert replace(record, value=7).found is None


def test_measures_are_the_same_and_another_trace_has_its_own() -> None:
    plain = delivered(video_log(90, 4, keys=[0, 60]), missing=[100, 101, 300])
    kept = plain.memoizing()
    edges = [START_NS + n * SECOND_NS for n in range(4)]
    windows = [(edges[0], edges[1]), (edges[1], edges[3])]
    for start_ns, end_ns in [*windows, *windows]:
        assert measure(kept, start_ns, end_ns) == measure(plain, start_ns, end_ns)
        seen, anew = frames(kept, 80 * MS), frames(plain, 80 * MS)
        assert measure_frames(seen, start_ns, end_ns) == measure_frames(anew, start_ns, end_ns)
        assert lip_sync(seen, kept, start_ns, end_ns) == lip_sync(anew, plain, start_ns, end_ns)
    assert frames(kept, 80 * MS) is seen
    assert kept.found
    later = replace(kept, arrival_ns=np.where(kept.arrived, kept.arrival_ns + 50 * MS, -1))
    p50_ms = [measure(each, *windows[0]).delay_p50_ms for each in (kept, later)]
    assert None not in p50_ms
    assert p50_ms[1] == p50_ms[0] + 50  # type: ignore[operator]


def test_which_frame_a_packet_is_of_is_found_once_for_all_that_comes_of_a_stream() -> None:
    sent = video_log(90, 4, keys=[0, 60])
    at, came_ns = np.arange(len(sent)), sent["leaving_ns"] + 30 * MS
    first = trace_in_order(sent, at, came_ns, 90_000).memoizing()
    expected = frames(first, 80 * MS)
    later = trace_in_order(sent, at, came_ns + MS, 90_000, another=first).memoizing()
    assert later.found_of_sent is first.found_of_sent
    assert later.found_of_sent
    found = frames(later, 80 * MS)
    assert found.complete_ns.tolist() == (expected.complete_ns + MS).tolist()
    few = at[3:]
    without = trace_in_order(sent, few, came_ns[few], 90_000, another=later)
    alone = trace_in_order(sent, few, came_ns[few], 90_000)
    window = START_NS, START_NS + 4 * SECOND_NS
    assert measure_frames(frames(without), *window) == measure_frames(frames(alone), *window)
    assert replace(first, timestamp=first.timestamp + 1).found_of_sent is None
