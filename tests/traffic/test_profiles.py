"""The call profiles' file, and the mistakes one can make in it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.traffic.profiles import DEFAULT_PATH, load_profiles


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "profiles.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_default_file_loads_and_says_where_its_figures_come_from() -> None:
    profiles = load_profiles()
    assert profiles.pick("720p30-2m").video_kbps == 2000
    for entry in (
        *profiles.profile,
        *profiles.audio,
        profiles.speech,
        profiles.encoder,
        profiles.terminal,
        profiles.recovery,
    ):
        assert entry.source
        assert bool(entry.settled_by) == entry.assumed


def test_the_encoder_model_takes_rate_from_the_profile_and_habits_from_the_encoder() -> None:
    profiles = load_profiles()
    for profile in profiles.profile:
        model = profiles.video_model(profile)
        assert (model.kbps, model.fps) == (profile.video_kbps, profile.fps)
        for name in ("key_ratio", "size_sigma", "key_interval_s", "spread", "max_payload"):
            assert getattr(model, name) == getattr(profiles.encoder, name)


@pytest.mark.parametrize(
    ("encoding_id", "octets", "ticks"),
    [
        ("g711a", 160, 160),
        ("g711u", 160, 160),
        ("g722", 160, 160),
        ("g722-1c-24", 60, 640),
        ("g722-1c-32", 80, 640),
        ("g722-1c-48", 120, 640),
        ("aac-ld", 160, 1800),
        ("opus", 80, 960),
    ],
)
def test_packets_have_the_size_and_the_ticks_of_their_encoding(
    encoding_id: str, octets: int, ticks: int
) -> None:
    encoding = load_profiles().encoding(encoding_id)
    assert (encoding.packet_bytes, encoding.packet_ticks) == (octets, ticks)


def test_an_unknown_profile_is_met_with_a_suggestion() -> None:
    with pytest.raises(InputError, match=r'"720p30-3m" \(did you mean "720p30-[12]m"\?\)'):
        load_profiles().pick("720p30-3m")
    with pytest.raises(InputError, match=r'"x" \(allowed: .*720p30-2m.*\)'):
        load_profiles().pick("x")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("video_kbps = 2000", "video_kbps = 0", r"profile\[0\]\.video_kbps = 0"),
        ("video_kbps = 2000", 'video_kbps = "2M"', r"profile\[0\]\.video_kbps = '2M'"),
        ("fps = 30", "fps = 0", r"profile\[0\]\.fps = 0"),
        ("fps = 30", "fsp = 30", r'unknown key \(did you mean "fps"\?\)'),
        ("max_payload = 1200", "max_payload = 1400", r"encoder\.max_payload = 1400"),
        ("spread = 0.5", "spread = 1.5", r"encoder\.spread = 1\.5"),
        ("spread = 0.5", "spread = nan", r"encoder\.spread = nan"),
        ("\nsettled_by = ", "\n# settled_by = ", "needs settled_by"),
        ('id = "720p30-1m"', 'id = "720p30-2m"', 'two profiles have the id "720p30-2m"'),
        ("giaoban.profiles/1", "giaoban.profiles/2", "giaoban.profiles/1"),
        ("key_interval_s = 10.0", "key_interval_s = 0.1", "exceed the rate of the call"),
        ('audio = "g711a"', 'audio = "g711"', r'unknown audio "g711" \(did you mean'),
        ('id = "g711u"', 'id = "g711a"', 'two audio encodings have the id "g711a"'),
        ("content_fps = 5\n", "", "content_kbps and content_fps go together"),
        ('video_profile = "high"', 'video_profile = "main"', "video_profile = 'main'"),
        ("kbps = 64\npacket_ms = 20", "kbps = 64.1\npacket_ms = 20", "whole number of octets"),
        ("clock_hz = 8000", "clock_hz = 11025", "whole number of ticks"),
        ("frame_ms = [20.0]", "frame_ms = [30.0]", "no whole number of frames"),
        ("talk_s = 1.004", "talk_s = 0", r"speech\.talk_s = 0"),
        ("redial_every_s = 5.0", "redial_every_s = 0", r"recovery\.redial_every_s = 0"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(InputError, match=message) as caught:
        load_profiles(path)
    assert str(path) in str(caught.value)


def test_a_bridge_on_hold_is_not_taken_for_cut_off() -> None:
    """RFC 3550 §6.2, §6.3.1: reports are at most 1.5 × 5 s / (e − 1.5) apart."""
    assert load_profiles().recovery.media_timeout_s > 1.5 * 5 / (math.e - 1.5)
