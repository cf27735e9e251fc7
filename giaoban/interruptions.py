"""The signals that interrupt a program, as far as the operating system has them."""

from __future__ import annotations

import signal

INTERRUPTIONS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, an orderly end, a terminal that was closed (no such signal on Windows)."""
