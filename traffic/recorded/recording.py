"""A recording as packets that are sent round and round: what crosses from planning to the guest."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic import log, rtp
from giaoban.traffic.sources.rounds import Rounds

RATE_MARGIN = 1.1
"""How far a recording may be above its call's rate: encoders keep to it in the long run."""
SCALARS = ("clock_hz", "length_ns", "length_ticks")


@dataclass(frozen=True)
class Recording(Rounds):
    """RTP packets with their whole payloads.

    Attributes:
        payload: (bytes,) uint8, the payloads one after another.
        offset: (n + 1,) where each begins in `payload`, and the last one's end.
        capture_ns: (n,) when its picture or its first sample was taken, from the beginning.
        clock_hz: of the timestamps.

    Raises:
        ValueError: the arrays do not fit together.
    """

    payload: NDArray[np.uint8]
    offset: NDArray[np.int64]
    capture_ns: NDArray[np.int64]
    clock_hz: int

    def __post_init__(self) -> None:
        n = len(self.offset) - 1
        columns = (self.due_ns, self.capture_ns, self.timestamp, self.marker, self.key)
        if n < 1 or any(column.shape != (n,) for column in columns):
            raise ValueError("a recording needs packets, and each all that is known of it")
        if self.offset[0] != 0 or self.offset[-1] != len(self.payload) or self.sizes.min() < 0:
            raise ValueError("payloads do not lie one after another")
        if self.due_ns[0] < 0 or np.any(np.diff(self.due_ns) < 0):
            raise ValueError("packets are not in sending order")
        if self.due_ns[-1] >= self.length_ns or self.length_ticks < 1 or self.clock_hz < 1:
            raise ValueError("a round ends before its last packet is sent")

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(n,) bytes of each payload."""
        return np.diff(self.offset)

    @property
    def max_bytes(self) -> int:
        """The longest RTP packet: the width that a batch's rows need."""
        return rtp.HEADER_BYTES + int(self.sizes.max())

    @property
    def mean_kbps(self) -> float:
        """Payload bits a second over a round, as a codec's rate is given."""
        return len(self.payload) * 8 / self.length_ns * 1e6

    def packets_in_window(self, window_ns: int) -> int:
        """The most packets that are due in any window of such a length: room for a batch."""
        # the fullest window begins with a packet; numbers go on from round to round
        first = np.searchsorted(self.due_ns, self.due_ns)
        return int((self.due_before(self.due_ns + window_ns) - first).max())

    def save(self, path: Path) -> None:
        """Write it as an .npz."""
        arrays = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        log.save(path, **arrays)


def load(path: Path) -> Recording:
    """Read what `Recording.save` wrote.

    Raises:
        ValueError: it is something else.
    """
    arrays = log.load(path)
    names = {field.name for field in fields(Recording)}
    if set(arrays) != names:
        raise ValueError(f"{path}: is no recording: has {sorted(arrays)}, not {sorted(names)}")
    values: dict[str, Any] = dict(arrays)
    for name in SCALARS:
        values[name] = int(arrays[name].item())
    return Recording(**values)
