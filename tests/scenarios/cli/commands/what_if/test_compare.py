"""`giaoban compare`: what a change of inputs does, and to whom."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from junitparser import JUnitXml
from scenario_factory import ONLY_EMULATED, SMALL, Ran, giaoban, only_run, scenario

from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.scenarios.schemas.make import text_of
from tests.results.junit_schema import by_schema

PHASES = (2.0, 6.0, 2.0)
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


def project(folder: Path, **top: Any) -> Path:
    """A province and a scenario in it."""
    folder.mkdir(parents=True)
    shutil.copy(SMALL, folder / "province.toml")
    scenario(folder / "s.toml", province="province.toml", phases=PHASES, **top)
    return folder


def slower(folder: Path, mbps: float = 3.0) -> int:
    """One access link of the province carries less; the number of its line."""
    path = folder / "province.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    start = lines.index('id = "east"')
    at = next(n for n in range(start, len(lines)) if lines[n].startswith("rate_mbps"))
    lines[at] = f"rate_mbps = {mbps}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return at + 1


def compare(folder: Path, *words: str | Path) -> tuple[Ran, dict[str, Any]]:
    ran = giaoban("compare", *words, "--results", folder / "runs", "--jobs", "1")
    if ran.code not in (0, 1, 3):
        return ran, {}
    found = json.loads((only_run(folder / "runs") / "compare.json").read_text(encoding="utf-8"))
    return ran, found


def test_nothing_changed(tmp_path: Path) -> None:
    old, new = project(tmp_path / "old"), project(tmp_path / "new")
    ran, found = compare(tmp_path, old, new)
    assert (ran.code, ran.out.splitlines()[0]) == (0, "PASS – nothing is worse than before")
    assert [each["state"] for each in found["scenarios"]] == ["same"]


@pytest.mark.parametrize("file", ["devices", "criteria"])
def test_other_mcus_or_limits_of_the_project(tmp_path: Path, file: str) -> None:
    """Which turn a verdict as any other input does."""
    own = {"devices": DEVICES, "criteria": CRITERIA}[file].read_text(encoding="utf-8")
    text = {"old": own}
    if file == "devices":
        text["new"] = re.sub(
            r"(?s)(\[defaults\.compose_delay\]\ndelay_ms =) [\d.]+", r"\1 900.0", own
        )
    else:
        text["new"] = own.replace("threshold = 400.0", "threshold = 160.0", 1)
    assert text["new"] != own
    for side in ("old", "new"):
        with_own(project(tmp_path / side), file, text[side])
    ran, found = compare(tmp_path, tmp_path / "old", tmp_path / "new")
    [line] = found["scenarios"]
    assert (ran.code, line["old"], line["new"], line["state"]) == (1, "pass", "fail", "worse")
    assert {change["file"] for change in line["inputs"]} == {file}


def with_own(folder: Path, file: str, text: str) -> None:
    """Give a project a file of its own in place of the program's."""
    (folder / f"{file}.toml").write_text(text, encoding="utf-8")
    said = f'schema = "giaoban.project/1"\nprovince = "province.toml"\n{file} = "{file}.toml"\n'
    (folder / "giaoban.toml").write_text(said, encoding="utf-8")


def test_a_bridge_that_gets_worse_is_not_declared_by_other_limits(tmp_path: Path) -> None:
    own = CRITERIA.read_text(encoding="utf-8")
    for side, text in (
        ("old", own),
        ("new", own.replace("threshold = 90.0", "threshold = 80.0", 1)),
    ):
        with_own(project(tmp_path / side), "criteria", text)
    slower(tmp_path / "new")
    _, found = compare(tmp_path, tmp_path / "old", tmp_path / "new")
    [line] = found["scenarios"]
    assert {change["file"] for change in line["inputs"]} == {"province", "criteria"}
    told = {(bridge["bridge"], bridge["declared"]) for bridge in line["bridges"]}
    assert ("east", True) in told
    assert ("west", False) in told


def test_a_slower_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path))
    old, new = project(tmp_path / "old"), project(tmp_path / "new")
    at = slower(new)
    reports = ("--junit", tmp_path / "j.xml", "--markdown", tmp_path / "m.md")
    words = (*reports, "--annotations", "github")
    ran, found = compare(tmp_path, old, new, *words)
    assert (ran.code, ran.out.splitlines()[0]) == (
        1,
        "FAIL – 1 scenario is worse than before",
    )
    [line] = found["scenarios"]
    assert (line["old"], line["new"], line["state"]) == ("pass", "fail", "worse")
    [change] = line["inputs"]
    assert (change["key"], change["at"]) == ("bridge[east].rate_mbps", "east")
    assert (change["new"], change["line"]) == ("3.0", at)
    worse = {m["criterion"] for m in line["margins"] if m["sense"] == "worse"}
    assert "link-peak" in worse
    hit = {b["bridge"]: b["declared"] for b in line["bridges"] if b["points"] > 0}
    assert hit["east"] is True
    assert not any(declared for bridge, declared in hit.items() if bridge != "east")
    [suite] = JUnitXml.fromstring(by_schema(tmp_path / "j.xml").encode())
    assert (suite.failures, [case.name for case in suite]) == (1, ["s"])
    assert "::error file=" in ran.err
    assert "province.toml,line=" in ran.err
    first, second, third, *_ = next(iter(suite)).result[0].text.splitlines()
    assert re.search(r"Đông.*: [\d.]+ .* \(was [\d.]+ .*, limit [\d.]+ ", first), first
    assert second == "changed in province.toml: bridge[east].rate_mbps 10.0 → 3.0"
    assert third.startswith("worse: Đông")
    for text in (ran.err.replace("%25", "%"), (tmp_path / "m.md").read_text(encoding="utf-8")):
        assert "; ".join((first, second, third)) in text
    jsonschema.validate(found, json.loads(text_of("compare")))
    run = only_run(tmp_path / "runs")
    assert "<svg" in (run / "map.svg").read_text(encoding="utf-8")
    assert "link[" not in (run / "summary.md").read_text(encoding="utf-8")


def test_provinces_with_a_scenario(tmp_path: Path) -> None:
    old, new = project(tmp_path / "old"), project(tmp_path / "new")
    slower(new)
    provinces = (old / "province.toml", new / "province.toml")
    ran, found = compare(tmp_path, *provinces, "--scenario", old / "s.toml")
    assert ran.code == 1
    assert [each["id"] for each in found["scenarios"]] == ["s"]


@pytest.mark.parametrize(("mbps", "code", "state"), [(10.0, 0, "changed"), (3.0, 3, "not-judged")])
def test_what_was_not_judged_is_not_worse_now(
    tmp_path: Path, mbps: float, code: int, state: str
) -> None:
    """Of an old side that cannot be estimated: a pass is a pass, a fail need not be new."""
    old, new = project(tmp_path / "old"), project(tmp_path / "new")
    scenario(old / "s.toml", province="province.toml", phases=PHASES, more=ONLY_EMULATED)
    slower(new, mbps)
    ran, found = compare(tmp_path, old, new)
    assert (ran.code, found["scenarios"][0]["state"]) == (code, state)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "what is compared?"),
        (("s.toml", "province.toml"), "is a scenario"),
        (("/nowhere", "s.toml"), "/nowhere"),
        (("nonsense:s.toml", "s.toml"), 'no revision "nonsense"'),
    ],
)
@needs_git
def test_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(project(tmp_path / "p"))
    ran, _ = compare(tmp_path, *words)
    assert ran.code == 2
    assert said in ran.err


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@needs_git
def test_since_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project(tmp_path / "p")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    slower(folder)
    monkeypatch.chdir(folder)
    ran, found = compare(tmp_path, "--since", "main")
    assert ran.code == 1, ran.err
    assert found["old"] == "main"
    assert [c["key"] for c in found["scenarios"][0]["inputs"]] == ["bridge[east].rate_mbps"]
    shutil.rmtree(tmp_path / "runs")
    ran, found = compare(tmp_path, "main:province.toml", "province.toml", "--scenario", "s.toml")
    assert ran.code == 1, ran.err
    assert found["old"] == "main:province.toml"
