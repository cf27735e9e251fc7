"""The answer that sets the exit code is the one at the head of everything that a command leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pretended
import pytest
from pretended_failures import Child, Pretended, interrupted, observed
from scenario_factory import Ran, giaoban, only_run, scenario
from undrawn import undrawn
from whatif_factory import small

from giaoban.errors import InvalidRun
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.scan import answer_file, scan
from giaoban.results.model.manifest import MANIFEST
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.report.annex.failure_sections import concluded
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.view.page import FILE
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study import check
from giaoban.scenarios.study.failures.trial import possible_in
from giaoban.scenarios.study.headroom import headroom as headroom_run
from giaoban.scenarios.study.whatif import compare as whatif_run
from giaoban.scenarios.study.whatif import confirm as confirming
from tests.nights import at_night
from tests.results.junit_schema import by_schema
from tests.scenarios.study.test_check import unaccounted

WORDS = {0: "PASS", 1: "FAIL", 3: "INVALID"}
VERDICTS = {0: "pass", 1: "fail", 3: "invalid"}
CONCLUDED = {
    "vi": {0: "đạt – ", 1: "không đạt – ", 3: "không có kết luận – "},
    "en": {0: "met – ", 1: "not met – ", 3: "no answer – "},
}


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    undrawn(monkeypatch)


def head(text: str) -> str:
    """The word that a text begins with, past a heading's marks and `ESTIMATED: `."""
    found = re.search(r"\b(PASS|FAIL|INVALID)\b", text)
    assert found, text[:300]
    return found[1]


def agree(printed: str, folder: Path, code: int) -> None:
    """What was printed, `summary.md`, the answer, manifest, page and history say what `code` does.
    Nothing but the first line may speak of another verdict."""
    assert head(printed.splitlines()[0]) == WORDS[code]
    assert head((folder / "summary.md").read_text(encoding="utf-8")) == WORDS[code]
    path = answer_file(folder)
    assert json.loads(path.read_bytes())["verdict"] == VERDICTS[code]
    entry = scan(folder)
    assert isinstance(entry, HistoryEntry)
    assert entry.verdict == VERDICTS[code]
    if (folder / MANIFEST).is_file():
        assert json.loads((folder / MANIFEST).read_bytes())["verdict"] == VERDICTS[code]
    if (folder / FILE).is_file():
        page = (folder / FILE).read_text(encoding="utf-8")
        data = json.loads(page.partition('<script type="application/json" id="data">')[2]
                          .partition("</script>")[0])  # fmt: skip
        assert (data["run"] or data["failures"])["verdict"] == VERDICTS[code]


# ------------------------------------------------------------------------------------ giaoban check

CHECKS: dict[int, dict[str, Any]] = {
    0: {},
    1: {"refused": {"north"}},
    3: {"spoil": unaccounted},
}


@pytest.mark.parametrize("code", sorted(CHECKS))
@pytest.mark.parametrize("new", [True, False])
def test_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, new: bool) -> None:
    how = dict(CHECKS[code])
    if not new and "refused" in how:
        how["refused"] = {"east"}
    monkeypatch.setattr(check, "emulate", pretended.emulator(**how))
    file = scenario(tmp_path / "s.toml", **({} if new else {"bridges": ()}))
    ran = giaoban("check", file, "--seeds", "0", "--results", tmp_path / "runs")
    assert ran.code == code, ran.err
    agree(ran.out, only_run(tmp_path / "runs"), code)


@pytest.mark.parametrize(("more", "code"), [("", 0), ("[thresholds]\nmouth-to-ear = 1.0\n", 1)])
def test_check_by_estimate(tmp_path: Path, more: str, code: int) -> None:
    words = ("--estimate", "--seeds", "0", "--results", tmp_path / "runs")
    ran = giaoban("check", scenario(tmp_path / "s.toml", more=more, phases=(2, 6, 2)), *words)
    assert ran.code == code, ran.err
    assert ran.out.startswith("ESTIMATED: ")
    agree(ran.out, only_run(tmp_path / "runs"), code)


# ----------------------------------------------------------------------------------- giaoban faults

STATES = ("calm", "slower", "weak", "both", "void")
"""What is found: nothing; what the criteria allow, and nobody has accepted; what they do not allow;
both; an emulation that came to no result."""


def found(state: str, possible: dict[str, Any]) -> dict[str, Child]:
    router, site = possible["router:r-east"], possible["site:east"]
    children = {}
    if state in ("slower", "both"):
        children[router.id] = Child(observed(router, interrupted("north", 412.0)))
    if state in ("weak", "both"):
        children[site.id] = Child(observed(site, verdict="fail", reasons=["known"]))
    if state == "void":
        children[site.id] = Child(error=InvalidRun("it hung"), code=3)
    return children


def faults(folder: Path, name: str, *words: str | Path) -> tuple[Ran, Path]:
    root = folder / name
    ran = giaoban("faults", folder / "s.toml", "--results", root, *words)
    return ran, only_run(root)


def by_criteria(state: str) -> int:
    return 3 if state == "void" else 1 if state in ("weak", "both") else 0


def since(was: str, now: str) -> int:
    """What exit code a comparison gives: anything new is worse."""
    if now == "void":
        return 3
    new = {
        "slower": now in ("slower", "both") and was in ("calm", "weak"),
        "weak": now in ("weak", "both") and was in ("calm", "slower"),
    }
    return int(any(new.values()))


@pytest.fixture
def trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What failures do from now on."""
    file = scenario(tmp_path / "s.toml")
    possible = possible_in(make_question(file))
    made = Pretended()
    made.use(monkeypatch)

    def use(state: str) -> None:
        made.children = found(state, possible)

    return use


def test_faults(tmp_path: Path, trials: Callable[[str], None]) -> None:
    """Every state by the criteria, and as it is compared with each that can be accepted."""
    for state in STATES:
        trials(state)
        code = by_criteria(state)
        junit = tmp_path / "j.xml"
        ran, folder = faults(tmp_path, state, "--junit", junit, "--only", "site:east", "--only",
                             "router:r-east")  # fmt: skip
        assert ran.code == code, ran.err
        everywhere(ran.out, folder, junit, code)


@pytest.mark.parametrize("was", ["calm", "slower", "weak", at_night("both")])
def test_faults_since_a_baseline(tmp_path: Path, trials: Callable[[str], None], was: str) -> None:
    trials(was)
    _, accepted = faults(tmp_path, "accepted")
    there = ("--baselines", tmp_path / "baselines")
    words = ("--name", "ring", "--reason", "known since 2024", *there)
    assert giaoban("baseline", "accept", accepted, *words).code == 0
    only = ("--only", "site:east", "--only", "router:r-east")
    for now in STATES:
        trials(now)
        junit = tmp_path / "j.xml"
        more = ("--baseline", "ring", *there, "--junit", junit, *only)
        ran, folder = faults(tmp_path, f"now-{now}", *more)
        code = since(was, now)
        assert ran.code == code, (was, now, ran.out, ran.err)
        everywhere(ran.out, folder, junit, code)
        said = json.loads((folder / "faults.json").read_bytes())
        assert said["verdict"] == VERDICTS[code]
        assert said["comparison"]["by_criteria"] == VERDICTS[by_criteria(now)]
        assert bool(said["reasons"]) == (code != 0)
    assert (
        json.loads(faults(tmp_path, "json", *more, "--json")[0].out)["verdict"] == said["verdict"]
    )


def everywhere(printed: str, folder: Path, junit: Path, code: int) -> None:
    agree(printed, folder, code)
    tests = ElementTree.fromstring(by_schema(junit))
    red = {name: int(tests.attrib[name]) for name in ("failures", "errors")}
    assert (red["errors"] > 0, any(red.values())) == (code == 3, code != 0)
    answer = FaultsAnswer.from_json((folder / "faults.json").read_bytes())
    for lang, words in CONCLUDED.items():
        first, *more = concluded(answer, AnnexWording(lang, answer), told_at=7)  # type: ignore[arg-type]
        assert first.text.partition(": ")[2].startswith(words[code])
        assert first.bold == (code != 0)
        if answer.comparison is not None and code != 3:
            [alone] = more
            criteria = {v: k for k, v in VERDICTS.items()}[answer.by_criteria]
            assert alone.text.partition(": ")[2].startswith(words[criteria])


# ------------------------------------------------------------------- giaoban whatif, headroom, load


def confirmed(monkeypatch: pytest.MonkeyPatch, module: object, *, trusted: bool) -> None:
    def confirm(
        base: Any, points: list[confirming.ConfirmationPoint], **_: object
    ) -> dict[str, object]:
        return {
            point.name: estimate(whatif_run.ask(base, point.variant).question).result
            if trusted
            else InvalidRun("link x: 9 Mb/s")
            for point in points
        }

    monkeypatch.setattr(module, "confirm", confirm)


@pytest.mark.parametrize(
    ("words", "trusted", "code"),
    [
        (("--more", "1"), True, 0),
        (("--more", "4"), True, 1),
        (("--more", "4", "--no-search"), True, 1),
        (("--more", "1", "--confirm"), False, 3),
        (("--more", "1", "--confirm"), True, 0),
    ],
)
def test_whatif(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    trusted: bool,
    code: int,
) -> None:
    confirmed(monkeypatch, whatif_run, trusted=trusted)
    more = ("--pace", "0.5", "--results", tmp_path / "runs")
    ran = giaoban("whatif", small(tmp_path), *words, *more)
    assert ran.code == code, ran.err
    agree(ran.out, only_run(tmp_path / "runs"), code)


FULL = {"device": "te30", "profile": "sd30-512k"}
"""Two calls of three sites are 66.7 %, three are 100 %."""


@pytest.mark.parametrize(
    ("top", "trusted", "code"),
    [({}, None, 0), (FULL, None, 1), ({}, True, 0), (FULL, True, 1), ({}, False, 3)],
)
def test_headroom(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    top: dict[str, str],
    trusted: bool | None,
    code: int,
) -> None:
    words = () if trusted is None else ("--confirm",)
    confirmed(monkeypatch, headroom_run.confirm, trusted=bool(trusted))
    more = ("--pace", "0.5", "--jobs", "1", "--results", tmp_path / "runs")
    ran = giaoban("headroom", small(tmp_path, **top), *words, *more)
    assert ran.code == code, ran.err
    agree(ran.out, only_run(tmp_path / "runs"), code)
