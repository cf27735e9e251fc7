"""`cut`: a cable is cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from giaoban.names import access_link_id
from giaoban.scenarios.spec.faults.effects import Effect
from giaoban.scenarios.spec.faults.kind import (
    FailureCase,
    FaultContext,
    LinkFault,
    link_ends,
    links_down,
)
from giaoban.sentence import N_, Sentence, message
from giaoban.topology.network import NetLink, Network
from giaoban.translation import pgettext


class Cut(LinkFault):
    """A cable is cut: the light goes out in both directions, and both ends see it."""

    kind: Literal["cut"]
    """What fails."""
    cause: ClassVar[str] = N_("a cable is cut")
    remedy: ClassVar[str] = N_(
        "the telecom company splices the cable; calls take another way where there is one"
    )

    def words(self) -> Sentence:
        return message(N_("link cut"))

    def effects(self, _context: FaultContext) -> list[Effect]:
        return links_down([self.link], *self.span_s)

    @classmethod
    def cases(cls, context: FaultContext) -> Iterator[FailureCase]:
        for link in context.carrying_links:
            ends = link_ends(context.network, link)
            yield cls.case(
                link.id,
                message(pgettext("failure", "{what} cut"), what=ends),
                ends,
                context.own_bridges(links=[link.id]),
                tried=tried(context.network, link),
                mended=True,
                in_pairs=link.kind == "backbone",
            )


def tried(network: Network, link: NetLink) -> Literal["usual", "access"]:
    """The backbone and the MCU's line always, a bridge's own line with an option."""
    usual = link.kind == "backbone" or link.id == access_link_id(network.mcu.id)
    return "usual" if usual else "access"
