"""How the guest's kernel is made: what is changed in its source and why, its options, the steps.

With `kernel.config` and the files that are added this is all of this program that shapes the
kernel: after a change of any it is built anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import MachineLacks

FRAGMENT = Path(__file__).with_name("kernel.config")
INSTALL = "apt-get install linux-source gcc libc6-dev make flex bison bc xz-utils"
ADDED = {
    "arch/um/kernel/fork.c": Path(__file__).with_name("fork.c"),
    "arch/um/os-Linux/fork_host.c": Path(__file__).with_name("fork_host.c"),
}
"""Files of ours that the source gets, by where they lie in it: what `fork_server` is made of."""
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
        file="arch/um/os-Linux/util.c",
        old="return getrandom(buf, len, flags);",
        new="""static unsigned long long state = 1681;
	unsigned char *bytes = buf;
	size_t i;

	for (i = 0; i < len; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		bytes[i] = state >> 56;
	}
	return len;""",
        why="All randomness of the guest comes from here. The machine's own made the kernel's "
        "housekeeping (neigh_periodic_work) fall on another tick in each run, which moved packets "
        "by nanoseconds and, where two nearly tie at a full queue, changed which one was lost.",
        required=True,
    ),
    SourceEdit(
        file="drivers/char/random.c",
        old="\tblake2s_update(&input_pool.hash, buf, len);",
        new="\t(void)buf, (void)len;",
        why="The kernel stirs in what differs between runs of the same: its command line, in which "
        "the run's folder stands, and the moments at which this machine interrupted it.",
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
    SourceEdit(
        file="drivers/net/veth.c",
        old="struct veth_priv {",
        new="""#include <linux/proc_fs.h>
#include <linux/seq_file.h>

/* What one end sent in a window of 10 ms; windows begin a millisecond past each tenth. */
struct veth_window {
	u64 number;
	u32 bytes, packets;
};
#define VETH_WINDOWS 200

struct veth_priv {
	struct veth_window	windows[VETH_WINDOWS];""",
        why="The load of a link in 10 ms: reading its counters so often takes long. "
        "So each end of a veth keeps what it sent in each of the last 200 windows.",
        required=True,
    ),
    SourceEdit(
        file="drivers/net/veth.c",
        old="if (!use_napi)\n\t\t\tdev_",
        new="""veth_count(priv, length);
		if (!use_napi)
			dev_""",
        why="As above: it is counted where the interface's own counters count.",
        required=True,
    ),
    SourceEdit(
        file="drivers/net/veth.c",
        old="static netdev_tx_t veth_xmit(",
        new="""static void veth_count(struct veth_priv *priv, unsigned int length)
{
	u64 number = div_u64(ktime_get_ns() - NSEC_PER_MSEC, 10 * NSEC_PER_MSEC);
	struct veth_window *window = &priv->windows[number % VETH_WINDOWS];

	if (window->number != number) {
		window->number = number;
		window->bytes = 0;
		window->packets = 0;
	}
	window->bytes += length;
	window->packets++;
}

static netdev_tx_t veth_xmit(""",
        why="As above. The guest has one processor, so nobody else counts meanwhile.",
        required=True,
    ),
    SourceEdit(
        file="drivers/net/veth.c",
        old="static __init int veth_init(void)\n{",
        new="""/* Of every end of every veth: its namespace's inode, its index, its windows. */
static int veth_windows_show(struct seq_file *m, void *v)
{
	struct net_device *dev;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		rcu_read_lock();
		for_each_netdev_rcu(net, dev) {
			struct veth_priv *priv = netdev_priv(dev);
			u64 whose[] = { net->ns.inum, dev->ifindex };

			if (dev->netdev_ops != &veth_netdev_ops)
				continue;
			seq_write(m, whose, sizeof(whose));
			seq_write(m, priv->windows, sizeof(priv->windows));
		}
		rcu_read_unlock();
	}
	up_read(&net_rwsem);
	return 0;
}

static __init int veth_init(void)
{
	proc_create_single("veth_windows", 0444, NULL, veth_windows_show);""",
        why="As above: one file, read once a second, has them all (`LinkMeter`).",
        required=True,
    ),
    SourceEdit(
        file="arch/um/kernel/Makefile",
        old="obj-y = config.o",
        new="obj-y = fork.o config.o",
        why="A guest that has gone so far can go on from there more than once (fork.c).",
        required=True,
    ),
    SourceEdit(
        file="arch/um/os-Linux/Makefile",
        old="obj-y = execvp.o",
        new="obj-y = fork_host.o execvp.o",
        why="As above: what the machine has to do for it (fork_host.c).",
        required=True,
    ),
    SourceEdit(
        file="arch/um/os-Linux/Makefile",
        old="elf_aux.o execvp.o",
        new="elf_aux.o fork_host.o execvp.o",
        why="As above: it is compiled with the machine's headers, not with the kernel's.",
        required=True,
    ),
    SourceEdit(
        file="arch/um/os-Linux/mem.c",
        old="#define TEMPNAME_TEMPLATE",
        new="""const char *os_memory_folder(void);

const char *os_memory_folder(void)
{
	return tempdir;
}

#define TEMPNAME_TEMPLATE""",
        why="As above: a copy's memory is where the guest's own is.",
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
    for place, file in ADDED.items():
        shutil.copyfile(file, tree / place)
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
