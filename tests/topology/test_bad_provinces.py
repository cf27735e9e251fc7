"""Every bad province in `bad/` is refused with the message its first lines promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.topology.load import load_province

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.toml"))


def test_the_province_the_bad_ones_are_made_from_is_good() -> None:
    assert load_province(HERE / "small.toml").chair.id == "west"


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_bad_province(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = re.findall(r"^# expect: (.*)$", text, flags=re.MULTILINE)
    assert expected, "a fixture says what it expects"
    with pytest.raises(InputError) as caught:
        load_province(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(expected)
    for line, promise in zip(lines, expected, strict=True):
        place = re.fullmatch(rf"{re.escape(str(path))}(?::(\d+))?: (.*)", line)
        assert place, line
        assert place[2].startswith(promise)
        if key := re.search(r"\.(\w+) = ", promise):  # the line named is the key's own
            assert re.match(rf"{key[1]}\s*=", text.splitlines()[int(place[1]) - 1])
        elif table := re.match(r"(\w+)(?:\[(\d+)\])", promise):
            header = f"[[{table[1]}]]"
            before = text.splitlines()[: int(place[1])]
            assert before.count(header) == int(table[2]) + 1


def test_missing_file_suggests_a_neighbour() -> None:
    with pytest.raises(InputError, match=r'smal\.toml: no such file \(did you mean "small\.toml"'):
        load_province(HERE / "smal.toml")
