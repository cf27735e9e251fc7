# What type checkers and editors know of the package: `__init__.py` loads each name when it is asked
# for, and what reads its imports (the guest's, the tests') would follow these as well.
from pathlib import Path

from giaoban.errors import InputError, InvalidRun, MachineLacks
from giaoban.results.model.result import Result
from giaoban.scenarios.api import (
    Province,
    Scenario,
    check,
    estimate,
    headroom,
    load_result,
    sensitivity,
    whatif,
)

ROOMS: tuple[str, ...]
PACKAGE: Path
IMPORTED_FROM: Path

__all__ = [
    "InputError",
    "InvalidRun",
    "MachineLacks",
    "Province",
    "Result",
    "Scenario",
    "check",
    "estimate",
    "headroom",
    "load_result",
    "sensitivity",
    "whatif",
]
