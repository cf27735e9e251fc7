"""Build of the guest's kernel: source edits with their reasons, options and steps.

The kernel depends on this file and on `kernel.config`: a change of either builds it again.
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
"""Called with the current step and the fraction done, 0 to 1."""


@dataclass(frozen=True)
class SourceEdit:
    """One replacement in the kernel source.

    A file without the text `old` is left as it is; if the edit is `required`, the build stops.
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
        why="Every timer of virtual time clears a register set that is never read; with the state "
        "above in it that was a seventh of an emulation's time.",
    ),
    SourceEdit(
        file="net/sched/sch_netem.c",
        old="get_random_u32_below(skb_headlen(skb))",
        new="skb_network_offset(skb) + prandom_u32_state(&q->prng.prng_state) "
        "% (skb_headlen(skb) - skb_network_offset(skb))",
        why="netem draws the damaged byte from the kernel's random numbers, not from its seed: "
        "the same seed would damage other bits. A damaged Ethernet header would have no effect, "
        "since no node reads it any more, or macvlan would take the frame for multicast.",
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
        why="The clock counts single nanoseconds, as virtual time does. In steps of 256 ns every "
        "timer was late by the rounding, and by 500 ns more where it then fired early. The errors "
        "added up: a line of 10 Gb/s measured 9.7 Gb/s.",
        required=True,
    ),
    SourceEdit(
        file="arch/um/kernel/time.c",
        old="time_travel_update_time_rel(TIMER_MULTIPLIER);",
        new="time_travel_update_time_rel(256);",
        why="Reading the clock still advances it by 256 ns: a loop that polls the clock ends.",
        required=True,
    ),
)


def build(source: Path, scratch: Path, progress: Progress) -> Path:
    """Build the kernel from a source archive in an empty folder; return the binary's path.

    Raises:
        MachineLacks: a step failed, or the source lacks the text of a required edit.
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
    """Raise `MachineLacks` if a wanted option is missing: the network would behave differently."""
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
