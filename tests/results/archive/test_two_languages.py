"""No Vietnamese role word inside English, no English command word inside Vietnamese."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from giaoban.results.archive.history.yearly import KINDS
from giaoban.results.model.answer_files import ANSWER_FILES
from giaoban.translation import translator

ROOT = Path(__file__).parents[3]
ROLES = re.compile("điểm cầu|chủ tọa|bộ định tuyến|đường truyền|mất điện|đứt cáp", re.IGNORECASE)
VIETNAMESE = re.compile("_vi$|^keywords?$")
"""Keys whose texts are for readers of Vietnamese."""
FILES = sorted(
    path
    for room in ("topology", "scenarios", "results", "mcu_sim", "traffic")
    for path in (ROOT / room).rglob("*.toml")
)


def english(value: object, key: str = "") -> Iterator[str]:
    """Yield the texts of a file that are not for readers of Vietnamese: English texts and names."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not VIETNAMESE.search(name):
                yield from english(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from english(inner, key)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_name_and_no_english_text_of_a_file_has_a_vietnamese_role(path: Path) -> None:
    texts = english(tomllib.loads(path.read_text(encoding="utf-8")))
    assert [text for text in texts if ROLES.search(text)] == []


def test_a_run_is_called_in_vietnamese_by_no_command() -> None:
    """Those of `giaoban history list --lang vi`."""
    assert KINDS.keys() == ANSWER_FILES.keys()
    for kind, named in KINDS.items():
        assert kind not in translator("vi").text(named)
