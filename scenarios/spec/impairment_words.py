"""Impairments in words: every document tells what was done on purpose."""

from __future__ import annotations

import math
from collections.abc import Sequence

from giaoban.translation import N_, Message, joined, pgettext
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

_MEDIA = {
    "audio": Message(N_("sound")),
    "video": Message(N_("picture")),
    "content": Message(N_("slides")),
}
_WAYS = {"up": Message(N_("up")), "down": Message(N_("down"))}
_LOSS: dict[type, Message] = {
    BernoulliLoss: Message(pgettext("loss", "independent")),
    GilbertLoss: Message(pgettext("loss", "Gilbert")),
    GilbertElliottLoss: Message(pgettext("loss", "Gilbert–Elliott")),
    FourStateLoss: Message(pgettext("loss", "four states")),
    TraceLoss: Message(pgettext("loss", "as recorded")),
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
        told = joined([place, words], ": ")
        found.append((told.en, told.vi, from_s, to_s))
    return found


def what(item: Impairment) -> Message:
    """What is done to the packets."""
    parts = []
    if item.loss is not None:
        parts.append(_loss(item.loss))
    if item.corrupt:
        parts.append(Message(N_("{share} % damaged"), share=_rounded(100 * item.corrupt)))
    if item.duplicate:
        parts.append(Message(N_("{share} % sent twice"), share=_rounded(100 * item.duplicate)))
    if item.rate is not None:
        parts.append(
            Message(
                N_("rate {rate} kb/s, {packets} packets may wait"),
                rate=_rounded(item.rate.kbps),
                packets=item.rate.buffer_packets,
            )
        )
    if item.jitter is not None:
        parts.append(_jitter(item.jitter))
    return joined(parts, "; ")


def _loss(model: Loss) -> Message:
    share, burst, kind = _rounded(100 * loss_rate(model)), mean_burst(model), _LOSS[type(model)]
    if isinstance(model, BernoulliLoss) or math.isinf(burst):
        return Message(N_("{share} % loss, {kind}"), share=share, kind=kind)
    return Message(
        N_("{share} % loss, {kind}, bursts of {burst} packets on average"),
        share=share,
        kind=kind,
        burst=_rounded(burst),
    )


def _jitter(model: Jitter) -> Message:
    match model:
        case NormalJitter():
            figures = Message("{mean} ± {sd}", mean=model.mean_ms, sd=model.sd_ms)
            law = Message(pgettext("jitter", "normal"))
        case GammaJitter():
            figures = Message("{mean}", mean=model.shape * model.scale_ms)
            law = Message(pgettext("jitter", "gamma"))
        case ParetoJitter():
            figures = Message("{mean}", mean=float(f"{model.scale_ms / (model.shape - 1):.3g}"))
            law = Message(pgettext("jitter", "Pareto"))
    text = N_("{delay} ms more delay, {law}")
    if model.reorder:
        text = N_("{delay} ms more delay, {law}, packets overtake each other")
    return Message(text, delay=figures, law=law)


def _place(item: Impairment, names: dict[str, str]) -> Message:
    if item.bridge is not None:
        parts = [Message("{name}", name=names[item.bridge]), _WAYS[item.way]]
        if media := _MEDIA.get(item.kind or BOTH):
            parts.append(media)
        return joined(parts, ", ")
    assert item.link is not None
    host = item.link.removeprefix("access-")
    if host == item.link:
        return Message(N_("link {ends}"), ends=host)
    line = Message(pgettext("fault", "access line of {host}"), host=names.get(host, host))
    if item.way == BOTH:
        return line
    up = item.way == "up" or item.way.startswith(f"{host}->")
    return joined([line, _WAYS["up" if up else "down"]], ", ")


def _rounded(value: float) -> float:
    """Three digits, or all of a whole number's: never with an exponent."""
    return float(f"{value:.3g}") if abs(value) < 100 else round(value)
