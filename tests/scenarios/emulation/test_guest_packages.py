"""What the guest loads of others: anything more moves measures by parts of a microsecond."""

from __future__ import annotations

import json
import subprocess
import sys

LOADED = """
import json, sys
from importlib.metadata import packages_distributions
before = set(sys.modules)
import giaoban.scenarios.emulation.guest
tops = {name.split(".")[0] for name in set(sys.modules) - before}
packages = packages_distributions()
print(json.dumps(sorted({package for top in tops for package in packages.get(top, ())})))
"""
OURS = {"numpy", "pydantic", "pyroute2", "sipmessage"}
"""What we import; Mininet, too, which comes without a package."""
THEIRS = {
    *("annotated-types", "pydantic_core", "typing-inspection", "typing_extensions"),  # pydantic's
    "packaging",  # Mininet's
    "psutil",  # pyroute2's
}


def test_the_guest_loads_these_packages_and_no_others() -> None:
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert set(json.loads(ran.stdout)) - {"giaoban", "mininet"} == OURS | THEIRS
