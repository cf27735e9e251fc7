"""The SRTP contexts of all calls (RFC 3711): one a medium, for both its directions and its RTCP."""

from __future__ import annotations

from collections.abc import Iterator

from mcu_sim.media.leg import Kind
from mcu_sim.offer_answer import Agreed
from mcu_sim.srtp import SrtpContext


class Keyring:
    """The context of each flow that is encrypted, by medium and row."""

    def __init__(self) -> None:
        self._contexts: dict[Kind, dict[int, SrtpContext]] = {}
        self._terms: dict[tuple[Kind, int], Agreed] = {}

    def turn(self, kind: Kind, row: int, terms: Agreed) -> None:
        """A flow begins, or has new terms. The cipher of a key that stays in use runs on."""
        old = self._terms.get((kind, row))
        self._terms[kind, row] = terms
        send, receive = terms.crypto_send, terms.crypto_receive
        contexts = self._contexts.setdefault(kind, {})
        if send is None or receive is None:
            contexts.pop(row, None)
        elif old is None or old.crypto_send != send or old.crypto_receive is None:
            contexts[row] = SrtpContext(send=send, receive=receive)
        elif old.crypto_receive != receive:
            contexts[row] = contexts[row].with_receive_key(receive)

    def close(self, row: int) -> None:
        """The call in a row is over."""
        for key in [key for key in self._terms if key[1] == row]:
            del self._terms[key]
        for contexts in self._contexts.values():
            contexts.pop(row, None)

    def of(self, kind: Kind, row: int) -> SrtpContext | None:
        """The context of a flow; None: it is not encrypted."""
        return self._contexts.get(kind, {}).get(row)

    def all_of(self, kind: Kind) -> Iterator[tuple[int, SrtpContext]]:
        """Row and context of every encrypted flow of a medium."""
        return iter(self._contexts.get(kind, {}).items())
