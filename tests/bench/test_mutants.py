"""The faults that mutation tests plant, and that what they are planted in stays as it was."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.mutation import __main__ as mutation
from bench.mutation.mutants import mutants

ROOT = Path(__file__).resolve().parents[2]


def of(line: str) -> set[str]:
    """What a line becomes, within a function of its own."""
    source = f"def f(a: int = 3, b: int | None = None) -> list[int]:\n    {line}\n"
    return {m.becomes for m in mutants(source) if m.line == 2}


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("return a < b", {"return a <= b", "return a >= b", "return None"}),
        ("return (a) not  in (b)", {"return (a) in (b)", "return None"}),
        ("return a is not b", {"return a is b", "return None"}),
        ("x = a and not b", {"x = a or not b", "x = a and b", "x = (not (a)) and not b"}),
        ("x = (a - b) * -a", {"x = (a + b) * -a", "x = (a - b) / -a", "x = (a - b) * a"}),
        ("x = f'đ{a - 1:g}'", {"x = f'đ{a + 1:g}'", "x = f'đ{a - 2:g}'"}),
        ("x = min(a, True)", {"x = max(a, True)", "x = min(a, False)"}),
        ("x = [c for c in a if c]", {"x = [c for c in a if (not (c))]"}),
        ("a.x = b", {"pass"}),
        ("a.append(b)", {"pass"}),
        ("x: int = 0.5", {"x: int = 1.5"}),
        ("x = 'a' + b", set()),
        ("assert a < 1", set()),
        ("return None", set()),
        ("'''Says 1 < 2.'''", set()),
    ],
)
def test_what_a_line_becomes(line: str, becomes: set[str]) -> None:
    assert of(line) == becomes


def test_annotations_and_decorators_stay_and_defaults_do_not() -> None:
    source = "@d(1)\ndef f(a: T[2] = 3) -> T[4]:\n    pass\n"
    assert [m.becomes for m in mutants(source)] == ["def f(a: T[2] = 4) -> T[4]:"]


def test_operators_over_several_lines() -> None:
    source = "x = (\n    a\n    < b\n)\n"
    assert {m.text for m in mutants(source)} == {
        "x = (\n    a\n    <= b\n)\n",
        "x = (\n    a\n    >= b\n)\n",
    }
    assert {(m.line, m.was) for m in mutants(source)} == {(3, "< b")}


def test_the_list_is_about_modules_of_the_table() -> None:
    assert {key[0] for key in mutation._equivalents()} <= {m.path for m in mutation._modules([])}


TESTS = """
import time
from pathlib import Path
import core

def test_core():
    while core.small(1) and core.small(3):
        time.sleep(0.01)
    assert core.small(1)
    assert not core.small(4)
"""
CORE = """
def small(a):
    return a < 3
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of one module whose test does not know 2, and waits for ever where 3 is small."""
    (tmp_path / "core.py").write_text(CORE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_core.py").write_text(TESTS)
    (tmp_path / "modules.toml").write_text('"core.py" = ["tests/test_core.py"]\n')
    (tmp_path / "equivalents.toml").write_text("equivalent = []\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.setattr(mutation, "ROOT", tmp_path)
    monkeypatch.setattr(mutation, "TESTS_OF", tmp_path / "modules.toml")
    monkeypatch.setattr(mutation, "EQUIVALENTS", tmp_path / "equivalents.toml")
    monkeypatch.setattr(mutation, "PATIENCE_S", 1.0)
    monkeypatch.setattr(mutation, "TIMES", 1.0)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["mutation", "--jobs", "1", *words])
    return mutation.main()


def test_killed_and_survived(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`<=` never ends, `>=` and `None` fail, 4 instead of 3 never ends: 4 of 4. A test that knows
    nothing of 3 lets two of them live."""
    assert run(monkeypatch) == 0
    assert "core.py: 4 of 4 killed (100.0 %), 0 equivalent" in capsys.readouterr().out
    (tree / "tests" / "test_core.py").write_text("import core\n\ndef test():\n    core.small(1)\n")
    monkeypatch.setattr(mutation, "PATIENCE_S", 60.0)  # none of these hangs
    assert run(monkeypatch) == 1
    said = capsys.readouterr().out
    assert "-    return a < 3\n+    return a >= 3" in said
    assert "core.py: 0 of 4 killed" in said
    assert (tree / "core.py").read_text() == CORE


def test_tests_that_fail_anyway_say_nothing(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "tests" / "test_core.py").write_text("def test():\n    assert False\n")
    assert run(monkeypatch) == 2
    assert "core.py: its tests fail without a mutant, too" in capsys.readouterr().err


def test_a_copy_that_is_gone_is_an_error_each_time(tree: Path) -> None:
    """Whoever waits for the copy is not left waiting."""
    copies, [module] = mutation.Copies(tree / "copies", 1), mutation._modules([])
    shutil.rmtree(tree / "copies")
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            copies.survives(module, CORE)


def test_equivalents_do_not_count(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "equivalents.toml").write_text(
        '[[equivalent]]\nmodule = "core.py"\nwas = "return a < 3"\n'
        'becomes = "return a <= 3"\nwhy = "a test"\n'
    )
    assert run(monkeypatch) == 0
    assert "core.py: 3 of 3 killed (100.0 %), 1 equivalent" in capsys.readouterr().out


def test_a_sample_is_the_same_again_and_another_with_another_seed(tree: Path) -> None:
    (tree / "core.py").write_text("\n".join(f"x{n} = {n}" for n in range(100)))
    [module] = mutation._modules([])
    first, again, other = (mutation._chosen(module, seed, 10) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert [m.line for m in first] == sorted({m.line for m in first})
    assert len(mutation._chosen(module, 1, None)) == 100
