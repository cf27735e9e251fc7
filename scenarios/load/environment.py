"""What generators find in their environment: only the same user's processes can read it."""

JOURNAL = "GIAOBAN_LOAD_JOURNAL"
"""The file that records go to; without it they go nowhere but to Locust."""
SECRET = "GIAOBAN_LOAD_SECRET"
"""From which the passwords at the test's own MCU are drawn."""
ACCOUNTS = "GIAOBAN_LOAD_ACCOUNTS"
"""The file with the accounts at somebody's device."""
