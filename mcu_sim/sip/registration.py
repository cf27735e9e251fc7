"""REGISTER (RFC 3261 §10): the registrar's table, its server side, and our own registration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sipmessage import URI, Address, Parameters, Request, Response

from giaoban.mcu_sim.sip.authentication import ClientAuthentication
from giaoban.mcu_sim.sip.dialog import new_request
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot, TransactionUser
from giaoban.mcu_sim.sip.events import Registered, RegistrationFailed
from giaoban.mcu_sim.sip.message import (
    PHRASES,
    Peer,
    contacts_of,
    parameter,
    phrase_of,
    reply,
    seconds,
    to_of,
)

WILDCARD = "*"
"""The Contact that stands for all bindings of a user, which it removes."""
DEFAULT_S = 3600
LONGEST_S = 7200
"""The time of a binding for which a REGISTER names none, and the longest."""
MOST_BINDINGS = 10
"""Of a user; older ones go."""
MOST_USERS = 1_000


@dataclass(frozen=True, slots=True)
class ContactBinding:
    """One address of a user: its URI and the source of its REGISTER."""

    uri: str
    peer: Peer
    expires_at_ms: float

    def expires_s(self, now_ms: float) -> int:
        """Return the whole seconds that are left."""
        return max(0, math.ceil((self.expires_at_ms - now_ms) / 1e3))


class Registrar:
    """Bindings by user, the newest first."""

    def __init__(self) -> None:
        self._users: dict[str, list[ContactBinding]] = {}

    def register(
        self, user: str, contacts: Sequence[tuple[str, int]], peer: Peer, now_ms: float
    ) -> list[ContactBinding] | None:
        """Carry out one REGISTER; without contacts it only asks.

        `contacts`: URI (or `WILDCARD`) and seconds, 0 to remove. Returns the user's bindings, None
        if there is no room for another user.
        """
        bindings = self.bindings(user, now_ms)
        for uri, expires_s in contacts:
            bindings = [one for one in bindings if uri not in (one.uri, WILDCARD)]
            if expires_s > 0 and uri != WILDCARD:
                at_ms = now_ms + min(expires_s, LONGEST_S) * 1e3
                bindings.insert(0, ContactBinding(uri, peer, at_ms))
        if user not in self._users and len(self._users) >= MOST_USERS:
            return None
        self._users[user] = bindings[:MOST_BINDINGS]
        if not bindings:
            del self._users[user]
        return bindings[:MOST_BINDINGS]

    def bindings(self, user: str, now_ms: float) -> list[ContactBinding]:
        """Return the valid bindings of a user, the newest first."""
        return [one for one in self._users.get(user, []) if one.expires_at_ms > now_ms]

    def contact_of(self, user: str, now_ms: float) -> ContactBinding | None:
        """Return the newest binding of a user, None if there is none."""
        return next(iter(self.bindings(user, now_ms)), None)

    def uri_of(self, user: str, now_ms: float) -> str | None:
        """Return the URI of the newest binding of a user, None if there is none."""
        binding = self.contact_of(user, now_ms)
        return None if binding is None else binding.uri


class RegisterServer:
    """Answers REGISTER; the user is the one in To."""

    def __init__(self, end: Endpoint, registrar: Registrar) -> None:
        self._end = end
        self._registrar = registrar

    def on_register(
        self, slot: TransactionSlot, request: Request, source: Peer, now_ms: float
    ) -> None:
        """Add, refresh, remove or list the bindings of a user."""
        user = to_of(request).uri.user
        if user is None:
            self._end.refuse(slot, 404, now_ms)
            return
        bindings = self._registrar.register(user, _contacts(request), source, now_ms)
        if bindings is None:
            self._end.refuse(slot, 503, now_ms)
            return
        response = reply(request, 200, to_tag=self._end.random_hex())
        for one in bindings:
            response.headers.add("Contact", f"<{one.uri}>;expires={one.expires_s(now_ms)}")
        self._end.respond(slot, response, now_ms)


def _contacts(request: Request) -> list[tuple[str, int]]:
    """Return URI and seconds of each Contact: its own `expires`, or that of the request."""
    general_s = seconds(request.headers.get("Expires"))
    default_s = DEFAULT_S if general_s is None else general_s
    if request.headers.get("Contact") == WILDCARD:
        return [(WILDCARD, 0)]
    found = []
    for contact in contacts_of(request):
        own_s = seconds(parameter(contact.parameters, "expires"))
        found.append((str(contact.uri), default_s if own_s is None else own_s))
    return found


_TIMER = "own"
_MIN_REFRESH_MS = 1_000.0


class RegisterClient(TransactionUser):
    """Registers our Contact for our user at one registrar."""

    def __init__(self, end: Endpoint, client_authentication: ClientAuthentication) -> None:
        self._end = end
        self._client_authentication = client_authentication
        self._registrar: tuple[URI, Peer] | None = None
        self._call_id = self._tag = ""
        self._sequence = self._expires_s = 0
        self._latest: Request | None = None
        """The REGISTER whose response counts."""
        end.on_timer["register"] = self._on_refresh_due

    def register(self, uri: URI, target: Peer, expires_s: int, now_ms: float) -> None:
        """Register for this time, 0 to take the registration back."""
        if self._registrar != (uri, target):
            self._registrar = uri, target
            self._call_id = f"{self._end.random_hex()}@{self._end.contact[0]}"
            self._tag, self._sequence = self._end.random_hex(), 0
        self._expires_s = expires_s
        self._end.set_timer("register", _TIMER, None)
        self._on_refresh_due(_TIMER, now_ms)

    def unregister(self, now_ms: float) -> None:
        """Take the registration back, if there ever was one."""
        if self._registrar is not None:
            self.register(*self._registrar, 0, now_ms)

    def _on_refresh_due(self, name: str, now_ms: float) -> None:
        assert self._registrar is not None
        uri, target = self._registrar
        own = URI(uri.scheme, uri.host, self._end.user, port=uri.port)
        local = str(Address(own, parameters=Parameters(tag=self._tag)))
        self._sequence += 1
        request = new_request(
            "REGISTER", uri, local, str(Address(own)), self._call_id, self._sequence
        )
        request.headers.set("Contact", self._end.contact_uri(target.transport))
        request.headers.set("Expires", str(self._expires_s))
        self._latest = request
        self._end.start(request, target, now_ms, self)

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        if response.code < 200 or slot.request is not self._latest:
            return
        if response.code < 300:
            self._on_success(response, now_ms)
            return
        request = self._client_authentication.again(slot.request, response, self._sequence + 1)
        if request is None:
            self._end.emit(RegistrationFailed(response.code, phrase_of(response)))
            return
        self._sequence += 1
        self._latest = request
        self._end.start(request, slot.target, now_ms, self)

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        if slot.request is self._latest:
            self._end.emit(RegistrationFailed(408, PHRASES[408]))

    def _on_success(self, response: Response, now_ms: float) -> None:
        granted_s = self._granted_s(response) if self._expires_s else 0
        self._end.emit(Registered(granted_s))
        if granted_s:
            # half-way, so that there is time to react to a failure
            after_ms = max(_MIN_REFRESH_MS, granted_s * 1e3 / 2)
            self._end.set_timer("register", _TIMER, now_ms + after_ms)

    def _granted_s(self, response: Response) -> int:
        """Return the time of our Contact, or the general one, or else the time that we wanted."""
        assert self._registrar is not None
        own = self._end.contact_uri(self._registrar[1].transport).strip("<>")
        granted = [
            parameter(contact.parameters, "expires")
            for contact in contacts_of(response)
            if str(contact.uri) == own
        ]
        for text in [*granted, response.headers.get("Expires")]:
            granted_s = seconds(text)
            if granted_s is not None:
                return granted_s
        return self._expires_s
