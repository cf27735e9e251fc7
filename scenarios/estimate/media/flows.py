"""Everything that sends in a meeting, numbered: streams, signalling, RTCP, other traffic.

Flow n is stream n of the plan; behind them each way has four (`SIP`, and RTCP of each medium), and
behind those are the plan's background streams. Where bridges ask for the floor of the content
channel, each way has one of BFCP at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import KINDS, Kind
from giaoban.scenarios.estimate.network.paths import END
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.profiles import DSCP_AUDIO, DSCP_SIGNALLING, DSCP_VIDEO

SIP = 0
A_WAY = 1 + len(KINDS)


@dataclass(frozen=True)
class Flows:
    """The numbers of one plan's flows.

    Attributes:
        streams: how many of the flows are streams of the plan.
        kinds: medium of each stream, its place in `KINDS`.
        way_of: (flows,) way of each, END for background.
        dscp: (flows,) code point of its packets.
        backgrounds: how many of the flows are background streams of the plan.
    """

    streams: int
    kinds: list[int]
    way_of: NDArray[np.int32]
    dscp: NDArray[np.int32]
    backgrounds: int

    def signalling(self, way: int) -> int:
        """SIP on a way."""
        return self.streams + A_WAY * way + SIP

    def floor_control(self, way: int) -> int:
        """BFCP on a way, where there is any."""
        return self._first_background + self.backgrounds + way

    def control(self, way: int, kind: Kind) -> int:
        """RTCP of a medium on a way."""
        return self.streams + A_WAY * way + 1 + KINDS.index(kind)

    def controls(self, way: NDArray[np.int32], kind: NDArray[np.int8]) -> NDArray[np.int32]:
        """(n,) RTCP of media on ways, both (n,); the media by their places in `KINDS`."""
        return (self.streams + A_WAY * way + 1 + kind).astype(np.int32)

    def control_of(self, flow: int) -> tuple[int, Kind, bool]:
        """Of a flow of RTCP: whose call's (index into the plan's), its medium, whether it goes
        down."""
        way, kind = divmod(flow - self.streams, A_WAY)
        return way // 2, KINDS[kind - 1], bool(way % 2)

    def is_control(self, flow: int) -> bool:
        """Whether a flow behind the streams is RTCP of a medium."""
        if not self.streams <= flow < self._first_background:
            return False
        return (flow - self.streams) % A_WAY != SIP

    def background(self, number: int) -> int:
        """A background stream of the plan."""
        return self._first_background + number

    @property
    def _first_background(self) -> int:
        return self.streams + A_WAY * (int(self.way_of.max(initial=END)) + 1)

    @classmethod
    def of(cls, plan: Plan) -> Flows:
        """All flows of a plan."""
        number = {call.bridge: place for place, call in enumerate(plan.calls)}
        ways = [2 * number[s.bridge] + (s.direction == "down") for s in plan.streams]
        codes = [DSCP_AUDIO if s.kind == "audio" else DSCP_VIDEO for s in plan.streams]
        for way in range(2 * len(plan.calls)):
            ways += [way] * A_WAY
            codes += [DSCP_SIGNALLING, DSCP_AUDIO, DSCP_VIDEO, DSCP_VIDEO]
        ways += [END] * len(plan.background)
        codes += [each.dscp for each in plan.background]
        if plan.floor_port is not None:
            ways += range(2 * len(plan.calls))
            codes += [DSCP_SIGNALLING] * (2 * len(plan.calls))
        kinds = [KINDS.index(s.kind) for s in plan.streams]
        backgrounds = len(plan.background)
        return cls(len(plan.streams), kinds, _int32(ways), _int32(codes), backgrounds)


def _int32(values: Iterable[int]) -> NDArray[np.int32]:
    return np.array(list(values), np.int32)
