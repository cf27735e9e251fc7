"""The page in a real Chromium: its figures are the run's, in both languages, for everybody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import Page

from giaoban.results.archive.page import page_of, write_page
from giaoban.results.model.result import Result
from giaoban.results.model.series import Series
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.view import words
from giaoban.results.report.wording import Wording
from giaoban.translation import NBSP, translator
from tests.results import failures_factory as tries
from tests.results import history_factory as h
from tests.results import results_factory as f
from tests.results import sensitivity_factory
from tests.results import view_factory as v
from tests.results.identifiers import showing

VI = Wording("vi")

pytestmark = pytest.mark.realtime

WORDS = {
    lang: {key: translator(lang).text(text) for key, text in words.WORDS.items()}
    for lang in ("vi", "en")
}
AUDITS = (Path(__file__).with_name("audits.js")).read_text(encoding="utf-8")
INTERACTIVE = {"button", "link", "combobox", "slider", "radio", "textbox", "checkbox"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with its page."""
    folder = v.folder(tmp_path_factory.mktemp("runs"), v.result())
    write_page(folder)
    return folder


@pytest.fixture
def page(browser: Page, run: Path) -> Iterator[Page]:
    """The page of the run, opened without a server; whatever a test does, nothing goes wrong."""
    browser.wide(1200)
    browser.media()
    url = (run / "view.html").as_uri()
    browser.open(url)
    yield browser
    assert browser.trouble == []
    assert [u for u in browser.requests if not u.startswith("data:")] == [url]


def shown(browser: Page, folder: Path, text: str) -> Page:
    """Open a page that is not a run's own."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    browser.wide(1200)
    browser.open(path.as_uri())
    assert browser.trouble == []
    assert [u for u in browser.requests if not u.startswith("data:")] == [path.as_uri()]
    return browser


def read(folder: Path) -> Result:
    return Result.from_json((folder / "result.json").read_bytes())


def test_criteria_are_those_of_the_result(page: Page, run: Path) -> None:
    rows = page.table("criteria-table")
    result = read(run)
    assert result.binding is not None
    assert len(rows) == len(result.criteria)
    for row, c in zip(rows, result.criteria, strict=True):
        unit = c.unit_vi or c.unit
        assert row[:4] == [
            f"{'▶ ' * (c.id == result.binding.criterion)}{c.name_vi}",
            VI.amount(c.value, unit),
            VI.limit(c),
            VI.percent(c.margin_pct),
        ]
        met = "✓ Đạt" if c.ok else "✗ Không đạt"
        assert row[4] == (met if c.shown else "chưa chứng minh được")


def test_every_bridges_figures_are_those_of_the_result(page: Page, run: Path) -> None:
    names = {"audio": "âm thanh", "video": "hình ảnh", "up": "chiều lên", "down": "chiều xuống"}
    phases = {"before": "Trước", "during": "Trong", "after": "Sau"}
    for bridge in [*f.EXISTING, *f.NEW]:
        page.js(
            f"(() => {{ const s = document.getElementById('bridge-choice'); s.value = '{bridge}';"
            "s.dispatchEvent(new Event('change')); })()"
        )
        expected = [
            [
                phases[phase.name],
                f"{names[s.kind]}, {names[s.direction]}",
                VI.number(s.packets_sent, 0),
                *(VI.number(x) for x in (s.lost_pct, s.listener_lost_pct)),
                *(VI.number(x) for x in (s.delay_p50_ms, s.delay_p95_ms, s.delay_p99_ms)),
                VI.number(s.ipdv_ms),
                VI.number(s.mouth_to_ear_ms or s.camera_to_screen_ms, 0),
                VI.number(s.mos_listening),
                VI.number(s.interruption_ms_max, 1),
                VI.number(s.freezes, 0),
                VI.number(s.freeze_pct),
            ]
            for phase in read(run).phases
            for b in phase.bridges
            if b.id == bridge
            for s in b.streams
        ]
        assert page.table("streams-table") == expected, bridge
        assert expected


def test_curves_are_those_of_the_series(page: Page, run: Path) -> None:
    """The last bridge's loss, second by second: a gap before it joins stays a gap."""
    series = Series.load(run / "series.npz")
    page.js(
        "(() => { const s = document.getElementById('bridge-choice'); s.value = 'quang-son';"
        "s.dispatchEvent(new Event('change'));"
        "document.querySelector('input[name=measure][value=loss]').click();"
        "document.querySelector('#bridge details').open = true; })()"
    )
    page.settle()
    rows = page.js(
        "[...document.querySelectorAll('#bridge details tbody tr')]"
        ".map(r => [...r.children].map(c => c.textContent))"
    )
    keys = [key for key in series.stream_lost_pct if key.startswith("quang-son ")]
    assert len(rows) == 90
    assert any("–" in row for row in rows)
    for second, row in enumerate(rows):
        values = [float(np.float32(series.stream_lost_pct[key][second])) for key in keys]
        assert row[1:] == [VI.number(None if np.isnan(x) else x) for x in values], second
    page.js("document.getElementById('second').value = 80")
    page.js("document.getElementById('second').dispatchEvent(new Event('input'))")
    now = page.js("[...document.querySelectorAll('#bridge-plot .value')].map(x => x.textContent)")
    assert now == [text + NBSP + "%" for text in rows[80][1:]]


def test_the_mcu_and_the_links(page: Page, run: Path) -> None:
    phases = read(run).phases
    assert [row[1:4] + row[5:6] + row[7:8] for row in page.table("mcu-table")] == [
        [
            VI.percent(p.mcu.used_pct, 1),
            VI.in_use(p.mcu),
            f"{VI.number(p.mcu.units_used)} / {VI.number(p.mcu.units_total)}",
            f"{p.mcu.ports_used} / {p.mcu.ports_total}",
            str(len(p.mcu.joined)),
        ]
        for p in phases
    ]
    first = page.table("links-table")[0]
    assert first == ["Gia Nghĩa → Đắk Song", "10", "12,3", "32,3", "52,3", "0"]


def test_the_map_shows_the_load_that_is_asked_for(page: Page) -> None:
    def figures() -> list[str]:
        return [t for t in page.js(
            "[...document.querySelectorAll('#map figure g > rect + text')].map(t => t.textContent)"
        ) if t.endswith("%")]  # fmt: skip

    assert figures() == ["52,3\u00a0%"]
    page.click("input[name=colour][value=before]")
    assert figures() == ["12,3\u00a0%"]


def test_both_languages_and_nothing_of_the_other(page: Page) -> None:
    texts = "[...document.querySelectorAll('body *')].flatMap(e => [...e.childNodes])" \
        ".filter(n => n.nodeType === 3 && !['SCRIPT', 'STYLE'].includes(n.parentNode.tagName))" \
        ".map(n => n.textContent.trim())"  # fmt: skip
    only = {
        lang: {w for k, w in WORDS[lang].items() if "{" not in w and w not in WORDS[o].values()}
        for lang, o in (("vi", "en"), ("en", "vi"))
    }
    for lang, other in (("vi", "en"), ("en", "vi")):
        page.click(f"#lang-{lang}")
        assert page.js("document.documentElement.lang") == lang
        assert page.js("document.activeElement.id") == f"lang-{lang}"
        assert page.js("document.title").startswith(WORDS[lang]["title"])
        found = set(page.js(texts))
        assert not found & only[other] - {WORDS[lang]["MOS"]}
        assert WORDS[lang]["criteria note"] in found
    assert WORDS["vi"].keys() == WORDS["en"].keys()


def test_numbers_are_written_as_the_language_does(page: Page) -> None:
    first = "document.querySelector('#links-table tbody td:nth-child(3)').textContent"
    assert page.js(first) == "12,3"
    page.click("#lang-en")
    assert page.js(first) == "12.3"


def test_everything_by_keyboard(page: Page) -> None:
    page.press("Tab")
    assert page.js("document.activeElement.id") == "skip"
    page.press("Enter")
    assert page.js("document.activeElement.id") == "main"
    page.js("document.getElementById('lang-vi').focus()")
    page.press("Tab")
    page.press("Enter")
    assert page.js("document.documentElement.lang") == "en"
    # one stop for the map; arrows go from bridge to bridge, Enter chooses
    page.js("document.querySelector('.node[tabindex=\"0\"]').focus()")
    before = page.js("document.activeElement.dataset.id")
    page.press("ArrowDown")
    after = page.js("document.activeElement.dataset.id")
    assert after != before
    page.press("Enter")
    assert page.js("document.getElementById('bridge-choice').value") == after
    assert page.js("document.querySelectorAll('.node[tabindex=\"0\"]').length") == 1
    assert page.js("document.activeElement.getAttribute('aria-pressed')") == "true"
    said = page.js("document.getElementById('said').textContent")
    assert said == f"Shown: {(f.EXISTING | f.NEW)[after]}"
    page.press("Home")
    page.press("End")
    assert page.js("document.activeElement.dataset.id") != after
    page.js("document.getElementById('second').focus()")
    page.press("ArrowRight", 35)
    assert page.js("document.getElementById('second').value") == "35"
    assert page.js("document.getElementById('second').getAttribute('aria-valuetext')") == (
        "second 35, During"
    )
    assert "at second 35" in page.js("document.getElementById('map').textContent")


def test_where_a_value_was_worst_leads_there(page: Page) -> None:
    page.click("#criteria .place")
    target = page.js("document.activeElement.id")
    assert target in ("bridge-choice", "links-choice")


def test_screen_readers_are_told_everything(page: Page) -> None:
    for lang in ("vi", "en"):
        page.click(f"#lang-{lang}")
        named = page.named()
        assert not [role for role, name in named if role in INTERACTIVE and not name.strip()]
        assert not [role for role, name in named if role in ("image", "img") and not name.strip()]
        roles = [role for role, _ in named]
        for landmark in ("banner", "navigation", "main", "contentinfo"):
            assert roles.count(landmark) == 1, landmark
        bridges = [name for role, name in named if role == "button" and "điểm cầu" in name]
        assert lang == "en" or len(bridges) >= 10
        [delay] = [n for role, n in named if role in ("image", "img") and n.startswith(
            "Biểu đồ Gia Nghĩa" if lang == "vi" else "Plot of Gia Nghĩa")]  # fmt: skip
        assert "chiều lên: từ " in delay or "up: from " in delay


@pytest.mark.parametrize("wide", [1200, 360])
def test_audits(page: Page, wide: int) -> None:
    """Contrast, headings, tables, ids, labels, targets; nothing wider than the window."""
    page.wide(wide)
    for lang in ("vi", "en"):
        page.click(f"#lang-{lang}")
        page.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.settle()
        assert page.js(AUDITS) == []
        assert page.js("document.documentElement.scrollWidth") <= wide


OFF_SCREEN = """[...document.querySelectorAll('body *')].filter(e => e.getClientRects().length
  && !e.closest('.unseen, .skip') && e.getBoundingClientRect().right > innerWidth + 0.5)
  .map(e => `${e.tagName} ${e.id} ${e.className.baseVal ?? e.className} in ${
    (e.closest('section') || {}).id}: ${e.textContent.slice(0, 40)}`)"""


@pytest.mark.parametrize("wide", [390, 1280])
def test_nothing_reaches_over_the_edge_of_the_screen(
    browser: Page, tmp_path: Path, wide: int
) -> None:
    """In every section, with everything opened, beside another run and with failures tried."""
    a = v.folder(tmp_path, v.result())
    b = v.folder(tmp_path, v.result(h.JULY, delay_ms=160.0))
    page = shown(browser, tmp_path, page_of(a, lang="vi", other=b))
    page.wide(wide)
    for lang in ("vi", "en"):
        page.click(f"#lang-{lang}")
        page.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.settle()
        assert page.js("document.querySelectorAll('main section').length") > 8
        assert page.js(OFF_SCREEN) == []
        assert page.js("document.documentElement.scrollWidth") <= wide


def test_on_a_telephone_each_figure_says_what_it_is(page: Page) -> None:
    """The head of a table is not shown there; letters of plots stay as large as can be read."""
    page.wide(390)
    page.settle()
    label = "getComputedStyle(document.querySelector('#criteria-table td'), '::before').content"
    assert page.js(label) == '"Giá trị"'
    sizes = """[...document.querySelectorAll('.chart svg text')].map(t =>
      t.getBoundingClientRect().height)"""
    assert min(page.js(sizes)) > 9
    alone = """[...document.querySelectorAll('.scroll td')].filter(t =>
      !t.textContent.trim() && !t.querySelector('svg') && t.offsetHeight > 0).length"""
    assert page.js(alone) == 0, "a head without a figure"


def test_the_limit_is_in_every_plot_that_has_one(page: Page) -> None:
    for wide in (390, 1280):
        page.wide(wide)
        page.settle()
        page.js("document.querySelector('input[name=measure][value=mos]').click()")
        for plot in ("bridge-plot", "mcu-plot"):
            lines = f"document.querySelectorAll('#{plot} svg line[stroke=\"#9b1414\"]').length"
            assert page.js(lines) == 2, "in the plot, and beside its name"


def test_the_verdicts_box_says_what_it_hangs_on(browser: Page, tmp_path: Path) -> None:
    folder = v.folder(tmp_path, v.result())
    text = shown(browser, tmp_path, page_of(folder, lang="vi")).js(
        "document.querySelector('#verdict').textContent"
    )
    assert f"{len(read(folder).assumptions)} giả định" in text
    assert "điểm lỗi đơn" in text


def test_only_what_scrolls_is_a_stop_for_the_tabulator(page: Page) -> None:
    stops = "document.querySelectorAll('.scroll[tabindex]').length"
    page.wide(1600)
    page.settle()
    assert page.js(stops) == 0
    page.wide(700)
    page.settle()
    assert page.js(stops) > 2
    page.wide(360)
    page.settle()
    assert page.js(stops) == 0, "nothing scrolls sideways on a telephone"


def test_wishes_and_print(page: Page) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    assert page.js(behaviour) == "smooth"
    page.media(prefers_reduced_motion="reduce")
    assert page.js(behaviour) == "auto"
    page.media("print")
    assert page.js("getComputedStyle(document.querySelector('nav')).display") == "none"
    page.media()
    assert page.pdf().startswith(b"%PDF")


def test_two_runs_side_by_side(browser: Page, tmp_path: Path) -> None:
    a = v.folder(tmp_path, v.result())
    b = v.folder(tmp_path, v.result(h.JULY, delay_ms=160.0))
    page = shown(browser, tmp_path, page_of(a, lang="en", other=b))
    [delay] = [r for r in page.table("comparison-table") if r[0].startswith("Sound, from mouth")]
    assert delay == [
        "Sound, from mouth to ear",
        "260\u00a0ms ✓ Met",
        "416\u00a0ms ✗ Not met",
        "≤\u00a0400\u00a0ms",
        "35\u00a0%",
        "−4\u00a0%",
        "worse",
    ]
    names = page.js(
        "[...document.querySelectorAll('#bridge-plot .keys li')].map(l => l.textContent)"
    )
    assert sum(name.startswith("A: ") for name in names) == 4
    assert sum(name.startswith("B: ") for name in names) == 4
    assert page.js(AUDITS) == []


def test_failures_beside_a_run_and_alone(browser: Page, tmp_path: Path) -> None:
    tried, folder = v.failures(tmp_path), v.folder(tmp_path, v.result())
    beside = shown(browser, tmp_path, page_of(folder, lang="vi", failures=tried))
    assert "Dak" not in beside.js("document.getElementById('failures').textContent")
    rows = beside.table("failures-table")
    assert rows[1] == [
        "Hỏng bộ định tuyến Đắk Song", "Đạt", "120", "Đắk Mil", "–", "40", "0", rows[1][7],
    ]  # fmt: skip
    assert rows[0][6] == "1Đắk Glong"
    [fault] = [row for row in beside.table("failures") if "Đắk Mil" in row[1]]
    assert fault[2:7] == ["80", "0", "0", "47", "không"]
    alone = shown(browser, tmp_path, page_of(tried, lang="vi"))
    assert WORDS["vi"]["failures pass"] in alone.js(
        "document.getElementById('verdict').textContent"
    )
    assert alone.table("failures-table") == rows
    assert alone.js("document.querySelectorAll('#map figure circle[stroke=\"#111\"]').length") == 1
    assert alone.js(AUDITS) == []


def test_whom_a_failure_cuts_off_takes_the_table_no_room(browser: Page, tmp_path: Path) -> None:
    """Forty names in a column of counts stood in one line, and pushed others off the page."""
    names = {f"xa-{n}": f"Xã số {n}" for n in range(40)}
    gone = [tries.impact(xa, 9000.0, lost=900, cut_off=True, behind=True) for xa in names]
    answer = tries.answer([tries.failure("mcu", gone, verdict="fail")], names=tries.NAMES | names)
    place = tmp_path / answer.run_id
    place.mkdir()
    (place / "faults.json").write_text(answer.to_json(), encoding="utf-8")
    page = shown(browser, tmp_path, page_of(place, lang="vi"))
    page.wide(1280)
    assert "Xã số 39" in page.table("failures-table")[0][6]
    table = "document.getElementById('failures-table')"
    assert page.js(f"{table}.scrollWidth <= {table}.parentElement.clientWidth")


def test_a_run_without_curves_or_map(browser: Page, tmp_path: Path) -> None:
    folder = v.folder(tmp_path, v.result())
    (folder / "series.npz").unlink()
    (folder / "map.json").unlink()
    page = shown(browser, tmp_path, page_of(folder, lang="vi"))
    text = page.js("document.querySelector('main').textContent")
    assert WORDS["vi"]["no curves"] in text
    assert WORDS["vi"]["no map"] in text
    assert len(page.table("criteria-table")) == len(v.result().criteria)
    assert page.js(AUDITS) == []


def test_an_invalid_run_says_so(browser: Page, tmp_path: Path) -> None:
    folder = v.folder(tmp_path, v.result(invalid=[f.unaccounted(3)]))
    page = shown(browser, tmp_path, page_of(folder, lang="vi"))
    verdict = page.js("document.getElementById('verdict').textContent")
    assert "Không hợp lệ" in verdict
    assert "3 gói tin không rõ nguyên nhân" in verdict
    assert "Gần ngưỡng nhất" not in verdict


def test_no_name_becomes_markup(browser: Page, tmp_path: Path) -> None:
    """Names come from files that somebody else may have written."""
    bad = "</script><script>alert(1)</script><img src=http://x.invalid/ onerror=alert(2)>&lt;@DATA@"
    data = json.loads(v.result().to_json())
    data["names"] = dict.fromkeys(data["names"], bad)
    data["question"] |= {"text_vi": bad, "text_en": bad}
    people = [*data["question"]["existing"], *data["question"]["new"]]
    for bridge in [*people, *(b for phase in data["phases"] for b in phase["bridges"])]:
        bridge["name"] = bad
    result = Result.from_json(json.dumps(data))
    folder = v.folder(tmp_path, result)
    page = shown(browser, tmp_path, page_of(folder, lang="vi"))
    assert bad in page.js("document.getElementById('verdict').textContent")
    assert page.js("document.getElementById('bridge-choice').selectedOptions[0].text") == (
        re.sub(r"\s+", " ", f"{bad} (điểm cầu chủ tọa)")
    )
    assert page.js("document.querySelectorAll('main img, main script').length") == 0


TEXTS = """[...document.querySelectorAll('body, body *')].flatMap(e => [
  ...[...e.childNodes].filter(n => n.nodeType === 3
    && !['SCRIPT', 'STYLE', 'CODE'].includes(n.parentNode.tagName)).map(n => n.textContent),
  ...['title', 'aria-label', 'aria-valuetext', 'alt', 'placeholder'].map(a => e.getAttribute(a)),
]).filter(Boolean)"""
"""All that a page says, also what is folded up, and to those who cannot see it; but of code."""
EVERY_CHOICE = """(() => { const found = new Set(), read = () => TEXTS.forEach(t => found.add(t));
  read();
  for (const s of document.querySelectorAll('select')) for (const o of s.options) {
    s.value = o.value; s.dispatchEvent(new Event('change')); read(); }
  for (const e of document.querySelectorAll('input[type=radio]')) { e.click(); read(); }
  for (const e of document.querySelectorAll('#map [role=button]'))
    { e.dispatchEvent(new Event('click')); read(); }
  return [...found]; })()""".replace("TEXTS", TEXTS)


def test_everything_is_called_what_people_call_it(browser: Page, tmp_path: Path) -> None:
    """Whatever is chosen, in both languages: no identifier of a bridge, a link or a failure."""
    tried, folder = v.failures(tmp_path), v.folder(tmp_path, v.result())
    (folder / Sensitivity.FILE).write_text(sensitivity_factory.answer().to_json(), encoding="utf-8")
    other = v.folder(tmp_path, v.result(h.JULY, delay_ms=160.0))
    for made in (
        page_of(folder, lang="vi", other=other, failures=tried),
        page_of(tried, lang="vi"),
    ):
        page = shown(browser, tmp_path, made)
        for lang in ("vi", "en"):
            page.click(f"#lang-{lang}")
            said = page.js(EVERY_CHOICE)
            assert any("Đắk Song" in text for text in said)
            assert showing(said) == [], lang
