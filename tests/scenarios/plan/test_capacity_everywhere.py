"""How much of a device is in use and how many more fit: the same answer wherever it is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from whatif_factory import base

from giaoban.mcu_sim.device import load_devices, pick
from giaoban.mcu_sim.fit import fit
from giaoban.results.report.summaries.check_summary import summary_md
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.static import shortfall, static_loads
from giaoban.scenarios.study.headroom.bottlenecks import bottlenecks, ground
from giaoban.scenarios.study.whatif.apply import ask
from giaoban.scenarios.study.whatif.judge import judged
from giaoban.scenarios.study.whatif.variant import Variant

CONTENT = '[content]\nbridge = "west"\n'


@pytest.mark.parametrize(
    ("device", "profile", "more", "of", "pct", "room"),
    [
        # ten ports of 720p30 are all that SD may have
        ("rmx-1500-mpmx-fixed", "sd30-512k", 8, "ports of SD30", 100.0, (0, 0)),
        ("rmx-1500-mpmx-fixed", "sd30-512k", 5, "ports of SD30", 70.0, (1, 3)),
        ("rmx-1500-mpmx-fixed", "720p30-2m", 2, "ports of 720p30", 20.0, (12, 16)),
        ("rmx-1500-mpmx", "720p30-2m", 2, "units", 100 * 12 / 90, (20, 26)),
        ("pexip-node-20", "720p30-2m", 2, "units", 25.0, (11, 15)),
    ],
)
def test_one_answer_everywhere(
    tmp_path: Path,
    device: str,
    profile: str,
    more: int,
    of: str,
    pct: float,
    room: tuple[int, int],
) -> None:
    """A check, `device fit`, `headroom`, a what-if and plain arithmetic."""
    there = base(tmp_path, device=device, profile=profile)
    variant = Variant(id="more", more=more)
    question = ask(there, variant).question
    result = estimate(question).result
    mcu = result.phases[-1].mcu
    assert (mcu.used_pct, mcu.used_of) == (pytest.approx(pct), of)
    assert (result.more_calls.to_limit, result.more_calls.to_full) == room

    resolution = question.plan.profile.resolution
    fitted = fit(pick(load_devices(), device), [(2 + more, resolution)])
    assert (fitted.use.pct, fitted.use.of) == (mcu.used_pct, mcu.used_of)
    assert fitted.more[resolution] == room[1]
    loads = static_loads(question.plan)
    assert (loads.use.pct, loads.use.of) == (mcu.used_pct, mcu.used_of)
    assert (shortfall(loads, 80.0, 100.0) is not None) == (pct > 80.0)
    shown = judged(result, "estimate").in_use
    assert (shown.used_pct, shown.used_of) == (mcu.used_pct, mcu.used_of)
    [bottleneck] = [b for b in bottlenecks(ground(there, variant)) if b.thing == "device"]
    assert bottleneck.more == room[0]

    [criterion] = [c for c in result.criteria if c.id == "mcu-units"]
    assert criterion.value == mcu.used_pct
    assert criterion.place.detail == of
    text = summary_md(result)
    assert f"takes {room[1]} more at {resolution}, {room[0]} of them" in text or not room[1]
    assert "takes no further call" in text or room[1]


def test_content_is_counted_while_it_is_shown(tmp_path: Path) -> None:
    """Pexip: a unit of the presentation beside one of the backplane; who else shows it by channel
    takes what an assumption says, which is told only where content is shown."""
    with_content = base(tmp_path, device="pexip-node-20", profile="720p30-2m-content", more=CONTENT)
    question = ask(with_content, Variant(id="now")).question
    result = estimate(question).result
    assert [p.mcu.used_amount for p in result.phases] == [4.0, 4.0, 4.0]
    assert result.more_calls.to_full == 16
    assert not [a for a in result.assumptions if "content takes" in a.what]

    def told(device: str, more: str, profile: str) -> list[str]:
        there = base(tmp_path, device=device, profile=profile, more=more)
        found = estimate(ask(there, Variant(id="now")).question).result
        return [a.value for a in found.assumptions if "content takes" in a.what]

    assert told("rmx-1500-mpmx", CONTENT, "720p30-2m-content") == ["0 CIF"]
    assert told("rmx-1500-mpmx", "", "720p30-2m-content") == []


@pytest.mark.parametrize(("more", "value", "fails"), [(6, 80.0, []), (7, 90.0, ["mcu-units"])])
def test_the_ports_of_a_level_alone_decide(
    tmp_path: Path, more: int, value: float, fails: list[str]
) -> None:
    """Eight of ten ports are the limit, nine are past it; units are at 24 and 27 of 90."""
    there = base(tmp_path, device="rmx-1500-mpmx-fixed", profile="sd30-512k")
    result = estimate(ask(there, Variant(id="more", more=more)).question).result
    assert [c.value for c in result.criteria if c.id == "mcu-units"] == [value]
    assert [c.id for c in result.criteria if not c.ok] == fails
    assert result.verdict == ("fail" if fails else "pass")
    if fails:
        assert result.binding.criterion == "mcu-units"
