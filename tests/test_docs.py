"""The documents name files and modules that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = "giaoban|topology|traffic|mcu_sim|scenarios|results|bench|tests|scripts|docs"
PLACEHOLDER = re.compile(r"[A-Z]{3,}|/runs\b|/my-")
"""`NAME.toml`, and what comes to be by using the program."""


@pytest.mark.parametrize(
    "page",
    [p for p in (*ROOT.glob("docs/*.md"), *ROOT.glob("*.md")) if p.name != "CHANGELOG.md"],
    ids=lambda page: page.name,
)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(rf"`((?:{ROOMS})/[\w./-]+)`", page.read_text(encoding="utf-8"))
    gone = {path for path in named if not PLACEHOLDER.search(path) and not (ROOT / path).exists()}
    assert not gone
