"""The small library that gives a router's BIRD its clock: built once, kept beside the kernel."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from giaoban.errors import MachineLacks

SOURCE = Path(__file__).with_name("router_clock.c")
INSTALL = "apt-get install gcc libc6-dev"


def ensure() -> Path:
    """The library, built if it is not there yet (under a second).

    Raises:
        MachineLacks: there is no compiler, or it fails.
    """
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    name = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = Path(root) / "giaoban" / "router-clock" / f"{name}.so"
    if library.is_file():
        return library
    if not shutil.which("gcc"):
        raise MachineLacks("the routers' clock cannot be built without gcc", INSTALL)
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent, prefix="build-") as scratch:
        built = Path(scratch) / "clock.so"
        command = ["gcc", "-shared", "-fPIC", "-O2", "-pthread", "-o", str(built), str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MachineLacks(f"the routers' clock could not be built:\n{done.stderr}", INSTALL)
        os.replace(built, library)
    return library
