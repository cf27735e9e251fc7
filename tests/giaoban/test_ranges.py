"""How far an assumed figure may be, said beside it: what is accepted, and where it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from giaoban.mcu_sim.device import load_devices
from giaoban.provenance import FigureRange
from giaoban.results.judge.criteria import Criteria, load_criteria
from giaoban.topology.assumptions import assumptions
from giaoban.topology.lines.qos import Qos
from giaoban.topology.load import DEFAULT_PROVINCE as PROVINCE
from giaoban.topology.load import load_province
from giaoban.topology.model import Link

ASSUMED = {"source": "test", "assumed": True, "settled_by": "a survey"}
LINK = {
    **{"id": "a--b", "a": "a", "b": "b", "km": 10.0, "rate_mbps": 100.0},
    **{"buffer_packets": 100, **ASSUMED},
}


def of(figure: str, **said: Any) -> dict[str, Any]:
    return {"range": {figure: {"source": "an offer", **said}}}


@given(low=st.floats(-1e6, 1e6), high=st.floats(-1e6, 1e6))
def test_a_range_is_around_its_figure_and_within_what_the_figure_may_be(
    low: float, high: float
) -> None:
    right = 0.064 <= low <= 100.0 <= high <= 100_000 and low < high
    try:
        link = Link.model_validate({**LINK, **of("rate_mbps", low=low, high=high)})
    except ValidationError:
        assert not right
        return
    assert right
    assert (link.range["rate_mbps"].low, link.range["rate_mbps"].high) == (low, high)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (of("rate_kbps", low=1.0, high=200.0), r'no such figure here \(did you mean "rate_mbps"'),
        (of("id", choices=["a--b", "c"]), "no such figure here"),
        (of("buffer_packets", low=50.5, high=200), r"whole number|valid integer"),
        (of("rate_mbps", low=100.0, high=100.0), "is without rate_mbps = 100"),
        (of("rate_mbps", choices=["100", "10"]), "needs low and high"),
        ({**of("rate_mbps", low=1.0, high=200.0), "assumed": False, "settled_by": ""}, "assumed"),
    ],
)
def test_what_is_wrong_with_a_range_is_told(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Link.model_validate({**LINK, **wrong})


def test_words_have_choices_that_hold_the_word_itself() -> None:
    both = of("scheduling", choices=["fifo", "classes"])
    assert Qos.model_validate({"scheduling": "fifo", **ASSUMED, **both}).range is not None
    for choices in (["classes", "wfq"], ["fifo", "wfq"]):
        with pytest.raises(ValidationError, match=r"is without|is not known"):
            Qos.model_validate(
                {"scheduling": "fifo", **ASSUMED, **of("scheduling", choices=choices)}
            )
    with pytest.raises(ValidationError, match="needs choices"):
        Qos.model_validate({"scheduling": "fifo", **ASSUMED, **of("scheduling", low=1, high=2)})
    share = of("video_share_pct", low=50.0, high=70.0)
    with pytest.raises(ValidationError, match="mean nothing"):
        Qos.model_validate({"scheduling": "fifo", **ASSUMED, **share})


def test_a_device_of_two_cards_has_twice_the_range_of_one(tmp_path: Any) -> None:
    text = DEVICES.replace("CARDS", "1"), DEVICES.replace("CARDS", "2")
    found = []
    for number, each in enumerate(text):
        path = tmp_path / f"{number}.toml"
        path.write_text(each, encoding="utf-8")
        [device] = load_devices(path).device
        of_units = device.capacity.range["units_total"]
        found.append((of_units.low, device.capacity.units_total, of_units.high))
    assert found == [(10, 20, 30), (20, 40, 60)]


DEVICES = """
schema = "giaoban.devices/1"
[defaults.audio_mix_delay]
delay_ms = 40.0
source = "x"
[defaults.compose_delay]
delay_ms = 100.0
source = "x"
[defaults.forward_delay]
delay_ms = 10.0
source = "x"
[[family]]
id = "f"
refusal = { code = 486, reason = "Busy Here", source = "x" }
when_full = { steps = ["refuse"], source = "x" }
[[card]]
id = "c"
family = "f"
unit = "ports"
[card.capacity]
units_total = 20.0
ports_total = 20
source = "x"
assumed = true
settled_by = "y"
range.units_total = { low = 10.0, high = 30.0, source = "two licences" }
[[card.cost]]
units = { 720p30 = 1.0 }
source = "x"
[[card.device]]
id = "d"
name = "D"
cards = CARDS
scaling = { source = "x", assumed = true, settled_by = "y" }
"""


def test_a_limit_has_a_range_until_a_scenario_sets_another() -> None:
    criteria = load_criteria()
    own = criteria.criterion[0]
    ranged = own.model_validate(
        {**own.model_dump(), **of("threshold", low=60.0, high=90.0), "measure": None}
    )
    both = Criteria.model_validate({"schema": "giaoban.criteria/1", "criterion": [ranged]})
    [told] = both.assumptions()
    assert told.value == "80 %; limit possibly 60 to 90 % (an offer)"
    assert told.value_vi == "80 %; ngưỡng có thể là 60 đến 90 % (an offer)"
    [other] = both.with_thresholds({own.id: 70.0}).criterion
    assert other.range is None
    with pytest.raises(ValidationError, match="must be 1 to 100"):
        own.model_validate({**own.model_dump(), **of("threshold", low=0.0, high=90.0)})


def test_the_list_of_assumptions_says_how_far() -> None:
    province = load_province(PROVINCE)
    link = next(each for each in province.links if each.assumed)
    said = FigureRange(low=50.0, high=200.0, source="two offers", source_vi="hai báo giá")
    ranged = Link.model_validate({**link.model_dump(), "range": {"rate_mbps": said.model_dump()}})
    links = [ranged if each is link else each for each in province.links]
    whole = province.model_copy(update={"links": links})
    [en] = [a.value for a in assumptions(whole, lang="en") if "two offers" in a.value]
    [vi] = [a.value for a in assumptions(whole, lang="vi") if "hai báo giá" in a.value]
    assert en.endswith("; rate possibly 50 to 200 Mb/s (two offers)")
    assert vi.endswith("; tốc độ có thể là 50 đến 200 Mb/s (hai báo giá)")


FILE = Path(__file__).parents[2] / "scenarios/study/sensitivity/ranges.toml"
NAMES = {"L1", "L2", "IP", "baseline", "high", "1x1", "1+1", "2x2", "1+5", "3x3", "1+7", "4x4"}
"""Of layers, of H.264 and of layouts: the same in every language."""
