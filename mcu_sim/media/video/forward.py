"""Switched video: the pictures of a source go on to its viewers as they are (RFC 7667 §3.6.2).

Every viewer has one stream of its own, SSRC, sequence numbers and timestamps, that runs on whatever
it is made from. A change of source takes place where a key frame of the new one begins.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.video.forwarded import Forwarded
from mcu_sim.media.video.keyframes import RequestDamper
from mcu_sim.media.video.sources import KeyStarts, Piece, Source
from traffic import rtp

NOBODY = -1
NEVER = -1
GIVE_UP_NS = 2_000_000_000
"""A change waits so long for a key frame: some devices never answer."""
TICK_NS_9 = 100_000  # nine ticks of the 90 kHz clock (RFC 6184 §8.1) take as many ns
LEAST = np.iinfo(np.int64).min


class Forwarder:
    """All viewers of one channel, a row each; rows of sources are of the same calls.

    It is to be given packets of the negotiated H.264 payload type only.
    """

    def __init__(self, capacity: int, damper: RequestDamper | None = None) -> None:
        """`damper`: limits on key-frame requests; None: those for video."""
        self._damper = damper or RequestDamper()
        self._ssrc = np.zeros(capacity, np.uint32)
        self._payload_type = np.zeros(capacity, np.uint8)
        self._open = np.zeros(capacity, np.bool_)
        self._watching = np.full(capacity, NOBODY, np.intp)  # what a viewer should see
        self._shown = np.full(capacity, NOBODY, np.intp)  # what it sees
        self._waiting_since_ns = np.zeros(capacity, np.int64)
        # what makes a source's numbers the viewer's, and the source's first packet that it got
        self._sequence_offset = np.zeros(capacity, np.int64)
        self._timestamp_offset = np.zeros(capacity, np.int64)
        self._first = np.zeros(capacity, np.int64)
        # the highest numbers sent to a viewer, and when the frame with that timestamp came
        self._sequence = np.zeros(capacity, np.int64)
        self._timestamp = np.zeros(capacity, np.int64)
        self._frame_ns = np.full(capacity, NEVER, np.int64)
        self._sources: dict[int, Source] = {}
        self._key_starts = KeyStarts(capacity)
        self._wanted_ns: dict[int, int] = {}  # sources whose key frame is missed, since when
        self._unanswered_ns: dict[int, int] = {}  # sources that were asked, when

    def open(
        self,
        row: int,
        ssrc: int,
        payload_type: int,
        first_sequence: int,
        first_timestamp: int,
        since_ns: int = NEVER,
    ) -> None:
        """Begin a stream to this row, which watches nothing yet. What it had before is over.

        `since_ns`: when `first_timestamp` holds, if the stream goes on from an earlier call: its
        clock runs until the first frame. NEVER: that of the first frame, whenever it comes.
        """
        self._open[row] = True
        self._watching[row] = self._shown[row] = NOBODY
        self._ssrc[row], self._payload_type[row] = ssrc, payload_type
        self._sequence[row], self._timestamp[row] = first_sequence - 1, first_timestamp - 1
        self._frame_ns[row] = since_ns

    def close(self, row: int) -> None:
        """Forget the row as viewer and as source; its viewers watch nothing."""
        self._open[row] = False
        left = self._watching == row
        left[row] = True
        self._watching[left] = NOBODY
        self._shown[left | (self._shown == row)] = NOBODY
        self._sources.pop(row, None)
        self._wanted_ns.pop(row, None)
        self._unanswered_ns.pop(row, None)
        self._key_starts.forget(row)
        self._damper.forget(row)

    def position(self, row: int, now_ns: int) -> tuple[int, int, int]:
        """Sequence number (extended) and timestamp with which the row's stream would go on, and
        when that timestamp holds: when the last frame came, or now if none has."""
        frame_ns = int(self._frame_ns[row])
        at_ns = now_ns if frame_ns == NEVER else frame_ns
        return int(self._sequence[row]) + 1, int(self._timestamp[row]) + 1, at_ns

    def watch(self, row: int, source: int, now_ns: int) -> None:
        """What this viewer should see from now on; NOBODY: nothing. No change: nothing happens.

        Raises:
            ValueError: no stream was opened to this row.
        """
        if not self._open[row]:
            raise ValueError(f"row {row} watches {source} and has no stream")
        if source == self._watching[row]:
            return
        self._watching[row] = source
        self._waiting_since_ns[row] = now_ns
        if source == NOBODY:
            self._shown[row] = NOBODY

    @property
    def active(self) -> bool:
        """Whether anybody watches anything, so that packets have to be forwarded."""
        return bool(np.any(self._watching != NOBODY))

    @property
    def misses_key(self) -> bool:
        """Whether a viewer misses a key frame: a source is asked for one now, or later."""
        return bool(self._wanted_ns) or bool(self._waiting().any())

    def request(self, viewer: int, now_ns: int) -> None:
        """A viewer asked for a key frame (RFC 4585 §6.3.1 PLI, RFC 5104 FIR, RFC 5168)."""
        source = int(self._watching[viewer])
        if source != NOBODY and self._damper.hears(viewer, now_ns):
            self._wanted_ns[source] = now_ns

    def take_key_requests(self, now_ns: int) -> list[int]:
        """Sources to ask for a key frame now, ascending; what limits forbid is put off."""
        asking = self._waiting() & (now_ns - self._waiting_since_ns < GIVE_UP_NS)
        wanted = self._wanted_ns.keys() | set(self._watching[asking].tolist())
        asked = [
            source
            for source in sorted(wanted)
            if self._damper.allows(source, now_ns, unanswered=source in self._unanswered_ns)
        ]
        for source in asked:
            self._wanted_ns.pop(source, None)
            self._unanswered_ns[source] = now_ns
        return asked

    def forward(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        lengths: NDArray[np.integer],
        arrival_ns: NDArray[np.int64],
    ) -> Forwarded:
        """What goes out for n packets, in order of arrival.

        Args:
            rows: (n,) the source of each; NOBODY for a stranger's, which go nowhere.
            headers, data, lengths: the datagrams, (n, width) uint8; broken ones go nowhere.
            arrival_ns: (n,) on the clock of `watch` and `take_key_requests`.
        """
        start, end = rtp.payload_bounds(data, lengths)
        sound = (rows != NOBODY) & headers.valid & (start > 0)
        # what is not sound has a payload of no bytes here, and begins nothing
        starts_key = self._key_starts.find(
            rows, headers, data, np.where(sound, start, 0), np.where(sound, end, 0)
        )
        pieces = self._pieces(np.where(sound, rows, NOBODY), headers, starts_key, arrival_ns)
        cuts = sorted({int(piece.at[0]) for piece in pieces if piece.restarted})
        parts: list[_Part] = []
        for low, high in pairwise([0, *cuts, len(rows)]):
            within = [piece.between(low, high) for piece in pieces]
            parts += self._distribute([piece for piece in within if len(piece.at)], arrival_ns)
        packet, row, sequence, timestamp = _in_order(parts)
        return Forwarded(
            packet=packet,
            row=row,
            sequence=sequence,
            timestamp=timestamp,
            marker=headers.marker[packet],
            arrival_ns=arrival_ns[packet],
            ssrc=self._ssrc[row],
            payload_type=self._payload_type[row],
        )

    def _waiting(self) -> NDArray[np.bool_]:
        waiting: NDArray[np.bool_] = self._shown != self._watching
        waiting &= self._watching != NOBODY
        return waiting

    def _pieces(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        starts_key: NDArray[np.bool_],
        arrival_ns: NDArray[np.int64],
    ) -> list[Piece]:
        """The packets of the sources that somebody sees or waits for."""
        looked_at = np.unique(np.concatenate((self._watching, self._shown)))
        at = np.flatnonzero(np.isin(rows, looked_at[looked_at != NOBODY]))
        at = at[np.argsort(rows[at], kind="stable")]
        pieces: list[Piece] = []
        for group in np.split(at, np.flatnonzero(np.diff(rows[at])) + 1) if len(at) else ():
            row = int(rows[group[0]])
            source = self._sources.setdefault(row, Source(row))
            pieces += source.take(group, headers, starts_key, arrival_ns)
        return pieces

    def _distribute(self, pieces: list[Piece], arrival_ns: NDArray[np.int64]) -> list[_Part]:
        """Packets of a stretch in which every source has one stream, so that each viewer changes
        once at the most: first what is shown until then, then what is shown since."""
        change_at = np.full(len(self._open), len(arrival_ns))
        changes: list[tuple[Piece, NDArray[np.intp], NDArray[np.intp]]] = []
        for piece in pieces:
            if piece.restarted:
                self._restart(piece.source, int(arrival_ns[piece.at[0]]))
            viewers = np.flatnonzero(self._waiting() & (self._watching == piece.source))
            given_up_ns = self._waiting_since_ns[viewers] + GIVE_UP_NS
            ready = piece.starts_key | (arrival_ns[piece.at] >= given_up_ns[:, np.newaxis])
            first = ready.argmax(axis=1)
            able = ready[np.arange(len(viewers)), first]
            viewers, first = viewers[able], first[able]
            change_at[viewers] = piece.at[first]
            changes.append((piece, viewers, first))
            self._note_keys(piece, first, arrival_ns)
        parts: list[_Part] = []
        for piece in pieces:
            viewers = np.flatnonzero(self._shown == piece.source)
            until = piece.at < change_at[viewers][:, np.newaxis]
            parts.append(self._send(piece, viewers, until, arrival_ns))
        for piece, viewers, first in changes:
            self._change(piece, viewers, first, arrival_ns)
            since = piece.at >= change_at[viewers][:, np.newaxis]
            parts.append(self._send(piece, viewers, since, arrival_ns))
        return parts

    def _restart(self, source: int, now_ns: int) -> None:
        """The source sends another stream: nobody sees it until a key frame of that begins."""
        viewers = self._shown == source
        self._shown[viewers] = NOBODY
        self._waiting_since_ns[viewers & (self._watching == source)] = now_ns

    def _note_keys(
        self, piece: Piece, changes: NDArray[np.intp], arrival_ns: NDArray[np.int64]
    ) -> None:
        """Which requests are answered; a change without a key frame still misses one."""
        keys = piece.at[piece.starts_key]
        last_ns = int(arrival_ns[keys].max()) if len(keys) else NEVER
        for asked in (self._wanted_ns, self._unanswered_ns):
            if asked.get(piece.source, last_ns) < last_ns:
                del asked[piece.source]
        blind = changes[~piece.starts_key[changes]]
        if len(blind):
            at_ns = int(arrival_ns[piece.at[blind]].max())
            if at_ns > last_ns:
                self._wanted_ns[piece.source] = at_ns

    def _change(
        self,
        piece: Piece,
        viewers: NDArray[np.intp],
        first: NDArray[np.intp],
        arrival_ns: NDArray[np.int64],
    ) -> None:
        """From the packets `first` of the piece on, the viewers see its source."""
        elapsed_ns = arrival_ns[piece.at[first]] - self._frame_ns[viewers]
        ticks = np.maximum(elapsed_ns * 9 // TICK_NS_9, 1)
        ticks[self._frame_ns[viewers] == NEVER] = 1
        self._shown[viewers] = piece.source
        self._first[viewers] = piece.sequence[first]
        self._sequence_offset[viewers] = self._sequence[viewers] + 1 - piece.sequence[first]
        self._timestamp_offset[viewers] = self._timestamp[viewers] + ticks - piece.timestamp[first]

    def _send(
        self,
        piece: Piece,
        viewers: NDArray[np.intp],
        which: NDArray[np.bool_],
        arrival_ns: NDArray[np.int64],
    ) -> _Part:
        """Send the packets (viewers, packets) `which`, but for those from before the change."""
        which = which & (piece.sequence >= self._first[viewers][:, np.newaxis])
        some = which.any(axis=1)
        viewers, which = viewers[some], which[some]
        sequence = piece.sequence + self._sequence_offset[viewers][:, np.newaxis]
        timestamp = piece.timestamp + self._timestamp_offset[viewers][:, np.newaxis]
        highest = np.where(which, sequence, LEAST).max(axis=1)
        self._sequence[viewers] = np.maximum(self._sequence[viewers], highest)
        stamps = np.where(which, timestamp, LEAST)
        newest = stamps.argmax(axis=1)
        stamp = stamps[np.arange(len(viewers)), newest]
        later = stamp > self._timestamp[viewers]
        self._timestamp[viewers[later]] = stamp[later]
        self._frame_ns[viewers[later]] = arrival_ns[piece.at[newest[later]]]
        nth, viewer = np.nonzero(which.T)
        return piece.at[nth], viewers[viewer], sequence[viewer, nth], timestamp[viewer, nth]


_Part = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]
"""Packet, viewer, sequence number and timestamp of each packet that goes out."""


def _in_order(parts: list[_Part]) -> _Part:
    """All parts as one, in the order in which the packets came."""
    if not parts:
        none = np.empty(0, np.int64)
        return none.astype(np.intp), none.astype(np.intp), none, none
    packet, row, sequence, timestamp = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(packet, kind="stable")
    return packet[order], row[order], sequence[order], timestamp[order]
