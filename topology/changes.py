"""What can happen to a network while it runs, as single changes at single moments.

Data only. A scenario's faults are broken down into these; `giaoban.topology.emulation` carries them
out. Every packet that a change takes away is counted where it was taken.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.network import Hop


class NetworkChange(StrictModel):
    """One change, `at_s` seconds after the run's origin.

    `do`:
        link-down, link-up: a link loses its carrier, or has it again; both ends see that, and
            nothing crosses in between.
        discard, forward: one direction of a link loses all that enters it, or carries again;
            nobody is told ("light on, packets gone").
        stop-router, start-router: the routing process of a router dies without a word, or starts
            from nothing. Its links have to be taken down and brought up beside that.

    `fault` is the number of the fault that it belongs to.
    """

    at_s: Annotated[float, Field(ge=0)]
    fault: Annotated[int, Field(ge=0)]
    do: Literal["link-down", "link-up", "discard", "forward", "stop-router", "start-router"]
    link: str | None = None
    source: str | None = None
    target: str | None = None
    router: str | None = None

    @model_validator(mode="after")
    def _has_its_place(self) -> Self:
        given = {name for name in ("link", "source", "target", "router") if getattr(self, name)}
        wanted = {"router"} if self.do.endswith("-router") else {"link"}
        if self.do in ("discard", "forward"):
            wanted = {"link", "source", "target"}
        if given != wanted:
            raise ValueError(
                Sentence(
                    "{do} needs {wanted} and nothing else",
                    do=self.do,
                    wanted=", ".join(sorted(wanted)),
                )
            )
        return self

    @property
    def hop(self) -> Hop:
        """The direction that a `discard` or `forward` is about."""
        assert self.link is not None
        assert self.source is not None
        assert self.target is not None
        return Hop(self.link, self.source, self.target)


class Outage(StrictModel):
    """A bridge's or the MCU's host is without power, in seconds from the run's origin.

    At `from_s` it stops without a word; at `to_s` it has started again and knows nothing of before.
    None: it stays off. Its access link has to be taken down beside that.
    """

    host: str
    from_s: Annotated[float, Field(ge=0)]
    to_s: float | None = None
    fault: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.to_s is not None and self.to_s <= self.from_s:
            raise ValueError(Sentence("to_s is not after from_s"))
        return self
