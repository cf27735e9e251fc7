"""Approvals against figures as they are now: which of them left the range in which one held. Pure.

An approval holds, all else being as assumed, from flip point to flip point of each figure that was
tried (`sensitivity.json`). A figure that was measured since, or entered anew, may lie beyond. What
was tried at no other value (a call profile, a bridge that is new, a figure that was no assumption)
holds only as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from giaoban.results.model.studies.sensitivity import Sensitivity, TriedFigure
from giaoban.tomlfile import StrictModel

State = Literal["holds", "falls", "untried"]


class Now(NamedTuple):
    """A figure as the files have it, and whether it is still assumed."""

    value: float | str | None
    assumed: bool


class Moved(StrictModel):
    """A figure that is another than an approval assumed, or no assumption any more.

    `state`: the verdict `holds` there; `falls`: it was found to be another, `to` is the last value
    at which it held; `untried`: it was tried only up to `to`, or the figure is gone (`now` null).
    `settled`: it is no assumption any more.
    """

    key: str
    what: str
    what_vi: str
    field: str
    unit: str
    was: float | str
    now: float | str | None
    settled: bool
    state: State
    to: float | str | None = None


Fact = float | str
Records = Mapping[str, Mapping[str, Fact]]
"""What a question is made of: of each record, by its name, the fields that have a say."""


class Changed(StrictModel):
    """What is another than it was and no analysis tried: a field, or a whole record (`new`, `gone`:
    then `was` and `now` are null). `what`, `what_vi`: what people call the record, where it has a
    name; `field`: which of its figures it is, '' of a whole record."""

    key: str
    what: str = ""
    what_vi: str = ""
    field: str = ""
    state: Literal["other", "new", "gone"]
    was: Fact | None = None
    now: Fact | None = None


class Rechecked(StrictModel):
    """An approval and what moved since. `reason`: why nothing can be said of it, '' if it can.

    `changed`: what else is another now; null: the run's own inputs could not be read, so that only
    figures that were tried are compared.
    """

    run_id: str
    folder: str
    moved: list[Moved]
    changed: list[Changed] | None
    reason: str = ""
    reason_vi: str = ""

    @property
    def falls(self) -> bool:
        """Whether some figure left the range in which it held, or what was never tried changed."""
        return bool(self.changed) or any(each.state != "holds" for each in self.moved)


def moved(answer: Sensitivity, now: Mapping[str, Now]) -> list[Moved]:
    """All figures of an analysis that are others now, or settled; in its order."""
    found = []
    for figure in answer.figures:
        current = now.get(figure.key, Now(None, assumed=False))
        if current.value == figure.value and current.assumed:
            continue
        state, to = _state(figure, current.value)
        found.append(
            Moved(
                key=figure.key,
                what=figure.what,
                what_vi=figure.what_vi or figure.what,
                field=figure.field,
                unit=figure.unit,
                was=figure.value,
                now=current.value,
                settled=current.value is not None and not current.assumed,
                state=state,
                to=to,
            )
        )
    return found


def changed(then: Records, now: Records, tried: Iterable[str]) -> list[Changed]:
    """All that is another now but the figures that an analysis `tried` (`RECORD.FIELD`).

    Of a record that is new or gone nothing below is told; one that is gone with figures that were
    tried is told by `moved`.
    """
    known, found, whole = {*tried}, [], set[str]()
    for name in dict.fromkeys((*then, *now)):
        if any(name.startswith(f"{other}.") for other in whole):
            continue
        if name in then and name in now:
            was, current = then[name], now[name]
            found += [
                Changed(key=key, state="other", was=was.get(field), now=current.get(field))
                for field in dict.fromkeys((*was, *current))
                if was.get(field) != current.get(field) and (key := f"{name}.{field}") not in known
            ]
            continue
        whole.add(name)
        if name in now:
            found.append(Changed(key=name, state="new"))
        elif not any(key.startswith(f"{name}.") for key in known):
            found.append(Changed(key=name, state="gone"))
    return found


def _state(figure: TriedFigure, now: float | str | None) -> tuple[State, float | str | None]:
    was = figure.value
    if now is None:
        return "untried", None
    if isinstance(now, str) or isinstance(was, str):
        if now in [flip.flips for flip in figure.chosen]:
            return "falls", was
        return ("holds", None) if now in (was, *figure.choices) else ("untried", was)
    if now == was:
        return "holds", None
    flip, end = (figure.below, figure.low) if now < was else (figure.above, figure.high)
    sign = 1 if now > was else -1
    if flip is not None:
        return ("falls", flip.holds) if sign * (now - float(flip.holds)) > 0 else ("holds", None)
    return ("untried", end) if end is None or sign * (now - end) > 0 else ("holds", None)
