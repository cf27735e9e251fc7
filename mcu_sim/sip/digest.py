"""Digest access authentication with MD5 (RFC 7616, RFC 3261 §22), both sides, without I/O.

`sipmessage` splits quoted strings at their commas (`qop="auth,auth-int"`), so these headers are
parsed here.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import random
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from giaoban.mcu_sim.sip.message import quoted

_QOP = "auth"
_FIRST_COUNT = "00000001"
_SCHEME = re.compile(r"\s*Digest\s+", re.IGNORECASE)
_PARAMETER = re.compile(r'\s*([\w.!%*+`\'~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(,|\Z)')
_ESCAPE = re.compile(r"\\(.)")

NONCE_LIFE_MS = 300_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client's user name and password."""

    user: str
    password: str = field(repr=False)


class Denial(enum.Enum):
    """The reason why a request is not verified."""

    STALE_NONCE = enum.auto()
    """The password is right, but the nonce is too old or not ours: challenge again."""
    WRONG_CREDENTIALS = enum.auto()
    """No such user, another password, or a header that cannot be read."""
    NO_CREDENTIALS = enum.auto()
    """The request has no credentials for this realm."""


class Authority:
    """The server's side: challenges with MD5 for one realm, and the check of the answers.

    `accounts` maps users to passwords. A nonce carries its time and a MAC and is not stored; an
    answer may be repeated while its nonce is fresh, and for another URI.
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
            f'Digest realm={quoted(self.realm)}, qop="{_QOP}", nonce="{nonce}", algorithm=MD5{tail}'
        )

    def verify(self, method: str, authorizations: Sequence[str], now_ms: float) -> str | Denial:
        """Return the user that sent a request, by the values of its Authorization headers."""
        verdicts = [self._judge(method, text, now_ms) for text in authorizations]
        for verdict in verdicts:
            if isinstance(verdict, str):
                return verdict
        return next((denial for denial in Denial if denial in verdicts), Denial.NO_CREDENTIALS)

    def _judge(self, method: str, text: str, now_ms: float) -> str | Denial:
        given = read_parameters(text)
        if given is None:
            return Denial.WRONG_CREDENTIALS
        if given.get("realm") != self.realm:
            return Denial.NO_CREDENTIALS
        user = given.get("username", "")
        expected = _expected(given, method, self._accounts.get(user, ""))
        if user not in self._accounts or expected != given.get("response", "").lower():
            return Denial.WRONG_CREDENTIALS
        return user if self._is_fresh(given.get("nonce", ""), now_ms) else Denial.STALE_NONCE

    def _is_fresh(self, nonce: str, now_ms: float) -> bool:
        stamp, mac = nonce[:16], nonce[16:]
        return mac == self._mac(stamp) and 0 <= int(now_ms) - int(stamp, 16) <= NONCE_LIFE_MS

    def _mac(self, text: str) -> str:
        return hmac.digest(self._secret, text.encode("utf-8", "replace"), "sha256").hex()[:32]


def authorization(
    challenges: Sequence[str],
    method: str,
    uri: str,
    credentials: Credentials,
    rng: random.Random,
) -> str | None:
    """Return the value of Authorization that answers the first challenge with MD5, None if there is
    none. `uri` is the Request-URI; `rng` makes the cnonce."""
    given = next((one for text in challenges if (one := _usable(text)) is not None), None)
    if given is None:
        return None
    user, realm, nonce = credentials.user, given["realm"], given["nonce"]
    cnonce = f"{rng.getrandbits(128):032x}" if "qop" in given else None
    answer = response(user, realm, credentials.password, method, uri, nonce, _FIRST_COUNT, cnonce)
    parts = [
        f"username={quoted(user)}",
        f"realm={quoted(realm)}",
        f"nonce={quoted(nonce)}",
        f"uri={quoted(uri)}",
        f'response="{answer}"',
    ]
    parts += ["algorithm=MD5"] if "algorithm" in given else []
    parts += [f'cnonce="{cnonce}"', f"qop={_QOP}", f"nc={_FIRST_COUNT}"] if cnonce else []
    parts += [f"opaque={quoted(given['opaque'])}"] if "opaque" in given else []
    return "Digest " + ", ".join(parts)


def response(
    user: str,
    realm: str,
    password: str,
    method: str,
    uri: str,
    nonce: str,
    nc: str,
    cnonce: str | None,
) -> str:
    """Return the response of RFC 7616 §3.4.1 in hex; without a `cnonce` that of RFC 2069."""

    def hashed(*parts: str) -> str:
        text = ":".join(parts).encode("utf-8", "replace")
        return hashlib.md5(text, usedforsecurity=False).hexdigest()

    middle = () if cnonce is None else (nc, cnonce, _QOP)
    return hashed(hashed(user, realm, password), nonce, *middle, hashed(method, uri))


def _usable(text: str) -> dict[str, str] | None:
    """Return the parameters of a challenge that can be answered, else None."""
    given = read_parameters(text)
    if given is None or "realm" not in given or "nonce" not in given or not _is_md5(given):
        return None
    offered = [one.strip().lower() for one in given.get("qop", _QOP).split(",")]
    return given if _QOP in offered else None


def _expected(given: Mapping[str, str], method: str, password: str) -> str | None:
    """Return the response that a header must carry, None if it lacks a parameter or is not MD5."""
    protected = "qop" in given
    needed = {"username", "uri", "response", "nonce"} | ({"nc", "cnonce"} if protected else set())
    if not needed <= given.keys() or not _is_md5(given) or given.get("qop", _QOP).lower() != _QOP:
        return None
    return response(
        given["username"],
        given["realm"],
        password,
        method,
        given["uri"],
        given["nonce"],
        given.get("nc", ""),
        given["cnonce"] if protected else None,
    )


def _is_md5(given: Mapping[str, str]) -> bool:
    return given.get("algorithm", "MD5").upper() == "MD5"


def read_parameters(text: str) -> dict[str, str] | None:
    """Return the parameters of a Digest header by lower-case name, None for any other text."""
    scheme = _SCHEME.match(text)
    found: dict[str, str] = {}
    at, more = (scheme.end(), ",") if scheme else (0, ",")
    while more:
        match = _PARAMETER.match(text, at)
        if scheme is None or match is None:
            return None
        name, escaped, bare, more = match.groups()
        found[name.lower()] = bare if escaped is None else _ESCAPE.sub(r"\1", escaped)
        at = match.end()
    return found
