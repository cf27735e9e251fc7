"""How the guest's kernel is made: what is changed in its source and why, its options, the steps.

With `kernel.config` this is all of this program that shapes the kernel: after a change of either it
is built anew.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import MachineLacks

FRAGMENT = Path(__file__).with_name("kernel.config")
INSTALL = "apt-get install linux-source gcc libc6-dev make flex bison bc xz-utils"
COMPILE_STEPS = 1100  # about what `make` prints for this configuration; only for the progress bar

Progress = Callable[[str, float], None]
"""Told (what is being done, fraction done 0–1)."""


@dataclass(frozen=True)
class SourceEdit:
    """One replacement in the kernel source.

    A file without `old` does not need it, unless it is `required`: then nothing is built.
    """

    file: str
    old: str
    new: str
    why: str
    required: bool = False


EDITS = (
    SourceEdit(
        file="arch/x86/um/user-offsets.c",
        old="DEFINE_LONGS(HOST_FP_SIZE, 2696)",
        new="DEFINE_LONGS(HOST_FP_SIZE, 12288)",
        why="A processor with AMX has 11 kB of extended state, and the host refuses to restore "
        "less than all of it: without this no guest process starts there (kernels before 6.13).",
    ),
    SourceEdit(
        file="arch/um/os-Linux/signal.c",
        old="memset(&regs, 0, sizeof(regs));",
        new="memset(regs.gp, 0, sizeof(regs.gp)), regs.syscall = -1, regs.is_user = 0;",
        why="Every timer of virtual time clears a register set that nobody reads; with the state "
        "above in it that was a seventh of an emulation's time.",
    ),
    SourceEdit(
        file="net/sched/sch_netem.c",
        old="get_random_u32_below(skb_headlen(skb))",
        new="skb_network_offset(skb) + prandom_u32_state(&q->prng.prng_state) "
        "% (skb_headlen(skb) - skb_network_offset(skb))",
        why="netem takes the damaged byte from the kernel's own randomness, not from its seed: "
        "the same seed would not damage the same bits. And where it damages the Ethernet header, "
        "which no node reads any more by then, nothing happens, or macvlan takes it for multicast.",
        required=True,
    ),
    SourceEdit(
        file="net/sched/sch_netem.c",
        old="1 << get_random_u32_below(8)",
        new="1 << (prandom_u32_state(&q->prng.prng_state) & 7)",
        why="As above, for the bit within the byte.",
        required=True,
    ),
    SourceEdit(
        file="arch/um/include/linux/time-internal.h",
        old="#define TIMER_MULTIPLIER 256\n#define TIMER_MIN_DELTA  500",
        new="#define TIMER_MULTIPLIER 1\n#define TIMER_MIN_DELTA  1",
        why="The clock goes in nanoseconds, as virtual time does. In steps of 256 every timer was "
        "late by what the clock had cut off, and by 500 more where it then found itself early; "
        "what was left over passed from one event to the next: every packet depended on all that "
        "had happened since boot.",
        required=True,
    ),
    SourceEdit(
        file="arch/um/kernel/time.c",
        old="time_travel_update_time_rel(TIMER_MULTIPLIER);",
        new="time_travel_update_time_rel(256);",
        why="Reading the clock costs what it did: a loop that waits for time to pass gets on.",
        required=True,
    ),
)


def build(source: Path, scratch: Path, progress: Progress) -> Path:
    """The kernel, made in an empty folder from a source archive.

    Raises:
        MachineLacks: a step failed, or the source is not as the edits expect it.
    """
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
