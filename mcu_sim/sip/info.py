"""INFO inside a call, in both directions (RFC 6086, legacy usage without Info-Packages).

With the bodies of RFC 5168, which ask for a full picture.
"""

from __future__ import annotations

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.call import Call, CallState, CallTable
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import InfoAnswered, InfoReceived
from giaoban.mcu_sim.sip.message import set_body
from giaoban.mcu_sim.sip.session import Sessions

MEDIA_CONTROL_TYPE = "application/media_control+xml"
FULL_PICTURE = (
    b'<?xml version="1.0" encoding="utf-8"?>\r\n'
    b"<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder>"
    b"</vc_primitive></media_control>\r\n"
)
"""The body that asks the encoder for a full picture (RFC 5168 §7.1)."""


def wants_full_picture(content_type: str, body: bytes) -> bool | None:
    """Return whether an INFO asks for a full picture; None if it is not media control."""
    if content_type.partition(";")[0].strip().lower() != MEDIA_CONTROL_TYPE:
        return None
    return b"picture_fast_update" in body


class Infos(TransactionUser):
    """INFOs of ours, and those of the peers until their owner has answered them."""

    def __init__(self, end: Endpoint, call_table: CallTable, sessions: Sessions) -> None:
        self._end = end
        self._call_table = call_table
        self._sessions = sessions

    def send(self, call: Call, content_type: str, body: bytes, now_ms: float) -> None:
        """Send an INFO in an established call."""
        dialog = call.standing
        request = dialog.request("INFO")
        set_body(request, body, content_type)
        call.informing += 1
        self._end.start(request, dialog.next_hop(), now_ms, self).call = call.id

    def on_request(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """Take a received INFO."""
        call = self._sessions.established(slot, request, now_ms)
        if call is not None:
            key = f"{call.id}/{self._end.random_hex()}"
            call.pending[key] = slot
            content_type = request.headers.get("Content-Type") or ""
            self._end.emit(InfoReceived(call.id, key, content_type, request.body))

    def answer(self, key: str, code: int, reason: str, now_ms: float, accept: str = "") -> None:
        """Answer an INFO. Without effect if it was answered already or its call is over."""
        call = self._call_table.calls.get(key.rpartition("/")[0])
        slot = None if call is None else call.pending.pop(key, None)
        if slot is not None:
            self._end.refuse(slot, code, now_ms, reason, {"Accept": accept} if accept else None)

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        call = self._call_table.calls.get(slot.call)
        if response.code < 200 or call is None or call.state is not CallState.ESTABLISHED:
            return
        self._complete(call, response.code, now_ms)

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        call = self._call_table.calls.get(slot.call)
        if call is not None and call.state is CallState.ESTABLISHED:
            self._complete(call, 408, now_ms)

    def _complete(self, call: Call, code: int, now_ms: float) -> None:
        call.informing -= 1
        self._end.emit(InfoAnswered(call.id, code))
        if code == 481:
            self._sessions.end(call, "gone", now_ms)
