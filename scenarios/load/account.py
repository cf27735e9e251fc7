"""Whose a phone is."""

from __future__ import annotations

from dataclasses import dataclass, field

from mcu_sim.sip.digest import Credentials


@dataclass
class Account:
    """Whom a phone belongs to, and how it proves it; `called`: by what records call it, where
    the account's name is not to be in them."""

    name: str
    password: str | None = field(default=None, repr=False)
    called: str = ""

    @property
    def who(self) -> str:
        """Whose records are: never the name of somebody's account."""
        return self.called or self.name

    @property
    def credentials(self) -> Credentials | None:
        """For the user agent."""
        return None if self.password is None else Credentials(self.name, self.password)
