"""What a small installation leaves out: libraries that come with an extra (`giaoban[load]`), and
Mininet, which comes with the distribution's packages.

Whatever needs one imports it where it is used. That it is missing is told in one place,
`giaoban.scarce`, with the command that brings it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from giaoban.errors import MachineLacks

LIBRARIES = {
    "G722": "emulate",
    "pylibsrtp": "emulate",
    "pyroute2": "emulate",
    "docx": "office",
    "gevent": "load",
    "locust": "load",
    "dask": "cluster",
    "distributed": "cluster",
}
"""Module → the extra that brings it, as in pyproject.toml."""
MININET = "mininet"
MININET_INSTALL = "sudo apt-get install --no-install-recommends mininet"
DISTRIBUTION = Path("/usr/lib/python3/dist-packages")
"""Where Debian and Ubuntu put it, for their own Python."""


def installing(extra: str) -> str:
    """The command that brings an extra."""
    return f"pip install 'giaoban[{extra}]'"


def lacking(module: str) -> MachineLacks | None:
    """The error for a module that is not there; None: no extra brings it."""
    library = module.partition(".")[0]
    if library == MININET:
        return MachineLacks("Mininet is not installed", MININET_INSTALL)
    if library not in LIBRARIES:
        return None
    return MachineLacks(
        "this needs {library}, which is not installed",
        installing(LIBRARIES[library]),
        library=library,
    )


def need(*modules: str) -> None:
    """Before something is begun that would miss one of them later.

    Raises:
        MachineLacks: the first that is not there.
    """
    for module in modules:
        there = find_mininet() if module == MININET else importlib.util.find_spec(module)
        if not there and (error := lacking(module)) is not None:
            raise error


class _OfTheDistribution:
    """Finds Mininet, and no other package, among the distribution's: they are made for each other,
    and beside what pip installs some break."""

    @staticmethod
    def find_spec(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [str(DISTRIBUTION)]) if name == MININET else None


def find_mininet() -> bool:
    """Whether Mininet can be imported; from now on, if only the distribution's Python has it.

    It is of Python alone, so that any version of Python may take it from there.
    """
    if _OfTheDistribution not in sys.meta_path:
        sys.meta_path.append(_OfTheDistribution)  # after all others: one of the environment wins
    return importlib.util.find_spec(MININET) is not None
