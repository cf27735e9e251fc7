"""What generators find in their environment, which only the same user's processes can read, and
how a worker is ended."""

import signal

JOURNAL = "GIAOBAN_LOAD_JOURNAL"
"""The file that records go to; without it they go nowhere but to Locust."""
SECRET = "GIAOBAN_LOAD_SECRET"
"""From which the passwords at the test's own MCU are drawn."""
ACCOUNTS = "GIAOBAN_LOAD_ACCOUNTS"
"""The file with the accounts at somebody's device."""
UNTOLD = signal.SIGUSR1
"""Ends a worker whose parent is gone, unless a test has begun: then its master tells it to hang up,
and to be told twice would keep it from that."""
