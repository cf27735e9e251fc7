"""The image has what an emulation needs."""

from __future__ import annotations

import re

import pytest
import yaml

from giaoban import build_cache
from giaoban.topology.sandbox import kernel
from tests.packaging.built import ROOT

TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
STAGES = {
    stage.partition("\n")[0].partition(" AS ")[2]: stage.replace("\\\n", " ")
    for stage in re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]
}


def installed(stage: str) -> set[str]:
    """Packages of the distribution."""
    [words] = re.findall(r"apt-get install -qy --no-install-recommends ([\w .+-]+)", STAGES[stage])
    return set(words.split())


def test_all_packages_of_the_set_up_are_in_one_of_its_stages() -> None:
    setup = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    [names] = re.findall(r"^run_packages=\(([^)]*)\)", setup, re.MULTILINE)
    assert {one for stage in STAGES for one in installed(stage)} - {"python3"} == set(names.split())
    assert {"mininet", "bird2", "iproute2", "fonts-liberation"} <= installed("")
    assert not installed("") & {"gcc", "linux-source", "make"}
    assert {"gcc", "linux-source", "make", "flex", "bison", "bc"} <= installed("kernel")


def test_what_is_compiled_is_taken_from_where_it_is_laid() -> None:
    [laid] = re.findall(r"--into (\S+)", STAGES["kernel"])
    assert f"COPY --from=kernel {laid} {laid}\n" in STAGES[""]
    assert f"{build_cache.PREBUILT}={laid} " in STAGES[""]
    assert kernel.NAME == "linux"


def test_libraries_are_those_of_the_lock() -> None:
    assert "--require-hashes --requirement all.txt" in STAGES["libraries"]


def test_it_asks_for_no_privileges() -> None:
    assert "USER" not in TEXT
    assert "--privileged" not in TEXT
    assert "setcap" not in TEXT
    assert all(stage.startswith("debian:13") for stage in STAGES.values())


@pytest.mark.parametrize("file", [".github/workflows/installed.yml", ".gitlab-ci.yml"])
def test_a_wheel_is_tried_with_each_python(file: str) -> None:
    jobs = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    if "jobs" in jobs:
        job = jobs["jobs"]["wheel"]
        pythons = job["strategy"]["matrix"]["python"]
        commands = [step.get("run", "") for step in job["steps"]]
    else:
        job = jobs["installed"]
        [matrix] = job["parallel"]["matrix"]
        pythons, commands = matrix["PYTHON"], job["script"]
    assert pythons == ["3.12", "3.13"]
    assert any(command.startswith("scripts/try-wheel ") for command in commands)
