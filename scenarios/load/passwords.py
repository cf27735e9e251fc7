"""Accounts of a test's bridges: those of a file, or one secret that is written nowhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from giaoban.mcu_sim.accounts import load_accounts
from giaoban.mcu_sim.sip.digest import Credentials
from giaoban.scenarios.load.environment import ACCOUNTS, SECRET
from giaoban.scenarios.load.plan import bridge_name


@dataclass(frozen=True)
class PhoneAccount:
    """The account of a phone. Records have `who`, never the account's own name."""

    name: str
    who: str
    password: str | None = field(default=None, repr=False)

    @property
    def credentials(self) -> Credentials | None:
        return None if self.password is None else Credentials(self.name, self.password)


def accounts_toml(names: Sequence[str], secret: str) -> str:
    """Return the text of an accounts file for the test's own MCU; its file needs mode 600."""
    lines = ['schema = "giaoban.accounts/1"']
    for name in names:
        lines += ["[[account]]", f'user = "{name}"', f'password = "{secret}"']
    return "\n".join(lines) + "\n"


class LoadAccounts:
    """The accounts of bridges by number, from the environment of this process."""

    def __init__(self) -> None:
        """Raises `InputError` for a file that cannot be used."""
        self._secret = os.environ.get(SECRET)
        path = os.environ.get(ACCOUNTS)
        self._file = [*load_accounts(Path(path)).passwords().items()] if path else None

    @property
    def most(self) -> int | None:
        """The number of accounts of a file; None: any number."""
        return None if self._file is None else len(self._file)

    def bridge(self, number: int) -> PhoneAccount:
        """Return the account of a bridge; of a file the one in that place."""
        who = bridge_name(number)
        if self._file is None:
            return PhoneAccount(who, who, self._secret)
        name, password = self._file[number]
        return PhoneAccount(name, who, password)
