"""How many more bridges fit, and what is in the way: `headroom.json`, `giaoban.headroom/3`.

Data only. *More* always counts bridges beside those that are in the meeting already.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import HEADROOM, JsonFile
from giaoban.results.model.quantities import Amount, Count, Id, LinkDirection, Method, Verdict
from giaoban.results.model.result import Inputs, RunId
from giaoban.results.model.studies.whatif import Judged, final
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.tomlfile import StrictModel

Thing = Literal["device", "link", "stream"]
"""What runs out: the device's capacity, a link's rate, or what listeners get."""


class Bottleneck(StrictModel):
    """What ends the growth, once all that came before is lifted.

    `more` bridges fit before it. `criterion` fails first, at `id`: the device, or a link in a
    direction; for `stream` it is the bridge whose stream fares worst. `method` says how it is
    known.
    """

    more: Count
    thing: Thing
    id: Id
    name: str
    direction: LinkDirection | None = None
    criterion: Id
    method: Literal["arithmetic", "estimate"]


class RouterRoom(StrictModel):
    """How many more fit if all of them hang on one router; `by` is what is then full.

    `links_more` and `links_by`: the same with a device that takes them all; null: any number.
    """

    router: Id
    name: str
    more: Count
    by: str
    links_more: Count | None
    links_by: str


class LinkRoom(StrictModel):
    """How many more calls one direction of a link carries; null: more than anybody asks for.

    `peak_pct` is its busiest second now, by arithmetic.
    """

    id: Id
    direction: LinkDirection
    rate_mbps: Amount
    peak_pct: Amount
    more: Count | None


class DeviceRoom(StrictModel):
    """How many more calls a device of the catalogue would hold in place of the one that is there.

    `assumed`: its capacity, or what calls cost on it, rests on no document of the maker.
    """

    device: Id
    name: str
    more: Count
    assumed: bool


class Point(StrictModel):
    """One number of further bridges, judged; `confirmed` is the emulation's word."""

    more: Count
    judged: Judged
    confirmed: Judged | None = None

    @property
    def final(self) -> Judged:
        return final(self.judged, self.confirmed)


class Curve(StrictModel):
    """A criterion's margin in % by arithmetic, at every number of `Headroom.grid`."""

    criterion: Id
    margin_pct: list[float]


def verdict_of(more: int, points: Iterable[Point]) -> Verdict:
    """Return the verdict: pass if at least one more bridge fits.

    Invalid if an emulation cannot be trusted; undecided if the first number that does not pass is.
    """
    verdicts = {point.more: point.final.verdict for point in points}
    if "invalid" in verdicts.values():
        return "invalid"
    if more > 0:
        return "pass"
    return "undecided" if verdicts.get(more + 1) == "undecided" else "fail"


class Headroom(JsonFile):
    """The whole answer of `giaoban headroom`.

    `verdict` is that of `verdict_of`, which the exit code tells. `method`: how what matters was
    found in the end, by estimate or (confirmed) by an engine; null: not said.
    `more` is how many fit overall, hung on all routers in turn; -1: those that are there do not
    meet the criteria by themselves. `bottlenecks` are the first and those after it, in order.
    """

    FILE: ClassVar[str] = HEADROOM
    schema_id: Literal["giaoban.headroom/3"] = Field(default="giaoban.headroom/3", alias="schema")
    run_id: RunId
    verdict: Verdict
    method: Method | None = None
    question_en: str
    question_vi: str
    existing: Count
    profile: str
    device: Id
    device_name: str
    pace_s: Amount
    inputs: Inputs
    more: Annotated[int, Field(ge=-1)]
    bottlenecks: list[Bottleneck]
    routers: list[RouterRoom]
    links: list[LinkRoom]
    devices: list[DeviceRoom]
    points: Annotated[list[Point], Field(min_length=1)]
    grid: list[Count]
    curves: list[Curve]
    names: dict[str, str]
    not_judged: list[Unmodelled] = Field(default_factory=list)
    """What no verdict of this answer speaks of, since the calls' sound does not let it."""
    seconds: Amount

    def point(self, more: int) -> Point | None:
        """What was judged at a number of further bridges."""
        return next((point for point in self.points if point.more == more), None)
