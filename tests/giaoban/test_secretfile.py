"""Files with secrets are refused where others may read them, whichever command is given them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.mcu_sim.accounts import load_accounts


@pytest.mark.parametrize("read", [load_accounts])
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
