"""Digest authentication of requests (RFC 3261 §22): challenges, and answers to challenges."""

from __future__ import annotations

import random

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.digest import Authority, Credentials, Denial, authorization
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot
from giaoban.mcu_sim.sip.message import again, from_of, reply, to_of

_FIELDS = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


class Authenticator:
    """Lets requests of known users through. Without an authority all requests pass, unverified.

    Only requests outside dialogs are challenged. `wrong_passwords` counts the wrong answers.
    """

    def __init__(self, end: Endpoint, authority: Authority | None) -> None:
        self._end = end
        self._authority = authority
        self.wrong_passwords = 0

    def passes(
        self, slot: TransactionSlot, request: Request, now_ms: float
    ) -> tuple[bool, str | None]:
        """Return whether a request may go on, and its verified user; refuse it otherwise.

        A user may only use its own name, in From and in To of a REGISTER.
        """
        if self._authority is None:
            return True, None
        given = request.headers.getlist("Authorization")
        verdict = self._authority.verify(request.method, given, now_ms)
        if verdict in (Denial.NO_CREDENTIALS, Denial.STALE_NONCE):
            response = reply(request, 401, to_tag=self._end.random_hex())
            challenge = self._authority.challenge(now_ms, stale=verdict is Denial.STALE_NONCE)
            response.headers.set("WWW-Authenticate", challenge)
            self._end.respond(slot, response, now_ms)
            return False, None
        named = [from_of(request), *([to_of(request)] if request.method == "REGISTER" else [])]
        if isinstance(verdict, str) and all(one.uri.user == verdict for one in named):
            return True, verdict
        self.wrong_passwords += isinstance(verdict, Denial)
        self._end.refuse(slot, 403, now_ms)
        return False, None


class ClientAuthentication:
    """Answers challenges with our credentials, if there are any."""

    def __init__(self, credentials: Credentials | None, rng: random.Random) -> None:
        self._credentials = credentials
        self._rng = rng

    def again(self, sent: Request, refusal: Response, sequence: int) -> Request | None:
        """Return a request with the answer to the 401 or 407 that it got, under this CSeq. None if
        that cannot be answered, or if the request had an answer already."""
        answered = any(sent.headers.get(given) for _, given in _FIELDS.values())
        if self._credentials is None or refusal.code not in _FIELDS or answered:
            return None
        field, given = _FIELDS[refusal.code]
        challenges, uri = refusal.headers.getlist(field), str(sent.uri)
        value = authorization(challenges, sent.method, uri, self._credentials, self._rng)
        if value is None:
            return None
        request = again(sent, sequence)
        request.headers.set(given, value)
        return request
