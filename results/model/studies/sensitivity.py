"""For which world a verdict holds: `sensitivity.json`, `giaoban.sensitivity/1`. Data only."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from giaoban.results.model.answer_files import SENSITIVITY, JsonFile
from giaoban.results.model.places import Binding
from giaoban.results.model.quantities import Amount, Count, Id, Verdict
from giaoban.results.model.result import Assumption, CriterionResult, Inputs, RunId
from giaoban.results.model.robustness import PassedWorlds
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.tomlfile import StrictModel

OF_LIMITS = "threshold"
"""The field of a figure that is a criterion's limit."""
RangeFrom = Literal["kind", "beside", "ranges"]
"""Who says how far a figure may be (`TriedFigure`)."""
FAR_PCT = 100.0
"""A limit that is passed by as much again counts as no further than that."""


class FlipPoint(StrictModel):
    """Two neighbouring values of a figure: at `holds` the verdict is as it was, at `flips` not.

    There it is `verdict`, and `binding` what then limits the answer.
    """

    holds: float | str
    flips: float | str
    verdict: Verdict
    binding: Binding | None


class TriedValue(StrictModel):
    """The world in which one figure is `value`: its verdict, and what limits it.

    `margin_pct` is the margin of that criterion, -100 where it is that or less: such a world is not
    estimated to its end, and the criterion is what had failed by then. Null: it was not measured.
    """

    value: float | str
    verdict: Verdict
    criterion: Id | None
    margin_pct: float | None

    @property
    def held_pct(self) -> float:
        """The margin, from all (100) to as far past the limit (-100), where nothing was measured
        too."""
        return -FAR_PCT if self.margin_pct is None else max(-FAR_PCT, self.margin_pct)


class TriedFigure(StrictModel):
    """An assumed figure that was tried at other values, from `low` to `high` or at `choices`.

    `what` and `what_vi` tell which record it stands in, `field` which figure of it is meant; `key`
    is where it stands. `below` and `above` are the nearest flips; null: the verdict is the same at
    all values that were tried on that side. `chosen` are choices at which it is another. `curve`
    has all values that were judged, the figure as assumed among them, from the lowest up; values
    that no file may say are not in it. `scale` is that of the range (`log`: equal ratios are
    equally far apart), and `whole` whether only whole numbers mean anything. `range_from`: who says
    how far it may be: `ranges`, a file of the user's; `beside`, the file in which the figure
    stands; `kind`, the program, of all figures of this kind. `likely_low`, `likely_high`: between
    what worlds are drawn, by ratios; null: from all of its range, by its scale. `likely_choices`:
    of which choices they are drawn, where not of all. `choice_names`: what people call choices that
    are identifiers.
    """

    key: str
    what: str
    what_vi: str | None = None
    field: str
    unit: str
    value: float | str
    low: float | None = None
    high: float | None = None
    likely_low: float | None = None
    likely_high: float | None = None
    choices: list[str] = Field(default_factory=list)
    likely_choices: list[str] = Field(default_factory=list)
    choice_names: dict[str, str] = Field(default_factory=dict)
    range_from: RangeFrom = "kind"
    range_source: str
    range_source_vi: str | None = None
    settled_by: str
    settled_by_vi: str | None = None
    below: FlipPoint | None = None
    above: FlipPoint | None = None
    chosen: list[FlipPoint] = Field(default_factory=list)
    scale: Literal["linear", "log"] = "linear"
    whole: bool = False
    curve: list[TriedValue] = Field(default_factory=list)

    @property
    def flips(self) -> list[FlipPoint]:
        return [each for each in (self.below, self.above, *self.chosen) if each is not None]

    def is_past_flip(self, value: float | str, criterion: str) -> bool:
        """Return whether this figure at `value`, varied alone, fails a criterion."""

        def fails(flip: FlipPoint | None) -> bool:
            if flip is None or flip.verdict != "fail" or flip.binding is None:
                return False
            return flip.binding.criterion == criterion

        if isinstance(value, str):
            return any(flip.flips == value and fails(flip) for flip in self.chosen)
        below, above = self.below, self.above
        return (below is not None and fails(below) and value <= float(below.flips)) or (
            above is not None and fails(above) and value >= float(above.flips)
        )

    @property
    def nearness(self) -> float:
        """How near the nearest flip is: 1 at the figure itself, 0 if there is none.

        The smaller over the larger of figure and flip; a choice is as near as can be.
        """
        if self.chosen:
            return 1.0
        return max((_share(self.value, flip.flips) for flip in self.flips), default=0.0)

    @property
    def turned(self) -> float:
        """In what part of all that is likely the verdict is another, beyond the nearest flips: 0 to
        1."""
        if self.choices:
            likely = self.likely_choices or self.choices
            return sum(flip.flips in likely for flip in self.chosen) / len(likely)
        below = 0.0 if self.below is None else self._part_below(float(self.below.flips))
        up_to = 1.0 if self.above is None else self._part_below(float(self.above.flips))
        return below + 1 - up_to

    def _part_below(self, value: float) -> float:
        low, high, by_ratios = self.low, self.high, self.scale == "log"
        if self.likely_low is not None:
            low, high, by_ratios = self.likely_low, self.likely_high, True
        assert low is not None
        assert high is not None
        at = min(max(value, low), high)
        if by_ratios and low > 0:
            return math.log(at / low) / math.log(high / low)
        return (at - low) / (high - low)

    @property
    def likeness(self) -> object:
        """All that is told of it but of which record it is; a limit is like no other."""
        flips = [(flip.holds, flip.flips, flip.verdict) for flip in self.flips]
        ends = [(each.value, round(each.held_pct)) for each in (*self.curve[:1], *self.curve[-1:])]
        own = self.key if self.field == OF_LIMITS else self.settled_by
        return (self.field, self.value, self.range_source, own, *flips, *ends)

    @property
    def swing_pct(self) -> float:
        """How far the least margin moves from that as assumed: the largest way, to either side.

        Past the limit no more than as far again: what fails far, fails.
        """
        margins = {each.value: each.held_pct for each in self.curve}
        own = margins.get(self.value, 0.0)
        return max((abs(margin - own) for margin in margins.values()), default=0.0)


def _share(a: float | str, b: float | str) -> float:
    low, high = sorted((abs(float(a)), abs(float(b))))
    return low / high if high else 1.0


class PastFlips(StrictModel):
    """Failing worlds in which a figure of one field lies past its flip point.

    `keys`: the figures that do in any of these worlds, the most frequent first.
    """

    field: str
    keys: Annotated[list[str], Field(min_length=1)]
    worlds: Count


class FailedBy(StrictModel):
    """Drawn worlds that fail, by the criterion that limits the answer there.

    `past_flips`: the figures that fail this criterion when varied alone, by field, the most worlds
    first. `alone`: worlds in which at least one of them lies past its flip point; the other worlds
    fail only by several figures together.
    """

    criterion: Id
    worlds: Count
    alone: Count = 0
    past_flips: list[PastFlips] = Field(default_factory=list)


class DrawnWorlds(PassedWorlds):
    """Worlds in which all assumed figures are others at once, each within its range.

    `impossible` more were drawn whose figures a file may not have.
    """

    seed: Count
    impossible: Count
    failed_by: list[FailedBy]


def verdict_of(
    as_assumed: Verdict, drawn: DrawnWorlds | None, required_pct: float | None
) -> Verdict:
    """As assumed; failed too where fewer of the drawn worlds pass than have to."""
    if as_assumed != "pass" or drawn is None or required_pct is None:
        return as_assumed
    return "pass" if drawn.suffice(required_pct) else "fail"


class Settling(NamedTuple):
    """Figures of one record that the same would settle.

    `share`: 0 to 1, the part of the likely values of these figures in which the verdict is another.
    """

    figures: list[TriedFigure]
    share: float


class UntriedAssumption(StrictModel):
    """An assumption of which nothing can be tried, and why."""

    assumption: Assumption
    why: str
    why_vi: str


class Sensitivity(JsonFile):
    """The whole answer. `verdict` is that of `verdict_of`, which the exit code tells.

    `as_assumed` is the question's by estimate, with all figures as assumed. `required_pct`: the
    share of drawn worlds that had to pass, if that was asked for. `criteria` are as judged as
    assumed, `binding` is what limits it. `seeds` other seeds were judged as well, in every world.
    `drawn` are worlds with all figures changed at once, if that was asked for. `estimates` is how
    many worlds were estimated; in others arithmetic decides. `names` are what people call nodes
    and links. `unmodelled` is what the model leaves out, and in which direction that errs.
    """

    FILE: ClassVar[str] = SENSITIVITY
    schema_id: Literal["giaoban.sensitivity/1"] = Field(
        default="giaoban.sensitivity/1", alias="schema"
    )
    run_id: RunId
    verdict: Verdict
    as_assumed: Verdict
    required_pct: Amount | None = None
    criteria: list[CriterionResult]
    binding: Binding | None
    question_en: str
    question_vi: str
    inputs: Inputs
    seeds: Count
    figures: Annotated[list[TriedFigure], Field(min_length=1)]
    untried: list[UntriedAssumption]
    unmodelled: list[Unmodelled] = Field(default_factory=list)
    drawn: DrawnWorlds | None = None
    names: dict[str, str] = Field(default_factory=dict)
    estimates: Count
    seconds: Amount

    @property
    def fails_in_worlds(self) -> bool:
        """Whether it passes as assumed, but in fewer of the drawn worlds than it has to."""
        return self.verdict != self.as_assumed

    @property
    def deciding(self) -> list[TriedFigure]:
        """Return the figures that can flip the verdict, first to be settled first: by the part of
        their likely values in which the verdict is another, then by the nearness of the flip."""
        found = [figure for figure in self.figures if figure.flips]
        return sorted(found, key=lambda each: (-each.turned, -each.nearness, each.key))

    @property
    def to_settle(self) -> list[Settling]:
        """Return the records of deciding figures, limits aside, the largest share first."""
        records: dict[tuple[str, str], list[TriedFigure]] = {}
        for each in self.deciding:
            if each.field != OF_LIMITS:
                records.setdefault((each.what, each.settled_by), []).append(each)
        found = [
            Settling(figures, 1 - math.prod(1 - each.turned for each in figures))
            for figures in records.values()
        ]
        return sorted(found, key=lambda each: -each.share)

    @property
    def ranked(self) -> list[TriedFigure]:
        """Those of `deciding`; then those that move the margin, the furthest first."""
        others = [each for each in self.figures if not each.flips and each.swing_pct]
        return [*self.deciding, *sorted(others, key=lambda each: (-each.swing_pct, each.key))]

    @property
    def of_choices(self) -> list[TriedFigure]:
        """Those that are no numbers, each with an answer for every choice in its `curve`."""
        return [each for each in self.figures if each.choices]

    @property
    def alike(self) -> list[list[TriedFigure]]:
        """Those of `ranked`; what is the same figure of several records, with the same value, range
        and answers, stands together."""
        found: dict[object, list[TriedFigure]] = {}
        for each in self.ranked:
            found.setdefault(each.likeness, []).append(each)
        return list(found.values())
