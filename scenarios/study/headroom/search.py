"""The largest number of further bridges that passes, judged packet by packet. Pure.

Where arithmetic says that the growth ends, two judgements are enough: of that number and of the
next. Delays and losses are not in arithmetic; where they end it sooner, the numbers between are
halved, and where it was too careful, it goes on upwards.
"""

from __future__ import annotations

from collections.abc import Callable

from giaoban.processes.workers import Helpers, InlineWorker
from giaoban.results.model.result import Result
from giaoban.results.model.studies.headroom import Point
from giaoban.scenarios.study.whatif.judge import judged
from giaoban.sentence import Sentence

MOST_UPWARDS = 6
"""Steps of growing length beyond what arithmetic said; then it is the answer."""


class HeadroomSearch:
    """Judges numbers of further bridges, each once: at the own seed, then by all seeds."""

    def __init__(
        self,
        judge: Callable[[int], Result],
        progress: Callable[[str, float], None],
        beside: Helpers | None = None,
        at_others: Callable[[int, Result], Result] | None = None,
    ) -> None:
        """Create a search.

        Args:
            judge: judges a number at the own seed.
            at_others: judges a result by all seeds.
        """
        self._judge = judge
        self._at_others = at_others or (lambda _more, own: own)
        self._progress = progress
        self._beside = beside or InlineWorker()
        self._expected: dict[int, Callable[[], Result]] = {}
        self._through: set[int] = set()
        self.results: dict[int, Result] = {}

    def expect(self, more: int) -> None:
        """It will be asked for this number: it may be judged beside, meanwhile."""
        if more not in self._expected:
            self._expected[more] = self._beside.ask(self._judge, more)

    def passes(self, more: int) -> bool:
        """Return whether so many more pass by all seeds."""
        own = self.look(more)
        if more not in self._through:
            self.results[more] = self._at_others(more, own)
            self._through.add(more)
        return self.results[more].verdict == "pass"

    def look(self, more: int) -> Result:
        """The answer for so many more, at the own seed if no other was tried."""
        if more not in self.results:
            done = min(0.85, 0.1 + 0.1 * len(self.results))
            self._progress(
                Sentence("estimating {more} more {more:bridge|bridges}", more=more), done
            )
            expected = self._expected.get(more)
            self.results[more] = self._judge(more) if expected is None else expected()
        return self.results[more]

    def fails_at_another(self, more: int) -> bool:
        """Return whether so many more fail, or are undecided, because of other seeds."""
        return not self.passes(more) and judged(self.results[more], "estimate").by_luck

    def points(self) -> list[Point]:
        return [
            Point(more=more, judged=judged(result, "estimate"))
            for more, result in sorted(self.results.items())
        ]


def largest(first: int, judging: HeadroomSearch) -> int:
    """The largest number that passes while the next one does not; −1 if not even 0 passes.

    `first` is where arithmetic says that the growth ends. It is taken for granted that what is too
    much stays too much.
    """
    if judging.passes(first):
        low, step = first, 1
        for _ in range(MOST_UPWARDS):
            if not judging.passes(low + step):
                break
            low, step = low + step, 2 * step
        else:
            return low
        high = low + step
    else:
        low, high = -1, first
        if first and judging.passes(0):
            low = 0
        elif first:
            return -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if judging.passes(middle) else (low, middle)
    return low
