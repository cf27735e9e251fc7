"""The assumptions a province rests on, for everything that is shown to people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from giaoban.provenance import Sourced
from giaoban.tomlfile import StrictModel
from topology.model import UNSAID, Access, BridgeSpec, Link, LinkChange, Province, Routing

Lang = Literal["en", "vi"]

_WORDS: dict[str, dict[Lang, str]] = {
    "fibre": {"en": "propagation in fibre", "vi": "độ trễ lan truyền trong sợi quang"},
    "addressing": {"en": "address plan", "vi": "quy hoạch địa chỉ IP"},
    "routing": {"en": "how routers find ways", "vi": "cách bộ định tuyến tìm đường"},
    "static": {"en": "static routes", "vi": "định tuyến tĩnh"},
    "protected": {"en": "protected ring", "vi": "vòng có bảo vệ"},
    "hello_ms": {"en": "hello", "vi": "gói hello mỗi"},
    "dead_ms": {"en": "dead after", "vi": "coi là mất sau"},
    "spf_ms": {"en": "route computation", "vi": "tính lại đường mỗi"},
    "protection_ms": {"en": "switches within", "vi": "chuyển mạch trong"},
    "loss_of_signal_ms": {"en": "loss of light seen after", "vi": "nhận biết mất tín hiệu sau"},
    "route_install_ms": {"en": "routes in effect after", "vi": "đường mới có hiệu lực sau"},
    "speeds": {
        "en": "how soon routers see a loss of light, and new routes take effect",
        "vi": "thời gian bộ định tuyến nhận biết mất tín hiệu và nạp đường mới",
    },
    "qos": {"en": "queueing in routers", "vi": "cách xếp hàng gói tin tại bộ định tuyến"},
    "fifo": {"en": "first in, first out", "vi": "vào trước ra trước, không phân lớp"},
    "classes": {
        "en": "classes: voice first, {} % of the rest for video",
        "vi": "phân lớp: thoại ưu tiên trước, {} % phần còn lại dành cho hình ảnh",
    },
    "router": {"en": "place of router", "vi": "vị trí bộ định tuyến"},
    "link": {"en": "link", "vi": "tuyến"},
    "mcu": {"en": "access of the MCU", "vi": "đường truy nhập của MCU"},
    "bridge": {"en": "access of bridge", "vi": "đường truy nhập của điểm cầu"},
    "new": {"en": "access of new bridge", "vi": "đường truy nhập của điểm cầu mới"},
    "group": {"en": "links in one cable", "vi": "các tuyến chung một cáp"},
    "change": {"en": "changed link", "vi": "tuyến được thay đổi"},
    "buffer": {"en": "buffer", "vi": "bộ đệm"},
    "packets": {"en": "packets", "vi": "gói"},
    "loss": {"en": "loss", "vi": "mất gói"},
}


_SPEEDS = ("loss_of_signal_ms", "route_install_ms")
_TIMERS = ("hello_ms", "dead_ms", "spf_ms", "protection_ms", *_SPEEDS)


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
    if province.routing is not None:
        yield province.routing, word("routing"), _routing(province.routing, word)
        unsaid = [name for name in _SPEEDS if getattr(province.routing, name) is None]
        if province.routing.computed and unsaid:
            value = ", ".join(f"{word(name)} {getattr(UNSAID, name)} ms" for name in unsaid)
            yield UNSAID, word("speeds"), value
    if province.qos is not None:
        how = word(province.qos.scheduling).format(number(province.qos.video_share_pct))
        yield province.qos, word("qos"), how
    for router in province.routers:
        place = f"{number(router.lat)}°, {number(router.lon)}°"
        yield router, f"{word('router')} {router.name}", place
    for link in province.links:
        ends = f"{names[link.a]} – {names[link.b]}"
        yield link, f"{word('link')} {ends}", figures(link)
    yield province.mcu, word("mcu"), figures(province.mcu)
    for bridge in province.bridges:
        yield bridge, f"{word('bridge')} {bridge.name}", figures(bridge)
    for group in province.groups:
        yield group, f"{word('group')} {group.name}", ", ".join(group.links)
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


def _routing(routing: Routing, word: Callable[[str], str]) -> str:
    name = routing.protocol
    parts = ["OSPF" if name in ("ospf", "ospf-bfd") else word(name)]
    if name == "ospf-bfd":
        parts.append(f"BFD {routing.bfd_interval_ms} ms × {routing.bfd_multiplier}")
    figures = {timer: getattr(routing, timer) for timer in _TIMERS}
    parts += [f"{word(timer)} {value} ms" for timer, value in figures.items() if value is not None]
    return ", ".join(parts)
