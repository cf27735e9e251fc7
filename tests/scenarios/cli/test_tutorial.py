"""The tutorial as a reader goes through it, in both languages: its files are written as they stand
there, its commands called in its order, and what it quotes is what is then said."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pretended
import pytest
from pretended_failures import Child, Pretended, observed
from scenario_factory import ROOT, Ran, giaoban
from undrawn import undrawn

from giaoban.results.judge.failure_points import worst_of
from giaoban.results.model.studies.failures import BridgeImpact, LinkPeak
from giaoban.scenarios.plan.identity import Commit
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study import check
from giaoban.scenarios.study.failures.trial import possible_in
from scripts.docs.fences import blocks

PAGES = (
    ("docs/vi/tutorial.md", ("headroom",)),
    pytest.param("docs/tutorial.md", (), marks=pytest.mark.nightly, id="whole"),
)
"""Each with what it leaves to another: the headroom of a whole province takes longer than all the
others. By day the page that more people read; both show the same commands."""
INSTALLING = ("python3", ".", "pip")
"""What a test does not do: it is installed. tests/packaging installs the wheel."""
FAILS = ("exit code 1", "mã thoát 1")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to begin in, on a machine with pretended guests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for key in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{key}_NAME", "test")
        monkeypatch.setenv(f"GIT_{key}_EMAIL", "test@example.org")
    monkeypatch.setattr(check, "emulate", pretended.emulator())
    known = Commit("c" * 40, True)
    monkeypatch.setattr("giaoban.scenarios.measure.assemble.commit", lambda: known)
    undrawn(monkeypatch)
    return tmp_path


def test_both_pages_show_the_same_commands() -> None:
    """So that what is run of one says of the other that it can be."""
    shown = [
        [
            shlex.split(line, comments=True)
            for language, _, lines in blocks(ROOT / page)
            if language.partition(" ")[0] not in ("toml", "text")
            for line in lines
        ]
        for page in ("docs/tutorial.md", "docs/vi/tutorial.md")
    ]
    assert shown[0] == shown[1]
    assert len(shown[0]) > 15


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("page", "left_out"), PAGES)
def test_the_tutorial(
    page: str, left_out: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "vi" in Path(page).parts:
        monkeypatch.setenv("GIAOBAN_LANG", "vi")
    last: Ran | None = Ran(0, "", "")
    commands = 0
    for language, _, lines in blocks(ROOT / page):
        kind, _, info = language.partition(" ")
        if kind == "toml":
            write(info, "\n".join(lines))
        elif kind == "text":
            if last is None:
                continue
            said = " ".join(last.out.split())
            quoted = [part for line in lines for part in line.split("…")]
            assert not [part for part in quoted if " ".join(part.split()) not in said], said
        else:
            for line in lines:
                commands += 1
                if line.split()[:1] == ["giaoban"] and line.split()[1] in left_out:
                    last = None
                else:
                    last = carry_out(line, monkeypatch) or last
    assert commands > 15


def write(info: str, text: str) -> None:
    """At a file's end, or in place of one of its lines."""
    [name] = re.findall(r'title="([^"]+)"', info)
    file = Path(name)
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if line := re.findall(r'replace="([^"]+)"', info):
        assert before.count(line[0]) == 1
        file.write_text(before.replace(line[0], text), encoding="utf-8")
    else:
        file.write_text(f"{before}\n{text}\n" if before else f"{text}\n", encoding="utf-8")


def carry_out(line: str, monkeypatch: pytest.MonkeyPatch) -> Ran | None:
    """One line of a shell; None: nothing was said."""
    words = [each for word in shlex.split(line, comments=True) for each in globbed(word)]
    if words[0] in INSTALLING:
        return None
    if words[0] == "cd":
        monkeypatch.chdir(words[1])
        return None
    if words[0] == "git":
        subprocess.run(words, check=True, capture_output=True)
        return None
    assert words[0] == "giaoban"
    if words[1] == "faults":
        pretend_failures(monkeypatch)
    ran = giaoban(*words[1:])
    assert ran.code == (1 if any(word in line for word in FAILS) else 0), f"{line}\n{ran}"
    return ran


def globbed(word: str) -> list[str]:
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


def pretend_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever takes the spur away takes its two bridges, and nothing else anybody."""
    failing = Pretended()
    question = make_question(Path("scenarios/cho-moi.toml"))
    for ident, case in possible_in(question).items():
        spur = ident.endswith("north--ben-da")
        bridges = [
            BridgeImpact(
                bridge=call.bridge,
                behind=(away := spur and call.bridge in ("ben-da", "cho-moi")),
                cut_off=away,
                interruption_ms=8000.0 if away else 0.0,
                packets_lost=500 if away else 0,
            )
            for call in question.plan.calls
        ]
        links = [LinkPeak(id="centre--north", direction="r-centre->r-north", peak_pct=20.0)]
        worst = worst_of(bridges, links)._asdict()
        told = {"bridges": [b.model_dump() for b in bridges], **worst}
        told["links"] = [link.model_dump() for link in links]
        failing.children[ident] = Child(observed(case, **told))
    failing.use(monkeypatch)
