"""pytest of somebody's own project, in an environment in which the program happens to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.built import User

FILES = {
    "pyproject.toml": """
[tool.pytest.ini_options]
filterwarnings = ["error"]
addopts = "-p no:cacheprovider"
""",
    "topology/__init__.py": "OWN = 1\n",
    "scenarios/__init__.py": "OWN = 2\n",
    "results/__init__.py": "OWN = 3\n",
    "giaoban.toml": "schema = 1\n",
    "broken.toml": "= no TOML [",
    "bytes.toml": "\udcff\udcfe",
    "tests/test_own.py": """
import sys

def test_own():
    import results, scenarios, topology
    assert (topology.OWN, scenarios.OWN, results.OWN) == (1, 2, 3)

def test_what_is_loaded():
    loaded = {name.split(".")[0] for name in sys.modules}
    assert not loaded & {"numpy", "matplotlib", "pydantic", "babel", "typer", "networkx"}
""",
}


@pytest.fixture(scope="module")
def project(tester: User) -> Path:
    for name, text in FILES.items():
        path = tester.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return tester.folder


@pytest.mark.usefixtures("project")
def test_its_tests_are_its_own(tester: User) -> None:
    said = tester.gives("python", "-m", "pytest", "--trace-config")
    assert "2 passed" in said
    assert re.search(r"^ +giaoban +: ", said, re.MULTILINE), said  # is there all the same


@pytest.mark.usefixtures("project")
def test_an_installation_that_lacks_libraries_stops_nobody(tester: User, project: Path) -> None:
    """As after `pip uninstall`, or beside a version that does not go with ours."""
    for name in ("numpy", "pydantic", "babel", "typer"):
        path = project / "lacking" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("raise ImportError('not here')\n")
    done = tester.run("python", "-m", "pytest", "-q", PYTHONPATH="lacking")
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout + done.stderr
