"""The guest's first process: mount what a system needs, run one module, power off.

Called by the kernel as `python guest_init.py WRITABLE MODULE ARGUMENTS…`, with this machine's file
system as a read-only root. Errors are printed on the console, which the host keeps.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import runpy
import sys
import traceback
from pathlib import Path

UDP_PAGES = 1 << 20  # 4 GB: the guest's own memory is the limit
POWER_OFF = 0x4321FEDC  # LINUX_REBOOT_CMD_POWER_OFF
MCL_FUTURE = 2  # of mlockall(2)
EXIT_FILE = ".guest-exit"
"""Where the exit code is written."""

libc = ctypes.CDLL(None, use_errno=True)


def mount(kind: str, target: str, options: str = "", flags: int = 0) -> None:
    """mount(2); `OSError` names the target."""
    words = (w.encode() for w in (kind, target, kind))
    if libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None):
        code = ctypes.get_errno()
        raise OSError(code, f"cannot mount {kind} on {target}: {os.strerror(code)}")


def mount_host_folder(folder: str) -> None:
    """One folder of the host, writable, at its own path (hostfs named its option in 6.11)."""
    try:
        mount("hostfs", folder, f"hostfs={folder}")
    except OSError:
        mount("hostfs", folder, folder)


def prepare(writable: str) -> None:
    """Mount everything and set the environment that programs expect."""
    mount("proc", "/proc")
    mount("sysfs", "/sys")
    mount("devtmpfs", "/dev")
    for kind, target in (("tmpfs", "/dev/shm"), ("devpts", "/dev/pts")):
        os.makedirs(target, exist_ok=True)
        mount(kind, target)
    mount("tmpfs", "/run")
    mount_host_folder(writable)
    for folder in ("/run/tmp", "/run/home", "/run/netns"):
        os.makedirs(folder)
    os.environ.update(
        TMPDIR="/run/tmp",
        HOME="/run/home",
        PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        PYTHONDONTWRITEBYTECODE="1",
        SHELL="/bin/bash",
    )
    os.environ.setdefault("TERM", "linux")
    # all hosts share one kernel here, and with it one limit of memory for datagrams that wait
    Path("/proc/sys/net/ipv4/udp_mem").write_text(f"{UDP_PAGES} {UDP_PAGES} {UDP_PAGES}")
    # a sleep ends when it was asked to, not within 50 µs; child processes inherit this (proc(5))
    Path("/proc/self/timerslack_ns").write_text("1")
    os.chdir(writable)


def run(module: str) -> int:
    """Run the module as `__main__`; its exit code, 70 (EX_SOFTWARE) for an exception.

    It is loaded without looking for garbage, of which there is none, and gets all memory that it
    asks for at once: a page that is faulted in by itself takes three switches of processes. What
    makes garbage, or asks for memory that it may not need, says first that it is `loaded`.
    """
    gc.disable()
    try:
        importlib.import_module("numpy")  # whose libraries reserve much more than they use
        libc.mlockall(MCL_FUTURE)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, int):
            return end.code
        return 0 if end.code is None else 70
    except BaseException:
        traceback.print_exc()
        return 70
    return 0


def loaded() -> None:
    """All that the module needs has been imported (`run`)."""
    libc.munlockall()
    gc.enable()


def main() -> None:
    _, writable, module, *arguments = sys.argv
    # the first entry is this file's folder, whose modules are not meant to be found by name
    sys.path[0] = str(Path(__file__).absolute().parents[3])
    sys.argv = [module, *arguments]
    try:
        prepare(writable)
        code = run(module)
        Path(writable, EXIT_FILE).write_text(f"{code}\n", encoding="ascii")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.sync()
        libc.reboot(POWER_OFF)


if __name__ == "__main__":
    main()
