"""SRTP contexts of calls: which keys are in use, and what a change of them leaves as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mcu_sim.media.srtp import Keyring, SrtpContext, SrtpError
from mcu_sim.sdp import CryptoKey, Suite
from tests.mcu_sim.media_factory import FAR_KEY, MCU_KEY, packet, secured, terms

OTHER_KEY = CryptoKey(Suite.AES_CM_128_HMAC_SHA1_80, bytes(30))


def far(send: CryptoKey = FAR_KEY, receive: CryptoKey = MCU_KEY) -> SrtpContext:
    """The other end's context."""
    return SrtpContext(send=send, receive=receive)


def context(keys: Keyring, kind: str = "audio", row: int = 1) -> SrtpContext:
    found = keys.of(kind, row)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_plain_flows_have_none() -> None:
    keys = Keyring()
    keys.turn("audio", 1, terms("audio", 28_000))
    assert keys.of("audio", 1) is None
    assert list(keys.all_of("audio")) == []
    keys.close(1)


def test_each_flow_has_its_own() -> None:
    keys = Keyring()
    keys.turn("audio", 1, secured("audio", 28_000))
    keys.turn("video", 1, secured("video", 28_002))
    keys.turn("audio", 2, secured("audio", 28_100))
    assert [row for row, _ in keys.all_of("audio")] == [1, 2]
    assert keys.of("content", 1) is None
    keys.close(1)
    assert [row for row, _ in keys.all_of("audio")] == [2]
    assert list(keys.all_of("video")) == []


def test_terms_with_the_same_keys_leave_the_ciphers_as_they_are() -> None:
    """Else what was received could be repeated, and sequence numbers would begin anew."""
    keys = Keyring()
    keys.turn("audio", 1, secured("audio", 28_000))
    before = context(keys)
    keys.turn("audio", 1, secured("audio", 29_000, sends=False))
    assert context(keys) is before


def test_another_key_of_the_far_end() -> None:
    """What comes is opened with it, what goes on is the same stream."""
    keys = Keyring()
    keys.turn("audio", 1, secured("audio", 28_000))
    there = far()
    assert there.unprotect(context(keys).protect(packet(1))) == packet(1)
    keys.turn("audio", 1, replace(secured("audio", 28_000), crypto_receive=OTHER_KEY))
    assert context(keys).unprotect(far(OTHER_KEY).protect(packet(9))) == packet(9)
    with pytest.raises(SrtpError):
        context(keys).unprotect(far().protect(packet(10)))
    assert there.unprotect(context(keys).protect(packet(2))) == packet(2)
    with pytest.raises(SrtpError):
        context(keys).protect(packet(1))


def test_another_key_of_ours_and_none_at_all() -> None:
    keys = Keyring()
    keys.turn("audio", 1, secured("audio", 28_000))
    keys.turn("audio", 1, replace(secured("audio", 28_000), crypto_send=OTHER_KEY))
    assert far(receive=OTHER_KEY).unprotect(context(keys).protect(packet(1))) == packet(1)
    keys.turn("audio", 1, terms("audio", 28_000))
    assert keys.of("audio", 1) is None
    keys.turn("audio", 1, secured("audio", 28_000))
    assert far().unprotect(context(keys).protect(packet(1))) == packet(1)


def test_good_packets_of_a_batch_are_protected_and_others_told() -> None:
    mine = SrtpContext(send=MCU_KEY, receive=FAR_KEY)
    data = np.zeros((4, 200), np.uint8)
    for row, number in enumerate((5, 6, 5, 7)):
        data[row, :172] = np.frombuffer(packet(number), np.uint8)
    sizes, good = mine.protect_good_rows(data, np.full(3, 172), np.array([0, 2, 3]))
    assert good.tolist() == [True, False, True]
    assert sizes[good].tolist() == [182, 182]
    there = far()
    opened = [there.unprotect(data[row, :182].tobytes()) for row in (0, 3)]
    assert opened == [packet(5), packet(7)]
