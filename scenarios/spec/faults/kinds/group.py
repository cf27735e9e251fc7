"""`group`: a cable with several links is cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from giaoban.results.model.faults import FaultTarget
from giaoban.scenarios.spec.faults.effects import Effect
from giaoban.scenarios.spec.faults.kind import (
    NEVER,
    FailureCase,
    FaultContext,
    FaultKind,
    KeyMistake,
    links_down,
)
from giaoban.sentence import N_, Sentence, message


class GroupCut(FaultKind):
    """All links of a shared-risk group of the province are cut at once: they lie in one cable."""

    target: ClassVar[FaultTarget] = "group"
    kind: Literal["group"]
    """What fails."""
    cause: ClassVar[str] = N_("a cable with several lines is cut")
    remedy: ClassVar[str] = N_(
        "the telecom company splices the cable; calls take another way where there is one"
    )
    group: str
    """Id of the province's shared-risk group. Like `"ring-north"`."""

    def words(self) -> Sentence:
        return message(N_("cable with several links cut"))

    def unknown(self, context: FaultContext) -> Iterator[KeyMistake]:
        if context.groups:
            yield from super().unknown(context)
        else:
            what = Sentence("the province has no groups (allowed: [[group]] tables in its file)")
            yield "group", self.group, what

    def in_vain(self, context: FaultContext, *, alone: bool) -> Iterator[KeyMistake]:
        if context.carrying.isdisjoint(self._links(context)):
            what = Sentence("{never} (allowed: a group that a call may take)", never=NEVER)
            yield "group", self.group, what

    def effects(self, context: FaultContext) -> list[Effect]:
        return links_down(self._links(context), *self.span_s)

    def _links(self, context: FaultContext) -> list[str]:
        return next(group.links for group in context.groups if group.id == self.group)

    @classmethod
    def cases(cls, context: FaultContext) -> Iterator[FailureCase]:
        for group in context.groups:
            if context.carrying.isdisjoint(group.links):
                continue
            name, links = group.name, ", ".join(group.links)
            yield cls.case(
                group.id,
                message(N_("cable {name} cut ({links})"), name=name, links=links),
                message(N_("cable {name}"), name=name),
                context.own_bridges(links=group.links),
                mended=True,
            )
