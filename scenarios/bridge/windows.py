"""In what windows a bridge hands its media to the kernel."""

from __future__ import annotations

from giaoban.scenarios.plan.plan import Plan

LONG_WINDOW_NS = 1_000_000_000
SHORT_WINDOW_NS = 200_000_000
"""A bridge that may notice that its call is dead must not have a second in hand. Pictures are made
in windows of `giaoban.traffic.receiver.feedback.LOOK_NS` where a key frame may be asked for."""
WINDOW_LEAD_NS = 60_000_000
"""A window is handed over so long before its first packet is due."""


def window_ns(plan: Plan) -> int:
    """The length of a bridge's windows: of sound, and of pictures unless it is watchful; at their
    starts it reports."""
    return SHORT_WINDOW_NS if plan.loses_on_purpose else LONG_WINDOW_NS
