"""What a rate counts, as data: bytes around a packet by the standards, and where that is said."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.topology.assumptions import assumptions
from giaoban.topology.importers.files import as_toml, export_graphml
from giaoban.topology.lines.framing import Framing
from giaoban.topology.load import load_province
from giaoban.topology.model import LinkChange, Province
from giaoban.topology.network import NetLink, build

SMALL = Path(__file__).parents[1] / "small.toml"
L1 = {"layer": "L1", "source": "test"}


def framing(**given: Any) -> Framing:
    return Framing.model_validate({"source": "test", **given})


def province(
    *, everywhere: dict[str, Any] | None = None, west: dict[str, Any] | None = None
) -> Province:
    """The small one; `west` is its first bridge."""
    data = tomllib.loads(SMALL.read_text(encoding="utf-8"))
    if everywhere:
        data["framing"] = everywhere
    if west:
        data["bridge"][0]["framing"] = west
    return Province.model_validate(data)


def test_bytes_around_a_frame_are_those_of_the_standards() -> None:
    """A frame of 1,254 bytes: 84 bits of preamble and so on are known of Ethernet (RFC 2544, 14,880
    frames of 64 bytes a second at 10 Mb/s)."""
    assert 10e6 / 8 / (60 + framing(layer="L1").overhead_bytes) == pytest.approx(14_880, abs=1)
    assert framing(layer="L2").overhead_bytes == 4  # 64, as RFC 2544 calls that frame
    assert framing(layer="frame").overhead_bytes == 0
    assert framing(layer="IP").overhead_bytes == -14
    # RFC 2544 appendix B does not count tags; MTU of PPPoE is 1,492 since 8 bytes go (RFC 2516 §7)
    assert framing(layer="frame", pppoe=True).overhead_bytes == 1500 - 1492
    assert framing(layer="L2", vlan_tags=2, mpls_labels=3).overhead_bytes == 4 + 8 + 12
    assert framing(layer="IP", vlan_tags=2, mpls_labels=3, pppoe=True).overhead_bytes == -14


@pytest.mark.parametrize(
    "given",
    [{"layer": "L3"}, {"layer": "L1", "vlan_tags": 5}, {"layer": "L1", "mpls_labels": -1}, {}],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        framing(**given)


def test_nothing_said_is_a_frame_without_its_checksum_and_plans_stay_as_they_were() -> None:
    links = build(province()).links
    assert {link.overhead_bytes for link in links} == {0}
    assert not any("overhead_bytes" in link.model_dump() for link in links)
    counted = build(province(everywhere=L1)).links
    assert {link.overhead_bytes for link in counted} == {24}
    assert NetLink.model_validate(counted[0].model_dump()) == counted[0]


def test_a_line_says_it_for_itself_and_a_scenario_for_a_line() -> None:
    of = province(everywhere=L1, west={**L1, "layer": "IP"})
    found = {link.id: link.overhead_bytes for link in build(of).links}
    assert found.pop("access-west") == -14
    assert set(found.values()) == {24}
    change = LinkChange.model_validate(
        {"link": "access-west", "framing": {**L1, "vlan_tags": 1}, "source": "test"}
    )
    assert change.changed() == ["framing"]
    assert build(of, link_changes=[change]).link("access-west").overhead_bytes == 28


def test_it_is_among_the_assumptions_if_it_is_assumed() -> None:
    guess = {**L1, "vlan_tags": 1, "pppoe": True, "assumed": True, "settled_by": "the contract"}
    told = [each for each in assumptions(province(west=guess)) if "rate counts" in each.what]
    assert [(each.what, each.value, each.settled_by) for each in told] == [
        ("what the rate counts, access of bridge Tây", "L1, 1 × VLAN, PPPoE", "the contract")
    ]
    [for_all] = [a for a in assumptions(province(everywhere=guess)) if "rate counts" in a.what]
    assert for_all.what == "what the rate counts, all lines"


@pytest.mark.parametrize("where", ["everywhere", "west"])
def test_it_is_written_to_toml_and_no_other_format(where: str, tmp_path: Path) -> None:
    of = province(**{where: L1})  # type: ignore[arg-type]
    (tmp_path / "province.toml").write_text(as_toml(of), encoding="utf-8")
    assert build(load_province(tmp_path / "province.toml")) == build(of)
    with pytest.raises(InputError, match="framing"):
        export_graphml(of, tmp_path / "tables")
