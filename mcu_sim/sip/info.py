"""INFO inside a call, in both directions (RFC 6086, legacy usage without Info-Packages).

With the bodies of RFC 5168, which ask for a full picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.call import Call, CallState, CallTable
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import InfoAnswered, InfoReceived
from giaoban.mcu_sim.sip.message.headers import set_body
from giaoban.mcu_sim.sip.session import Sessions
from giaoban.mcu_sim.sip.transaction import GIVE_UP_MS

MEDIA_CONTROL_TYPE = "application/media_control+xml"
MAX_BYTES = 8_192
"""No honest body is longer."""

_FULL_PICTURE = (
    b'<?xml version="1.0" encoding="utf-8"?>\r\n'
    b"<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder>"
    b"</vc_primitive></media_control>\r\n"
)


def picture_fast_update() -> bytes:
    """A body that asks the encoder for a full picture (§7.1), of `MEDIA_CONTROL_TYPE`."""
    return _FULL_PICTURE


def wants_full_picture(content_type: str, body: bytes) -> bool | None:
    """Whether an INFO asks for a full picture; None if it is no media control at all.

    False: media control that asks for nothing, such as a report of errors (general_error).
    """
    if content_type.partition(";")[0].strip().lower() != MEDIA_CONTROL_TYPE:
        return None
    root = _parse(body)
    if root is None or _name(root) != "media_control":
        return None
    return any(_name(element) == "picture_fast_update" for element in root.iter())


def _parse(body: bytes) -> ElementTree.Element | None:
    """The document, None if it is none. Entities need a DOCTYPE, and none is let through."""
    if len(body) > MAX_BYTES:
        return None
    try:
        # In other encodings the word could hide; XML in SIP bodies is UTF-8.
        text = body.decode("utf-8-sig")
        if "<!doctype" in text.lower():
            return None
        return ElementTree.fromstring(text.partition("?>")[2] if _declared(text) else text)
    except (UnicodeDecodeError, ValueError, ElementTree.ParseError):
        return None


def _declared(text: str) -> bool:
    return text.lstrip().startswith("<?xml")


def _name(element: ElementTree.Element) -> str:
    """The element's name without its namespace, which some clients give and some do not."""
    return element.tag.rpartition("}")[2]


class Infos(TransactionUser):
    """INFOs of ours, and those of the peers until their owner has answered them."""

    def __init__(self, end: Endpoint, call_table: CallTable, sessions: Sessions) -> None:
        self._end = end
        self._call_table = call_table
        self._sessions = sessions
        end.on_timer["info"] = self._on_forgotten

    def send(self, call: Call, content_type: str, body: bytes, now_ms: float) -> None:
        """Send an INFO in a standing call."""
        dialog = call.standing
        request = dialog.request("INFO")
        set_body(request, body, content_type)
        call.informing += 1
        self._end.start(request, dialog.next_hop(), now_ms, self).call = call.id

    def on_request(self, slot: TransactionSlot, request: Request, now_ms: float) -> None:
        """An INFO came."""
        call = self._sessions.established(slot, request, now_ms)
        if call is not None:
            key = f"{call.id}/{self._end.random_hex()}"
            call.pending[key] = slot
            self._end.set_timer("info", key, now_ms + GIVE_UP_MS)
            kind = request.headers.get("Content-Type") or ""
            self._end.emit(InfoReceived(call.id, key, kind, request.body))

    def answer(
        self, key: str, code: int, reason: str, now_ms: float, accept: Sequence[str] = ()
    ) -> None:
        """Answer an INFO; nothing happens if it is answered already (500) or its call is over."""
        call = self._call_table.calls.get(key.rpartition("/")[0])
        slot = None if call is None else call.pending.pop(key, None)
        if slot is not None:
            self._end.set_timer("info", key, None)
            headers = {"Accept": ", ".join(accept)} if accept else None
            self._end.refuse(slot, code, now_ms, reason, headers)

    def _on_forgotten(self, key: str, now_ms: float) -> None:
        self.answer(key, 500, "Not handled", now_ms)

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        if response.code >= 200 and not self._proves(slot, response, now_ms):
            self._tell(slot, response.code, now_ms)

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        self._tell(slot, 408, now_ms)

    def _proves(self, slot: TransactionSlot, refusal: Response, now_ms: float) -> bool:
        call = self._call_table.calls.get(slot.call)
        if call is None or call.state is not CallState.ESTABLISHED:
            return False
        return self._sessions.prove(call.standing, slot, refusal, now_ms) is not None

    def _tell(self, slot: TransactionSlot, code: int, now_ms: float) -> None:
        call = self._call_table.calls.get(slot.call)
        if call is not None:
            call.informing -= 1
        if call is None or call.state is not CallState.ESTABLISHED:
            return
        self._end.emit(InfoAnswered(call.id, code))
        if code == 481:
            self._sessions.end(call, "gone", now_ms)
