"""What is restored of packets that a line loses: as they were, and as many as theory says."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic import ulpfec
from giaoban.traffic.impairments.loss import loss_process
from giaoban.traffic.impairments.models import BernoulliLoss, GilbertElliottLoss, Loss
from giaoban.traffic.loss_repair import Fec
from giaoban.traffic.receiver.fec import KEPT_NS, MOST_FEC_PACKETS, MOST_PACKETS, FecDecoder
from giaoban.traffic.sender.fec import FecEncoder

MS = 1_000_000
SSRC = 0x0A0B0C0D
FIRST = 0xFF00


def media(number: int, size: int = 4) -> bytes:
    header = bytes([0x80, 97]) + ((FIRST + number) & 0xFFFF).to_bytes(2, "big")
    header += (number * 90 & 0xFFFF_FFFF).to_bytes(4, "big") + SSRC.to_bytes(4, "big")
    return header + (number.to_bytes(4, "big") * (size // 4 + 1))[:size]


def wire(packets: int, each: int) -> list[tuple[bytes, bool]]:
    """Packets of a stream with an FEC packet after each so many: what they are, and which of them
    is an FEC packet."""
    of = Fec(group_packets=each, group_pictures=30, source="a test")
    encoder = FecEncoder(of, 100, 1, 90_000)
    out = []
    for number in range(packets):
        packet = media(number, 4 + number % 7)
        out.append((packet, False))
        if (made := encoder.sent(packet, number * MS)) is not None:
            out.append((made.packet, True))
    return out


def put(decoder: FecDecoder, packet: bytes, is_fec: bool, at_ns: int) -> list[bytes]:
    take: Callable[[bytes, int], list[tuple[bytes, int]]]
    take = decoder.fec_came if is_fec else decoder.came
    return [one[0] for one in take(packet, at_ns)]


def residual(loss: Loss, each: int, groups: int, seed: int) -> float:
    """The share of packets that the decoder has in no way."""
    sent = wire(each * groups, each)
    lost = loss_process(loss, seed).draw(len(sent))
    decoder, had = FecDecoder(SSRC), 0
    for at, ((packet, is_fec), gone) in enumerate(zip(sent, lost.tolist(), strict=True)):
        if not gone:
            had += not is_fec
            had += len(put(decoder, packet, is_fec, at * MS))
    return 1 - had / (each * groups)


@pytest.mark.parametrize(("p", "each"), [(0.01, 10), (0.05, 10), (0.05, 4), (0.2, 2)])
def test_of_independent_losses_stays_what_theory_says(p: float, each: int) -> None:
    """A packet stays lost if it and any other of its n + 1 is: p (1 − (1 − p)ⁿ)."""
    expected = p * (1 - (1 - p) ** each)
    groups = 30_000 // each
    found = residual(BernoulliLoss(p=p), each, groups, seed=3)
    # lost packets come two and more to a group: twice the variance of as many single ones
    assert found == pytest.approx(expected, abs=4 * math.sqrt(3 * expected / (each * groups)))


def residual_of_chain(loss: GilbertElliottLoss, each: int) -> float:
    """Over the chain of states: of the packets lost in a group and its FEC packet, all but one that
    is alone."""
    to = np.array([[1 - loss.p, loss.p], [loss.r, 1 - loss.r]])
    state = np.array([loss.r, loss.p]) / (loss.p + loss.r)
    lost = np.array([loss.loss_good, loss.loss_bad])
    none, one, rate = state, np.zeros(2), float(state @ lost)
    # probabilities of the states with none, and with exactly one packet of the media, lost so far
    for place in range(each + 1):
        stays = one * (1 - lost)
        falls = none * lost if place < each else np.zeros(2)
        none, one = (none * (1 - lost)) @ to, (stays + falls) @ to
    return rate - float(one.sum()) / each


@pytest.mark.parametrize("each", [4, 10])
def test_of_bursts_stays_what_the_chain_says(each: int) -> None:
    loss = GilbertElliottLoss(p=0.01, r=0.4, loss_good=0.0, loss_bad=0.8)
    expected = residual_of_chain(loss, each)
    # the chain of one state is the closed form
    same = GilbertElliottLoss(p=0.5, r=0.5, loss_good=0.05, loss_bad=0.05)
    assert residual_of_chain(same, each) == pytest.approx(0.05 * (1 - 0.95**each))
    found = residual(loss, each, 40_000 // each, seed=5)
    assert found == pytest.approx(expected, rel=0.15)
    # bursts are what one FEC packet does not help against: independent losses leave far less
    rate = loss.p / (loss.p + loss.r) * loss.loss_bad
    assert expected > 3 * rate * (1 - (1 - rate) ** each)


@given(
    packets=st.integers(1, 60),
    each=st.integers(1, 12),
    lost=st.sets(st.integers(0, 130)),
    order=st.randoms(use_true_random=False),
    twice=st.sets(st.integers(0, 130)),
    reach=st.integers(1, 40),
)
def test_what_is_restored_was_sent(
    packets: int,
    each: int,
    lost: set[int],
    order: object,
    twice: set[int],
    reach: int,
) -> None:
    """Whatever is lost, comes twice or out of order: never other bytes, nothing twice, and all that
    one FEC packet can restore."""
    sent = wire(packets, each)
    came = [one for at, one in enumerate(sent) if at not in lost for _ in range(1 + (at in twice))]
    for start in range(0, len(came), reach):
        part = came[start : start + reach]
        order.shuffle(part)  # type: ignore[attr-defined]
        came[start : start + reach] = part
    decoder = FecDecoder(SSRC)
    restored = []
    have: set[bytes] = set()
    for at, (packet, is_fec) in enumerate(came):
        found = put(decoder, packet, is_fec, at * MS)
        restored += found
        have |= {*found, *([] if is_fec else [packet])}
    originals = {packet for packet, is_fec in sent if not is_fec}
    assert {*restored} <= originals
    assert len({*restored}) == len(restored)
    # each group by itself: one packet is missing and its FEC packet came, or it stays as it is
    for start in range(0, len(sent), each + 1):
        group = range(start, min(start + each + 1, len(sent)))
        gone = [at for at in group if at in lost]
        whole = len(group) == each + 1
        expected = {sent[at][0] for at in group if at not in lost and not sent[at][1]}
        if whole and len(gone) == 1 and not sent[gone[0]][1]:
            expected.add(sent[gone[0]][0])
        assert {packet for packet in have if packet in {sent[at][0] for at in group}} == expected


def test_a_packet_restored_restores_others() -> None:
    """Of groups that overlap, as other senders have them."""
    a, b, c = (media(number) for number in range(3))
    rows, columns = ulpfec.protect([a, b]), ulpfec.protect([b, c])
    head = {"payload_type": 100, "ssrc": 1, "timestamp": 0}
    decoder = FecDecoder(SSRC)
    decoder.came(a, 0)
    assert decoder.fec_came(ulpfec.encapsulate(columns, sequence=1, **head), 1) == []
    found = decoder.fec_came(ulpfec.encapsulate(rows, sequence=2, **head), 2)
    assert [one.packet for one in found] == [b, c]


def test_it_is_restored_when_the_last_of_its_group_has_come() -> None:
    a, b, c = (media(number) for number in range(3))
    fec = ulpfec.encapsulate(
        ulpfec.protect([a, b, c]), payload_type=100, ssrc=1, sequence=0, timestamp=0
    )
    decoder = FecDecoder(SSRC)
    decoder.came(a, 10)
    assert decoder.fec_came(fec, 20) == []
    assert decoder.came(c, 30) == [(b, 30)]
    assert decoder.came(b, 40) == []  # late, but it came by itself as well


def test_memory_is_bounded_and_old_packets_restore_nothing() -> None:
    decoder = FecDecoder(SSRC)
    for number in range(MOST_PACKETS + 500):
        decoder.came(media(number), 0)
        lone = ulpfec.protect([media(number + 9000), media(number + 9001)])
        head = {"payload_type": 100, "ssrc": 1, "sequence": 0, "timestamp": 0}
        decoder.fec_came(ulpfec.encapsulate(lone, **head), 0)
        assert len(decoder) <= MOST_PACKETS + MOST_FEC_PACKETS
    a, b = media(MOST_PACKETS + 500), media(MOST_PACKETS + 501)
    fec = ulpfec.encapsulate(ulpfec.protect([a, b]), **head)
    decoder.came(a, 5)
    assert decoder.fec_came(fec, 6 + KEPT_NS) == []
    assert len(decoder) == 1


def test_a_stream_that_goes_on_elsewhere_is_another() -> None:
    """65,536 packets later numbers are the same again."""
    a, b = media(0), media(1)
    other = media(30_000)
    fec = ulpfec.encapsulate(
        ulpfec.protect([a, b]), payload_type=100, ssrc=1, sequence=0, timestamp=0
    )
    decoder = FecDecoder(SSRC)
    decoder.came(a, 0)
    decoder.came(other, 1)
    assert decoder.fec_came(fec, 2) == []
