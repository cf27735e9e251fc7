"""The accounts file: what it gives, and that a password never comes out by accident."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.mcu_sim.accounts import Account, Accounts, load_accounts

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


def test_realm_may_be_named(path: Path) -> None:
    text = GOOD.replace("\n\n", '\nrealm = "daknong.gov.vn"\n\n', 1)
    assert load_accounts(write(path, text)).realm == "daknong.gov.vn"


def test_a_telecom_technician_is_known_by_its_account(path: Path) -> None:
    accounts = load_accounts(write(path, GOOD + 'role = "telecom-technician"\n'))
    assert accounts.observers() == {"dak-nong"}
    assert load_accounts(write(path, GOOD)).observers() == set()
    with pytest.raises(InputError, match="role"):
        load_accounts(write(path, GOOD + 'role = "chair"\n'))


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


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_its_owner_alone_is_read(path: Path, mode: int) -> None:
    assert load_accounts(write(path, GOOD, mode)).passwords()["cu-jut"] == SECRET


def test_no_file_and_a_folder_are_told_as_everywhere(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_accounts(tmp_path / "accounts.toml")
    with pytest.raises(InputError, match="is a folder"):
        load_accounts(tmp_path)


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


def test_a_longest_password_is_taken(path: Path) -> None:
    longest = "ữ" * 128
    accounts = load_accounts(write(path, GOOD.replace(SECRET, longest)))
    assert accounts.passwords()["cu-jut"] == longest


def test_an_account_made_in_code_does_not_echo_its_password_either() -> None:
    entry = {"user": "cu-jut", "password": f"{SECRET}\n"}
    with pytest.raises(ValidationError) as caught:
        Account.model_validate(entry)
    assert SECRET not in str(caught.value)
    with pytest.raises(ValidationError) as caught:
        Accounts.model_validate({"schema": "giaoban.accounts/1", "account": [entry]})
    assert SECRET not in str(caught.value)


def test_a_file_without_accounts_is_a_mistake(path: Path) -> None:
    with pytest.raises(InputError, match="account: is missing"):
        load_accounts(write(path, 'schema = "giaoban.accounts/1"\n'))
