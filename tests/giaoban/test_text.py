"""What a text may hold, and that no text of any file gets past it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from giaoban.errors import MOST_LINES, InputError, for_terminal, several
from giaoban.mcu_sim.conference.meeting import Meeting
from giaoban.mcu_sim.device import Device
from giaoban.results.model.quantities import OneLine
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.table import read_table, written
from giaoban.text import LONGEST, LONGEST_NAME, fit, hidden_in, printable, text_problem
from giaoban.tomlfile import Lines, StrictModel, load
from giaoban.topology.model import Access, Group, Province, Router
from giaoban.topology.units import Unit

HARMLESS = [
    *("Đắk R'Lấp", "Tuy Đức", "10\u00a0Mb/s", "<b>&amp;</b>", "*x* _y_ `z` | # [l](u)", "=1+1"),
    *("điểm cầu – “xã” … ≥ 5 °C", "ca\u0301\u0323", "会議", "😀"),
]


@pytest.mark.parametrize(
    "c", ["\x00", "\x1b", "\x9b", "\n", "\u2028", "\u202e", "\ufeff", "\udfff"]
)
def test_control_and_direction_characters_are_refused(c: str) -> None:
    wrong = text_problem(f"Đắk {c} Mil")
    assert wrong == f"holds U+{ord(c):04X} (allowed: one line of printable text)"
    assert printable(f"Đắk {c} Mil") == "Đắk  Mil"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_write_is_allowed(text: str) -> None:
    assert text_problem(text, LONGEST) is None
    assert printable(text) == text


def test_a_text_has_an_end() -> None:
    assert text_problem("x" * LONGEST, LONGEST) is None
    assert text_problem("x" * 100_000, LONGEST) == "is 100000 characters long (allowed: 1000)"
    assert printable("x" * 100_000, 50) == "x" * 49 + "…"


def test_no_text_of_any_model_is_forgotten() -> None:
    command = [sys.executable, "-m", "tests.giaoban.models"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(ran.stdout)
    assert {"giaoban.topology.model.Province", "giaoban.results.model.result.Result"} <= set(
        found["models"]
    )
    assert len(found["models"]) > 100
    assert not found["bare"]


class Inner(StrictModel):
    text: str


class Shapes(StrictModel):
    """Fields of all shapes, among them names that a core schema has itself."""

    plain: str = ""
    type: str = ""
    schema_: str = Field("", alias="schema")
    default: str = ""
    maybe: str | None = None
    either: int | str = 0
    several: list[str] = Field(default_factory=list)
    pairs: list[tuple[str, int]] = Field(default_factory=list)
    table: dict[str, float] = Field(default_factory=dict)
    of: dict[str, Inner] = Field(default_factory=dict)
    pattern: Annotated[str, Field(pattern="^[^a]*$")] = ""
    checked: Annotated[str, AfterValidator(lambda text: text)] = ""
    inner: Inner | None = None


class Paragraphs(StrictModel):
    text: Lines


@pytest.mark.parametrize(
    "data",
    [
        *({name: "\x1b[2J"} for name in ("plain", "type", "schema", "default", "maybe", "either")),
        *({name: "\x1b[2J"} for name in ("pattern", "checked")),
        *({"several": ["\u202e"]}, {"pairs": [("\u202e", 1)]}, {"table": {"\u202e": 1.0}}),
        *({"of": {"\u202e": {"text": ""}}}, {"of": {"x": {"text": "\u202e"}}}),
        {"inner": {"text": "\u202e"}},
    ],
    ids=str,
)
def test_a_field_of_any_shape_is_looked_at(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="allowed: one line of printable text"):
        Shapes.model_validate(data)


def test_line_breaks_are_allowed_only_where_a_field_says_so() -> None:
    assert Paragraphs(text="a\nb").text == "a\nb"
    with pytest.raises(ValueError, match=r"U\+001B"):
        Paragraphs(text="a\n\x1bb")


def test_the_message_has_file_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    for written_so, told_so in (
        ('\n[inner]\ntext = "a\\u001b[2Jb"\n', "x.toml:3: inner.text = 'a\\x1b[2Jb': holds U+001B"),
        ('\nplain = "\u202eb"\n', "x.toml:2: plain = '\\u202eb': holds U+202E (allowed"),
        ('plain = """a\nb"""\n', "x.toml:1: plain = 'a\\nb': holds U+000A (allowed"),
        (f'plain = "{"x" * 100_000}"\n', "is 100000 characters long (allowed: 1000)"),
        ('plain = "a" # \u2066\n', "x.toml:1: holds U+2066 (allowed"),
        ('"\\u202e" = 1\n', "x.toml: : unknown key"),
    ):
        path.write_text(written_so, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load(path, Shapes)
        message = for_terminal(caught.value)
        assert told_so in message
        assert all(line.isprintable() for line in message.split("\n"))
        assert len(message) < 1000


def test_cells_of_a_table_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('name,km\nfine,1\n"a\u202eb",2\n"a\nb",3\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_table(path, {"name": (), "km": ()})
    assert [line.split(": ")[0] for line in str(caught.value).split("\n")] == [
        f"{path}:3",
        f"{path}:4",
    ]
    assert "column 'name' = 'a\\u202eb': holds U+202E" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-x", "@SUM(1)", "＝1", "'=1", "''=1", "'quoted'", "plain", "a=b", "Đắk Mil"],
)
def test_no_cell_is_a_formula_and_it_is_read_back(tmp_path: Path, text: str) -> None:
    cell = written(text)
    assert cell[0] not in "=+-@\t\r＝＋－＠"
    (tmp_path / "t.csv").write_text(f"name\n{cell}\n", encoding="utf-8")
    assert read_table(tmp_path / "t.csv", {"name": ()})[0].text("name") == text
    assert written(-1.5) == "-1.5"


def test_a_message_is_short_and_steers_no_terminal() -> None:
    error = several(f"line {n}" for n in range(100_000))
    assert str(error).split("\n") == [*(f"line {n}" for n in range(20)), "and 99,980 more"]
    assert for_terminal(error) == str(error)
    long = for_terminal(InputError("\n".join(["\x1b[2J" + "x" * 10_000] * 1000)))
    assert len(long.split("\n")) == MOST_LINES + 1
    assert long.endswith("\nand 980 more")
    assert "\x1b" not in long
    assert len(long) < 20_000


@pytest.mark.parametrize(
    "argument",
    ["--name=\x1b[2J", "a\u202eb", "a\udcff", "x" * 5000],
    ids=["escape", "direction", "byte", "long"],
)
def test_arguments_are_looked_at(argument: str) -> None:
    command = [sys.executable, "-m", "giaoban.scenarios.cli.entry", "list", "units", argument]
    found = subprocess.run(command, capture_output=True, timeout=120, env={**os.environ})
    assert found.returncode == 2
    assert found.stderr.startswith(b"giaoban: word 3 of the command line, ")
    assert b"\x1b" not in found.stderr
    assert len(found.stderr) < 400


def test_hidden_in_tells_the_line() -> None:
    assert hidden_in("\ufeffa\r\n\tb\n") is None
    assert hidden_in("a\nb\n c\u200f\n") == (
        3,
        "holds U+200F (allowed: one line of printable text)",
    )


@pytest.mark.parametrize("model", [Province, Router, Access, Group, Unit, Meeting, Device, Variant])
def test_names_are_shorter_than_texts(model: type[StrictModel]) -> None:
    assert f"max_length={LONGEST_NAME}" in str(model.model_fields["name"])


def test_records_are_clean_at_any_depth() -> None:
    given = {"who": "a\x1b[2J", "list": ["\u202e", 1, None], "table": {"\n": "x" * 1000}}
    assert fit(given, 10) == {
        "who": "a[2J",
        "list": ["", 1, None],
        "table": {"": "xxxxxxxxx…"},
    }


class Told(StrictModel):
    reasons: list[OneLine]


@given(st.text())
@example("its process was ended by signal 9\nTraceback:\n\x1b[31m  boom\x00")
def test_whatever_an_error_says_can_be_a_reason(said: str) -> None:
    """Of several lines, or with what a terminal was told: a result must not fail for it."""
    [reason] = Told(reasons=[said]).reasons
    assert text_problem(reason) is None
