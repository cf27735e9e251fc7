"""Standard output and error that are closed, full, not read, or cannot say Vietnamese: every
command ends as it should, never with a traceback, never with a code that is a verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from runs import COMMAND
from scenario_factory import ROOT, SMALL, scenario

from tests.nights import at_night
from tests.results import results_factory

LAB = Path(__file__).with_name("outputs_lab.py")

Case = dict[str, Any]


def commands(folder: Path) -> dict[str, list[str]]:
    """Every command that prints without a meeting, and one check: name → words."""
    for name in ("a", "b"):
        (folder / name).mkdir()
        text = results_factory.result(run_id=name).to_json()
        (folder / name / "result.json").write_text(text, encoding="utf-8")
    where = ["--results", str(folder)]
    show = ["topology", "show", "--province", str(SMALL)]
    file = str(scenario(folder / "s.toml", bridges=(), profile="sd30-256k"))
    return {
        "help": ["--help"],
        "help-check": ["check", "--help"],
        "topology-show": show,
        "topology-json": [*show, "--json"],
        "topology-map": [*show, "--map", str(folder / "map.svg")],
        "device-list": ["device", "list"],
        "device-json": ["device", "list", "--json"],
        "diff": ["diff", "a", "b", *where],
        "diff-json": ["diff", "a", "b", *where, "--json"],
        "history": ["history", "list", *where],
        "units": ["units", "list"],
        "units-json": ["units", "list", "--json"],
        # which it takes is told on standard error
        "view": ["view", "--out", str(folder / "page.html"), *where],
        "check": ["check", file, "--estimate", "--seeds", "0", *where],
        "check-json": ["check", file, "--estimate", "--seeds", "0", *where, "--json"],
        "no-such-file": ["check", str(folder / "nowhere.toml"), "--estimate"],
        "no-such-option": ["check", "--nonsense"],  # which begins a guest that is ended again
        "no-text": ["check", "t\udcff.toml", "--estimate"],
    }


FAIL = ("no-such-file", "no-such-option", "no-text")
FEW = ("help", "units", "units-json", "view", *FAIL)
"""Which are tried in every way; the others only with an output that fails."""
ENCODINGS = ("ascii", "latin-1", "cp1252")


def cases(words: dict[str, list[str]]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    for name, said in words.items():
        found[f"{name} well"] = {"words": said}
        for what in ("unread", "full", "closed"):
            found[f"{name} stdout {what}"] = {"words": said, "stdout": what}
            if name in FEW:
                found[f"{name} stderr {what}"] = {"words": said, "stderr": what}
        if name in FEW:
            for encoding in ENCODINGS:
                found[f"{name} {encoding}"] = {"words": said, "encoding": encoding}
    return found


DAILY = ("help", "topology-show", "history", "units", "units-json", "view", "check", *FAIL)
"""One of each way to print: text and JSON, tables, pages, an answer."""


@pytest.fixture(scope="module", params=[DAILY, at_night(())], ids=["some", "all"])
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Case]:
    """How all of them ended: case → code, stdout, stderr (as Latin-1, byte by byte)."""
    folder = tmp_path_factory.mktemp("outputs")
    (folder / "runs").mkdir()
    (folder / "ends").mkdir()
    known = commands(folder / "runs")
    asked = cases({name: known[name] for name in request.param or known})
    subprocess.run(
        [sys.executable, "-W", "ignore", LAB, folder / "ends"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        input=json.dumps(list(asked.values())),
        text=True,
        check=True,
    )
    found = json.loads((folder / "ends" / "ended.json").read_text(encoding="utf-8"))
    return dict(zip(asked, found, strict=True))


def of(ended: dict[str, Case], *ends: str) -> dict[str, Case]:
    found = {name: end for name, end in ended.items() if name.endswith(ends)}
    assert found
    return found


def test_no_command_ends_in_a_way_of_its_own(ended: dict[str, Case]) -> None:
    wrong = {
        name: end
        for name, end in ended.items()
        if end["code"] not in (0, 2, 141) or "Traceback" in end["stderr"]
    }
    assert not wrong


def test_where_nothing_fails_they_do_what_they_should(ended: dict[str, Case]) -> None:
    codes = {name.split()[0]: end["code"] for name, end in of(ended, " well").items()}
    assert codes == {name: 2 if name in FAIL else 0 for name in codes}


def test_who_reads_no_more_is_no_error(ended: dict[str, Case]) -> None:
    """`giaoban check … | grep -q PASS`: 141, and not a word."""
    for name, end in of(ended, "stdout unread").items():
        if name.split()[0] in FAIL:
            assert end["code"] == 2, name
        else:
            assert (end["code"], end["stderr"].count("giaoban: ")) == (141, 0), name


@pytest.mark.parametrize("what", ["full", "closed"])
def test_an_answer_that_cannot_be_printed_is_told_in_one_line(
    ended: dict[str, Case], what: str
) -> None:
    for name, end in of(ended, f"stdout {what}").items():
        assert end["code"] == 2, name
        if name.split()[0] not in FAIL:
            *_, last = end["stderr"].splitlines()
            assert last.startswith("giaoban: standard output cannot be written: "), name


@pytest.mark.parametrize("what", ["full", "closed"])
def test_without_standard_error_the_answer_is_the_same(ended: dict[str, Case], what: str) -> None:
    for name, end in of(ended, f"stderr {what}").items():
        well = ended[name.replace(f"stderr {what}", "well")]
        assert end["code"] == well["code"], name
        assert end["stdout"] == well["stdout"], name
    assert ended["view well"]["stderr"]  # it says something on both


def test_what_an_encoding_lacks_is_replaced(ended: dict[str, Case]) -> None:
    for encoding in ENCODINGS:
        for name, end in of(ended, f" {encoding}").items():
            assert end["code"] == ended[name.replace(encoding, "well")]["code"], name
            end["stdout"].encode("latin-1").decode(encoding)
    shown = ended["units ascii"]["stdout"]
    assert "Dak Nia" in shown  # Đắk Nia
    assert "dak-nia" in shown


def test_json_says_the_same_in_every_encoding(ended: dict[str, Case]) -> None:
    well = ended["units-json well"]["stdout"].encode("latin-1").decode()
    assert "Đắk Nia" in well
    for encoding in ENCODINGS:
        said = ended[f"units-json {encoding}"]["stdout"].encode("latin-1").decode(encoding)
        assert json.loads(said) == json.loads(well), encoding


def test_a_file_of_ours_never_takes_the_place_of_a_closed_output(tmp_path: Path) -> None:
    """The first file that is opened would get the number 1, and what is printed."""
    map_file = tmp_path / "map.svg"
    words = [*COMMAND, "topology", "show", "--province", str(SMALL), "--map", str(map_file)]
    script = 'exec "$@" 0<&- 1>&- 2>&-'
    done = subprocess.run(["sh", "-c", script, "sh", *words], cwd=ROOT, check=False)
    assert done.returncode == 2
    assert map_file.read_bytes().endswith(b"</svg>\n")


def test_variables_of_python_and_of_matplotlib_change_nothing(tmp_path: Path) -> None:
    """Warnings that end a program, checks left out, one that goes on asking, a locale of 1990."""
    told = {
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTHONINSPECT": "1",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C",
        "MPLBACKEND": "nonsense",
        "OPENBLAS_NUM_THREADS": "2",
    }
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 20\n", encoding="utf-8")
    maps = []
    for name, variables in (("one", {}), ("bản-đồ", told)):
        file = tmp_path / f"{name}.png"
        words = [*COMMAND, "topology", "show", "--province", str(SMALL), "--map", str(file)]
        done = subprocess.run(
            words,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        maps.append(file.read_bytes())
    assert maps[0] == maps[1]


def test_a_mask_that_forbids_us_our_own_files_is_not_obeyed(tmp_path: Path) -> None:
    words = [*COMMAND, "check", str(scenario(tmp_path / "s.toml")), "--estimate", "--seeds", "0"]
    script = 'umask 0777; exec "$@"'
    results = tmp_path / "results"
    done = subprocess.run(
        ["sh", "-c", script, "sh", *words, "--results", str(results)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modes = {path.stat().st_mode & 0o777 for path in results.rglob("*") if path.is_file()}
    assert modes == {0o600}
