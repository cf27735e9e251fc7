"""Network namespaces held by file descriptors alone: no process, no name, nothing to clean up.

A namespace lives as long as somebody holds it, so a killed program leaves none behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_OWN = "/proc/thread-self/ns/net"


def create() -> int:
    """A new network namespace as an open file descriptor. Needs CAP_SYS_ADMIN (`OSError`)."""
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.unshare(os.CLONE_NEWNET)
        fd = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        os.setns(home, os.CLONE_NEWNET)
    finally:
        os.close(home)
    return fd


@contextmanager
def inside(fd: int) -> Iterator[None]:
    """Open sockets and files of another namespace: they stay in it after the `with` ends."""
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.setns(fd, os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(home, os.CLONE_NEWNET)
    finally:
        os.close(home)
