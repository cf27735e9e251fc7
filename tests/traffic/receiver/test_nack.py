"""Missing packets over a simulated line: repaired as they were, once, in order, in time; how many
stay missing is what theory says."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic import rtp
from giaoban.traffic.impairments.loss import loss_process
from giaoban.traffic.impairments.models import BernoulliLoss, GilbertLoss, Loss
from giaoban.traffic.impairments.theory import chain
from giaoban.traffic.log import FEC_CAME, OF_NO_USE, REPAIRED
from giaoban.traffic.loss_repair import Fec, Retransmission
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.receiver.nack import MOST_MISSING, ReceivedPackets, RepairBuffer
from giaoban.traffic.sender.fec import FecEncoder
from giaoban.traffic.sender.retransmission import Retransmitter
from tests.nights import at_night

MS = 1_000_000
CLOCK_HZ, FRAME_TICKS, FRAME_NS = 90_000, 3_000, 100_000_000 // 3
SSRC, RTX_SSRC, TYPE, RTX_TYPE = 0x1111_2222, 0x3333_4444, 97, 99
MODEL = load_profiles().retransmission
NOTHING = BernoulliLoss(p=0.0)


def packet(number: int, frame: int, last: bool, first_sequence: int = 0) -> bytes:
    header = bytes([0x80, TYPE | last << 7]) + (first_sequence + number & 0xFFFF).to_bytes(2, "big")
    header += (frame * FRAME_TICKS & 0xFFFF_FFFF).to_bytes(4, "big") + SSRC.to_bytes(4, "big")
    return header + number.to_bytes(4, "big")


def as_packets(datagram: bytes, at_ns: int) -> ReceivedPackets:
    data = np.frombuffer(datagram, np.uint8)[np.newaxis].copy()
    lengths = np.array([len(datagram)])
    return ReceivedPackets(rtp.parse_headers(data, lengths), data, lengths, np.array([at_ns]))


@dataclass
class Line:
    """What a simulated stream of pictures went through. Times of the receiver's clock.

    Attributes:
        sent: datagrams by number; `picture`: of each packet; `lost`: numbers whose first try was.
        given: numbers and when the decoder got each; `asked`: numbers and when.
        shown_ns: when each of the asked ones' pictures was to be shown, as known by then.
    """

    sent: list[bytes] = field(default_factory=list)
    picture: list[int] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    given: list[tuple[int, int]] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    shown_ns: list[int] = field(default_factory=list)
    octets: list[bytes] = field(default_factory=list)
    wire: int = 0
    receiver: RepairBuffer | None = None

    @property
    def residual(self) -> int:
        """Packets that the decoder did not get."""
        return len(self.sent) - len(self.given)


def simulate(
    pictures: int,
    *,
    loss: Loss = NOTHING,
    loss_back: Loss = NOTHING,
    one_way_ms: float = 5.0,
    buffer_ms: float = 85.0,
    jitter_ms: float = 0.0,
    each: int = 4,
    model: Retransmission = MODEL,
    seed: int = 1,
    first_sequence: int = 65_500,
    knows_round_trip: bool = True,
) -> Line:
    """A camera's pictures of `each` packets, evenly over their interval. `jitter_ms`: packets may
    be that much later, at random."""
    forth, back = loss_process(loss, seed), loss_process(loss_back, seed + 1)
    rng = np.random.default_rng(seed + 2)
    out, order = Line(), count()
    sender = Retransmitter(model, RTX_TYPE, RTX_SSRC)
    receiver = out.receiver = RepairBuffer(model, CLOCK_HZ, round(buffer_ms * MS))
    one_way, trip = round(one_way_ms * MS), round(2 * one_way_ms * MS)
    events: list[tuple[int, int, str, object]] = []
    fastest = math.inf

    def at(time_ns: int, what: str, of: object) -> None:
        heapq.heappush(events, (time_ns, next(order), what, of))

    def across(now_ns: int, what: str, of: bytes) -> bool:
        out.wire += 1
        if forth.draw(1)[0]:
            return False
        at(now_ns + one_way + int(rng.uniform(0, jitter_ms) * MS), what, of)
        return True

    for frame in range(pictures):
        for part in range(each):
            number = frame * each + part
            out.sent.append(packet(number, frame, part == each - 1, first_sequence))
            out.picture.append(frame)
            at(frame * FRAME_NS + part * FRAME_NS // each, "send", number)
    end_ns = pictures * FRAME_NS + 300 * MS
    for tick in range(end_ns // MS):
        at(tick * MS, "look", None)
    while events:
        now_ns, _, what, of = heapq.heappop(events)
        if what == "send":
            assert isinstance(of, int)
            sender.sent(out.sent[of], now_ns)
            if not across(now_ns, "media", out.sent[of]):
                out.lost.add(of)
        elif what == "media":
            assert isinstance(of, bytes)
            receiver.put(as_packets(of, now_ns))
            if of[1] & 0x80:
                frame = out.picture[int.from_bytes(of[12:], "big")]
                fastest = min(fastest, now_ns - frame * FRAME_TICKS * 10**9 // CLOCK_HZ)
        elif what == "rtx":
            assert isinstance(of, bytes)
            receiver.put_repair(of, now_ns)
        elif what == "nack":
            for again in sender.answer(of, now_ns, trip):  # type: ignore[arg-type]
                across(now_ns, "rtx", again)
        else:
            wanted = receiver.ask(now_ns, trip if knows_round_trip else None)
            for request in wanted:
                number = (request.sequence - first_sequence) & 0xFFFF
                out.asked.append((number, now_ns))
                shown = out.picture[number] * FRAME_TICKS * 10**9 // CLOCK_HZ + fastest
                out.shown_ns.append(int(shown + buffer_ms * MS) if fastest < math.inf else now_ns)
            if wanted and not back.draw(1)[0]:
                at(now_ns + one_way, "nack", tuple(one.sequence for one in wanted))
        for ready in receiver.take():
            for place, length in enumerate(ready.lengths.tolist()):
                octets = bytes(ready.data[place, :length])
                out.octets.append(octets)
                out.given.append((int.from_bytes(octets[12:16], "big"), now_ns))
    receiver.nack.end()
    return out


losses = st.builds(BernoulliLoss, p=st.sampled_from([0.0, 0.05, 0.3])) | st.builds(
    GilbertLoss, p=st.sampled_from([0.02, 0.1]), r=st.sampled_from([0.2, 0.6])
)


@given(
    loss=losses,
    loss_back=losses,
    one_way_ms=st.sampled_from([0.5, 5.0, 20.0, 60.0]),
    buffer_ms=st.sampled_from([20.0, 85.0, 200.0]),
    jitter_ms=st.sampled_from([0.0, 8.0, 25.0]),
    each=st.integers(1, 5),
    first_sequence=st.integers(0, 65_535),
    seed=st.integers(0, 2**30),
)
def test_laws(
    loss: Loss,
    loss_back: Loss,
    one_way_ms: float,
    buffer_ms: float,
    jitter_ms: float,
    each: int,
    first_sequence: int,
    seed: int,
) -> None:
    line = simulate(
        12,
        loss=loss,
        loss_back=loss_back,
        one_way_ms=one_way_ms,
        buffer_ms=buffer_ms,
        jitter_ms=jitter_ms,
        each=each,
        first_sequence=first_sequence,
        seed=seed,
    )
    numbers = [number for number, _ in line.given]
    # all that the decoder gets is what was sent, once each, in order
    assert line.octets == [line.sent[number] for number in numbers]
    assert numbers == sorted(set(numbers))
    # nothing is asked for that can no longer be shown, or more often than allowed
    for (_, at_ns), shown_ns in zip(line.asked, line.shown_ns, strict=True):
        assert at_ns + 2 * one_way_ms * MS <= shown_ns or shown_ns == at_ns
    asked = [number for number, _ in line.asked]
    assert max((asked.count(number) for number in set(asked)), default=0) <= MODEL.most_requests
    # the counts add up
    counts = line.receiver.nack.counts
    assert (counts.requests, counts.requested) == (len(asked), len(set(asked)))
    assert counts.repaired + len(line.sent) >= len(numbers)
    if not jitter_ms:
        assert set(asked) <= line.lost
        assert counts.repaired == len(line.lost & set(numbers))


def test_without_loss_nothing_is_asked_for_and_nothing_waits() -> None:
    line = simulate(60)
    assert not line.asked
    came_ns = [5 * MS + n // 4 * FRAME_NS + n % 4 * FRAME_NS // 4 for n in range(240)]
    assert line.given == list(enumerate(came_ns))


def test_a_packet_that_others_overtook_is_not_asked_for() -> None:
    """It comes within `reorder_ms`: 10."""
    buffer = RepairBuffer(MODEL, CLOCK_HZ, 85 * MS)
    for number, at_ms in ((0, 0), (2, 2), (1, 9)):
        buffer.put(as_packets(packet(number, 0, False), at_ms * MS))
        assert buffer.ask(at_ms * MS, 10 * MS) == []
    assert [int(one.headers.sequence[0]) for one in buffer.take()] == [0, 1, 2]
    assert buffer.nack.counts.lost == 0


def test_when_it_is_asked_for_and_until_when() -> None:
    """Noticed at 12 ms, asked for 10 ms later, again 30 ms (a round trip of 10 and 20) after each
    request, as long as an answer comes before the picture is shown: it was whole at 12 ms, and the
    buffer has 85."""
    buffer = RepairBuffer(MODEL, CLOCK_HZ, 85 * MS)
    buffer.put(as_packets(packet(0, 0, False), 0))
    buffer.put(as_packets(packet(2, 0, True), 12 * MS))
    asked = [ms for ms in range(120) if buffer.ask(ms * MS, 10 * MS)]
    assert asked == [22, 52, 82]
    assert [int(one.headers.sequence[0]) for one in buffer.take()] == [0, 2]
    assert buffer.nack.counts.unrepaired == 1
    # what comes now is of no use any more
    sender = Retransmitter(MODEL, RTX_TYPE, RTX_SSRC)
    sender.sent(packet(1, 0, False), 0)
    [again] = sender.answer((1,), 90 * MS)
    buffer.take_records()
    buffer.put_repair(again, 130 * MS)
    [record] = buffer.take_records()
    assert (record["what"], record["at_ns"]) == (OF_NO_USE, 130 * MS)
    assert (buffer.nack.counts.late, buffer.nack.counts.unrepaired) == (1, 0)
    assert buffer.take() == []


@pytest.mark.parametrize("first", [40_000, 1])
def test_another_stream_begins_anew(first: int) -> None:
    """What waited of the old one comes before it, whatever its numbers."""
    buffer = RepairBuffer(MODEL, CLOCK_HZ, 85 * MS)
    buffer.put(as_packets(packet(10, 0, False), 0))
    buffer.put(as_packets(packet(12, 0, True), MS))
    other = bytearray(packet(first, 9, True))
    other[8:12] = b"new!"
    buffer.put(as_packets(bytes(other), 2 * MS))
    assert [int(one.headers.sequence[0]) for one in buffer.take()] == [10, 12, first]
    assert buffer.ask(50 * MS, None) == []


def test_nobody_is_waited_for_because_of_a_timestamp() -> None:
    """A picture of the year after next: its gap is given up when nobody has the packet any more."""
    buffer = RepairBuffer(MODEL, CLOCK_HZ, 85 * MS)
    buffer.put(as_packets(packet(0, 0, True), 0))
    far = bytearray(packet(1, 0, False))
    far[4:8] = (2**31 - 2).to_bytes(4, "big")
    buffer.put(as_packets(bytes(far), 10 * MS))
    late = bytearray(packet(3, 0, False))
    late[4:8] = far[4:8]
    buffer.put(as_packets(bytes(late), 20 * MS))
    given_up_ms = 10 + MODEL.history_ms + 85
    buffer.ask(int(given_up_ms + 1) * MS, 10 * MS)
    assert [int(one.headers.sequence[0]) for one in buffer.take()] == [0, 1, 3]


def test_who_leaves_gap_after_gap_is_not_asked_for_all_of_them() -> None:
    buffer = RepairBuffer(MODEL, CLOCK_HZ, 85 * MS)
    for number in range(0, 20_000, MOST_MISSING):
        buffer.put(as_packets(packet(number, 0, False), number * 1000))
        asked = buffer.ask(number * 1000 + 15 * MS, 10 * MS)
        assert len(asked) <= MOST_MISSING
    counts = buffer.nack.counts
    assert counts.requested <= 20_000
    assert len(buffer.take()) > 0


def protected(
    lost: set[int], buffer_ms: int = 85, at_ms: int = 8
) -> tuple[RepairBuffer, list[int]]:
    """Six packets of two pictures, one a millisecond, and their FEC packet at a time: what is given
    to the decoder when all has come."""
    buffer = RepairBuffer(PROTECTION, CLOCK_HZ, buffer_ms * MS)
    encoder = FecEncoder(PROTECTION, 100, 1, CLOCK_HZ)
    for number in range(6):
        datagram = packet(number, 0, number in (2, 5))
        made = encoder.sent(datagram, number * MS)
        if number not in lost:
            buffer.put(as_packets(datagram, number * MS))
    buffer.put_repair(made.packet, at_ms * MS)
    assert buffer.ask(at_ms * MS, 10 * MS) == []
    return buffer, [int(each) for one in buffer.take() for each in one.headers.sequence]


PROTECTION = Fec(group_packets=6, group_pictures=9, source="a test")


@pytest.mark.parametrize("lost", range(6))
def test_what_is_protected_is_given_in_order(lost: int) -> None:
    """The first and the last packet too, though none around has told that it is missing."""
    buffer, given = protected({lost})
    assert given == [0, 1, 2, 3, 4, 5]
    assert (buffer.nack.counts.repaired, buffer.nack.counts.lost) == (1, 1)
    came, repaired = buffer.take_records()
    assert (came["what"], came["at_ns"]) == (FEC_CAME, 8 * MS)
    assert came["size"] == 12 + 14 + 4
    # what is restored was no packet on the wire
    assert (repaired["what"], repaired["at_ns"], repaired["size"]) == (REPAIRED, 8 * MS, 0)
    assert repaired["sequence"].tolist() == [lost]
    # it comes by itself after all: the decoder has it already
    buffer.put(as_packets(packet(lost, 0, lost in (2, 5)), 9 * MS))
    assert buffer.take() == []


@pytest.mark.parametrize("lost", [0, 1])
def test_what_is_restored_too_late_is_of_no_use(lost: int) -> None:
    """The picture was whole at 2 ms, and the buffer has 5."""
    buffer, given = protected({lost}, buffer_ms=5, at_ms=9)
    assert given == [number for number in range(6) if number != lost]
    assert [record["what"] for record in buffer.take_records()] == [FEC_CAME, OF_NO_USE]
    assert buffer.nack.counts.late == 1


def test_what_comes_at_once_came_one_by_one() -> None:
    """Two were missing, and both come late: the first of them restores the second."""
    buffer, given = protected({1, 3})
    assert given == [0]
    buffer.take_records()
    first, second = (
        as_packets(packet(1, 0, False), 10 * MS),
        as_packets(packet(3, 0, False), 20 * MS),
    )
    joined = [np.concatenate([a, b]) for a, b in zip(first[1:], second[1:], strict=True)]
    buffer.put(ReceivedPackets(rtp.Headers.joined([first.headers, second.headers]), *joined))
    [record] = buffer.take_records()
    assert (record["what"], record["at_ns"]) == (REPAIRED, 10 * MS)
    assert record["sequence"].tolist() == [3]
    ready = [(int(n), int(at)) for one in buffer.take() for n, at in
             zip(one.headers.sequence, one.arrival_ns, strict=True)]  # fmt: skip
    assert ready == [(1, 10 * MS), (2, 2 * MS), (3, 10 * MS), (4, 4 * MS), (5, 5 * MS)]


def test_two_of_a_group_are_waited_for_until_they_cannot_be_shown() -> None:
    buffer, given = protected({1, 3})
    assert given == [0]
    assert buffer.ask(87 * MS, None) == []
    assert buffer.take() == []
    buffer.ask(90 * MS, None)
    assert [int(each) for one in buffer.take() for each in one.headers.sequence] == [2, 4, 5]
    assert buffer.nack.counts.unrepaired == 2


EACH = 16
SPACING_MS = FRAME_NS / MS / EACH


def tries(place: int, run: int, one_way_ms: float, buffer_ms: float) -> int:
    """How often a packet is asked for: it is noticed with the first one that comes after it, `run`
    more are lost with it; asked for after the time for reordering, on a grid of 1 ms, and again a
    round trip and `retry_ms` after each request, if the answer comes before its picture is
    shown."""
    noticed_ms = SPACING_MS * (place + 1 + run) + one_way_ms
    first_ms = math.ceil(round(noticed_ms + MODEL.reorder_ms, 6))
    shown_ms = SPACING_MS * (EACH - 1) + one_way_ms + buffer_ms
    left = shown_ms - first_ms - 2 * one_way_ms
    return 0 if left < 0 else 1 + int(left // (2 * one_way_ms + MODEL.retry_ms))


@pytest.mark.parametrize(
    ("one_way_ms", "buffer_ms", "most", "back"),
    [
        (20.0, 20.0, 0, 0.0),
        (20.0, 60.0, 1, 0.1),
        (5.0, 85.0, 4, 0.1),
        at_night(20.0, 20.0, 0, 0.1),
        at_night(20.0, 60.0, 1, 0.0),
        at_night(20.0, 85.0, 2, 0.0),
        at_night(20.0, 85.0, 2, 0.1),
        at_night(5.0, 85.0, 4, 0.0),
    ],
)
def test_what_stays_missing_of_independent_losses(
    one_way_ms: float, buffer_ms: float, most: int, back: float
) -> None:
    """p · f^k, where a try fails with f = 1 − (1 − p)(1 − q) and the delay allows k: of packets
    early in a picture more, and less the more are lost with it (m more: p^m (1 − p))."""
    p, n = 0.1, 500 * EACH
    fails = 1 - (1 - p) * (1 - back)
    k = np.array(
        [[tries(place, run, one_way_ms, buffer_ms) for run in range(8)] for place in range(EACH)]
    )
    runs = (1 - p) * p ** np.arange(8)
    expected = n * p * float((fails**k * runs).sum(axis=1).mean())
    line = simulate(
        n // EACH,
        loss=BernoulliLoss(p=p),
        loss_back=BernoulliLoss(p=back),
        one_way_ms=one_way_ms,
        buffer_ms=buffer_ms,
        each=EACH,
        seed=7,
    )
    assert int(k.max()) == most
    # packets that are asked for together share a request's fate
    assert line.residual == pytest.approx(expected, abs=4 * math.sqrt(2 * expected) + 2)


@pytest.mark.parametrize("r", [at_night(0.2), 0.5])
def test_what_stays_missing_of_losses_in_bursts(r: float) -> None:
    """A burst is noticed when it is over: the line is good then, and a single try m packets later
    is lost with π (1 − λ^m), less than π (Gilbert's chain: π = p / (p + r), λ = 1 − p − r)."""
    model = GilbertLoss(p=0.03, r=r)
    stationary = float(chain(model).stationary[1])
    once = MODEL.model_copy(update={"most_requests": 1, "reorder_ms": 2.0})
    line = simulate(700, loss=model, one_way_ms=2.0, buffer_ms=300.0, each=EACH, model=once, seed=3)
    # 2 to 3 ms and a round trip of 4 until the first of them is sent again, and a burst's others
    # right after it
    share = [
        stationary * (1 - (1 - model.p - r) ** m) for m in (6 / SPACING_MS, 8 / SPACING_MS + 1 / r)
    ]
    lost = len(line.lost)
    assert lost == pytest.approx(stationary * len(line.sent), rel=0.15)
    slack = 4 * math.sqrt(lost * stationary / r) / lost
    assert share[0] - slack < line.residual / lost < share[1] + slack
    assert line.residual / lost < stationary + slack / 2


def test_the_delay_that_a_repair_adds() -> None:
    """Noticed with the next packet (2 ms), 10 for reordering, up to 1 for the grid, a round trip of
    10; a second try comes 30 ms later. The decoder gets what came meanwhile with it."""
    line = simulate(300, loss=BernoulliLoss(p=0.05), each=EACH, seed=5)
    sent_ms = [(n // EACH * FRAME_NS + n % EACH * FRAME_NS // EACH) / MS for n in range(300 * EACH)]
    added = np.array([at / MS - sent_ms[n] - 5 for n, at in line.given if n in line.lost])
    one_try = added[added < 30]
    assert len(one_try) > 0.85 * len(added)
    assert one_try.min() + 0.1 >= 2 + 10 + 10
    assert np.median(one_try) == pytest.approx(22.6, abs=1.0)
    assert added.max() <= 85 + FRAME_NS / MS
