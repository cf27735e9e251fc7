"""Faults in the sandbox: what is planned happens, is measured, and is judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import DEFAULT, NORTH, giaoban, scenario
from undrawn import undrawn

from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.result import Result
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question
from tests.scenarios.rings import MEETINGS, ring_province

pytestmark = pytest.mark.sandbox


def run(folder: Path, phases: tuple[float, float, float], *faults: str, **how: Any) -> Result:
    """What `giaoban check` answers, in the small province unless another is named."""
    more = "\n".join(f"[[fault]]\n{fault}" for fault in faults)
    how = {"bridges": (), "phases": phases, "profile": "sd30-512k", "more": more, **how}
    file = scenario(folder / "s.toml", **how)
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)
        ran = giaoban("check", file, "--results", folder / "runs", "--json")
    assert ran.code in (0, 1), ran.err or json.loads(ran.out)["reasons"]
    return Result.from_json(ran.out)


def hit(fault: FaultResult, bridge: str) -> FaultImpact:
    [found] = [one for one in fault.bridges if one.bridge == bridge]
    return found


def test_a_silent_failure_interrupts_those_whose_way_it_is_until_bfd_sees_it(
    tmp_path: Path,
) -> None:
    """Three intervals of 100 ms, 100 ms to compute at the most, and the routes take effect: the
    sound is back then, the picture with the next key frame, which has to be asked for."""
    silent = 'kind = "silent"\nlink = "gia-nghia--dak-song"\nat_s = 5.0\nto_s = 7.0'
    result = run(tmp_path, (4.0, 6.0, 4.0), silent, province=DEFAULT)
    [fault] = result.faults
    touched = {one.bridge for one in fault.bridges if one.interruption_ms}
    assert {"dak-song", "dak-mil"} <= touched
    assert touched <= {"dak-song", "dak-mil", "cu-jut"}
    for bridge in touched:
        one = hit(fault, bridge)
        assert 200 <= one.sound_interruption_ms <= 500
        assert one.interruption_ms == one.picture_interruption_ms >= one.sound_interruption_ms
        assert one.packets_lost > 20
        assert not one.cut_off
        assert not one.behind
        assert one.call_kept
    criteria = {c.id: c for c in result.criteria}
    longest = max(one.longest(fault.lsa_wait_ms).ms for one in fault.bridges)
    assert criteria["fault-interruption"].value == longest
    assert criteria["fault-interruption"].ok == (longest <= 1000)
    assert criteria["audio-loss"].value == criteria["picture-artefacts"].value == 0
    # what the interruption took is judged once
    assert {c.id for c in result.criteria if not c.ok} <= {"fault-interruption"}


def test_an_mcu_that_crashes_takes_all_bridges_and_has_them_back(tmp_path: Path) -> None:
    """It starts 5 s after the crash; a bridge gives its call up after 10 s, and dials 5 s later."""
    mcu = 'kind = "mcu"\nat_s = 5.0\nto_s = 7.0\nboot_s = 3.0'
    result = run(tmp_path, (4.0, 10.0, 16.0), mcu)
    [fault] = result.faults
    assert {one.bridge for one in fault.bridges} == {"west", "east"}
    for one in fault.bridges:
        assert one.behind
        assert one.cut_off
        assert not one.call_kept
        assert one.redials
        assert 15_000 <= one.interruption_ms <= 15_500
        assert one.back_ms is not None
        assert one.picture_again_ms is not None
        assert one.restored_to_picture_ms is not None
        assert one.picture_again_ms - one.restored_to_picture_ms == pytest.approx(2000)
    failed = [c.id for c in result.criteria if not c.ok]
    assert failed == ["fault-interruption", "fault-bridges-lost"]
    estimate_agrees(tmp_path / "s.toml", result)


def estimate_agrees(file: Path, emulated: Result) -> None:
    """The same verdict and bridges cut off; each time within 150 ms or 10 %."""
    found = estimate(make_question(file)).result
    assert found.verdict == emulated.verdict
    assert {c.id: c.ok for c in found.criteria} == {c.id: c.ok for c in emulated.criteria}
    for own, other in zip(found.faults, emulated.faults, strict=True):
        for one, there in zip(own.bridges, other.bridges, strict=True):
            same = ("bridge", "behind", "cut_off", "redials", "call_kept", "interrupted")
            assert [getattr(one, key) for key in same] == [getattr(there, key) for key in same]
            times = (
                *("interruption_ms", "sound_interruption_ms", "picture_interruption_ms"),
                *("gone_ms", "back_ms", "picture_again_ms", "restored_to_picture_ms"),
            )
            for key in times:
                value = getattr(there, key)
                assert getattr(one, key) == pytest.approx(value, rel=0.1, abs=150.0), key
            assert one.packets_lost == pytest.approx(there.packets_lost, rel=0.05)


STARTS_ANEW = {
    "before anybody notices": ("", "boot_s = 0.5"),
    "after all have dialled": ("", "boot_s = 15.0"),
    "pictures forwarded, an open floor": (MEETINGS["open"], "boot_s = 12.0"),
    "slides": (MEETINGS["slides"], "boot_s = 3.0"),
    "it dials": ('[meeting]\ndial = "out"\n', "boot_s = 3.0"),
}


@pytest.mark.nightly
@pytest.mark.parametrize("how", STARTS_ANEW)
def test_an_estimate_has_an_mcu_start_anew_as_an_emulation(tmp_path: Path, how: str) -> None:
    more, boot = STARTS_ANEW[how]
    fault = f'{more}[[fault]]\nkind = "mcu"\nat_s = 5.0\nto_s = 7.0\n{boot}\n'
    ring = ring_province(tmp_path / "ring.toml")
    result = run(tmp_path, (4.0, 24.0, 8.0), province=ring, more=fault, profile="sd30-256k")
    estimate_agrees(tmp_path / "s.toml", result)


def test_a_line_that_gets_worse_is_judged_by_what_it_loses(tmp_path: Path) -> None:
    worse = 'kind = "degrade"\nlink = "access-east"\nat_s = 5.0\nto_s = 9.0\nloss_pct = 20.0'
    slow = 'kind = "rate-drop"\nlink = "access-west"\ndirection = "up"\nat_s = 5.0\n'
    result = run(
        tmp_path, (4.0, 6.0, 6.0), worse, slow + "to_s = 9.0\nrate_mbps = 0.4", bridges=(NORTH,)
    )
    assert [fault.id for fault in result.faults] == [
        "degrade-access-east",
        "rate-drop-access-west",
    ]
    during = {b.id: b for b in result.phases[1].bridges}
    for stream in during["east"].streams:
        # 5, 10, 15 and 20 % in four of the phase's six seconds
        assert stream.lost_pct == pytest.approx(50 / 6, abs=5)
    assert not any(s.lost_pct for s in during["north"].streams)
    assert result.verdict == "fail"
    assert {c.id for c in result.criteria if not c.ok} >= {
        "audio-loss",
        "picture-artefacts",
        "link-peak",
        "mos",
    }
