"""The file of meetings, and what a wrong one is answered with."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from giaoban.errors import InputError
from giaoban.mcu_sim.conference.layout import LAYOUTS
from giaoban.mcu_sim.conference.meeting import LayoutId, Meetings, is_id, load_meetings

GOOD = """\
schema = "giaoban.meetings/1"

[[meeting]]
id = "giao-ban"
name = "Họp giao ban tháng 3"
pattern = "province-districts"
chair = "gia-nghia"
members = ["cu-jut", "dak-mil"]
floor = "chair"
video = "presence"
layout = "1+5"

[[meeting]]
id = "so-nong-nghiep"
name = "Sở Nông nghiệp"
pattern = "department-line"
chair = "gia-nghia"
floor = "open"
video = "switched"
dial = "out"

[[meeting.member]]
id = "krong-no"
uri = "sip:krong-no@10.68.0.2:5062"

[[meeting.member]]
id = "gia-nghia"
uri = "sip:10.68.0.6"

[open_rooms]
prefix = "phong-"
"""


def read(tmp_path: Path, text: str) -> Meetings:
    path = tmp_path / "meetings.toml"
    path.write_text(text, "utf-8")
    return load_meetings(path)


def test_a_file_says_who_sits_in_a_meeting_and_where_they_are_called(tmp_path: Path) -> None:
    briefing, department = read(tmp_path, GOOD).meeting
    assert briefing.roster == ("gia-nghia", "cu-jut", "dak-mil")
    assert briefing.addresses == {}
    assert briefing.admits("gia-nghia")
    assert not briefing.admits("krong-no")
    assert department.roster == ("gia-nghia", "krong-no")
    assert department.addresses["gia-nghia"] == "sip:10.68.0.6"


@pytest.mark.parametrize(
    ("name", "good"),
    [("phong-1", True), ("a", True), ("", False), ("1a", False), ("a-", False), ("a" * 33, False)],
)
def test_names_from_the_network_are_checked(name: str, good: bool) -> None:
    assert is_id(name) == good
    assert not is_id(name + "\n")


def test_the_layouts_of_the_file_are_those_that_can_be_drawn() -> None:
    assert set(get_args(LayoutId)) == set(LAYOUTS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "giao-ban"', 'id = "Giao ban"', r":4: meeting\[0\]\.id = 'Giao ban'"),
        ('id = "giao-ban"', 'id = "so-nong-nghiep"', r'"so-nong-nghiep" is there twice'),
        ('floor = "chair"', 'floor = "shut"', r":9: meeting\[0\]\.floor = 'shut': is not known"),
        ('layout = "1+5"', 'layout = "5x5"', r":11: meeting\[0\]\.layout = '5x5': is not known"),
        ('layout = "1+5"', 'lay-out = "1+5"', r'unknown key \(did you mean "layout"\?\)'),
        ('"cu-jut", "dak-mil"', '"cu-jut", "cu-jut"', r'3: .*"cu-jut" is there twice'),
        ('"cu-jut", "dak-mil"', '"gia-nghia"', r"no member but the chair"),
        ('uri = "sip:10.68.0.6"', "", r':13: .*needs \[\[meeting\.member\]\] "gia-nghia"'),
        ('uri = "sip:10.68.0.6"', 'uri = "sip:a b"', r"uri = 'sip:a b'"),
        ('dial = "out"', 'members = ["a"]', r":13: .*both members and"),
        ('members = ["cu-jut", "dak-mil"]', 'dial = "out"', r'needs .* "gia-nghia" with a uri'),
        ('video = "presence"', 'video = "switched"', r'layout = "1\+5" means nothing'),
        ('chair = "gia-nghia"\nfloor', "floor", r":13: meeting\[1\]\.chair: is missing"),
        ('prefix = "phong-"', 'prefix = "Phong"', r":31: open_rooms\.prefix = 'Phong'"),
        ('schema = "giaoban.meetings/1"', 'schema = "x"', r":1: schema = 'x'"),
    ],
)
def test_bad_files_are_named_with_line_key_and_value(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        read(tmp_path, GOOD.replace(old, new, 1))
