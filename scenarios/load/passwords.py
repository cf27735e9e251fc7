"""Passwords of a test's accounts: of a file, or drawn from a secret that is written nowhere."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from giaoban.mcu_sim.accounts import load_accounts
from giaoban.mcu_sim.sip.digest import Credentials
from giaoban.scenarios.load.environment import ACCOUNTS, SECRET
from giaoban.scenarios.load.plan import LoadPlan


@dataclass
class PhoneAccount:
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


WRONG = "not-this-one"


def password_of(name: str, secret: str) -> str:
    """The password of an account of the test's own MCU."""
    return hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()[:24]


def accounts_toml(names: Sequence[str], secret: str) -> str:
    """The text of an accounts file for the test's own MCU; to be kept in a file of mode 600."""
    lines = ['schema = "giaoban.accounts/1"']
    for name in names:
        lines += ["[[account]]", f'user = "{name}"', f'password = "{password_of(name, secret)}"']
    return "\n".join(lines) + "\n"


class LoadAccounts:
    """Accounts by number or name, as a plan has them."""

    def __init__(self, plan: LoadPlan) -> None:
        """Raises `InputError` for a file that cannot be used, `KeyError` without one."""
        self._plan = plan
        self._secret = os.environ[SECRET] if plan.accounts == "secret" else ""
        self._file = (
            list(load_accounts(Path(os.environ[ACCOUNTS])).passwords().items())
            if plan.accounts == "file"
            else []
        )

    @property
    def bridges(self) -> int:
        """How many bridges there can be."""
        return len(self._file) if self._plan.accounts == "file" else self._plan.bridges

    def bridge(self, number: int) -> PhoneAccount:
        """The account of a bridge; of a file the one in that place."""
        if self._plan.accounts == "file":
            return PhoneAccount(*self._file[number], called=self._plan.name(number))
        return self.named(self._plan.name(number))

    def named(self, name: str) -> PhoneAccount:
        """The account of this name."""
        secret = self._plan.accounts == "secret"
        return PhoneAccount(name, password_of(name, self._secret) if secret else None)

    def intruder(self, number: int) -> PhoneAccount:
        """One who has a bridge's name and not its password."""
        known = self.bridge(number % self.bridges)
        return PhoneAccount(known.name, WRONG, called=known.who)
