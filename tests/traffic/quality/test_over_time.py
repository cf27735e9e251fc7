"""Figures by the second against those of a window; codecs; the opinion of video."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quality_factory import delivered, video_log
from traffic_factory import MS, START_NS, received_log, sent_log

from giaoban.clock import SECOND_NS
from giaoban.traffic.quality.bursts import burst_ratio
from giaoban.traffic.quality.codecs import CODECS, codec_of, speech_mos
from giaoban.traffic.quality.frames import frames, measure_frames
from giaoban.traffic.quality.measure import measure, trace
from giaoban.traffic.quality.over_time import frozen_pct, mos, over_time


@given(
    n=st.integers(0, 300),
    seed=st.integers(0, 2**32 - 1),
    loss=st.floats(0, 1),
    offset_ms=st.integers(-1500, 1500),
)
def test_each_second_is_measured_as_a_window_of_its_own(
    n: int, seed: int, loss: float, offset_ms: int
) -> None:
    rng = np.random.default_rng(seed)
    sent = sent_log(n)
    sent["corrupted"] = rng.random(n) < 0.1
    which = np.flatnonzero(rng.random(n) >= loss)
    arrival = sent["due_ns"][which] + rng.integers(1, 300 * MS, len(which))
    found = trace(sent, received_log(sent, which.tolist(), arrival), 8000)
    start = START_NS + offset_ms * MS
    got = over_time(found, start, 7)
    scores = mos(got, CODECS["g711-plc"], 60.0)
    assert scores is not None
    for i in range(7):
        a, b = start + i * SECOND_NS, start + (i + 1) * SECOND_NS
        one = measure(found, a, b)
        for value, figure in (
            (one.delay_p95_ms, got.delay_p95_ms),
            (one.missing_pct, got.missing_pct),
            (one.jitter_ms, got.jitter_ms),
        ):
            expected = np.nan if value is None else value
            assert figure[i] == pytest.approx(expected, nan_ok=True)
        within = (found.due_ns >= a) & (found.due_ns < b)
        ratio = burst_ratio(found.missing[within])
        assert got.burst_ratio[i] == pytest.approx(ratio)
        if one.delay_p95_ms is None or one.missing_pct is None:
            assert np.isnan(scores[i])
        else:
            expected = speech_mos(CODECS["g711-plc"], 60, one.missing_pct, ratio)
            assert scores[i] == pytest.approx(expected)


def test_the_frozen_share_of_each_second() -> None:
    found = frames(delivered(video_log(150, 2, [0, 120]), missing=[2 * 75]))
    got = frozen_pct(found, START_NS, 5)
    seconds = [START_NS + i * SECOND_NS for i in range(6)]
    expected = [measure_frames(found, a, b).frozen_pct for a, b in itertools.pairwise(seconds)]
    assert got.tolist() == pytest.approx(expected)
    assert got[3] == pytest.approx(100)
    assert got[0] == 0


def test_codecs_without_factors_have_no_score_but_a_reason() -> None:
    for name in ("g722-1c-48", "aac-ld", "opus"):
        codec = codec_of(name)
        assert speech_mos(codec, 0, 0) is None
        assert "7 kHz" in codec.reason
    with pytest.raises(KeyError):
        codec_of("g7")
    with pytest.raises(KeyError):
        codec_of("g722-48")  # the table's factors are of 64 kbit/s


@pytest.mark.parametrize(
    ("encoding", "once", "twice"),
    [("g711a", 4.41, 4.41), ("g729a", 4.10, 3.65), ("g722", 4.34, 4.02)],
)
def test_impairments_of_codecs_in_tandem_add_up(encoding: str, once: float, twice: float) -> None:
    """ITU-T G.113 §7: G.722 at bridge and MCU has an Ie of 13 + 13; G.711 has none to add."""
    codec = codec_of(encoding)
    scores = [speech_mos(codec, 0, 0, encodings=n) for n in (1, 2)]
    assert [float(s) for s in scores if s is not None] == pytest.approx([once, twice], abs=0.005)
    assert codec.ie is not None
    same = speech_mos(dataclasses.replace(codec, ie=2 * codec.ie), 90, 0.5, 1.5)
    assert speech_mos(codec, 90, 0.5, 1.5, encodings=2) == same
