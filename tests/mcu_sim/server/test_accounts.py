"""The accounts file: what it gives, and that a password never comes out by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.mcu_sim.accounts import load_accounts

SECRET = "giữ-kín lắm"
GOOD = f"""schema = "giaoban.accounts/1"

[[account]]
user = "cu-jut"
password = "{SECRET}"

[[account]]
user = "dak-nong"
password = "another one"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "the accounts.toml"


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_passwords_and_realm(path: Path) -> None:
    accounts = load_accounts(write(path, GOOD))
    assert accounts.realm == "giaoban"
    assert accounts.passwords() == {"cu-jut": SECRET, "dak-nong": "another one"}


def test_nothing_printed_or_dumped_shows_a_password(path: Path) -> None:
    accounts = load_accounts(write(path, GOOD))
    for text in (
        repr(accounts),
        str(accounts),
        str(accounts.model_dump()),
        accounts.model_dump_json(),
        repr(accounts.account[0]),
    ):
        assert "cu-jut" in text
        assert SECRET not in text


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644, 0o666])
def test_a_file_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    with pytest.raises(InputError, match="others may read it") as caught:
        load_accounts(write(path, GOOD, mode))
    assert str(caught.value).endswith(f": chmod 600 '{path}'")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (f'"{SECRET}"', f'"{SECRET}\\u0007"', 5, "password: must be 1 to 128 printable"),
        (f'"{SECRET}"', f'"{SECRET}\\nx"', 5, "password: must be 1 to 128 printable"),
        (f'"{SECRET}"', '""', 5, "password: must be 1 to 128 printable"),
        (f'"{SECRET}"', f'"{SECRET * 12}"', 5, "password: must be 1 to 128 printable"),
        (f'"{SECRET}"', "7331973319", 5, "password: input should be a valid string"),
        (f'"{SECRET}"', f'["{SECRET}"]', 5, "password: input should be a valid string"),
        (f'password = "{SECRET}"', f'pasword = "{SECRET}"', 3, 'did you mean "password"'),
        (f'password = "{SECRET}"\n', "", 3, "password: is missing"),
        (f'"{SECRET}"', f'"{SECRET}', 5, "is not TOML"),
        ('"cu-jut"', '"cu jut"', 4, "user = 'cu jut': does not have the right form"),
        ('"cu-jut"', '"cu-jut\\n"', 4, "user = 'cu-jut\\n': does not have the right form"),
        ('"cu-jut"', f'"{"x" * 33}"', 4, "is too long (allowed: 32 characters)"),
        ('"cu-jut"', '"Cu_Jut"', 4, "user = 'Cu_Jut': does not have the right form"),
        ("accounts/1", "accounts/2", 1, "schema = 'giaoban.accounts/2': is not known"),
        ("\n\n", '\nrealm = "a\\"b"\n\n', 2, "realm = 'a\"b': does not have the right form"),
        ('"dak-nong"', '"cu-jut"', 0, 'user "cu-jut" has two accounts'),
    ],
)
def test_mistakes_are_told_with_their_line_and_without_passwords(
    path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        load_accounts(write(path, GOOD.replace(old, new, 1)))
    text = str(caught.value)
    assert text.startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert message in text
    for secret in (SECRET, "another one", "7331973319", "giữ"):
        assert secret not in text
