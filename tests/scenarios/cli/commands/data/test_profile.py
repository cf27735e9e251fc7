"""`giaoban profile fit`: an encoder's figures out of a film by x264, and a check with them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from scenario_factory import giaoban, scenario
from undrawn import undrawn

from giaoban.scenarios.plan.question import make_question
from giaoban.traffic.profiles import DEFAULT_PROFILE, RecordedEncoder, load_profiles
from tests.scenarios.traffic_scenarios import film

KBPS = 900


@pytest.fixture(scope="module")
def x264(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "camera.h264"
    film(path, kbps=KBPS, seconds=24, gop=120)
    return path


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at pictures here."""
    undrawn(monkeypatch)


def test_a_scenario_has_the_encoder_that_was_recorded(x264: Path, tmp_path: Path) -> None:
    told = giaoban("profile", "fit", x264, "--profile", "720p30-1m", "--toml")
    assert (told.code, told.err) == (0, "")
    fit = json.loads(giaoban("profile", "fit", x264, "--json").out)
    assert fit["kbps"] == pytest.approx(KBPS, rel=0.1)
    assert (fit["frames"], fit["key_frames"]) == (600, 5)
    assert fit["figures"]["key_interval_s"] == pytest.approx(4.8)
    path = scenario(tmp_path / "asked.toml", more=told.out, profile="720p30-1m")
    question = make_question(path)
    video = question.plan.video
    assert video.kbps == pytest.approx(fit["kbps"], abs=0.1)
    # recorded at 25 frames a second, for calls of 30
    at_30 = fit["figures"] | {
        "key_ratio": round(fit["figures"]["key_ratio"] * 30 / 25, 2),
        "motion_persistence": round(fit["figures"]["motion_persistence"] ** (25 / 30), 4),
    }
    assert {name: getattr(video, name) for name in at_30} == at_30
    assert question.plan.profile.name == f"720p30, H.264 {video.kbps:.0f} kb/s, G.711"
    assert question.plan.profile.source == question.profiles.encoder.source
    own = question.profiles.encoder
    assert own.source.startswith("fitted to camera.h264 (SHA-256 ")
    assert own.source_vi.startswith("xác định theo camera.h264 (SHA-256 ")
    assert f"sizes {fit['fitted']['distance']:.2f}" in own.source
    judged = giaoban("check", path, "--estimate", "--seeds", "0", "--results", tmp_path, "--json")
    assert judged.code in (0, 1)
    assumed = json.loads(judged.out)["assumptions"]
    [told] = [each for each in assumed if each["source"] == own.source]
    assert told["value"].startswith(f"{video.kbps:.0f} kb/s in calls of 720p30-1m; key frame ")


def test_a_rate_is_that_of_the_profile_in_which_it_was_recorded(x264: Path, tmp_path: Path) -> None:
    """Whatever else is asked for has its own, and its figures of the encoder."""
    for profile in load_profiles().profile:
        told = giaoban("profile", "fit", x264, "--profile", profile.id, "--toml").out
        assert told
        path = scenario(tmp_path / f"{profile.id}.toml", more=told)
        question = make_question(path)
        assert isinstance(question.profiles.encoder, RecordedEncoder)
        kbps = question.profiles.encoder.video_kbps
        assert question.profiles.pick(profile.id).video_kbps == kbps
        assert question.plan.video.key_ratio == question.profiles.encoder.key_ratio
        own = profile.id == DEFAULT_PROFILE
        assert question.plan.video.kbps == (kbps if own else 2000.0)
    asked = scenario(tmp_path / "asked.toml", more=told)
    other = ("whatif", asked, "--profile", "cif30-128k", "--json", "--results", tmp_path / "r")
    assert giaoban(*other).code in (0, 1)


def test_how_near_the_model_comes_is_told_beside_the_recording(x264: Path) -> None:
    shown = giaoban("profile", "fit", x264)
    fit = json.loads(giaoban("profile", "fit", x264, "--json").out)
    rows = {line.split("  ")[0]: line.split()[-3:] for line in shown.out.splitlines()}
    three = fit["recorded"], fit["fitted"]["drawn"], fit["usual"]["drawn"]
    assert rows["key frames, in mean frames"] == [f"{one['key_ratio']:.2f}" for one in three]
    assert rows["largest gap between the distributions of sizes"][1:] == [
        f"{fit[one]['distance']:.2f}" for one in ("fitted", "usual")
    ]
    assert "In a scenario:" in shown.out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--ssrc", "7"), "an H.264 byte stream has no SSRC"),
        (("--ssrc", "x"), "--ssrc = x: is no SSRC (allowed: 0 to 4294967295"),
        (("--fps", "1000"), '--fps: "1000": is out of range (allowed: 1 to 240)'),
        (("--fps", "nan"), '--fps: "nan": is out of range (allowed: 1 to 240)'),
        (("--profile", "720p30"), 'unknown call profile "720p30"'),
    ],
)
def test_what_cannot_be_asked(x264: Path, more: tuple[str, ...], said: str) -> None:
    ran = giaoban("profile", "fit", x264, *more)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""


def test_what_no_scenario_may_say_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "coarse.h264"
    film(path, kbps=20, seconds=24, gop=120)
    ran = giaoban("profile", "fit", path)
    assert (ran.code, ran.out) == (2, "")
    assert re.search(r"coarse\.h264: [a-z_]+ = [0-9.]+: is out of range \(allowed: ", ran.err)


def test_key_frames_that_exceed_the_rate_are_refused_where_the_scenario_says_so(
    x264: Path, tmp_path: Path
) -> None:
    told = giaoban("profile", "fit", x264, "--profile", "720p30-1m", "--toml").out
    lines = [
        "key_interval_s = 0.05"
        if line.startswith("key_interval_s")
        else "key_ratio = 9.0"
        if line.startswith("key_ratio")
        else line
        for line in told.splitlines()
    ]
    path = scenario(tmp_path / "asked.toml", more="\n".join(lines), profile="720p30-1m")
    ran = giaoban("check", path, "--estimate")
    assert ran.code == 2
    assert "encoder.key_ratio = 9.0: key frames of 9 mean frames every 0.05 s" in ran.err
