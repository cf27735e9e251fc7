"""What a load test rests on that nobody has published: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from giaoban.results.model.result import Assumption
from giaoban.results.model.studies.load import LoadCriterion, MediaResult
from giaoban.scenarios.load.media import LEAST_PCT, START_MS
from giaoban.scenarios.measure.assumptions import assumed
from giaoban.sentence import N_, message

LAST_BACK = "last-back"
_SECONDS = "{seconds} s"
_NO_STANDARD = message(N_("no standard gives it"))
_ENDPOINTS = message(N_("the settings of the province's own endpoints"))


def of_redialling(redial_s: float) -> Iterator[Assumption]:
    """How often a bridge dials again, where no profile of endpoints says it."""
    yield assumed(
        message(N_("how often a bridge dials again that was refused or got no answer")),
        message(_SECONDS, seconds=redial_s),
        message(N_("no document gives it")),
        _ENDPOINTS,
    )


def of_spread(spread_s: float) -> Iterator[Assumption]:
    """Over how long bridges spread; 0: all dial in the same moment, so nothing is assumed."""
    if spread_s:
        yield assumed(
            message(N_("over how long the first dialling is spread with random back-off")),
            message(_SECONDS, seconds=spread_s),
            message(N_("our own choice, to be tried before it is set")),
            _ENDPOINTS,
        )


def of_media(media: Iterable[MediaResult]) -> Iterator[Assumption]:
    """When a call counts as heard and seen; where nobody asked for media nothing is assumed."""
    if any(each.calls for each in media):
        yield assumed(
            message(N_("how much of the sound and the pictures of a call must come")),
            message(
                N_("{share} %, from {start} s after the call was set up at the latest"),
                share=float(LEAST_PCT),
                start=START_MS / 1e3,
            ),
            _NO_STANDARD,
            message(
                N_("the device's documents: how soon it sends, and whether it sends in silence")
            ),
        )


_THRESHOLDS = {
    LAST_BACK: (
        N_("how long it may take until the last bridge is back"),
        "{limit} s",
        N_("a decision of whoever chairs the meetings"),
    ),
}
"""By criterion: what it is, its value, what would settle it."""


def of_criteria(criteria: Iterable[LoadCriterion]) -> Iterator[Assumption]:
    """Thresholds that no standard gives and that nobody has set for this test."""
    for each in criteria:
        if each.id in _THRESHOLDS and not each.set_here:
            what, value, settled_by = _THRESHOLDS[each.id]
            limit = message(value, limit=float(each.threshold))
            yield assumed(message(what), limit, _NO_STANDARD, message(settled_by))
