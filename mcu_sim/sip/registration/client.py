"""Our own registration at a registrar, kept alive (RFC 3261 §10.2)."""

from __future__ import annotations

from dataclasses import dataclass

from sipmessage import URI, Address, CSeq, Parameters, Request, Response

from mcu_sim.sip.authentication.challenges import Proof
from mcu_sim.sip.dialog import MAX_FORWARDS
from mcu_sim.sip.endpoint import Endpoint, Slot, Watcher
from mcu_sim.sip.events import Registered, RegistrationFailed
from mcu_sim.sip.message.answers import PHRASES, USER_AGENT, Peer, phrase_of
from mcu_sim.sip.message.fields import contacts_of, parameter
from mcu_sim.sip.message.headers import again, seconds
from mcu_sim.sip.message.uris import same_uri

_NAME = "own"
_MIN_REFRESH_MS = 1_000.0


@dataclass(slots=True, eq=False)
class _Account:
    """Where we register, and what all REGISTERs there have in common."""

    uri: URI
    target: Peer
    call_id: str
    tag: str
    sequence: int = 0


class RegisterClient(Watcher):
    """Registers our Contact for our user at one registrar, one REGISTER at a time."""

    def __init__(self, end: Endpoint, proof: Proof) -> None:
        self._end = end
        self._proof = proof
        self._account: _Account | None = None
        self._expires_s = 0
        self._busy = False
        self._outdated = False
        self._raised = False
        end.on_timer["register"] = self._on_refresh_due

    def register(self, uri: URI, target: Peer, expires_s: int, now_ms: float) -> None:
        """Register for so long, 0 to take it back; after the answer to an earlier one."""
        account = self._account
        if account is None or (account.uri, account.target) != (uri, target):
            call_id = f"{self._end.random_hex()}@{self._end.contact[0]}"
            self._account = _Account(uri, target, call_id, self._end.random_hex())
        self._expires_s = expires_s
        self._end.set_timer("register", _NAME, None)
        self._outdated = self._busy
        if not self._busy:
            self._begin(now_ms)

    def unregister(self, now_ms: float) -> None:
        """Take the registration back; nothing happens if there never was one."""
        if self._account is not None:
            self.register(self._account.uri, self._account.target, 0, now_ms)

    def _on_refresh_due(self, name: str, now_ms: float) -> None:
        self._begin(now_ms)

    def _begin(self, now_ms: float) -> None:
        account = self._account
        assert account is not None
        request = Request("REGISTER", account.uri)
        branch = self._end.add_via(request, account.target)
        request.headers.set("Max-Forwards", str(MAX_FORWARDS))
        own = URI(account.uri.scheme, account.uri.host, self._end.user, port=account.uri.port)
        request.from_address = Address(own, parameters=Parameters(tag=account.tag))
        request.to_address = Address(own)
        request.headers.set("Call-ID", account.call_id)
        account.sequence += 1
        request.cseq = CSeq(account.sequence, "REGISTER")
        request.headers.set("Contact", self._end.contact_uri(account.target.transport))
        request.headers.set("Expires", str(self._expires_s))
        request.headers.set("User-Agent", USER_AGENT)
        request.headers.set("Content-Length", "0")
        self._busy, self._raised = True, False
        self._end.start(request, account.target, now_ms, self, branch=branch)

    def on_response(self, slot: Slot, response: Response, now_ms: float) -> None:
        if response.code < 200:
            return
        self._busy = False
        if self._outdated:
            self._outdated = False
            self._begin(now_ms)
        elif response.code < 300:
            self._on_success(response, now_ms)
        elif not self._again(slot, response, now_ms):
            self._end.emit(RegistrationFailed(response.code, phrase_of(response)))

    def on_no_answer(self, slot: Slot, now_ms: float) -> None:
        self._busy = False
        if self._outdated:
            self._outdated = False
            self._begin(now_ms)
        else:
            self._end.emit(RegistrationFailed(408, PHRASES[408]))

    def _on_success(self, response: Response, now_ms: float) -> None:
        granted_s = self._granted_s(response) if self._expires_s else 0
        self._end.emit(Registered(granted_s))
        if granted_s:
            # Half-way, so that the owner has the other half to do something about a failure.
            after_ms = max(_MIN_REFRESH_MS, granted_s * 1e3 / 2)
            self._end.set_timer("register", _NAME, now_ms + after_ms)

    def _granted_s(self, response: Response) -> int:
        """What the registrar says of our Contact, or in general, or else what we asked for."""
        assert self._account is not None
        own = self._end.contact_uri(self._account.target.transport).strip("<>")
        said = [
            parameter(contact.parameters, "expires")
            for contact in contacts_of(response)
            if same_uri(str(contact.uri), own)
        ]
        for text in [*said, response.headers.get("Expires")]:
            granted_s = seconds(text)
            if granted_s is not None:
                return granted_s
        return self._expires_s

    def _again(self, slot: Slot, refusal: Response, now_ms: float) -> bool:
        """Try once more with what a refusal asks for, if that can be given."""
        account = self._account
        assert account is not None
        shortest_s = seconds(refusal.headers.get("Min-Expires")) or 0
        request = self._proof.again(slot.request, refusal, account.sequence + 1)
        if request is None:
            if refusal.code != 423 or self._raised or not shortest_s > self._expires_s > 0:
                return False
            self._expires_s, self._raised = shortest_s, True
            request = again(slot.request, account.sequence + 1)
            request.headers.set("Expires", str(shortest_s))
        account.sequence += 1
        self._busy = True
        self._end.start(request, slot.target, now_ms, self)
        return True
