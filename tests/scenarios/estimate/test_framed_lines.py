"""Meetings over lines whose rate counts more of each packet than a capture shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scenario_factory import NORTH, scenario

from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.static import static_loads
from giaoban.scenarios.measure.unmodelled import unmodelled
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.topology.model import Province

FRAMING = """
[bridge.framing]
layer = "L1"
source = "test"
"""
BACKGROUND = """
[[background]]
link = "access-north"
pct = 30.0
packet_bytes = 100
source = "test"
"""
PHASES = (2.0, 3.0, 3.0)


def asked(folder: Path, more: str) -> Question:
    path = folder / f"{len(list(folder.iterdir()))}.toml"
    return make_question(scenario(path, bridges=(NORTH,), phases=PHASES, more=more))


def loads_pct(question: Question) -> list[float]:
    """Mean load of the new line in the last phase, up and down."""
    result = estimate(question).result
    assert result.accounting.unaccounted == 0
    return [k.utilisation_pct for k in result.phases[-1].links if k.id == "access-north"]


def test_a_load_has_24_bytes_more_a_packet_where_the_rate_counts_the_wire(tmp_path: Path) -> None:
    plain, counted = asked(tmp_path, ""), asked(tmp_path, FRAMING)
    result = estimate(plain).result
    [north] = [bridge for bridge in result.phases[-1].bridges if bridge.id == "north"]
    found = zip(("up", "down"), loads_pct(counted), loads_pct(plain), strict=True)
    for direction, more, less in found:
        packets = sum(s.packets_sent for s in north.streams if s.direction == direction)
        wanted = packets * 24 * 8 / PHASES[-1] / (NORTH["rate_mbps"] * 1e6) * 100
        assert more - less == pytest.approx(wanted, rel=0.03)  # and a little RTCP
    by_hop = [
        {(k.link, k.direction): k.mean_mbps for k in static_loads(q.plan).links}
        for q in (plain, counted)
    ]
    for hop, mbps in by_hop[0].items():
        assert (by_hop[1][hop] > mbps) == (hop[0] == "access-north" and mbps > 0)


def test_other_traffic_takes_its_share_of_the_rate_as_it_counts(tmp_path: Path) -> None:
    """A third of small packets' time on the wire is not in a capture."""
    [_, with_it] = loads_pct(asked(tmp_path, FRAMING + BACKGROUND))
    [_, without] = loads_pct(asked(tmp_path, FRAMING))
    assert with_it - without == pytest.approx(30.0, rel=0.05)  # Poisson, 3 s


def test_what_rates_count_is_left_out_only_where_the_province_does_not_say(tmp_path: Path) -> None:
    question = asked(tmp_path, "")
    said = {"layer": "L2", "source": "test"}
    data = question.province.model_dump(by_alias=True, exclude_none=True)
    told = replace(question, province=Province.model_validate({**data, "framing": said}))
    ids = [{each.id for each in unmodelled(q, estimate=True)} for q in (question, told)]
    assert ids[0] - ids[1] == {"framing"}
