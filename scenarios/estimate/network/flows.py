"""Everything that sends in a meeting, numbered: streams, signalling, RTCP, other traffic.

Flow n is stream n of the plan; behind them each path has four (`SIP`, and RTCP of each medium), and
behind those are the plan's background streams.
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
PER_PATH = 1 + len(KINDS)


@dataclass(frozen=True)
class Flows:
    """The numbers of one plan's flows.

    Attributes:
        streams: how many of the flows are streams of the plan.
        kinds: medium of each stream, its place in `KINDS`.
        path_of: (flows,) path of each, END for background.
        dscp: (flows,) code point of its packets.
    """

    streams: int
    kinds: list[int]
    path_of: NDArray[np.int32]
    dscp: NDArray[np.int32]

    def signalling(self, path: int) -> int:
        """SIP on a path."""
        return self.streams + PER_PATH * path + SIP

    def control(self, path: int, kind: Kind) -> int:
        """RTCP of a medium on a path."""
        return self.streams + PER_PATH * path + 1 + KINDS.index(kind)

    def controls(self, path: NDArray[np.int32], kind: NDArray[np.int8]) -> NDArray[np.int32]:
        """(n,) RTCP of media on paths, both (n,); the media by their places in `KINDS`."""
        return (self.streams + PER_PATH * path + 1 + kind).astype(np.int32)

    def control_of(self, flow: int) -> tuple[int, Kind, bool]:
        """Of a flow of RTCP: whose call's (index into the plan's), its medium, whether it goes
        down."""
        path, kind = divmod(flow - self.streams, PER_PATH)
        return path // 2, KINDS[kind - 1], bool(path % 2)

    def is_control(self, flow: int) -> bool:
        """Whether a flow is RTCP of a medium."""
        return bool(self.are_control(np.array([flow]))[0])

    def are_control(self, flows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """(n,) which of n flows are."""
        of_paths = (flows >= self.streams) & (flows < self._first_background)
        is_control: NDArray[np.bool_] = of_paths & ((flows - self.streams) % PER_PATH != SIP)
        return is_control

    def background(self, number: int) -> int:
        """A background stream of the plan."""
        return self._first_background + number

    @property
    def _first_background(self) -> int:
        return self.streams + PER_PATH * (int(self.path_of.max(initial=END)) + 1)

    @classmethod
    def of(cls, plan: Plan) -> Flows:
        """All flows of a plan."""
        number = {call.bridge: place for place, call in enumerate(plan.calls)}
        paths = [2 * number[s.bridge] + (s.direction == "down") for s in plan.streams]
        codes = [DSCP_AUDIO if s.kind == "audio" else DSCP_VIDEO for s in plan.streams]
        for path in range(2 * len(plan.calls)):
            paths += [path] * PER_PATH
            codes += [DSCP_SIGNALLING, DSCP_AUDIO, DSCP_VIDEO, DSCP_VIDEO]
        paths += [END] * len(plan.background)
        codes += [each.dscp for each in plan.background]
        kinds = [KINDS.index(s.kind) for s in plan.streams]
        return cls(len(plan.streams), kinds, _int32(paths), _int32(codes))


def _int32(values: Iterable[int]) -> NDArray[np.int32]:
    return np.array(list(values), np.int32)
