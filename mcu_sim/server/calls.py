"""The calls of the MCU, and the participants that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from giaoban.mcu_sim.conference.meeting import LONGEST_ID, is_id
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sdp import SessionDescription
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia, role
from giaoban.names import slug


@dataclass
class ParticipantCall:
    """One call from its admission to its end.

    Attributes:
        call: the user agent's name of it; `held`: the name its capacity is held under.
        asked, given: resolutions, "audio" for a call without video.
        host: where its signalling comes from; `contact`: where the MCU could call it back.
        local: our description in force.
        why_less: why it is given less than it asked for, "" if it is not.
        refused: reasons for sections of its offer, or of ours, that are not taken.
        sees: whose forwarded picture and content it is to see, by medium.
        offered: whether `local` is an offer that waits for its answer.
        standing: whether it is in its meeting, with media; `since_ns`: since when, or when it was
            last.
        dialled_ns: when the MCU dialled it; None: it called.
    """

    call: str
    held: str
    participant: str
    meeting: str
    row: int
    port_group: int
    asked: str
    given: str
    why_less: str
    host: str
    contact: str | None
    local: SessionDescription
    agreed: dict[Kind, NegotiatedMedia] = field(default_factory=dict)
    sees: dict[Kind, str | None] = field(default_factory=dict)
    offered: bool = False
    standing: bool = False
    since_ns: int = 0
    dialled_ns: int | None = None
    refused: tuple[str, ...] = ()

    @property
    def media(self) -> set[Kind]:
        """The media with which the call began: a new offer adds no others."""
        return {
            "audio" if one.kind == "audio" else "content" if role(one) == "content" else "video"
            for one in self.local.media
            if one.port
        }

    @property
    def may_show(self) -> bool:
        """Whether it has a content channel to send in; a call on hold (RFC 3264 §8.4) keeps it."""
        content = self.agreed.get("content")
        on_hold = not any(terms.sends for terms in self.agreed.values())
        return content is not None and (content.receives or on_hold)

    def left(self, cause: str, now_ns: int) -> dict[str, object]:
        """Return the fields of the event of a call that leaves its meeting now."""
        lasted_s = round((now_ns - self.since_ns) / 1e9, 3)
        return {"meeting": self.meeting, "lasted_s": lasted_s, "cause": cause}


class ParticipantCalls:
    """All calls, found by the user agent's name, by participant and by row."""

    def __init__(self, planned_streams: Iterable[str], guests: int) -> None:
        """`planned_streams`: participants with a row of their own; `guests`: rows for others."""
        self._own_row = {participant: row for row, participant in enumerate(planned_streams)}
        self.capacity = len(self._own_row) + guests
        self._free = list(range(self.capacity - 1, len(self._own_row) - 1, -1))
        self._calls: dict[str, ParticipantCall] = {}
        self._of_participant: dict[str, ParticipantCall] = {}
        self._of_row: dict[int, ParticipantCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[ParticipantCall]:
        """All calls, oldest first; the book may change meanwhile."""
        return iter(list(self._calls.values()))

    def get(self, call: str) -> ParticipantCall | None:
        """The call of that name, None if it is over."""
        return self._calls.get(call)

    def of(self, participant: str) -> ParticipantCall | None:
        """The call of a participant, None if it has none."""
        return self._of_participant.get(participant)

    def in_row(self, row: int) -> ParticipantCall | None:
        """The call in a row, None if it is free."""
        return self._of_row.get(row)

    def take_row(self, participant: str) -> int | None:
        """A free row for a participant's call: its own, or a guest's; None if all are taken."""
        row = self._own_row.get(participant)
        if row is None:
            return self._free.pop() if self._free else None
        return None if row in self._of_row else row

    def give_row(self, row: int) -> None:
        """Give back a row that was taken for a call that failed."""
        if row >= len(self._own_row):
            self._free.append(row)

    def has_own_row(self, participant: str) -> bool:
        """Whether a row is kept for this participant."""
        return participant in self._own_row

    def own_row(self, participant: str) -> int:
        """The row that is kept for a participant; `KeyError` if there is none."""
        return self._own_row[participant]

    def add(self, call: ParticipantCall) -> None:
        """Remember a call; its row was taken for it."""
        self._calls[call.call] = call
        self._of_participant[call.participant] = call
        self._of_row[call.row] = call

    def remove(self, call: ParticipantCall) -> None:
        """Forget a call and give back its row."""
        del self._calls[call.call], self._of_participant[call.participant], self._of_row[call.row]
        self.give_row(call.row)


def identity(user: str, participants: ParticipantCalls, *, unique: bool) -> str:
    """The participant's id for a user part of a SIP address.

    A name that has the form of an id is one; others are made into one, without Vietnamese marks.
    `unique`: where callers are not verified, two callers of one name are two participants with a
    number behind it.
    """
    name = user
    if not is_id(name):
        name = slug(user)[: LONGEST_ID - 2]
        name = name if is_id(name) else f"b-{name}".rstrip("-")
    if not unique:
        return name
    number, candidate = 1, name
    while participants.of(candidate) is not None:
        number += 1
        suffix = f"-{number}"
        candidate = name[: LONGEST_ID - len(suffix)].rstrip("-") + suffix
    return candidate
