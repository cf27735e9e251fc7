"""The table of a verdict on terminals of any width: cells are broken, and nothing is lost."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from rich.console import Console

from giaoban.results.model.places import Place
from giaoban.results.report import terminal
from giaoban.results.report.document import Par, in_language
from giaoban.results.report.summaries.check_summary import criteria
from giaoban.translation import translator
from tests.results import results_factory as make


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("width", [80, 100, 200, terminal.UNBROKEN])
@pytest.mark.parametrize("name", ["MCU", "Polycom RMX 1500, 1 × MPMx, fixed mode, during " * 2])
def test_no_word_is_lost_at_any_width(width: int, name: str, language: str) -> None:
    plain = make.result()
    place = Place(kind="mcu", id="mcu", phase="during")
    judged = [
        c.model_copy(update={"place": place, "ok": number % 2 == 0, "margin_pct": -100.0 * number})
        for number, c in enumerate(plain.criteria)
    ]
    names = {**plain.names, "mcu": name}
    table = criteria(plain.model_copy(update={"criteria": judged, "names": names}))
    out = io.StringIO()
    terminal.show(table, console=Console(file=out, width=width), say=translator(language).say)
    printed = out.getvalue()
    said = in_language(table, translator(language).say)
    assert max(map(len, printed.splitlines())) <= width
    assert "…" not in printed
    words = Counter(printed.split())
    for row in said.rows:
        for cell in row:
            assert not Counter(cell.text.split()) - words
    if width >= 100 and language == "en":
        lines = printed.splitlines()
        assert all(any(row[1].text in line for line in lines) for row in said.rows)
    if width == terminal.UNBROKEN:
        assert len(printed.splitlines()) == 1 + len(judged)


def test_texts_are_broken_between_words_and_paths_are_not() -> None:
    path = "/" + "long/" * 30
    out = io.StringIO()
    console = Console(file=out, width=40)
    terminal.show(Par(f"  the page: {path} of a run that was kept there"), console=console)
    first, second, *rest = out.getvalue().splitlines()
    assert first == "  the page:"
    assert second == f"  {path}"
    assert " ".join(" ".join(rest).split()) == "of a run that was kept there"


def test_what_is_no_terminal_has_no_end_of_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal.width(io.StringIO()) == terminal.UNBROKEN
    monkeypatch.setenv("COLUMNS", "72")
    assert terminal.width(io.StringIO()) == 72
