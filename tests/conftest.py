"""Laws are checked without a clock: a busy machine must not fail one, and the same code must give
the same result every time."""

from __future__ import annotations

import signal

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")

# a shell that starts the tests in the background lets their children ignore Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)
