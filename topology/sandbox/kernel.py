"""Build the guest's kernel from the distribution's kernel source, once, and keep it.

The kernel is kept outside the checkout, under the user's cache folder, in a folder named by the
hash of everything that shapes it: source package, options, source edits, compiler.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from giaoban.errors import MachineLacks
from topology.sandbox.kernel_edits import EDITS

FRAGMENT = Path(__file__).with_name("kernel.config")
SOURCES = Path("/usr/src")
TOOLS = ("gcc", "make", "flex", "bison", "bc", "xz")
INSTALL = "apt-get install linux-source gcc libc6-dev make flex bison bc xz-utils"
COMPILE_STEPS = 1100  # about what `make` prints for this configuration; only for the progress bar

Progress = Callable[[str, float], None]
"""Told (what is being done, fraction done 0–1)."""


def cached() -> Path | None:
    """The built kernel for this machine's source and our configuration, if there is one."""
    source = _source()
    if source is None or not shutil.which("gcc"):
        return None
    kernel = _folder(source) / "linux"
    return kernel if kernel.is_file() else None


def ensure(progress: Progress) -> Path:
    """The guest's kernel, built if need be (some minutes, once a machine).

    Raises:
        MachineLacks: source or tools are missing, or the build failed.
    """
    source = _source()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if source is None or missing:
        lacking = ", ".join(missing + ([] if source else ["the kernel source"]))
        raise MachineLacks(f"the sandbox kernel cannot be built without {lacking}", INSTALL)
    folder = _folder(source)
    kernel = folder / "linux"
    if kernel.is_file():
        return kernel
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / "lock"):
        if not kernel.is_file():
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="build-") as scratch:
                built = _build(source, Path(scratch), progress)
                folder.mkdir(exist_ok=True)
                shutil.copy2(built, folder / "linux.new")
                os.replace(folder / "linux.new", kernel)
    return kernel


def _source() -> Path | None:
    """The newest kernel source archive that the distribution's `linux-source` installed."""
    found = [*SOURCES.glob("linux-source-*.tar.*"), *SOURCES.glob("linux-source-*/*.tar.*")]
    return max(found, key=_version, default=None)


def _version(archive: Path) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", archive.name.split(".tar")[0]))


def _folder(source: Path) -> Path:
    stat = source.stat()
    compiler = shutil.which("gcc") or ""
    key = hashlib.sha256()
    for part in (source.name, stat.st_size, int(stat.st_mtime), os.path.realpath(compiler), EDITS):
        key.update(repr(part).encode())
    key.update(FRAGMENT.read_bytes())
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "giaoban" / "kernel" / key.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two runs at the same moment build one kernel: the second waits."""
    import fcntl  # not on every system on which the rest of the program runs

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(source: Path, scratch: Path, progress: Progress) -> Path:
    progress("unpacking the kernel source", 0.0)
    tree, out = scratch / "source", scratch / "out"
    tree.mkdir()
    out.mkdir()
    _run(["tar", "xf", str(source), "-C", str(tree), "--strip-components=1"], scratch)
    for edit in EDITS:
        path = tree / edit.file
        text = path.read_text(encoding="utf-8")
        if edit.required and edit.old not in text:
            raise MachineLacks(f"{edit.file} of this kernel source is not as expected", INSTALL)
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    make = ["make", "-C", str(tree), "ARCH=um", f"O={out}"]
    progress("configuring the kernel", 0.02)
    _run([*make, "tinyconfig"], scratch)
    merge = tree / "scripts/kconfig/merge_config.sh"
    _run([str(merge), "-m", "-O", str(out), str(out / ".config"), str(FRAGMENT)], scratch)
    _run([*make, "olddefconfig"], scratch)
    _check_options((out / ".config").read_text(encoding="utf-8"))
    jobs = os.cpu_count() or 1
    _run([*make, f"-j{jobs}"], scratch, lambda n: progress("compiling the kernel", 0.03 + n))
    return out / "linux"


def _check_options(config: str) -> None:
    """A dropped option would show as a network that behaves otherwise: stop here instead."""
    wanted = [line for line in FRAGMENT.read_text(encoding="utf-8").splitlines() if line.strip()]
    have = set(config.splitlines())
    off = {line for line in wanted if line.startswith("#")}
    lost = [line for line in wanted if line not in have and line not in off]
    lost += [line for line in off if line.split()[1] + "=y" in have]
    if lost:
        raise MachineLacks(
            f"this kernel source does not know what the sandbox needs: {', '.join(lost)}", INSTALL
        )


def _run(command: list[str], cwd: Path, on_step: Callable[[float], None] | None = None) -> None:
    tail: list[str] = []
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C", "MAKEFLAGS": ""},
    ) as process:
        assert process.stdout is not None
        for number, line in enumerate(process.stdout):
            tail = [*tail[-19:], line]
            if on_step:
                on_step(min(number / COMPILE_STEPS, 0.96))
    if process.returncode:
        raise MachineLacks(
            f"the sandbox kernel could not be built: `{' '.join(command[:4])} …` failed:\n"
            + "".join(tail).rstrip(),
            INSTALL,
        )
