"""When devices make media and look at what came: the grids of the emulation's loops, in ns."""

from __future__ import annotations

from dataclasses import dataclass

from giaoban.clock import NEVER_NS
from giaoban.mcu_sim.media.audio.bank import TICK_NS
from giaoban.mcu_sim.media.plane import AHEAD_LEAD_NS, AHEAD_NS
from giaoban.scenarios.bridge.windows import WINDOW_LEAD_NS, window_ns
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.receiver.feedback import LEAD_NS, LOOK_NS

SETTLED_NS = 2_000_000_000
"""What may overtake has come so long after an impairment's end."""


@dataclass(frozen=True)
class Windows:
    """The grids of one plan.

    Attributes:
        bridge_ns: see `giaoban.scenarios.bridge.windows.window_ns`.
        watchful: whether devices look every `LOOK_NS`, and make pictures in windows of that.
        stride: ticks of sound that the MCU mixes in one go.
    """

    bridge_ns: int
    watchful: bool
    stride: int

    @classmethod
    def of(cls, plan: Plan) -> Windows:
        """As bridges and `giaoban.mcu_sim.media.plane` choose them."""
        mix_ns = round(plan.device.audio_mix_delay_ms * 1e6)
        return cls(
            bridge_ns=window_ns(plan),
            watchful=plan.watchful,
            stride=1 if mix_ns <= 1.25 * TICK_NS else 2,
        )

    def camera_made_ns(self, now_ns: int) -> int:
        """Before when a camera's packets are due that are made by now, at a call's begin too."""
        if not self.watchful:
            return self.audio_made_ns(now_ns)
        return (now_ns // LOOK_NS + 1) * LOOK_NS + LEAD_NS

    def audio_made_ns(self, now_ns: int) -> int:
        """The same of a microphone."""
        return (now_ns // self.bridge_ns + 1) * self.bridge_ns + WINDOW_LEAD_NS

    def camera_look_ns(self, at_ns: int) -> int:
        """When a bridge sees whether a report is due, first at or after a moment."""
        return -(-at_ns // self.bridge_ns) * self.bridge_ns

    def composed_made_ns(self, now_ns: int) -> int:
        """Before when the frames of composed pictures are due that are made by now."""
        if not self.watchful:
            return self.relayout_ns(now_ns)
        return (now_ns // LOOK_NS + 1) * LOOK_NS + LEAD_NS

    def relayout_ns(self, now_ns: int) -> int:
        """From when on a composed picture is due that is arranged anew now."""
        return (now_ns // AHEAD_NS + 1) * AHEAD_NS + AHEAD_LEAD_NS

    def mixed(self, now_ns: int) -> int:
        """The last tick that is mixed by now."""
        return now_ns // (self.stride * TICK_NS) * self.stride


def overtaking_ns(plan: Plan) -> tuple[int, int]:
    """From when to when an impairment may let packets overtake each other; never: both 0."""
    spans = [
        (interval.from_s, interval.to_s)
        for stream in plan.streams
        for interval in stream.impairments
        if interval.what.jitter is not None and interval.what.jitter.reorder
    ]
    spans += [
        (line.from_s, line.to_s)
        for line in plan.lines
        if line.what.jitter is not None and line.what.jitter.reorder
    ]
    if not spans:
        return 0, 0
    ends = [NEVER_NS if to_s is None else round(to_s * 1e9) + SETTLED_NS for _, to_s in spans]
    return round(min(from_s for from_s, _ in spans) * 1e9), max(ends)
