"""Mistakes in [[fault]] tables: each with its line, key, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import DEFAULT, scenario

from giaoban.errors import InputError
from scenarios.spec.question import make_question

CUT = 'kind = "cut"\nlink = "gia-nghia--dak-song"'


def fault(*lines: str) -> str:
    return "\n".join(["[[fault]]", *lines, ""])


def refused(tmp_path: Path, more: str) -> str:
    file = scenario(tmp_path / "s.toml", bridges=(), phases=(5, 5, 5), province=DEFAULT, more=more)
    with pytest.raises(InputError) as caught:
        make_question(file)
    return str(caught.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (fault('kind = "cutt"', "at_s = 1.0"), "kind' is 'cutt', not known"),
        (fault("at_s = 1.0"), "does not say its 'kind'"),
        (fault(CUT), "fault[0].at_s: is missing"),
        (fault(CUT, "at_s = -1.0"), "is out of range"),
        (fault(CUT, "at_s = 5.0", "to_s = 5.0"), "to_s is not after at_s"),
        (fault(CUT, "at_s = 1.0", 'router = "r-dak-mil"'), "fault[0].router: unknown key"),
        (fault(CUT, "at_s = 1.0", "loss_pct = 5.0"), "fault[0].loss_pct: unknown key"),
        (
            fault('kind = "cut"', 'link = "gia-nghia--dak-sog"', "at_s = 1.0"),
            """link = 'gia-nghia--dak-sog': unknown link (did you mean "gia-nghia--dak-song"?)""",
        ),
        (
            fault('kind = "router"', 'router = "r-dak-mli"', "at_s = 1.0"),
            """router = 'r-dak-mli': unknown router (did you mean "r-dak-mil"?)""",
        ),
        (
            fault('kind = "site"', 'bridge = "dak-mul"', "at_s = 1.0"),
            """bridge = 'dak-mul': unknown bridge (did you mean "dak-mil"?)""",
        ),
        (
            fault('kind = "group"', 'group = "ql14"', "at_s = 1.0"),
            "group = 'ql14': the province has no groups (allowed: [[group]] tables in its file)",
        ),
        (
            fault('kind = "silent"', 'link = "access-mcu"', "at_s = 1.0", 'direction = "west"'),
            "direction = 'west': is no direction of access-mcu (allowed: both, mcu->r-gia-nghia",
        ),
        (fault(CUT, "at_s = 15.0"), "at_s = 15.0: is after the run (allowed: up to 13 s)"),
        (fault(CUT, "at_s = 14.0"), "is too late for its effect to be seen (allowed: up to 13 s)"),
        (fault(CUT, "at_s = 1.0", "to_s = 15.0"), "to_s = 15.0: is after the run"),
        (
            fault('kind = "mcu"', "at_s = 1.0", "to_s = 2.0"),
            "to_s = 2.0: is too late: after 180 s of starting the run is over",
        ),
        (
            fault('kind = "mcu"', "at_s = 1.0", "boot_s = 2.0"),
            "boot_s = 2.0: means nothing without to_s",
        ),
        (
            fault(
                'kind = "flap"', 'link = "access-mcu"', "at_s = 1.0", "down_s = 1.0", "up_s = 1.0"
            ),
            "fault[0].to_s: is missing",
        ),
        (
            fault(
                'kind = "flap"',
                'link = "access-mcu"',
                "at_s = 0.0",
                "to_s = 3000.0",
                "down_s = 1.0",
                "up_s = 1.0",
            ),
            "goes dark 1500 times (allowed: up to 1000 times)",
        ),
        (
            fault('kind = "degrade"', 'link = "access-mcu"', "at_s = 1.0", "loss_pct = 5.0"),
            "does not say how fast the loss grows (allowed: over_s, to_s, or both)",
        ),
        (
            fault(
                'kind = "degrade"',
                'link = "access-mcu"',
                "at_s = 1.0",
                "loss_pct = 0.0",
                "to_s = 3.0",
            ),
            "loss_pct = 0.0: is out of range (allowed: more than 0)",
        ),
        (
            fault(
                'kind = "degrade"',
                'link = "access-mcu"',
                "at_s = 9.0",
                "loss_pct = 1.0",
                "over_s = 9.0",
            ),
            "over_s = 9.0: goes on after the run (allowed: up to 6 s)",
        ),
        (
            fault('kind = "rate-drop"', 'link = "access-mcu"', "at_s = 1.0", "rate_mbps = 100.0"),
            "rate_mbps = 100.0: is no drop, access-mcu has 100 Mb/s (allowed: below 100)",
        ),
        (
            fault(
                'kind = "rate-drop"', 'link = "cu-jut--krong-no"', "at_s = 1.0", "rate_mbps = 1.0"
            ),
            "link = 'cu-jut--krong-no': carries no call that way",
        ),
        (
            fault(CUT, "at_s = 1.0") + fault(CUT, "at_s = 3.0", "to_s = 5.0"),
            "fault[1]: does nothing that another fault does not do at the same time",
        ),
        (
            fault('kind = "router"', 'router = "r-dak-song"', "at_s = 1.0", "to_s = 9.0")
            + fault('kind = "silent"', 'link = "gia-nghia--dak-song"', "at_s = 2.0", "to_s = 3.0"),
            "fault[1]: does nothing that another fault does not do at the same time",
        ),
        (
            '[[impairment]]\nlink = "access-mcu"\ndirection = "up"\nfrom_s = 2.0\ncorrupt = 0.1\n'
            + fault('kind = "rate-drop"', 'link = "access-mcu"', "at_s = 1.0", "rate_mbps = 9.0"),
            "overlaps an impairment of access-mcu mcu->r-gia-nghia (allowed: one at a time)",
        ),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, more: str, said: str) -> None:
    assert said in refused(tmp_path, more)


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    more = fault(CUT, "at_s = 99.0") + fault('kind = "router"', 'router = "r-x"', "at_s = 1.0")
    first, second = refused(tmp_path, more).splitlines()
    lines = (tmp_path / "s.toml").read_text(encoding="utf-8").splitlines()
    for text, key in ((first, "at_s = 99.0"), (second, 'router = "r-x"')):
        assert f"s.toml:{lines.index(key) + 1}: fault[" in text


def test_a_dead_end_carries_no_call(tmp_path: Path) -> None:
    text = DEFAULT.read_text(encoding="utf-8")
    end = text[text.index("[[router]]") : text.index("[[router]]", text.index("[[router]]") + 1)]
    end = end.replace("r-gia-nghia", "r-end")
    link = text[text.index("[[link]]") : text.index("[[link]]", text.index("[[link]]") + 1)]
    link = link.replace('"gia-nghia--dak-song"', '"spur"').replace('"r-gia-nghia"', '"r-end"')
    province = tmp_path / "province.toml"
    province.write_text(text + "\n" + end + "\n" + link, encoding="utf-8")
    for more in ('kind = "cut"\nlink = "spur"', 'kind = "router"\nrouter = "r-end"'):
        file = scenario(
            tmp_path / "s.toml", bridges=(), province=province, more=fault(more, "at_s = 1.0")
        )
        with pytest.raises(InputError, match="would carry none whatever else failed"):
            make_question(file)


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (
            'id = "a"\nlinks = ["gia-nghia--dak-song", "gia-nghia--dak-sog"]',
            """unknown link (did you mean "gia-nghia--dak-song"?)""",
        ),
        ('id = "a"\nlinks = ["access-mcu", "access-mcu"]', "is in the group twice"),
        ('id = "a"\nlinks = ["access-mcu"]', "has too few entries (allowed: 2 or more)"),
        ('id = "q"\nlinks = ["access-mcu", "access-cu-jut"]', "is taken by group[0]"),
    ],
)
def test_a_mistake_in_a_group_is_told(tmp_path: Path, group: str, said: str) -> None:
    sound = 'id = "q"\nlinks = ["access-mcu", "access-cu-jut"]'
    text = DEFAULT.read_text(encoding="utf-8")
    for each in (sound, group):
        text += f'\n[[group]]\nname = "Nhóm"\nsource = "test"\n{each}\n'
    province = tmp_path / "province.toml"
    province.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        make_question(scenario(tmp_path / "s.toml", bridges=(), province=province))
    assert said in str(caught.value)
