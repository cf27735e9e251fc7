"""Who is asked to prove who they are, and how we do it ourselves (RFC 3261 §22).

Wrong passwords are counted by user and host, and answered later and later (NIST SP 800-63B §5.2.2).
While an answer is held back, no further proof for that user from that host is looked at, right or
wrong: who asks many times at once learns no more than who asks once. A device that has proved
itself is not hindered by others of its host. No account is ever locked, for that would lock out
its owner.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.call import Call
from giaoban.mcu_sim.sip.digest import (
    Authority,
    Credentials,
    Denial,
    authorization,
)
from giaoban.mcu_sim.sip.endpoint import Endpoint, TransactionSlot
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.mcu_sim.sip.message.headers import again, from_of, to_of
from giaoban.mcu_sim.sip.message.responses import reply

UNDELAYED = 2
"""So many wrong ones, as who mistypes a password makes, are answered at once."""
FIRST_MS, LONGEST_MS = 1_000.0, 8_000.0
"""How long the answer to the next one is held back, twice as long for each further one; well below
the 32 s after which a client gives up (RFC 3261 §17.1.2.2, timer F)."""
FORGOTTEN_MS = 600_000.0
MOST_GUESSERS, MOST_DEVICES = 1_024, 4_096


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """A proof was wrong: the `count`th for this user from this host, answered only at `held_ms`
    after it came. `user` is what the peer wrote."""

    user: str
    host: str
    count: int
    held_ms: float


@dataclass(slots=True)
class _FailedAttempts:
    count: int = 0
    at_ms: float = 0.0
    until_ms: float = 0.0


class PasswordThrottle:
    """All that guess at one element.

    Attributes:
        wrong: proofs that were wrong; `unheard`: proofs that were not looked at.
    """

    def __init__(self) -> None:
        self.wrong = self.unheard = 0
        self._failed_attempts: dict[tuple[str, str], _FailedAttempts] = {}
        # In the order in which they proved themselves last.
        self._devices: dict[tuple[str, Peer], None] = {}

    def waits_until(self, users: Sequence[str], source: Peer, now_ms: float) -> float | None:
        """Until when no proof for these users from there is looked at, None if one is now."""
        until_ms = now_ms
        for user in users:
            found = self._failed_attempts.get((user, source.host))
            if found is not None and (user, source) not in self._devices:
                until_ms = max(until_ms, found.until_ms)
        if until_ms <= now_ms:
            return None
        self.unheard += 1
        return until_ms

    def note_wrong(self, user: str, source: Peer, now_ms: float) -> tuple[int, float]:
        """A wrong proof came: how many that makes, and when it is to be answered."""
        self.wrong += 1
        self._devices.pop((user, source), None)
        key = user, source.host
        found = self._failed_attempts.get(key)
        if found is None or now_ms - found.at_ms > FORGOTTEN_MS:
            self._make_room(now_ms)
            found = self._failed_attempts[key] = _FailedAttempts()
        found.count += 1
        found.at_ms = now_ms
        over = found.count - UNDELAYED - 1
        held_ms = 0.0 if over < 0 else min(LONGEST_MS, FIRST_MS * 2 ** min(over, 16))
        found.until_ms = max(found.until_ms, now_ms + held_ms)
        return found.count, now_ms + held_ms

    def note_right(self, user: str, source: Peer) -> None:
        """A right proof came. What a new device has got wrong before is forgotten."""
        if self._devices.pop((user, source), ()) == ():
            self._failed_attempts.pop((user, source.host), None)
        self._devices[user, source] = None
        if len(self._devices) > MOST_DEVICES:
            del self._devices[next(iter(self._devices))]

    def _make_room(self, now_ms: float) -> None:
        """Forget who has not guessed for long, else whoever has guessed least."""
        if len(self._failed_attempts) < MOST_GUESSERS:
            return
        old = [k for k, g in self._failed_attempts.items() if now_ms - g.at_ms > FORGOTTEN_MS]
        least = min(self._failed_attempts.items(), key=lambda kg: (kg[1].count, kg[1].at_ms))[0]
        for key in old or [least]:
            del self._failed_attempts[key]


_FIELDS = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


class Authenticator:
    """Lets requests of known users through. Without an authority everybody passes, unverified."""

    def __init__(self, end: Endpoint, authority: Authority | None) -> None:
        self._end = end
        self._authority = authority
        self.throttle = PasswordThrottle()
        self._seen: list[WrongPassword] = []
        self._held: dict[str, TransactionSlot] = {}
        self._count = 0
        end.on_timer["held"] = self._on_held

    def passes(
        self, slot: TransactionSlot, request: Request, now_ms: float
    ) -> tuple[bool, str | None]:
        """Whether a request may go on, and the verified user; if not, it is refused.

        A user may only speak in its own name, that is in From, and in To of a REGISTER.
        """
        if self._authority is None:
            return True, None
        given = request.headers.getlist("Authorization")
        users = sorted(set(self._authority.claimed(given)))
        if (until_ms := self.throttle.waits_until(users, slot.source, now_ms)) is not None:
            self._refuse_at(slot, until_ms, now_ms)
            return False, None
        verdict = self._authority.verify(request.method, str(request.uri), given, now_ms)
        if verdict in (Denial.NO_CREDENTIALS, Denial.STALE_NONCE):
            response = reply(request, 401, to_tag=self._end.random_hex())
            challenges = self._authority.challenges(now_ms, stale=verdict is Denial.STALE_NONCE)
            response.headers.setlist("WWW-Authenticate", challenges)
            self._end.respond(slot, response, now_ms)
            return False, None
        if verdict is Denial.URI_MISMATCH:
            self._end.refuse(slot, 400, now_ms, "Proof is for another URI")  # RFC 7616 §3.4.6
            return False, None
        if isinstance(verdict, Denial):
            self._refuse_at(slot, self._note_wrong(users or [""], slot.source, now_ms), now_ms)
            return False, None
        self.throttle.note_right(verdict.user, slot.source)
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
            count, at_ms = self.throttle.note_wrong(user, source, now_ms)
            self._seen.append(WrongPassword(user, source.host, count, at_ms - now_ms))
            latest_ms = max(latest_ms, at_ms)
        return latest_ms

    def _refuse_at(self, slot: TransactionSlot, at_ms: float, now_ms: float) -> None:
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
        self, slot: TransactionSlot, request: Request, call: Call, source: Peer, now_ms: float
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

    def may_cancel(self, cancel: TransactionSlot, invite: TransactionSlot) -> bool:
        """Whether a CANCEL, which nobody can be asked to prove (RFC 3261 §22.1), comes from where
        its INVITE did."""
        return self._authority is None or cancel.target == invite.target


class ClientAuthentication:
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
