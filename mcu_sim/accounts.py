"""Accounts: who may register and call, with their passwords, from a TOML file kept secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from giaoban.files import refuse_if_others_read
from giaoban.mcu_sim.device import Id
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, load, schema_keywords

_LONGEST_PASSWORD = 128


def _password(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not 1 <= len(text) <= _LONGEST_PASSWORD or not text.isprintable():
        raise ValueError(
            Sentence(
                "must be 1 to {longest_password} printable characters",
                longest_password=_LONGEST_PASSWORD,
            )
        )
    return secret


# A realm stands between quotes in SIP headers; a user is a participant's id, so that no two
# accounts are one participant in a meeting.
Realm = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]*$", max_length=64, strict=True)
]
Password = Annotated[
    SecretStr, AfterValidator(_password), schema_keywords(minLength=1, maxLength=_LONGEST_PASSWORD)
]


class Account(StrictModel):
    """One user. The password shows as stars wherever the account is printed or dumped."""

    model_config = ConfigDict(hide_input_in_errors=True)

    user: Id
    """Name by which it registers: the id of a bridge. Like `"north"`."""
    password: Password
    """Its password: up to 128 printable characters. Like `"correct horse"`."""


class Accounts(StrictModel):
    """Who may register and call the MCU, with their passwords. Only its owner may read the file."""

    model_config = ConfigDict(hide_input_in_errors=True)

    schema_: Literal["giaoban.accounts/1"] = Field(alias="schema")
    realm: Realm = "giaoban"
    """Realm of the challenge (RFC 3261 §22). Like `"conference"`."""
    account: list[Account] = Field(min_length=1)
    """One user."""

    @model_validator(mode="after")
    def _one_account_a_user(self) -> Self:
        users = [account.user for account in self.account]
        for user in users:
            if users.count(user) > 1:
                raise ValueError(Sentence('user "{user}" has two accounts', user=user))
        return self

    def passwords(self) -> dict[str, str]:
        """Passwords by user, in the order of the file."""
        return {account.user: account.password.get_secret_value() for account in self.account}


def load_accounts(path: Path) -> Accounts:
    """The accounts in a TOML file that only its owner may read.

    Raises `InputError` for a file that others can read, else listing every mistake.
    """
    refuse_if_others_read(path, "passwords")
    return load(path, Accounts)
