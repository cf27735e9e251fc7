"""`giaoban list KIND`: names, devices, units, the network, schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_factory import BAD_PROVINCES, DEFAULT, ROOT, SCENARIOS, SMALL, giaoban

from giaoban.errors import InputError
from giaoban.scenarios.cli.commands.data.device import parse_calls
from giaoban.scenarios.schemas.make import answer_names, input_names, write_all
from giaoban.schemas import IN_A_PROJECT, MARK, OF_INPUT, referring
from giaoban.tomlfile import KINDS, load
from giaoban.topology.importers.files import as_toml
from giaoban.topology.model import Province


@pytest.mark.parametrize(
    ("kind", "field", "name"),
    [
        ("scenarios", "name", "expansion-thin-link"),
        ("meetings", "name", "training"),
        ("profiles", "id", "720p30-2m"),
        ("criteria", "id", "mouth-to-ear"),
        ("devices", "id", "rmx-1500-mpmx"),
        ("units", "id", "xa-quang-son"),
    ],
)
def test_every_name_is_listed(kind: str, field: str, name: str) -> None:
    shown, data = giaoban("list", kind), giaoban("list", kind, "--json")
    assert (shown.code, data.code) == (0, 0)
    names = [each[field] for each in json.loads(data.out)[kind]]
    assert name in names
    assert all(each in shown.out for each in names)


def test_devices_with_the_calls_that_they_hold() -> None:
    rows = {line.split()[0]: line for line in giaoban("list", "devices").out.splitlines()}
    assert " ".join(rows["rmx-1500-mpmx"].split()) == "rmx-1500-mpmx 90 × CIF 15 15 30 60 90 90"
    assert rows["vp9660"].split()[-1] == "192*"
    devices = json.loads(giaoban("list", "devices", "--json").out)["devices"]
    [node] = [each for each in devices if each["id"] == "pexip-node-20"]
    assert node["calls"] == {"audio": 228, "SD30": 38, "720p30": 19, "1080p30": 9}


def test_a_device_with_costs_and_sources() -> None:
    ran = giaoban("list", "devices", "rmx-1500-mpmx-fixed")
    assert (ran.code, ran.err) == (0, "")
    assert ["720p30", "3", "20*", "1024", "*"] in [line.split() for line in ran.out.splitlines()]
    assert "when full: a port of the next higher level, lower resolutions" in ran.out
    # a URL stays whole, whatever the width of the terminal
    assert "https://www.manualslib.de/manual/76400/Polycom-Rmx-2000.html?page=17" in ran.out
    said = json.loads(giaoban("list", "devices", "rmx-1500-mpmx", "--json").out)
    assert said["when_full"]["steps"] == ["lower", "audio", "refuse"]


@pytest.mark.parametrize(
    ("calls", "code"), [("8x720p30,11x1080p30", 0), ("8x720p30,12x1080p30", 1), ("31x720p30", 1)]
)
def test_whether_calls_fit(calls: str, code: int) -> None:
    words = ("list", "devices", "rmx-1500-mpmx", "--calls", calls)
    ran, said = giaoban(*words), json.loads(giaoban(*words, "--json").out)
    assert (ran.code, "does NOT fit" in ran.out, said["fits"]) == (code, bool(code), not code)


def test_calls_that_get_less_or_nothing() -> None:
    words = ("--calls", "14x1080p30,1x720p30,2x1080p30")
    ran = giaoban("list", "devices", "rmx-1500-mpmx", *words)
    assert "call 16: 720p30 instead of 1080p30 (no room left at 1080p30)" in ran.out
    assert "call 17: 1080p30 refused, 503 Resource deficiency" in ran.out


@pytest.mark.parametrize("text", ["8x720p30,3x1080p30", "8×720p30, 3 x 1080p30"])
def test_calls_as_people_write_them(text: str) -> None:
    assert parse_calls(text) == [(8, "720p30"), (3, "1080p30")]


@pytest.mark.parametrize("text", ["8", "8x720p3", "0x720p30", "10001x720p30", "٨x720p30"])
def test_calls_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match=r"allowed|did you mean"):
        parse_calls(text)


def test_units_by_name_or_from_a_list(tmp_path: Path) -> None:
    ran = giaoban("list", "units", "Quảng Sơn", "departments", "--json")
    assert len(json.loads(ran.out)["units"]) == 18
    path = tmp_path / "list.csv"
    path.write_text("tên,km\nXã Quảng Sơn,38\n", encoding="utf-8")
    ran = giaoban("list", "units", path, "--json")
    assert [unit["km"] for unit in json.loads(ran.out)["units"]] == [38]


@pytest.mark.parametrize(
    ("name", "magic"), [("m.png", b"\x89PNG"), ("m.svg", b"<?xml"), ("p.graphml", b"<graphml")]
)
def test_the_network_is_drawn_or_exported(tmp_path: Path, name: str, magic: bytes) -> None:
    ran = giaoban("list", "network", "--province", SMALL, "--out", tmp_path / name)
    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(magic)
    assert "10.2.0.1/30" in ran.out


def test_the_network_as_json() -> None:
    said = json.loads(giaoban("list", "network", "--json").out)
    assert set(said) == {"out", "addresses", "paths", "assumptions"}
    assert len(said["paths"]) == 8
    assert "access-cu-jut" in {row["link"] for row in said["addresses"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("network", "--province", BAD_PROVINCES / "two-pieces.toml"), "is in 2 pieces"),
        (("network", "--out", "m.docx"), "allowed: .png, .svg, .pdf, .graphml"),
        (("units", "--out", "m.png"), "is for the network"),
        (("profiles", "720p30-2m"), "takes no names"),
        (("devices", "rmx-1500"), 'did you mean "rmx-1500-mpmx"?'),
        (("devices", "--calls", "8x720p30"), "needs one device"),
        (("units", "Cư Jit"), "Huyện Cư Jút"),
        (("schemas", "provinze"), 'no schema "provinze" (did you mean "province"?)'),
        (("baselines", "none"), "no such file"),
    ],
)
def test_refused(words: tuple[str | Path, ...], said: str) -> None:
    ran = giaoban("list", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_schemas_are_named_and_printed() -> None:
    told = json.loads(giaoban("list", "schemas", "--json").out)
    assert (told["inputs"], told["answers"]) == (input_names(), answer_names())
    assert json.loads(giaoban("list", "schemas", "province").out)["title"] == "giaoban.province/1"
    assert set(answer_names()) <= set(KINDS)


def test_a_file_of_another_kind_is_named_in_one_line() -> None:
    ran = giaoban("check", DEFAULT)
    assert (ran.code, ran.err) == (
        2,
        f"giaoban: {DEFAULT}: is a province (giaoban.province/1); a scenario is needed here "
        "(giaoban.scenario/1)\n",
    )
    thin = SCENARIOS / "expansion-thin-link.toml"
    ran = giaoban("check", thin, "--province", thin)
    assert "is a scenario (giaoban.scenario/1); a province is needed here" in ran.err
    ran = giaoban("check", ROOT / "giaoban.toml")
    assert "is a project (giaoban.project/1); a scenario is needed here" in ran.err


def test_a_file_of_a_project_names_its_schema(tmp_path: Path) -> None:
    province = load(SMALL, Province)
    assert referring(as_toml(province), tmp_path / "outside.toml") == as_toml(province)
    (tmp_path / IN_A_PROJECT).mkdir(parents=True)
    write_all(tmp_path / IN_A_PROJECT)
    (tmp_path / "deep").mkdir()
    first = referring(as_toml(province), tmp_path / "deep" / "inside.toml").splitlines()[0]
    assert first == f"{MARK}../.giaoban/schema/province{OF_INPUT}"
    for text in ("x = 1\n", 'schema = "giaoban.nothing/1"\n', '# schema = "giaoban.province/1"\n'):
        assert referring(text, tmp_path / "x.toml") == text
