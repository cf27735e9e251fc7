"""Packets that were lost, restored from those that came and from FEC packets (RFC 5109 §9)."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from giaoban.traffic.ulpfec import Protection, sequence_of

KEPT_NS = 1_000_000_000
"""For so long packets are kept: no buffer plays later (`terminal.video_playout_ms` is less)."""
MOST_PACKETS, MOST_FEC_PACKETS = 1024, 64
"""And no more than so many: in 16 bits, numbers so near each other are told apart."""


class Restored(NamedTuple):
    """A packet that was lost, and when the last of what restores it came."""

    packet: bytes
    at_ns: int


class FecDecoder:
    """One stream's last packets, and the FEC packets that may still restore one."""

    def __init__(self, ssrc: int) -> None:
        """`ssrc`: of the stream that is protected."""
        self.ssrc = ssrc
        self._packets: dict[int, bytes] = {}
        self._came_ns: dict[int, int] = {}
        self._order: deque[tuple[int, int]] = deque()
        """When each packet was taken in, and its number."""
        self._waiting: deque[tuple[int, Protection]] = deque()
        self._latest: int | None = None

    def __len__(self) -> int:
        """Packets of both kinds that are kept."""
        return len(self._packets) + len(self._waiting)

    @property
    def waits(self) -> bool:
        """Whether an FEC packet may still restore something with what comes next."""
        return bool(self._waiting)

    def came(self, packet: bytes, at_ns: int) -> list[Restored]:
        """A packet of the stream came: what it restores with FEC packets before it."""
        number = sequence_of(packet)
        ahead = 0 if self._latest is None else (number - self._latest + 0x8000) % 0x10000 - 0x8000
        if abs(ahead) > MOST_PACKETS:
            self._forget_all()  # numbers go on elsewhere
        if self._latest is None or ahead > 0 or ahead < -MOST_PACKETS:
            self._latest = number
        self._keep(number, packet, at_ns)
        return self._restore() if self._waiting else []

    def fec_came(self, packet: bytes, at_ns: int) -> list[Restored]:
        """An FEC packet came, with its RTP header: what it restores."""
        protection = Protection.parse(packet)
        if protection is None:
            return []
        self._forget(at_ns)
        self._waiting.append((at_ns, protection))
        return self._restore()

    def _restore(self) -> list[Restored]:
        """What can be restored, and then what this restores, until nothing more can."""
        found: list[Restored] = []
        again = True
        while again:
            again = False
            for one in list(self._waiting):
                at_ns, protection = one
                missing = [each for each in protection.sequences if each not in self._packets]
                if len(missing) > 1:
                    continue
                self._waiting.remove(one)
                if not missing:
                    continue
                packet = protection.restore(self._packets, ssrc=self.ssrc)
                if packet is None:
                    continue
                others = [each for each in protection.sequences if each != missing[0]]
                at_ns = max([at_ns, *(self._came_ns[each] for each in others)])
                self._keep(missing[0], packet, at_ns)
                found.append(Restored(packet, at_ns))
                again = True
        return found

    def _keep(self, number: int, packet: bytes, at_ns: int) -> None:
        self._forget(at_ns)
        if number in self._packets:
            return
        self._packets[number], self._came_ns[number] = packet, at_ns
        self._order.append((at_ns, number))

    def _forget(self, now_ns: int) -> None:
        """Let go of what is too old, or too much."""
        while self._order and (
            self._order[0][0] < now_ns - KEPT_NS or len(self._order) >= MOST_PACKETS
        ):
            number = self._order.popleft()[1]
            del self._packets[number], self._came_ns[number]
        while self._waiting and (
            self._waiting[0][0] < now_ns - KEPT_NS or len(self._waiting) >= MOST_FEC_PACKETS
        ):
            self._waiting.popleft()

    def _forget_all(self) -> None:
        self._packets.clear()
        self._came_ns.clear()
        self._order.clear()
        self._waiting.clear()
