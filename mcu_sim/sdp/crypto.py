"""Keys of SRTP in a session description (a=crypto, RFC 4568). No message or repr shows a key."""

from __future__ import annotations

import base64
import enum
import re
from dataclasses import dataclass, field, replace

MOST_MKI_BYTES = 16
"""Longest master key identifier that is used here. RFC 4568 §6.1 allows `MKI_LIMIT`, for which
every packet's row would need room; devices are known to use 1 and 4."""
MKI_LIMIT = 128


class Suite(enum.StrEnum):
    """Crypto suites that can be used here, the strongest first (RFC 7714 §14.1, RFC 4568 §6.2)."""

    AEAD_AES_256_GCM = "AEAD_AES_256_GCM"
    AEAD_AES_128_GCM = "AEAD_AES_128_GCM"
    AES_CM_128_HMAC_SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    AES_CM_128_HMAC_SHA1_32 = "AES_CM_128_HMAC_SHA1_32"


OFFERED = (Suite.AES_CM_128_HMAC_SHA1_80, Suite.AES_CM_128_HMAC_SHA1_32)
"""What is offered from here, the preferred one first: what every device with SDES has (RFC 4568
§6.2). What is offered to us may be any `Suite`."""
GCM_SUITES = frozenset({Suite.AEAD_AES_128_GCM, Suite.AEAD_AES_256_GCM})
MASTER_BYTES = {
    Suite.AEAD_AES_256_GCM: 32 + 12,
    Suite.AEAD_AES_128_GCM: 16 + 12,
    Suite.AES_CM_128_HMAC_SHA1_80: 16 + 14,
    Suite.AES_CM_128_HMAC_SHA1_32: 16 + 14,
}
"""Master key and master salt (RFC 7714 §12, RFC 4568 §6.2)."""


@dataclass(frozen=True, slots=True)
class CryptoKey:
    """What one side protects its packets with.

    Args:
        master: master key and master salt in one, `MASTER_BYTES` of the suite.
        mki: the master key identifier as each packet carries it (RFC 3711 §3.1), b"" for none.

    Raises `ValueError` for another length of either.
    """

    suite: Suite
    master: bytes = field(repr=False)
    mki: bytes = b""

    def __post_init__(self) -> None:
        if len(self.master) != (needed := MASTER_BYTES[self.suite]):
            raise ValueError(f"key and salt are {needed} bytes, not {len(self.master)}")
        if len(self.mki) > MOST_MKI_BYTES:
            raise ValueError(f"an MKI has {MOST_MKI_BYTES} bytes at most, not {len(self.mki)}")


@dataclass(frozen=True, slots=True)
class Crypto:
    """One a=crypto line; its tag tells which line of an offer was taken (RFC 4568 §4.1)."""

    tag: int
    key: CryptoKey

    def text(self) -> str:
        """The attribute's value; it holds the key in the clear."""
        key, mki = base64.b64encode(self.key.master).decode(), self.key.mki
        named = f"|{int.from_bytes(mki, 'big')}:{len(mki)}" if mki else ""
        return f"{self.tag} {self.key.suite} inline:{key}{named}"


_TAG = re.compile(r"^\d{1,9}$", re.ASCII)
_LIFETIME = re.compile(r"^(2\^)?\d{1,20}$", re.ASCII)
_MKI = re.compile(r"^(\d{1,309}):(\d{1,3})$", re.ASCII)


def read_crypto(value: str) -> Crypto | None:
    """Read an attribute's value; None for a line that is well formed but cannot be used here.

    Those are unknown suites and key methods, several keys in a line, identifiers of keys (MKI) of
    more than `MOST_MKI_BYTES`, and session parameters that would change the protection. Raises
    `ValueError`, without the key in its message, for what no line can be.
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
    named = _MKI.match(limits[-1]) if limits else None
    lifetimes = limits[:-1] if named else limits
    if len(lifetimes) > 1 or not all(_LIFETIME.match(lifetime) for lifetime in lifetimes):
        raise ValueError("what follows the key is neither a lifetime nor an MKI")
    mki = _mki(int(named[1]), int(named[2])) if named else b""
    key = CryptoKey(suite, _decode(text))
    if len(mki) > MOST_MKI_BYTES or not all(map(_harmless, parameters)):
        return None
    return Crypto(int(tag), replace(key, mki=mki))


def _mki(number: int, size: int) -> bytes:
    """The identifier in a packet, of a number and its length in bytes (RFC 4568 §6.1)."""
    if not 1 <= size <= MKI_LIMIT:
        raise ValueError(f"the MKI's length is 1 to {MKI_LIMIT} bytes, not {size}")
    if number.bit_length() > 8 * size:
        raise ValueError(f"the MKI does not fit into its length, {size} bytes")
    return number.to_bytes(size, "big")


def _harmless(parameter: str) -> bool:
    """Whether a session parameter may be passed over (RFC 4568 §6.3.6, §6.3.7)."""
    return parameter.startswith("-") or parameter.upper().startswith("WSH=")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("key is not base64") from None
