"""Digest access authentication (RFC 7616, RFC 8760, RFC 3261 §22), both sides, without I/O.

The server keeps no table of nonces: a nonce carries its own time and a MAC. `sipmessage` splits
quoted strings at their commas and quotes what must stand bare, so these headers are read and
written here.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from giaoban.mcu_sim.sip.message.addresses import is_within

_ALGORITHMS: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
"""The algorithms known, the better one first; without a name it is MD5 (RFC 7616 §3.3)."""

_QOP = "auth"
_FIRST_COUNT = "00000001"
_NO_COUNT = 2**32
"""Stands above every nonce count: an answer without one uses its nonce up."""
_MOST_COUNTS = 4_096

_SCHEME = re.compile(r"\s*Digest(?:\s+|\Z)", re.IGNORECASE)
_PARAMETER = re.compile(
    r"""\s*(?P<name>[A-Za-z0-9\-.!%*_+`'~]+)\s*=\s*
    (?:"(?P<quoted>(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*)"
       |(?P<bare>[^\s",\x00-\x1f\x7f]+))
    \s*(?P<more>,|\Z)""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_COUNT = re.compile(r"[0-9a-f]{8}\Z", re.ASCII | re.IGNORECASE)
_NONCE = re.compile(r"(?P<stamp>(?P<issued>[0-9a-f]{16})[0-9a-f]{8})(?P<mac>[0-9a-f]{32})\Z")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client proves itself with."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VerifiedUser:
    """The request comes from this user."""

    user: str


class Denial(enum.Enum):
    """Why nobody is believed to have sent a request."""

    STALE_NONCE = enum.auto()
    """The password is right, but the nonce is too old, not ours or used up: challenge again."""
    WRONG_CREDENTIALS = enum.auto()
    """No such user, another password, or a header that cannot be read."""
    URI_MISMATCH = enum.auto()
    """A proof for another URI than that of the request (RFC 7616 §3.4.6)."""
    NO_CREDENTIALS = enum.auto()
    """The request says nothing about who sent it, in this realm."""


Verdict = VerifiedUser | Denial


class Authority:
    """The server's side: challenges for one realm, and the judgement of the answers.

    `accounts` maps users to passwords and is read at each request. `secret` signs the nonces.
    `algorithms` are those asked for and taken, the preferred one first.
    """

    def __init__(
        self,
        realm: str,
        accounts: Mapping[str, str],
        secret: bytes,
        nonce_life_ms: float = 300_000,
        algorithms: Sequence[str] = tuple(_ALGORITHMS),
    ) -> None:
        if len(secret) < 16:
            raise ValueError("the secret needs 16 bytes or more")
        if not algorithms or not set(algorithms) <= set(_ALGORITHMS):
            raise ValueError(f"{algorithms} are no algorithms known here ({list(_ALGORITHMS)})")
        self.realm = realm
        self._accounts = accounts
        self._secret = secret
        self._nonce_life_ms = nonce_life_ms
        self._algorithms = tuple(algorithms)
        self._stamps = 0
        # The highest nonce count seen (RFC 7616 §3.4.6), by (nonce, user), in order of coming.
        self._counts: dict[tuple[str, str], int] = {}
        # Nonces issued up to here are stale: their counts may have been forgotten.
        self._forgotten_ms = -1.0

    def challenges(self, now_ms: float, *, stale: bool = False) -> list[str]:
        """Values of WWW-Authenticate, one header line each, the preferred one first (RFC 8760)."""
        # Two devices of a user that are challenged in the same ms must not share their counts.
        self._stamps = (self._stamps + 1) % 2**32
        stamp = f"{max(0, int(now_ms)):016x}{self._stamps:08x}"
        nonce = stamp + self._mac(stamp)
        common = (
            f'realm={_quote(self.realm)}, qop="{_QOP}", nonce="{nonce}", '
            f'opaque="{self._mac("opaque")}"' + (", stale=true" if stale else "")
        )
        return [f"Digest {common}, algorithm={name}" for name in self._algorithms]

    def verify(
        self, method: str, uri: str, authorizations: Sequence[str], now_ms: float
    ) -> Verdict:
        """Who sent a request, by its Request-URI and the values of its Authorization headers.

        Never raises. Of several answers for this realm the best counts (RFC 8760 §2.4).
        """
        claimed = self.claimed(authorizations)
        if len(claimed) > len(self._algorithms) or len(set(claimed)) > 1:
            # one for each algorithm, all of one user: not many guesses at once
            return Denial.WRONG_CREDENTIALS
        verdicts = [self._judge(method, uri, text, now_ms) for text in authorizations]
        for verdict in verdicts:
            if isinstance(verdict, VerifiedUser):
                return verdict
        return next((denial for denial in Denial if denial in verdicts), Denial.NO_CREDENTIALS)

    def claimed(self, authorizations: Sequence[str]) -> list[str]:
        """Whom the answers for this realm say that they are of, one each."""
        found = []
        for text in authorizations:
            scheme = _SCHEME.match(text)
            given = _parameters(text[scheme.end() :]) if scheme else None
            if given is not None and given.get("realm") == self.realm:
                found.append(given.get("username", ""))
        return found

    def _judge(self, method: str, uri: str, text: str, now_ms: float) -> Verdict:
        scheme = _SCHEME.match(text)
        if scheme is None:
            return Denial.NO_CREDENTIALS
        given = _parameters(text[scheme.end() :])
        if given is None:
            return Denial.WRONG_CREDENTIALS
        if given.get("realm") != self.realm:
            return Denial.NO_CREDENTIALS
        # what is proved for one room opens no other, whoever changed the Request-URI on the way
        # (SIPp and others prove for the whole element, and are taken at that)
        if "uri" in given and not is_within(uri, given["uri"]):
            return Denial.URI_MISMATCH
        user, nonce = given.get("username", ""), given.get("nonce", "")
        # An unknown user costs what a known one does: the time must not tell who exists.
        password = self._accounts.get(user, "")
        expected = _expected(given, method, user, password)
        if _algorithm(given) not in self._algorithms:
            return Denial.WRONG_CREDENTIALS
        if expected is None or given.get("userhash", "false").lower() != "false":
            return Denial.WRONG_CREDENTIALS
        claimed = given["response"].lower().encode("utf-8", "replace")
        right = hmac.compare_digest(expected.encode(), claimed)
        if not right or user not in self._accounts:
            return Denial.WRONG_CREDENTIALS
        issued_ms = self._issued_ms(nonce)
        if issued_ms is None or not self._fresh(issued_ms, now_ms):
            return Denial.STALE_NONCE
        return self._count(nonce, user, given.get("nc"), now_ms)

    def _count(self, nonce: str, user: str, nc: str | None, now_ms: float) -> Verdict:
        """A right answer to a fresh nonce: is it new?"""
        count = _NO_COUNT if nc is None else int(nc, 16)
        if count <= self._counts.get((nonce, user), 0):
            # old devices begin again at 1 with a nonce they know; a replayer gets no further
            return Denial.STALE_NONCE
        if (nonce, user) not in self._counts:
            self._forget(now_ms)
        self._counts[nonce, user] = count
        return VerifiedUser(user)

    def _forget(self, now_ms: float) -> None:
        """Drop counts of nonces that are stale, and the oldest ones if there are too many."""
        while self._counts:
            oldest = next(iter(self._counts))
            issued_ms = self._issued_ms(oldest[0])
            assert issued_ms is not None
            if self._fresh(issued_ms, now_ms):
                if len(self._counts) < _MOST_COUNTS:
                    return
                self._forgotten_ms = max(self._forgotten_ms, issued_ms)
            del self._counts[oldest]

    def _fresh(self, issued_ms: float, now_ms: float) -> bool:
        # A nonce from the future was made before the clock was set back.
        young = 0 <= int(now_ms) - issued_ms <= self._nonce_life_ms
        return young and issued_ms > self._forgotten_ms

    def _issued_ms(self, nonce: str) -> int | None:
        """When we made a nonce, None if we did not."""
        match = _NONCE.match(nonce)
        if match is None or not hmac.compare_digest(self._mac(match["stamp"]), match["mac"]):
            return None
        return int(match["issued"], 16)

    def _mac(self, text: str) -> str:
        message = f"{self.realm}\n{text}".encode()
        return hmac.digest(self._secret, message, "sha256").hex()[:32]


def authorization(
    challenges: Sequence[str],
    method: str,
    uri: str,
    credentials: Credentials,
    rng: random.Random,
) -> str | None:
    """The value of Authorization that answers the best of some WWW-Authenticate values.

    `uri` is the Request-URI; `rng` makes the cnonce. None if all are of a scheme, an algorithm
    or a quality of protection that is not known here.
    """
    usable = [given for text in challenges if (given := _challenge(text)) is not None]
    if not usable:
        return None
    given = min(usable, key=lambda one: list(_ALGORITHMS).index(_algorithm(one)))
    algorithm, realm, nonce = _algorithm(given), given["realm"], given["nonce"]
    protected = "qop" in given
    cnonce = f"{rng.getrandbits(128):032x}" if protected else None
    answer = response(
        algorithm, credentials.user, realm, credentials.password, method, uri, nonce,
        nc=_FIRST_COUNT if protected else None, cnonce=cnonce,
    )  # fmt: skip
    parts = [
        f"username={_quote(credentials.user)}",
        f"realm={_quote(realm)}",
        f"nonce={_quote(nonce)}",
        f"uri={_quote(uri)}",
        f'response="{answer}"',
    ]
    # A peer that never named an algorithm may not know the word (RFC 2069).
    parts += [f"algorithm={algorithm}"] if "algorithm" in given else []
    parts += [f'cnonce="{cnonce}"', f"qop={_QOP}", f"nc={_FIRST_COUNT}"] if protected else []
    parts += [f"opaque={_quote(given['opaque'])}"] if "opaque" in given else []
    return "Digest " + ", ".join(parts)


def response(
    algorithm: str,
    user: str,
    realm: str,
    password: str,
    method: str,
    uri: str,
    nonce: str,
    *,
    nc: str | None = None,
    cnonce: str | None = None,
) -> str:
    """The response of RFC 7616 §3.4.1 in hex; without `nc` and `cnonce` that of RFC 2069.

    Raises KeyError for another algorithm than SHA-256 and MD5.
    """

    def hashed(*parts: str) -> str:
        return _ALGORITHMS[algorithm](":".join(parts).encode("utf-8", "replace"))

    middle = () if nc is None or cnonce is None else (nc, cnonce, _QOP)
    return hashed(hashed(user, realm, password), nonce, *middle, hashed(method, uri))


def _challenge(text: str) -> dict[str, str] | None:
    """The parameters of a challenge that can be answered, else None."""
    scheme = _SCHEME.match(text)
    given = _parameters(text[scheme.end() :]) if scheme else None
    if given is None or "realm" not in given or "nonce" not in given:
        return None
    if "qop" in given and _QOP not in [one.strip().lower() for one in given["qop"].split(",")]:
        return None
    return given if _algorithm(given) in _ALGORITHMS else None


def _expected(given: Mapping[str, str], method: str, user: str, password: str) -> str | None:
    """The response a header must carry, None if the header lacks something or is not known."""
    if "response" not in given or "uri" not in given or _algorithm(given) not in _ALGORITHMS:
        return None
    nc, cnonce = given.get("nc"), given.get("cnonce")
    if "qop" not in given:
        if nc is not None:
            return None
        cnonce = None
    elif given["qop"].lower() != _QOP or cnonce is None or nc is None or not _COUNT.match(nc):
        return None
    return response(
        _algorithm(given), user, given["realm"], password, method, given["uri"],
        given.get("nonce", ""), nc=nc, cnonce=cnonce,
    )  # fmt: skip


def _algorithm(given: Mapping[str, str]) -> str:
    return given.get("algorithm", "MD5").upper()


def _parameters(text: str) -> dict[str, str] | None:
    """Comma-separated `name=value`s by lower-case name, quotes and escapes resolved.

    None if the text is anything else, or a name comes twice.
    """
    found: dict[str, str] = {}
    position, more = 0, ","
    while more:
        match = _PARAMETER.match(text, position)
        if match is None or match["name"].lower() in found:
            return None
        quoted = match["quoted"]
        value = match["bare"] if quoted is None else _ESCAPE.sub(r"\1", quoted)
        found[match["name"].lower()] = value
        position, more = match.end(), match["more"]
    return found


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
