"""No English sentence says `1 packets` or `1 were`: a word after a number agrees with it.

Over all that catalogues know: a field with what is counted right after it, in the plural and
without a choice (`{n:call|calls}`), is found unless it can never be one.
"""

import re

import pytest

from giaoban.results.model.reasons import because
from giaoban.sentence import N_, Sentence
from giaoban.translation import COUNTED as COUNTED_UNITS
from giaoban.translation import translator
from tests.giaoban.test_translation import in_code

AGREED = re.compile(r"\{\w+:[^{}|]*(?:\{\w+\}[^{}|]*)*\|[^{}]*(?:\{\w+\}[^{}]*)*\}")
"""A field that chooses words by a number; in them may be the number itself."""
COUNTED = re.compile(
    r"\{(?P<of>\w+)(?::[^{}]*)?\}"  # a number, and up to two words before what is counted
    r"(?: (?!(?:of|that|they|but|and|to|in|on|by|at|whose|with|did)\b)[a-z-]+){0,2}?"
    r" (?P<word>[a-z-]+s|people|were|are|have|do|pass|fail|come|wait|differ|need|meet|remain)\b"
    r"(?![|/])"
)
NO_PLURAL = {"has", "does", "as", "its", "this", "always", "less", "loss", "process", "ms", "s"}
SINGULAR = {
    *("is", "was", "allows", "chairs", "counts", "drops", "fails", "holds", "leaves", "needs"),
    *("rests", "shows", "takes", "tells"),
}
"""What one does: before it stands who does it, and no number."""
LIMIT = re.compile("(most|least|longest|max|min)(_|$)")
"""How the fields of the program's own limits begin, none of which is 1."""
NAMES = {"bridge", "device", "lead", "line", "section", "what"}
"""Fields with no number in them."""
NEVER_ONE = (
    # more than are shown, or than is allowed
    "{bridges:,} bridges",
    *("{lines} worst lines", "{nodes:,} nodes", "{n} new bridges"),
)
"""Sentences of what there cannot be one of."""


def disagreeing(sentence: str | tuple[str, ...]) -> set[str]:
    """Where a sentence has a plural that a number before it may not agree with."""
    text, chosen = (sentence, "") if isinstance(sentence, str) else (sentence[-1], "n")
    return {
        found[0]
        for found in COUNTED.finditer(AGREED.sub("#", text))
        if found["word"] not in NO_PLURAL | SINGULAR
        and found["of"] not in {chosen, *NAMES}
        and not LIMIT.match(found["of"])
    }


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("{n} packets came", {"{n} packets"}),
        ("{n} lost packets", {"{n} lost packets"}),
        ("{n} of {all} bridges", {"{all} bridges"}),
        ("{n:,.0f} calls", {"{n:,.0f} calls"}),
        ("{n} were", {"{n} were"}),
        ("{n} {n:packet|packets} and {m} copies", {"{m} copies"}),
        ("{n:the one call|all {n} calls}", set()),
        ("{n} of {all} {all:bridge|bridges}", set()),
        ("{n} {n:packet was|packets were} lost", set()),
        ("{most_calls} calls", set()),
        ("{what} is", set()),
        (("{n} call of {m} calls", "{n} calls of {m} calls"), {"{m} calls"}),
    ],
)
def test_what_does_not_agree(sentence: str | tuple[str, ...], found: set[str]) -> None:
    assert disagreeing(sentence) == found


def test_every_sentence_agrees_with_its_numbers() -> None:
    excused, wrong = set(), set()
    for _, text in in_code():
        for place in disagreeing(text):
            said = text if isinstance(text, str) else text[-1]
            why = {each for each in NEVER_ONE if place in each and each in said}
            excused |= why
            if not why:
                wrong.add((place, said))
    assert wrong == set()
    assert set(NEVER_ONE) - excused == set(), "no longer said"


def test_words_agree_however_a_sentence_is_said() -> None:
    text = N_("{n} {n:bridge|bridges}")
    for language, one, two in (
        ("en", "1 bridge", "2 bridges"),
        ("vi", "1 điểm cầu", "2 điểm cầu"),
    ):
        say = translator(language)
        assert (say.gettext(text, n=1), say.gettext(text, n=2)) == (one, two)
        assert say.say(Sentence(text, n=1)) == one
    assert str(Sentence(text, n=1)) == "1 bridge"
    assert translator("en").gettext("{n:.1f} {n:a|b}", n=1.5) == "1.5 b"
    assert str(because("never-sent", stream="s", packets=1)) == (
        "s: 1 packet came that was never sent"
    )
    assert str(because("never-sent", stream="s", packets=2)) == (
        "s: 2 packets came that were never sent"
    )


@pytest.mark.parametrize("amount", [1, 1.0, 0, 0.5, 1.5, 2])
def test_both_ways_of_english_choose_alike(amount: float) -> None:
    choice = "{n:one|more}"
    assert translator("en").gettext(choice, n=amount) == str(Sentence(choice, n=amount))


@pytest.mark.parametrize("unit", COUNTED_UNITS)
def test_a_unit_agrees_with_its_amount(unit: str) -> None:
    say = translator("en")
    assert (say.unit(1, unit), say.unit(2, unit)) == (unit.removesuffix("s"), unit)
    assert translator("vi").unit(1, unit) == translator("vi").unit(2, unit)
