"""How often key frames are asked for: a key frame costs every viewer of a source a burst.

A repetition of a request that was not answered is not a new request (RFC 5104 §4.3.1), so it may
follow sooner. For content the limits are a real MCU's.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from giaoban.clock import SECOND_NS

WAKE_UP_NS = 2_000_000
"""Loops wake up microseconds earlier or later than they should. One wake-up that is due just when
an interval ends is after it: else chance would decide whether it is this one or the next.
"""


class KeyFrameLimits(NamedTuple):
    """Limits on requests to one source, and on requests of one viewer.

    Attributes:
        interval_ns: from a request to the next one to the same source.
        repeat_ns: the same while no key frame has come since the request.
        viewer_requests: how many of one viewer are heard within `window_ns`; None: all.
        pause_ns: for how long a viewer that asks more often is not heard.
    """

    interval_ns: int
    repeat_ns: int
    viewer_requests: int | None = None
    window_ns: int = 0
    pause_ns: int = 0


VIDEO_LIMITS = KeyFrameLimits(interval_ns=SECOND_NS, repeat_ns=SECOND_NS // 2)
CONTENT_LIMITS = KeyFrameLimits(
    interval_ns=5 * SECOND_NS,
    repeat_ns=5 * SECOND_NS,
    viewer_requests=3,
    window_ns=10 * SECOND_NS,
    pause_ns=10 * SECOND_NS,
)
"""Defaults of the Polycom RMX 1500 (administrator's guide, page 2-36,
https://www.manualslib.com/manual/664392/Polycom-Rmx-1500.html?page=84): system flags
CONTENT_SPEAKER_INTRA_SUPPRESSION_IN_SECONDS, MAX_INTRA_REQUESTS_PER_INTERVAL_CONTENT and
MAX_INTRA_SUPPRESSION_DURATION_IN_SECONDS_CONTENT."""


class RequestDamper:
    """Keeps the requests of one channel within its limits; sources and viewers are rows."""

    def __init__(self, limits: KeyFrameLimits) -> None:
        self._limits = limits
        self._asked_ns: dict[int, int] = {}
        self._heard_ns: dict[int, deque[int]] = {}
        self._paused_until_ns: dict[int, int] = {}

    def allows(self, source: int, now_ns: int, *, unanswered: bool = False) -> bool:
        """Whether a source may be asked now; if so, it counts as asked.

        `unanswered`: no key frame has come from it since it was asked last. A request that is
        not allowed is not lost: the caller tries again later.
        """
        limits = self._limits
        asked_ns = self._asked_ns.get(source)
        pause_ns = limits.repeat_ns if unanswered else limits.interval_ns
        if asked_ns is not None and now_ns - asked_ns < pause_ns - WAKE_UP_NS:
            return False
        self._asked_ns[source] = now_ns
        return True

    def accepts(self, viewer: int, now_ns: int) -> bool:
        """Whether a request that a viewer sends now counts, or comes from one that asks too often.

        A viewer that exceeds its number within a window is not heard for the time of the pause.
        """
        limits = self._limits
        if limits.viewer_requests is None:
            return True
        if now_ns < self._paused_until_ns.get(viewer, now_ns):
            return False
        heard = self._heard_ns.setdefault(viewer, deque())
        while heard and now_ns - heard[0] >= limits.window_ns:
            heard.popleft()
        if len(heard) >= limits.viewer_requests:
            heard.clear()
            self._paused_until_ns[viewer] = now_ns + limits.pause_ns
            return False
        heard.append(now_ns)
        return True

    def forget(self, row: int) -> None:
        """Another call may sit in this row from now on."""
        self._asked_ns.pop(row, None)
        self._heard_ns.pop(row, None)
        self._paused_until_ns.pop(row, None)
