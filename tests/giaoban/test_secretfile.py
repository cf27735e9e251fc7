"""Files with secrets are refused where others may read them, whichever command is given them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.mcu_sim.accounts import load_accounts
from giaoban.results.archive.evidence.signing import Signer
from giaoban.scenarios.cli.commands.documents.annex import signer_of


def password_file(path: Path) -> None:
    signer_of(path.with_name("no.p12"), path, "")


def key_without_password(path: Path) -> None:
    Signer(path, "")


@pytest.mark.parametrize("read", [load_accounts, password_file, key_without_password])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602, 0o644, 0o666])
def test_others_may_not_read_it(tmp_path: Path, read: Callable[[Path], object], mode: int) -> None:
    path = tmp_path / "a secret"
    path.write_text("x", encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(InputError, match="but others may read it") as caught:
        read(path)
    assert str(caught.value).endswith(f": chmod 600 '{path}'")
    path.chmod(0o600)
    with pytest.raises(InputError) as caught:  # it goes on, and finds what else is wrong
        read(path)
    assert "others may read it" not in str(caught.value)


def test_a_key_with_a_password_may_lie_open(tmp_path: Path) -> None:
    path = tmp_path / "office.p12"
    path.write_bytes(b"x")
    path.chmod(0o644)
    with pytest.raises(InputError, match=r"is no PKCS#12 file"):
        Signer(path, "secret")
