"""The registrar's table of who can be reached where (RFC 3261 §10.3), without I/O or clock.

A REGISTER is carried out as a whole or not at all. Bindings run out lazily: they are there but
not shown, and go away when their user registers again or room is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mcu_sim.sip.message.answers import Peer
from mcu_sim.sip.message.uris import same_uri

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
class Binding:
    """One address of a user: its URI and where it was heard from."""

    uri: str
    peer: Peer
    expires_at_ms: float
    call_id: str
    cseq: int

    def expires_s(self, now_ms: float) -> int:
        """Whole seconds it is still good for, as the Contact of the response says."""
        return max(0, math.ceil((self.expires_at_ms - now_ms) / 1e3))


@dataclass(frozen=True, slots=True)
class TooBrief:
    """Refused with 423: an expiry below the shortest, which goes into Min-Expires."""

    min_expires_s: int


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """Refused with 500: an older request than the one that made a binding."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """Refused with 403 or 503: no room for another binding or another user."""


@dataclass(frozen=True, slots=True)
class BadWildcard:
    """Refused with 400: "*" beside other Contacts or with another expiry than 0."""


Refusal = TooBrief | OutOfOrder | TooMany | BadWildcard


class Registrar:
    """Bindings by user, the newest first. Times in seconds are what REGISTER may ask for."""

    def __init__(
        self,
        default_s: int = 3600,
        shortest_s: int = 60,
        longest_s: int = 7200,
        most_bindings: int = 10,
        most_users: int = 1_000,
    ) -> None:
        if not 0 < shortest_s <= default_s <= longest_s:
            raise ValueError("needs 0 < shortest_s <= default_s <= longest_s")
        self._default_s = default_s
        self._shortest_s = shortest_s
        self._longest_s = longest_s
        self._most_bindings = most_bindings
        self._most_users = most_users
        self._users: dict[str, list[Binding]] = {}

    def register(
        self,
        user: str,
        contacts: Sequence[RequestedBinding],
        call_id: str,
        cseq: int,
        now_ms: float,
    ) -> list[Binding] | Refusal:
        """Carry out one REGISTER; without contacts it only asks.

        Returns the user's bindings afterwards, the newest first, or why nothing was changed.
        """
        old = self.bindings(user, now_ms)
        if any(contact.uri == WILDCARD for contact in contacts):
            if len(contacts) > 1 or contacts[0].expires_s != 0:
                return BadWildcard()
            if any(_newer(binding, call_id, cseq) for binding in old):
                return OutOfOrder()
            return self._keep(user, [], now_ms)
        made: list[Binding] = []
        for contact in contacts:
            expires_s = self._default_s if contact.expires_s is None else contact.expires_s
            if 0 < expires_s < self._shortest_s:
                return TooBrief(self._shortest_s)
            there = [binding for binding in old if same_uri(binding.uri, contact.uri)]
            if any(_newer(binding, call_id, cseq) for binding in there):
                return OutOfOrder()
            old = [binding for binding in old if binding not in there]
            made = [binding for binding in made if not same_uri(binding.uri, contact.uri)]
            if expires_s > 0:
                at_ms = now_ms + min(expires_s, self._longest_s) * 1e3
                made.append(Binding(contact.uri, contact.peer, at_ms, call_id, cseq))
        if len(made) + len(old) > self._most_bindings:
            return TooMany()
        return self._keep(user, made + old, now_ms)

    def bindings(self, user: str, now_ms: float) -> list[Binding]:
        """Where a user can be reached now, the newest first; of one REGISTER in its order."""
        known = self._users.get(user, [])
        return [binding for binding in known if binding.expires_at_ms > now_ms]

    def contact_of(self, user: str, now_ms: float) -> Binding | None:
        """The newest binding of a user, None if there is none."""
        return next(iter(self.bindings(user, now_ms)), None)

    def uri_of(self, user: str, now_ms: float) -> str | None:
        """The URI of the newest binding of a user, None if there is none."""
        binding = self.contact_of(user, now_ms)
        return None if binding is None else binding.uri

    def _keep(self, user: str, bindings: list[Binding], now_ms: float) -> list[Binding] | Refusal:
        if not bindings:
            self._users.pop(user, None)
            return []
        if user not in self._users and len(self._users) >= self._most_users:
            self._users = {one: live for one in self._users if (live := self.bindings(one, now_ms))}
            if len(self._users) >= self._most_users:
                return TooMany()
        self._users[user] = bindings
        return list(bindings)


def _newer(binding: Binding, call_id: str, cseq: int) -> bool:
    return binding.call_id == call_id and binding.cseq >= cseq
