"""What people call the parts of a network, as sentences that are said in either language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from giaoban.names import ACCESS_PREFIX
from giaoban.results.model.answers import Answer
from giaoban.results.model.changes import CHANGES, change_sentence
from giaoban.results.model.places import Place
from giaoban.results.model.reasons import Argument
from giaoban.results.model.studies.calendar import CalendarAnswer
from giaoban.results.model.studies.failures import Change, FailureResult, NotTried
from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.results.report.wording import Wording
from giaoban.sentence import Both, Sentence, joined
from giaoban.translation import SOURCE


class DisplayNames:
    """As `Wording` names things; for what is written before it is known in which language."""

    def __init__(
        self,
        of: Answer | CalendarAnswer | MeetingAnswer | None = None,
        names: Mapping[str, str] | None = None,
        link_ends: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.en = Wording(SOURCE, of, names, link_ends)
        self.vi = Wording("vi", of, names, link_ends)

    def said(self, what: Callable[[Wording], str]) -> Both:
        """Whatever a `Wording` says."""
        return Both(what(self.en), lambda: what(self.vi))

    def of(self, node: str) -> Both:
        return self.said(lambda say: say.bridge(node))

    def all_of(self, nodes: Sequence[str]) -> Both:
        return self.said(lambda say: ", ".join(map(say.bridge, nodes)))

    def direction(self, link: str, direction: str) -> Both:
        return self.said(lambda say: say.link(link, direction))

    def thing(self, ident: str) -> Both:
        """A device, a profile, a router."""
        return self.said(lambda say: say.of(ident))

    def link(self, link: str) -> Both:
        """A link whose directions do not matter."""
        return self.said(lambda say: say.line(link))

    def link_or_router(self, ident: str) -> Both:
        """What may fail for good."""
        if self.en.is_link(ident):
            return self.link(ident)
        return self.said(lambda say: say.gettext("router {router}", router=say.of(ident)))

    def path(self, links: Sequence[str]) -> Both:
        """The backbone links of a path in a row; nothing if it has none."""
        backbone = [link for link in links if not link.startswith(ACCESS_PREFIX)]
        return self.said(lambda say: ", ".join(say.both_ways(link) for link in backbone))

    def place(self, place: Place | None) -> Both:
        return self.said(lambda say: say.place(place))

    def failure(self, failure: FailureResult | NotTried) -> Both:
        """A failure, where a line or a cell begins."""
        return self.said(lambda say: say.failure(failure))

    def by_failure(self, failure: FailureResult | NotTried) -> Both:
        """The same within a sentence."""
        return self.said(lambda say: say.failure(failure, within=True))

    def change(self, change: Change) -> Sentence:
        """What is not as it was accepted; as its file has it where that has no code."""
        if change.code not in CHANGES:
            return Both(change.what, change.what)
        return change_sentence(change.code, change.arguments, self._argument)

    def _argument(self, name: str, value: Argument) -> object:
        if not isinstance(value, str):
            return value
        match name:
            case "bridge":
                return self.of(value)
            case "bridges":
                return self.all_of(value.split(", "))
            case "elements":
                return joined(", ", [self.link_or_node(each) for each in value.split(", ")])
            case "line" | "was_line":
                return self.filled(value)
        return value

    def link_or_node(self, ident: str) -> Both:
        """What may be in a network: a link as `link` names it, or a node."""
        return self.link(ident) if self.en.is_link(ident) else self.of(ident)

    def filled(self, by: str) -> Both:
        """What is full, as `Wording` says it."""
        return self.said(lambda say: say.filled(by))
