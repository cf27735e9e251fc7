"""`giaoban faults` and `giaoban accept` from the command line to files, with pretended runs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pretended_failures import Child, Pretended, gone, interrupted, observed
from scenario_factory import Ran, giaoban, only_run, scenario
from undrawn import undrawn

from giaoban.errors import InvalidRun
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.faults.kind import FailureCase
from giaoban.scenarios.study.failure_map import draw_failures
from giaoban.scenarios.study.failures import failures
from giaoban.scenarios.study.failures.trial import possible_in

USUAL = {
    "cut:west--east",
    "silent:west--east",
    "cut:access-mcu",
    "silent:access-mcu",
    "router:r-west",
    "router:r-east",
    "site:west",
    "site:east",
}
LINK = "cut:west--east"
ACCEPTED = "".join(
    f'[[accepted]]\nfailure = "{ident}"\nreason = "known: {ident}"\nreason_vi = "đã biết"\n'
    for ident in (LINK, "cut:access-mcu")
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A spur and the MCU's line are accepted as single points of failure."""
    return scenario(tmp_path / "s.toml", more=ACCEPTED)


@pytest.fixture
def possible(file: Path) -> dict[str, FailureCase]:
    return possible_in(make_question(file))


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch, possible: dict[str, FailureCase]) -> Pretended:
    """The spur cuts off its two bridges; a router of the other end takes all."""
    monkeypatch.setenv("COLUMNS", "200")
    made = Pretended()
    made.children = {
        f"{kind}:{link}": Child(observed(possible[f"{kind}:{link}"], gone(*who)))
        for kind in ("cut", "silent")
        for link, who in (
            ("west--east", ("east", "north")),
            ("access-mcu", ("west", "east", "north")),
        )
    }
    made.use(monkeypatch)
    undrawn(monkeypatch)
    return made


def faults(folder: Path, *words: str | Path) -> Ran:
    return giaoban("faults", folder / "s.toml", "--results", folder / "runs", *words)


def accept(folder: Path, *words: str) -> Ran:
    file = folder / "accepted" / "small.toml"
    return giaoban(
        "accept", only_run(folder / "runs"), file, *(words or ("--reason", "as it was built"))
    )


def compare(folder: Path, *words: str | Path) -> Ran:
    more = ("--baseline", folder / "accepted" / "small.toml", *words)
    return giaoban("faults", folder / "s.toml", "--results", folder / "later", *more)


# --------------------------------------------------------------------------------------- the answer


def test_pass(tmp_path: Path, pretended: Pretended, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "draw_failures", draw_failures)
    ran = faults(tmp_path, "--jobs", "2")
    assert ran.code == 0, ran.err
    assert set(pretended.started) == USUAL
    assert (
        "PASS – no failure that was tried does more than the criteria allow (8 failures "
        "tried, 4 of them single points of failure that were accepted)" in ran.out
    )
    assert (
        "single point of failure: link Tây – Đông: "
        f"without it Đông, Bắc are cut off; accepted: known: {LINK}" in ran.out
    )
    assert "single point of failure: access link of MCU" in ran.out
    folder = only_run(tmp_path / "runs")
    assert folder.name.startswith("faults-short-20")
    assert {path.name for path in folder.iterdir()} == {
        "faults.json",
        "inputs",
        "manifest.json",
        "summary.md",
        "map.vi.svg",
        "map.vi.png",
        "failures",
        "view.html",
    }
    assert f"all figures: {folder / 'summary.md'}" in ran.out
    assert f"page: {folder / 'view.html'}" in ran.out
    assert (folder / "map.vi.png").read_bytes().startswith(b"\x89PNG")
    answer = FaultsAnswer.from_json((folder / "faults.json").read_bytes())
    assert {f.id for f in answer.failures} == USUAL
    assert answer.whole
    assert [p.element.id for p in answer.single_points] == ["access-mcu", "west--east"]
    assert answer.interruption_limit_ms == 1000.0
    assert [b.id for b in answer.question.new] == ["north"]
    assert "silent:west--east" in answer.possible
    assert not list(folder.rglob("*.pickle"))


def test_failures_far_from_every_limit_are_only_estimated(
    tmp_path: Path, pretended: Pretended
) -> None:
    pretended.far = USUAL - {LINK}
    ran = faults(tmp_path)
    assert ran.code == 0, ran.err
    assert LINK in pretended.started
    assert len(pretended.started) <= 2  # the worst of all, wherever its limit is
    assert "others are far from every limit and estimated" in ran.out
    answer = FaultsAnswer.from_json((only_run(tmp_path / "runs") / "faults.json").read_bytes())
    assert {f.id for f in answer.failures if f.emulated} == set(pretended.started)
    assert not answer.is_estimate
    faults(tmp_path, "--only", "site:west")
    assert pretended.started[-1] == "site:west"


def test_a_single_point_that_nobody_accepted_is_a_fail(
    tmp_path: Path, pretended: Pretended
) -> None:
    """The MCU's line cuts off everybody: what the headline says is what the exit code tells."""
    scenario(tmp_path / "s.toml", more=ACCEPTED.replace(LINK, "router:r-west"))
    ran = faults(tmp_path, "--junit", tmp_path / "j.xml")
    assert ran.code == 1
    assert ran.out.startswith("FAIL – a failure does more to the meeting than the criteria allow")
    why = "Link Tây – Đông cut: single point of failure, not accepted: Đông, Bắc cut off"
    assert why in ran.out
    assert "without it Đông, Bắc are cut off; not accepted" in ran.out
    assert "accepted, but no single point of failure: router Tây down" in ran.out
    failed = [
        case.attrib["name"]
        for case in ElementTree.parse(tmp_path / "j.xml").getroot().iter("testcase")
        if case.find("failure") is not None
    ]
    assert failed == [LINK, "silent:west--east"]
    accept(tmp_path)
    ran = compare(tmp_path)
    assert ran.code == 0
    assert ran.out.startswith("PASS – nothing is worse than what was accepted as small")
    assert "by the criteria alone: fail" in ran.out
    assert "; accepted as small: as it was built" in ran.out
    assert "; not accepted" not in ran.out


def test_a_failure_that_does_too_much(
    tmp_path: Path, pretended: Pretended, possible: dict[str, FailureCase]
) -> None:
    slow = observed(
        possible["router:r-east"],
        interrupted("north", 1800.0),
        verdict="fail",
        reasons=["Longest interruption by a fault: 1800 ms, allowed at most 1000 ms"],
    )
    pretended.children["router:r-east"] = Child(slow)
    ran = faults(tmp_path)
    assert ran.code == 1
    assert "FAIL" in ran.out
    assert "Router Đông down: interruption of 1800 ms at Bắc (limit 1000 ms, slow" in ran.out
    assert (
        "longest interruption: 1800 ms at Bắc by router Đông down (limit 1000 ms, slow" in ran.out
    )


def test_an_emulation_that_cannot_be_trusted(tmp_path: Path, pretended: Pretended) -> None:
    """The others' figures are kept; there is no verdict."""
    pretended.children["site:west"] = Child(error=InvalidRun("link x: 9 Mb/s"))
    ran = faults(tmp_path, "--junit", tmp_path / "j.xml")
    assert ran.code == 3
    assert "INVALID" in ran.out
    assert "Power out at Tây: link x: 9 Mb/s" in ran.out
    answer = FaultsAnswer.from_json((only_run(tmp_path / "runs") / "faults.json").read_bytes())
    assert {f.id for f in answer.failures if f.verdict == "pass"} == USUAL - {"site:west"}
    cases = ElementTree.parse(tmp_path / "j.xml").getroot().iter("testcase")
    assert [c.attrib["name"] for c in cases if c.find("error") is not None] == ["site:west"]


def test_options_choose_what_is_tried(tmp_path: Path, pretended: Pretended) -> None:
    assert faults(tmp_path, "--also", "access", "--also", "mcu").code == 0
    assert set(pretended.started) - USUAL == {
        *(f"{kind}:access-{b}" for kind in ("cut", "silent") for b in ("west", "east", "north")),
        "mcu",
    }
    pretended.started.clear()
    assert faults(tmp_path, "--also", "pairs").code == 0
    # one link and two routers: the link touches both
    assert set(pretended.started) - USUAL == {"router:r-east+router:r-west"}
    pretended.started.clear()
    assert faults(tmp_path, "--only", "mcu", "--only", "site:north").code == 0
    assert set(pretended.started) == {"mcu", "site:north"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "cut:west--eas"), 'did you mean "cut:west--east"?'),
        (("--junit", "/nowhere/j.xml"), "/nowhere is no folder"),
        (("--junit", "/tmp"), "/tmp: is a folder"),
        (("--baseline", "nothing"), "no such baseline"),
        (("--province", "/nowhere.toml"), "/nowhere.toml: no such file"),
        (("--only", "cut:west--east+router:r-east"), "does nothing that another fault does not"),
    ],
)
def test_bad_words_are_told_before_anything_starts(
    tmp_path: Path, pretended: Pretended, words: tuple[str, str], said: str
) -> None:
    ran = faults(tmp_path, *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert pretended.started == []
    assert not (tmp_path / "runs").exists()


# ---------------------------------------------------------------------------------------- baselines


def test_the_same_again_is_not_worse(tmp_path: Path, pretended: Pretended) -> None:
    faults(tmp_path)
    ran = accept(tmp_path)
    assert ran.code == 0, ran.err
    assert f"{tmp_path / 'accepted' / 'small.toml'}: 8 cases accepted" in ran.out
    ran = compare(tmp_path)
    assert ran.code == 0, ran.out
    assert "nothing is worse than what was accepted, nothing is better" in ran.out


def test_what_got_worse_is_named_in_one_line(
    tmp_path: Path, pretended: Pretended, possible: dict[str, FailureCase]
) -> None:
    router = possible["router:r-east"]
    pretended.children[router.id] = Child(observed(router, interrupted("north", 412.0)))
    faults(tmp_path)
    accept(tmp_path)
    pretended.children[router.id] = Child(observed(router, gone("north")))
    ran = compare(tmp_path, "--junit", tmp_path / "j.xml")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert "worse than what was accepted: 2" in lines
    assert "  worse: router Đông down: Bắc is cut off (was: interrupted 412.0 ms)" in lines
    [case] = [
        c
        for c in ElementTree.parse(tmp_path / "j.xml").getroot().iter("testcase")
        if c.find("failure") is not None
    ]
    assert case.attrib["name"] == "router:r-east"
    said = json.loads(compare(tmp_path, "--json").out)["comparison"]
    assert said["baseline"] == "small"
    assert said["changes"][0]["what"] == "north is cut off (was: interrupted 412.0 ms)"


def test_what_was_accepted_may_fail(
    tmp_path: Path, pretended: Pretended, possible: dict[str, FailureCase]
) -> None:
    """Else nobody could work on a network that has a known weakness."""
    weak = observed(possible["site:east"], verdict="fail", reasons=["known"])
    pretended.children["site:east"] = Child(weak)
    assert faults(tmp_path).code == 1
    accept(tmp_path)
    assert compare(tmp_path).code == 0
    better = observed(possible["site:east"])
    pretended.children["site:east"] = Child(better)
    ran = compare(tmp_path)
    assert ran.code == 0
    assert "better: power out at Đông: passes (was: fail)" in ran.out
