"""The criteria file and the thresholds a scenario may set."""

import re

import pytest

from giaoban.errors import InputError
from giaoban.results.judge.criteria import DEFAULT_PATH, load_criteria
from giaoban.topology.load import load_province


def test_defaults_are_those_of_the_design():
    found = {c.id: (c.threshold, c.unit, c.sense) for c in load_criteria().criterion}
    assert found == {
        "mcu-units": (80, "%", "at-most"),
        "every-call-set-up": (0, "calls", "at-most"),
        "every-call-as-asked": (0, "calls", "at-most"),
        "link-peak": (80, "%", "at-most"),
        "mouth-to-ear": (400, "ms", "at-most"),
        "camera-to-screen": (400, "ms", "at-most"),
        "lip-sync": (90, "ms", "at-most"),
        "audio-loss": (1, "%", "at-most"),
        "picture-artefacts": (20, "artefacts/h", "at-most"),
        "longest-freeze": (2000, "ms", "at-most"),
        "slides-frozen": (2000, "ms", "at-most"),
        "slides-not-shown": (10, "%", "at-most"),
        "mos": (4, "MOS", "at-least"),
        "no-bridge-dropped": (0, "bridges", "at-most"),
        "existing-loss-no-worse": (0.1, "points", "at-most"),
        "existing-delay-no-worse": (5, "ms", "at-most"),
        "fault-interruption": (1000, "ms", "at-most"),
        "fault-bridges-lost": (0, "bridges", "at-most"),
        "failing-seeds": (12.5, "%", "at-most"),
        "holds-in-every-meeting": (0, "meetings", "at-most"),
    }


DOCUMENT = re.compile(r"ITU-[TR] |RFC \d|Cisco |Proc\. SPIE")
"""What a source begins with that somebody can look up."""


def test_every_source_is_a_document_or_its_figure_an_assumption_or_none_at_all():
    for criterion in load_criteria().criterion:
        none_at_all = criterion.threshold == 0
        assert DOCUMENT.search(criterion.source_en) or criterion.assumed or none_at_all
        assert "QCVN 34" not in criterion.source_en + criterion.source_vi  # ended by 20/2022/TT
        # both languages name the same ones
        english, vietnamese = criterion.source_en, criterion.source_vi
        assert re.findall(r"[A-Z]+\.\d+", english) == re.findall(r"[A-Z]+\.\d+", vietnamese)
        assert not re.search(r"Art\.|Điều", english + vietnamese), "those are the province's to say"


def test_a_provinces_regulation_says_which_article_asks_for_a_criterion():
    regulation = load_province().regulation
    plain, cited = load_criteria(), load_criteria(regulation=regulation)
    changed = {
        c.id: (c.source_en, c.source_vi)
        for c, before in zip(cited.criterion, plain.criterion, strict=True)
        if c != before
    }
    assert changed.keys() == regulation.criteria.keys()
    assert changed["holds-in-every-meeting"] == (
        "Art. 3, 4(3), 5, 6: the whole system keeps working; here in every meeting that it is used "
        "for",
        "Điều 3, khoản 3 Điều 4, Điều 5, Điều 6: đảm bảo hoạt động của toàn bộ hệ thống; ở đây "
        "trong mọi cuộc họp của danh mục",
    )
    own = load_criteria(regulation=regulation, thresholds={"link-peak": 70.0}).criterion
    [peak] = [c for c in own if c.id == "link-peak"]
    assert peak.source_en.startswith("set by the scenario (default 80: Art. 25(1): the telecom")


def test_a_limit_that_an_article_stands_before_is_zero_or_assumed():
    """No article of Decision 1681/QĐ-UBND has a figure of quality, load or reserve."""
    regulation = load_province().regulation
    for c in load_criteria(regulation=regulation).criterion:
        if c.id in regulation.criteria:
            assert c.threshold == 0 or c.assumed, c.id


def test_a_regulation_cannot_cite_a_criterion_that_there_is_not(tmp_path):
    regulation = load_province().regulation
    more = {"link-peaks": "Art. 25(1)"}
    with pytest.raises(InputError) as told:
        load_criteria(
            regulation=regulation.model_copy(update={"criteria": more}), province="p.toml"
        )
    assert str(told.value).startswith(
        'p.toml: regulation.criteria.link-peaks: no such criterion (did you mean "link-peak"'
    )
    # of our own criteria a project may leave some out, and so need not be told apart
    few = tmp_path / "criteria.toml"
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    few.write_text("\n[[criterion]]\n".join(text.split("\n[[criterion]]\n")[:2]))
    assert load_criteria(few, regulation=regulation).ids == ["mcu-units"]


def delay(**thresholds):
    criteria = load_criteria(thresholds={"mouth-to-ear": 400.0} | thresholds)
    return next(c for c in criteria.criterion if c.id == "mouth-to-ear")


@pytest.mark.parametrize(
    ("threshold", "preferred"), [(400, 150), (300, 150), (150, 150), (149, None), (100, None)]
)
def test_a_preferred_figure_is_left_out_where_less_is_asked_for(threshold, preferred):
    assert delay(**{"mouth-to-ear": threshold}).preferred == preferred


def test_only_slides_that_are_shown_are_judged():
    with_slides, without = load_criteria(), load_criteria().without("slides")
    assert set(with_slides.ids) - set(without.ids) == {"slides-frozen", "slides-not-shown"}


def test_unknown_criterion_is_suggested():
    with pytest.raises(
        InputError, match=r's\.toml: thresholds\.audio-los.*did you mean "audio-loss"'
    ):
        load_criteria(thresholds={"audio-los": 1.0}, origin="s.toml")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("audio-loss", -1.0),
        ("audio-loss", 99.0),
        ("mos", 4.6),
        ("mos", 0.0),
        ("mouth-to-ear", 0.0),
        ("mouth-to-ear", float("nan")),
        ("longest-freeze", float("inf")),
        ("mcu-units", 120.0),
        ("link-peak", True),
        ("link-peak", "80"),
    ],
)
def test_absurd_threshold_is_refused(key, value):
    with pytest.raises(InputError, match=rf"^x: thresholds\.{key} = "):
        load_criteria(thresholds={key: value}, origin="x")


def test_all_mistakes_are_told_at_once():
    with pytest.raises(InputError, match=r"(?s)lost.*longest-freeze"):
        load_criteria(thresholds={"lost": 1.0, "longest-freeze": -1.0})


def test_assumed_thresholds_become_assumptions():
    found = load_criteria().assumptions()
    artefacts = next(a.value_vi for a in found if "lỗi/giờ" in a.value_vi)
    assert artefacts.startswith("20 lỗi/giờ")
    pictures, slides = [artefacts, "2.000 ms"], ["2.000 ms", "10 %"]
    worse, faults = ["0,1 điểm phần trăm", "5 ms"], ["1.000 ms"]
    figures = ["80 %", "80 %", *pictures, *slides, *worse, *faults, "12,5 %"]
    assert [a.value_vi for a in found] == figures
    without = load_criteria().without("faults").without("slides")
    assert [a.value_vi for a in without.assumptions()] == [
        *("80 %", "80 %", *pictures, *worse, "12,5 %"),
    ]
    assert all(a.settled_by and a.settled_by_vi for a in found)
