"""Makes `results_factory` importable, whatever folder pytest is started in; a run with evidence."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A tab of Chromium."""
    with import_module("browser").chromium(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture(scope="session")
def evidence_factory():
    """Loaded where it is needed: it takes all that annexes are made with."""
    return import_module("evidence_factory")


@pytest.fixture(scope="module")
def made(evidence_factory, tmp_path_factory):
    return evidence_factory.run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def pdf(made):
    return made.annex("pdf")
