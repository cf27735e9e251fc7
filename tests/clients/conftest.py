"""The MCU as a process, ended after each test."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.programs import Mcu, end

ACCOUNTS = """schema = "giaoban.accounts/1"
account = [
    { user = "dak-nong", password = "first-pass" },
    { user = "cu-jut", password = "second-pass" },
    { user = "dak-mil", password = "third-pass" },
]
"""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Mcu]]:
    """Starts `giaoban mcu serve` with more options."""
    running: list[Mcu] = []

    def start(*words: str) -> Mcu:
        running.append(Mcu(tmp_path, *words))
        return running[-1]

    yield start
    for mcu in running:
        end(mcu.process, signal.SIGINT)
        for pipe in (mcu.process.stdin, mcu.process.stdout, mcu.process.stderr):
            pipe.close()


@pytest.fixture
def accounts(tmp_path: Path) -> str:
    """A file with the accounts `dak-nong`, `cu-jut` and `dak-mil`."""
    path = tmp_path / "accounts.toml"
    path.touch(mode=0o600)
    path.write_text(ACCOUNTS, encoding="utf-8")
    return str(path)
