"""Packets of speech: sequence numbers, timestamps, markers, and what is left out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from traffic_factory import MS, START_NS, stream_plan

from giaoban.traffic.log import SENT, PacketLog, read
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.rtp import StreamId
from giaoban.traffic.sources.audio_encoding import AudioEncoding
from giaoban.traffic.sources.audio_stream import AudioStream, Talk
from giaoban.traffic.sources.talk_spurts import Speech
from tests.laws import examples

IDENT = StreamId(payload_type=8, ssrc=9, first_sequence=65_500, first_timestamp=2**32 - 9_000)
PROFILES = load_profiles()
G711 = PROFILES.encoding("g711a")


class Line:
    """Everything a stream sent by windows that end at these times after its start."""

    def __init__(
        self,
        ends_ms: list[int],
        encoding: AudioEncoding,
        talk: Talk | None,
        *,
        sends: bool = True,
    ) -> None:
        size = encoding.packet_bytes
        sound = np.tile(np.arange(25, dtype=np.uint8)[:, np.newaxis], size)
        out = np.zeros((max(ends_ms) // encoding.packet_ms + 2, 12 + size), np.uint8)
        packets: list[NDArray[np.uint8]] = []
        with TemporaryDirectory() as folder:
            path = Path(folder) / "sent.bin"
            log = PacketLog(SENT, path)
            stream = AudioStream(
                stream_plan(IDENT, kind="audio"),
                log,
                START_NS,
                sound,
                packet_ms=encoding.packet_ms,
                packet_ticks=encoding.packet_ticks,
                talk=talk,
            )
            for end in ends_ms:
                lengths, _ = stream.window(out if sends else None, START_NS + end * MS)
                assert np.all(lengths == 12 + size)
                packets.append(out[: len(lengths)].copy())
            self.position = stream.position()
            log.close()
            self.log = read(path, SENT)
        self.packets = np.concatenate(packets)

    @property
    def slots(self) -> NDArray[np.int64]:
        """Which of the 20 ms since the start each packet is."""
        return (self.log["due_ns"] - START_NS) // (20 * MS)

    @property
    def markers(self) -> NDArray[np.bool_]:
        return self.packets[:, 1] >= 0x80

    @property
    def stamps(self) -> NDArray[np.int64]:
        return self.packets[:, 4:8].copy().view(">u4")[:, 0].astype(np.int64)


def speech(seed: int) -> Speech:
    return Speech(PROFILES.speech, seed, START_NS)


ENDS = st.lists(st.integers(0, 20_000), min_size=1, max_size=12).map(sorted)
ENCODINGS = st.sampled_from(PROFILES.audio)
SILENCE = np.full((3, 160), 0xD5, np.uint8)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32), ENDS, ENCODINGS)
def test_what_is_suppressed_leaves_gaps_in_time_but_none_in_the_sequence(
    seed: int, ends: list[int], encoding: AudioEncoding
) -> None:
    line = Line(ends, encoding, Talk(speech(seed), None))
    steps = np.arange(-(-ends[-1] // 20))
    talks = speech(seed).talking(START_NS + steps * 20 * MS)
    assert line.slots.tolist() == np.flatnonzero(talks).tolist()
    assert line.log["sequence"].tolist() == [65_500 + i for i in range(len(line.log))]
    expected = (2**32 - 9_000 + line.slots * encoding.packet_ticks) % 2**32
    assert line.stamps.tolist() == expected.tolist()
    # the marker is where the packet before was left out, and on the very first
    assert line.markers.tolist() == (np.diff(line.slots, prepend=-2) > 1).tolist()
    sequence, timestamp, at_ns = line.position
    assert sequence == 65_500 + len(line.log)
    assert at_ns == START_NS + len(steps) * 20 * MS
    assert timestamp == 2**32 - 9_000 + len(steps) * encoding.packet_ticks


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 2**32), ENDS, st.booleans())
def test_without_rows_a_stream_is_logged_just_so(
    seed: int, ends: list[int], suppressed: bool
) -> None:
    talk = Talk(speech(seed), None if suppressed else SILENCE)
    sent, unsent = Line(ends, G711, talk), Line(ends, G711, talk, sends=False)
    assert np.array_equal(sent.log, unsent.log)
    assert sent.position == unsent.position


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(0, 2**32), ENDS, st.booleans())
def test_what_is_sent_does_not_hang_on_the_windows(
    seed: int, ends: list[int], suppressed: bool
) -> None:
    silence = None if suppressed else SILENCE
    cut = Line(ends, G711, Talk(speech(seed), silence))
    whole = Line(ends[-1:], G711, Talk(speech(seed), silence))
    assert np.array_equal(cut.packets, whole.packets)
    assert np.array_equal(cut.log, whole.log)


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(0, 2**32), ENDS)
def test_without_suppression_silence_is_sent_and_nothing_is_marked(
    seed: int, ends: list[int]
) -> None:
    line = Line(ends, G711, Talk(speech(seed), SILENCE))
    steps = np.arange(-(-ends[-1] // 20))
    assert np.array_equal(line.slots, steps)
    assert not line.markers.any()
    silent = np.all(line.packets[:, 12:] == 0xD5, axis=1)
    assert np.array_equal(silent, ~speech(seed).talking(START_NS + steps * 20 * MS))
