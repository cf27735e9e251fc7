"""Makes the helpers beside the tests importable; laws are checked without a clock."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# a busy machine must not fail a law, and the same code must give the same result
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")
