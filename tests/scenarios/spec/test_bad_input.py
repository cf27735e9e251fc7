"""Every bad input of a check: exit code 2 and a message that names the key and what is allowed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import BAD_PROVINCES, NORTH, SMALL, giaoban, scenario


def refused(folder: Path, file: Path, *more: str) -> str:
    """What a check says that must refuse its input: nothing else printed, nothing written."""
    results = folder / "results"
    ran = giaoban("check", file, "--results", results, *more)
    assert ran.code == 2, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert not results.exists() or not list(results.iterdir())
    return ran.err


LINK = """
[[link]]
link = "{}"
rate_mbps = {}
source = "test"
"""
IMPAIRMENT = """
[[impairment]]
bridge = "{}"
loss = {{ model = "bernoulli", p = {} }}
"""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"more": IMPAIRMENT.format("nort", 0.1)}, 'unknown bridge (did you mean "north"?)'),
        ({"more": IMPAIRMENT.format("north", 1.5)}, "is out of range (allowed: 1 or less)"),
        ({"more": IMPAIRMENT.format("mcu", 0.1)}, "'mcu': unknown bridge"),
        ({"more": IMPAIRMENT.format("north", 0.1) * 2}, "overlaps another impairment of the same"),
        ({"more": LINK.format("west--eats", 10)}, 'did you mean "west--east"?'),
        ({"more": LINK.format("access-nort", 10)}, 'did you mean "access-north"?'),
        ({"more": LINK.format("west--east", 0)}, "is out of range (allowed: 0.064 to"),
        ({"more": LINK.format("west--east", -1)}, "is out of range (allowed: 0.064 to"),
        ({"device": "rmx-1500-mpm"}, 'unknown device (did you mean "rmx-1500-mpmx"?)'),
        ({"profile": "720p30-2"}, 'unknown call profile (did you mean "720p30-2m"?)'),
        ({"seeed": "1"}, 'seeed: unknown key (did you mean "seed"?)'),
        ({"seed": -1}, "seed = -1"),
        ({"seed": "abc"}, "seed = 'abc'"),
        ({"id": "../../etc"}, "id = '../../etc'"),
        ({"question_vi": ""}, "question_vi"),
        ({"question": None}, "question: is missing"),
        ({"schema": "giaoban.scenario/2"}, "giaoban.scenario/1"),
        ({"phases": (1.0, 2.0, 2.0)}, "phases.before_s = 1.0"),
        ({"phases": (2.0, 2.0, 1e9)}, "phases.after_s"),
        ({"bridges": ({**NORTH, "id": "east"},)}, "east"),
        ({"bridges": (NORTH, NORTH)}, "north"),
        ({"bridges": ({**NORTH, "id": "mcu"},)}, "mcu"),
        ({"bridges": ({**NORTH, "router": "r-eats"},)}, 'did you mean "r-east"?'),
        ({"bridges": ({**NORTH, "rate_mbps": 0.0},)}, "bridge[0].rate_mbps = 0.0"),
        ({"bridges": ({**NORTH, "rate_mbps": -2.0},)}, "bridge[0].rate_mbps = -2.0"),
        ({"bridges": ({**NORTH, "rate_mbps": 1e12},)}, "bridge[0].rate_mbps = 1000000000000.0"),
        ({"bridges": ({**NORTH, "km": -2.0},)}, "bridge[0].km = -2.0"),
        ({"bridges": ({**NORTH, "rate_mbit": 2.0},)}, 'did you mean "rate_mbps"?'),
        ({"bridges": ({**NORTH, "id": "Bắc"},)}, "bridge[0].id = 'Bắc'"),
        ({"more": "[thresholds]\naudio-los = 1.0"}, 'did you mean "audio-loss"?'),
        ({"more": "[thresholds]\naudio-loss = -1.0"}, "audio-loss"),
        ({"more": "[thresholds]\naudio-loss = nan"}, "thresholds.audio-loss"),
        ({"province": "nowhere.toml"}, "nowhere.toml: no such file"),
        ({"more": "[[["}, "is not TOML"),
    ],
    ids=lambda value: re.sub(r"[^a-z0-9]+", "-", str(value).lower())[:60],
)
def test_bad_scenario(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    file = scenario(tmp_path / "scenario.toml", **changes)
    message = refused(tmp_path, file)
    assert said in message
    assert re.match(r"giaoban: .*\.toml", message)


def test_a_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    file = scenario(tmp_path / "scenario.toml", bridges=({**NORTH, "rate_mbps": -1.0},))
    line = file.read_text(encoding="utf-8").splitlines().index("rate_mbps = -1.0") + 1
    assert f"{file}:{line}: bridge[0].rate_mbps = -1.0: " in refused(tmp_path, file)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    wrong = {**NORTH, "rate_mbps": -1.0, "km": -1.0, "rooter": "x"}
    message = refused(tmp_path, scenario(tmp_path / "scenario.toml", bridges=(wrong,)))
    assert [key in message for key in ("rate_mbps", "km", "rooter")] == [True] * 3


@pytest.mark.parametrize(
    "name",
    [
        "link-to-nowhere",
        "two-pieces",
        "overlapping-ranges",
        "public-range",
        "exhausted-range",
        "zero-rate",
        "negative-rate",
        "absurd-rate",
        "infinite-rate",
        "unknown-key",
        "duplicate-link",
    ],
)
@pytest.mark.parametrize("how", ["named by the scenario", "by option"])
def test_bad_province(tmp_path: Path, name: str, how: str) -> None:
    bad = BAD_PROVINCES / f"{name}.toml"
    promises = re.findall(r"^# expect: (.*)$", bad.read_text(encoding="utf-8"), re.MULTILINE)
    assert promises
    if how == "by option":
        message = refused(tmp_path, scenario(tmp_path / "scenario.toml"), "--province", str(bad))
    else:
        message = refused(tmp_path, scenario(tmp_path / "scenario.toml", province=bad))
    assert str(bad) in message
    assert all(promise in message for promise in promises)


def test_a_new_bridge_can_exhaust_the_addresses(tmp_path: Path) -> None:
    """The province alone fits in its range, with the new bridge it does not."""
    text = SMALL.read_text(encoding="utf-8").replace("10.2.0.0/24", "10.2.0.0/28")
    province = tmp_path / "province.toml"
    province.write_text(text, encoding="utf-8")
    assert giaoban("list", "network", "--province", province, "--out", tmp_path / "m.png").code == 0
    two = (NORTH, {**NORTH, "id": "south"})
    file = scenario(tmp_path / "scenario.toml", province=province, bridges=two)
    assert "is exhausted" in refused(tmp_path, file)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x7fELF\0\0\0", "binary"),
        ('question = "Cư Jút"'.encode("utf-16"), "is not UTF-8"),
        ('id = 1\nname = "Đắk R\'Lấp"'.encode("cp1258", "replace"), ":2: is not UTF-8"),
        (b"a = " + b"[" * 5000, "is nested too deeply"),
        (b"#" * (17 << 20), "larger than"),
    ],
    ids=["empty", "blank", "binary", "utf-16", "cp1258", "nested", "large"],
)
@pytest.mark.parametrize("which", ["scenario", "province"])
def test_file_that_is_no_text_of_ours(tmp_path: Path, data: bytes, said: str, which: str) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_bytes(data)
    good = scenario(tmp_path / "scenario.toml")
    words = (bad,) if which == "scenario" else (good, "--province", str(bad))
    message = refused(tmp_path, *words)
    assert str(bad) in message
    assert said in message


def test_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    scenario(tmp_path / "expansion.toml")
    message = refused(tmp_path, tmp_path / "expanson.toml")
    assert 'expanson.toml: no such file (did you mean "expansion.toml"?)' in message


def test_unknown_bridge_to_record(tmp_path: Path) -> None:
    message = refused(tmp_path, scenario(tmp_path / "scenario.toml"), "--pcap", "nroth")
    assert '--pcap = "nroth": unknown bridge (did you mean "north"?)' in message
