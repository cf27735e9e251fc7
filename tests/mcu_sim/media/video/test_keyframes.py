"""Key-frame requests stay within their limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.media.video.keyframes import CONTENT_LIMITS, VIDEO_LIMITS, RequestDamper

MS = 1_000_000
START_NS = 70_000 * MS


def at(ms: int) -> int:
    return START_NS + ms * MS


def test_a_source_is_asked_once_a_second() -> None:
    damper = RequestDamper()
    asked = [ms for ms in range(0, 3000, 10) if damper.allows(4, at(ms))]
    assert asked == [0, 1000, 2000]


def test_a_wake_up_that_is_microseconds_early_is_not_too_early() -> None:
    """Else chance would decide whether a camera is asked now or at the next wake-up."""
    damper = RequestDamper()
    assert damper.allows(4, at(0) + 8000)
    assert not damper.allows(4, at(960) + 5000)
    assert damper.allows(4, at(1000) + 2000)


def test_a_request_that_was_not_answered_is_repeated_after_half_a_second() -> None:
    damper = RequestDamper(*VIDEO_LIMITS)
    asked = [ms for ms in range(0, 2000, 10) if damper.allows(4, at(ms), unanswered=True)]
    assert asked == [0, 500, 1000, 1500]


def test_sources_do_not_share_their_limits() -> None:
    damper = RequestDamper()
    assert [damper.allows(source, at(0)) for source in (1, 2, 1, 3)] == [True, True, False, True]


def test_a_presenter_is_asked_once_in_five_seconds_answered_or_not() -> None:
    damper = RequestDamper(*CONTENT_LIMITS)
    asked = [
        ms for ms in range(0, 12_000, 100) if damper.allows(4, at(ms), unanswered=ms % 200 == 0)
    ]
    assert asked == [0, 5000, 10_000]


def test_a_viewer_of_content_is_heard_three_times_in_ten_seconds_then_not_for_ten() -> None:
    damper = RequestDamper(*CONTENT_LIMITS)
    heard = [s for s in range(40) if damper.hears(1, at(s * 1000))]
    # the fourth, at 3 s, is one too many: not heard until 13 s
    assert heard == [0, 1, 2, 13, 14, 15, 26, 27, 28, 39]
    assert damper.hears(2, at(5000))


def test_a_viewer_that_asks_now_and_then_is_always_heard() -> None:
    damper = RequestDamper(*CONTENT_LIMITS)
    # three in any ten seconds
    assert all(damper.hears(1, at(ms)) for ms in range(0, 100_000, 3334))


def test_after_a_short_pause_a_viewer_begins_anew() -> None:
    damper = RequestDamper(viewer_requests=2, window_ns=10_000 * MS, pause_ns=1000 * MS)
    heard = [ms for ms in range(0, 3000, 100) if damper.hears(1, at(ms))]
    # one too many at 200, 1400 and 2600 ms
    assert heard == [0, 100, 1200, 1300, 2400, 2500]


def test_viewers_of_video_are_heard_as_often_as_they_ask() -> None:
    damper = RequestDamper()
    assert all(damper.hears(1, at(ms)) for ms in range(100))


def test_another_call_in_the_row_has_no_past() -> None:
    damper = RequestDamper(*CONTENT_LIMITS)
    assert damper.allows(1, at(0))
    assert [damper.hears(1, at(ms)) for ms in range(4)] == [True, True, True, False]
    damper.forget(1)
    assert damper.allows(1, at(10))
    assert damper.hears(1, at(10))


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 2), st.booleans()), max_size=60),
    st.sampled_from([VIDEO_LIMITS, CONTENT_LIMITS]),
)
def test_no_source_is_ever_asked_more_often(
    asked: list[tuple[int, int, bool]], limits: tuple[int, int, int | None, int, int]
) -> None:
    damper, now_ms = RequestDamper(*limits), 0
    last: dict[int, int] = {}
    for wait_ms, source, unanswered in asked:
        now_ms += wait_ms
        least_ns = limits[1] if unanswered else limits[0]
        due = source not in last or (now_ms - last[source]) * MS >= least_ns
        assert damper.allows(source, at(now_ms), unanswered=unanswered) == due
        if due:
            last[source] = now_ms
