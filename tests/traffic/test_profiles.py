"""The call profiles' file, and the mistakes one can make in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from giaoban.errors import InputError
from traffic.profiles import DEFAULT_PATH, load_profiles


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "profiles.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_default_file_loads_and_says_where_its_figures_come_from() -> None:
    profiles = load_profiles()
    assert profiles.pick("720p30-2m").video_kbps == 2000
    for entry in (*profiles.profile, profiles.encoder, profiles.terminal):
        assert entry.source
        assert bool(entry.settled_by) == entry.assumed


def test_the_encoder_model_takes_rate_from_the_profile_and_habits_from_the_encoder() -> None:
    profiles = load_profiles()
    for profile in profiles.profile:
        model = profiles.video_model(profile)
        assert (model.kbps, model.fps) == (profile.video_kbps, profile.fps)
        for name in ("key_ratio", "size_sigma", "key_interval_s", "spread", "max_payload"):
            assert getattr(model, name) == getattr(profiles.encoder, name)


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
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(InputError, match=message) as caught:
        load_profiles(path)
    assert str(path) in str(caught.value)
