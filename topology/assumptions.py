"""The assumptions a province rests on, for everything that is shown to people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from giaoban.provenance import Sourced
from giaoban.tomlfile import StrictModel
from topology.model import Access, BridgeSpec, Link, LinkChange, Province

Lang = Literal["en", "vi"]

_WORDS: dict[str, dict[Lang, str]] = {
    "fibre": {"en": "propagation in fibre", "vi": "độ trễ lan truyền trong sợi quang"},
    "addressing": {"en": "address plan", "vi": "quy hoạch địa chỉ IP"},
    "router": {"en": "place of router", "vi": "vị trí bộ định tuyến"},
    "link": {"en": "link", "vi": "tuyến"},
    "mcu": {"en": "access of the MCU", "vi": "đường truy nhập của MCU"},
    "bridge": {"en": "access of bridge", "vi": "đường truy nhập của điểm cầu"},
    "new": {"en": "access of new bridge", "vi": "đường truy nhập của điểm cầu mới"},
    "change": {"en": "changed link", "vi": "tuyến được thay đổi"},
    "buffer": {"en": "buffer", "vi": "bộ đệm"},
    "packets": {"en": "packets", "vi": "gói"},
    "loss": {"en": "loss", "vi": "mất gói"},
}


class Assumption(StrictModel):
    """One assumed record: what it is about, its figures, where they come from, what settles it."""

    what: str
    value: str
    source: str
    settled_by: str


def assumptions(
    province: Province,
    extra_bridges: Sequence[BridgeSpec] = (),
    link_changes: Sequence[LinkChange] = (),
    *,
    lang: Lang = "en",
) -> list[Assumption]:
    """Every record with `assumed = true`, in the order of the file, then of the scenario."""
    return [
        Assumption(
            what=what,
            value=value,
            source=(record.source_vi if lang == "vi" else "") or record.source,
            settled_by=(record.settled_by_vi if lang == "vi" else "") or record.settled_by,
        )
        for record, what, value in _records(province, extra_bridges, link_changes, lang)
        if record.assumed
    ]


def _records(
    province: Province,
    extra: Sequence[BridgeSpec],
    changes: Sequence[LinkChange],
    lang: Lang,
) -> Iterator[tuple[Sourced, str, str]]:
    def word(key: str) -> str:
        return _WORDS[key][lang]

    def number(value: float) -> str:
        text = f"{value:.10g}"
        return text.replace(".", ",") if lang == "vi" else text

    def figures(record: Link | Access) -> str:
        text = (
            f"{number(record.km)} km, {number(record.rate_mbps)} Mb/s, "
            f"{word('buffer')} {record.buffer_packets} {word('packets')}"
        )
        return text + (f", {word('loss')} {number(record.loss_pct)} %" if record.loss_pct else "")

    names = {router.id: router.name for router in province.routers}
    yield province.fibre, word("fibre"), f"{number(province.fibre.us_per_km)} µs/km"
    plan = province.addressing
    yield plan, word("addressing"), f"{plan.backbone}, {plan.access}"
    for router in province.routers:
        place = f"{number(router.lat)}°, {number(router.lon)}°"
        yield router, f"{word('router')} {router.name}", place
    for link in province.links:
        ends = f"{names[link.a]} – {names[link.b]}"
        yield link, f"{word('link')} {ends}", figures(link)
    yield province.mcu, word("mcu"), figures(province.mcu)
    for bridge in province.bridges:
        yield bridge, f"{word('bridge')} {bridge.name}", figures(bridge)
    for bridge in extra:
        yield bridge, f"{word('new')} {bridge.name}", figures(bridge)
    for change in changes:
        parts = {
            "km": "{} km",
            "rate_mbps": "{} Mb/s",
            "buffer_packets": f"{word('buffer')} {{}} {word('packets')}",
            "loss_pct": f"{word('loss')} {{}} %",
        }
        value = ", ".join(parts[k].format(number(v)) for k, v in change.figures().items())
        yield change, f"{word('change')} {change.link}", value
