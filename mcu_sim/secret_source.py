"""Where secrets come from: SRTP master keys and salts, what signs the nonces of digest.

Tags, branches, Call-IDs, SSRCs, sequence numbers and nonces are seen by anyone who calls. What they
are drawn from must therefore not be what secrets are drawn from: of a Mersenne Twister, 624 words
that were seen tell all that follow and all that went before. So a secret is never asked of a
`random.Random`, and what needs one asks for a `Secrets` by its type.
"""

from __future__ import annotations

import hashlib
import random
import secrets
from abc import ABC, abstractmethod


class Secrets(ABC):
    """A source of bytes that nothing public tells anything about."""

    @abstractmethod
    def take(self, count: int) -> bytes:
        """The next `count` bytes."""


class SystemSecrets(Secrets):
    """The generator of the operating system: what real time needs (RFC 4086 §7.3)."""

    def take(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class SeededSecrets(Secrets):
    """The same bytes for the same seed and purpose: for virtual time, where nobody listens.

    BLAKE2b (RFC 7693) of a counter, keyed with the seed: a stream of its own for each purpose,
    which tells nothing of what `random.Random` makes of the same seed, nor that of this.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        self._key = hashlib.blake2b(f"{seed}/{purpose}".encode()).digest()
        self._blocks = 0

    def take(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            block = self._blocks.to_bytes(8, "big")
            found += hashlib.blake2b(block, key=self._key).digest()
            self._blocks += 1
        return found[:count]


def drawn_from(seed: int | None, purpose: str) -> tuple[random.Random, Secrets]:
    """What is public and what is secret of one element: from a seed, or (None) from the system.

    A caller must not guess the next tag either (RFC 3261 §19.3), nor a stream's first sequence
    number (RFC 3550 §5.1): without a seed, both are the system's.
    """
    if seed is None:
        return random.SystemRandom(), SystemSecrets()
    return random.Random(seed), SeededSecrets(seed, purpose)
