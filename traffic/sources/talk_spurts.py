"""When a bridge talks and when it is silent: talk spurts and pauses (ITU-T P.59).

Both lengths are exponential and independent, so a bridge's speech is a two-state Markov process.
It begins in its stationary state: whether it talks at first is drawn too.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from giaoban.provenance import Assumable

_BLOCK = 64
"""Lengths drawn at a time: what is drawn must not hang on how far one looks."""


class SpeechModel(Assumable):
    """Mean lengths of talk spurts and of the pauses between them; figures in profiles.toml."""

    talk_s: Annotated[float, Field(ge=0.01, le=3600)]
    """Mean length of a talk spurt, in seconds."""
    pause_s: Annotated[float, Field(ge=0.01, le=3600)]
    """Mean length of a pause, in seconds."""

    @property
    def activity(self) -> float:
        """The part of the time in which there is talk."""
        return self.talk_s / (self.talk_s + self.pause_s)


class Speech:
    """One talker from `origin_ns` on; the same seed says the same, however it is asked."""

    def __init__(self, model: SpeechModel, seed: int, origin_ns: int = 0) -> None:
        self._origin_ns = origin_ns
        self._rng = np.random.default_rng(seed)
        self._talks_first = bool(self._rng.random() < model.activity)
        means = (model.talk_s, model.pause_s)
        first, second = means if self._talks_first else reversed(means)
        self._means_ns = np.tile([first, second], _BLOCK // 2) * 1e9
        # a rest of an exponential length is as long as a whole one: the first needs no other law
        self._changes_ns = np.zeros(0, np.int64)

    def changes_ns(self, until_ns: int) -> tuple[NDArray[np.int64], bool]:
        """All changes from talk to pause and back before `until_ns`, and whether talk is first.

        Times count from the origin.
        """
        self._draw(until_ns)
        return self._changes_ns[: np.searchsorted(self._changes_ns, until_ns)], self._talks_first

    def talking(self, at_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether there is talk at each of (n,) times, in any order; none is before the origin."""
        if not len(at_ns):
            return np.zeros(0, np.bool_)
        since_ns = at_ns - self._origin_ns
        self._draw(int(since_ns.max()) + 1)
        changes = np.searchsorted(self._changes_ns, since_ns, side="right")
        return np.asarray(changes % 2 == (0 if self._talks_first else 1))

    def _draw(self, until_ns: int) -> None:
        """Know all changes before `until_ns`, and at least one after."""
        drawn = [self._changes_ns]
        last = int(self._changes_ns[-1]) if len(self._changes_ns) else 0
        while last < until_ns:
            lengths = np.maximum(1, np.rint(self._rng.exponential(self._means_ns))).astype(np.int64)
            drawn.append(last + np.cumsum(lengths))
            last = int(drawn[-1][-1])
        if len(drawn) > 1:
            self._changes_ns = np.concatenate(drawn)
