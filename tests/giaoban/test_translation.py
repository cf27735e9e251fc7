"""The catalogues have every sentence of the code, and no other; numbers are each language's."""

import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from giaoban.translation import LOCALES, Translator, translator

ROOT = Path(__file__).parents[2]
ROOMS = ("giaoban", "topology", "traffic", "mcu_sim", "results", "scenarios")
CATALOGUES = sorted(LOCALES.glob("*.po"))
UNTOLD = {"fault", "generator"}
"""Fields with identifiers that a translation may leave out."""

Key = tuple[str | None, str | tuple[str, ...]]


def in_code() -> set[Key]:
    """What gettext's tools find, with its context."""
    found: set[Key] = set()
    for room in ROOMS:
        for _, _, message, _, context in extract_from_dir(
            str(ROOT / room), [("**.py", "python")], keywords=DEFAULT_KEYWORDS
        ):
            found.add((context, message))
    return found


def in_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def fields(text: str, *, all_of: bool = True) -> set[str]:
    """Names of a sentence's fields; or without those that only choose a word by a number."""
    parts = string.Formatter().parse(text)
    return {n for _, n, spec, _ in parts if n is not None and (all_of or "|" not in (spec or ""))}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_has_what_the_code_says_and_no_more(path: Path) -> None:
    told: set[Key] = set()
    for message in in_catalogue(path):
        if message.id:
            told.add((message.context, message.id))
            strings = [message.string] if isinstance(message.string, str) else message.string
            assert all(strings), f"{message.id}: is not translated"
            assert not message.fuzzy, message.id
            one = message.id if isinstance(message.id, str) else message.id[-1]
            for text in strings:
                assert fields(text) <= fields(one), text
                assert fields(one, all_of=False) - fields(text) <= UNTOLD, text
    assert in_code() - told == set(), "not in the catalogue"
    assert told - in_code() == set(), "not in the code"


def test_there_is_a_catalogue_of_vietnamese() -> None:
    assert [path.stem for path in CATALOGUES] == ["vi"]
    assert len(in_code()) > 40


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (1234567.891, "1.234.567,89", "1,234,567.89"),
        (-0.5, "−0,5", "−0.5"),
        (-0.001, "0", "0"),
        (3.0, "3", "3"),
        (None, "–", "–"),
    ],
)
def test_numbers(value: float | None, vi: str, en: str) -> None:
    assert Translator("vi").number(value) == vi
    assert Translator("en").number(value) == en


def test_percentages_keep_their_sign_on_the_line() -> None:
    assert translator("vi").percent(12.345, 1) == "12,3\u00a0%"


def test_a_sentence_without_translation_is_said_in_english() -> None:
    text = "{n} things that nobody " + "ever translated"
    assert translator("vi").gettext(text, n=2) == "2 things that nobody ever translated"
    assert translator("en").ngettext("{n} call", "{n} calls", 1) == "1 call"
    assert translator("en").ngettext("{n} call", "{n} calls", 1000) == "1000 calls"
