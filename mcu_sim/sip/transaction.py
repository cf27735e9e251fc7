"""The four SIP transaction state machines (RFC 3261 §17, RFC 6026) and their timers, without I/O.

Each takes messages and the time, and gives back `Output`s: what to send, what to pass to the user
agent, and that the other side never answered. A clock is never read. RFC 6026 adds the Accepted
state: after a 2xx an INVITE transaction stays to catch retransmissions. Over a `reliable`
transport nothing is repeated, and no transaction waits for repeats (timers D, I, J and K are 0).
"""

from __future__ import annotations

import enum
import heapq
from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass

from sipmessage import CSeq, Request, Response

from giaoban.mcu_sim.sip.message import (
    MAGIC_COOKIE,
    cseq_of,
    from_tag,
    parameter,
    reply,
    top_via,
)

T1_MS = 500.0
"""Estimate of the round trip."""
T2_MS = 4_000.0
"""Longest pause between retransmissions."""
T4_MS = 5_000.0
"""Longest time a message stays in the network."""
GIVE_UP_MS = 64 * T1_MS
"""Timers B, D, F, H, J, L and M over UDP."""
TRYING_AFTER_MS = 200.0
"""An INVITE that is not answered within this time gets a 100 (RFC 3261 §17.2.1)."""

SPARE = 64
"""So many deadlines that no longer hold may lie in an agenda, beside as many as hold."""


class TimerQueue[K: Hashable]:
    """Deadlines by key, in ms; equal deadlines come in the order they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._current: dict[K, tuple[float, int]] = {}
        self._count = 0

    def set(self, key: K, deadline_ms: float | None) -> None:
        """Set, move or (None) take away the deadline of a key."""
        if deadline_ms is None:
            self._current.pop(key, None)
            return
        if key in self._current and self._current[key][0] == deadline_ms:
            return
        self._count += 1
        self._current[key] = (deadline_ms, self._count)
        heapq.heappush(self._heap, (deadline_ms, self._count, key))
        if len(self._heap) > 2 * len(self._current) + SPARE:
            # Deadlines that moved lie in the heap until their time, which may be far away.
            self._heap = [(at, count, key) for key, (at, count) in self._current.items()]
            heapq.heapify(self._heap)

    def next_timeout(self) -> float | None:
        """The earliest deadline, None if there is none."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ms: float) -> K | None:
        """Take out the earliest key whose deadline has come, None if there is none."""
        self._drop_stale()
        if not self._heap or self._heap[0][0] > now_ms:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._current[key]
        return key

    def __len__(self) -> int:
        return len(self._current)

    def _drop_stale(self) -> None:
        while self._heap:
            deadline_ms, count, key = self._heap[0]
            if self._current.get(key) == (deadline_ms, count):
                return
            heapq.heappop(self._heap)


class TransactionState(enum.Enum):
    """States of RFC 3261 figures 5–8 and RFC 6026 §7."""

    CALLING = enum.auto()
    TRYING = enum.auto()
    PROCEEDING = enum.auto()
    ACCEPTED = enum.auto()
    COMPLETED = enum.auto()
    CONFIRMED = enum.auto()
    TERMINATED = enum.auto()


@dataclass(frozen=True, slots=True)
class OutgoingData:
    """Put these bytes on the wire, to the transaction's peer."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """Pass a message up to the user agent."""

    message: Request | Response


@dataclass(frozen=True, slots=True)
class TransactionTimeout:
    """Timer B, C or F (no final response) or H (no ACK) ran out, or the request did not arrive."""


Output = OutgoingData | ReceivedMessage | TransactionTimeout

Key = tuple[str, ...]
"""What finds a transaction."""


def server_key(request: Request, method: str) -> Key:
    """What a request and its retransmissions have in common (§17.2.3).

    `method` is the request's own, or INVITE for an ACK.
    """
    via = top_via(request)
    branch = parameter(via.parameters, "branch") or ""
    sent_by = f"{via.host.lower()}:{via.port or ''}"
    if branch.startswith(MAGIC_COOKIE) and branch != MAGIC_COOKIE:  # RFC 4475 §3.2.1
        return "server", branch, sent_by, method
    number = str(cseq_of(request).sequence)
    return "server", branch, sent_by, method, request.call_id, from_tag(request), number


def invite_key(cancel: Key) -> Key:
    """The key of the INVITE that a CANCEL with this key is about (§9.2)."""
    return (*cancel[:3], "INVITE", *cancel[4:])


class Transaction(ABC):
    """Common to all four: a state and named timers. `name` of a timer is its letter in the RFC."""

    def __init__(self, request: Request, state: TransactionState, reliable: bool) -> None:
        self.request = request
        self.state = state
        self.reliable = reliable
        self._timers: dict[str, float] = {}
        self._interval_ms = T1_MS

    def next_timeout(self) -> float | None:
        """Time of the next timer in ms, None if none runs."""
        return min(self._timers.values(), default=None)

    def timer(self, now_ms: float) -> list[Output]:
        """Run every timer whose time has come: earliest first, equal ones by name."""
        due = sorted((at, name) for name, at in self._timers.items() if at <= now_ms)
        outputs: list[Output] = []
        for _, name in due:
            # One timer may have stopped the next: A and B end at the same moment.
            if self._timers.pop(name, None) is not None:
                outputs += self._fire(name, now_ms)
        return outputs

    def _enter(self, state: TransactionState, **timers_ms: float) -> None:
        self.state = state
        self._timers = timers_ms

    def _wait_for_repeats(self, state: TransactionState, timer: str, at_ms: float) -> None:
        """Stay in a state to catch repeats; where none can come, end."""
        if self.reliable:
            self._enter(TransactionState.TERMINATED)
        else:
            self._enter(state, **{timer: at_ms})

    @abstractmethod
    def _fire(self, name: str, now_ms: float) -> list[Output]: ...


class ClientTransaction(Transaction):
    """A request that was sent and waits for responses."""

    @abstractmethod
    def start(self, now_ms: float) -> list[Output]:
        """Send the request for the first time."""

    @abstractmethod
    def receive(self, message: Response, now_ms: float) -> list[Output]:
        """Take a response that belongs to this transaction."""

    def transport_failed(self) -> list[Output]:
        """End the transaction, since the request did not arrive (§17.1.4); without effect once it
        has a response."""
        if self.state not in (TransactionState.CALLING, TransactionState.TRYING):
            return []
        self._enter(TransactionState.TERMINATED)
        return [TransactionTimeout()]


class ServerTransaction(Transaction):
    """A request that came in; `respond` answers it."""

    last: bytes = b""
    """The latest response sent."""

    @abstractmethod
    def receive(self, message: Request, now_ms: float) -> list[Output]:
        """Take a retransmission of the request (or, for an INVITE, its ACK)."""

    @abstractmethod
    def respond(self, response: Response, now_ms: float) -> list[Output]:
        """Send a response. A second final response is a mistake of the caller: `ValueError`."""

    @property
    def answered(self) -> bool:
        """Whether a final response went out."""
        return self.state not in (TransactionState.TRYING, TransactionState.PROCEEDING)

    def _again(self) -> list[Output]:
        return [OutgoingData(self.last)] if self.last else []

    def _remember(self, response: Response) -> list[Output]:
        if self.answered:
            raise ValueError(f"a final response went out already, cannot send {response.code}")
        self.last = bytes(response)
        return [OutgoingData(self.last)]


class ClientInvite(ClientTransaction):
    """INVITE client transaction: §17.1.1, figure 5; RFC 6026 §7.2, figure 8."""

    def __init__(self, request: Request, reliable: bool = False) -> None:
        super().__init__(request, TransactionState.CALLING, reliable)
        self._ack = b""
        self._limit: dict[str, float] = {}

    def start(self, now_ms: float) -> list[Output]:
        self._enter(TransactionState.CALLING, B=now_ms + GIVE_UP_MS)
        if not self.reliable:
            self._timers["A"] = now_ms + T1_MS
        return [OutgoingData(bytes(self.request))]

    def limit(self, at_ms: float) -> None:
        """Wait for the final response until `at_ms` at the latest, even if it rings (§16.6)."""
        self._limit = {"C": at_ms}
        if self.state in (TransactionState.CALLING, TransactionState.PROCEEDING):
            self._timers |= self._limit

    def receive(self, message: Response, now_ms: float) -> list[Output]:
        waiting = self.state in (TransactionState.CALLING, TransactionState.PROCEEDING)
        if message.code < 200:
            if not waiting:
                return []
            self._enter(TransactionState.PROCEEDING, **self._limit)
            return [ReceivedMessage(message)]
        if message.code < 300:
            if waiting:
                self._enter(TransactionState.ACCEPTED, M=now_ms + GIVE_UP_MS)
            return [ReceivedMessage(message)] if self.state is TransactionState.ACCEPTED else []
        if waiting:
            self._ack = bytes(self._make_ack(message))
            self._wait_for_repeats(TransactionState.COMPLETED, "D", now_ms + GIVE_UP_MS)
            return [OutgoingData(self._ack), ReceivedMessage(message)]
        return [OutgoingData(self._ack)] if self.state is TransactionState.COMPLETED else []

    def _fire(self, name: str, now_ms: float) -> list[Output]:
        if name == "A":
            self._interval_ms *= 2
            if now_ms < self._timers["B"]:
                self._timers["A"] = now_ms + self._interval_ms
                return [OutgoingData(bytes(self.request))]
            return []
        self._enter(TransactionState.TERMINATED)
        return [TransactionTimeout()] if name in "BC" else []

    def _make_ack(self, response: Response) -> Request:
        """The ACK to a refusal, with the INVITE's own branch (§17.1.1.3)."""
        ack = Request("ACK", self.request.uri)
        ack.headers.set("Via", self.request.headers["Via"])
        for header in ("Route", "From", "Call-ID", "Max-Forwards"):
            for value in self.request.headers.getlist(header):
                ack.headers.add(header, value)
        ack.headers.set("To", response.headers["To"])
        ack.cseq = CSeq(cseq_of(self.request).sequence, "ACK")
        ack.headers.set("Content-Length", "0")
        return ack


class ClientNonInvite(ClientTransaction):
    """Non-INVITE client transaction: §17.1.2, figure 6."""

    def __init__(self, request: Request, reliable: bool = False) -> None:
        super().__init__(request, TransactionState.TRYING, reliable)

    def start(self, now_ms: float) -> list[Output]:
        self._enter(TransactionState.TRYING, F=now_ms + GIVE_UP_MS)
        if not self.reliable:
            self._timers["E"] = now_ms + T1_MS
        return [OutgoingData(bytes(self.request))]

    def receive(self, message: Response, now_ms: float) -> list[Output]:
        if self.state not in (TransactionState.TRYING, TransactionState.PROCEEDING):
            return []
        if message.code < 200:
            self.state = TransactionState.PROCEEDING
        else:
            self._wait_for_repeats(TransactionState.COMPLETED, "K", now_ms + T4_MS)
        return [ReceivedMessage(message)]

    def _fire(self, name: str, now_ms: float) -> list[Output]:
        if name == "E":
            if now_ms >= self._timers["F"]:
                return []
            proceeding = self.state is TransactionState.PROCEEDING
            self._interval_ms = T2_MS if proceeding else min(2 * self._interval_ms, T2_MS)
            self._timers["E"] = now_ms + self._interval_ms
            return [OutgoingData(bytes(self.request))]
        self._enter(TransactionState.TERMINATED)
        return [TransactionTimeout()] if name == "F" else []


class ServerInvite(ServerTransaction):
    """INVITE server transaction: §17.2.1, figure 7; RFC 6026 §7.1, figure 7."""

    def __init__(self, request: Request, now_ms: float, reliable: bool = False) -> None:
        super().__init__(request, TransactionState.PROCEEDING, reliable)
        self._enter(TransactionState.PROCEEDING, trying=now_ms + TRYING_AFTER_MS)

    def receive(self, message: Request, now_ms: float) -> list[Output]:
        if message.method == "ACK":
            if self.state is TransactionState.COMPLETED:
                self._wait_for_repeats(TransactionState.CONFIRMED, "I", now_ms + T4_MS)
                return []
            return [ReceivedMessage(message)] if self.state is TransactionState.ACCEPTED else []
        return (
            self._again()
            if self.state in (TransactionState.PROCEEDING, TransactionState.COMPLETED)
            else []
        )

    def respond(self, response: Response, now_ms: float) -> list[Output]:
        sent = self._remember(response)
        self._timers.pop("trying", None)
        if 200 <= response.code < 300:
            self._enter(TransactionState.ACCEPTED, L=now_ms + GIVE_UP_MS)
        elif response.code >= 300:
            self._enter(TransactionState.COMPLETED, H=now_ms + GIVE_UP_MS)
            if not self.reliable:
                self._timers["G"] = now_ms + T1_MS
        return sent

    def _fire(self, name: str, now_ms: float) -> list[Output]:
        if name == "trying":
            return self.respond(reply(self.request, 100), now_ms)
        if name == "G":
            if now_ms >= self._timers["H"]:
                return []
            self._interval_ms = min(2 * self._interval_ms, T2_MS)
            self._timers["G"] = now_ms + self._interval_ms
            return self._again()
        self._enter(TransactionState.TERMINATED)
        return [TransactionTimeout()] if name == "H" else []


class ServerNonInvite(ServerTransaction):
    """Non-INVITE server transaction: §17.2.2, figure 8."""

    def __init__(self, request: Request, reliable: bool = False) -> None:
        super().__init__(request, TransactionState.TRYING, reliable)

    def receive(self, message: Request, now_ms: float) -> list[Output]:
        return self._again()

    def respond(self, response: Response, now_ms: float) -> list[Output]:
        sent = self._remember(response)
        if response.code < 200:
            self._enter(TransactionState.PROCEEDING)
        else:
            self._wait_for_repeats(TransactionState.COMPLETED, "J", now_ms + GIVE_UP_MS)
        return sent

    def _fire(self, name: str, now_ms: float) -> list[Output]:
        self._enter(TransactionState.TERMINATED)
        return []
