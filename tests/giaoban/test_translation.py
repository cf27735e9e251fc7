"""The catalogues have every sentence of the code, and no other; numbers are each language's."""

import ast
import re
import string
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from giaoban import sentence, translation
from giaoban.translation import LOCALES, Translator, languages, translator

ROOT = Path(__file__).parents[2]
ROOMS = ("giaoban", "topology", "traffic", "mcu_sim", "results", "scenarios")
CATALOGUES = sorted(LOCALES.glob("*.po"))
UNTOLD = {"fault", "generator"}
"""Fields with identifiers that a translation may leave out."""

ERRORS = ("GiaobanError", "InputError", "InvalidRun", "MachineLacks")
MARKS = {**DEFAULT_KEYWORDS, "InvalidRun": None}
"""Gettext's own, and the errors that documents repeat."""
SENTENCES = {**MARKS, "Sentence": None}
ENGLISH = (
    *(f"giaoban/{name}.py" for name in ("build_cache", "errors", "files", "scarce", "table")),
    *("giaoban/text.py", "giaoban/tomlfile.py", "giaoban/processes/", "mcu_sim/accounts.py"),
    *(f"topology/{name}" for name in ("emulation/", "sandbox/", "usual.py", "validate.py")),
    *(f"scenarios/{name}" for name in ("emulation/engine.py", "project/")),
    *(f"scenarios/cli/commands/{name}/" for name in ("data", "machine", "mcu")),
    *(f"scenarios/cli/commands/check/{name}.py" for name in ("accept", "init")),
    *(f"scenarios/cli/{name}.py" for name in ("app", "entry", "scenarios", "version")),
    "scenarios/load/locust/",
)
"""Files with input errors, option help and engineering tools, which speak English alone."""
SPOKEN = (
    *("results/", "scenarios/study/", "scenarios/load/", "scenarios/cli/"),
    *("scenarios/estimate/limits.py", "topology/counts.py"),
)
"""Files whose `Sentence`s stand in documents; elsewhere they are parts of input errors."""
INPUT_ERRORS = (
    *(f"scenarios/study/{name}.py" for name in ("sweep/axes", "sensitivity/figures")),
    *(f"scenarios/study/whatif/{name}.py" for name in ("apply", "variant")),
    "results/judge/criteria.py",
)
"""Files whose `Sentence`s are parts of input errors, though they lie beside documents."""

NOT_FORMATTED = {"topology/sandbox/kernel_build.py"}
"""Whose sum is that of everybody's kernel: its errors are finished texts."""

Key = tuple[str | None, str | tuple[str, ...]]


@cache
def in_code() -> frozenset[Key]:
    """What gettext's tools find in the texts that have a Vietnamese form, with its context."""
    found: set[Key] = {(None, "{first} or {last}")}  # of giaoban.sentence
    for room in ROOMS:
        for keywords, wanted in ((MARKS, ("",)), (SENTENCES, SPOKEN)):
            for file, _, message, _, context in extract_from_dir(
                str(ROOT / room), [("**.py", "python")], keywords=keywords
            ):
                name = f"{room}/{file}"
                spoken = keywords is MARKS or name not in INPUT_ERRORS
                if spoken and name.startswith(wanted) and not name.startswith(ENGLISH):
                    found.add((context, message))
    return frozenset(found)


def has_words(message: str | tuple[str, ...]) -> bool:
    """Not fields and marks alone, as `{place}: {what}`."""
    if not isinstance(message, str):
        return True
    parts = list(string.Formatter().parse(message))
    between = [text for text, *_ in parts] + [spec for *_, spec, _ in parts if spec and "|" in spec]
    return any(any(map(str.isalpha, text)) for text in between)


SAYS = {*ERRORS, "Sentence", "mistake"}


class Call(NamedTuple):
    file: str
    called: str
    node: ast.Call

    @property
    def place(self) -> str:
        return f"{self.file}:{self.node.lineno}"


@cache
def calls() -> list[Call]:
    """Those of the product that say something, each module read once."""
    found = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Call) and node.args:
                    called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if called in (*SAYS, "MachineLacks", "N_"):
                        found.append(Call(name, called, node))
    return found


def glued() -> set[str]:
    """Where an error, or a sentence of one, is put together before any language can say it."""
    return {
        call.place
        for call in calls()
        if call.called in SAYS and call.file not in NOT_FORMATTED and is_glued(call.node.args[0])
    }


def is_glued(text: ast.expr) -> bool:
    return isinstance(text, ast.JoinedStr | ast.BinOp) or (
        isinstance(text, ast.Call) and getattr(text.func, "attr", "") in ("join", "format")
    )


def test_errors_are_sentences_with_fields() -> None:
    assert glued() == set()


@pytest.mark.parametrize(
    ("text", "glued"),
    [
        ('f"{a}: no"', True),
        ('"a" + b', True),
        ('"%s: no" % a', True),
        ('"; ".join(a)', True),
        ('"{a}".format(a=a)', True),
        ('"{a}: no"', False),
        ("said", False),
        ('joined("; ", a)', False),
    ],
)
def test_what_is_glued(text: str, glued: bool) -> None:
    assert is_glued(ast.parse(text, mode="eval").body) == glued


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
            assert all(name.isidentifier() for name in fields(one)), f"{one}: by places, not names"
            for text in strings:
                assert fields(text) <= fields(one), text
                assert fields(one, all_of=False) - fields(text) <= UNTOLD, text
    untold = {key for key in in_code() - told if has_words(key[1])}
    assert untold == set(), "not in the catalogue"
    assert told - in_code() == set(), "not in the code"


def test_no_mark_is_hidden_from_the_tools() -> None:
    """They pass over a mark within the arguments of another."""
    told = {key for _, key in in_code()}
    hidden = {
        call.node.args[0].value
        for call in calls()
        if call.called == "N_"
        and not call.file.startswith(ENGLISH)
        and isinstance(call.node.args[0], ast.Constant)
        and call.node.args[0].value not in told
    }
    assert hidden == set()


def test_there_is_a_catalogue_of_vietnamese() -> None:
    assert [path.stem for path in CATALOGUES] == ["vi"]
    assert languages() == ("vi", "en")
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


@pytest.mark.parametrize(
    ("figure", "vi", "en"),
    [
        (sentence.message("{n} ms", n=4000.0), "4.000 ms", "4000 ms"),
        (sentence.message("{n} ms", n=-12345.5), "−12.345,5 ms", "-12345.5 ms"),
        (sentence.number(1024, after=" kb/s"), "1.024 kb/s", "1024 kb/s"),
        (sentence.number(1500.5, ".1f"), "1.500,5", "1500.5"),
        (sentence.number(7, "03d"), "007", "007"),
        (sentence.message("{n} m", n=999.0), "999 m", "999 m"),
        (sentence.Sentence("--port {n}", n=8080), "--port 8080", "--port 8080"),
        (sentence.Sentence("{n:,}", n=250691), "250.691", "250,691"),
    ],
)
def test_thousands_stand_apart_in_every_figure(figure: sentence.Sentence, vi: str, en: str) -> None:
    """As `number` has them; what is to be written into a file or an option stays as it is."""
    assert (translator("vi").say(figure), str(figure)) == (vi, en)
    assert translator("vi").figure(1000) == "1.000"


def test_percentages_keep_their_sign_on_the_line() -> None:
    assert translator("vi").percent(12.345, 1) == "12,3\u00a0%"


def test_a_sentence_without_translation_is_said_in_english() -> None:
    text = "{n} things that nobody " + "ever translated"
    assert translator("vi").gettext(text, n=2) == "2 things that nobody ever translated"
    calls = "{n} {n:call|calls}"
    assert [translator("en").gettext(calls, n=n) for n in (1, 1000)] == ["1 call", "1000 calls"]


def test_a_catalogue_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again where it changed, or what is kept was damaged; where nothing can be kept, each
    time."""
    monkeypatch.setattr(translation, "LOCALES", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    compiled: list[bytes] = []
    compile_it = translation._compile

    def told(source: bytes, language: str) -> bytes:
        compiled.append(source)
        return compile_it(source, language)

    def said() -> str:
        return translation._catalogue.__wrapped__("vi").gettext("a bridge")

    def write(word: str) -> None:
        (tmp_path / "vi.po").write_text(f'msgid "a bridge"\nmsgstr "{word}"\n', encoding="utf-8")

    monkeypatch.setattr(translation, "_compile", told)
    write("điểm cầu")
    assert [said(), said()] == ["điểm cầu"] * 2
    assert len(compiled) == 1
    write("cầu")
    assert [said(), said()] == ["cầu"] * 2
    assert len(compiled) == 2
    [kept] = tmp_path.rglob("*.mo")  # the older one is gone
    kept.write_bytes(kept.read_bytes()[:-1])
    assert [said(), said()] == ["cầu"] * 2
    assert len(compiled) == 3
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "vi.po"))
    assert [said(), said()] == ["cầu"] * 2
    assert len(compiled) == 5


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_figure_is_told_as_a_power_of_ten(value: float) -> None:
    said = sentence.message("{value}", value=value)
    for language, point, group in (("en", ".", ""), ("vi", ",", ".")):
        told = translator(language).say(said)
        assert "e" not in told
        plain = told.replace(group, "") if group else told
        assert float(plain.replace(point, ".").replace("−", "-")) == float(f"{value:.6g}")


def test_the_kind_of_a_unit_is_in_lower_case_inside_a_sentence() -> None:
    """Decree 30/2020/NĐ-CP, annex II: capitals are those of the name."""
    said = sentence.message("{first} and {last}", first="Xã Quảng Sơn", last="Thị xã Gia Nghĩa")
    assert translator("vi").say(said) == "Xã Quảng Sơn và thị xã Gia Nghĩa"
    by_hand = translator("vi").gettext("{first} and {last}", first="Cư Jút", last="(Xã Nam Dong)")
    assert by_hand == "Cư Jút và (xã Nam Dong)"
    assert translator("en").say(said).endswith("Thị xã Gia Nghĩa")


def test_no_words_of_a_sentence_are_joined_in_english() -> None:
    """`giaoban.sentence.either` joins them in the language of the reader; SIP has English alone."""
    joins = re.compile(r"""["'] or ["']\.join""")
    for room in (room for room in ROOMS if room != "mcu_sim"):
        for path in (ROOT / room).rglob("*.py"):
            assert not joins.search(path.read_text(encoding="utf-8")), path
