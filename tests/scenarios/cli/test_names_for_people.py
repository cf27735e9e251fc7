"""What people read names things as people do: no answer and no picture shows them the identifiers
of the province's links, routers, bridges, of its failures, of call profiles or devices. (For the
page: `tests/results/report/view/test_view_browser.py`.)"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from scenario_factory import CUT, ROOT, SMALL, giaoban, only_run, scenario
from undrawn import undrawn

from giaoban.results.judge.accepted_cases import AcceptedCase, accept_cases, changes
from giaoban.results.judge.cases import Report
from giaoban.results.model.answer_files import JsonFile
from giaoban.results.model.result import Result
from giaoban.results.model.series import Series
from giaoban.results.model.studies.calendar import CalendarAnswer
from giaoban.results.model.studies.compared import Compared
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.headroom import Headroom
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.model.studies.sweep import SweepAnswer
from giaoban.results.model.studies.whatif import WhatIf
from giaoban.results.report.ci import answers
from giaoban.results.report.document import Block, Document, Par
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings import (
    calendar_sheet,
    calendar_summary,
    meeting_sheet,
    meeting_summary,
)
from giaoban.results.report.plots import headroom as headroom_plot
from giaoban.results.report.plots.load import write_load_plots
from giaoban.results.report.plots.run import draw_lines
from giaoban.results.report.plots.tornado import write_tornado
from giaoban.results.report.summaries import (
    check_summary,
    compared_summary,
    failures_summary,
    headroom_summary,
    load_summary,
    sensitivity_summary,
    sweep_summary,
    whatif_summary,
)
from giaoban.results.report.wording import Wording
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study import check
from giaoban.scenarios.study.failures.trial import possible_in
from giaoban.sentence import Sentence
from giaoban.translation import Language, languages, translator
from tests.nights import at_night
from tests.results import (
    failures_factory,
    load_factory,
    meeting_factory,
    results_factory,
    sensitivity_factory,
)
from tests.results.annex_factory import annex
from tests.results.identifiers import FAILURES, IDENTIFIER, showing

PROVINCE = ROOT / "topology" / "province.toml"
QUANG_SON = {
    "id": "quang-son", "name": "Xã Quảng Sơn", "router": "r-dak-glong", "km": 38.0,
    "rate_mbps": 10.0, "buffer_packets": 200, "source": "test",
}  # fmt: skip
SWEPT = """schema = "giaoban.sweep/1"
scenario = "s.toml"
question = "Which?"
question_vi = "Phương án nào?"
method = "arithmetic"
[axes]
bridges = [0, 400]
profiles = ["sd30-512k", "1080p30-4m"]
devices = ["rmx-2000-mpmx", "rmx-1500-mpmx"]
failures = ["none", "every-cut", "router:r-tuy-duc"]
"""
CALENDAR = """title,start,minutes,participants,registered
Two,2027-03-02 08:00,60,"Cư Jút, Đắk Mil",2027-02-01 08:00
Others,2027-03-02 08:30,60,"Đắk Mil, Xã Quảng Sơn",2027-02-02 08:00
"""
LINK = re.compile(r"\[\[link\]\].*?(?=\[\[|\[mcu\])", re.DOTALL)
CABLE = '[[group]]\nid = "duct"\nname = "Cáp"\nlinks = ["ql-1", "ql-2"]\nsource = "test"\n'
ENDS = r"(?:Tây|Đông) (?:–|→|↔) (?:Tây|Đông)"
LINK_VARIANTS = """schema = "giaoban.variants/1"
scenario = "s.toml"
question = "Which?"
question_vi = "Phương án nào?"
[[variant]]
id = "faster"
[[variant.link]]
link = "ql-1"
rate_mbps = 200.0
source = "test"
"""
GONE = """
[[variant]]
id = "gone"
without = ["ql-1"]
"""
LINK_CALENDAR = """title,start,minutes,participants,registered
Two,2027-03-02 08:00,60,"Tây, Đông",2027-02-01 08:00
"""
BRIEFLY = ("--pace", "0.5", "--jobs", "1")
"""Bridges join one soon after the other, and nothing is judged in another process."""
OF_LINKS = {
    "check": ("s.toml", "--estimate"),
    "faults": ("s.toml", "--estimate", "--jobs", "1"),
    "headroom": ("s.toml", *BRIEFLY),
    "whatif": ("variants.toml",),
    "calendar": ("year.csv", "--from", "2027-01-01", "--estimate", "--no-sheets",
                 "--scenario", "thin.toml"),
}  # fmt: skip
TOLD = ("router:r-cu-jut", "silent:gia-nghia--cu-jut", "mcu")
"""Kinds of failures beside the usual ones."""
WHEN = datetime(2027, 3, 2, 8)
OTHERS = {
    "en": re.compile(r"điểm cầu|chủ tọa|phiên họp|ước tính|giả định", re.IGNORECASE),
    "vi": re.compile(
        r"(?<![\w-])(?:check|faults|estimated?|bridges?|chair|meeting|passe[sd]|fails)(?![\w\[-])"
    ),
}
"""Roles and commands in the other language."""


class Kind(NamedTuple):
    """A kind of answer: how it is asked for, and what it is."""

    command: str
    words: tuple[str, ...]
    answer: type[JsonFile]


KINDS = {
    "check": Kind("check", ("--estimate",), Result),
    "faults": Kind("faults", ("--estimate", "--only", FAILURES[0], "--jobs", "1"), FaultsAnswer),
    "whatif": Kind("whatif", ("--more", "30", "--link", "gia-nghia--dak-song=200",
                              "--meeting", "2@r-dak-mil", *BRIEFLY), WhatIf),
    "headroom": Kind("headroom", BRIEFLY, Headroom),
    "sweep": Kind("sweep", ("--points", "points", "--jobs", "1"), SweepAnswer),
    "compare": Kind("compare", ("thin.toml", "--jobs", "1"), Compared),
    "calendar": Kind("calendar", ("--from", "2027-01-01", "--scenario", "thin.toml", "--estimate",
                                  "--peaks", "1", "--no-sheets"), CalendarAnswer),
}  # fmt: skip


REPORTS: dict[type[JsonFile], Callable[[Any], Report]] = {
    Result: answers.of_check,
    WhatIf: answers.of_whatif,
    Headroom: answers.of_headroom,
    SweepAnswer: answers.of_sweep,
    Compared: answers.of_compared,
    CalendarAnswer: answers.of_calendar,
    MeetingAnswer: answers.of_meeting,
    Sensitivity: answers.of_sensitivity,
    LoadResult: answers.of_load,
}
PICTURED = {"check", "faults", "whatif", "headroom", "compare"}
"""Of which something is drawn in this process."""


def shown(answer: JsonFile, lang: Language) -> Iterator[Iterable[Block]]:
    """Terminal, `summary.md`, sheets and annex, as far as there are such."""
    say = Wording(lang)
    match answer:
        case Result():
            say = Wording(lang, answer)
            yield from (check_summary.brief(answer, lang), check_summary.summary(answer, say))
            yield lines(annex(answer, lang=lang))
        case FaultsAnswer():
            say = Wording(lang, answer)
            shown_of = {"link": "gia-nghia--dak-glong", "bridge": "dak-glong"}
            yield failures_summary.brief(answer, **shown_of, language=lang)
            yield failures_summary.summary(answer, say)
            of = results_factory.result().model_copy(update={"inputs": answer.inputs})
            yield lines(annex(of, answer, lang=lang))
        case WhatIf():
            yield from (whatif_summary.brief(answer), whatif_summary.summary(answer, say))
        case Headroom():
            yield from (headroom_summary.brief(answer), headroom_summary.summary(answer))
        case SweepAnswer():
            yield from (sweep_summary.brief(answer), sweep_summary.summary(answer))
        case Compared():
            yield compared_summary.brief(answer)
        case Sensitivity():
            yield from (sensitivity_summary.brief(answer), sensitivity_summary.summary(answer))
        case CalendarAnswer():
            yield calendar_summary.brief(answer, lang)
            yield [Par(line) for line in calendar_sheet.summary_md(answer, lang).splitlines()]
            yield lines(calendar_sheet.sheets(answer, lang))
        case MeetingAnswer():
            yield meeting_summary.brief(answer, lang)
            yield meeting_summary.summary_md(answer, lang)
            yield lines(meeting_sheet.sheet(answer, lang, WHEN))
            yield lines(meeting_sheet.minutes_document(answer, lang, WHEN))
        case LoadResult():
            yield load_summary.brief(answer, lang)
            yield load_summary.summary(answer, Wording(lang, answer))
            yield lines(annex(results_factory.result(), answer, lang=lang))


def lines(document: Document) -> list[Block]:
    """What a document says."""
    return [Par(text) for _, text in document.texts()]


class Drawn:
    """What all pictures say that anything draws from now on; they are not rendered."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        patch.setattr(Figure, "savefig", lambda *given, **_: self._save(*given))

    def _save(self, figure: Figure, path: Path) -> None:
        self.texts += [text.get_text() for text in figure.findobj(Text)]
        Path(path).touch()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    return Drawn(monkeypatch)


def test_what_an_identifier_is() -> None:
    for text in ("cut:access-mcu", "at cu-jut up", "link a r-cu-jut->cu-jut", "720p30-2m"):
        assert IDENTIFIER.search(text), text
    for text in ("Cư Jút → Đắk Mil", "giữa Cư Jút – Đắk Mil", "mcu-units"):
        assert not IDENTIFIER.search(text), text


def test_of_every_failure_there_can_be(tmp_path: Path) -> None:
    """What they and what fails are called; the command is tried with one of them alone."""
    given = {"province": PROVINCE, "profile": "sd30-512k", "bridges": (QUANG_SON,)}
    possible = possible_in(make_question(scenario(tmp_path / "s.toml", **given)))
    assert set(FAILURES) <= set(possible)
    called = [name for case in possible.values() for name in (case.name, case.point)]
    for lang in languages():
        assert showing([translator(lang).say(name) for name in called]) == [], lang


@pytest.mark.parametrize("name", [at_night(name) if name == "headroom" else name for name in KINDS])
def test_of_an_answer(
    name: str, drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check, "write_annex", lambda path, _chapters: path.touch())
    given = {"province": PROVINCE, "profile": "sd30-512k", "bridges": (QUANG_SON,)}
    scenario(tmp_path / "s.toml", **given)
    scenario(tmp_path / "thin.toml", **{**given, "bridges": ({**QUANG_SON, "rate_mbps": 0.9},)})
    (tmp_path / "sweep.toml").write_text(SWEPT, encoding="utf-8")
    kind = KINDS[name]
    (tmp_path / "year.csv").write_text(CALENDAR, encoding="utf-8")
    first = {"sweep": "sweep.toml", "calendar": "year.csv"}.get(name, "s.toml")
    ran = giaoban(kind.command, first, *kind.words, "--results", "runs")
    assert ran.code in (0, 1), ran
    assert showing(ran.out.splitlines()) == []
    run = only_run(tmp_path / "runs")
    answer = kind.answer.read(run)
    names_are_for_people(answer)
    pictures(answer, run, tmp_path)
    assert drawn.texts or name not in PICTURED
    assert showing(drawn.texts) == []


@pytest.mark.parametrize(
    "answer",
    [
        meeting_factory.answer(
            meeting_factory.part("check", faults=[meeting_factory.power_out()]),
            meeting_factory.part("course", bridges=[meeting_factory.interrupted()]),
        ),
        failures_factory.answer([*failures_factory.usual(), *map(failures_factory.failure, TOLD)]),
        load_factory.storm(),
        load_factory.calls(),
        sensitivity_factory.answer(),
    ],
    ids=["meeting", "faults", "storm", "load", "sensitivity"],
)
def test_of_an_answer_in_real_time(answer: JsonFile, drawn: Drawn, tmp_path: Path) -> None:
    """Of what takes an emulation, real time or long, an answer that was put together."""
    names_are_for_people(answer)
    pictures(answer, tmp_path, tmp_path)
    assert drawn.texts or isinstance(answer, MeetingAnswer | FaultsAnswer)
    assert showing(drawn.texts) == []


def pictures(answer: JsonFile, run: Path, place: Path) -> None:
    """Whatever can be drawn of it in both languages; maps are drawn by the command."""
    for lang in languages():
        folder = place / f"drawn-{lang}"
        if not isinstance(answer, LoadResult):  # makes it
            folder.mkdir()
        match answer:
            case Result():
                results_factory.write_plots(Series.load(run / "series.npz"), folder, lang=lang)
            case Headroom():
                headroom_plot.write_plot(answer, folder, lang=lang)
            case Sensitivity():
                assert write_tornado(answer, folder, lang=lang)
            case LoadResult():
                write_load_plots(answer, folder, lang)


def names_are_for_people(answer: JsonFile) -> None:
    """Whatever documents show of it, in both languages."""
    for lang in languages():
        for blocks in shown(answer, lang):
            text = markdown(blocks, translator(lang).say)
            assert showing(text.splitlines()) == [], lang
            assert of_another_language(text, lang) == [], lang
        differs = [translator(lang).say(line) for line in told_by_a_baseline(answer)]
        assert differs
        assert showing(differs) == [], lang


def of_another_language(text: str, lang: Language) -> list[str]:
    """Return the lines with a role or a command in the other language; text to be typed and that
    of factories aside."""
    lines = [
        re.sub(r"`[^`]*`|giaoban \S+|English of [^|]*", "", line) for line in text.splitlines()
    ]
    return [line for line in lines if OTHERS[lang].search(line)]


def told_by_a_baseline(answer: JsonFile) -> list[Sentence]:
    """What is said if none of its cases had been accepted, if none of what was accepted is judged
    any more, and of each that is not met."""
    if isinstance(answer, FaultsAnswer):  # has baselines of its own, by failure
        return [failures_summary.headline(answer)]
    report = next(of(answer) for kind, of in REPORTS.items() if isinstance(answer, kind))
    assert report.verdict != "invalid"
    accepted = accept_cases(report, name="x", reason="y", on=WHEN.date())
    other = accepted.model_copy(update={"case": {"other": AcceptedCase(status="not-judged")}})
    gone = changes(accepted, replace(report, cases=[]))
    new = [change for change in changes(other, report) if change.case != "other"]
    assert len(gone) == len({case.id for case in report.cases})
    assert len(new) == len(report.cases)
    return [change.line for change in (*gone, *new)]


def small_province(path: Path, *, beside: bool) -> Path:
    """The small one, its link by another identifier, with a longer one beside it if wanted."""
    text = SMALL.read_text(encoding="utf-8")
    [link] = LINK.findall(text)
    links = link.replace("west--east", "ql-1")
    if beside:
        longer = link.replace("west--east", "ql-2").replace("km = 25.0", "km = 30.0")
        links = links + longer
    text = text.replace(link, links) + (CABLE if beside else "")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("command", "beside", "lang"),
    [
        *((command, True, "vi") for command in OF_LINKS),
        ("check", False, "en"),
        *(at_night(command, False, "en") for command in OF_LINKS if command != "check"),
    ],
)
def test_of_links_whose_identifiers_tell_no_ends(
    command: str, beside: bool, lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch)  # its pictures' names are looked at without their files
    there = small_province(tmp_path / "p.toml", beside=beside)
    cut = CUT.replace("west--east", "ql-1") if command == "check" else ""
    scenario(tmp_path / "s.toml", province=there, profile="sd30-512k", more=cut)
    slow = '[[link]]\nlink = "ql-1"\nrate_mbps = 0.5\nsource = "test"\n'
    scenario(tmp_path / "thin.toml", province=there, profile="sd30-512k", more=slow)
    variants = LINK_VARIANTS + (GONE if beside else "")  # where it is the only one nobody is left
    (tmp_path / "variants.toml").write_text(variants, encoding="utf-8")
    (tmp_path / "year.csv").write_text(LINK_CALENDAR, encoding="utf-8")
    ran = giaoban(command, *OF_LINKS[command], "--results", "runs", "--lang", lang)
    assert ran.code in (0, 1), ran
    run = only_run(tmp_path / "runs")
    told = [*ran.out.splitlines(), *(run / "summary.md").read_text("utf-8").splitlines()]
    told += [*drawn_links(run, lang)] if command == "check" else []
    named = [line for line in told if re.search(ENDS, line)]
    assert named
    assert [line for line in told if re.search(r"ql-\d", without_names(line))] == []
    if beside:
        assert [line for line in named if re.search(ENDS + r"(?! \(ql-\d\))", line)] == []


def without_names(line: str) -> str:
    """What is left of a line when links' names, and what is to be typed, are taken out."""
    return re.sub(rf"`[^`]*`|giaoban \S.*|{ENDS} \(ql-\d\)", "", line)


def drawn_links(run: Path, lang: str) -> Iterator[str]:
    """What a check's plot of links and its page call them."""
    figure = draw_lines(Series.load(run / "series.npz"), "links", lang=lang)
    yield from (text.get_text() for text in figure.axes[0].texts)
    result = Result.read(run)
    say = Wording(lang, result)
    yield from (say.link(link.id, link.direction) for link in result.phases[0].links)
