"""What the figures were taken on: processor, kernel, and the cost of one system call."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import calls
from bench.calls import BEGIN, END, IDLE
from giaoban.errors import MachineLacks
from giaoban.topology.sandbox import boot, kernel

HOST_CALLS, GUEST_CALLS = 1_000_000, 20_000
GUEST_MB = 256


@dataclass(frozen=True)
class Machine:
    """The machine of a run. `load_1m` is the load average when it began."""

    cores: int
    cpu: str
    kernel: str
    python: str
    load_1m: float
    host_call_us: float
    guest_call_us: float
    guest_boot_s: float


def measure(folder: Path) -> Machine:
    """Look at this machine and time system calls on it and in a guest.

    Raises:
        MachineLacks: the guest cannot be built or booted.
    """
    load = os.getloadavg()[0]
    boot_s, guest_us = _guest(folder)
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        cpu=_cpu(),
        kernel=platform.release(),
        python=platform.python_version(),
        load_1m=round(load, 2),
        host_call_us=_host(),
        guest_call_us=guest_us,
        guest_boot_s=boot_s,
    )


def _host() -> float:
    took = []
    for call in (os.getppid, sys.gettrace):
        started = time.perf_counter()
        calls.repeat(call, HOST_CALLS)
        took.append(time.perf_counter() - started)
    return max(0.0, took[0] - took[1]) / HOST_CALLS * 1e6


def _guest(folder: Path) -> tuple[float, float]:
    """(seconds from start to the first line of a Python program, µs a system call)."""
    at: dict[str, float] = {}

    def on_line(line: str) -> None:
        at[line.strip()] = time.perf_counter()

    image = kernel.ensure(lambda _what, _done: None)
    started = time.perf_counter()
    boot.run(
        boot.Guest(image, memory_mb=GUEST_MB),
        "bench.calls",
        [str(GUEST_CALLS)],
        writable=folder,
        console=folder / "console.log",
        on_line=on_line,
    )
    if missing := {BEGIN, IDLE, END} - at.keys():
        raise MachineLacks(f"the guest did not print {', '.join(missing)}", "giaoban doctor")
    calls_s = (at[IDLE] - at[BEGIN]) - (at[END] - at[IDLE])
    return at[BEGIN] - started, calls_s / GUEST_CALLS * 1e6


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
