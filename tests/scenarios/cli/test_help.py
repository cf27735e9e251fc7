"""`--help` and usage errors: complete, in the reader's language, as wide as the terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import ROOT, giaoban

from giaoban.scenarios.cli import help_page, usage
from giaoban.scenarios.cli.app import COMMANDS, PANELS, every_command, help_of
from giaoban.translation import translator

EVERY: list[tuple[tuple[str, ...], Any]] = [*every_command()]


def of(words: tuple[str, ...], language: str, columns: int | None = 80) -> str:
    """The help of a command, in this process."""
    [command] = [each for name, each in EVERY if name == words]
    ctx = command.make_context(" ".join(("giaoban", *words)), [], resilient_parsing=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("giaoban.scenarios.cli.language._chosen", language)
        patch.delenv("COLUMNS", raising=False)
        if columns is not None:
            patch.setenv("COLUMNS", str(columns))
        return help_of(command, ctx)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_a_command_says_of_itself(name: str) -> None:
    [command] = [each for words, each in EVERY if words == (name,)]
    entry = COMMANDS[name]
    assert entry.help == help_page.paragraphs(command.help)[0]
    assert entry.folder in PANELS


def test_no_group_has_options_of_typer_s_own() -> None:
    for words, command in EVERY[1:]:
        names = {name for parameter in command.params for name in parameter.opts}
        assert not names & {"--show-completion", "--install-completion"}, words


@pytest.mark.parametrize("words", [w for w, _ in EVERY], ids=" ".join)
def test_every_help_is_said_in_vietnamese(words: tuple[str, ...]) -> None:
    say = translator("vi").text
    vietnamese = " ".join(of(words, "vi").split())
    english = of(words, "en", None)
    [command] = [each for name, each in EVERY if name == words]
    for text in help_page.texts(command):
        assert " ".join(say(text).split()) in vietnamese
        if len(text) > 12 and text != say(text):
            assert text not in vietnamese
    for heading in ("Cách dùng: giaoban", "Tùy chọn:", "hiển thị trợ giúp này"):
        assert heading in vietnamese
    assert english.startswith("Usage: giaoban")
    assert "[default" not in vietnamese


@pytest.mark.parametrize("words", [w for w, _ in EVERY], ids=" ".join)
@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_help_is_as_wide_as_the_terminal(
    words: tuple[str, ...], language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # from where paths of the program are told as a whole
    narrow, wide = of(words, language).splitlines(), of(words, language, None)
    assert max(map(len, narrow)) <= 80
    assert " ".join(narrow).split() == wide.split()
    assert str(ROOT) not in wide


def test_without_a_terminal_nothing_is_broken() -> None:
    lines = of(("check",), "en", None).splitlines()
    [said] = [line for line in lines if "--seeds" in line and line.startswith("  ")]
    assert said.endswith("judge by so many other seeds as well (20; 0: none) [0 to 1000]")


def test_the_help_of_all_is_in_groups_and_loads_none_of_them() -> None:
    code = (
        "import sys; from giaoban.scenarios.cli.app import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "print([m for m in sys.modules if m.startswith('giaoban.scenarios.cli.commands.')"
        " or m.partition('.')[0] in ('numpy', 'pydantic', 'rich', 'networkx', 'babel')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *said, loaded = ran.stdout.splitlines()
    assert loaded == "[]"
    headings = [line for line in said if line.endswith(":") and not line.startswith(" ")]
    assert headings == [
        *("Check:", "What if:", "Documents:", "Data:", "The MCU:", "This machine:"),
        "Options:",
    ]
    for name in COMMANDS:
        assert any(line.split()[:1] == [name] for line in said), name


WRONG = {
    "giaoban chek": 'chek: không có lệnh này (có phải là "check"?)',
    "giaoban device fit x": "--calls: còn thiếu, bắt buộc phải có",
    "giaoban check s.toml --sed 1": '--sed: không có tùy chọn này (có phải là "--seed"?)',
    "giaoban units list --year": "--year: thiếu giá trị",
    "giaoban check s.toml --seed x": '--seed: "x": không phải là số nguyên',
    "giaoban check s.toml --seed -1": '--seed: "-1": ngoài phạm vi (cho phép: từ 0 trở lên)',
    "giaoban check s.toml --engine x": (
        '--engine: không có giá trị "x" (cho phép: native, sandbox)'
    ),
    "giaoban check s.toml --json=1": "--json: không nhận giá trị",
    "giaoban device show a b": "thừa đối số: b",
    "giaoban baseline foo": "foo: không có lệnh này (cho phép: accept, list, show)",
    "giaoban baseline accept x": "--name: còn thiếu, bắt buộc phải có",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_with_a_command_line_is_said_in_vietnamese(line: str) -> None:
    ran = giaoban(*line.split()[1:], "--lang", "vi")
    assert (ran.code, ran.out) == (2, "")
    assert f"giaoban: {WRONG[line]}\n" in ran.err
    assert "Cách dùng: giaoban" in ran.err
    assert "xem trợ giúp: giaoban" in ran.err


def test_what_typer_says_is_known_by_its_words() -> None:
    for typers, ours in usage.SENTENCES.items():
        fields = {name: f"<{name}>" for name in ("option", "number", "argument", "words")}
        fields |= {name: f"<{name}>" for name in ("command", "value", "kind", "choices")}
        assert usage.known(typers.format(**fields)) == ours.format(**fields)
    assert usage.known("something else") == "something else"
