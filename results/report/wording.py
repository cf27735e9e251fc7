"""What an answer holds, in words and numbers of one language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from giaoban.names import (
    ACCESS_PREFIX,
    BETWEEN,
    access_link_id,
    backbone_ends,
    link_ends,
    link_names,
    link_tag,
)
from giaoban.results.judge.aggregate import stream_place
from giaoban.results.judge.criteria import (
    BESIDE_THE_RUN,
    EVERY_MEETING,
    FAULT_INTERRUPTION,
    LOSS_NO_WORSE,
)
from giaoban.results.judge.under_faults import longest_interruption
from giaoban.results.model.answers import Answer
from giaoban.results.model.faults import AcceptedInterruption, FaultImpact, FaultResult
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.reasons import SENTENCES, Argument, Reason
from giaoban.results.model.result import (
    CriterionResult,
    Impairment,
    InUse,
    Meeting,
    MeetingChecked,
    RefusedCommand,
    Result,
)
from giaoban.results.model.streams import LossKind
from giaoban.results.model.studies.calendar import CalendarAnswer
from giaoban.results.model.studies.failures import FailureResult, FaultsAnswer, NotTried
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.results.report import seed_words as seeds
from giaoban.results.report.document import NOTHING, capital, uncapital
from giaoban.sentence import Sentence, decimals_apart, decimals_of, number
from giaoban.translation import N_, NBSP, SOURCE, Language, Translator, pgettext

MCU = "mcu"
"""The node by which answers know it."""
_PHASES = {
    "before": N_("Before"),
    "during": N_("During"),
    "after": N_("After"),
    "check": N_("System check"),
    "course": N_("Meeting"),
}
_IN_PHASES = {
    "before": N_("before"),
    "during": N_("during"),
    "after": N_("after"),
    "check": N_("in the system check"),
    "course": N_("in the meeting"),
}
_KINDS = {"audio": N_("sound"), "video": N_("picture"), "content": N_("content")}
_DIRECTIONS = {"up": N_("up"), "down": N_("down")}
_REFUSALS = {
    408: N_("the MCU did not answer"),
    480: N_("temporarily unavailable"),
    486: N_("busy"),
    488: N_("the kind of call was not accepted"),
    503: N_("no capacity left"),
}
_REFUSED = N_("refused")
_FLOORS = {
    "chair": N_("the chair and whom it calls are heard"),
    "open": N_("all are heard"),
}
_DIALS = {"in": N_("the bridges call the MCU"), "out": N_("the MCU calls the bridges")}
_QUEUEING = {
    "classes": N_(
        "Routers queue packets by class: voice goes first, pictures are sure of {share} % of what "
        "it leaves, all else has the rest."
    ),
    "fifo": N_("Routers tell no classes apart: no packet has priority."),
}
_UNJUDGED = {
    "slides": N_("nobody shows slides"),
    "faults": N_("nothing fails on purpose"),
}
_LOSS_CAUSES: Mapping[LossKind, str] = {
    "random": N_("random loss"),
    "bursts": N_("loss in bursts"),
    "bit-errors": N_("bit errors"),
    "queue": N_("full queue"),
    "policer": N_("policing at the committed rate"),
    "late": N_("packets later than the playout buffer"),
}
_LOSS_METRICS = {
    "artefacts_per_h",
    "freeze_ms_max",
    "frames_not_shown_pct",
    "listener_lost_pct_20s",
    "mos_listening",
}
"""Metrics of streams that get worse with each packet missed."""
_COMMANDS = (
    N_("request-to-speak"),
    N_("withdraw"),
    N_("call-to-speak"),
    N_("end-speech"),
    N_("mute"),
    N_("unmute"),
    N_("mute-all"),
    N_("layout"),
    N_("drop"),
    N_("redial"),
    N_("present"),
    N_("end-meeting"),
    N_("queue"),
    N_("state"),
    N_("report-interruption"),
)
_COMMAND_REFUSALS = {
    403: N_("not permitted"),
    404: N_("does not apply at that time"),
    481: N_("is not in the meeting"),
    486: N_("the bridge is connecting or busy"),
    503: N_("the MCU is full"),
}

_NOT_DONE = N_("could not be carried out")


EMULATED = Sentence(pgettext("method", "emulated"))
METHOD_WORDS: Mapping[str, Sentence] = {
    "estimate": Sentence("estimated"),
    "sandbox": EMULATED,
    "native": EMULATED,
}
_EMULATION = Sentence("emulation")
METHOD_NOUNS: Mapping[str, Sentence] = {
    "estimate": Sentence("estimate"),
    "sandbox": _EMULATION,
    "native": _EMULATION,
}
VERDICTS: Mapping[str, Sentence] = {
    "pass": Sentence(pgettext("verdict", "pass")),
    "fail": Sentence(pgettext("verdict", "fail")),
    "undecided": Sentence(pgettext("verdict", "undecided")),
    "invalid": Sentence(pgettext("verdict", "invalid")),
    "accepted": Sentence(pgettext("verdict", "accepted")),
    "not-judged": Sentence("not judged"),
    "refused": Sentence(pgettext("verdict", "refused")),
}
"""In a table; a verdict's own word in English."""


def failed_meeting(result: Result) -> MeetingChecked | None:
    """The first meeting of the catalogue that does not pass, where that is what binds."""
    if result.binding is None or result.binding.criterion != EVERY_MEETING:
        return None
    failed = (m for m in result.meetings if m.verdict not in ("pass", None))
    return next((meeting for meeting in failed if meeting.binding is not None), None)


class Wording(Translator):
    """Says what an answer holds, in one language; `of` is the answer it speaks of, if of any.
    Where there is no answer that has them `names` are those of nodes and links, and `link_ends` the
    routers of the links among them."""

    def __init__(
        self,
        language: Language,
        of: Answer | CalendarAnswer | MeetingAnswer | None = None,
        names: Mapping[str, str] | None = None,
        link_ends: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(language)
        self._english = language == SOURCE
        self._names: dict[str, str] = {"mcu": "MCU", **(names or {})}
        self._link_ends: dict[str, tuple[str, str]] = dict(link_ends or {})
        self._links: set[str] = set(self._link_ends)
        self._faults: dict[str, str] = {}
        self._places: dict[str, str] = {}
        self._uses: dict[str, InUse] = {}
        self._chair = of.question.chair if isinstance(of, Result) else None
        if isinstance(of, FaultsAnswer):
            if of.comparison is not None:  # what it names may be gone
                self._names |= of.comparison.names
            self._names |= {bridge.id: bridge.name for bridge in of.bridges} | of.names
            self._links |= of.all_links
            self._know_links((link.id, link.direction) for link in of.links)
        elif isinstance(of, CalendarAnswer):
            self._names |= of.names
        elif isinstance(of, LoadResult):
            pass  # names are those of the load itself
        elif isinstance(of, MeetingAnswer):
            self._names |= of.names
            for part in of.parts:
                self._know(part.faults, of.names)
        elif of is not None:
            for phase in of.phases:
                self._uses[phase.name] = phase.mcu
                self._names |= {bridge.id: bridge.name for bridge in phase.bridges}
            self._names |= {b.id: b.name for b in [*of.question.existing, *of.question.new]}
            self._names |= of.names
            ways = {(link.id, link.direction) for phase in of.phases for link in phase.links}
            self._know_links(sorted(ways))
            self._names |= link_names(self._link_ends, self._names)
            self._know(of.faults, of.names)

    def _know_links(self, directions: Iterable[tuple[str, str]]) -> None:
        self._link_ends |= backbone_ends(directions)
        self._links |= self._link_ends.keys()

    def _know(self, faults: Sequence[FaultResult], names: Mapping[str, str]) -> None:
        """What faults are called where only their identifiers are told."""
        self._faults |= {each.id: self.fault_named(each, names) for each in faults}
        self._places |= {
            each.id: self._fault_at(each, names) for each in faults if each.target != "mcu"
        }

    # ------------------------------------------------------------------ numbers

    def amount(self, value: float | None, unit: str, limit: float | None = None) -> str:
        """Return a number with its unit, of which the first word stays on its line.

        Args:
            limit: its limit; the number has the decimals that show it beside that.
        """
        if value is None:
            return self.gettext("not measured")
        decimals = decimals_of(value, limit)
        return f"{self.number(value, decimals)}{NBSP}{self.unit(round(value, decimals), unit)}"

    def beside(self, value: float | None, limit: float | None) -> str:
        """Return a number with the decimals that show it beside its limit; `–` for None."""
        return self.number(value, 2 if value is None else decimals_of(value, limit))

    def in_unit(self, value: float | None, of: CriterionResult) -> str:
        """With as many decimals as tell it from the limit."""
        return self.amount(value, self.either(of.unit, of.unit_vi), of.threshold)

    def limit(self, criterion: CriterionResult) -> str:
        """The threshold with its sense, e.g. `≤ 150 ms`."""
        sign = "≤" if criterion.sense == "at-most" else "≥"
        return f"{sign}{NBSP}{self.in_unit(criterion.threshold, criterion)}"

    def in_use(self, use: InUse) -> str:
        """Of what most is in use, e.g. `62 of 90 units`."""
        used, total = self.number(use.used_amount), self.number(use.used_total)
        return self.gettext(
            "{used} of {total} {things}", used=used, total=total, things=self.things(use.used_of)
        )

    def things(self, used_of: str) -> str:
        """What is counted of a device (`InUse.used_of`), to follow a number."""
        if used_of.startswith("ports of "):
            level = used_of.removeprefix("ports of ")
            return self.gettext("ports that a call at {level} may take", level=level)
        if used_of.startswith("limit "):
            kinds = used_of.removeprefix("limit ")
            return self.gettext("calls of the limit for {kinds}", kinds=kinds)
        if used_of == "audio-ports":
            return self.gettext("ports for sound alone")
        return self.unit(2, used_of)

    def either(self, en: str, vi: str | None) -> str:
        """A text that is stored in both; other languages have their catalogue's for the English."""
        return (self.language == "vi" and vi) or self.text(en)

    # ------------------------------------------------------------------ names, places

    def of(self, node: str) -> str:
        """Return the name of a node, or its id if it has none; the chair bridge's with its role."""
        if node == self._chair:
            return self.gettext("{name} (chair bridge)", name=self.bridge(node))
        return self.bridge(node)

    def bridge(self, node: str) -> str:
        """Return the name of a node, or its id if it has none, without a role."""
        return self._names.get(node, node)

    def as_filed(self, filed: list[str], said: Callable[[], list[str]]) -> list[str]:
        """In English the sentences that a file has, which speak of places by their identifiers; in
        another language what can be `said` of its codes."""
        return filed if self._english else said()

    def direction(self, direction: str) -> str:
        """`up` or `down` in words."""
        return self.gettext(_DIRECTIONS[direction]) if direction in _DIRECTIONS else direction

    def kind(self, kind: str) -> str:
        return self.gettext(_KINDS[kind]) if kind in _KINDS else kind

    def stream(self, detail: str) -> str:
        """A stream of a bridge, as places have it: `audio down`."""
        kind, _, way = detail.partition(" ")
        return f"{self.kind(kind)} {self.direction(way)}"

    def link(self, link: str, direction: str) -> str:
        """`Gia Nghĩa → Đắk Song`, or `access line of Quảng Sơn (up)`."""
        source, _, target = direction.partition("->")
        if not link.startswith(ACCESS_PREFIX):
            return f"{self.of(source)} → {self.of(target)}{link_tag(link, self._names)}"
        up = link == access_link_id(source)
        if (source if up else target) == MCU:  # whose up is what bridges call down
            if up:
                return self.gettext("access line of the MCU (towards the bridges)")
            return self.gettext("access line of the MCU (from the bridges)")
        host = self._host(source if up else target)
        way = self.direction("up" if up else "down")
        return self.gettext("access line of {host} ({way})", host=host, way=way)

    def filled(self, by: str) -> str:
        """What is full: a link's direction, as answers have it (`a--b r-a->r-b`), or in words."""
        link, _, direction = by.partition(" ")
        return self.link(link, direction) if "->" in direction else self.gettext(by)

    def both_ways(self, link: str) -> str:
        """A link by its id, whose directions do not matter."""
        if link.startswith(ACCESS_PREFIX):
            host = self._host(link.removeprefix(ACCESS_PREFIX))
            return self.gettext("access line of {host}", host=host)
        return self.ends(link)

    def line(self, link: str, direction: str = "") -> str:
        """A link, or a direction of it, within a sentence: `link Gia Nghĩa ↔ Đắk Song`."""
        if direction:
            told = self.link(link, direction)
            if link.startswith(ACCESS_PREFIX):
                return uncapital(told)
            return self.gettext("link {ends}", ends=told)
        if not link.startswith(ACCESS_PREFIX):
            return self.gettext("link {ends}", ends=self.ends(link))
        host = self._host(link.removeprefix(ACCESS_PREFIX))
        return self.pgettext("fault", "access line of {host}", host=host)

    def _host(self, node: str) -> str:
        """Whose an access line is: the line of an MCU is there whatever device stands behind it."""
        return "MCU" if node == MCU else self.bridge(node)

    def ends(self, link: str) -> str:
        """A backbone link by the names of its ends, and what tells it from those beside it."""
        return " ↔ ".join(self._both_ends(link)) + link_tag(link, self._names)

    def _both_ends(self, link: str) -> Sequence[str]:
        """What people call the ends of a backbone link; by its id where an answer does not name it,
        as that of a link which is gone."""
        ends = self._link_ends.get(link)
        if ends is not None and self._names.keys() >= set(ends):
            a, b = (self._names[end] for end in ends)
            turned = BETWEEN.join((b, a))  # measures have either direction first
            named = self._names.get(link, "").removesuffix(f" ({link})")
            return (b, a) if named == turned else (a, b)
        return link_ends(link, self._names) or [
            self._names.get(f"r-{end}", self.of(end)) for end in link.split("--")
        ]

    def is_link(self, ident: str) -> bool:
        """Whether it is a link, and no node, group or bridge, by what the network says of it."""
        if ident.startswith(ACCESS_PREFIX) or ident in self._links:
            return True
        return "--" in ident and ident not in self._names  # gone

    def phase(self, name: str) -> str:
        return self.gettext(_PHASES[name]) if name in _PHASES else name

    def use(self, place: Place) -> InUse | None:
        """How much of the MCU was in use at a place that tells of what most was."""
        if place.kind != "mcu" or place.detail is None or place.phase is None:
            return None
        return self._uses.get(place.phase)

    def place(self, place: Place | None) -> str:
        """Where a value was found; '' for nowhere."""
        if place is None:
            return ""
        if place.kind == "link":
            text = self.link(place.id, place.detail or "")
        else:
            text = self.of(place.id)
            if (use := self.use(place)) is not None:
                text += f" ({self.in_use(use)})"
            elif place.detail and place.kind == "mcu":
                text += f" ({self.things(place.detail)})"
            elif place.detail:
                text += f", {self.stream(place.detail)}"
            if place.other:
                text = self.gettext("{place}, with {other}", place=text, other=self.of(place.other))
        if place.fault is not None:
            fault = self.fault(place.fault)
            if place.mended:
                text = self.gettext("{place}, mending of: {fault}", place=text, fault=fault)
            else:
                text = self.gettext("{place}, failure: {fault}", place=text, fault=fault)
        if place.phase is None:
            return text
        if place.phase in _IN_PHASES:
            return f"{text}, {self.gettext(_IN_PHASES[place.phase])}"
        return self.gettext("{place}, {phase}", place=text, phase=place.phase)

    # ------------------------------------------------------------------ faults

    def fault(self, ident: str) -> str:
        return self._faults.get(ident, ident)

    def fault_where(self, ident: str) -> str:
        """Where it was, '' for the MCU."""
        return self._places.get(ident, "")

    def fault_text(self, fault: FaultResult) -> str:
        return self.either(fault.text_en, fault.text_vi)

    def fault_place(self, fault: FaultResult, names: Mapping[str, str]) -> str:
        """Where: `link Gia Nghĩa – Đắk Song`."""
        where = self._fault_at(fault, names)
        if fault.target == "router":
            return self.gettext("router {router}", router=where)
        if fault.target == "link" and not fault.target_id.startswith(ACCESS_PREFIX):
            return self.gettext("link {ends}", ends=where)
        return where

    def fault_at(self, fault: FaultResult, names: Mapping[str, str]) -> str:
        """What failed, and how: `link A – B: link cut`."""
        return f"{self.fault_place(fault, names)}: {self.fault_text(fault)}"

    def fault_named(self, fault: FaultResult, names: Mapping[str, str]) -> str:
        """What failed within a place: `link cut (Gia Nghĩa – Đắk Song)`."""
        text = self.fault_text(fault)
        if fault.target == "mcu":
            return text
        place = self._fault_at(fault, names)
        return self.gettext("{fault} ({place})", fault=text, place=place)

    def failure(self, failure: FailureResult | NotTried, *, within: bool = False) -> str:
        """A failure; links that its name has by their ids are named. `within`: a
        sentence, and not at its beginning."""
        text = self.either(failure.name_en, failure.name_vi)
        for ident in self._names:
            if ident in text and not ident.isalpha() and self.is_link(ident):
                text = self._with_link_named(text, ident)
        if within:  # in English it may begin with a name
            return text if self._english else uncapital(text)
        return capital(text)

    def _with_link_named(self, text: str, link: str) -> str:
        """A text with the link's name where its identifier stands, but not within that name."""
        named = self._names[link].removesuffix(f" ({link})")

        def replaced(at: re.Match[str]) -> str:
            within = text[: at.start()].endswith(f"{named} (") and text[at.end() :].startswith(")")
            return at[0] if within else self.ends(link)

        return re.sub(rf"(?<![\w-]){re.escape(link)}(?![\w-])", replaced, text)

    def _fault_at(self, fault: FaultResult, names: Mapping[str, str]) -> str:
        def of(node: str) -> str:
            return names.get(node, node)

        if fault.target != "link":
            return of(fault.target_id)
        host = fault.target_id.removeprefix(ACCESS_PREFIX)
        source, _, end = (fault.direction or "").partition("->")
        if host != fault.target_id:
            text = self.pgettext("fault", "access line of {host}", host=of(host))
            way = self.direction("up" if source == host else "down")
            return f"{text} ({way})" if fault.direction else text
        link, known = fault.target_id, {**self._names, **names}
        ends = link_ends(link, known) or [
            of(f"r-{end}").removeprefix("r-") for end in link.split("--")
        ]
        text = BETWEEN.join(ends) + link_tag(link, known)
        return f"{text} ({of(source)} → {of(end)})" if fault.direction else text

    def interruptions(self, result: Result) -> list[str]:
        """Return the effects of declared faults on the bridges, in a sentence each; none of a run
        without faults, or of an invalid one."""
        if not result.faults or result.verdict == "invalid":
            return []
        longest = longest_interruption(result.faults)
        limit = result.criterion(FAULT_INTERRUPTION)
        found = []
        if not longest.value and result.accepted:
            found.append(self.gettext("No bridge but the accepted ones was interrupted."))
        elif not longest.value:
            found.append(self.gettext("No bridge was interrupted."))
        else:
            within = ""
            if limit is not None:
                within = self.gettext(" (limit {limit})", limit=self.limit(limit))
            told = N_("The longest interruption of a bridge: {time}, at {place}{limit}.")
            if result.accepted:
                told = N_(
                    "The longest interruption of a bridge that is not accepted: {time}, at "
                    "{place}{limit}."
                )
            found.append(
                self.gettext(
                    told,
                    time=self.amount(longest.value, "ms"),
                    place=self.place(longest.place),
                    limit=within,
                )
            )
        found += [
            self.gettext(
                "“{fault}”, slow case: routers may wait {time} longer for MinLSInterval before "
                "they find the other way; it is counted.",
                fault=self.fault_named(fault, result.names),
                time=self.amount(fault.lsa_wait_ms, "ms"),
            )
            for fault in result.faults
            if fault.lsa_wait_ms
            and any(
                hit.interruption_ms and not hit.behind and not hit.accepted for hit in fault.bridges
            )
        ]
        for fault in result.faults:
            gone = [self._away(hit) for hit in fault.bridges if hit.cut_off]
            if gone:
                found.append(
                    self.gettext(
                        "Cut off by “{fault}”: {bridges}; other criteria do not count that time.",
                        fault=self.fault_named(fault, result.names),
                        bridges="; ".join(gone),
                    )
                )
        return found

    def accepted(
        self, accepted: Sequence[AcceptedInterruption], faults: Sequence[FaultResult] = ()
    ) -> str:
        """Return the interruptions that are accepted, with the reasons, to follow the verdict; ''
        for none. `faults` are all that were declared."""
        bridges = {impact.bridge for fault in faults for impact in fault.bridges}
        found = [
            self.gettext(
                "except {bridges}, accepted because {reason}",
                bridges=self.gettext("all bridges")
                if bridges and bridges <= set(each.bridges)
                else ", ".join(map(self.bridge, each.bridges)),
                reason=self.either(each.reason, each.reason_vi).rstrip("."),
            )
            for each in accepted
        ]
        return "; ".join(found)

    def _away(self, hit: FaultImpact) -> str:
        """Return a bridge's name, and for how long nothing reached it."""
        name = self.bridge(hit.bridge)
        if hit.gone_ms is None:
            return name
        if hit.back_ms is None:
            return self.gettext("{bridge} (away to the end of the meeting)", bridge=name)
        seconds = round((hit.back_ms - hit.gone_ms) / 1000, 1)
        return self.gettext(
            "{bridge} (away for {time})", bridge=name, time=self.amount(seconds, "s")
        )

    # ------------------------------------------------------------------ the meeting

    def meeting(self, meeting: Meeting) -> str:
        if meeting.video == "switched":
            picture = self.gettext("the speaker's picture is forwarded")
        else:
            layout = self.gettext("auto") if meeting.layout == "auto" else meeting.layout
            picture = self.gettext(
                "a picture is composed for each bridge (layout {layout})", layout=layout
            )
        secret = (
            self.gettext("encrypted (SRTP)") if meeting.encrypted else self.gettext("not encrypted")
        )
        told = self.gettext(
            "{floor}; {picture}; {dial}; media is {secret}.",
            floor=self.gettext(_FLOORS[meeting.floor]),
            picture=picture,
            dial=self.gettext(_DIALS[meeting.dial]),
            secret=secret,
        )
        if meeting.queueing is not None:
            share = self.number(meeting.video_share_pct)
            told += f" {self.gettext(_QUEUEING[meeting.queueing], share=share)}"
        return told

    def why_not(self, of: MeetingChecked) -> list[str]:
        if self._english or not of.reasons_vi:
            return in_words(of.reasons, of.reason_codes, self)
        return of.reasons_vi

    def refusal(self, code: int, reason: str = "") -> str:
        """A SIP answer (RFC 3261 section 21) in plain words, with its code."""
        return self._answered(code, reason, self.gettext(_REFUSALS.get(code, _REFUSED)))

    def _answered(self, code: int, reason: str, said: str) -> str:
        """Why something was refused: by the words that came, which are English, or what is `said`
        of the code."""
        why = reason if self._english and reason else said
        return self.gettext("{why} (code {code})", why=why, code=code)

    def resolution(self, name: str) -> str:
        """What a call asked for or was given: a resolution's own name, or sound alone."""
        return self.gettext("sound alone") if name == "audio" else name

    def command(self, refused: RefusedCommand) -> str:
        """A command that was not carried out: whose, what, about whom, and why not."""
        who = self.of(refused.by)
        if refused.by == "operator":
            who = self.gettext("the MCU's technician")
        what = self.gettext(refused.command) if refused.command in _COMMANDS else refused.command
        if refused.on:
            what += f" ({self.of(refused.on)})"
        why = self.gettext(_COMMAND_REFUSALS.get(refused.code, _NOT_DONE))
        return f"{who}: {what} – {self._answered(refused.code, refused.reason, why)}"

    def impairment(self, item: Impairment) -> str:
        """What was done on purpose, where and when: `Đắk Song, up, picture: 10 % loss …`."""
        way = item.direction or "up"
        if item.target == "link":
            words = [self.link(item.id, way) if item.direction else self.both_ways(item.id)]
        else:
            both = self.gettext("both ways")
            words = [self.of(item.id), self.direction(way) if item.direction else both]
        if item.media:
            words.append(self.kind(item.media))
        start = self.number(max(item.from_s, 0.0))
        if item.to_s is not None:
            end = self.number(item.to_s)
            words.append(self.gettext("{start} s to {end} s", start=start, end=end))
        elif item.from_s > 0:
            words.append(self.gettext("{start} s to the end", start=start))
        else:
            words.append(self.gettext("all the time"))
        return f"{', '.join(words)}: {self.either(item.text_en, item.text_vi)}"

    def device_delays(
        self, result: Result, amount: Callable[[float | None, str], str] | None = None
    ) -> str:
        """What devices alone take of the delays, where one of these is past what is preferred."""
        if result.devices_past_preferred is None:
            return ""
        sound, picture = ((amount or self.amount)(ms, "ms") for ms in result.devices_past_preferred)
        return self.gettext(
            "Of the delays from mouth to ear and from camera to screen, terminals and MCU alone "
            "take {sound} and {picture}, by figures that are assumptions where no maker gives "
            "them.",
            sound=sound,
            picture=picture,
        )

    def unjudged_limits(self, result: Result) -> list[str]:
        """Which limits of the scenario were not judged, and why."""
        return [
            self.gettext(
                "The scenario’s limit for {criterion} was not judged in its own meeting: {why}.",
                criterion=uncapital(name) if not self._english else name,
                why=self.gettext(_UNJUDGED[limit.why]),
            )
            for limit in result.unjudged_limits
            for name in [self.either(limit.name_en, limit.name_vi)]
        ]

    # ------------------------------------------------------------------ the verdict

    def criterion(self, c: CriterionResult) -> str:
        return self.either(c.name_en, c.name_vi)

    def source(self, c: CriterionResult) -> str:
        """Return where a limit comes from, marked where no source sets it."""
        source = self.either(c.source, c.source_vi)
        if not c.assumed:
            return source
        return self.gettext("{source} (the limit is an assumption of the model)", source=source)

    def verdict(self, result: Result, *, conditional: bool = False) -> str:
        """Return the answer in one sentence; an answer of one seed alone says so.

        `conditional`: a pass rests on conditions, which follow it.
        """
        said = self._verdict(result, conditional=conditional)
        left = "; ".join(self.reservations(result))
        return f"{said.removesuffix('.')} ({left})." if left else said

    def reservations(self, result: Result) -> list[str]:
        """Return what the verdict leaves open: other seeds, criteria that are not shown."""
        if result.verdict == "invalid":
            return []
        left = [] if seeds.tried(result) is not None else [self.gettext(seeds.NOT_TRIED)]
        if result.verdict == "pass" and (names := [*map(self._within, result.unshown)]):
            left.append(self.gettext("not shown: {criteria}", criteria=", ".join(names)))
        return left

    def _verdict(self, result: Result, *, conditional: bool) -> str:
        if result.verdict == "invalid":
            return self.gettext(
                "Invalid: this check cannot be trusted, so it gives no answer; it must not be used "
                "as a basis for anything."
            )
        new = [bridge.name for bridge in result.question.new]
        names, total = ", ".join(new), len(result.criteria)
        what = self.gettext("{n} new {n:bridge|bridges} ({names})", n=len(new), names=names)
        lead = self.gettext("the system as it is")
        if new:
            lead = self.gettext("with {bridges} connected, the system", bridges=what)
        if seeds.by_luck(result):
            luck = seeds.luck(result, self)
            return self.gettext("Not met: {lead} {luck}.", lead=lead, luck=luck)
        if result.verdict == "undecided":
            why = seeds.undecided(result, self)
            return self.gettext("Not yet decided: {lead} {why}.", lead=lead, why=why)
        if result.verdict == "fail" and result.failed_without:
            return self.gettext(
                "Not met: the system fails already without {bridges}: without them it does not "
                "meet {without} of {n} {n:criterion|criteria}, with them {failed}.",
                bridges=what,
                n=total,
                without=len(result.failed_without),
                failed=sum(not criterion.ok for criterion in result.criteria),
            )
        if result.verdict == "fail":
            return self.gettext(
                "Not met: {lead} does not meet {failed} of {n} {n:criterion|criteria}.",
                n=total,
                lead=lead,
                failed=sum(not criterion.ok for criterion in result.criteria),
            )
        shown = total - len(result.unshown)
        every = self.gettext("{n:the one criterion|all {n} criteria}", n=shown)
        if result.passes_at_other_seeds:
            every = self.gettext(
                "the criteria, although this run {failing}", failing=seeds.own(result, self)
            )
        met = self.gettext("Met on conditions") if conditional else self.gettext("Met")
        if accepted := self.accepted(result.accepted, result.faults):
            met = f"{met}, {accepted}"
        if not new:
            return self.gettext(
                "{met}: the system as it is, without more bridges, meets {criteria}.",
                met=met,
                criteria=every,
            )
        return self.gettext(
            "{met}: {bridges} may be connected; the whole system meets {criteria} before, during "
            "and after the connection.",
            met=met,
            bridges=what,
            criteria=every,
        )

    def binding(self, binding: Binding | None, result: Result) -> str:
        """What limits the answer, in one sentence; '' if nothing was judged."""
        criterion = None if binding is None else result.criterion(binding.criterion)
        if binding is None or criterion is None:
            return ""
        # what is heard and seen is a symptom, of which the cause is elsewhere
        symptom = binding.cause == "stream"
        fails = self.gettext("Fails most clearly") if symptom else self.gettext("Main cause")
        lead = self._closest(result) if criterion.ok else fails
        if (at := seeds.at_seed(result)) is not None:
            return self.gettext(
                "{lead}, at seed {seed}: {criterion} – {place}: {value} (limit {limit}).",
                lead=fails,
                seed=at.seed,
                criterion=self._within(at.criterion),
                place=self.place(at.binding.place),
                value=self.in_unit(at.binding.value, at.criterion),
                limit=self.limit(at.criterion),
            )
        if (meeting := failed_meeting(result)) is not None:
            return self.gettext(
                "{lead}, in the meeting “{meeting}”: {what}.",
                lead=fails,
                meeting=self.either(meeting.name, meeting.name_vi),
                what=self.within(meeting, result),
            )
        led, cause = self._led(lead, criterion, binding), self.loss_cause(binding, result)
        return f"{led} {capital(cause)}." if cause else led

    def loss_cause(self, binding: Binding, result: Result) -> str:
        """Return `cause: full queue, access line of …` if packets missed fail the run, else ''."""
        c = result.criterion(binding.criterion)
        metric = "" if c is None or c.measure is None else c.measure.split()[-1]
        if c is None or c.ok or not (metric in _LOSS_METRICS or c.id == LOSS_NO_WORSE):
            return ""
        main = next(
            (
                stream.loss_cause
                for phase in result.phases
                for bridge in phase.bridges
                for stream in bridge.streams
                if stream_place(bridge.id, stream, phase) == binding.place
            ),
            None,
        )
        if main is None:
            return ""
        cause = self.gettext(_LOSS_CAUSES[main.kind])
        if main.link is not None and main.direction is not None:
            cause += f", {self.link(main.link, main.direction)}"
        return self.gettext("cause: {cause}", cause=cause)

    def _closest(self, result: Result) -> str:
        """Of what binds; beside the meetings of the catalogue it is of the scenario's own."""
        if any(meeting.verdict is not None for meeting in result.meetings):
            return self.gettext("Closest to its limit in the scenario’s own meeting")
        return self.gettext("Closest to its limit")

    def closest(self, criterion: CriterionResult) -> str:
        """What of that which is met is closest to its limit, in one sentence."""
        return self._led(self.gettext("Closest to its limit"), criterion, criterion)

    def _led(self, lead: str, criterion: CriterionResult, at: CriterionResult | Binding) -> str:
        name, limit = self._within(criterion), self.limit(criterion)
        if criterion.place is None:
            return self.gettext(
                "{lead}: {criterion} – nothing to measure (limit {limit}).",
                lead=lead,
                criterion=name,
                limit=limit,
            )
        told = N_("{lead}: {criterion} – {place}: {value} (limit {limit}, margin {margin}).")
        if at.margin_pct is None:
            told = N_("{lead}: {criterion} – {place}: {value} (limit {limit}).")
        return self.gettext(
            told,
            lead=lead,
            criterion=name,
            place=self.place(at.place),
            value=self.in_unit(at.value, criterion),
            limit=limit,
            margin=self.percent(shown_margin(at.margin_pct)),
        )

    def found(self, c: CriterionResult, place: str) -> str:
        """What a criterion came to, and where; '' for nowhere."""
        if not place:
            return self.gettext("{criterion} – nothing to measure", criterion=self.criterion(c))
        return self._found(self.criterion(c), place, c)

    def _found(self, name: str, place: str, c: CriterionResult) -> str:
        told = self.gettext(
            "{criterion} – {place}: {value} (limit {limit})",
            criterion=name,
            place=place,
            value=self.in_unit(c.value, c),
            limit=self.limit(c),
        )
        basis = self.artefacts(c)
        return f"{told}; {basis}" if basis else told

    def artefacts(self, c: CriterionResult) -> str:
        """How a rate of visible artefacts was determined; '' where none is expected or seen."""
        of = c.artefacts
        if of is None or not (of.expected_per_h or of.observed):
            return ""
        expected = self.gettext(
            "{rate} an hour expected from the losses declared on the way, {least} to {most} in "
            "{minutes} min (95 %)",
            rate=self.number(of.expected_per_h),
            least=of.least,
            most=of.most,
            minutes=self.number(of.length_min, 0),
        )
        observed = self.gettext(
            "{count} observed in {seconds} s, which show {rate} an hour more for certain",
            count=of.observed,
            seconds=self.number(of.observed_s, 0),
            rate=self.number(of.certain_per_h),
        )
        return "; ".join([*([expected] if of.expected_per_h else []), observed])

    def detectable(self, c: CriterionResult) -> str:
        """Return which rise the run could have shown; '' where every one shows."""
        if c.detectable is None:
            return ""
        least, limit = self.in_unit(c.detectable, c), self.in_unit(c.threshold, c)
        return self.gettext(DETECTABLE if c.shown else UNDETECTABLE, least=least, limit=limit)

    def comparison(self, c: CriterionResult) -> str:
        """Return what existing bridges are compared with, and which rise that can show."""
        if c.compared_with is None:
            return ""
        other = self.gettext(COMPARED[c.compared_with])
        return "; ".join(filter(None, (other, self.detectable(c))))

    def within(self, of: MeetingChecked, result: Result) -> str:
        """What limits a variation of the check, and where; '' where none was tried."""
        bound = of.bound
        if bound is None or of.binding is None:
            return ""
        if bound.place is None:
            return self.gettext("{criterion} – nothing to measure", criterion=self._within(bound))
        own = Wording(self.language, result)
        own._names |= of.names
        place = own.place(of.binding.place.model_copy(update={"phase": None}))
        return self._found(self._within(bound), place, bound)

    def _within(self, c: CriterionResult) -> str:
        name = self.criterion(c)
        return name if self._english else uncapital(name)


NOT_SHOWN = N_("not shown")
COMPARED = {
    "before": N_("compared with the first phase"),
    "without-new": N_(
        "compared, by estimate, with the same meeting at the same seed without the new bridges"
    ),
}
DETECTABLE = N_(
    "only a certain rise counts; in phases of this length one of less than {least} cannot be "
    "detected"
)
UNDETECTABLE = N_(
    "not shown: in phases of this length a rise of less than {least} cannot be detected, and the "
    "limit is {limit}"
)
FIGURES_ALONE = N_(
    "The figures of a check that cannot be trusted serve to find out why; no criterion is judged "
    "by them."
)
UNKNOWN = N_("another technical deviation, told in the result's file")


def reasons(answer: Answer, say: Wording) -> list[str]:
    """Why an invalid answer is, a sentence each.

    A reason without a code (of an emulation that gave no result) stays English, as in its file.
    """
    if not isinstance(answer, FaultsAnswer):
        return in_words(answer.reasons, answer.reason_codes, say)
    return [
        f"{say.failure(failure)}: {told}"
        for failure in answer.failures
        if failure.verdict == "invalid"
        for told in in_words(failure.reasons or [""], failure.reason_codes, say)
    ]


def in_words(filed: list[str], codes: Sequence[Reason], say: Wording) -> list[str]:
    """Reasons by their codes; of what has none in English what a file has, else so many unknown."""
    if codes and all(code.code in SENTENCES for code in codes):
        return [_sentence(code, say) for code in codes]
    return say.as_filed(
        filed,
        lambda: [_sentence(code, say) for code in codes] or [say.gettext(UNKNOWN)] * len(filed),
    )


def _sentence(reason: Reason, say: Wording) -> str:
    text = SENTENCES.get(reason.code, UNKNOWN)
    return say.gettext(
        text,
        **{
            key: value  # which the English sentence has a form for
            if say.language == SOURCE and not isinstance(value, str)
            else _named(key, value, say)
            for key, value in reason.arguments.items()
        },
    )


def _named(key: str, value: Argument, say: Wording) -> str:
    """An argument as people read it: numbers with the language's signs, places by their say."""
    if not isinstance(value, str):
        return say.number(value)
    ident, _, detail = value.partition(" ")
    match key:
        case "line":
            return say.line(ident, detail)
        case "stream":
            return say.place(Place(kind="bridge", id=ident, detail=detail, phase=None))
        case "leg":
            return f"{say.of(ident)}, {say.direction(detail)}"
        case "who":
            return "MCU" if value == "mcu" else say.of(value)
        case "router":
            return say.of(value)
        case "fault":
            return say.fault(value)
    return value


def margin_of(c: CriterionResult | None) -> float | None:
    """The margin that a criterion is shown with: how many seeds, meetings or drawn worlds fail is
    no allowance that a bridge uses up."""
    return None if c is None or c.id in BESIDE_THE_RUN else c.margin_pct


LEAST_MARGIN_PCT = -100.0
"""A limit passed by as much again; a value further past it tells a reader no more."""


def shown_margin(pct: float | None) -> float | None:
    """Return a margin as documents show it, `LEAST_MARGIN_PCT` at the least."""
    return None if pct is None else max(LEAST_MARGIN_PCT, pct)


def margin(pct: float | None) -> str:
    """Return a margin as text, with its sign."""
    if (pct := shown_margin(pct)) is None:
        return NOTHING
    decimals = decimals_apart(-pct, 0.0, 0) if pct < 0 else 0  # what is not met has none of 0
    return number(pct, f"+,.{decimals}f", " %")
