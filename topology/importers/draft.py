"""What a file says about a network, before anything is filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from giaoban.errors import InputError, did_you_mean
from giaoban.names import key

Kind = Literal["router", "mcu", "bridge"]
Values = dict[str, object]
"""Fields of a model by name, as far as a file gives them."""
ACCESS_FIGURES = ("km", "rate_mbps", "buffer_packets", "loss_pct")
"""Of a link, and of the access of the MCU and of a bridge."""


_NAME = "\n"
"""Before a name's key, which tells it from an id."""


@dataclass
class Site:
    """A node. `where` is its place in the file; `given` the fields that the file gives for it."""

    kind: Kind
    id: str
    name: str
    where: str
    given: Values = field(default_factory=dict)


@dataclass
class Line:
    """A link between two routers, by their ids; `id` is "" where the file gives none."""

    id: str
    a: str
    b: str
    where: str
    given: Values = field(default_factory=dict)


@dataclass
class Draft:
    """A file's network: `settings` are tables and keys of the province other than nodes and links.

    `notes` say what was left out, taken together or read in a way that people should know of.
    """

    path: Path
    sites: list[Site]
    lines: list[Line]
    settings: Values = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _named: dict[str, list[Site]] = field(default_factory=dict, repr=False, compare=False)
    _indexed: int = field(default=0, repr=False, compare=False)

    @property
    def routers(self) -> list[Site]:
        """The routers, in the order of the file."""
        return [site for site in self.sites if site.kind == "router"]

    def router(self, text: str, where: str) -> Site:
        """The router of an id or name. Raises `InputError` for none or several."""
        if self._indexed != len(self.sites):
            self._indexed = len(self.sites)
            self._named.clear()
            for site in self.routers:
                self._named.setdefault(site.id, []).append(site)
                self._named.setdefault(_NAME + key(site.name), []).append(site)
        found = self._named.get(text) or self._named.get(_NAME + key(text), [])
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(site.id for site in found)
            raise InputError(
                '{where}: "{text}" names {number} routers (say one by id: {ids})',
                where=where,
                text=text,
                number=len(found),
                ids=ids,
            )
        near = did_you_mean(text, [site.name for site in self.routers])
        raise InputError('{where}: no router "{text}"{near}', where=where, text=text, near=near)
