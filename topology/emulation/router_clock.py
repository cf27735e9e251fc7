"""The small library that gives a router's BIRD its clock: built once, kept beside the kernel."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
from pathlib import Path

from giaoban import build_cache
from giaoban.errors import MachineLacks

SOURCE = Path(__file__).with_name("router_clock.c")
INSTALL = "apt-get install gcc libc6-dev"


def ensure() -> Path:
    """The library, built if it is not there yet (under a second).

    Raises:
        MachineLacks: there is no compiler, or it fails, or nothing can be kept.
    """
    with build_cache.required():
        return kept() or build_cache.ensure(_place(), _build)


def kept() -> Path | None:
    """The library, if it is there."""
    if (given := build_cache.prebuilt(name())) is not None:
        return given
    return place if build_cache.is_whole(place := _place()) else None


def _place() -> Path:
    return build_cache.cache() / "router-clock" / name()


def name() -> str:
    """What it is called: another source makes another library."""
    of = hashlib.sha256(SOURCE.read_bytes() + platform.machine().encode()).hexdigest()[:16]
    return f"router-clock-{of}.so"


def _build(scratch: Path) -> Path:
    if not shutil.which("gcc"):
        raise MachineLacks("the routers' clock cannot be built without gcc", INSTALL)
    built = scratch / "clock.so"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-pthread", "-o", str(built), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineLacks(
            "the routers' clock could not be built:\n{said}", INSTALL, said=done.stderr
        )
    return built
