"""A core for a guest: what it does then never crosses from one to another.

A guest is a kernel and its processes that take turns: one acts, the others wait, a hundred thousand
times a second. On two cores each turn wakes a sleeping core, which takes five times as long as all
the rest in a virtual machine.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_core() -> Iterator[int]:
    """Of the cores that this process may use one that no other guest has, as long as this lasts.

    Where all are taken, one of them. What else runs on it goes elsewhere, where it may.
    """
    available = sorted(os.sched_getaffinity(0))
    with socket.socket(socket.AF_UNIX) as mark:
        for core in available:
            try:
                # a name in no folder, which is gone with its owner however that ends
                mark.bind(f"\0giaoban-guest-on-core-{core}")
            except OSError:
                continue
            yield core
            return
    yield available[os.getpid() % len(available)]
