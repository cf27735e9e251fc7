"""SRTP keys in offers and answers (RFC 4568 §7.1)."""

from __future__ import annotations

from dataclasses import replace

from mcu_sim.sdp import Crypto, CryptoKey, Media, SdpError, Suite
from mcu_sim.sdp.crypto import MASTER_BYTES, OFFERED
from mcu_sim.secret_source import Secrets

SECURE = ("RTP/SAVP", "RTP/SAVPF")
PROTOCOLS = ("RTP/AVP", "RTP/AVPF", *SECURE)


def is_secure(section: Media) -> bool:
    """Whether a section must be SRTP. On another a key says that it may be (RFC 8643)."""
    return section.protocol in SECURE


def with_keys(section: Media, keys: Secrets | None) -> Media:
    """A section to offer: with a key of each suite `OFFERED` if it is SRTP and has none yet. One
    that became SRTP by the other side's offer keeps its key.

    Raises `ValueError` if there is no source of keys.
    """
    if section.crypto or not is_secure(section):
        return section
    if keys is None:
        raise ValueError(f"m={section.kind}: {section.protocol} needs a source of keys")
    lines = (
        Crypto(tag, CryptoKey(suite, keys.take(MASTER_BYTES[suite])))
        for tag, suite in enumerate(OFFERED, start=1)
    )
    return replace(section, crypto=tuple(lines))


def answer_keys(
    theirs: Media, old: Media | None, keys: Secrets | None
) -> tuple[Crypto, Crypto] | None:
    """Our line and theirs for an offered section, None if there is no key to use.

    `old` is our section of this place until now: a key of the same suite in it stays in use. If
    their packets carry an MKI, ours carry the same: who names keys so expects it of both sides.
    """
    suites = list(Suite)
    chosen = min(theirs.crypto, key=lambda line: suites.index(line.key.suite), default=None)
    if chosen is None:
        return None
    suite, mki = chosen.key.suite, chosen.key.mki
    in_use = old.crypto if old is not None and old.port and old.kind == theirs.kind else ()
    # a number of theirs that changes with their key leaves ours and its number as they are
    fitting = (k for k in (line.key for line in in_use) if k.suite is suite)
    key = next((k for k in fitting if len(k.mki) == len(mki)), None)
    if key is None:
        if keys is None:
            return None
        key = CryptoKey(suite, keys.take(MASTER_BYTES[suite]), mki)
    return Crypto(chosen.tag, key), chosen


def answered_keys(ours: Media, theirs: Media) -> tuple[Crypto, Crypto]:
    """Our line and theirs for an answered section. `SdpError` if they took none of ours."""
    for line in theirs.crypto:
        for offered in ours.crypto:
            if (line.tag, line.key.suite) == (offered.tag, offered.key.suite):
                return offered, line
    raise SdpError(f"answer takes none of the SRTP keys offered for {ours.kind}")
