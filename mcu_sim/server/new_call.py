"""A call, from what was settled for it."""

from __future__ import annotations

from mcu_sim.server.answering import Terms
from mcu_sim.server.calls import Call


def new_call(
    name: str,
    participant: str,
    meeting: str,
    row: int,
    terms: Terms,
    host: str,
    *,
    offered: bool,
    contact: str | None = None,
    dialled: tuple[str, int] | None = None,
) -> Call:
    """A call that has its row and its terms.

    `offered`: our description waits for its answer. `dialled`: the name its capacity is held under
    and when it was dialled, of a call of ours.
    """
    admission = terms.admission
    return Call(
        call=name,
        held=name if dialled is None else dialled[0],
        participant=participant,
        meeting=meeting,
        row=row,
        shelf=terms.shelf,
        asked=admission.resolution,
        given=admission.given or "",
        why_less=admission.reason if admission.stepped_down else "",
        host=host,
        contact=contact,
        local=terms.local,
        agreed=terms.agreed,
        offered=offered,
        dialled_ns=None if dialled is None else dialled[1],
        refused=terms.refused,
    )
