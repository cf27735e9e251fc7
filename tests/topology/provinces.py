"""Random sound provinces for the laws, and helpers to write others by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from giaoban.topology.model import BridgeSpec, LinkChange, Province
from giaoban.topology.network import NetLink, build

SMALL = Path(__file__).with_name("small.toml")


def province_of(
    links: list[tuple[int, int, float]], routers: int, bridges: list[int], mcu: int = 0
) -> Province:
    """A province of numbered routers; links are (a, b, km), bridges name their router."""
    figures: dict[str, Any] = {"rate_mbps": 100.0, "buffer_packets": 1000, "source": "test"}
    return Province.model_validate(
        {
            "schema": "giaoban.province/1",
            "id": "random",
            "name": "Ngẫu nhiên",
            "fibre": {"us_per_km": 5.0, "source": "test"},
            "addressing": {"backbone": "10.1.0.0/24", "access": "10.2.0.0/24", "source": "test"},
            "router": [
                {"id": f"r-{i}", "name": f"R{i}", "lat": 12.0 + i / 10, "lon": 107.0, "source": "t"}
                for i in range(routers)
            ],
            "link": [
                {"id": f"l-{n}", "a": f"r-{a}", "b": f"r-{b}", "km": km, **figures}
                for n, (a, b, km) in enumerate(links)
            ],
            "mcu": {
                "id": "mcu",
                "name": "MCU",
                "router": f"r-{mcu}",
                "km": 1,
                "device": "d",
                **figures,
            },
            "bridge": [
                {
                    "id": f"b-{n}",
                    "name": f"B{n}",
                    "role": "branch" if n else "chair",
                    "router": f"r-{router}",
                    "km": 2,
                    **figures,
                }
                for n, router in enumerate(bridges)
            ],
        }
    )


def bridge(bridge_id: str, router: str, **other: Any) -> BridgeSpec:
    """A new bridge with ordinary figures."""
    figures = {"km": 2.0, "rate_mbps": 10.0, "buffer_packets": 200, "source": "test"}
    named = {"id": bridge_id, "name": bridge_id, "router": router}
    return BridgeSpec.model_validate({**named, **figures, **other})


@st.composite
def provinces(draw: st.DrawFn) -> Province:
    """Connected, with parallel links, free links (0 km) and many ties."""
    routers = draw(st.integers(1, 7))
    km = st.sampled_from([0.0, 1.0, 2.0, 3.0, 0.1, 0.2, 0.3])  # 0.1 + 0.2 is not 0.3 in floats
    links = [(draw(st.integers(0, i - 1)), i, draw(km)) for i in range(1, routers)]
    if routers > 1:
        index = st.integers(0, routers - 1)
        pairs = st.tuples(index, index, km).filter(lambda link: link[0] != link[1])
        links += draw(st.lists(pairs, max_size=8))
    links = draw(st.permutations(links))
    bridges = draw(st.lists(st.integers(0, routers - 1), min_size=1, max_size=6))
    return province_of(list(links), routers, bridges, draw(st.integers(0, routers - 1)))


def small_province(*, qos: dict[str, Any] | None = None, **west: Any) -> Province:
    """The small one, with other figures of its first bridge; None takes one away."""
    data = tomllib.loads(SMALL.read_text(encoding="utf-8"))
    changed = {**data["bridge"][0], **west}
    data["bridge"][0] = {key: value for key, value in changed.items() if value is not None}
    return Province.model_validate({**data, **({"qos": qos} if qos else {})})


def west(of: Province, **change: Any) -> NetLink:
    """The line of the small province's west, with a scenario's other figures."""
    changed = {"link": "access-west", "source": "test", **change}
    changes = [LinkChange.model_validate(changed)] if change else []
    return build(of, link_changes=changes).link("access-west")
