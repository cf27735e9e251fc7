"""What is changed in the kernel's source before the guest's kernel is built, and why."""

from __future__ import annotations

from dataclasses import dataclass


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
)
