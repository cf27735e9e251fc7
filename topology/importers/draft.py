"""The contents of an imported file, before missing figures are added."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from giaoban.errors import InputError, did_you_mean
from giaoban.names import key

Kind = Literal["router", "mcu", "bridge"]
Values = dict[str, object]
"""Fields of a model by name, as far as a file gives them."""


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
    """The network of a file: sites, lines, and the province's other keys (`settings`).

    `notes` are messages about assumed figures and nodes left out.
    """

    path: Path
    sites: list[Site] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    settings: Values = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def routers(self) -> list[Site]:
        """Return the routers, in the order of the file."""
        return [site for site in self.sites if site.kind == "router"]

    def router(self, text: str, where: str) -> Site:
        """Return the router of an id or name. Raises `InputError` for none or several."""
        routers = self.routers
        matches = [site for site in routers if site.id == text]
        matches = matches or [site for site in routers if key(site.name) == key(text)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InputError(
                '{where}: "{text}" names {number} routers (say one by id: {ids})',
                where=where,
                text=text,
                number=len(matches),
                ids=", ".join(site.id for site in matches),
            )
        near = did_you_mean(text, [site.name for site in routers])
        raise InputError('{where}: no router "{text}"{near}', where=where, text=text, near=near)
