"""The language of the command line is chosen once: by the option, by ours, by the locale."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from scenario_factory import giaoban

from giaoban.errors import InputError
from giaoban.mcu_sim.conference.commands import CommandAccepted, CommandRejected, MeetingState
from giaoban.results.judge.compare import compare
from giaoban.results.report.markdown import markdown
from giaoban.scenarios.cli.app import COMMANDS
from giaoban.scenarios.cli.commands.documents import history
from giaoban.scenarios.cli.commands.mcu import mcu
from giaoban.scenarios.cli.language import of_environment, without_option
from giaoban.translation import translator
from tests.results import results_factory
from tests.results.wording import unreadable


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


MISSING = "không có tệp này"


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (("--lang", "vi"), {}, MISSING),
        ((), {"GIAOBAN_LANG": "vi"}, MISSING),
        ((), {"GIAOBAN_LANG": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": "vi_VN.UTF-8"}, MISSING),
        (("--lang", "en"), {"GIAOBAN_LANG": "vi"}, "no such file"),
    ],
    ids=["option", "ours", "locale", "option before ours"],
)
def test_errors_are_said_in_it(
    words: tuple[str, ...],
    env: dict[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    ran = giaoban("check", tmp_path / "s.toml", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_every_mistake_of_a_file_is_said_in_it(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('id = 7\nprofil = "x"\n[phases]\nbefore_s = -1\n', encoding="utf-8")
    ran = giaoban("check", path, "--lang", "vi")
    assert ran.code == 2
    lines = [line.rpartition(": ")[2] for line in ran.err.splitlines()]
    assert "phải là chuỗi ký tự" in lines
    assert any(line.startswith("không có khóa này") for line in lines)
    english = giaoban("check", path, "--lang", "en").err.splitlines()
    assert not {line.rpartition(": ")[2] for line in english} & set(lines)


def test_what_other_programs_read_is_the_same_in_any_language() -> None:
    one, other = (giaoban("units", "list", "--json", "--lang", lang) for lang in ("vi", "en"))
    assert json.loads(one.out) == json.loads(other.out)
    assert one.out == other.out


def test_every_command_shows_the_option() -> None:
    for name in ("check", "history"):
        assert name in COMMANDS
    assert "--lang" in giaoban("check", "--help").out
    assert "--lang" in giaoban("history", "trend", "--help").out


def test_what_is_printed_for_people_is_said_in_it(tmp_path: Path) -> None:
    ran = giaoban("units", "list", "--lang", "vi")
    assert "huyện" in ran.out
    assert "chiều dài giả định" in ran.out
    assert "length assumed" not in ran.out
    root = tmp_path / "runs"
    root.mkdir()
    trend = giaoban("history", "trend", "mos", "--results", root, "--lang", "vi")
    assert trend.out == "không có lần chạy phù hợp\n"


def test_what_a_machine_lacks_is_said_in_it() -> None:
    heads = giaoban("doctor", "--lang", "vi").out.splitlines()[0].split("  ")
    assert [head.strip() for head in heads if head.strip()] == [
        "trạng thái",
        "nội dung",
        "cách cài đặt",
    ]


def test_a_device_is_shown_in_it() -> None:
    one = giaoban("device", "show", "rmx-1500-mpmx", "--lang", "vi").out
    assert "trộn âm thanh" in one
    assert "audio mixing" not in one
    assert "khi đầy: " in one


HEALTH = dict.fromkeys(mcu.WRONG, 2) | {
    "event": "mcu-health", "rtp_sent": 9, "worst_late_ms": 1.5, "rtp_received": 8, "sip_sent": 3,
    "sip_received": 4, "sip_dropped": {"x": 1}, "clock_steps": 2, "clock_step_ms": -3.0,
}  # fmt: skip
CALL = {"event": "joined", "bridge": "cu-jut", "t_ms": 1500, "units": 2.5, "ports": 3, "who": "mcu"}
STATE = MeetingState("x", ["cu-jut"], [], [], [], ["dak-mil"])


def test_what_the_mcu_says_is_said_in_it() -> None:
    """In real time, and so in no page that is run."""
    said = [mcu._line(HEALTH), mcu._line(CALL), mcu._in_words(STATE)]
    said += [mcu._in_words(CommandAccepted("x")), mcu._in_words(CommandRejected(403, "x"))]
    assert unreadable("\n".join(said), 1000, ["joined"]) != []
    assert unreadable("\n".join(each.vi for each in said), 1000, ["joined"]) == []


def test_two_runs_of_the_history_are_compared_in_it() -> None:
    a = results_factory.result(run_id="a")
    b = results_factory.result(run_id="b", thresholds={"mouth-to-ear": 100.0})
    blocks = list(history.comparison(compare(a, b)))
    assert unreadable(markdown(blocks), 10_000) != []
    said = markdown(blocks, translator("vi").say).replace("|---", "")
    found = unreadable(re.sub(r"\|.*", " ", said), 10_000)
    assert not [each for each in found if "English" in each]
    cells = [cell for line in said.splitlines() for cell in line.split("|")]
    assert not [each for each in unreadable("\n".join(cells), 1000) if "English" in each]
