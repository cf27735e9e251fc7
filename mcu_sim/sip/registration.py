"""REGISTER (RFC 3261 §10): the registrar's table, what carries requests out on it, and our own.

The table has neither I/O nor clock. A REGISTER is carried out as a whole or not at all. Bindings
run out lazily: they are there but not shown, and go away when their user registers again or room
is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sipmessage import URI, Address, Parameters, Request, Response

from giaoban.mcu_sim.sip.authentication import ClientAuthentication
from giaoban.mcu_sim.sip.dialog import new_request
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import Registered, RegistrationFailed
from giaoban.mcu_sim.sip.message.addresses import SIP_SCHEMES, Peer, same_uri
from giaoban.mcu_sim.sip.message.headers import (
    again,
    contacts_of,
    cseq_of,
    parameter,
    seconds,
    to_of,
)
from giaoban.mcu_sim.sip.message.responses import PHRASES, phrase_of, reply

WILDCARD = "*"
"""The Contact that stands for all bindings of a user, allowed only to remove them."""


@dataclass(frozen=True, slots=True)
class RequestedBinding:
    """One Contact of a REGISTER.

    Attributes:
        uri: text of the URI, or `WILDCARD`.
        peer: where the request came from.
        expires_s: the Contact's `expires` or else the Expires header; None if neither is there,
            0 to remove.
    """

    uri: str
    peer: Peer
    expires_s: int | None = None


@dataclass(frozen=True, slots=True)
class ContactBinding:
    """One address of a user: its URI and where it was heard from."""

    uri: str
    peer: Peer
    expires_at_ms: float
    call_id: str
    cseq: int

    def expires_s(self, now_ms: float) -> int:
        """Whole seconds it is still good for, as the Contact of the response says."""
        return max(0, math.ceil((self.expires_at_ms - now_ms) / 1e3))


class RegistrationRefusal(NamedTuple):
    """Why nothing was changed, as the answer says it."""

    code: int
    reason: str


INTERVAL_TOO_BRIEF = RegistrationRefusal(423, PHRASES[423])
"""An expiry below the shortest, which goes into Min-Expires."""
CSEQ_OUT_OF_ORDER = RegistrationRefusal(500, "REGISTER Out of Order")
"""An older request than the one that made a binding."""
TOO_MANY_BINDINGS = RegistrationRefusal(403, "Too Many Bindings")
"""No room for another binding or another user."""
INVALID_WILDCARD = RegistrationRefusal(400, "Bad Contact")
""""*" beside other Contacts or with another expiry than 0."""

DEFAULT_S = 3600
SHORTEST_S = 60
LONGEST_S = 7200
"""What a REGISTER gets that names no time, and the least and most that one can have."""


class Registrar:
    """Bindings by user, the newest first. `most_bindings`: of a user."""

    def __init__(self, most_bindings: int = 10, most_users: int = 1_000) -> None:
        self._most_bindings = most_bindings
        self._most_users = most_users
        self._users: dict[str, list[ContactBinding]] = {}

    def register(
        self,
        user: str,
        contacts: Sequence[RequestedBinding],
        call_id: str,
        cseq: int,
        now_ms: float,
    ) -> list[ContactBinding] | RegistrationRefusal:
        """Carry out one REGISTER; without contacts it only asks.

        Returns the user's bindings afterwards, the newest first, or why nothing was changed.
        """
        old = self.bindings(user, now_ms)
        if any(contact.uri == WILDCARD for contact in contacts):
            if len(contacts) > 1 or contacts[0].expires_s != 0:
                return INVALID_WILDCARD
            if any(_newer(binding, call_id, cseq) for binding in old):
                return CSEQ_OUT_OF_ORDER
            return self._keep(user, [], now_ms)
        made: list[ContactBinding] = []
        for contact in contacts:
            expires_s = DEFAULT_S if contact.expires_s is None else contact.expires_s
            if 0 < expires_s < SHORTEST_S:
                return INTERVAL_TOO_BRIEF
            there = [binding for binding in old if same_uri(binding.uri, contact.uri)]
            if any(_newer(binding, call_id, cseq) for binding in there):
                return CSEQ_OUT_OF_ORDER
            old = [binding for binding in old if binding not in there]
            made = [binding for binding in made if not same_uri(binding.uri, contact.uri)]
            if expires_s > 0:
                at_ms = now_ms + min(expires_s, LONGEST_S) * 1e3
                made.append(ContactBinding(contact.uri, contact.peer, at_ms, call_id, cseq))
        if len(made) + len(old) > self._most_bindings:
            return TOO_MANY_BINDINGS
        return self._keep(user, made + old, now_ms)

    def bindings(self, user: str, now_ms: float) -> list[ContactBinding]:
        """Where a user can be reached now, the newest first; of one REGISTER in its order."""
        known = self._users.get(user, [])
        return [binding for binding in known if binding.expires_at_ms > now_ms]

    def contact_of(self, user: str, now_ms: float) -> ContactBinding | None:
        """The newest binding of a user, None if there is none."""
        return next(iter(self.bindings(user, now_ms)), None)

    def uri_of(self, user: str, now_ms: float) -> str | None:
        """The URI of the newest binding of a user, None if there is none."""
        binding = self.contact_of(user, now_ms)
        return None if binding is None else binding.uri

    def _keep(
        self, user: str, bindings: list[ContactBinding], now_ms: float
    ) -> list[ContactBinding] | RegistrationRefusal:
        if not bindings:
            self._users.pop(user, None)
            return []
        if user not in self._users and len(self._users) >= self._most_users:
            self._users = {one: live for one in self._users if (live := self.bindings(one, now_ms))}
            if len(self._users) >= self._most_users:
                return TOO_MANY_BINDINGS
        self._users[user] = bindings
        return list(bindings)


def _newer(binding: ContactBinding, call_id: str, cseq: int) -> bool:
    return binding.call_id == call_id and binding.cseq >= cseq


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


class RegisterClient(TransactionUser):
    """Registers our Contact for our user at one registrar, one REGISTER at a time."""

    def __init__(self, end: Endpoint, client_authentication: ClientAuthentication) -> None:
        self._end = end
        self._client_authentication = client_authentication
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
        own = URI(account.uri.scheme, account.uri.host, self._end.user, port=account.uri.port)
        local = str(Address(own, parameters=Parameters(tag=account.tag)))
        account.sequence += 1
        request = new_request(
            "REGISTER", account.uri, local, str(Address(own)), account.call_id, account.sequence
        )
        request.headers.set("Contact", self._end.contact_uri(account.target.transport))
        request.headers.set("Expires", str(self._expires_s))
        self._busy, self._raised = True, False
        self._end.start(request, account.target, now_ms, self)

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
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

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
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

    def _again(self, slot: TransactionSlot, refusal: Response, now_ms: float) -> bool:
        """Try once more with what a refusal asks for, if that can be given."""
        account = self._account
        assert account is not None
        shortest_s = seconds(refusal.headers.get("Min-Expires")) or 0
        request = self._client_authentication.again(slot.request, refusal, account.sequence + 1)
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


class RegisterServer:
    """Answers REGISTER; the user is the one in To."""

    def __init__(self, end: Endpoint, registrar: Registrar) -> None:
        self._end = end
        self._registrar = registrar

    def on_register(
        self, slot: TransactionSlot, request: Request, source: Peer, now_ms: float
    ) -> None:
        """Add, refresh, remove or ask for the bindings of a user."""
        uri = to_of(request).uri
        if uri.scheme.lower() not in SIP_SCHEMES:
            self._end.refuse(slot, 400, now_ms, "To is no SIP URI")  # RFC 4475 §3.3.4
            return
        user = uri.user
        if user is None:
            self._end.refuse(slot, 404, now_ms)
            return
        outcome = self._registrar.register(
            user, _wanted(request, source), request.call_id, cseq_of(request).sequence, now_ms
        )
        if isinstance(outcome, RegistrationRefusal):
            headers = None
            if outcome is INTERVAL_TOO_BRIEF:
                headers = {"Min-Expires": str(SHORTEST_S)}
            self._end.refuse(slot, outcome.code, now_ms, outcome.reason, headers)
            return
        response = reply(request, 200, to_tag=self._end.random_hex())
        for one in outcome:
            contact = f"<{one.uri}>;expires={one.expires_s(now_ms)}"
            response.headers.add("Contact", contact)
        self._end.respond(slot, response, now_ms)


def _wanted(request: Request, source: Peer) -> list[RequestedBinding]:
    general_s = seconds(request.headers.get("Expires"))
    if request.headers.get("Contact") == WILDCARD:
        return [RequestedBinding(WILDCARD, source, general_s)]
    wanted = []
    for contact in contacts_of(request):
        own = parameter(contact.parameters, "expires")
        # §20.10: what cannot be read counts as not said
        expires_s = seconds(own)
        wanted.append(
            RequestedBinding(
                str(contact.uri), source, general_s if expires_s is None else expires_s
            )
        )
    return wanted
