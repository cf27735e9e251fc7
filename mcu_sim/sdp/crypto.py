"""SRTP keys in session descriptions: the a=crypto attribute (RFC 4568).

One suite is used, AES_CM_128_HMAC_SHA1_80, which every device with SDES has (§6.2). Keys show in no
repr and in no error message.
"""

from __future__ import annotations

import base64
import random
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

SUITE = "AES_CM_128_HMAC_SHA1_80"
MASTER_BYTES = 16 + 14
"""Master key and master salt (RFC 4568 §6.2)."""
KeySource = Callable[[int], bytes]
"""Returns so many new bytes."""


def key_source(seed: int | None, purpose: str) -> KeySource:
    """Return the source of an element's keys: from a seed, or (None) from the system."""
    return secrets.token_bytes if seed is None else random.Random(f"{seed}/{purpose}").randbytes


@dataclass(frozen=True, slots=True)
class Crypto:
    """One a=crypto line; its tag tells which line of an offer was taken (RFC 4568 §4.1).

    `key`: master key and master salt in one, `MASTER_BYTES`.
    """

    tag: int
    key: bytes = field(repr=False)

    def text(self) -> str:
        """Return the attribute's value, with the key in the clear."""
        return f"{self.tag} {SUITE} inline:{base64.b64encode(self.key).decode()}"


_TAG = re.compile(r"^\d{1,9}$", re.ASCII)
_LIFETIME = re.compile(r"^(2\^)?\d{1,20}$", re.ASCII)


def read_crypto(value: str) -> Crypto | None:
    """Parse an attribute's value; return None for a well-formed line that cannot be used here.

    Those are other suites and key methods, several keys in a line, an identifier of the key (MKI),
    and session parameters that would change the protection. Raises `ValueError`, without the key
    in its message, for a malformed line.
    """
    fields = value.split()
    if len(fields) < 3 or not _TAG.match(fields[0]):
        raise ValueError("needs a tag, a suite and a key")
    tag, suite, keys, *parameters = fields
    method, colon, info = keys.partition(":")
    if not colon:
        raise ValueError("needs a key method and a key")
    if suite.upper() != SUITE or method.lower() != "inline" or ";" in info:
        return None
    text, *limits = info.split("|")
    if any(":" in limit for limit in limits):  # an MKI
        return None
    if len(limits) > 1 or not all(map(_LIFETIME.match, limits)):
        raise ValueError("what follows the key is no lifetime")
    key = _decode(text)
    return Crypto(int(tag), key) if all(map(_harmless, parameters)) else None


def _harmless(parameter: str) -> bool:
    """Return whether a session parameter may be passed over (RFC 4568 §6.3.6, §6.3.7)."""
    return parameter.startswith("-") or parameter.upper().startswith("WSH=")


def _decode(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("key is not base64") from None
    if len(key) != MASTER_BYTES:
        raise ValueError(f"key and salt are {MASTER_BYTES} bytes, not {len(key)}")
    return key
