"""What a process finds where it is started, made such that it changes no answer: variables of the
environment, locale, file mode mask, limit of processor time, standard streams."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from giaoban.errors import MachineLacks
from giaoban.processes.interruptions import INTERRUPTIONS, is_importing
from giaoban.scarce import memory_is_limited
from giaoban.scenarios.cli.standard_streams import open_standard_streams
from giaoban.sentence import N_

PYTHON_VARIABLES = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEBUG",
    "PYTHONDEVMODE",
    "PYTHONINSPECT",
    "PYTHONINTMAXSTRDIGITS",
    "PYTHONOPTIMIZE",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONTRACEMALLOC",
    "PYTHONVERBOSE",
    "PYTHONWARNDEFAULTENCODING",
    "PYTHONWARNINGS",
)
"""Variables that are for whoever works on a program: warnings that end it, checks left out, an
interpreter that goes on asking when all is done."""
LIBRARY_VARIABLES = ("MPLBACKEND", "MATPLOTLIBRC", "SOURCE_DATE_EPOCH")
SPARE_CPU_S = 2
"""Before the hard limit of processor time, at which the kernel kills."""


def normalize() -> None:
    """To be called once, before anything else is loaded. May start the program once more."""
    if os.name == "posix":
        _restart_without_python_variables()
        mask = os.umask(0o077)
        os.umask(mask & 0o077)  # whatever others may not, we can read what we wrote
        _handle_cpu_time_limit()
    if sys.platform == "linux":
        _own_exit_code_for_libraries()
    for name in LIBRARY_VARIABLES:
        os.environ.pop(name, None)
    # what little linear algebra there is needs no threads; with one thread, and only so, a process
    # may be copied (`giaoban.processes.workers`)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    open_standard_streams()


def _own_exit_code_for_libraries() -> None:
    """A library in C that finds no memory may call exit(1), which is a verdict: OpenBLAS does. One
    in Rust calls abort(3).

    We ourselves never end by these ways (`giaoban.scenarios.cli.entry`): who comes to them was a
    library.
    """
    import atexit
    import ctypes

    ours = os.getpid()

    def ended(*_number: int) -> None:
        try:
            os.write(
                2,
                b"giaoban: not enough memory: a library gave up, which could not go on without\n"
                b"  to mend it: end other programs, or raise the limit: ulimit -v unlimited\n",
            )
            if os.getpid() == ours:  # a copy has nothing that it could tidy up
                atexit._run_exitfuncs()
        finally:
            os._exit(MachineLacks.exit_code)

    libc = ctypes.CDLL(None)
    _kept.append(ctypes.CFUNCTYPE(None)(ended))
    libc.__cxa_atexit(_kept[-1], None, None)
    if memory_is_limited():  # else it is some other crash
        _kept.append(ctypes.CFUNCTYPE(None, ctypes.c_int)(ended))
        libc.signal(signal.SIGABRT, _kept[-1])


_kept: list[object] = []
"""What C code calls must not be forgotten here."""


def _restart_without_python_variables() -> None:
    """Python reads these before it runs a line of ours. Names of files are UTF-8 here, whatever the
    locale; what is printed keeps the encoding that it asks for."""
    told = [name for name in PYTHON_VARIABLES if name in os.environ]
    foreign = sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1"
    if not told and not foreign:
        return
    for name in told:
        del os.environ[name]
    if foreign:
        os.environ["PYTHONUTF8"] = "1"
        os.environ.setdefault("PYTHONIOENCODING", getattr(sys.stdout, "encoding", "utf-8"))
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)  # until `obey`
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _handle_cpu_time_limit() -> None:
    """Where the soft limit is the hard one the kernel kills without a word."""
    try:
        import resource
    except ImportError:  # not on every system
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY and (soft == resource.RLIM_INFINITY or soft >= hard):
        resource.setrlimit(resource.RLIMIT_CPU, (max(1, hard - SPARE_CPU_S), hard))
    signal.signal(signal.SIGXCPU, _cpu_time_used_up)
    told = sys.unraisablehook

    def on_swallowed(what: sys.UnraisableHookArgs) -> None:
        if not isinstance(what.exc_value, _CpuTimeUsedUpError):
            told(what)

    sys.unraisablehook = on_swallowed


class _CpuTimeUsedUpError(MachineLacks):
    """Where C code swallows it, or modules load, it is raised a second of processor time later: the
    kernel signals again and again (setrlimit(2))."""


def _cpu_time_used_up(_number: int, frame: FrameType | None) -> None:
    if not is_importing(frame):
        raise _CpuTimeUsedUpError(
            N_("the processor time that a process may take here is used up"),
            N_("raise the limit: ulimit -t unlimited"),
        )
