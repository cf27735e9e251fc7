"""Bad input of what is sent and what becomes of it: impairments, slides, recordings, criteria."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import giaoban, scenario
from traffic_scenarios import film

from giaoban.errors import InputError
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import make_question, question_from
from giaoban.traffic.profiles import load_profiles

RATE = "rate = { kbps = 500.0 }"


def refused(folder: Path, more: str, **top: Any) -> str:
    """What a check says of a scenario with this text; it must refuse it and write nothing."""
    file = scenario(folder / "scenario.toml", more=more, **top)
    results = folder / "results"
    ran = giaoban("check", file, "--results", results)
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert "Traceback" not in ran.err
    assert not results.exists() or not list(results.iterdir())
    assert re.match(r"giaoban: .*scenario\.toml", ran.err) or "giaoban: " + str(folder) in ran.err
    return ran.err


def impair(*lines: str) -> str:
    return "\n".join(["[[impairment]]", *lines, ""])


def at(*lines: str) -> str:
    return impair('bridge = "north"', *lines)


def on(*lines: str) -> str:
    return impair('link = "access-north"', *lines)


def loss(inside: str) -> str:
    return at(f"loss = {{ {inside} }}")


def line_of(text: str, word: str) -> int:
    """The number of the line that begins with a word, the last such one."""
    lines = text.splitlines()
    return max(n for n, line in enumerate(lines, 1) if line.startswith(word))


@pytest.mark.parametrize(
    ("more", "key", "said"),
    [
        (impair(RATE), "[[imp", "at nothing or at two places (allowed: bridge or link)"),
        (at('link = "access-north"', RATE), "[[imp", "(allowed: bridge or link)"),
        (at(), "[[imp", "impairs nothing (allowed: loss, corrupt, duplicate, rate or jitter"),
        (impair('bridge = "nort"', RATE), "bridge", 'unknown bridge (did you mean "north"?)'),
        (impair('link = "access-nort"', RATE), "link", '(did you mean "access-north"?)'),
        (at('direction = "sideways"', RATE), "[[imp", "(allowed at a bridge: up, down)"),
        (at('kind = "sound"', RATE), "kind", "(allowed: 'audio', 'video', 'content' or 'both')"),
        (on('direction = "west"', RATE), "direction", "(allowed: both, north->r-east, r-east->"),
        (
            impair('link = "west--east"', 'direction = "up"', RATE),
            "direction",
            "is no direction of west--east (allowed: both, r-west->r-east, r-east->r-west)",
        ),
        (on('kind = "audio"', RATE), "[[imp", "kind belongs to a bridge"),
        (at("from_s = 6.0", RATE), "from_s = 6.0", "begins after the run (allowed: below 6 s)"),
        (at("from_s = -1.0", RATE), "from_s = -1.0", "is out of range (allowed: 0 or more)"),
        (at("from_s = 3.0", "to_s = 3.0", RATE), "[[imp", "to_s is not after from_s"),
        (at("to_s = 0.0", RATE), "to_s = 0.0", "is out of range (allowed: more than 0)"),
        (
            at("to_s = 3.0", RATE) + at("from_s = 2.9", "corrupt = 0.1"),
            "from_s = 2.9",
            "overlaps another impairment of the same (allowed: one at a time)",
        ),
        (
            on("to_s = 3.0", RATE) + on('direction = "down"', "from_s = 2.9", "corrupt = 0.1"),
            "from_s = 2.9",
            "overlaps another impairment of the same (allowed: one at a time)",
        ),
        (at("corrupt = 1.1"), "corrupt = 1.1", "is out of range (allowed: 1 or less)"),
        (at("duplicate = -0.1"), "duplicate = -0.1", "is out of range (allowed: 0 or more)"),
        (loss('model = "bernouli", p = 0.1'), "loss", "(allowed: 'bernoulli', 'gilbert',"),
        (loss("p = 0.1"), "loss", "does not say its"),
        (loss('model = "gilbert", p = 0.1'), "loss", "loss.r: is missing"),
        (loss('model = "gilbert", p = 0.1, r = 0.0'), "loss", "(allowed: more than 0)"),
        (loss('model = "gilbert", p = 1.1, r = 0.5'), "loss", "(allowed: 1 or less)"),
        (
            loss('model = "gilbert-elliott", p = 0.1, r = 0.5, los_bad = 0.5'),
            "loss",
            'unknown key (did you mean "loss_bad"?)',
        ),
        (at('jitter = { model = "normal", mean_ms = 5.0 }'), "jitter", "sd_ms: is missing"),
        (at('jitter = { model = "uniform" }'), "jitter", "(allowed: 'normal', 'gamma', 'pareto')"),
        (
            at('jitter = { model = "pareto", shape = 2.0, scale_ms = 5.0 }'),
            "jitter",
            "is out of range (allowed: more than 2)",
        ),
        (
            at('jitter = { model = "normal", mean_ms = 5.0, sd_ms = 1.0, correlation = 1.0 }'),
            "jitter",
            "is out of range (allowed: less than 1)",
        ),
        (at("rate = { kbps = 0.0 }"), "rate", "is out of range (allowed: 8 or more)"),
        (
            at("rate = { kbps = 8.0, buffer_packets = 0 }"),
            "rate",
            "is out of range (allowed: 1 or more)",
        ),
        (
            on('jitter = { model = "normal", mean_ms = 5.0, sd_ms = 1.0, correlation = 0.5 }'),
            "[[imp",
            "(allowed on a line: correlation = 0; or at a bridge)",
        ),
        (
            on("duplicate = 0.1", 'loss = { model = "gilbert", p = 0.1, r = 0.5 }'),
            "[[imp",
            "(allowed with duplicate: bernoulli loss; or at a bridge)",
        ),
        (
            at("corrupt = 0.1") + "[meeting]\nencrypted = true\n",
            "corrupt",
            "the far side would take it for forged (allowed: corrupt on a link)",
        ),
        (
            at("duplicate = 0.1") + "[meeting]\nencrypted = true\n",
            "duplicate",
            "a receiver of SRTP refuses copies as replayed (allowed: encrypted = false)",
        ),
        (
            on("duplicate = 0.1") + "[meeting]\nencrypted = true\n",
            "duplicate",
            "a receiver of SRTP refuses copies as replayed (allowed: encrypted = false)",
        ),
    ],
)
def test_bad_impairment(tmp_path: Path, more: str, key: str, said: str) -> None:
    message = refused(tmp_path, more)
    assert said in message
    number = line_of((tmp_path / "scenario.toml").read_text(encoding="utf-8"), key)
    assert re.match(rf"giaoban: .*scenario\.toml:{number}: impairment\[\d\]", message)


SLIDES = '[content]\nbridge = "west"\nkbps = 500.0\n'


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (SLIDES.replace("west", "wset"), "content.bridge = 'wset': unknown bridge (did you mean"),
        (SLIDES.replace("west", "east"), "has not the floor (allowed: west, or meeting.floor ="),
        (
            '[content]\nbridge = "west"\n',
            "content.kbps: is missing, and the call profile 720p30-2m",
        ),
        (
            SLIDES.replace("500.0", "5.0"),
            "content.kbps = 5.0: is out of range (allowed: 32 or more)",
        ),
        (SLIDES + "from_s = 6.0\n", "content.from_s = 6.0: begins after the run (allowed: below 6"),
        (SLIDES + "from_s = -1.0\n", "content.from_s = -1.0: is out of range (allowed: 0 or more)"),
        (SLIDES + "from_s = 3.0\nto_s = 2.0\n", "content: to_s is not after from_s"),
        (SLIDES + "fps = 5\n", "content.fps: unknown key"),
    ],
)
def test_bad_slides(tmp_path: Path, more: str, said: str) -> None:
    message = refused(tmp_path, more)
    assert said in message
    assert re.match(r"giaoban: .*scenario\.toml:\d+: content", message)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('sound = "music"', "(allowed: 'tone' or 'conversation')"),
        ("silence_suppression = true", 'silence_suppression = true needs sound = "conversation"'),
        ('sound = "tone"\nsilence_suppression = true', 'needs sound = "conversation"'),
        ("silence = true", "unknown key"),
    ],
)
def test_bad_sound(tmp_path: Path, more: str, said: str) -> None:
    message = refused(tmp_path, f"[meeting]\n{more}\n")
    assert said in message
    assert re.match(r"giaoban: .*scenario\.toml:\d+: meeting", message)


def test_sound_without_dtx_leaves_out_no_pauses(tmp_path: Path) -> None:
    more = '[meeting]\nsound = "conversation"\nsilence_suppression = true\n'
    message = refused(tmp_path, more, profile="720p30-2250k-aac-ld")
    assert "meeting.silence_suppression = true: aac-ld of the call profile" in message
    assert "(allowed: false, or a profile with one of g711a, g711u, g722, opus)" in message
    kept = scenario(tmp_path / "fine.toml", more=more, profile="sd30-256k-opus")
    assert make_question(kept).plan.silence_suppression


def test_no_criterion_on_speech_quality_that_nobody_can_tell(tmp_path: Path) -> None:
    criterion = """
[[criterion]]
id = "clear-speech"
name_en = "Speech"
name_vi = "Tiếng nói"
measure = { on = "stream", metric = "mos_listening" }
threshold = 4.0
sense = "at-least"
best = 4.5
highest = 4.4
unit = "MOS"
source_en = "test"
source_vi = "test"
"""
    message = refused(tmp_path, criterion, profile="720p30-2250k-aac-ld")
    assert 'criterion "clear-speech": aac-ld has no MOS: its sound goes beyond' in message
    assert "(allowed: another measure, or a call profile with one of g711a, g711u, g722)" in message


def test_no_limit_for_speech_quality_that_nobody_can_tell(tmp_path: Path) -> None:
    limits = "[thresholds]\naudio-loss = 2.0\nmos = 3.5\n"
    message = refused(tmp_path, limits, profile="sd30-256k-opus")
    line = line_of((tmp_path / "scenario.toml").read_text(encoding="utf-8"), "mos")
    assert f"scenario.toml:{line}: thresholds.mos = 3.5: opus has no MOS: its sound" in message
    assert "(allowed: no such threshold, or a call profile with one of g711a, g7" in message
    assert "audio-loss" not in message
    kept = make_question(scenario(tmp_path / "s.toml", more=limits, profile="cif30-128k"))
    assert criteria_of(kept).ids.count("mos") == 1


def test_sound_in_packets_that_the_mcu_does_not_send_is_not_mixed(tmp_path: Path) -> None:
    known = load_profiles()
    sound = [
        each.model_copy(update={"packet_ms": 60}) if each.id == "opus" else each
        for each in known.audio
    ]
    longer = known.model_copy(update={"audio": sound})
    asked = make_question(scenario(tmp_path / "s.toml", profile="sd30-256k-opus"))
    files = asked.scenario_path, asked.province, asked.province_path
    with pytest.raises(InputError, match=r"has opus in packets of 60 ms.*\(allowed: 20 ms\)"):
        question_from(asked.scenario, *files, profiles=longer)


# -------------------------------------------------------------------------------------- recordings


def recorded(bridge: str = "east", file: str = "film.pcapng", more: str = "") -> str:
    return f'[[recording]]\nbridge = "{bridge}"\nfile = "{file}"\n{more}\n'


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (recorded("eats"), "recording[0].bridge = 'eats': unknown bridge"),
        (recorded() * 2, "recording[1].bridge = 'east': has two recordings (allowed: one)"),
        (recorded(file=""), "recording[0].file = '': is too short"),
        (
            recorded(more="ssrc = -1"),
            "recording[0].ssrc = -1: is out of range (allowed: 0 or more)",
        ),
        (recorded(more="codec = 1"), "recording[0].codec: unknown key"),
    ],
)
def test_bad_recording(tmp_path: Path, more: str, said: str) -> None:
    message = refused(tmp_path, more)
    assert said in message
    assert re.match(r"giaoban: .*scenario\.toml:\d+: recording\[", message)


@pytest.mark.parametrize("data", [None, b"RIFF....WAVE" * 100], ids=["missing", "another-kind"])
def test_recording_that_is_none(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "film.pcapng").write_bytes(data)
    assert f"recording[0].file = 'film.pcapng': {tmp_path / 'film.pcapng'}: " in refused(
        tmp_path, recorded()
    )


def test_recording_above_the_calls_rate(tmp_path: Path) -> None:
    film(tmp_path / "film.pcapng", kbps=3000, seconds=1)
    message = refused(tmp_path, recorded(), profile="720p30-1m")
    assert f"recording[0].file = 'film.pcapng': {tmp_path / 'film.pcapng'}: " in message
    assert (
        "more than the call profile's 1024 kb/s (allowed: a tenth above it at the most)" in message
    )


# ---------------------------------------------------------------------------------------- criteria

CRITERION = """
[[criterion]]
id = "{id}"
name_en = "Frozen"
name_vi = "Dừng hình"
measure = {{ on = "stream", metric = "{metric}", {more} }}
statistic = "{statistic}"
warm_up_s = {warm_up_s}
threshold = 1.0
unit = "%"
sense = "at-most"
source_en = "test"
source_vi = "thử"
"""


def criterion(**changes: Any) -> str:
    usual = {"id": "frozen", "metric": "freeze_pct", "statistic": "p95", "warm_up_s": 1.0}
    return CRITERION.format(**{**usual, "more": 'kind = "video"', **changes})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            criterion(metric="freeze_pc"),
            'metric "freeze_pc" is no figure of a stream (did you mean',
        ),
        (criterion(more='kind = "audio"'), "freeze_pct does not exist for audio (allowed: video"),
        (criterion(statistic="p42"), "'p42'"),
        (criterion(statistic="mode"), "'mode'"),
        (criterion(warm_up_s=-1.0), "warm_up_s = -1.0: is out of range (allowed: 0 or more)"),
        (
            criterion(warm_up_s=2.0),
            "warm_up_s = 2: the shortest phase would be left out (allowed: below 2 s)",
        ),
        (
            criterion(more='bridges = ["nroth"]'),
            'measure.bridges: no "nroth" (did you mean "north"',
        ),
        (criterion(more='phases = ["durin"]'), 'measure.phases: no "durin" (did you mean "during"'),
        (criterion(more='links = ["west--east"]'), "links does not go with a stream"),
        (
            criterion(id="audio-loss"),
            'criterion "audio-loss" is there already (allowed: an id of its own',
        ),
        (criterion() * 2, 'criterion "frozen" is there already (allowed: an id of its own'),
        (criterion().replace('"%"', '"ms"'), 'unit of freeze_pct is "%", not "ms"'),
        (criterion().replace('"at-most"', '"below"'), "(allowed: 'at-most' or 'at-least')"),
        (criterion().replace("threshold = 1.0", "threshold = nan"), "threshold"),
        (criterion() + "[thresholds]\nfrozen = -1.0\n", "thresholds.frozen = -1.0"),
    ],
)
def test_bad_criterion(tmp_path: Path, more: str, said: str) -> None:
    message = refused(tmp_path, more)
    assert said in message
    assert "criterion" in message or "thresholds" in message
