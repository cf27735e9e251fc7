"""A sentence is its English text, and remembers what it was made from, wherever it goes."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.errors import (
    GiaobanError,
    InputError,
    MachineLacks,
    did_you_mean,
    for_terminal,
    several,
)
from giaoban.sentence import (
    Sentence,
    decimals_apart,
    joined,
    of_record,
    record,
    shown,
)
from giaoban.translation import Translator, translator

NEAR = did_you_mean("dak-mill", ["dak-mil"])
ERROR = InputError("{path}: no such file{near}", path="a.toml", near=NEAR)
VI = translator("vi")


def test_it_is_text_with_its_values() -> None:
    assert ERROR.said == str(ERROR) == 'a.toml: no such file (did you mean "dak-mil"?)'
    assert isinstance(ERROR.said.values["near"], Sentence)
    assert Sentence("{n} {n:call|calls} of {s:.1f} s", n=1, s=2) == "1 call of 2.0 s"
    assert Sentence("a {brace}") == "a {brace}"
    with pytest.raises(KeyError):
        Sentence("{a} {b}", a=1)


def test_several_stay_several() -> None:
    lines = [Sentence("{path}: is empty", path=f"{n}.toml") for n in range(30)]
    error = several(lines, more=5)
    assert len(error.said.lines()) == 21
    assert str(error).endswith("19.toml: is empty\nand 15 more")
    assert for_terminal(error) == str(error)
    assert joined("; ", ["a", "b"]).lines() == ["a", "b"]
    assert Sentence("is missing").lines() == ["is missing"]


@pytest.mark.parametrize(
    "error",
    [
        ERROR,
        MachineLacks("{command} cannot be started: {why}", "giaoban doctor", command="x", why="no"),
    ],
)
def test_it_crosses_processes(error: GiaobanError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert (type(again), str(again)) == (type(error), str(error))
    kept = of_record(json.loads(json.dumps(record(error.said))))
    assert kept == error.said


def test_a_sentence_that_no_catalogue_has_is_said_in_english() -> None:
    text = "{n:,} things of " + "nobody"
    assert Translator("vi").say(Sentence(text, n=1000)) == "1.000 things of nobody"


@pytest.mark.parametrize(
    ("value", "limit", "en", "vi"),
    [
        (2.3764, None, "2.38", "2,38"),
        (30809.66, None, "30810", "30.810"),
        (99.996, None, "100", "100"),
        (468.36, 400.0, "468", "468"),
        (100.45, 80.0, "100.5", "100,5"),  # 100 would be a margin of -25 %, it is -26 %
        (0.0123, 0.05, "0.0123", "0,0123"),  # 0.01 would be +80 %, it is +75 %
        (1000.04, 1000.0, "1000.04", "1.000,04"),
        (3.0245, 0.05, "3.02", "3,02"),
        (0.05, 0.05, "0.05", "0,05"),
        (0.0005, 0.0005, "0.0005", "0,0005"),
        (0.0, 0.0, "0", "0"),
        (-0.0000123, None, "0", "0"),
    ],
)
def test_a_figure_is_shown_so_that_its_margin_follows(
    value: float, limit: float | None, en: str, vi: str
) -> None:
    said = shown(value, limit)
    assert (str(said), said.vi) == (en, vi)


MILLIONTHS = st.integers(-(10**9), 10**9)


@given(MILLIONTHS, MILLIONTHS | st.integers(-20, 20), st.booleans(), st.integers(0, 3))
def test_two_numbers_that_differ_are_shown_as_two(
    one: int, other: int, near: bool, least: int
) -> None:
    value, limit = one / 1e6, (one + other if near else other) / 1e6
    decimals = decimals_apart(value, limit, least)
    assert (f"{value:.{decimals}f}" == f"{limit:.{decimals}f}") == (value == limit)
    # with no more decimals than it takes
    fewer = decimals - 1
    assert decimals == least or f"{value:.{fewer}f}" == f"{limit:.{fewer}f}"
