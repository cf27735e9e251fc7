"""Boot the guest, run one Python module in it, bring back its exit code.

The guest's root is this machine's own file system, read-only: the same Python, the same Mininet.
One folder is writable. Everything the guest is lives in one process group, which dies with us.
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import MachineLacks
from giaoban.processes import children
from giaoban.processes.children import beginning
from giaoban.sentence import N_
from giaoban.topology.sandbox import memory
from giaoban.topology.sandbox.guest_init import EXIT_FILE

GUEST_INIT = Path(__file__).with_name("guest_init.py")
VIRTUAL_EPOCH_S = 1382659200  # 2013-10-25 00:00 UTC, the day of the decision: same run, same times

GUEST_ENVIRONMENT = (
    "PYTHONHASHSEED=0",
    "LANG=C.UTF-8",
    "OPENBLAS_NUM_THREADS=1",
    # else it looks into each package that this machine has for plugins of somebody's
    "PYDANTIC_DISABLE_PLUGINS=__all__",
    # memory that is given back must be faulted in again, which is dear in the guest
    "MALLOC_MMAP_THRESHOLD_=268435456",
    "MALLOC_TRIM_THRESHOLD_=1073741824",
)


@dataclass(frozen=True)
class Guest:
    """How to boot: which kernel, how much memory, virtual or real time."""

    kernel: Path
    memory_mb: int = 768
    virtual_time: bool = True


def run(
    guest: Guest,
    module: str,
    arguments: Sequence[str],
    *,
    writable: Path,
    console: Path,
    on_line: Callable[[str], None],
    interactive: bool = False,
) -> int:
    """Run `python -m module arguments…` as the guest's first process.

    Args:
        writable: the one folder the guest can write to, at its own path.
        console: file that keeps all that the guest's kernel and the module print.
        on_line: told each line of the console as it comes.
        interactive: the terminal is the guest's console; nothing is kept of it.

    Returns:
        The module's exit code.

    Raises:
        MachineLacks: there is no room for the guest's memory, or it did not boot or died; then the
            message quotes its last lines.
    """
    writable = writable.resolve()
    if "," in str(writable):
        raise MachineLacks(
            "the guest cannot mount a folder with a comma: {writable}",
            N_("move it"),
            writable=writable,
        )
    (writable / EXIT_FILE).unlink(missing_ok=True)
    memory_in = memory.place(guest.memory_mb, writable)
    # where the kernel cannot make its own folder it makes one in the current directory
    scratch = Path(tempfile.mkdtemp(prefix=".boot-", dir=_without_blank(writable)))
    try:
        script = scratch / "init"
        words = [sys.executable, str(GUEST_INIT), str(writable), module, *arguments]
        script.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n", encoding="utf-8")
        script.chmod(0o755)
        command = _command(guest, script, scratch, interactive)
        environment, tail = _environment(memory_in), list[str]()
        with own_core() as core:
            if interactive:
                _attach(command, environment, core)
            else:
                _, tail = children.follow(
                    command,
                    log=console.resolve(),
                    on_line=on_line,
                    env=environment,
                    cwd=scratch,
                    core=core,
                )
        return exit_code(writable, tail, memory_in)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        (writable / EXIT_FILE).unlink(missing_ok=True)


def exit_code(folder: Path, tail: Sequence[str], memory_in: Path) -> int:
    """What a guest that has ended left in this folder as its exit code.

    Args:
        tail: the last lines of its console.

    Raises:
        MachineLacks: it left nothing.
    """
    try:
        return int((folder / EXIT_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        if memory.is_full(memory_in):
            raise MachineLacks(
                "the memory of the guest, in {held}, did not get what it was to have: "
                "others have filled it meanwhile",
                memory.MEND,
                held=memory_in,
            ) from None
        said = "\n".join(tail[-12:])
        raise MachineLacks(
            "the sandbox guest did not come to its end; the last it said:\n{said}",
            "giaoban doctor",
            said=said,
        ) from None


def _without_blank(folder: Path) -> str:
    """The kernel's command line knows no blanks: elsewhere a temporary folder."""
    others = (tempfile.gettempdir(), "/tmp", "/var/tmp")
    whole = (each for each in (str(folder), *others) if not any(map(str.isspace, each)))
    return next(whole, str(folder))


def _command(guest: Guest, script: Path, scratch: Path, interactive: bool) -> list[str]:
    words = [
        str(guest.kernel.resolve()),
        f"mem={guest.memory_mb}M",
        "ipv6.disable=1",
        "ifb.numifbs=0",
        "dummy.numdummies=0",
        "rootfstype=hostfs",
        "rootflags=/",
        "ro",
        f"init={script}",
        "con=null",
        "con0=fd:0,fd:1" if interactive else "con0=null,fd:1",
        f"uml_dir={scratch}/",
        "umid=guest",
        "norandmaps",
        "panic=-1",
        "loglevel=4",
    ]
    if guest.virtual_time:
        words += ["time-travel=inf-cpu", f"time-travel-start={VIRTUAL_EPOCH_S * 10**9}"]
    # what the kernel does not know and has a "=" becomes the first process's environment
    return [*words, *GUEST_ENVIRONMENT]


def _environment(memory_in: Path) -> dict[str, str]:
    """The kernel keeps the guest's memory in TMPDIR; PATH finds UML's helpers."""
    keep = ("PATH", "HOME", "TERM")
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    return {**kept, "TMPDIR": str(memory_in.absolute())}


def _attach(command: list[str], environment: dict[str, str], core: int) -> None:
    """The guest on our own terminal: Ctrl-C belongs to whoever types in it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = subprocess.Popen(command, env=environment, preexec_fn=beginning({core}))
    try:
        process.wait()
    finally:
        process.kill()
        process.wait()
        signal.signal(signal.SIGINT, before)


@contextmanager
def own_core() -> Iterator[int]:
    """Of the cores that this process may use one that no other guest has, as long as this lasts.

    Where all are taken, any. What else runs on it goes elsewhere, where it may. Guests of another
    container are not seen: so cores are looked at in random order, not the first one first.
    """
    available = sorted(os.sched_getaffinity(0))
    random.SystemRandom().shuffle(available)
    with socket.socket(socket.AF_UNIX) as mark:
        for core in available:
            try:
                # a name in no folder, which is gone with its owner however that ends
                mark.bind(f"\0giaoban-guest-on-core-{core}")
            except OSError:
                continue
            yield core
            return
    yield available[0]
