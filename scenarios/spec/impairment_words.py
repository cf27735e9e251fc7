"""Impairments in words: every document tells what was done on purpose."""

from __future__ import annotations

import math
from collections.abc import Sequence

from giaoban.names import ACCESS_PREFIX
from giaoban.results.model.result import Impairment as Declared
from giaoban.scenarios.spec.impairment import Impairment, hops_of
from giaoban.sentence import N_, Sentence, joined, message
from giaoban.topology.lines.bandwidth_profile import BOTH
from giaoban.topology.network import Network
from giaoban.traffic.impairments import loss_rate, mean_burst
from giaoban.traffic.impairments.models import (
    BernoulliLoss,
    GammaJitter,
    GilbertElliottLoss,
    GilbertLoss,
    Jitter,
    Loss,
    NormalJitter,
    ParetoJitter,
)
from giaoban.translation import pgettext

_MEDIA = {
    "audio": message(N_("sound")),
    "video": message(N_("picture")),
    "content": message(N_("slides")),
}
_DIRECTIONS = {"up": message(N_("up")), "down": message(N_("down"))}
_LOSS: dict[type, Sentence] = {
    BernoulliLoss: message(pgettext("loss", "independent")),
    GilbertLoss: message(pgettext("loss", "Gilbert")),
    GilbertElliottLoss: message(pgettext("loss", "Gilbert–Elliott")),
}


def declared(impairments: Sequence[Impairment], network: Network) -> list[Declared]:
    """As the result holds them."""
    found = []
    for item in impairments:
        words, direction = what(item), item.effective_direction
        way = None if direction == BOTH else direction
        if item.link is not None:
            hops = hops_of(item, network)
            way = hops[0].direction if len(hops) == 1 else None
        found.append(
            Declared.model_validate(
                {
                    "target": "link" if item.bridge is None else "bridge",
                    "id": item.link if item.bridge is None else item.bridge,
                    "direction": way,
                    "media": None if item.kind == BOTH else item.kind,
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
        told = joined(": ", [place, words])
        found.append((told.en, told.vi, from_s, to_s))
    return found


def what(item: Impairment) -> Sentence:
    """Return what is done to the packets."""
    parts = []
    if item.loss is not None:
        parts.append(_loss(item.loss))
    if item.corrupt:
        parts.append(message(N_("{share} % damaged"), share=_rounded(100 * item.corrupt)))
    if item.duplicate:
        parts.append(message(N_("{share} % sent twice"), share=_rounded(100 * item.duplicate)))
    if item.rate is not None:
        kbps, packets = _rounded(item.rate.kbps), item.rate.buffer_packets
        text = N_("rate {rate} kb/s, {packets} {packets:packet|packets} may wait")
        parts.append(message(text, rate=kbps, packets=packets))
    if item.jitter is not None:
        parts.append(_jitter(item.jitter))
    return joined("; ", parts)


def _loss(model: Loss) -> Sentence:
    rate, burst, kind = loss_rate(model), mean_burst(model), _LOSS[type(model)]
    if math.isclose(rate, 1.0):  # of which no chance is left to speak of
        return message(N_("all packets lost"))
    share = _rounded(100 * rate)
    if isinstance(model, BernoulliLoss) or math.isinf(burst):
        return message(N_("{share} % loss, {kind}"), share=share, kind=kind)
    return message(
        N_("{share} % loss, {kind}, bursts of {burst} {burst:packet|packets} on average"),
        share=share,
        kind=kind,
        burst=_rounded(burst),
    )


def _jitter(model: Jitter) -> Sentence:
    match model:
        case NormalJitter():
            figures = message("{mean} ± {sd}", mean=model.mean_ms, sd=model.sd_ms)
            law = message(pgettext("jitter", "normal"))
        case GammaJitter():
            figures = message("{mean}", mean=model.shape * model.scale_ms)
            law = message(pgettext("jitter", "gamma"))
        case ParetoJitter():
            figures = message("{mean}", mean=float(f"{model.scale_ms / (model.shape - 1):.3g}"))
            law = message(pgettext("jitter", "Pareto"))
    text = N_("{delay} ms more delay, {law}")
    if model.reorder:
        text = N_("{delay} ms more delay, {law}, packets overtake each other")
    return message(text, delay=figures, law=law)


def _place(item: Impairment, names: dict[str, str]) -> Sentence:
    if item.bridge is not None:
        parts = [message("{name}", name=names[item.bridge]), _DIRECTIONS[item.effective_direction]]
        if media := _MEDIA.get(item.kind or BOTH):
            parts.append(media)
        return joined(", ", parts)
    assert item.link is not None
    host = item.link.removeprefix(ACCESS_PREFIX)
    if host == item.link:
        return message(N_("link {ends}"), ends=host)
    line = message(pgettext("fault", "access line of {host}"), host=names.get(host, host))
    if item.effective_direction == BOTH:
        return line
    up = item.effective_direction == "up" or item.effective_direction.startswith(f"{host}->")
    return joined(", ", [line, _DIRECTIONS["up" if up else "down"]])


_ALL_DIGITS = 1e6
"""Below, a figure (`giaoban.sentence.Figure`) has all digits of a whole number."""


def _rounded(value: float) -> float:
    """Three digits, or all of a whole number's: never with an exponent."""
    if abs(value) < 100:
        return float(f"{value:.3g}")
    return float(round(value)) if abs(value) < _ALL_DIGITS else round(value)
