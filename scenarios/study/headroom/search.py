"""The largest number of further bridges that passes, judged packet by packet. Pure.

Where arithmetic says that the growth ends, two judgements are enough: of that number and of the
next. Delays and losses are not in arithmetic; where they end it sooner, the numbers between are
halved, and where it was too careful, it goes on upwards.
"""

from __future__ import annotations

from collections.abc import Callable

from giaoban.processes.workers import InlineWorker, WorkerProcess
from giaoban.results.model.result import Result
from giaoban.results.model.studies.headroom import Point
from giaoban.scenarios.study.whatif.judge import judged
from giaoban.sentence import Sentence

MOST_UPWARDS = 6
"""Steps of growing length beyond what arithmetic said; then it is the answer."""


class HeadroomSearch:
    """Judges numbers of further bridges, each once: at the own seed, and what passes at others."""

    def __init__(
        self,
        judge: Callable[[int], Result],
        progress: Callable[[str, float], None],
        beside: WorkerProcess | InlineWorker | None = None,
        at_others: Callable[[int, Result], Result] | None = None,
        at_all: Callable[[int, Result], Result] | None = None,
    ) -> None:
        """Create a search.

        Args:
            judge: judges a number at the own seed.
            at_others: judges a result that passes by other seeds as well.
            at_all: adds the trials at all other seeds to a result.
        """
        self._at_all = at_all or (lambda _more, own: own)
        self._judge = judge
        self._at_others = at_others or (lambda _more, own: own)
        self._progress = progress
        self._beside = beside or InlineWorker()
        self._expected: dict[int, Callable[[], Result]] = {}
        self._through: set[int] = set()
        self._own: dict[int, Result] = {}
        self.results: dict[int, Result] = {}

    def expect(self, more: int) -> None:
        """It will be asked for this number: it may be judged beside, meanwhile."""
        if more not in self._expected:
            self._expected[more] = self._beside.ask(self._judge, more)

    def passes(self, more: int) -> bool:
        """Whether so many more pass, at every seed that is tried."""
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
            self._own[more] = self._judge(more) if expected is None else expected()
            self.results[more] = self._own[more]
        return self.results[more]

    def fails_at_another(self, more: int) -> bool:
        """Return whether so many more fail at another seed; of a failure all seeds are judged."""
        if not self.passes(more):
            seeds = self.results[more].seeds
            if seeds is None or seeds.stopped:
                self.results[more] = self._at_all(more, self._own[more])
        return judged(self.results[more], "estimate").by_luck

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
