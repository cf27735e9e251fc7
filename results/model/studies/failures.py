"""What every failure of a network does to a running meeting: `faults.json`, `giaoban.faults/2`.

Data only. A *failure* is one thing that goes wrong in an emulation of its own (or two, for a pair);
what it did to each bridge was measured there. `giaoban.results.judge.failure_points` sums up over
failures.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from giaoban.names import ACCESS_PREFIX
from giaoban.results.model.answer_files import FAULTS, JsonFile
from giaoban.results.model.faults import FaultTarget
from giaoban.results.model.quantities import (
    Amount,
    Count,
    Id,
    LinkDirection,
    Method,
    OneLine,
    Verdict,
)
from giaoban.results.model.reasons import Argument, Reason
from giaoban.results.model.result import Engine, Inputs, Named, Question, RunId
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.tomlfile import StrictModel

_ONE = r"[a-z][a-z-]*(:[a-z0-9-]+)?"
FailureId = Annotated[str, Field(pattern=rf"^{_ONE}(\+{_ONE})?$", max_length=100)]
"""`cut:gia-nghia--dak-song`, `router:r-dak-mil`, `mcu`; a pair joins two with `+`. What is
before the colon is the kind of fault, as `[[fault]]` tables have it."""


FailureVerdict = Verdict | Literal["not-judged"]
"""Of a failure; `not-judged` only of a pair."""


class Element(StrictModel):
    """A thing that fails."""

    kind: FaultTarget
    id: Id


class BridgeImpact(StrictModel):
    """What a failure did to one bridge; times in ms.

    `behind`: without what failed there is no path from it to the MCU. `accepted`: its interruption
    does not count, since the failure takes its power or its only line, or the scenario accepts it,
    or two things fail at once and leave it no path. `cut_off`: its media did not come back while
    the failure lasted. `interruption_ms` is by the failing, the longer one of
    `sound_interruption_ms` and `picture_interruption_ms`; `restored_interruption_ms` by the mending
    (`giaoban.results.model.faults.FaultImpact`). `path_before` and `path_after` are the links from
    the bridge to the MCU before the failure and once the network had its new routes; null: none, or
    not known.
    """

    bridge: Id
    behind: bool
    accepted: bool = False
    cut_off: bool
    interruption_ms: Amount
    sound_interruption_ms: Amount = 0.0
    picture_interruption_ms: Amount = 0.0
    restored_interruption_ms: Amount = 0.0
    packets_lost: Count
    picture_again_ms: Amount | None = None
    redials: Count = 0
    path_before: list[Id] | None = None
    path_after: list[Id] | None = None


class LinkPeak(StrictModel):
    """The worst second of one direction of a link while something had failed, in % of its rate."""

    id: Id
    direction: LinkDirection
    peak_pct: Amount


class Acceptance(StrictModel):
    """That somebody accepts what a failure cuts off, and why; `failure` is the one that was named:
    that of a cut link is taken for its silent failure too."""

    failure: FailureId
    reason: Annotated[str, Field(min_length=1)]
    reason_vi: Annotated[str, Field(min_length=1)]


class SlowCase(StrictModel):
    """The slow case of a failure: how long its interruption may be with other timing.

    `interruption_ms`, at the bridge `at`, is the longest at the run's own seed and at `seeds`
    others, which are estimated; `over_limit` counts those of them that exceed the limit. It
    contains `lsa_wait_ms` of the failure. `mended`: it is by the mending, which is tried only at
    the run's own seed. No `seeds`: the failure cannot be estimated.
    """

    interruption_ms: Amount
    at: Id | None = None
    mended: bool = False
    seeds: Count = 0
    over_limit: Count = 0


class Longest(NamedTuple):
    """An interruption (ms), at which bridge, by the failing or by the mending."""

    ms: float
    at: str | None
    mended: bool


class FailureResult(StrictModel):
    """One failure: what its emulation or estimate found.

    `own` are the bridges of which it takes the power or the only line: those of a site without
    power and of a router, and that of an access link. If it cuts off others it is a single point of
    failure, which is `accepted` with a reason or makes the verdict `fail`. `interruption_ms` is the
    longest by the failing at a bridge that is not `accepted`, at `interruption_at`; null: there is
    no such bridge. The same with `restored_` is by the mending. `packets_lost` are all bridges'
    together, `worst_link` is the most loaded of the backbone. A pair that cuts off bridges is
    `not-judged` where one of its two failures already fails alone (`fails_alone`). Without
    `bridges` the emulation gave no measures; the verdict is then invalid.
    """

    id: FailureId
    kind: Id
    name_en: Annotated[str, Field(min_length=1)]
    name_vi: Annotated[str, Field(min_length=1)]
    elements: Annotated[list[Element], Field(min_length=1)]
    own: list[Id] = Field(default_factory=list)
    verdict: FailureVerdict
    emulated: bool = True
    """False: estimated, since every limit is far."""
    fails_alone: list[FailureId] = Field(default_factory=list)
    reasons: list[OneLine]
    reason_codes: list[Reason] = Field(default_factory=list)
    interruption_ms: Amount | None = None
    interruption_at: Id | None = None
    restored_interruption_ms: Amount | None = None
    restored_interruption_at: Id | None = None
    packets_lost: Count = 0
    worst_link: LinkPeak | None = None
    bridges: list[BridgeImpact] = Field(default_factory=list)
    links: list[LinkPeak] = Field(default_factory=list)
    accepted: Acceptance | None = None
    lsa_wait_ms: Amount = 0.0
    """How long routers may have to wait for MinLSInterval, in ms."""
    slow: SlowCase | None = None
    """Null: nothing was interrupted, or far less than the limit, or bridges were cut off that are
    not accepted."""

    @property
    def others_cut_off(self) -> list[Id]:
        """Bridges cut off of which the failure takes neither the power nor the only line."""
        return sorted(set(self.cut_off) - set(self.own))

    @property
    def own_cut_off(self) -> list[Id]:
        """Those of which it takes the power or the only line."""
        return sorted(set(self.cut_off) & set(self.own))

    @property
    def longest(self) -> Longest | None:
        """The longest interruption by the failing or the mending; None: there was none."""
        found = [
            Longest(self.interruption_ms or 0.0, self.interruption_at, mended=False),
            Longest(
                self.restored_interruption_ms or 0.0, self.restored_interruption_at, mended=True
            ),
        ]
        worst = max(found, key=lambda one: one.ms)
        return worst if worst.ms else None

    @property
    def slowest(self) -> Longest | None:
        """The longest interruption in the slow case, which is judged; None: there was none."""
        if self.slow is None:
            return self.longest
        return Longest(self.slow.interruption_ms, self.slow.at, self.slow.mended)

    @property
    def cut_off(self) -> list[Id]:
        """Bridges whose media did not come back, sorted."""
        return sorted(b.bridge for b in self.bridges if b.cut_off)

    @property
    def lost_needlessly(self) -> list[Id]:
        """Bridges cut off although there was another path, sorted."""
        return sorted(b.bridge for b in self.bridges if b.cut_off and not b.behind)


class SinglePoint(StrictModel):
    """One thing whose failure alone takes bridges out of the meeting.

    `cut_off` are the bridges, without those of which it takes the power or the only line;
    `failures` by which it showed, `accepted` those of them that were accepted, with the reasons.
    """

    element: Element
    name_en: Annotated[str, Field(min_length=1)]
    name_vi: Annotated[str, Field(min_length=1)]
    cut_off: Annotated[list[Id], Field(min_length=1)]
    failures: Annotated[list[FailureId], Field(min_length=1)]
    accepted: dict[FailureId, Acceptance] = Field(default_factory=dict)

    @property
    def is_accepted(self) -> bool:
        return set(self.accepted) == set(self.failures)

    @property
    def reasons(self) -> list[Acceptance]:
        """Why it was accepted, each reason once."""
        return list({each.failure: each for each in self.accepted.values()}.values())


class Unneeded(StrictModel):
    """An acceptance of what is no single point of failure, or has not been tried."""

    failure: FailureId
    why: Literal["no-single-point", "not-tried"]


class LinkWorst(StrictModel):
    """The worst load of one direction of a link over all failures, and which failure causes it."""

    id: Id
    direction: LinkDirection
    peak_pct: Amount
    failure: FailureId


ChangeSense = Literal["worse", "better", "other"]


class Change(StrictModel):
    """One thing that is not as it was accepted; `failure` null: it is about the inputs.

    `what` is in English, with identifiers; `code` and `arguments` are the same for documents
    (`giaoban.results.model.changes`), "" in answers that have none.
    """

    sense: ChangeSense
    failure: FailureId | None
    what: str
    code: str = ""
    arguments: dict[str, Argument] = Field(default_factory=dict)

    @property
    def line(self) -> str:
        """In one line, e.g. `cut:x: cu-jut is cut off (was: interrupted 412.0 ms)`."""
        return self.what if self.failure is None else f"{self.failure}: {self.what}"


class NotTried(StrictModel):
    """A failure that was accepted and is not in the answer, as it was called when accepted."""

    id: FailureId
    name_en: Annotated[str, Field(min_length=1)]
    name_vi: Annotated[str, Field(min_length=1)]


class Comparison(StrictModel):
    """What changed since an accepted answer, the baseline of that name.

    `by_criteria` is the verdict that the criteria alone give; `known` are the failures of which the
    baseline holds that they cut off those whom they cut off now. `not_tried` and `names` are what
    the baseline calls failures that were not tried, and nodes and links, which may be gone.
    """

    baseline: str
    reason: str
    by_criteria: Verdict
    changes: list[Change]
    known: list[FailureId] = Field(default_factory=list)
    not_tried: list[NotTried] = Field(default_factory=list)
    names: dict[str, str] = Field(default_factory=dict)

    @property
    def worse(self) -> list[Change]:
        """Those that must not pass unseen."""
        return [change for change in self.changes if change.sense == "worse"]


class Timing(StrictModel):
    """How each failure was tried, in seconds: phases, and from when to when it lasted.

    `to_s` null: what does not come back in the run. Counted from the first phase's start.
    """

    before_s: Amount
    during_s: Amount
    after_s: Amount
    at_s: Amount
    to_s: Amount


class FaultsAnswer(JsonFile):
    """The whole answer of `giaoban faults`.

    `whole` says that every failure of a set was tried and not some picked by hand; `possible` are
    the ids of all failures that this network can have, tried or not. `unneeded` are the scenario's
    acceptances that accepted nothing.

    `verdict` is the answer that the exit code tells: where there is a `comparison` with a baseline,
    that nothing is worse, or that something is, with the reasons; a run that cannot be trusted is
    neither. `by_criteria` is what the criteria alone say.
    """

    FILE: ClassVar[str] = FAULTS
    schema_id: Literal["giaoban.faults/2"] = Field(default="giaoban.faults/2", alias="schema")
    run_id: RunId
    verdict: Verdict
    reasons: list[OneLine]
    question: Question
    engine: Engine | None
    inputs: Inputs
    timing: Timing
    whole: bool
    possible: list[FailureId]
    failures: Annotated[list[FailureResult], Field(min_length=1)]
    single_points: list[SinglePoint]
    unneeded: list[Unneeded] = Field(default_factory=list)
    links: list[LinkWorst]
    link_limit_pct: Amount
    interruption_limit_ms: Amount
    names: dict[str, str]
    comparison: Comparison | None = None
    not_judged: list[Unmodelled] = Field(default_factory=list)
    """What no verdict of this answer speaks of, since the calls' sound does not let it."""

    @property
    def is_estimate(self) -> bool:
        """Worked out and not emulated: no document for approval."""
        return self.method == "estimate"

    @property
    def method(self) -> Method:
        return "sandbox" if self.engine is None else self.engine.name

    @property
    def estimated(self) -> list[FailureResult]:
        """Failures that were not emulated, of an answer that emulated others."""
        return [] if self.is_estimate else [f for f in self.failures if not f.emulated]

    @property
    def by_criteria(self) -> Verdict:
        return self.verdict if self.comparison is None else self.comparison.by_criteria

    @property
    def bridges(self) -> list[Named]:
        """Everybody in the meeting, the existing ones first."""
        return [*self.question.existing, *self.question.new]

    @property
    def untried(self) -> list[FailureId]:
        """Failures that this network can have and that were not tried by themselves."""
        tried = {failure.id for failure in self.failures}
        return [ident for ident in self.possible if ident not in tried]

    @property
    def interrupts_longest(self) -> FailureResult | None:
        """The failure with the longest interruption that the network could have kept shorter; of
        equals the first by its id. None: there was none."""
        found = [(-slowest.ms, f.id, f) for f in self.failures if (slowest := f.slowest)]
        return min(found, key=lambda one: one[:2])[2] if found else None

    @property
    def most_loaded(self) -> LinkWorst | None:
        """The link that any failure loads most; of equals the first by its id."""
        return min(self.links, key=lambda w: (-w.peak_pct, w.id, w.direction), default=None)

    @property
    def all_links(self) -> set[Id]:
        """Links that failed or carried something, and those of the baseline, which may be gone: by
        the kinds of failures that links have here."""
        elements = [element for failure in self.failures for element in failure.elements]
        found = {element.id for element in elements if element.kind == "link"}
        found |= {link.id for link in self.links}
        of_links = {
            kind
            for kind, _, ident in map(_partition, self.possible)
            if ident in found or ident.startswith(ACCESS_PREFIX)
        }
        if self.comparison is not None:
            accepted = [change.failure or "" for change in self.comparison.changes]
            accepted += [each.id for each in self.comparison.not_tried]
            parts = (_partition(part) for ident in accepted for part in ident.split("+"))
            found |= {ident for kind, _, ident in parts if kind in of_links}
        return found

    def name(self, ident: str) -> str:
        return self.names.get(ident, ident)


def _partition(failure: FailureId) -> tuple[str, str, str]:
    return failure.partition(":")
