"""Commands from the network: only what is well-formed becomes one, and nothing crashes."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from giaoban.mcu_sim.conference.commands import (
    MAX_BYTES,
    CallToSpeak,
    CommandError,
    Mute,
    MuteAll,
    Present,
    ReadQueue,
    parse,
    read_line,
    subject,
)

NEEDS: dict[str, dict[str, object]] = {
    "request-to-speak": {},
    "withdraw": {},
    "call-to-speak": {"participant": "cu-jut"},
    "end-speech": {"participant": "cu-jut"},
    "mute": {},
    "unmute": {},
    "mute-all": {},
    "layout": {"layout": "2x2"},
    "drop": {"participant": "cu-jut"},
    "redial": {"participant": "cu-jut"},
    "present": {},
    "end-meeting": {},
    "queue": {},
    "state": {},
    "report-interruption": {"cause": "cáp đứt", "remedy": "hàn nối", "expected_min": 30},
}
WORDS = sorted(NEEDS)


def test_a_command_is_read_with_what_it_needs() -> None:
    mute = parse(b'{"command": "mute", "participant": "cu-jut"}')
    assert mute == Mute(command="mute", participant="cu-jut")
    call = parse(b'{"command":"call-to-speak","participant":"cu-jut","also":true}')
    assert call.also
    assert subject(parse(b'{"command":"mute-all"}')) == ""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 1000, "not JSON"),
        (b'{"command":' + b"9" * 900 + b"}", "command: is not known"),
        (b'"queue"', "not a JSON object"),
        (b" " * (MAX_BYTES + 1), "1024 at most"),
        (b"{}", "command: is missing"),
        (b'{"command":"Mute"}', "command: is not known"),
        (b'{"command":"mute\\nx"}', "command: is not known"),
        (b'{"command":"queue","participant":"cu-jut"}', "participant: "),
        (b'{"command":"drop"}', "participant: "),
        (b'{"command":"drop","participant":"Cu Jut"}', "participant: "),
        (b'{"command":"call-to-speak","participant":"a","also":1}', "also: "),
        (b'{"command":"layout","layout":"5x5"}', "layout: "),
        (b'{"command":"layout","layout":"2x2","viewer":"cu-jut"}', "viewer: "),
        (
            b'{"command":"report-interruption","cause":"a\\u0007b","remedy":"c","expected_min":1}',
            r"cause: .*U\+0007",
        ),
        (b'{"command":"report-interruption","cause":" ","remedy":"c","expected_min":1}', "cause: "),
        (
            b'{"command":"report-interruption","cause":"\\ud800","remedy":"c","expected_min":1}',
            "cause: ",
        ),
        (
            b'{"command":"report-interruption","cause":"a","remedy":"b","expected_min":-1}',
            "expected_min: ",
        ),
    ],
)
def test_anything_else_is_answered_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        parse(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_a_line_is_a_command_and_what_it_needs() -> None:
    assert read_line("mute cu-jut") == (None, Mute(command="mute", participant="cu-jut"))
    assert read_line("  mute-all  ") == (None, MuteAll(command="mute-all"))
    assert read_line("queue") == (None, ReadQueue(command="queue"))
    assert read_line("present") == (None, Present(command="present"))
    wanted = CallToSpeak(command="call-to-speak", participant="dak-mil", also=True)
    assert read_line("call-to-speak dak-mil also") == (None, wanted)
