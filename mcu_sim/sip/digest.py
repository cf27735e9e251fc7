"""Digest access authentication (RFC 7616, RFC 8760, RFC 3261 §22), both sides, without I/O.

The server challenges with MD5, which every device has; a client answers SHA-256 too. `sipmessage`
splits quoted strings at their commas, so these headers are read and written here.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import random
import re
import secrets
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


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client proves itself with."""

    user: str
    password: str = field(repr=False)


class Denial(enum.Enum):
    """The reason why a request is not verified."""

    STALE_NONCE = enum.auto()
    """The password is right, but the nonce is too old or not ours: challenge again."""
    WRONG_CREDENTIALS = enum.auto()
    """No such user, another password, or a header that cannot be read."""
    URI_MISMATCH = enum.auto()
    """A proof for another URI than that of the request (RFC 7616 §3.4.6)."""
    NO_CREDENTIALS = enum.auto()
    """The request has no credentials for this realm."""


NONCE_LIFE_MS = 300_000


class Authority:
    """The server's side: challenges with MD5 for one realm, and the check of the answers.

    `accounts` maps users to passwords. A nonce carries its time and a MAC and is not stored; an
    answer may be repeated while its nonce is fresh.
    """

    def __init__(self, realm: str, accounts: Mapping[str, str]) -> None:
        self.realm = realm
        self._accounts = accounts
        self._secret = secrets.token_bytes(32)

    def challenge(self, now_ms: float, *, stale: bool = False) -> str:
        """Return the value of WWW-Authenticate."""
        stamp = f"{max(0, int(now_ms)):016x}"
        nonce = stamp + self._mac(stamp)
        tail = ", stale=true" if stale else ""
        return (
            f'Digest realm={_quote(self.realm)}, qop="{_QOP}", nonce="{nonce}", algorithm=MD5{tail}'
        )

    def verify(
        self, method: str, uri: str, authorizations: Sequence[str], now_ms: float
    ) -> str | Denial:
        """Return the user that sent a request, by its Request-URI and the values of its
        Authorization headers. Never raises."""
        verdicts = [self._judge(method, uri, text, now_ms) for text in authorizations]
        for verdict in verdicts:
            if isinstance(verdict, str):
                return verdict
        return next((denial for denial in Denial if denial in verdicts), Denial.NO_CREDENTIALS)

    def _judge(self, method: str, uri: str, text: str, now_ms: float) -> str | Denial:
        scheme = _SCHEME.match(text)
        if scheme is None:
            return Denial.NO_CREDENTIALS
        given = _parameters(text[scheme.end() :])
        if given is None:
            return Denial.WRONG_CREDENTIALS
        if given.get("realm") != self.realm:
            return Denial.NO_CREDENTIALS
        # SIPp and others prove for the whole element, which is accepted
        if "uri" in given and not is_within(uri, given["uri"]):
            return Denial.URI_MISMATCH
        user = given.get("username", "")
        expected = _expected(given, method, user, self._accounts.get(user, ""))
        if user not in self._accounts or expected != given.get("response", "").lower():
            return Denial.WRONG_CREDENTIALS
        return user if self._is_fresh(given.get("nonce", ""), now_ms) else Denial.STALE_NONCE

    def _is_fresh(self, nonce: str, now_ms: float) -> bool:
        stamp, mac = nonce[:16], nonce[16:]
        if mac != self._mac(stamp):
            return False
        return 0 <= int(now_ms) - int(stamp, 16) <= NONCE_LIFE_MS

    def _mac(self, text: str) -> str:
        return hmac.digest(self._secret, text.encode("utf-8", "replace"), "sha256").hex()[:32]


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
    """Return the response that a header must carry, None if it lacks a parameter or is not MD5."""
    if "response" not in given or "uri" not in given or _algorithm(given) != "MD5":
        return None
    nc, cnonce = given.get("nc"), given.get("cnonce")
    if "qop" not in given:
        nc = cnonce = None
    elif given["qop"].lower() != _QOP or cnonce is None or nc is None or not _COUNT.match(nc):
        return None
    nonce = given.get("nonce", "")
    return response(
        "MD5", user, given["realm"], password, method, given["uri"], nonce, nc=nc, cnonce=cnonce
    )


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
