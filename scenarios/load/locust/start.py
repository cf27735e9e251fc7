"""Locust as a program, with its own options: `python -m giaoban.scenarios.load.locust.start`.

gevent, by which Locust has the standard library patched, asks for plugins of its own at each step
of that, and each time all that is installed is read through: a fifth of what Locust takes to start.
Here it is read once.
"""

from __future__ import annotations

import sys
from importlib import metadata
from importlib.metadata import EntryPoints
from typing import Any, NoReturn


def main() -> NoReturn:
    """As `python -m locust`."""
    look = metadata.entry_points
    found = look()

    def among_found(**wanted: Any) -> EntryPoints:
        return found.select(**wanted)

    metadata.entry_points = among_found
    try:
        import locust.main  # which patches the standard library
    finally:
        metadata.entry_points = look
    sys.exit(locust.main.main())


if __name__ == "__main__":
    main()
