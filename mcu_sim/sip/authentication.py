"""Digest authentication of requests (RFC 3261 §22): callers are challenged, challenges answered."""

from __future__ import annotations

import random

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.digest import (
    Authority,
    Credentials,
    Denial,
    authorization,
)
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot
from giaoban.mcu_sim.sip.message.headers import again, from_of, to_of
from giaoban.mcu_sim.sip.message.responses import reply

_FIELDS = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


class Authenticator:
    """Lets requests of known users through. Without an authority all requests pass, unverified.

    Only requests outside dialogs are challenged. `wrong_passwords` counts the wrong proofs.
    """

    def __init__(self, end: Endpoint, authority: Authority | None) -> None:
        self._end = end
        self._authority = authority
        self.wrong_passwords = 0

    def passes(
        self, slot: TransactionSlot, request: Request, now_ms: float
    ) -> tuple[bool, str | None]:
        """Return whether a request may go on, and its verified user; refuse it otherwise.

        A user may only speak in its own name, that is in From, and in To of a REGISTER.
        """
        if self._authority is None:
            return True, None
        given = request.headers.getlist("Authorization")
        verdict = self._authority.verify(request.method, str(request.uri), given, now_ms)
        if verdict in (Denial.NO_CREDENTIALS, Denial.STALE_NONCE):
            response = reply(request, 401, to_tag=self._end.random_hex())
            challenge = self._authority.challenge(now_ms, stale=verdict is Denial.STALE_NONCE)
            response.headers.set("WWW-Authenticate", challenge)
            self._end.respond(slot, response, now_ms)
            return False, None
        if verdict is Denial.URI_MISMATCH:
            self._end.refuse(slot, 400, now_ms, "Proof is for another URI")  # RFC 7616 §3.4.6
            return False, None
        if isinstance(verdict, Denial):
            self.wrong_passwords += 1
            self._end.refuse(slot, 403, now_ms)
            return False, None
        named = [from_of(request)]
        if request.method == "REGISTER":
            named.append(to_of(request))
        if all(one.uri.user == verdict for one in named):
            return True, verdict
        self._end.refuse(slot, 403, now_ms)
        return False, None


class ClientAuthentication:
    """Answers challenges with our credentials, if we have any."""

    def __init__(self, credentials: Credentials | None, rng: random.Random) -> None:
        self._credentials = credentials
        self._rng = rng

    def again(self, asked: Request, refusal: Response, sequence: int) -> Request | None:
        """Return a request with the answer to the 401 or 407 that it got, under this CSeq.

        None if that cannot be answered, or if the request had a proof already.
        """
        proved = any(asked.headers.get(given) for _, given in _FIELDS.values())
        if self._credentials is None or refusal.code not in _FIELDS or proved:
            return None
        field, given = _FIELDS[refusal.code]
        challenges, uri = refusal.headers.getlist(field), str(asked.uri)
        value = authorization(challenges, asked.method, uri, self._credentials, self._rng)
        if value is None:
            return None
        request = again(asked, sequence)
        request.headers.set(given, value)
        return request
