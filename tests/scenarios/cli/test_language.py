"""The language of the command line is chosen once: by the option, by ours, by the locale."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_factory import giaoban

from giaoban.errors import InputError
from giaoban.scenarios.cli.app import COMMANDS
from giaoban.scenarios.cli.language import of_environment, without_option


@pytest.mark.parametrize(
    ("words", "rest", "asked"),
    [
        (["check", "--lang", "vi", "s.toml"], ["check", "s.toml"], "vi"),
        (["check", "s.toml", "--lang=en"], ["check", "s.toml"], "en"),
        (["--lang", "vi", "check", "--lang", "en"], ["check"], "en"),
        (["check", "--", "--lang", "vi"], ["check", "--", "--lang", "vi"], None),
        (["check", "s.toml"], ["check", "s.toml"], None),
    ],
)
def test_the_option_stands_anywhere(words: list[str], rest: list[str], asked: str | None) -> None:
    assert without_option(words) == (rest, asked)


@pytest.mark.parametrize("words", [["--lang", "fr"], ["--lang="], ["check", "--lang"]])
def test_there_is_no_other_language(words: list[str]) -> None:
    with pytest.raises(InputError, match=r"--lang = .* is not known \(allowed: vi, en\)"):
        without_option(words)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi"}, "vi"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "vie_XX"}, "en"),
        ({"LANG": "vi_VN", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "vi_VN"}, "vi"),
        ({"LC_ALL": "C", "LC_MESSAGES": "vi_VN"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "vi_VN"}, "vi"),
        ({"LC_ALL": "vi_VN", "GIAOBAN_LANG": "en"}, "en"),
        ({"GIAOBAN_LANG": "vi"}, "vi"),
        ({"GIAOBAN_LANG": "", "LANG": "vi_VN"}, "vi"),
    ],
)
def test_the_environment_chooses(environment: dict[str, str], language: str) -> None:
    assert of_environment(environment) == language


def test_ours_names_a_language_that_there_is() -> None:
    with pytest.raises(InputError, match='GIAOBAN_LANG = "fr"'):
        of_environment({"GIAOBAN_LANG": "fr"})


def test_errors_and_engineering_tools_speak_english(tmp_path: Path) -> None:
    ran = giaoban("check", tmp_path / "s.toml", "--lang", "vi")
    assert (ran.code, ran.out) == (2, "")
    assert "no such file" in ran.err
    assert "length assumed" in giaoban("list", "units", "--lang", "vi").out


def test_what_other_programs_read_is_the_same_in_any_language() -> None:
    one, other = (giaoban("list", "units", "--json", "--lang", lang) for lang in ("vi", "en"))
    assert json.loads(one.out) == json.loads(other.out)
    assert one.out == other.out


def test_every_command_shows_the_option() -> None:
    for name in ("check", "history"):
        assert name in COMMANDS
    assert "--lang" in giaoban("check", "--help").out
    assert "--lang" in giaoban("history", "trend", "--help").out


def test_the_history_is_printed_in_the_language_of_the_option_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trend = ("history", "trend", "mos", "--results", tmp_path)
    assert giaoban(*trend, "--lang", "vi").out == "không có lần chạy phù hợp\n"
    monkeypatch.setenv("GIAOBAN_LANG", "vi")
    assert giaoban(*trend).out == "không có lần chạy phù hợp\n"
    assert giaoban(*trend, "--lang", "en").out == "no run fits\n"
