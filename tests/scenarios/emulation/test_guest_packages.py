"""What the guest loads of others: anything more moves measures by parts of a microsecond. And what
is loaded to say how much memory it needs, while it waits for its plan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from giaoban.scenarios import emulation
from giaoban.scenarios.emulation.engine import memory_mb
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question

LOADED = """
import json, sys
from importlib.metadata import packages_distributions
before = set(sys.modules)
import giaoban.scenarios.emulation.guest
tops = {name.split(".")[0] for name in set(sys.modules) - before}
packages = packages_distributions()
print(json.dumps(sorted({package for top in tops for package in packages.get(top, ())})))
"""
OURS = {"numpy", "pydantic", "pyroute2", "scapy", "sipmessage"}
"""What we import; Mininet, too, which comes without a package."""
THEIRS = {
    *("annotated-types", "pydantic_core", "typing-inspection", "typing_extensions"),  # pydantic's
    "packaging",  # Mininet's
    "psutil",  # pyroute2's
}

SCENARIOS = Path(emulation.__file__).parents[1]
CALM, OTHERS = "expansion-gia-nghia-quang-son", "background-without-classes"


def test_the_guest_loads_these_packages_and_no_others() -> None:
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert set(json.loads(ran.stdout)) - {"giaoban", "mininet"} == OURS | THEIRS


def plan_of(name: str) -> Plan:
    return make_question(SCENARIOS / f"{name}.toml").plan


def test_other_traffic_waits_in_its_memory() -> None:
    others = plan_of(OTHERS)
    assert others.background
    assert memory_mb(others) > memory_mb(others.model_copy(update={"background": []}))


def test_without_any_nothing_that_makes_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Netlink takes long to load, and the guest waits meanwhile."""
    monkeypatch.setitem(sys.modules, f"{emulation.__name__}.background", None)
    monkeypatch.delattr(emulation, "background", raising=False)
    assert memory_mb(plan_of(CALM)) > 512
    with pytest.raises(ImportError):
        memory_mb(plan_of(OTHERS))
