"""Whether a call brought the sound and the pictures that it should. Pure.

Due is what was agreed, from shortly after a call stands to its end. Sound is counted by how long it
can be played, pictures by how long they moved, whatever a packet of them is.
"""

from __future__ import annotations

from collections.abc import Mapping

from giaoban.results.model.studies.load import MediaResult, OperationResult
from giaoban.scenarios.load.outcomes import ReceivedMedia
from giaoban.traffic.media_load.messages import MEDIA

START_MS = 1000.0
"""How long a device may take until it sends, once a call stands; assumed."""
LEAST_PCT = 95.0
"""Of what is due from then on; assumed."""
ON_ITS_WAY_MS = 100.0
"""What may be on its way, or not yet cut into packets, when a call ends."""
SHORTEST_MS = 300.0
"""Shorter calls are not judged, unless no call brought a packet."""
WITHHELD, NOT_AGREED, NOTHING = "withheld", "not-agreed", "nothing"
LATE, TOO_LITTLE = "late", "too-little"


def results(
    operations: Mapping[str, OperationResult], counts: Mapping[str, int]
) -> list[MediaResult]:
    """Return the result of each medium that bridges asked for.

    Args:
        operations: by medium, calls judged (`missing`).
        counts: sums of all calls, as `giaoban.scenarios.load.locust.run` has them.
    """
    found = []
    for medium in MEDIA:
        judged, short = operations.get(medium), counts.get(f"{medium} short", 0)
        if judged is None and not short:
            continue
        calls = 0 if judged is None else judged.attempts
        missed = {} if judged is None else judged.answers
        received = counts.get(f"{medium} received", 0)
        if not received and not calls and counts.get(f"{medium} short ms", 0) >= START_MS:
            calls, short, missed = short, 0, {NOTHING: short}  # a device that never sends is seen
        found.append(
            MediaResult(
                medium=medium,
                calls=calls,
                too_short=short,
                missed=dict(sorted(missed.items())),
                packets_sent=counts.get(f"{medium} sent", 0),
                packets_received=received,
                packets_lost=counts.get(f"{medium} lost", 0),
                expected_s=counts.get(f"{medium} expected ms", 0) / 1e3,
                heard_s=counts.get(f"{medium} heard ms", 0) / 1e3,
            )
        )
    return found


def expected_ms(call: ReceivedMedia) -> float:
    """Return for how long a medium was due: from when the first packet came, or should have."""
    wait_ms = START_MS if call.wait_ms is None else min(call.wait_ms, START_MS)
    return max(0.0, call.lasted_ms - wait_ms - ON_ITS_WAY_MS)


def received_pct(call: ReceivedMedia) -> float:
    """Return how much of it came, up to 100; of a call that has hardly begun, whether any did."""
    expected = expected_ms(call)
    if call.heard_ms >= expected:
        return 100.0 if call.received else 0.0
    return 100.0 * call.heard_ms / expected


def missing(call: ReceivedMedia) -> str | None:
    """Return why the bridge did not hear or see what was due; None if it did."""
    if call.withheld:
        return WITHHELD
    if not call.agreed:
        return NOT_AGREED
    if call.wait_ms is None:
        return NOTHING
    if call.wait_ms > START_MS:
        return LATE
    return None if received_pct(call) >= LEAST_PCT else TOO_LITTLE
