"""Two network namespaces with a veth pair between them, for as long as a `with` lasts."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from giaoban.errors import MachineLacks

SENDER, RECEIVER, PORT = "198.18.0.1", "198.18.0.2", 5004  # benchmarking, RFC 2544
SENDER_MAC, RECEIVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"  # locally administered
INTERFACE = "giaoban-s"
NEAR, FAR = f"giaoban-bench-s-{os.getpid()}", f"giaoban-bench-r-{os.getpid()}"


def unable() -> str | None:
    """Why there can be no link here; None: there can."""
    if os.geteuid():
        return "a veth pair needs root"
    return None if shutil.which("ip") else "ip is missing: apt-get install iproute2"


def inside(namespace: str, command: list[str]) -> list[str]:
    """The command, run in a namespace."""
    return ["ip", "netns", "exec", namespace, *command]


@contextmanager
def link() -> Iterator[None]:
    """SENDER in NEAR and RECEIVER in FAR; both namespaces are gone afterwards.

    Raises:
        MachineLacks: the kernel cannot do it.
    """
    try:
        _ip("netns", "add", NEAR)
        _ip("netns", "add", FAR)
        _ip(
            *("link", "add", INTERFACE, "address", SENDER_MAC, "netns", NEAR, "type", "veth"),
            *("peer", "name", "giaoban-r", "address", RECEIVER_MAC, "netns", FAR),
        )
        for namespace, name, address in (
            (NEAR, INTERFACE, SENDER),
            (FAR, "giaoban-r", RECEIVER),
        ):
            _ip("-n", namespace, "addr", "add", f"{address}/30", "dev", name)
            _ip("-n", namespace, "link", "set", name, "up")
            _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", NEAR, "neigh", "add", RECEIVER, "lladdr", RECEIVER_MAC, "dev", INTERFACE)
        yield
    finally:
        for namespace in (NEAR, FAR):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineLacks(
            f"ip {' '.join(words)}: {done.stderr.strip()}", "a kernel with veth, and root"
        )
