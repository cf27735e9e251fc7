"""Files that are none, that have no end, or are made to take for ever: refused, and at once."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import Field

from giaoban.errors import InputError, for_terminal
from giaoban.files import read_file
from giaoban.table import MOST_COLUMNS, read_table
from giaoban.tomlfile import StrictModel
from giaoban.topology.importers.files import import_province
from giaoban.topology.units import units_from_csv
from tests.nights import at_night


class Record(StrictModel):
    a: int
    b: int
    c: int


class Records(StrictModel):
    record: list[Record]
    table: dict[str, Record] = Field(default_factory=dict)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def device(path: Path) -> None:
    path.symlink_to("/dev/tty")


def folder(path: Path) -> None:
    path.mkdir()


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


NO_FILES = [fifo, endless, device, folder, bound, sparse]


@pytest.mark.parametrize("make", NO_FILES, ids=lambda make: make.__name__)
def test_what_is_no_file_of_an_end_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(path := tmp_path / "x.toml")
    with pytest.raises(InputError, match=r"x\.toml: (is not a regular|is a folder|larger than 16)"):
        read_file(path)


def test_a_file_that_has_no_size_is_read_no_further_than_allowed() -> None:
    with pytest.raises(InputError, match="larger than 10 bytes"):
        read_file(Path("/proc/cpuinfo"), most=10)


CSV: dict[str, Callable[[], str]] = {
    "columns": lambda: ",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)) + "\n",
    "a million columns": lambda: "," * 1_000_000,
    "lines": lambda: "name,km\n" + "a,1\n" * 1_000_000,
    "wrong lines": lambda: "name\n" + "nowhere\n" * 5_000,
    "more wrong lines": lambda: "name\n" + "nowhere\n" * 19_000,
    "a long cell": lambda: "name\n" + "x" * 100_000,
    "a very long cell": lambda: "name\n" + "x" * 1_000_000,
    "an open quote": lambda: 'name\n"' + "a\n" * 40_000,
    "digits": lambda: "name,km\nCư Jút," + "1" * 900,
}


@pytest.mark.parametrize(
    "what", [at_night(what) if what == "more wrong lines" else what for what in CSV]
)
def test_a_table_of_any_shape_has_a_short_answer(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(CSV[what]())
    _answers_shortly(lambda: units_from_csv(path), seconds=20)
    with pytest.raises(InputError):
        read_table(path, {"nothing": ()}, ("nothing",))


def graph(inner: str, head: str = "") -> str:
    space = "http://graphml.graphdrawing.org/xmlns"
    return f'<?xml version="1.0"?>{head}<graphml xmlns="{space}">{inner}</graphml>'


def laughs() -> str:
    entities = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(10)
    )
    return f"<!DOCTYPE x [{entities}]>"


NODES = "".join(f'<node id="{n}"/>' for n in range(20_000))
KEY = '<key id="d" for="node" attr.name="label" attr.type="%s"/>'
GRAPHML = {
    "20,000 nodes": graph(f'<graph edgedefault="undirected">{NODES}</graph>'),
    "entities": graph("<graph><node id='&l9;'/></graph>", laughs()),
    "an external entity": graph("<x/>", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    "deep": graph("<a>" * 200_000 + "</a>" * 200_000),
    "no graph": graph(""),
    "no XML": "<" * 400_000,
    "a reference": graph('<graph edgedefault="undirected"><node id="a&#x202e;b"/></graph>'),
    "a wrong number": graph(
        KEY % "int"
        + '<graph edgedefault="undirected"><node id="a"><data key="d">x</data></node></graph>'
    ),
    "an unknown key": graph(
        '<graph edgedefault="undirected"><node id="a"><data key="d">x</data></node></graph>'
    ),
    "parts": graph(
        f'<key id="k" for="graph" attr.name="province.{".a" * 500}" attr.type="string"/>'
        '<key id="d" for="node" attr.name="kind" attr.type="string"/>'
        '<graph edgedefault="undirected">'
        '<data key="k">x</data><node id="a"><data key="d">router</data></node></graph>'
    ),
}


@pytest.mark.parametrize("what", GRAPHML)
def test_a_graph_of_any_shape_has_a_short_answer(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.graphml"
    path.write_text(GRAPHML[what])
    _answers_shortly(lambda: import_province(path, "graphml"))


def _answers_shortly(call: Callable[[], object], seconds: float = 10) -> None:
    """Refused in processor time that would run into minutes if anything were not linear."""
    begun = time.process_time()
    with pytest.raises(InputError) as caught:
        call()
    assert time.process_time() - begun < seconds
    message = for_terminal(caught.value)
    assert len(message.split("\n")) <= 21
    assert len(message) < 15_000
