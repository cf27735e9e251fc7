"""The guest's kernel: built from the distribution's kernel source, once, and kept.

It is kept outside the checkout, under the user's cache folder, in a folder named by the hash of all
that shapes it: source package, how it is built, compiler, kind of machine.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from giaoban import build_cache
from giaoban.errors import MachineLacks
from giaoban.processes.progress import Progress
from giaoban.sentence import Sentence, joined
from giaoban.topology.sandbox import kernel_build
from giaoban.topology.sandbox.kernel_build import FRAGMENT, INSTALL

NAME = "linux"
SOURCES = Path("/usr/src")
TOOLS = ("gcc", "make", "flex", "bison", "bc", "xz")
RECIPE = (FRAGMENT, Path(kernel_build.__file__))
"""The files of this program that the kernel is made of."""


def cached() -> Path | None:
    """The built kernel for this machine's source and our configuration, if there is one, whole and
    such that it can be run."""
    if (given := build_cache.prebuilt(NAME)) is not None:
        return given
    source = _source()
    if source is None or not shutil.which("gcc"):
        return None
    kernel = _place(source)
    return kernel if build_cache.is_whole(kernel) and os.access(kernel, os.X_OK) else None


def check_available() -> None:
    """Whether it is there, or can be built.

    Raises:
        MachineLacks: neither; which source and tools are missing.
    """
    if build_cache.prebuilt(NAME) is None:
        _checked_source()


def ensure(progress: Progress) -> Path:
    """The guest's kernel, built if need be (some minutes, once a machine).

    Raises:
        MachineLacks: source or tools are missing, the build failed, or it cannot be kept, or run
            where it is kept.
    """
    if (given := build_cache.prebuilt(NAME)) is not None:
        return given
    source = _checked_source()
    with build_cache.required():
        return build_cache.ensure(
            _place(source),
            lambda scratch: kernel_build.build(source, scratch, progress),
            program=True,
            told=lambda what: progress(Sentence("sandbox kernel: {what}", what=what), 0.0),
        )


def key() -> str:
    """What names the kernel that is built here: it changes with all that the kernel is made of.

    Raises:
        MachineLacks: as `ensure`.
    """
    return _key(_checked_source())


def _checked_source() -> Path:
    source = _source()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if source is None or missing:
        lacking = joined(", ", missing + ([] if source else [Sentence("the kernel source")]))
        raise MachineLacks(
            "the sandbox kernel cannot be built without {lacking}", INSTALL, lacking=lacking
        )
    return source


def _source() -> Path | None:
    """The newest kernel source archive that the distribution's `linux-source` installed."""
    found = [*SOURCES.glob("linux-source-*.tar.*"), *SOURCES.glob("linux-source-*/*.tar.*")]
    return max(found, key=_version, default=None)


def _version(archive: Path) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", archive.name.split(".tar")[0]))


def _place(source: Path) -> Path:
    return build_cache.cache() / "kernel" / _key(source) / NAME


def _key(source: Path) -> str:
    stat = source.stat()
    parts = (source.name, stat.st_size, int(stat.st_mtime), _compiler(), platform.machine())
    shaped = hashlib.sha256(repr(parts).encode())
    for file in RECIPE:
        shaped.update(file.read_bytes())
    return shaped.hexdigest()[:16]


def _compiler() -> str:
    """What the compiler says it is, which an update changes."""
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["gcc", "--version"]
    said = subprocess.run(command, env=environment, capture_output=True, check=False)
    return said.stdout.decode(errors="replace").partition("\n")[0]
