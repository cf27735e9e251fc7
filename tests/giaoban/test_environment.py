"""The environment of `make setup`: the distribution's Python and Mininet, and nothing more of it,
since pip would break something of that."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = str(ROOT / "scripts" / "environment")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment as it is before anything is installed in it."""
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    done = subprocess.run([SCRIPT, str(folder)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder / "bin" / "python"


def asked(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(python), *words], capture_output=True, text=True, check=False)


def test_mininet_is_there(python: Path) -> None:
    code = "from importlib.util import find_spec; print(find_spec('mininet.net').origin)"
    done = asked(python, "-c", code)
    assert done.returncode == 0, done.stderr
    assert str(python.parents[1]) in done.stdout


def test_no_other_package_of_the_distribution_is(python: Path) -> None:
    """pip sees none that what it installs would not fit, so it has nothing to complain of."""
    listed = asked(python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check")
    assert {package["name"] for package in json.loads(listed.stdout)} == {"pip"}
    code = "import sys; print(*(p for p in sys.path if 'dist-packages' in p))"
    assert asked(python, "-c", code).stdout.strip() == ""


def test_it_is_made_of_the_distributions_python(python: Path) -> None:
    mine = asked(python, "-c", "import sys; print(sys.base_prefix, sys.version)").stdout
    theirs = asked(
        Path("/usr/bin/python3"), "-c", "import sys; print(sys.base_prefix, sys.version)"
    )
    assert mine == theirs.stdout
