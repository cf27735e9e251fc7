"""Impairments in words, English and Vietnamese: every document tells what was done on purpose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from results.model.result import Impairment as Declared
from scenarios.spec.hops import BOTH
from scenarios.spec.impairment import Impairment, hops_of
from topology.network import Network
from traffic.impairments import loss_rate, mean_burst
from traffic.impairments.models import (
    BernoulliLoss,
    FourStateLoss,
    GammaJitter,
    GilbertElliottLoss,
    GilbertLoss,
    Jitter,
    Loss,
    NormalJitter,
    ParetoJitter,
    TraceLoss,
)


class Words(NamedTuple):
    """The same in both languages."""

    en: str
    vi: str


def decimal_vi(value: float) -> str:
    """A number in a Vietnamese sentence."""
    return f"{value:g}".replace(".", ",")


_MEDIA = {
    "audio": Words("sound", "âm thanh"),
    "video": Words("picture", "hình ảnh"),
    "content": Words("slides", "tài liệu trình chiếu"),
}
_WAYS = {"up": Words("up", "chiều lên"), "down": Words("down", "chiều xuống")}
_LOSS: dict[type, Words] = {
    BernoulliLoss: Words("independent", "ngẫu nhiên độc lập"),
    GilbertLoss: Words("Gilbert", "mô hình Gilbert"),
    GilbertElliottLoss: Words("Gilbert–Elliott", "mô hình Gilbert–Elliott"),
    FourStateLoss: Words("four states", "mô hình bốn trạng thái"),
    TraceLoss: Words("as recorded", "theo bản ghi"),
}


def declared(impairments: Sequence[Impairment], network: Network) -> list[Declared]:
    """As the result holds them."""
    found = []
    for item in impairments:
        words, way = what(item), None if item.way == BOTH else item.way
        if item.link is not None:
            hops = hops_of(item, network)
            way = hops[0].direction if len(hops) == 1 else None
        one = [] if item.kind in (None, BOTH) else [item.kind]
        found.append(
            Declared.model_validate(
                {
                    "target": "link" if item.bridge is None else "bridge",
                    "id": item.link if item.bridge is None else item.bridge,
                    "direction": way,
                    "media": one[0] if one else None,
                    "from_s": 0.0 if item.from_s is None else item.from_s,
                    "to_s": item.to_s,
                    "text_en": words.en,
                    "text_vi": words.vi,
                }
            )
        )
    return found


def marks(
    impairments: Sequence[Impairment], names: dict[str, str], seconds: float
) -> list[tuple[str, str, float, float]]:
    """(English, Vietnamese, from, to) of each, with its place, for plots."""
    found = []
    for item in impairments:
        from_s, to_s = (0.0 if item.from_s is None else item.from_s), item.to_s or seconds
        words, place = what(item), _place(item, names)
        found.append((f"{place.en}: {words.en}", f"{place.vi}: {words.vi}", from_s, to_s))
    return found


def what(item: Impairment) -> Words:
    """What is done to the packets."""
    parts = []
    if item.loss is not None:
        parts.append(_loss(item.loss))
    if item.corrupt:
        share = 100 * item.corrupt
        parts.append(Words(f"{share:.3g} % damaged", f"{_vi(share)} % gói bị hỏng"))
    if item.duplicate:
        share = 100 * item.duplicate
        parts.append(Words(f"{share:.3g} % sent twice", f"{_vi(share)} % gói bị lặp"))
    if item.rate is not None:
        kbps, packets = item.rate.kbps, item.rate.buffer_packets
        parts.append(
            Words(
                f"rate {_number(kbps)} kb/s, {packets} packets may wait",
                f"tốc độ {_vi(kbps)} kb/s, hàng đợi {packets} gói",
            )
        )
    if item.jitter is not None:
        parts.append(_jitter(item.jitter))
    return Words("; ".join(part.en for part in parts), "; ".join(part.vi for part in parts))


def _loss(model: Loss) -> Words:
    share, burst, kind = 100 * loss_rate(model), mean_burst(model), _LOSS[type(model)]
    if isinstance(model, BernoulliLoss) or math.isinf(burst):
        return Words(f"{share:.3g} % loss, {kind.en}", f"mất {_vi(share)} % gói, {kind.vi}")
    return Words(
        f"{share:.3g} % loss, {kind.en}, bursts of {_number(burst)} packets on average",
        f"mất {_vi(share)} % gói, {kind.vi}, trung bình mỗi đợt mất {_vi(burst)} gói",
    )


def _jitter(model: Jitter) -> Words:
    order = Words("", "")
    if model.reorder:
        order = Words(", packets overtake each other", ", gói có thể đến sai thứ tự")
    match model:
        case NormalJitter():
            figures = f"{model.mean_ms:g} ± {model.sd_ms:g} ms"
            law = Words("normal", "phân bố chuẩn")
        case GammaJitter():
            figures = f"{model.shape * model.scale_ms:g} ms"
            law = Words("gamma", "phân bố gamma")
        case ParetoJitter():
            figures = f"{model.scale_ms / (model.shape - 1):.3g} ms"
            law = Words("Pareto", "phân bố Pareto")
    return Words(
        f"{figures} more delay, {law.en}{order.en}",
        f"trễ thêm {figures.replace('.', ',')}, {law.vi}{order.vi}",
    )


def _place(item: Impairment, names: dict[str, str]) -> Words:
    if item.bridge is not None:
        name, way = names[item.bridge], _WAYS[item.way]
        media = _MEDIA.get(item.kind or BOTH)
        en, vi = f"{name}, {way.en}", f"{name}, {way.vi}"
        return Words(f"{en}, {media.en}", f"{vi}, {media.vi}") if media else Words(en, vi)
    assert item.link is not None
    host = item.link.removeprefix("access-")
    if host == item.link:
        return Words(f"link {host}", f"đường truyền {host}")
    name = names.get(host, host)
    if item.way == BOTH:
        return Words(f"access line of {name}", f"đường truy nhập {name}")
    up = item.way == "up" or item.way.startswith(f"{host}->")
    way = _WAYS["up" if up else "down"]
    return Words(f"access line of {name}, {way.en}", f"đường truy nhập {name}, {way.vi}")


def _number(value: float) -> str:
    """Three digits, or all of a whole number's: never with an exponent."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _vi(value: float) -> str:
    return _number(value).replace(".", ",")
