"""Assumptions on the page, in a real Chromium: margin and verdict at each value that was tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sensitivity_factory as some
from browser import Page

from giaoban.errors import InputError
from giaoban.results.archive.page import page_of, write_page
from giaoban.results.model.studies.sensitivity import Sensitivity
from tests.results import view_factory as v

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = v.folder(tmp_path_factory.mktemp("runs"), v.result())
    as_judged = v.result().verdict
    answer = some.answer(as_assumed=as_judged, verdict=as_judged)
    (folder / Sensitivity.FILE).write_text(answer.to_json(), encoding="utf-8")
    write_page(folder)
    return folder


@pytest.fixture(scope="module")
def page(run: Path, browser: Page) -> Iterator[Page]:
    browser.wide(390)
    browser.open((run / "view.html").as_uri())
    yield browser
    assert browser.trouble == []
    assert all(url.startswith(("data:", "file:")) for url in browser.requests)


def told(page: Page) -> str:
    text: str = page.js("document.querySelector('output[for~=assume-value]').textContent")
    return text.replace("\u00a0", " ")


def choose(page: Page, number: int) -> None:
    page.js(
        "(() => { const s = document.getElementById('assume-choice');"
        f"s.selectedIndex = {number}; s.dispatchEvent(new Event('change')); }})()"
    )


def test_it_begins_as_assumed_with_what_to_settle_first(page: Page) -> None:
    page.js("document.getElementById('lang-vi').click()")
    choose(page, 0)
    names = page.js("[...document.querySelectorAll('#assume-choice option')].map(o => o.text)")
    assert names[0] == "đường truy nhập của MCU: tốc độ"
    assert len(names) == 7
    assert told(page).startswith("Tại 100 Mb/s: Đạt, dư địa nhỏ nhất 20 %")


def test_keys_move_margin_and_verdict_to_what_was_judged(page: Page) -> None:
    page.js("document.getElementById('lang-en').click()")
    choose(page, 1)  # the composing delay: 0 to 250 ms, flips between 159 and 160
    page.js("document.getElementById('assume-value').focus()")
    page.press("Home")
    assert told(page).startswith("At 0 ms: Pass, least margin 45 %")
    page.press("End")
    assert told(page).startswith("At 250 ms: Fail, least margin −100 % or less (")
    said = page.js("document.getElementById('assume-value').getAttribute('aria-valuetext')")
    assert said.replace("\u00a0", " ") == told(page)
    page.press("Home")
    seen = []
    for _ in range(int(page.js("document.getElementById('assume-value').max"))):
        page.press("ArrowRight")
        seen.append(told(page))
    assert any(text.startswith("At 159 ms: Pass, least margin 0.5 %") for text in seen)
    assert any(text.startswith("At 160 ms: Fail, least margin −0.5 %") for text in seen)
    verdicts = ["Pass" in text for text in seen]
    assert verdicts == sorted(verdicts, reverse=True)  # it turns once
    assert any("about" in text for text in seen)


def test_choices_are_stops(page: Page) -> None:
    page.js("document.getElementById('lang-en').click()")
    choose(page, 6)
    assert page.js("document.getElementById('assume-value').max") == "1"
    page.js("document.getElementById('assume-value').focus()")
    page.press("End")
    assert told(page).startswith("At classes: Pass, least margin 35 %")


def test_nothing_is_wider_than_a_telephone(page: Page) -> None:
    page.settle()
    assert page.js("document.documentElement.scrollWidth") <= 390


def test_of_another_question_is_refused(run: Path, tmp_path: Path) -> None:
    inputs = some.answer().inputs.model_copy(update={"seed": 1})
    (tmp_path / Sensitivity.FILE).write_text(some.answer(inputs=inputs).to_json(), encoding="utf-8")
    with pytest.raises(InputError, match="another question"):
        page_of(run, lang="vi", analysis=tmp_path)
