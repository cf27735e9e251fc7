"""Keys of SRTP in a session description (a=crypto, RFC 4568). No message or repr shows a key."""

from __future__ import annotations

import base64
import enum
import re
from dataclasses import dataclass, field

KEY_BYTES, SALT_BYTES = 16, 14
MASTER_BYTES = KEY_BYTES + SALT_BYTES
"""Master key and master salt of both suites (RFC 4568 §6.2)."""


class Suite(enum.StrEnum):
    """Crypto suites that can be used here, the preferred one first (RFC 4568 §6.2)."""

    AES_CM_128_HMAC_SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    AES_CM_128_HMAC_SHA1_32 = "AES_CM_128_HMAC_SHA1_32"


@dataclass(frozen=True, slots=True)
class CryptoKey:
    """What one side protects its packets with. `master` is key and salt in one, 30 bytes.

    Raises `ValueError` for another length.
    """

    suite: Suite
    master: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.master) != MASTER_BYTES:
            raise ValueError(f"key and salt are {MASTER_BYTES} bytes, not {len(self.master)}")


@dataclass(frozen=True, slots=True)
class Crypto:
    """One a=crypto line; its tag tells which line of an offer was taken (RFC 4568 §4.1)."""

    tag: int
    key: CryptoKey

    def text(self) -> str:
        """The attribute's value; it holds the key in the clear."""
        return f"{self.tag} {self.key.suite} inline:{base64.b64encode(self.key.master).decode()}"


_TAG = re.compile(r"^\d{1,9}$", re.ASCII)
_LIFETIME = re.compile(r"^(2\^)?\d{1,20}$", re.ASCII)
_MKI = re.compile(r"^\d{1,40}:\d{1,3}$", re.ASCII)


def read_crypto(value: str) -> Crypto | None:
    """Read an attribute's value; None for a line that is well formed but cannot be used here.

    Those are unknown suites and key methods, keys with a master key identifier (MKI), and session
    parameters that would change the protection. Raises `ValueError`, without the key in its
    message, for what no line can be.
    """
    fields = value.split()
    if len(fields) < 3 or not _TAG.match(fields[0]):
        raise ValueError("needs a tag, a suite and a key")
    tag, suite_name, keys, *parameters = fields
    suite = next((suite for suite in Suite if suite == suite_name.upper()), None)
    method, colon, info = keys.partition(":")
    if not colon:
        raise ValueError("needs a key method and a key")
    # several keys are told apart by their MKI (RFC 4568 §6.1)
    if suite is None or method.lower() != "inline" or ";" in info:
        return None
    text, *limits = info.split("|")
    has_mki = bool(limits) and _MKI.match(limits[-1]) is not None
    lifetimes = limits[:-1] if has_mki else limits
    if len(lifetimes) > 1 or not all(_LIFETIME.match(lifetime) for lifetime in lifetimes):
        raise ValueError("what follows the key is neither a lifetime nor an MKI")
    key = CryptoKey(suite, _decode(text))
    return None if has_mki or not all(map(_harmless, parameters)) else Crypto(int(tag), key)


def _harmless(parameter: str) -> bool:
    """Whether a session parameter may be passed over (RFC 4568 §6.3.6, §6.3.7)."""
    return parameter.startswith("-") or parameter.upper().startswith("WSH=")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("key is not base64") from None
