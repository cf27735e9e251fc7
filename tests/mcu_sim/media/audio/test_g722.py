"""G.722 through the wrapper: what survives, state from frame to frame, shapes and errors."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from mcu_sim.media.audio.codec import CODECS, FRAME_BYTES, G722, PCMA, PCMU, G722Call, codec_named
from tests.mcu_sim.audio_factory import sine, tone_and_rest

RATE = 16_000


def by_frames(sound: np.ndarray) -> np.ndarray:
    """Encoded and decoded, 20 ms at a time, each direction by a call of its own."""
    here, there = G722Call(), G722Call()
    frames = sound.reshape(-1, G722.frame_samples)
    return np.concatenate([there.decode(here.encode(frame)) for frame in frames])


@pytest.mark.parametrize(("hz", "least_db"), [(300, 30), (1000, 30), (5000, 17), (6500, 14)])
def test_a_tone_survives_also_above_what_narrowband_carries(hz: int, least_db: float) -> None:
    heard = by_frames(sine(hz, RATE, RATE))[RATE // 2 :]  # adapted by then
    amplitude, rest = tone_and_rest(heard, hz, RATE)
    assert amplitude == pytest.approx(8000, rel=0.05)
    assert 20 * np.log10(amplitude / np.sqrt(2) / rest) >= least_db


def test_state_is_kept_from_frame_to_frame() -> None:
    rng = np.random.default_rng(3)
    sound = rng.integers(-9000, 9000, 10 * G722.frame_samples).astype(np.int16)
    one, other = G722Call(), G722Call()
    octets = one.encode(sound)
    frames = sound.reshape(10, -1)
    np.testing.assert_array_equal(np.concatenate([other.encode(f) for f in frames]), octets)
    whole = one.decode(octets)
    parts = [other.decode(part) for part in octets.reshape(10, -1)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    # a decoder that starts afresh at every frame gives something else
    fresh = [G722Call().decode(part) for part in octets.reshape(10, -1)]
    assert (np.concatenate(fresh) != whole).any()


def test_a_frame_is_160_octets_and_silence_stays_silent() -> None:
    call = G722Call()
    octets = call.encode(np.zeros(G722.frame_samples, np.int16))
    assert (octets.shape, octets.dtype) == ((FRAME_BYTES,), np.uint8)
    samples = call.decode(octets)
    assert (samples.shape, samples.dtype) == ((G722.frame_samples,), np.int16)
    assert np.abs(samples).max() < 20


def test_arrays_that_are_not_contiguous_are_read_right() -> None:
    sound = sine(1000, RATE, 640)
    there = G722Call().encode(sound[::2].copy())
    np.testing.assert_array_equal(G722Call().encode(sound[::2]), there)
    octets = np.repeat(there, 2)[::2]
    np.testing.assert_array_equal(G722Call().decode(octets), G722Call().decode(there))


def test_an_octet_holds_two_samples() -> None:
    with pytest.raises(ValueError, match="holds two"):
        G722Call().encode(np.zeros(3, np.int16))


def test_the_library_is_not_loaded_before_there_is_a_call() -> None:
    code = (
        "import sys; from mcu_sim.media.audio.bank import AudioBank; bank = AudioBank(2, 0, 40.0);"
        "bank.open(0); before = 'G722' in sys.modules; bank.open(1, 'G722');"
        "sys.exit(10 * before + ('G722' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 1


def test_the_codecs_and_their_names() -> None:
    assert [(c.payload_type, c.frame_samples) for c in CODECS] == [(0, 160), (8, 160), (9, 320)]
    assert [codec_named(name) for name in ("pcmu", "PCMA", "G722")] == [PCMU, PCMA, G722]
    with pytest.raises(ValueError, match="there are PCMU, PCMA, G722"):
        codec_named("opus")
