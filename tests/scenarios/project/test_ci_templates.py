"""What a project's CI is given: files that can be read, and steps that run in a repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from junitparser import JUnitXml
from scenario_factory import ROOT, SMALL, scenario

from giaoban.scenarios.project.init import TEMPLATES

GITHUB, GITLAB, ACTION = (
    TEMPLATES / "github.yml",
    TEMPLATES / "gitlab.yml",
    ROOT / "action.yml",
)
pytestmark = pytest.mark.skipif(
    not (shutil.which("git") and shutil.which("bash")), reason="no git or no bash"
)
STUB = '#!/bin/sh\necho "$0" "$@" >> "$CALLED"\n'
GIAOBAN = f'#!/bin/sh\nexec {sys.executable} -m tests.scenarios.undrawn "$@"\n'
"""Nobody looks at pictures here."""


def read(path: Path) -> dict[str, Any]:
    """A YAML file; `on` is a key and not true."""
    return dict(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader))


def steps(path: Path) -> dict[str, str]:
    """The shell of each step, by name."""
    data = read(path)
    listed = data["runs"]["steps"] if "runs" in data else data["jobs"]["check"]["steps"]
    return {step["name"]: step["run"] for step in listed if "run" in step}


class Repository(NamedTuple):
    """A project in git on whose last commit a line was made slower."""

    folder: Path
    environment: dict[str, str]
    base: str

    def run(self, shell: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """As GitHub runs a step: `bash -e -o pipefail`."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", shell],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *who, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder, programs = tmp_path / "project", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    for name in ("pip", "gh", "curl"):
        (programs / name).write_text(STUB)
    (programs / "giaoban").write_text(GIAOBAN)
    for path in programs.iterdir():
        path.chmod(0o755)
    (folder / "giaoban.toml").write_text(
        'schema = "giaoban.project/1"\nprovince = "province.toml"\nscenarios = "scenarios"\n'
    )
    shutil.copy(SMALL, folder / "province.toml")
    (folder / "scenarios").mkdir()
    scenario(folder / "scenarios" / "s.toml", province="../province.toml", phases=(2, 6, 2))
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "CALLED": str(tmp_path / "called"),
    }
    made = Repository(folder, environment, "")
    made.git("init", "-q", "-b", "main")
    made.git("add", "-A")
    made.git("commit", "-qm", "one")
    base = made.git("rev-parse", "HEAD")
    province = folder / "province.toml"
    text = province.read_text(encoding="utf-8")
    start = text.index('id = "east"')
    slower = text[start:].replace("rate_mbps = 10.0", "rate_mbps = 3.0", 1)
    province.write_text(text[:start] + slower, encoding="utf-8")
    made.git("commit", "-qam", "two")
    return made._replace(base=base)


def test_the_workflow_of_github(repository: Repository, tmp_path: Path) -> None:
    shell = steps(GITHUB)
    assert repository.run(shell["install"]).returncode == 0
    checked = repository.run(shell["check"].replace("--estimate", "--estimate --seeds 0"))
    assert checked.returncode == 1, checked.stderr
    assert "::error file=" in checked.stderr
    [suite] = JUnitXml.fromfile(str(repository.folder / "check.xml"))
    assert suite.failures > 0
    [again] = {line for case in suite for r in case.result for line in (r.text or "").splitlines()
               if line.startswith("again: ")}  # fmt: skip
    assert again.endswith("scenarios/s.toml --estimate --seeds 0")
    compared = repository.run(shell["compare"], BASE=repository.base)
    assert compared.returncode == 1, compared.stderr
    assert "::error file=province.toml,line=" in compared.stderr
    told = repository.run(shell["tell"], GH_TOKEN="x", NUMBER="7")
    assert told.returncode == 0
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "giaoban check" in summary
    assert "giaoban compare" in summary
    called = (tmp_path / "called").read_text(encoding="utf-8")
    assert "gh pr comment 7 --body-file changes.md" in called
    told = repository.run(shell["tell"], GH_TOKEN="x", NUMBER="")
    assert told.returncode == 0
    assert (tmp_path / "called").read_text(encoding="utf-8") == called  # a push has no comment


def test_a_ring_link_that_was_deleted(repository: Repository) -> None:
    """From a project without a baseline to a job that fails, with what the jobs themselves say."""
    folder, faults = repository.folder, steps(GITHUB)["faults"]
    shutil.rmtree(folder / "scenarios")
    for name in ("giaoban.toml", "province.toml"):
        (folder / name).unlink()
    assert repository.run("giaoban init . --lang en --ci none").returncode == 0
    first = repository.run(faults)
    assert first.returncode == 2, first.stderr
    assert "giaoban accept RUN faults-first-expansion" in first.stderr
    repository.run("giaoban faults scenarios/first-expansion.toml --estimate")
    [run] = (folder / "runs").glob("faults-*")
    accept = f'giaoban accept {run} faults-first-expansion --reason "one MCU"'
    assert repository.run(accept).returncode == 0
    assert (folder / "baselines" / "faults-first-expansion.toml").is_file()

    province = folder / "province.toml"
    text = province.read_text(encoding="utf-8")
    start = text.index('[[link]]\nid = "north--east"')
    without = text[:start] + text[text.index("# The MCU:", start) :]
    province.write_text(without, encoding="utf-8")
    (folder / "changes.md").unlink()
    cut = repository.run(faults)
    assert cut.returncode == 1, cut.stderr
    page = (folder / "changes.md").read_text(encoding="utf-8")
    assert "North ↔ East is not in the network any more" in page
    assert "New commune is cut off (was: interrupted " in page
    [suite] = JUnitXml.fromfile(str(folder / "faults-first-expansion.xml"))
    again = {
        case.name: next(line for line in case.result[0].text.splitlines() if "again: " in line)
        for case in suite
        if case.result
    }
    compared = "--estimate --baseline faults-first-expansion"
    assert again["cut:north--east"].endswith(compared)  # which --only does not know any more
    assert again["cut:centre--north"].endswith(f"{compared} --only cut:centre--north")


def test_the_action(repository: Repository, tmp_path: Path) -> None:
    data, shell = read(ACTION), steps(ACTION)
    assert repository.run(shell["install"], GIAOBAN_ACTION="/there").returncode == 0
    words = data["inputs"]["check"]["default"] + " --seeds 0"
    repository.git("checkout", "-q", repository.base)
    assert repository.run(shell["check"], CHECK=words).returncode == 0
    repository.git("checkout", "-q", "main")
    compared = repository.run(shell["compare"], SINCE=repository.base)
    assert compared.returncode == 1, compared.stderr
    patterns = data["inputs"]["faults"]["default"]
    assert repository.run(shell["faults"], FAULTS=patterns).returncode == 2  # is not accepted yet
    assert repository.run(shell["tell"]).returncode == 0
    output = (tmp_path / "output").read_text(encoding="utf-8")
    assert output == f"summary={repository.folder / 'giaoban-changes.md'}\n"
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    for command in ("check all", "compare scenarios-s", "faults s"):
        assert f"giaoban {command}" in summary


def test_the_jobs_of_gitlab(repository: Repository, tmp_path: Path) -> None:
    data = read(GITLAB)
    job = data["giaoban-compare"]
    assert repository.run(data[".giaoban"]["before_script"][0]).returncode == 0
    [check] = data["giaoban-check"]["script"]
    assert repository.run(check.replace("--estimate", "--estimate --seeds 0")).returncode == 1
    [faults] = data["giaoban-faults"]["script"]
    assert repository.run(faults).returncode == 2  # is not accepted yet
    [compare] = job["script"]
    compared = repository.run(compare, CI_MERGE_REQUEST_DIFF_BASE_SHA=repository.base)
    assert compared.returncode == 1, compared.stderr
    for name in ("giaoban-check", "giaoban-faults", "giaoban-compare"):
        for kind, file in data[name]["artifacts"]["reports"].items():
            assert [*repository.folder.glob(file)], kind
    [after] = data[".giaoban"]["after_script"]
    assert repository.run(after).returncode == 0
    assert "curl" not in (tmp_path / "called").read_text(encoding="utf-8")
    where = {"CI_API_V4_URL": "https://x/api/v4", "CI_PROJECT_ID": "3"}
    told = repository.run(after, GIAOBAN_TOKEN="t", CI_MERGE_REQUEST_IID="7", **where)
    assert told.returncode == 0, told.stderr
    called = (tmp_path / "called").read_text(encoding="utf-8")
    assert (
        "--data-urlencode body@changes.md https://x/api/v4/projects/3/merge_requests/7/notes"
        in (called)
    )


@pytest.mark.parametrize("path", [GITHUB, ACTION], ids=lambda path: path.name)
def test_nothing_of_others_is_put_into_the_shell(path: Path) -> None:
    """An expression in it would be what a stranger's branch is called: it goes by a variable."""
    assert not [name for name, shell in steps(path).items() if "${{" in shell]
