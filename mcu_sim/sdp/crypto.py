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
    """One a=crypto line. An answer repeats the tag of the offered line that it takes (RFC 4568
    §4.1).

    `key`: master key and master salt in one, `MASTER_BYTES`.
    """

    tag: int
    key: bytes = field(repr=False)

    def text(self) -> str:
        """Return the attribute's value, with the key in the clear."""
        return f"{self.tag} {SUITE} inline:{base64.b64encode(self.key).decode()}"


_LINE = re.compile(
    rf"(\d{{1,9}}) +{SUITE} +inline:([A-Za-z0-9+/=]+)"
    r"(?:\|(?:2\^)?\d{1,20})?"  # lifetime; a key identifier (MKI) is not used here
    r"(?: +(?:-\S*|WSH=\S*))*",  # the session parameters that may be ignored (§6.3.6, §6.3.7)
    re.ASCII | re.IGNORECASE,
)


def read_crypto(value: str) -> Crypto | None:
    """Parse an attribute's value. Return None for a line that is malformed or cannot be used here:
    another suite or key method, several keys, or parameters that change the protection."""
    match = _LINE.fullmatch(value.strip())
    if match is None:
        return None
    try:
        key = base64.b64decode(match[2], validate=True)
    except ValueError:
        return None
    return Crypto(int(match[1]), key) if len(key) == MASTER_BYTES else None
