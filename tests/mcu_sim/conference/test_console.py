"""Commands as they are typed at the MCU's console."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.conference.commands import (
    CallToSpeak,
    CommandError,
    Layout,
    Mute,
    MuteAll,
    Present,
    ReadQueue,
    read_line,
)


def test_a_line_is_a_command_and_what_it_needs() -> None:
    assert read_line("mute cu-jut") == (None, Mute(command="mute", participant="cu-jut"))
    assert read_line("  mute-all  ") == (None, MuteAll(command="mute-all"))
    assert read_line("queue") == (None, ReadQueue(command="queue"))
    assert read_line("present") == (None, Present(command="present"))
    wanted = CallToSpeak(command="call-to-speak", participant="dak-mil", also=True)
    assert read_line("call-to-speak dak-mil also") == (None, wanted)


def test_a_layout_may_be_for_one_viewer() -> None:
    everybody = Layout.model_validate({"command": "layout", "layout": "2x2"})
    one = Layout.model_validate({"command": "layout", "layout": "3x3", "for": "krong-no"})
    assert read_line("layout 2x2") == (None, everybody)
    assert read_line("layout 3x3 for krong-no") == (None, one)


def test_the_meeting_comes_first() -> None:
    assert read_line("briefing: mute-all") == ("briefing", MuteAll(command="mute-all"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "no command"),
        ("briefing:", "no command"),
        ("shout cu-jut", "not known"),
        ("mute cu-jut dak-mil", "one word too many"),
        ("mute-all cu-jut", "participant"),
        ("drop", "participant"),
        ("layout 5x5", "layout"),
    ],
)
def test_what_is_no_command_is_told(line: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        read_line(line)


@given(st.text(max_size=60))
def test_any_text_is_a_command_or_a_command_error(line: str) -> None:
    with contextlib.suppress(CommandError):
        _, command = read_line(line)
        assert command.command in line
