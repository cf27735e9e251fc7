"""What the MCU tells while it serves is said in the reader's language, whatever it tells of."""

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.server.call_controller import LOST
from giaoban.scenarios.cli.commands.mcu.event_line import (
    CAUSES,
    DETAILS,
    ELSEWHERE,
    EVENTS,
    KINDS,
    VALUES,
    line_of,
)
from giaoban.scenarios.records.events import Event, EventRecord
from giaoban.translation import CONTEXT, translator

ROOM = Path(__file__).parents[3] / "mcu_sim"
ABOUT = {"who": "mcu", "bridge": "cu-jut", "t_ms": 1500, "units": 2.5, "ports": 3, "use": {}}


def called(name: str, at: int) -> set[str]:
    """Texts that the MCU's sources give functions of a name, as so many-th argument."""
    found = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == name:
                given = node.args[at] if len(node.args) > at else None
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    found.add(given.value)
    return found


def records() -> dict[str, type[EventRecord]]:
    """The class of each event's name."""
    return {
        field.default: kind
        for kind in get_args(Event)
        if isinstance(kind, type) and issubclass(kind, EventRecord)
        for field in fields(kind)
        if field.name == "event" and isinstance(field.default, str)
    }


def test_every_event_of_the_mcu_has_a_word() -> None:
    assert called("_tell", 1) == set(EVENTS)


def test_every_detail_of_an_event_has_a_word() -> None:
    known = records()
    details = {field.name for name in EVENTS for field in fields(known[name])}
    assert details - ELSEWHERE - set(DETAILS) == set()


def test_every_cause_and_kind_has_a_word() -> None:
    assert called("_end", 1) | set(LOST) | called("CallEnded", 1) <= set(CAUSES)
    assert set(get_args(Kind)) <= set(KINDS)
    assert called("_done", 0) <= set(KINDS)


@pytest.mark.parametrize("words", [EVENTS, DETAILS, *VALUES.values()])
def test_a_word_is_itself_in_english_and_another_in_vietnamese(words: dict[str, str]) -> None:
    for name, word in words.items():
        assert word.partition(CONTEXT)[2] == name
        assert translator("vi").text(word) != name


@pytest.mark.parametrize(
    ("event", "en", "vi"),
    [
        (
            {"event": "joined", "meeting": "giao-ban", "setup_ms": 12.5, "refused": ["video"]},
            "joined cu-jut: meeting giao-ban, setup_ms 12.5, refused video",
            "đã vào họp cu-jut: cuộc họp giao-ban, thiết lập (ms) 12,5, không được cấp hình",
        ),
        (
            {"event": "left", "cause": "media-lost"},
            "left cu-jut: cause media-lost",
            "đã rời cuộc họp cu-jut: nguyên nhân mất tín hiệu",
        ),
        (
            {
                "event": "control", "meeting": "m", "kind": "muted", "by": "operator",
                "text": "cu-jut is muted",
            },
            "control cu-jut: meeting m, kind muted, by operator, text cu-jut is muted",
            "điều khiển cu-jut: cuộc họp m, loại tắt tiếng, bởi kỹ thuật viên MCU",
        ),
        (
            {"event": "control", "meeting": "m", "kind": "refused", "by": "x", "text": "no"},
            "control cu-jut: meeting m, kind refused, by x, text no",
            "điều khiển cu-jut: cuộc họp m, loại bị từ chối, bởi x, nội dung no",
        ),
        ({"event": "left", "cause": ""}, "left cu-jut", "đã rời cuộc họp cu-jut"),
        (
            {"event": "of-another-version", "cause": "strange"},
            "of-another-version cu-jut: cause strange",
            "of-another-version cu-jut: nguyên nhân strange",
        ),
    ],
    ids=lambda value: value.get("kind", value["event"]) if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_line(event: dict[str, Any], en: str, vi: str) -> None:
    said = line_of({**ABOUT, **event})
    assert said.en == f"    1.500 s  {en} (2.5 units, 3 ports in use)"
    assert said.vi.startswith(f"    1,500 s  {vi} (")
