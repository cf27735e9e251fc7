"""The page in a real Chromium: figures, sorting, languages, narrow and wide windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Page

from giaoban.results.archive.page import write_page
from giaoban.results.model.result import Result
from giaoban.results.report.wording import Wording
from tests.results import view_factory as v

pytestmark = pytest.mark.realtime

VI = Wording("vi")
AUDITS = (Path(__file__).with_name("audits.js")).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run's folder with its page."""
    folder = v.folder(tmp_path_factory.mktemp("runs"), v.result())
    write_page(folder)
    return folder


@pytest.fixture
def page(browser: Page, run: Path) -> Iterator[Page]:
    """Yield the page, opened without a server; it must cause no error and no request."""
    browser.wide(1280)
    url = (run / "view.html").as_uri()
    browser.open(url)
    yield browser
    assert browser.trouble == []
    assert [u for u in browser.requests if not u.startswith("data:")] == [url]


def test_figures_are_those_of_the_result_and_a_press_sorts_them(page: Page, run: Path) -> None:
    result = Result.from_json((run / "result.json").read_bytes())
    streams = [s for phase in result.phases for b in phase.bridges for s in b.streams]
    rows = page.table("streams-vi")
    assert sorted(row[6] for row in rows) == sorted(VI.number(s.delay_p95_ms) for s in streams)
    page.js("document.querySelector('#streams-vi thead th:nth-child(8) button').click()")
    shown = [row[6] for row in page.table("streams-vi") if row[6] != "–"]
    delays = sorted((s.delay_p95_ms for s in streams if s.delay_p95_ms is not None), reverse=True)
    assert shown == [VI.number(delay) for delay in delays]
    sort = "document.querySelector('#streams-vi thead th:nth-child(8)').getAttribute('aria-sort')"
    assert page.js(sort) == "descending"


def test_one_language_is_shown_at_a_time(page: Page) -> None:
    divs = "[...document.querySelectorAll('main > div')]"
    seen = f"{divs}.filter(e => e.checkVisibility()).map(e => e.lang)"
    assert page.js(seen) == ["vi"]
    page.click("#lang-en")
    assert page.js(seen) == ["en"]
    assert page.js("document.documentElement.lang") == "en"


@pytest.mark.parametrize("wide", [1280, 390])
def test_audits(page: Page, wide: int) -> None:
    """Contrast, headings, tables, ids, labels, targets; nothing is wider than the window."""
    page.wide(wide)
    for lang in ("vi", "en"):
        page.js(f"document.getElementById('lang-{lang}').click()")
        page.settle()
        assert page.js(AUDITS) == []
        assert page.js("document.documentElement.scrollWidth") <= wide
