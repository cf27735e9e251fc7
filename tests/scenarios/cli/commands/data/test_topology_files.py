"""`giaoban topology import`, `export` and `giaoban units list`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_factory import DEFAULT, ROOT, giaoban

ABILENE = ROOT / "tests" / "topology" / "Abilene.graphml"


def test_export_then_import_then_show(tmp_path: Path) -> None:
    ran = giaoban("topology", "export", "--out", tmp_path / "p.graphml")
    assert (ran.code, ran.err) == (0, "")
    ran = giaoban("topology", "import", tmp_path / "p.graphml", "--out", tmp_path / "p.toml")
    assert (ran.code, ran.err) == (0, "")
    shown = []
    for province in (tmp_path / "p.toml", DEFAULT):
        words = ("--province", province, "--map", tmp_path / "m.svg", "--json")
        shown.append(giaoban("topology", "show", *words).out)
    assert shown[0] == shown[1]


def test_import_tells_what_it_assumed(tmp_path: Path) -> None:
    words = (ABILENE, "--out", tmp_path / "a.toml", "--mcu-at", "Denver", "--json")
    ran = giaoban("topology", "import", *words)
    told = json.loads(ran.out)
    assert (told["routers"], told["links"], told["bridges"]) == (11, 14, 11)
    # fibre, addresses, routing, links, MCU, bridges
    assert told["assumptions"] == 1 + 1 + 1 + 14 + 1 + 11
    ran = giaoban("topology", "import", *words)
    assert (ran.code, "is there already" in ran.err) == (2, True)
    assert giaoban("topology", "import", *words, "--force").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", ROOT / "README.md", "--out", "y.toml"), "does not tell the format"),
        (("import", "x.csv", "--out", "y.toml", "--format", "gml"), "graphml"),
        (("import", "none.graphml", "--out", "y.toml"), "no such file"),
        (("import", ABILENE, "--out", "y.toml", "--device", "rmx"), "no such device"),
        (("export", "--out", "y"), "ends with .graphml or .xml"),
    ],
)
def test_bad_words(tmp_path: Path, words: tuple[object, ...], said: str) -> None:
    placed = [
        tmp_path / w if isinstance(w, str) and w[:2] in ("x.", "y", "y.") else w for w in words
    ]
    ran = giaoban("topology", *placed)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert not list(tmp_path.iterdir())


def test_units_are_listed() -> None:
    ran = giaoban("units", "list", "--district", "Cu Jut", "--year", "2013", "--json")
    units = json.loads(ran.out)["units"]
    assert len(units) == 8
    assert {unit["router"] for unit in units} == {"r-cu-jut"}
    ran = giaoban("units", "list", "Quảng Sơn", "departments")
    assert (ran.code, "xa-quang-son" in ran.out, "18 units" in ran.out) == (0, True, True)
    ran = giaoban("units", "list", "--district", "Cư Jit")
    assert (ran.code, "Huyện Cư Jút" in ran.err) == (2, True)


def test_a_list_of_ones_own_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("tên,km\nXã Quảng Sơn,38\n", encoding="utf-8")
    ran = giaoban("units", "list", "--from", path, "--json")
    assert [unit["km"] for unit in json.loads(ran.out)["units"]] == [38]
    assert giaoban("units", "list", "x", "--from", path).code == 2
