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
