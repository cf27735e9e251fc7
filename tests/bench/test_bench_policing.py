"""The table of docs/lines.md, and what was measured of such frames at another time."""

from __future__ import annotations

from bench.policing import CBS_BYTES, calls, taken


def test_the_same_frames_through_a_bucket_lose_what_was_measured_once() -> None:
    """At a fifth of the bucket's rate: some 0.6 % of packets at 6 kB and nothing at 50 kB."""
    for way in calls():
        lost, hit = zip(*(taken(way, cbs) for cbs in CBS_BYTES), strict=True)
        assert 0.3 < lost[0] < 1.2
        assert lost[0] > lost[1] > lost[2]
        assert lost[2] < 0.05
        assert hit[0] > hit[1] > hit[2]
