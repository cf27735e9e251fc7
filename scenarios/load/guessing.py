"""What guessing passwords came to: whether it is slowed down, and whether the MCU noticed. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from giaoban.results.model.load import Guessing, McuView
from giaoban.scenarios.load.locust.outcomes import AUTHENTICATION, Record

MINUTE_S = 60.0


def guessing(records: Sequence[Record], mcu: McuView | None) -> Guessing | None:
    """Of all guesses that there were; None if there were none."""
    guesses = [record for record in records if record.operation == "guess"]
    if not guesses:
        return None
    answered = [record for record in guesses if record.code in AUTHENTICATION]
    return Guessing(
        guesses=len(guesses),
        answered=len(answered),
        most_a_minute=most_a_minute(answered),
        seen=None if mcu is None else mcu.wrong_passwords,
    )


def most_a_minute(answered: Sequence[Record]) -> int:
    """The most that were answered to one name within any minute."""
    most = 0
    times: dict[str, deque[float]] = defaultdict(deque)
    for at_s, who in sorted((record.at_s + record.ms / 1e3, record.who) for record in answered):
        lately = times[who]
        lately.append(at_s)
        while lately[0] <= at_s - MINUTE_S:
            lately.popleft()
        most = max(most, len(lately))
    return most
