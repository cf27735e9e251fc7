"""A call in either direction, and the table of all calls."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from sipmessage import Request

from giaoban.mcu_sim.sip.dialog import Dialog, DialogId, id_in_request
from giaoban.mcu_sim.sip.endpoint import TransactionSlot
from giaoban.mcu_sim.sip.session_timer import TimerTerms
from giaoban.mcu_sim.sip.transaction import T1_MS


class CallState(enum.Enum):
    """State of a call.

    CALLING: ours, without final answer. RINGING: theirs, undecided. ANSWERED: our 200 is sent, the
    ACK not received. CLOSING: hung up before that ACK, the BYE has to wait for it.
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
        id: our tag if it was received, the SIP Call-ID if we made it.
        invite: the INVITE that began it.
        sent_sdp, seen_sdp: the last valid offer or answer, of ours and of the peer.
        bye_reason: Reason of the BYE that waits for an ACK.
        pending: INFOs of the peer without an answer, by their key.
        reoffer: a re-INVITE of the peer without an answer.
        refresh: a re-INVITE of ours without an answer.
        refresh_due: the session is to be refreshed when no other INVITE is under way.
        informing: INFOs of ours without a final answer.
    """

    id: str
    state: CallState
    invite: TransactionSlot
    dialog: Dialog | None = None
    sent_sdp: bytes = b""
    seen_sdp: bytes | None = None
    success: Success | None = None
    bye_reason: str | None = None
    pending: dict[str, TransactionSlot] = field(default_factory=dict)
    timer_terms: TimerTerms | None = None
    expires_at_ms: float = 0.0
    reoffer: TransactionSlot | None = None
    refresh: TransactionSlot | None = None
    refresh_due: bool = False
    informing: int = 0

    @property
    def standing(self) -> Dialog:
        """The dialog of a call that has one."""
        assert self.dialog is not None
        return self.dialog


class CallTable:
    """All calls by name, and by dialog once they have one."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self._dialogs: dict[DialogId, Call] = {}

    def add(self, call: Call) -> None:
        """Add a call, or its dialog once there is one."""
        self.calls[call.id] = call
        if call.dialog is not None:
            self._dialogs[call.dialog.id] = call

    def forget(self, call: Call) -> None:
        """Remove a call."""
        self.calls.pop(call.id, None)
        if call.dialog is not None:
            self._dialogs.pop(call.dialog.id, None)

    def in_dialog(self, request: Request) -> Call | None:
        """Return the call of a request inside a dialog."""
        return self._dialogs.get(id_in_request(request))

    def get(self, name: str, state: CallState) -> Call:
        """Return a call in this state. Raises `ValueError` if there is none."""
        call = self.calls.get(name)
        if call is None or call.state is not state:
            raise ValueError(f"call {name!r} is not {state.name.lower()}")
        return call
