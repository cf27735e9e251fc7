"""When a receiver that misses packets of a picture asks for a key frame (RFC 4585 §3.5).

Such a request is early feedback. It may leave at once where a session has two members, which is so
between a bridge and the MCU (§3.4: T_dither_max is 0). But what loses packets of one often loses
those of all: then all ask at once, and the MCU answers with as many key frames on one line. So all
who look at one MCU's pictures (or all cameras that it looks at) count as one group, and each waits
for a random time up to T_dither_max = l · T_rr with l = 0.5 (§3.5.2), where T_rr is the interval
of regular reports that the session's rate allows, without the minimum of 5 s (§3.4 e): tens of
milliseconds at 2 Mb/s. More than `MOST_DITHER_NS` nobody waits, however large the meeting: what is
shorter is allowed in a session of two, and a picture that comes much later is of less use to people
than one in a burst.

One early request is allowed, and the next one only after an interval (§3.5.2: allow_early). That
interval is not T_rr, in which key frames would take all of the rate, but as with trr-int (§3.5.3)
`HOLD_NS` by a random factor from 0.5 to 1.5, so that those who asked together do not ask together
again. Where no key frame has come, the request or its answer was lost: it is repeated, which RFC
5104 (§4.3.1) does not count as another one, once both have had their time. Regular reports keep
theirs.
"""

from __future__ import annotations

import numpy as np

LOOK_NS = 100_000_000
"""How often a device looks at what came, makes pictures, and asks."""
LEAD_NS = 40_000_000
"""Pictures are handed to the kernel so long before the first of them is due."""
ANSWER_NS = LOOK_NS + LEAD_NS
"""From a request's arrival to when the first picture may leave that is made for it: four
pictures of 30 a second, which real encoders need too. It is the same wherever in the device's turns
a request comes, or all that come within one would be answered together."""
HOLD_NS = 1_000_000_000
"""A key frame costs a burst: one is asked for about as often."""
REPEAT_NS = 400_000_000
"""A request and the key frame that answers it take less: to be looked at, dithered, answered, and
their ways. It is repeated after up to half as long again."""
DITHER_SHARE = 0.5
"""l of RFC 4585 §3.5.2."""
RTCP_SHARE = 0.05
"""Of a session's rate, RFC 3550 §6.2."""
REPORT_BYTES = 104
"""A report on the wire: IP and UDP 28, sender's part 28, one block 24, a name of 11 letters 24."""
MOST_DITHER_NS = LOOK_NS
"""So that a request is handed to the kernel in the turn in which its need is seen."""
LONG_AGO_NS = -(2**62)


def dither_max_ns(kbps: float, members: int) -> int:
    """T_dither_max of a group: half of the interval of RFC 3550 A.7 without its minimum.

    `kbps`: the medium's. `members`: all of them send, so all share RTCP's part of the rate
    (§6.3.1). The interval is the deterministic one: what is drawn is the time within it.
    """
    interval_s = members * REPORT_BYTES * 8 / (RTCP_SHARE * kbps * 1000)
    return min(round(DITHER_SHARE * interval_s * 1e9), MOST_DITHER_NS)


class KeyFrameRequestTimer:
    """One receiver's requests to one source."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._next_ns = self._repeat_ns = LONG_AGO_NS
        self._keys = 0

    def ask(self, now_ns: int, dither_ns: int, keys: int) -> int | None:
        """Return when a request is to leave for a picture that cannot be decoded now.

        None: one left lately; if the picture is still undecodable later, ask again.

        Args:
            dither_ns: T_dither_max.
            keys: how many key frames of the source have begun so far.
        """
        answered = keys != self._keys
        if now_ns < (self._next_ns if answered else self._repeat_ns):
            return None
        rng = self._rng
        dither, hold, repeat = rng.random(), rng.uniform(0.5, 1.5), rng.uniform(1.0, 1.5)
        at_ns = now_ns + int(dither * dither_ns)
        self._next_ns = at_ns + round(hold * HOLD_NS)
        self._repeat_ns = at_ns + round(repeat * REPEAT_NS)
        self._keys = keys
        return at_ns
