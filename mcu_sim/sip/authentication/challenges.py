"""Who is asked to prove who they are, and how we do it ourselves (RFC 3261 §22)."""

from __future__ import annotations

import random

from sipmessage import Request, Response

from mcu_sim.sip.authentication.digest import (
    Authority,
    Credentials,
    Elsewhere,
    Missing,
    Stale,
    Wrong,
    authorization,
)
from mcu_sim.sip.authentication.guesses import Guesses, WrongPassword
from mcu_sim.sip.call import Call
from mcu_sim.sip.endpoint import Endpoint, Slot
from mcu_sim.sip.message.answers import Peer, reply
from mcu_sim.sip.message.fields import from_of, to_of
from mcu_sim.sip.message.headers import again

_FIELDS = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


class Gate:
    """Lets requests of known users through. Without an authority everybody passes, unverified."""

    def __init__(self, end: Endpoint, authority: Authority | None) -> None:
        self._end = end
        self._authority = authority
        self.guesses = Guesses()
        self._seen: list[WrongPassword] = []
        self._held: dict[str, Slot] = {}
        self._count = 0
        end.on_timer["held"] = self._on_held

    def passes(self, slot: Slot, request: Request, now_ms: float) -> tuple[bool, str | None]:
        """Whether a request may go on, and the verified user; if not, it is refused.

        A user may only speak in its own name, that is in From, and in To of a REGISTER.
        """
        if self._authority is None:
            return True, None
        given = request.headers.getlist("Authorization")
        users = sorted(set(self._authority.claimed(given)))
        if (until_ms := self.guesses.waits_until(users, slot.source, now_ms)) is not None:
            self._refuse_at(slot, until_ms, now_ms)
            return False, None
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
        if isinstance(verdict, Wrong):
            self._refuse_at(slot, self._note_wrong(users or [""], slot.source, now_ms), now_ms)
            return False, None
        self.guesses.note_right(verdict.user, slot.source)
        named = [from_of(request)]
        if request.method == "REGISTER":
            named.append(to_of(request))
        if all(one.uri.user == verdict.user for one in named):
            return True, verdict.user
        self._end.refuse(slot, 403, now_ms)
        return False, None

    def take_wrong_passwords(self) -> list[WrongPassword]:
        """Wrong proofs since the last time, in order."""
        seen, self._seen = self._seen, []
        return seen

    def _note_wrong(self, users: list[str], source: Peer, now_ms: float) -> float:
        """A wrong proof came: when to answer it."""
        latest_ms = now_ms
        for user in users:
            count, at_ms = self.guesses.note_wrong(user, source, now_ms)
            self._seen.append(WrongPassword(user, source.host, count, at_ms - now_ms))
            latest_ms = max(latest_ms, at_ms)
        return latest_ms

    def _refuse_at(self, slot: Slot, at_ms: float, now_ms: float) -> None:
        """Answer 403, then."""
        if at_ms <= now_ms:
            self._end.refuse(slot, 403, now_ms)
            return
        self._count += 1
        name = str(self._count)
        self._held[name] = slot
        self._end.set_timer("held", name, at_ms)

    def _on_held(self, name: str, now_ms: float) -> None:
        self._end.refuse(self._held.pop(name), 403, now_ms)

    def is_from_peer(self, call: Call, source: Peer) -> bool:
        """Whether a message comes from where its call does, or nobody has to prove anything. Of a
        call that we made only the host is known."""
        peer = call.standing.peer
        known = source.host == peer.host if call.outgoing else source == peer
        return self._authority is None or known

    def passes_in_call(
        self, slot: Slot, request: Request, call: Call, source: Peer, now_ms: float
    ) -> bool:
        """Whether a request inside a dialog may go on; if not, it is refused.

        Whoever has seen a call's tags could end or turn it: what does not come from where the
        call came from has to be proved, by the call's own user.
        """
        if self.is_from_peer(call, source):
            return True
        passes, user = self.passes(slot, request, now_ms)
        invite = call.invite.request
        party = to_of(invite) if call.outgoing else from_of(invite)
        if passes and user != party.uri.user:
            self._end.refuse(slot, 403, now_ms)
        return passes and user == party.uri.user

    def may_cancel(self, cancel: Slot, invite: Slot) -> bool:
        """Whether a CANCEL, which nobody can be asked to prove (RFC 3261 §22.1), comes from where
        its INVITE did."""
        return self._authority is None or cancel.target == invite.target


class Proof:
    """Answers challenges with our credentials, if we have any."""

    def __init__(self, credentials: Credentials | None, rng: random.Random) -> None:
        self._credentials = credentials
        self._rng = rng

    def again(self, asked: Request, refusal: Response, sequence: int) -> Request | None:
        """A request with the answer to the 401 or 407 that it got, to be sent with this CSeq.

        None if that cannot be answered, or the request had a proof already, which was no good.
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
