"""Results in English words and numbers: the twin of `results.report.vietnamese`."""

from __future__ import annotations

from giaoban.counting import Count, counted, unit_of
from results.model.failures import FaultsAnswer
from results.model.in_use import InUse, thing
from results.model.load import LoadResult
from results.model.places import in_english
from results.model.result import Binding, CriterionResult, Impairment, Place, RefusedCommand, Result
from results.report.fault_words import fault_named
from results.report.seed_words import NOT_TRIED, at_seed, by_luck, luck, tried
from results.report.vietnamese import NBSP, Names

NOT_MEASURED = "not measured"
PHASES = {"before": "Before", "during": "During", "after": "After"}
_KINDS = {"audio": "sound", "video": "picture", "content": "content"}
_REFUSALS = {
    408: "the MCU did not answer",
    480: "temporarily unavailable",
    486: "busy",
    488: "the kind of call was not accepted",
    503: "no capacity left",
}


def number(value: float | None, digits: int = 2) -> str:
    """Decimal point, comma between thousands, at most `digits` decimals; `–` for None."""
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def amount(value: float | None, unit: str) -> str:
    """A number with its unit, of which the first word stays on its line."""
    return NOT_MEASURED if value is None else f"{number(value)}{NBSP}{unit_of(value, unit)}"


def in_use(use: InUse) -> str:
    """Of what most is in use, e.g. `62 of 90 units`."""
    return f"{number(use.used_amount)} of {number(use.used_total)} {thing(use.used_of)[1]}"


def limit(criterion: CriterionResult) -> str:
    """The threshold with its sense."""
    sign = "≤" if criterion.sense == "at-most" else "≥"
    return f"{sign}{NBSP}{amount(criterion.threshold, criterion.unit)}"


def refusal(code: int) -> str:
    """A SIP answer (RFC 3261 section 21) in plain words, with its code."""
    return f"{_REFUSALS.get(code, 'refused')} (code {code})"


def resolution(name: str) -> str:
    """What a call asked for or was given."""
    return "sound alone" if name == "audio" else name


def refused_command(refused: RefusedCommand, names: Names) -> str:
    """Who wanted what, about whom, and why not."""
    who = "the MCU's technician" if refused.by == "operator" else names.of(refused.by)
    on = f" ({names.of(refused.on)})" if refused.on else ""
    return f"{who}: {refused.command}{on} – {refused.reason} (code {refused.code})"


def impairment(item: Impairment, names: Names) -> str:
    """What was done on purpose, where and when."""
    way = item.direction or "up"
    if item.target == "link" and item.direction:
        words = [names.link(item.id, way)]
    elif item.target == "link":
        words = [names.both_ways(item.id)]
    else:
        words = [names.of(item.id), way if item.direction else "both ways"]
    if item.media:
        words.append(_KINDS[item.media])
    start = max(item.from_s, 0.0)
    if item.to_s is not None:
        words.append(f"{number(start)} s to {number(item.to_s)} s")
    elif item.from_s > 0:
        words.append(f"{number(start)} s to the end")
    else:
        words.append("all the time")
    return f"{', '.join(words)}: {item.text_en}"


class EnglishNames(Names):
    """The same names; only what is said around them is English."""

    def __init__(self, result: Result | FaultsAnswer | LoadResult) -> None:
        super().__init__(result)
        if isinstance(result, Result):
            self._faults |= {fault.id: fault_named(fault, result.names) for fault in result.faults}

    def of(self, node: str) -> str:
        return in_english(super().of(node))

    def link(self, link: str, direction: str) -> str:
        source, _, target = direction.partition("->")
        if link.startswith("access-"):
            up = link == f"access-{source}"
            host = self.of(source if up else target).split(" (")[0]
            return f"access line of {host} ({'up' if up else 'down'})"
        return f"{self.of(source)} → {self.of(target)}"

    def both_ways(self, link: str) -> str:
        if link.startswith("access-"):
            return f"access line of {self.of(link.removeprefix('access-')).split(' (')[0]}"
        return self.ends(link)

    def place(self, place: Place | None) -> str:
        if place is None:
            return ""
        if place.kind == "link":
            text = self.link(place.id, place.detail or "")
        else:
            text = self.of(place.id)
            if (use := self.use(place)) is not None:
                text += f" ({in_use(use)})"
            elif place.detail and place.kind == "mcu":
                text += f" ({thing(place.detail)[1]})"
            elif place.detail:
                kind, _, way = place.detail.partition(" ")
                text += f", {_KINDS.get(kind, kind)} {way}"
            if place.other:
                text += f", with {self.of(place.other)}"
        if place.fault is not None:
            event = "mending of" if place.mended else "failure"
            text += f", {event}: {self.fault(place.fault)}"
        return text if place.phase is None else f"{text}, {self.phase(place.phase).lower()}"

    def way(self, direction: str) -> str:
        return direction

    def phase(self, name: str) -> str:
        return PHASES.get(name, name)


def verdict_sentence(result: Result) -> str:
    """The answer in one sentence; that of one seed alone says so."""
    said = _verdict(result)
    if result.verdict == "invalid" or tried(result) is not None:
        return said
    return f"{said.removesuffix('.')} ({NOT_TRIED})."


def _verdict(result: Result) -> str:
    new = [bridge.name for bridge in result.question.new]
    total = Count(len(result.criteria))
    every = f"{total:the one criterion|all {total} criteria}"
    failed = sum(not criterion.ok for criterion in result.criteria)
    if result.verdict == "invalid":
        return (
            "Invalid: this check cannot be trusted, so it gives no answer; "
            "it must not be used as a basis for anything."
        )
    what = f"{counted(len(new), 'new bridge')} ({', '.join(new)})"
    if by_luck(result):
        lead = f"with {what} connected, the system" if new else "the system as it is"
        return f"Not met: {lead} {luck(result)}."
    if result.verdict == "fail":
        lead = f"with {what} connected, the system" if new else "the system as it is"
        return f"Not met: {lead} does not meet {failed} of {total} {total:criterion|criteria}."
    if not new:
        return f"Met: the system as it is, without more bridges, meets {every}."
    return (
        f"Met: {what} may be connected; the whole system meets {every} "
        "before, during and after the connection."
    )


def binding_sentence(binding: Binding | None, result: Result, names: Names) -> str:
    """What limits the answer, in one sentence; '' if nothing was judged."""
    criterion = next((c for c in result.criteria if binding and c.id == binding.criterion), None)
    if binding is None or criterion is None:
        return ""
    fails = "Fails most clearly" if binding.cause == "stream" else "Main cause"
    lead = "Closest to its limit" if criterion.ok else fails
    if (at := at_seed(result)) is not None:
        allowed = " (which the scenario allows)" if criterion.ok else ""
        return (
            f"{fails}, at seed {at.seed}{allowed}: {at.criterion.name_en} – "
            f"{names.place(at.binding.place)}: {amount(at.binding.value, at.binding.unit)} "
            f"(limit {limit(at.criterion)})."
        )
    if criterion.place is None:
        return f"{lead}: {criterion.name_en} – nothing to measure (limit {limit(criterion)})."
    return (
        f"{lead}: {criterion.name_en} – {names.place(binding.place)}: "
        f"{amount(binding.value, binding.unit)} (limit {limit(criterion)}, "
        f"margin {number(binding.margin_pct, 0)}{NBSP}%)."
    )
