"""A call and what is remembered of it, the same for both directions; the book of all calls."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from sipmessage import Request

from giaoban.mcu_sim.sip.dialog import Dialog, DialogId, id_in_request
from giaoban.mcu_sim.sip.endpoint import TransactionSlot
from giaoban.mcu_sim.sip.session_timer import TimerTerms
from giaoban.mcu_sim.sip.transaction import T1_MS


class CallState(enum.Enum):
    """Where a call stands.

    CALLING: ours, without final answer. RINGING: theirs, undecided. ANSWERED: our 200 is out, the
    ACK not in. CLOSING: hung up before that ACK, the BYE has to wait for it.
    """

    CALLING = enum.auto()
    RINGING = enum.auto()
    ANSWERED = enum.auto()
    ESTABLISHED = enum.auto()
    CLOSING = enum.auto()
    DONE = enum.auto()


@dataclass(slots=True, eq=False)
class Success:
    """A 2xx of ours to an INVITE that is not acknowledged yet; `offered`: its SDP is an offer."""

    slot: TransactionSlot
    sequence: int
    offered: bool
    data: bytes
    give_up_at_ms: float
    interval_ms: float = T1_MS


@dataclass(slots=True, eq=False)
class Call:
    """A call.

    Attributes:
        id: its name; our tag if it came in, the SIP Call-ID if it is ours.
        invite: the INVITE that began it.
        sent_sdp, seen_sdp: the last offer or answer that holds, of ours and of the peer.
        bye_reason: Reason of the BYE that waits for an ACK.
        pending: INFOs of the peer that its owner has not answered, by their key.
        asked: a re-INVITE of the peer that is undecided.
        offering: a re-INVITE of ours on its way.
        wanted: an offer of the owner that is on its way or waits for its turn.
        refresh_due: the session is to be refreshed.
        backing_off: our re-INVITE met the peer's and waits (RFC 3261 §14.1).
        glares: how often it did.
        informing: INFOs of ours that have no final answer.
    """

    id: str
    state: CallState
    outgoing: bool
    invite: TransactionSlot
    dialog: Dialog | None = None
    sent_sdp: bytes = b""
    seen_sdp: bytes | None = None
    success: Success | None = None
    bye_reason: str | None = None
    pending: dict[str, TransactionSlot] = field(default_factory=dict)
    timer_terms: TimerTerms | None = None
    expires_at_ms: float = 0.0
    asked: TransactionSlot | None = None
    offering: TransactionSlot | None = None
    wanted: bytes | None = None
    refresh_due: bool = False
    backing_off: bool = False
    glares: int = 0
    informing: int = 0

    @property
    def standing(self) -> Dialog:
        """The dialog, of a call that has one."""
        assert self.dialog is not None
        return self.dialog


class CallTable:
    """All calls by name, and by dialog once they have one."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self._dialogs: dict[DialogId, Call] = {}

    def add(self, call: Call) -> None:
        """Enter a call, or its dialog once there is one."""
        self.calls[call.id] = call
        if call.dialog is not None:
            self._dialogs[call.dialog.id] = call

    def forget(self, call: Call) -> None:
        """Strike a call out."""
        self.calls.pop(call.id, None)
        if call.dialog is not None:
            self._dialogs.pop(call.dialog.id, None)

    def in_dialog(self, request: Request) -> Call | None:
        """The call a request inside a dialog speaks of."""
        return self._dialogs.get(id_in_request(request))

    def get(self, name: str, state: CallState) -> Call:
        """A call by name that is in this state; `ValueError` if it is not."""
        call = self.calls.get(name)
        if call is None or call.state is not state:
            raise ValueError(f"call {name!r} is not {state.name.lower()}")
        return call
