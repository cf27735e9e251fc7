"""Whether calls brought the sound and the pictures that they should have brought. Pure.

What should come is what was agreed, from shortly after a call stands to its end. Sound is counted
by how long it can be played and pictures by how long they moved, whatever a packet of them is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from giaoban.results.model.studies.load import MediaResult
from giaoban.scenarios.load.locust.outcomes import ReceivedMedia
from giaoban.traffic.media_load.messages import MEDIA

START_MS = 1000.0
"""How long a device may take until it sends, once a call stands; assumed."""
LEAST_PCT = 95.0
"""Of what should come from then on; assumed."""
ON_ITS_WAY_MS = 100.0
"""What may be on its way, or not yet cut into packets, when a call ends."""
SHORTEST_MS = 300.0
"""Of a call that ends before this nobody can tell what should have come."""
WITHHELD, NOT_AGREED, NOTHING = "withheld", "not-agreed", "nothing"
LATE, TOO_LITTLE = "late", "too-little"


def results(heard: Sequence[ReceivedMedia]) -> list[MediaResult]:
    """Each medium that bridges asked for."""
    found = []
    for medium in MEDIA:
        calls = [call for call in heard if call.medium == medium]
        if not calls:
            continue
        judged = [call for call in calls if call.lasted_ms >= SHORTEST_MS]
        together_ms = sum(call.lasted_ms for call in calls)
        if not any(call.received for call in calls) and together_ms >= START_MS:
            judged = calls  # however short each is: a device that never sends is seen
        missed = Counter(why for call in judged if (why := missing(call)) is not None)
        shares = [received_pct(call) for call in judged]
        found.append(
            MediaResult(
                medium=medium,
                calls=len(judged),
                too_short=len(calls) - len(judged),
                missed=dict(sorted(missed.items())),
                packets_sent=sum(call.sent for call in calls),
                packets_received=sum(call.received for call in calls),
                packets_lost=sum(max(0, call.lost) for call in calls),
                expected_s=round(sum(map(expected_ms, judged)) / 1e3, 3),
                heard_s=round(sum(min(c.heard_ms, expected_ms(c)) for c in judged) / 1e3, 3),
                worst_pct=round(min(shares), 1) if shares else None,
            )
        )
    return found


def expected_ms(call: ReceivedMedia) -> float:
    """For how long something should have come: from when the first came, or should have."""
    wait_ms = START_MS if call.wait_ms is None else min(call.wait_ms, START_MS)
    return max(0.0, call.lasted_ms - wait_ms - ON_ITS_WAY_MS)


def received_pct(call: ReceivedMedia) -> float:
    """How much of it came, up to 100; of a call that has hardly begun, whether anything did."""
    expected = expected_ms(call)
    if call.heard_ms >= expected:
        return 100.0 if call.received else 0.0
    return 100.0 * call.heard_ms / expected


def missing(call: ReceivedMedia) -> str | None:
    """Why the bridge did not hear or see what it should; None if it did."""
    if call.withheld:
        return WITHHELD
    if not call.agreed:
        return NOT_AGREED
    if call.wait_ms is None:
        return NOTHING
    if call.wait_ms > START_MS:
        return LATE
    return None if received_pct(call) >= LEAST_PCT else TOO_LITTLE
