"""Mistakes in [[fault]] tables: each with its line, key, value and what is allowed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scenario_factory import DEFAULT

from giaoban.errors import InputError
from giaoban.scenarios.plan.question import make_question
from tests.scenarios.spec.faults.fault_tables import RING, fault, with_faults

MCU = "access-mcu"
IDLE = "fault[1]: does nothing that another fault does not do at the same time"


def refused(folder: Path, *faults: str, province: str = "") -> str:
    with pytest.raises(InputError) as caught:
        make_question(with_faults(folder, *faults, length_s=5.0, province=province))
    return str(caught.value)


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (fault("cutt"), "kind' is 'cutt', not known"),
        (fault(None), "does not say its 'kind'"),
        (fault("cut", None, link=RING), "fault[0].at_s: is missing"),
        (fault("cut", -1.0, link=RING), "is out of range"),
        (fault("cut", 5.0, link=RING, to_s=5.0), "to_s is not after at_s"),
        (fault("cut", link=RING, router="r-dak-mil"), "fault[0].router: unknown key"),
        (fault("cut", link=RING, loss_pct=5.0), "fault[0].loss_pct: unknown key"),
        (
            fault("cut", link="gia-nghia--dak-sog"),
            f"""link = 'gia-nghia--dak-sog': unknown link (did you mean "{RING}"?)""",
        ),
        (
            fault("router", router="r-dak-mli"),
            """router = 'r-dak-mli': unknown router (did you mean "r-dak-mil"?)""",
        ),
        (
            fault("site", bridge="dak-mul"),
            """bridge = 'dak-mul': unknown bridge (did you mean "dak-mil"?)""",
        ),
        (
            fault("group", group="ql14"),
            "group = 'ql14': the province has no groups (allowed: [[group]] tables in its file)",
        ),
        (
            fault("silent", link=MCU, direction="west"),
            "direction = 'west': is no direction of access-mcu (allowed: both, mcu->r-gia-nghia",
        ),
        (fault("mcu", accepted="all"), "accepted and accepted_reason need each other"),
        (fault("mcu", accepted_reason="why"), "accepted and accepted_reason need each other"),
        (fault("mcu", accepted_reason_vi="vì"), "accepted_reason_vi needs accepted_reason"),
        (fault("mcu", accepted=[], accepted_reason="why"), "fault[0].accepted"),
        (
            fault("mcu", accepted=["cu-jut", "dak-mul"], accepted_reason="why"),
            """accepted = 'dak-mul': unknown bridge (did you mean "dak-mil"?)""",
        ),
        (fault("cut", 15.0, link=RING), "at_s = 15.0: is after the run (allowed: up to 13 s)"),
        (fault("cut", 14.0, link=RING), "is too late for its effect to be seen (allowed: up to 13"),
        (fault("cut", link=RING, to_s=15.0), "to_s = 15.0: is after the run"),
        (fault("mcu", to_s=2.0), "to_s = 2.0: is too late: after 180 s of starting the run is"),
        (fault("mcu", boot_s=2.0), "boot_s = 2.0: means nothing without to_s"),
        (fault("flap", link=MCU, down_s=1.0, up_s=1.0), "fault[0].to_s: is missing"),
        (
            fault("flap", 0.0, link=MCU, to_s=3000.0, down_s=1.0, up_s=1.0),
            "goes down 1500 times (allowed: up to 1000 times)",
        ),
        (
            fault("flap", link=MCU, to_s=2.0, down_s=1.5, up_s=1.0),
            "down_s is longer than the fault (allowed: up to 1 s)",
        ),
        (
            fault("degrade", link=MCU, loss_pct=5.0),
            "does not say how fast the loss grows (allowed: over_s, to_s, or both)",
        ),
        (
            fault("degrade", link=MCU, loss_pct=0.0, to_s=3.0),
            "loss_pct = 0.0: is out of range (allowed: more than 0)",
        ),
        (
            fault("degrade", link=MCU, loss_pct=1.0, to_s=3.0, over_s=3.0),
            "over_s is longer than the fault (allowed: up to 2 s)",
        ),
        (
            fault("degrade", 9.0, link=MCU, loss_pct=1.0, over_s=9.0),
            "over_s = 9.0: goes on after the run (allowed: up to 6 s)",
        ),
        (
            fault("rate-drop", link=MCU, rate_mbps=100.0),
            "rate_mbps = 100.0: is no drop, access-mcu has 100 Mb/s (allowed: below 100)",
        ),
        (
            fault("rate-drop", link="cu-jut--krong-no", rate_mbps=1.0),
            "link = 'cu-jut--krong-no': carries no call that way",
        ),
        (fault("cut", link=RING) + fault("cut", 3.0, link=RING, to_s=5.0), IDLE),
        (
            fault("router", router="r-dak-song", to_s=9.0)
            + fault("silent", 2.0, link=RING, to_s=3.0),
            IDLE,
        ),
        (
            fault("degrade", link=MCU, loss_pct=9.0, to_s=9.0)
            + fault("rate-drop", 8.0, link=MCU, rate_mbps=9.0),
            "fault[1].at_s = 8.0: overlaps another fault of access-mcu mcu->r-gia-nghia",
        ),
        (
            f'[[impairment]]\nlink = "{MCU}"\ndirection = "up"\nfrom_s = 2.0\ncorrupt = 0.1\n'
            + fault("rate-drop", link=MCU, rate_mbps=9.0),
            "overlaps an impairment of access-mcu mcu->r-gia-nghia (allowed: one at a time)",
        ),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, faults: str, said: str) -> None:
    assert said in refused(tmp_path, faults)


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    told = refused(tmp_path, fault("cut", 99.0, link=RING), fault("router", router="r-x"))
    lines = (tmp_path / "s.toml").read_text(encoding="utf-8").splitlines()
    for text, key in zip(told.splitlines(), ("at_s = 99.0", 'router = "r-x"'), strict=True):
        assert f"s.toml:{lines.index(key) + 1}: fault[" in text


def test_a_dead_end_carries_no_call(tmp_path: Path) -> None:
    text = DEFAULT.read_text(encoding="utf-8")
    first = {name: re.search(rf"\[\[{name}]][^\[]*", text) for name in ("router", "link")}
    router, link = (found.group() for found in first.values() if found is not None)
    more = router.replace("r-gia-nghia", "r-end")
    more += link.replace(RING, "spur").replace("r-gia-nghia", "r-end")
    more += '[[group]]\nid = "both"\nname = "Cụt"\nlinks = ["spur", "spur-2"]\nsource = "test"\n'
    more += link.replace(RING, "spur-2").replace("r-gia-nghia", "r-end")
    for made in (
        fault("cut", link="spur"),
        fault("router", router="r-end"),
        fault("group", group="both"),
    ):
        said = refused(tmp_path, made, province="\n" + more)
        assert "would carry none whatever else failed" in said


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (
            f'id = "a"\nlinks = ["{RING}", "gia-nghia--dak-sog"]',
            f"""unknown link (did you mean "{RING}"?)""",
        ),
        ('id = "a"\nlinks = ["access-mcu", "access-mcu"]', "is in the group twice"),
        ('id = "a"\nlinks = ["access-mcu"]', "has too few entries (allowed: 2 or more)"),
        ('id = "q"\nlinks = ["access-mcu", "access-cu-jut"]', "is taken by group[0]"),
    ],
)
def test_a_mistake_in_a_group_is_told(tmp_path: Path, group: str, said: str) -> None:
    sound = 'id = "q"\nlinks = ["access-mcu", "access-cu-jut"]'
    more = "".join(f'\n[[group]]\nname = "Nhóm"\nsource = "test"\n{it}\n' for it in (sound, group))
    assert said in refused(tmp_path, province=more)
