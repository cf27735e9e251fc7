"""RTP datagrams of sound, and what can be heard in samples, for the tests of the MCU's audio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.audio.bank import AudioBank
from giaoban.traffic import rtp
from giaoban.traffic.sources.tone import tone, tone_hz

ORIGIN_NS = 5_000_000_000
PLAYOUT_MS = 40.0
QUIET = b"\xd5" * 160  # silence in A-law
LOUD = g711.a_law_encode(tone(500)).tobytes()
COUNTERS = ("late", "resynchronised", "odd")


def packet(
    payload: bytes,
    sequence: int,
    timestamp: int,
    *,
    ssrc: int = 7,
    payload_type: int = 8,
    csrcs: int = 0,
    extension: bytes | None = None,
    padding: int = 0,
) -> bytes:
    """One RTP datagram (RFC 3550 §5.1)."""
    first = 0x80 | csrcs | (0x10 if extension is not None else 0) | (0x20 if padding else 0)
    head = bytes([first, payload_type]) + (sequence % 2**16).to_bytes(2, "big")
    head += (timestamp % 2**32).to_bytes(4, "big") + ssrc.to_bytes(4, "big")
    head += b"CSRC" * csrcs
    if extension is not None:
        head += b"\xbe\xde" + (len(extension) // 4).to_bytes(2, "big") + extension
    return head + payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")


def deliver(
    bank: Any,
    rows: int | Sequence[int],
    datagrams: Sequence[bytes],
    arrival_ms: Sequence[float],
    *,
    width: int = 1212,
) -> None:
    """Hand datagrams to a bank, arriving so many ms after the origin."""
    n = len(datagrams)
    data = np.full((n, width), 0x80, np.uint8)  # what is left of an earlier packet
    for i, datagram in enumerate(datagrams):
        data[i, : len(datagram)] = np.frombuffer(datagram, np.uint8)[:width]
    lengths = np.array([len(d) for d in datagrams], np.int64)
    at = ORIGIN_NS + np.rint(np.array(arrival_ms, float) * 1e6).astype(np.int64)
    where = np.full(n, rows) if isinstance(rows, int) else np.array(rows)
    bank.put(where.astype(np.intp), rtp.parse_headers(data, lengths), data, lengths, at)


def say(
    bank: AudioBank,
    row: int,
    frames: Sequence[int],
    arrival_ms: Sequence[float],
    *,
    first_timestamp: int = 1000,
    sound: NDArray[np.int16] | None = None,
) -> None:
    """A-law frames by number, each a tone by the row's number or the sound given (160,)."""
    payload = g711.a_law_encode(tone(tone_hz(row)) if sound is None else sound).tobytes()
    datagrams = [packet(payload, n, first_timestamp + 160 * n) for n in frames]
    deliver(bank, row, datagrams, arrival_ms)


def bank_of(calls: int, playout_ms: float = PLAYOUT_MS) -> AudioBank:
    """All of them A-law."""
    bank = AudioBank(calls, ORIGIN_NS, playout_ms)
    for row in range(calls):
        bank.open(row)
    return bank


def silent(frame: NDArray[np.uint8]) -> bool:
    # A-law has no zero: silence is its smallest step
    return int(np.abs(g711.a_law_decode(frame)).max()) <= 8


def sine(hz: float, rate: int, samples: int, amplitude: float = 8000.0) -> NDArray[np.int16]:
    t = np.arange(samples) / rate
    return np.rint(amplitude * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def tone_and_rest(sound: NDArray[Any], hz: float, rate: int) -> tuple[float, float]:
    """Amplitude of a tone in the sound, and the root mean square of all else (least squares)."""
    angle = 2 * np.pi * hz * np.arange(len(sound)) / rate
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    found, *_ = np.linalg.lstsq(basis, sound.astype(float), rcond=None)
    rest = sound - basis @ found
    return float(np.hypot(*found)), float(np.sqrt(np.mean(rest**2)))


def counts(bank: AudioBank, row: int = 0) -> dict[str, int]:
    """The counters that are not zero."""
    values = {name: int(getattr(bank.jitter, name)[row]) for name in COUNTERS}
    return {name: n for name, n in values.items() if n}


def heard_at(bank: AudioBank, ticks: range) -> list[int]:
    """At which ticks row 1 hears anything."""
    return [tick for tick in ticks if not silent(bank.mix(tick)[1])]


def stream(
    bank: AudioBank, first: int, n: int, arrival_ms: float, *, step_ms: float = 20, stamp: int = 0
) -> None:
    """n packets of 20 ms with timestamps as their sequence numbers say, from `stamp` on."""
    datagrams = [packet(LOUD, first + i, stamp + 160 * (first + i)) for i in range(n)]
    deliver(bank, 0, datagrams, [arrival_ms + step_ms * i for i in range(n)])
