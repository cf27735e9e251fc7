"""Bandwidth profiles as data: where they hold, and what makes no sense."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.topology.assumptions import assumptions
from giaoban.topology.importers.files import as_toml, export_graphml
from giaoban.topology.lines.bandwidth_profile import BandwidthProfile
from giaoban.topology.load import load_province
from giaoban.topology.model import LinkChange, Province
from giaoban.topology.network import build
from giaoban.topology.validate import province_mistakes

SMALL = Path(__file__).parents[1] / "small.toml"
PROFILE = {"cir_mbps": 10.0, "cbs_bytes": 6000, "source": "test"}


def province(kind: str, *profiles: dict[str, Any], **top: Any) -> Province:
    """The small one, with profiles at its first link or bridge."""
    data = tomllib.loads(SMALL.read_text(encoding="utf-8"))
    data[kind][0]["profile"] = [{**PROFILE, **each} for each in profiles]
    return Province.model_validate({**data, **top})


def directions(kind: str, *profiles: dict[str, Any]) -> list[str]:
    of = province(kind, *profiles)
    name = of.links[0].id if kind == "link" else f"access-{of.bridges[0].id}"
    return [each.source for each in build(of).link(name).profiles]


def test_a_word_for_a_direction_names_who_sends() -> None:
    assert directions("bridge", {}) == ["west", "r-west"]
    assert directions("bridge", {"direction": "up"}) == ["west"]
    assert directions("bridge", {"direction": "down"}) == ["r-west"]
    assert directions("bridge", {"direction": "r-west->west"}) == ["r-west"]
    assert directions("link", {"direction": "r-east->r-west"}) == ["r-east"]


def test_a_scenario_gives_a_line_other_profiles_or_none() -> None:
    of = province("bridge", {})
    wide = BandwidthProfile.model_validate({**PROFILE, "cbs_bytes": 50_000})
    changed = {"link": "access-west", "source": "test"}
    for profiles, sizes in (([wide], [50_000, 50_000]), ([], [])):
        change = LinkChange.model_validate({**changed, "profile": profiles})
        found = build(of, link_changes=[change]).link("access-west").profiles
        assert [each.cbs_bytes for each in found] == sizes
    faster = LinkChange.model_validate({**changed, "rate_mbps": 20.0})
    assert build(of, link_changes=[faster]).link("access-west").profiles


@pytest.mark.parametrize(
    ("kind", "profiles", "what"),
    [
        ("link", [{"direction": "up"}], "is no direction of west--east (allowed: both"),
        ("bridge", [{"direction": "r-east->west"}], "is no direction of access-west"),
        ("bridge", [{}, {"direction": "up"}], "is about a direction of an earlier profile"),
    ],
)
def test_what_makes_no_sense_is_told(kind: str, profiles: list[dict[str, Any]], what: str) -> None:
    [mistake] = province_mistakes(province(kind, *profiles))
    assert str(mistake.what).startswith(what)
    assert mistake.loc[:3] == (kind, 0, "profile")


def test_a_change_of_a_scenario_is_looked_at_too() -> None:
    change = LinkChange.model_validate(
        {"link": "access-west", "source": "test", "profile": [{**PROFILE, "direction": "west"}]}
    )
    with pytest.raises(InputError, match="is no direction of access-west"):
        build(province("bridge"), link_changes=[change])


@pytest.mark.parametrize(
    ("figures", "what"),
    [
        ({"cbs_bytes": 1500}, "greater than or equal to 1514"),
        ({"cir_mbps": 0.064, "cbs_bytes": 10_000_000}, "takes more than 274 s"),
    ],
)
def test_a_bucket_that_cannot_be_held_is_refused(figures: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        BandwidthProfile.model_validate({**PROFILE, **figures})


def test_an_assumed_profile_is_among_the_assumptions() -> None:
    assumed = {"assumed": True, "settled_by": "the contract"}
    found = assumptions(province("bridge", assumed))
    [told] = [each for each in found if each.what.startswith("bandwidth profile")]
    assert told.value == "CIR 10 Mb/s, CBS 6000 byte"
    assert told.settled_by == "the contract"


def test_a_province_that_is_written_keeps_its_profiles(tmp_path: Path) -> None:
    of = province("bridge", {"direction": "up"}, {"direction": "down", "cbs_bytes": 50_000})
    (tmp_path / "p.toml").write_text(as_toml(of), encoding="utf-8")
    assert load_province(tmp_path / "p.toml") == of


@pytest.mark.parametrize("file_format", ["csv", "graphml"])
def test_a_format_that_has_no_place_for_profiles_does_not_lose_them(
    tmp_path: Path, file_format: Any
) -> None:
    with pytest.raises(InputError, match="west: a bandwidth profile has no place in"):
        export_graphml(province("bridge", {}), tmp_path / "p")
    assert list(tmp_path.iterdir()) == []
