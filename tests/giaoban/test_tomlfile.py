"""Strict TOML: every wrong file gives one error that says where and what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr, field_validator

from giaoban.errors import InputError, did_you_mean
from giaoban.tomlfile import StrictModel, load, mistakes


class Cost(StrictModel):
    resolution: str
    units: float


class Device(StrictModel):
    id: str
    ports: int
    cost: list[Cost] = Field(default_factory=list)
    extra: dict[str, float] = Field(default_factory=dict)

    @field_validator("ports")
    @classmethod
    def _some(cls, value: int) -> int:
        if value < 1:
            raise ValueError("must be 1 or more")
        return value


class Settings(StrictModel):
    rate: float
    comment: str = ""


class Circle(StrictModel):
    shape: Literal["circle"]
    radius_m: Annotated[float, Field(gt=0)]


class Square(StrictModel):
    shape: Literal["square", "box"]
    side_m: Annotated[float, Field(gt=0)]


Area = Annotated[Circle | Square, Field(discriminator="shape")]


class Table(StrictModel):
    schema_: str = Field(alias="schema")
    settings: Settings | None = None
    device: list[Device] = Field(default_factory=list)
    area: Area | None = None
    part: list[Area] = Field(default_factory=list)


def wrong(path: Path, content: str | bytes) -> str:
    """The message that a file of this content gives, with the path cut off."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        load(path, Table)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(str(path), "FILE")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.toml"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "FILE: is empty"),
        (b" \n\t\n", "FILE: is empty"),
        (b"\x89PNG\r\n\x1a\n", "FILE:1: is not UTF-8 text (byte 0)"),
        ('schema = "a"\n# Đắk'.encode("utf-16"), "FILE:1: is not UTF-8 text (byte 0)"),
        (b"# one\n# two\nname = '\xe9'\n", "FILE:3: is not UTF-8 text (byte 20)"),
        (b"schema = '\0'\n", "FILE: is a binary file, TOML text is needed"),
        (b"schema = 'a'\nrate == 3\n", "FILE:2: is not TOML: Invalid value (column 7)"),
        (b"schema = 'a'\nschema = 'b'\n", "FILE:2: is not TOML: Cannot overwrite a value"),
        (b"schema = 'a'\nrate = [3,\n\n", "FILE:2: is not TOML: Invalid value"),
        (b"schema = 'a'\nrate = \"x", "FILE:2: is not TOML: Unterminated string"),
        (b"x = " + b"[" * 5_000 + b"]" * 5_000, "FILE: is nested too deeply"),
        (b"x = " + b"9" * 5_000, "FILE: is not TOML: Exceeds the limit"),
    ],
)
def test_files_that_are_not_toml(path: Path, content: bytes, message: str) -> None:
    assert wrong(path, content).startswith(message)


def test_near_miss_at_top_level_and_inside(path: Path) -> None:
    message = wrong(path, "schema = 'a'\nsetings = 3\n[[device]]\nid = 'x'\nport = 3\nports = 3\n")
    assert message.splitlines() == [
        'FILE:2: setings: unknown key (did you mean "settings"?)',
        'FILE:5: device[0].port: unknown key (did you mean "ports"?)',
    ]


def test_lines_of_nested_lists(path: Path) -> None:
    text = """\
schema = "a"

[[device]]
id = "one"
ports = 3
  [[device.cost]]
  resolution = "cif"
  units = 1.0

[[ device ]]  # the second
id = "two"
ports = 0
[[device.cost]]
resolution = "cif"
units = 1.0
[[device.cost]]
resolution = 720
units = "three"
[device.extra]
ports = "not the ports above"
"""
    assert wrong(path, text).splitlines() == [
        "FILE:12: device[1].ports = 0: must be 1 or more",
        "FILE:17: device[1].cost[1].resolution = 720: input should be a valid string",
        "FILE:18: device[1].cost[1].units = 'three': input should be a valid number",
        "FILE:20: device[1].extra.ports = 'not the ports above': input should be a valid number",
    ]


def test_missing_keys_are_placed_at_their_table(path: Path) -> None:
    text = "[settings]\ncomment = ''\n\n[[device]]\nports = 1\n\n[[device]]\nid = 'x'\nports = 1\n"
    assert wrong(path, text).splitlines() == [
        "FILE: schema: is missing",
        "FILE:1: settings.rate: is missing",
        "FILE:4: device[0].id: is missing",
    ]


def test_nothing_is_coerced(path: Path) -> None:
    text = "schema = 'a'\n[settings]\nrate = true\n"
    assert wrong(path, text) == "FILE:3: settings.rate = true: input should be a valid number"
    assert "finite number" in wrong(path, "schema = 'a'\n[settings]\nrate = nan\n")


class Login(StrictModel):
    name: str
    password: SecretStr = Field(max_length=8)
    old: SecretStr | None = None


class Logins(StrictModel):
    login: list[Login]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('password = "open-sesame"', "login[0].password: has too many"),
        ("password = 73313", "login[0].password: input should be a valid string"),
        ('password = ""\nold = 73313', "login[0].old: input should be a valid string"),
        ('passwort = "open-sesame"', 'login[0].passwort: unknown key (did you mean "password"?)'),
    ],
)
def test_a_secret_is_never_shown_but_its_neighbours_are(
    path: Path, line: str, message: str
) -> None:
    path.write_text(f"[[login]]\nname = 7\n{line}\n")
    with pytest.raises(InputError) as caught:
        load(path, Logins)
    text = str(caught.value)
    assert message in text
    assert "login[0].name = 7" in text
    assert "sesame" not in text
    assert "73313" not in text


def test_mistakes_found_later_read_the_same(path: Path) -> None:
    path.write_text("schema = 'a'\n[[device]]\nid = 'x'\n[[device]]\nid = 'x'\n")
    error = mistakes(path, [(("device", 1, "id"), "x", "is taken"), ((), None, "no chair")])
    assert str(error) == f"{path}: no chair\n{path}:5: device[1].id = 'x': is taken"


def test_did_you_mean() -> None:
    assert did_you_mean("dak-mill", ["dak-mil", "cu-jut"]) == ' (did you mean "dak-mil"?)'
    assert did_you_mean("zzz", ["b", "a", "a"]) == " (allowed: a, b)"
    assert did_you_mean("zzz", []) == ""
    assert did_you_mean("zzz", [f"a{i}" for i in range(13)]) == ""


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('{shape = "circle"}', "KEY.radius_m: is missing"),
        ('{shape = "circle", radius_m = 0}', "KEY.radius_m = 0: is out of range (allowed: more "),
        ('{shape = "box", side_m = "1"}', "KEY.side_m = '1': input should be a valid number"),
        (
            '{shape = "square", side_m = 1, sides_m = 1}',
            'KEY.sides_m: unknown key (did you mean "side_m"?)',
        ),
        (
            '{shape = "square", side_m = 1, radius_m = 1}',
            "KEY.radius_m: unknown key (allowed: shape, side_m)",
        ),
        ('{shape = "star"}', "KEY: 'shape' is 'star', not known (allowed: 'circle', 'square', 'b"),
        ("{radius_m = 1}", "KEY: does not say its 'shape'"),
        ('"circle"', "KEY = 'circle': is not a table"),
    ],
)
@pytest.mark.parametrize(("key", "line"), [("area", 2), ("part[0]", 3)])
def test_a_table_of_several_kinds_is_read_as_it_is_written(
    path: Path, table: str, message: str, key: str, line: int
) -> None:
    """The kind is in the table, not in the place."""
    fields = f"area = {table}" if key == "area" else f"#\npart = [{table}]"
    said = wrong(path, f'schema = "t"\n{fields}\n')
    assert f"FILE:{line}: {message.replace('KEY', key)}" in said
