"""Who is asked to prove who they are, and how we do it ourselves (RFC 3261 §22)."""

from __future__ import annotations

import random

from sipmessage import Request, Response

from mcu_sim.sip.call import Call
from mcu_sim.sip.digest import (
    Authority,
    Credentials,
    Elsewhere,
    Missing,
    Stale,
    Verified,
    authorization,
)
from mcu_sim.sip.endpoint import Endpoint, Slot
from mcu_sim.sip.fields import from_of, to_of
from mcu_sim.sip.message import Peer, reply

_FIELDS = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


class Gate:
    """Lets requests of known users through. Without an authority everybody passes, unverified."""

    def __init__(self, end: Endpoint, authority: Authority | None) -> None:
        self._end = end
        self._authority = authority

    def passes(self, slot: Slot, request: Request, now_ms: float) -> tuple[bool, str | None]:
        """Whether a request may go on, and the verified user; if not, it is refused.

        A user may only speak in its own name, that is in From, and in To of a REGISTER.
        """
        if self._authority is None:
            return True, None
        given = request.headers.getlist("Authorization")
        verdict = self._authority.verify(request.method, str(request.uri), given, now_ms)
        if isinstance(verdict, Missing | Stale):
            response = reply(request, 401, to_tag=self._end.random_hex())
            challenges = self._authority.challenges(now_ms, stale=isinstance(verdict, Stale))
            response.headers.setlist("WWW-Authenticate", challenges)
            self._end.respond(slot, response, now_ms)
            return False, None
        if isinstance(verdict, Elsewhere):
            self._end.refuse(slot, 400, now_ms, "Proof is for another URI")  # RFC 7616 §3.4.6
            return False, None
        named = [from_of(request)]
        if request.method == "REGISTER":
            named.append(to_of(request))
        if isinstance(verdict, Verified) and all(one.uri.user == verdict.user for one in named):
            return True, verdict.user
        self._end.refuse(slot, 403, now_ms)
        return False, None

    def lets_speak(
        self, slot: Slot, request: Request, call: Call, source: Peer, now_ms: float
    ) -> bool:
        """Whether a request inside a dialog may go on; if not, it is refused.

        Whoever has seen a call's tags could end or turn it: what does not come from where the
        call came from has to be proved, by the call's own user. Of a call that we made only the
        host is known.
        """
        peer = call.standing.peer
        at_home = source.host == peer.host if call.outgoing else source == peer
        if self._authority is None or at_home:
            return True
        passes, user = self.passes(slot, request, now_ms)
        invite = call.invite.request
        party = to_of(invite) if call.outgoing else from_of(invite)
        if passes and user != party.uri.user:
            self._end.refuse(slot, 403, now_ms)
        return passes and user == party.uri.user

    def lets_cancel(self, cancel: Slot, invite: Slot) -> bool:
        """Whether a CANCEL, which nobody can be asked to prove (RFC 3261 §22.1), comes from where
        its INVITE did."""
        return self._authority is None or cancel.target == invite.target


class Proof:
    """Answers challenges with our credentials, if we have any."""

    def __init__(self, credentials: Credentials | None, rng: random.Random) -> None:
        self._credentials = credentials
        self._rng = rng

    def add(self, request: Request, refusal: Response) -> bool:
        """Put the answer to a 401 or 407 on the request to be sent next; False if it cannot be."""
        if self._credentials is None or refusal.code not in _FIELDS:
            return False
        asked, given = _FIELDS[refusal.code]
        challenges = refusal.headers.getlist(asked)
        uri = str(request.uri)
        value = authorization(challenges, request.method, uri, self._credentials, self._rng)
        if value is not None:
            request.headers.set(given, value)
        return value is not None
