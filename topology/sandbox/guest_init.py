"""The guest's first process: mount what a system needs, run one module, power off.

Called by the kernel as `python guest_init.py WRITABLE ARCHIVE MODULE ARGUMENTS…`, with this
machine's file system as a read-only root. ARCHIVE holds modules that are compiled already
(`module_archive`); empty: there is none. What goes wrong is printed on the console, which the host
keeps.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import marshal
import os
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

UDP_PAGES = 1 << 20  # 4 GB: the guest's own memory is the limit
PACKAGE = "giaoban"
HEAD_BYTES = 8
POWER_OFF = 0x4321FEDC  # LINUX_REBOOT_CMD_POWER_OFF
MCL_FUTURE = 2  # of mlockall(2)
FORK, ORDER_BYTES = "/proc/fork", 4096
EXIT_FILE, EXIT_FOLDER = ".guest-exit", "GIAOBAN_GUEST_EXIT"
"""Where the exit code is written, and the environment's word for the folder."""

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
    os.chdir(writable)


class Uncached(SourceFileLoader):
    """Compiles a module whatever Python has cached of it.

    How the guest boots leaves traces of half a microsecond in a meeting; so a program boots alike
    whether it ran before or not, and whether its folder may be written to.
    """

    def path_stats(self, path: str) -> Mapping[str, float]:
        raise OSError("nothing is cached")  # what the import system takes for "no cache"


def compile_always(root: str) -> None:
    """The program's modules, whose package is in this folder, are compiled by every guest."""
    ours = (root, f"{root}/{PACKAGE}")

    def finder(path: str) -> FileFinder:
        if path not in ours and not path.startswith(f"{root}/{PACKAGE}/"):
            raise ImportError("as ever")
        compiled = (ExtensionFileLoader, EXTENSION_SUFFIXES)
        return FileFinder(path, compiled, (Uncached, SOURCE_SUFFIXES))

    sys.path_hooks.insert(0, finder)
    sys.path_importer_cache.clear()


class Compiled(SourceFileLoader):
    """A module whose code is in an open file; its source is asked for by a traceback only."""

    def __init__(self, name: str, path: str, archive: int, place: tuple[int, int]) -> None:
        super().__init__(name, path)
        self._archive, self._place = archive, place

    def get_code(self, fullname: str) -> CodeType | None:
        start, size = self._place
        code: CodeType = marshal.loads(os.pread(self._archive, size, start))
        return code


class Archived(MetaPathFinder):
    """Finds the modules of an archive (`module_archive.write`).

    Each is read when it is imported: memory that is touched for the first time is dear here.
    """

    def __init__(self, archive: str) -> None:
        self._file = os.open(archive, os.O_RDONLY | os.O_CLOEXEC)
        head = int.from_bytes(os.pread(self._file, HEAD_BYTES, 0), "little")
        table = marshal.loads(os.pread(self._file, head, HEAD_BYTES))
        self._modules: dict[str, tuple[str, bool, int, int]] = table
        self._start = HEAD_BYTES + head

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = self._modules.get(fullname)
        if found is None:
            return None
        source, package, start, size = found
        return spec_from_file_location(
            fullname,
            source,
            loader=Compiled(fullname, source, self._file, (self._start + start, size)),
            submodule_search_locations=[os.path.dirname(source)] if package else None,
        )


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


def leave_in(folder: Path) -> None:
    """The exit code is to be in this folder, and not in the one that can be written to."""
    os.environ[EXIT_FOLDER] = str(folder)


def fork() -> Path:
    """This guest goes no further: a copy of it goes on from here for each order (`fork.c`).

    Returns, in each of them, the folder that its order names. Its exit code will be in there.
    What was printed so far should have left its buffer, and nothing should be open for writing
    outside of the guest: copies would write to the same.
    """
    orders = os.open(FORK, os.O_RDONLY)
    try:
        folder = Path(os.fsdecode(os.read(orders, ORDER_BYTES)))
    finally:
        os.close(orders)
    leave_in(folder)
    return folder


def main() -> None:
    _, writable, archive, module, *arguments = sys.argv
    # the first entry is this file's folder, whose modules are not meant to be found by name
    sys.path[0] = str(Path(__file__).absolute().parents[3])
    compile_always(sys.path[0])
    sys.argv = [module, *arguments]
    try:
        if archive:  # opened before anything is mounted over the folder that it is in
            sys.meta_path.insert(0, Archived(archive))
        prepare(writable)
        code = run(module)
        exit_file = Path(os.environ.get(EXIT_FOLDER, writable), EXIT_FILE)
        exit_file.write_text(f"{code}\n", encoding="ascii")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.sync()
        libc.reboot(POWER_OFF)


if __name__ == "__main__":
    main()
