"""Cases of a test that are looked at only at night.

What takes long and shows what a cheaper case shows by the same means is left to
`scripts/test --nightly`; of each claim one case at least is looked at every day.
"""

from __future__ import annotations

from typing import Any

import pytest


def at_night(*case: object) -> Any:
    """A case, with all its arguments, that is not looked at by day."""
    return pytest.param(*case, marks=pytest.mark.nightly)
