"""The criteria file and the thresholds a scenario may set."""

import pytest

from giaoban.errors import InputError
from results.criteria import DEFAULT_PATH, load_criteria


def test_defaults_are_those_of_the_design():
    found = {c.id: (c.threshold, c.unit, c.sense) for c in load_criteria().criterion}
    assert found == {
        "mcu-units": (80, "%", "at-most"),
        "every-call-set-up": (0, "calls", "at-most"),
        "every-call-as-asked": (0, "calls", "at-most"),
        "link-peak": (80, "%", "at-most"),
        "one-way-delay": (150, "ms", "at-most"),
        "jitter": (30, "ms", "at-most"),
        "loss": (1, "%", "at-most"),
        "mos": (4, "MOS", "at-least"),
        "no-bridge-dropped": (0, "bridges", "at-most"),
        "existing-loss-no-worse": (0.1, "points", "at-most"),
        "existing-delay-no-worse": (5, "ms", "at-most"),
        "fault-interruption": (1000, "ms", "at-most"),
        "fault-bridges-lost": (0, "bridges", "at-most"),
        "holds-at-every-seed": (0, "%", "at-most"),
    }


def test_every_source_names_an_article():
    for criterion in load_criteria().criterion:
        assert "Art. " in criterion.source_en
        assert "Điều " in criterion.source_vi


def test_override_says_who_set_it():
    criteria = load_criteria(thresholds={"one-way-delay": 100})
    delay = next(c for c in criteria.criterion if c.id == "one-way-delay")
    assert delay.threshold == 100
    assert delay.source_en.startswith("set by the scenario (default 150: ")
    assert delay.source_vi.startswith("do kịch bản đặt (mặc định 150: ")


def test_unknown_criterion_is_suggested():
    with pytest.raises(InputError, match=r's\.toml: thresholds\.loses.*did you mean "loss"'):
        load_criteria(thresholds={"loses": 1.0}, origin="s.toml")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("loss", -1.0),
        ("loss", 99.0),
        ("mos", 4.6),
        ("mos", 0.0),
        ("one-way-delay", 0.0),
        ("one-way-delay", float("nan")),
        ("jitter", float("inf")),
        ("mcu-units", 120.0),
        ("link-peak", True),
        ("link-peak", "80"),
    ],
)
def test_absurd_threshold_is_refused(key, value):
    with pytest.raises(InputError, match=rf"^x: thresholds\.{key} = "):
        load_criteria(thresholds={key: value}, origin="x")


def test_all_mistakes_are_told_at_once():
    with pytest.raises(InputError, match=r"(?s)lost.*jitter"):
        load_criteria(thresholds={"lost": 1.0, "jitter": -1.0})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("threshold = 150.0", "threshold = 9000.0", "must be 1 to 1000 ms"),
        ('id = "jitter"', 'id = "loss"', '"loss" is given twice'),
        ('id = "link-peak"', 'id = "link-peek"', 'criterion.*id.*did you mean "link-peak"'),
        ("best = 4.5", "best = 4.0", "best must be above"),
        ("assumed = true", "assumed = true\nnote = 1", "unknown key"),
    ],
)
def test_bad_criteria_file(tmp_path, old, new, message):
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "criteria.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_criteria(path)


def test_assumed_thresholds_become_assumptions():
    found = load_criteria().assumptions()
    assert [a.value_vi for a in found] == ["80 %", "0,1 điểm %", "5 ms", "1000 ms"]
    without = load_criteria().without_faults()
    assert [a.value_vi for a in without.assumptions()] == ["80 %", "0,1 điểm %", "5 ms"]
    assert all(a.settled_by and a.settled_by_vi for a in found)
