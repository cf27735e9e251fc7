"""Start an emulation from outside: in the virtual-time guest, or on this machine's own kernel."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from giaoban import IMPORTED_FROM, extras, sentence
from giaoban.errors import InvalidRun, MachineLacks
from giaoban.processes import children
from giaoban.processes.progress import Progress, parse
from giaoban.results.model.result import Engine
from giaoban.scenarios.plan.plan import PLAN, Plan
from giaoban.scenarios.records.guest import CAPTURES, FAULT, GuestRecord
from giaoban.sentence import N_, Sentence
from giaoban.topology.emulation import router_clock
from giaoban.topology.sandbox import boot, kernel

GUEST_MODULE = "giaoban.scenarios.emulation.guest"
NEEDED = ("mininet", "pyroute2", "pylibsrtp", "G722")
"""Modules of the guest's that a small installation has not."""
LOG = "console.log"
DOCUMENT_BYTES, LOG_BYTES_A_PACKET = 4 << 20, 64
FULL_DISK_BYTES = 64 << 10  # with less than this free, a failure to write is the cause


class EngineName(StrEnum):
    """Where packets really flow."""

    SANDBOX = "sandbox"
    NATIVE = "native"


def check_installed(engine: EngineName = EngineName.SANDBOX) -> None:
    """Before anything is begun that this machine has not enough for, of a command that could
    estimate it as well.

    Raises:
        MachineLacks: with both ways out.
    """
    _check_system()
    try:
        _check_parts(engine)
    except MachineLacks as lacks:
        how = Sentence("{install}; or without emulation: --estimate", install=lacks.install)
        raise MachineLacks(lacks.what, how) from None


def check_emulates(engine: EngineName) -> None:
    """The same of a command that can only emulate.

    Raises:
        MachineLacks: with what brings it.
    """
    _check_system()
    _check_parts(engine)


def _check_parts(engine: EngineName) -> None:
    extras.need(*NEEDED)
    if engine is EngineName.SANDBOX:
        kernel.check_available()


def is_installed() -> bool:
    """Whether this machine has, or can build, what the sandbox needs."""
    try:
        check_installed()
    except MachineLacks:
        return False
    return True


def _check_system() -> None:
    if sys.platform != "linux":
        raise MachineLacks(
            "packets are emulated on Linux only", N_("giaoban … --estimate, or Linux")
        )


def emulate(plan: Plan, folder: Path, engine: EngineName, progress: Progress) -> Engine:
    """Run a plan; its captures are in `folder` afterwards.

    Raises:
        OSError: no room for the captures.
        InvalidRun: the emulation says of itself that it cannot be trusted.
        MachineLacks: a program, a privilege or a kernel feature is missing.
    """
    _check_system()
    extras.need(*NEEDED)
    _check_space(folder, DOCUMENT_BYTES + packets(plan) * LOG_BYTES_A_PACKET)
    (folder / PLAN).write_text(plan.to_json(), encoding="utf-8")

    def on_line(line: str) -> None:
        if (step := parse(line)) is not None:
            progress(*step)

    console = folder / LOG
    if engine is EngineName.SANDBOX:
        built = kernel.ensure(progress)
        progress(Sentence("booting the guest"), 0.0)
        code = boot.run(
            boot.Guest(built, memory_mb=memory_mb(plan)),
            GUEST_MODULE,
            arguments(plan, folder),
            writable=folder,
            console=console,
            on_line=on_line,
        )
    else:
        code = _native(plan, folder, console, on_line)
    _raise_fault(folder, code, console)
    return Engine(
        name=engine.value,
        time="virtual" if engine is EngineName.SANDBOX else "real",
        kernel=GuestRecord.read(folder / CAPTURES).kernel,
    )


def arguments(plan: Plan, folder: Path) -> list[str]:
    """Those of GUEST_MODULE, for a plan that lies in this folder."""
    clock = [str(router_clock.ensure())] if plan.changes and plan.network.routed else []
    return [str(folder.resolve()), *clock]


def memory_mb(plan: Plan) -> int:
    """Return what the guest needs: programs, queues, the logs while they are written out, and
    background traffic that waits for its time, 4 kB a packet, and once more where it has come."""
    waiting = 0.0
    if plan.background:  # netlink and all that it loads, while the guest waits for its plan
        from giaoban.scenarios.emulation import background

        ahead_s = (background.WINDOW_NS + background.LEAD_NS) / 1e9
        waiting = sum(ahead_s * 1e9 / each.mean_ns for each in plan.background)
    return 512 + round((packets(plan) * 200 + 2 * waiting * 4096) / 1e6)


def packets(plan: Plan) -> float:
    """About how many packets a plan will send, generously."""
    packet_bits = plan.video.max_payload * 8
    per_second = (
        1000 / plan.audio.packet_ms
        + plan.profile.video_kbps * 1000 / packet_bits
        + plan.profile.fps
    )
    return 2 * len(plan.calls) * per_second * plan.end_s


def _check_space(folder: Path, needed_bytes: float) -> None:
    """Raises `OSError` (ENOSPC) if the disk would not hold what is coming, or does not now."""
    if shutil.disk_usage(folder).free < needed_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _native(plan: Plan, folder: Path, console: Path, on_line: Callable[[str], None]) -> int:
    if os.geteuid() != 0:
        raise MachineLacks(
            "--engine native makes network namespaces and needs root",
            N_("sudo giaoban check … --engine native, or leave it out (the sandbox needs no root)"),
        )
    command = [sys.executable, "-m", GUEST_MODULE, *arguments(plan, folder)]
    code, tail = children.follow(command, log=console, on_line=on_line, cwd=IMPORTED_FROM)
    if code not in (0, InvalidRun.exit_code, MachineLacks.exit_code):
        said = "\n".join(tail[-12:])
        raise InvalidRun("the native emulation ended with {code}:\n{said}", code=code, said=said)
    return code


def _raise_fault(folder: Path, code: int, console: Path) -> None:
    if code == 0:
        return
    _check_space(folder, FULL_DISK_BYTES)
    fault = folder / FAULT
    if not fault.is_file():
        tail = console.read_text(encoding="utf-8").splitlines()[-12:]
        raise InvalidRun(
            "the emulation ended with {code}:\n{tail}", code=code, tail="\n".join(tail)
        )
    said = json.loads(fault.read_text(encoding="utf-8"))
    if code == MachineLacks.exit_code:
        raise MachineLacks(sentence.of_record(said["what"]), sentence.of_record(said["install"]))
    raise InvalidRun(sentence.of_record(said["what"]))
