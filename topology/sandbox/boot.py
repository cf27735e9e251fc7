"""Boot the guest, run one Python module in it, bring back its exit code.

The guest's root is this machine's own file system, read-only: the same Python, the same Mininet.
One folder is writable. Everything the guest is lives in one process group, which dies with us.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import MachineLacks
from topology.emulation.namespace import die_with_parent

GUEST_INIT = Path(__file__).with_name("guest_init.py")
EXIT_FILE = ".guest-exit"
VIRTUAL_EPOCH_S = 1382659200  # 2013-10-25 00:00 UTC, the day of the decision: same run, same times


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
        MachineLacks: the guest did not boot or died; the message quotes its last lines.
    """
    writable = writable.resolve()
    if "," in str(writable):
        raise MachineLacks(f"the guest cannot mount a folder with a comma: {writable}", "move it")
    exit_file = writable / EXIT_FILE
    exit_file.unlink(missing_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".boot-", dir=_without_blank(writable)))
    try:
        script = scratch / "init"
        words = [sys.executable, str(GUEST_INIT), str(writable), module, *arguments]
        script.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n", encoding="utf-8")
        script.chmod(0o755)
        command = _command(guest, script, scratch, interactive)
        if interactive:
            _attach(command)
            tail: list[str] = []
        else:
            tail = _follow(command, console, on_line)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    try:
        return int(exit_file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        said = "".join(tail[-12:]).rstrip()
        raise MachineLacks(
            f"the sandbox guest did not come to its end (console: {console}):\n{said}",
            "giaoban doctor",
        ) from None
    finally:
        exit_file.unlink(missing_ok=True)


def _without_blank(folder: Path) -> str | None:
    """The kernel's command line knows no blanks: elsewhere the system's temporary folder."""
    return None if any(c.isspace() for c in str(folder)) else str(folder)


def _command(guest: Guest, script: Path, scratch: Path, interactive: bool) -> list[str]:
    words = [
        str(guest.kernel),
        f"mem={guest.memory_mb}M",
        "ipv6.disable=1",
        "rootfstype=hostfs",
        "rootflags=/",
        "ro",
        f"init={script}",
        "con=null",
        "con0=fd:0,fd:1" if interactive else "con0=null,fd:1",
        f"uml_dir={scratch}/",
        "umid=guest",
        "panic=-1",
        "loglevel=4",
    ]
    if guest.virtual_time:
        words += ["time-travel=inf-cpu", f"time-travel-start={VIRTUAL_EPOCH_S * 10**9}"]
    # what the kernel does not know and has a "=" becomes the first process's environment
    return [*words, "PYTHONHASHSEED=0", "OPENBLAS_NUM_THREADS=1", "LANG=C.UTF-8"]


def _start(command: list[str], **streams: object) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            command, env=_environment(), preexec_fn=die_with_parent, **streams
        )
    except OSError as error:
        raise MachineLacks(
            f"the sandbox kernel cannot be started: {error.strerror}", "giaoban doctor"
        ) from None


def _environment() -> dict[str, str]:
    """The guest's memory is a file in TMPDIR or /dev/shm; PATH finds UML's helpers."""
    keep = ("PATH", "TMPDIR", "HOME", "TERM")
    return {name: os.environ[name] for name in keep if name in os.environ}


def _follow(command: list[str], console: Path, on_line: Callable[[str], None]) -> list[str]:
    """Run to the end, copying the console to its file line by line; its last lines."""
    tail: list[str] = []
    process = _start(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        with console.open("w", encoding="utf-8") as log:
            for raw in process.stdout:
                line = raw.decode("utf-8", "replace").replace("\r", "")
                log.write(line)
                log.flush()
                tail = [*tail[-19:], line]
                on_line(line.rstrip("\n"))
        process.wait()
    finally:
        _end(process)
    return tail


def _attach(command: list[str]) -> None:
    process = _start(command)
    try:
        process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever of the guest's process group is still there."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
