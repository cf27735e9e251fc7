"""What people read names things as people do: no answer shows them the identifiers of the
province's links, routers, bridges, of its failures, of call profiles or devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from scenario_factory import ROOT, giaoban, only_run, scenario
from undrawn import undrawn

from giaoban.mcu_sim.device import load_devices
from giaoban.results.model.answer_files import JsonFile
from giaoban.results.model.calendar import CalendarAnswer
from giaoban.results.model.compared import Compared
from giaoban.results.model.failures import FaultsAnswer
from giaoban.results.model.headroom import Headroom
from giaoban.results.model.load import LoadResult
from giaoban.results.model.meetings import MeetingAnswer
from giaoban.results.model.result import Result
from giaoban.results.model.sensitivity import Sensitivity
from giaoban.results.model.sweep import SweepAnswer
from giaoban.results.model.whatif import WhatIf
from giaoban.results.report import (
    compared_summary,
    failures_summary,
    headroom_summary,
    load_summary,
    sensitivity_summary,
    summary,
    sweep_summary,
    whatif_summary,
)
from giaoban.results.report.document import Block, Par
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings import calendar_sheet, calendar_summary, meeting_summary
from giaoban.results.report.wording import Wording
from giaoban.topology.load import load_province
from giaoban.topology.validate import access_link_id
from giaoban.traffic.profiles import load_profiles
from giaoban.translation import Language, translator
from tests.results import load_factory, meeting_factory
from tests.results.annex_factory import said

PROVINCE = ROOT / "topology" / "province.toml"
QUANG_SON = {
    "id": "quang-son", "name": "Xã Quảng Sơn", "router": "r-dak-glong", "km": 38.0,
    "rate_mbps": 10.0, "buffer_packets": 200, "source": "test",
}  # fmt: skip
FAILURES = ("cut:gia-nghia--dak-glong", "site:dak-glong", "router:r-cu-jut", "silent:access-mcu")
SWEPT = """schema = "giaoban.sweep/1"
scenario = "s.toml"
question = "Which?"
question_vi = "Phương án nào?"
method = "arithmetic"
seeds = 0
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
MEANT = re.compile(r"`[^`]*`|giaoban \S.*|\b(?:bridge|link|router)\[[^\]]*\]\S*|^# .* → .*$", re.M)
"""What is to be typed or opened: files, folders, runs and commands; keys of files that differ, and
the two that are compared."""


class Kind(NamedTuple):
    """A kind of answer: how it is asked for, and what it is."""

    command: str
    words: tuple[str, ...]
    answer: type[JsonFile]


KINDS = {
    "check": Kind("check", ("--estimate",), Result),
    "faults": Kind("faults", ("--estimate", *(w for f in FAILURES for w in ("--only", f))),
                   FaultsAnswer),
    "whatif": Kind("whatif", ("--more", "30", "--link", "gia-nghia--dak-song=200",
                              "--meeting", "2@r-dak-mil"), WhatIf),
    "headroom": Kind("headroom", (), Headroom),
    "sweep": Kind("sweep", ("--points", "points"), SweepAnswer),
    "compare": Kind("compare", ("thin.toml",), Compared),
    "calendar": Kind("calendar", ("--from", "2027-01-01", "--scenario", "thin.toml", "--estimate",
                                  "--peaks", "1", "--no-sheets"), CalendarAnswer),
}  # fmt: skip


def identifiers() -> set[str]:
    """Of all that has a name."""
    province = load_province(PROVINCE)
    hosts = [QUANG_SON["id"], province.mcu.id, province.chair.id]
    hosts += [bridge.id for bridge in province.bridges]
    found = {str(host) for host in hosts} - {"mcu"}
    found |= {access_link_id(str(host)) for host in hosts}
    found |= {link.id for link in province.links} | {router.id for router in province.routers}
    found |= {profile.id for profile in load_profiles().profile}
    return found | {device.id for device in load_devices().device} | {*FAILURES}


IDENTIFIER = re.compile(
    r"(?<![\w-])(?:" + "|".join(map(re.escape, sorted(identifiers(), key=len, reverse=True)))
    + r")(?![\w-])|->"
)  # fmt: skip


def shown(answer: JsonFile, lang: Language) -> Iterator[Iterable[Block]]:
    """Terminal, `summary.md` and annex, as far as there is one."""
    say = Wording(lang)
    match answer:
        case Result():
            say = Wording(lang, answer)
            yield from (summary.brief(answer, lang), summary.summary(answer, say))
            yield [Par(line) for line in said(answer, lang=lang).splitlines()]
        case FaultsAnswer():
            say = Wording(lang, answer)
            shown_of = {"link": "gia-nghia--dak-glong", "bridge": "dak-glong"}
            yield failures_summary.brief(answer, **shown_of, language=lang)
            yield failures_summary.summary(answer, say)
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
        case MeetingAnswer():
            yield meeting_summary.brief(answer, lang)
            yield meeting_summary.summary_md(answer, lang)
        case LoadResult():
            yield load_summary.brief(answer, lang)
            yield load_summary.summary(answer, Wording(lang, answer))


def test_what_an_identifier_is() -> None:
    for text in ("cut:access-mcu", "at cu-jut up", "link a r-cu-jut->cu-jut", "720p30-2m"):
        assert IDENTIFIER.search(text), text
    for text in ("Cư Jút → Đắk Mil", "giữa Cư Jút – Đắk Mil", "mcu-units"):
        assert not IDENTIFIER.search(text), text


@pytest.mark.parametrize("name", KINDS)
def test_of_an_answer(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch)
    given = {"province": PROVINCE, "profile": "sd30-512k", "bridges": (QUANG_SON,)}
    scenario(tmp_path / "s.toml", **given)
    scenario(tmp_path / "thin.toml", **{**given, "bridges": ({**QUANG_SON, "rate_mbps": 0.9},)})
    (tmp_path / "sweep.toml").write_text(SWEPT, encoding="utf-8")
    kind = KINDS[name]
    (tmp_path / "year.csv").write_text(CALENDAR, encoding="utf-8")
    first = {"sweep": "sweep.toml", "calendar": "year.csv"}.get(name, "s.toml")
    ran = giaoban(kind.command, first, *kind.words, "--results", "runs")
    assert ran.code in (0, 1), ran
    assert not IDENTIFIER.findall(MEANT.sub("", ran.out)), ran.out
    names_are_for_people(kind.answer.read(only_run(tmp_path / "runs")))


@pytest.mark.parametrize(
    "answer",
    [
        meeting_factory.answer(
            meeting_factory.part("check", faults=[meeting_factory.power_out()]),
            meeting_factory.part("course", bridges=[meeting_factory.interrupted()]),
        ),
        load_factory.storm(),
        load_factory.calls(),
    ],
    ids=["meeting", "storm", "load"],
)
def test_of_an_answer_in_real_time(answer: JsonFile) -> None:
    """Of what takes an emulation or real time, an answer that was put together."""
    names_are_for_people(answer)


def names_are_for_people(answer: JsonFile) -> None:
    """Whatever documents show of it, in both languages."""
    for lang in ("en", "vi"):
        for blocks in shown(answer, lang):
            text = markdown(blocks, translator(lang).say)
            left = [line for line in text.splitlines() if IDENTIFIER.search(MEANT.sub("", line))]
            assert left == [], lang
