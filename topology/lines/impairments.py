"""What a line does to the packets that cross it, in the terms of the kernel's netem.

Data and pure functions only; `giaoban.topology.emulation` realises them. A line loses, damages,
duplicates and delays whatever crosses it, one direction of a link at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel

PROBABILITY_ONE = 0xFFFFFFFF  # sch_netem.c compares 32 random bits with a probability
DIST_SCALE = 8192  # linux/pkt_sched.h, NETEM_DIST_SCALE: what one `scale_ns` is in a table
TABLE_SIZE = 4096  # a power of two, so that netem's `random % size` is uniform
TABLE_MAX = 32767  # an entry is an int16
SCALE_MAX_NS = 2**31 - 1  # sch_netem.c caps the jitter there
QUANTILES_PER_ENTRY = 16
MOMENT_TOLERANCE_PCT = 2.0


def scaled(probability: float) -> int:
    """A probability in netem's units."""
    return round(probability * PROBABILITY_ONE)


def line_seed(seed: int, link: int, end: int) -> int:
    """Return the seed of the queue at a link's end, from a run's seed and the link's number.

    `end`: 0 is a, 1 is b. The line's own loss has the next seed.
    """
    return (seed << 20 | link << 2 | end << 1) & 0xFFFF_FFFF_FFFF_FFFF


def changed_seed(line_seed: int, changes: int) -> int:
    """Return the seed of a line's impairments after so many changes."""
    digest = hashlib.blake2b(f"{line_seed} {changes}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


Probability = Annotated[float, Field(ge=0, le=1)]
Quantile = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""(n,) probabilities in (0, 1) → (n,) delays in ms."""


class RandomLoss(StrictModel):
    """Each packet is lost with probability `p`."""

    model: Literal["random"] = "random"
    p: Probability


class GilbertElliott(StrictModel):
    """netem's `gemodel`: `p` from good to bad, `r` back, and the loss probability in each."""

    model: Literal["gilbert-elliott"] = "gilbert-elliott"
    p: Probability
    r: Probability
    loss_bad: Probability = 1.0
    loss_good: Probability = 0.0


class LineJitter(StrictModel):
    """A delay of `offset_ns` + `scale_ns` · entry / 8192, each entry of `table` equally likely.

    Without `reorder` a packet waits for the one before it.
    """

    offset_ns: Annotated[int, Field(ge=0)]
    scale_ns: Annotated[int, Field(ge=0, le=SCALE_MAX_NS)]
    table: Annotated[
        list[Annotated[int, Field(ge=-TABLE_MAX - 1, le=TABLE_MAX)]],
        Field(min_length=1, max_length=TABLE_SIZE),
    ]
    reorder: bool = False

    @property
    def delays_ns(self) -> NDArray[np.float64]:
        """(len(table),) the delays it stands for, ascending as the table is."""
        return self.offset_ns + np.array(self.table) * (self.scale_ns / DIST_SCALE)


class LineImpairment(StrictModel):
    """All that a line does to packets at the same time; nothing by default.

    The order is netem's: a copy made by `duplicate` is lost, damaged and delayed by itself, and
    one lost packet in `duplicate` is saved by its copy. `corrupt` flips one bit of the frame.
    """

    loss: Annotated[RandomLoss | GilbertElliott, Field(discriminator="model")] | None = None
    jitter: LineJitter | None = None
    duplicate: Probability = 0.0
    corrupt: Probability = 0.0


def jitter(quantile: Quantile, mean_ms: float, sd_ms: float, *, reorder: bool) -> LineJitter:
    """A distribution of delays as netem reads it.

    An entry is the mean of the delays within its 1/4096 of the probability. The scale is chosen so
    that the table's 16 bits span from the least entry to the greatest: unlike with a scale of one
    standard deviation, no tail is cut at four of them.

    Args:
        mean_ms, sd_ms: its true moments, which the table must have within 2 %.

    Raises:
        ValueError: the table would have others (a tail beyond its last entry's reach).
    """
    count = TABLE_SIZE * QUANTILES_PER_ENTRY
    delays_ms = quantile((np.arange(count) + 0.5) / count)
    entries_ms = delays_ms.reshape(TABLE_SIZE, QUANTILES_PER_ENTRY).mean(axis=1)
    low_ns, high_ns = float(entries_ms[0]) * 1e6, float(entries_ms[-1]) * 1e6
    scale_ns = int(np.ceil((high_ns - low_ns) / (2 * TABLE_MAX) * DIST_SCALE))
    if scale_ns > SCALE_MAX_NS:
        raise ValueError(
            Sentence(
                "delays up to {high_ns:.3g} s (allowed on a line: below 17 s)",
                high_ns=high_ns / 1000000000.0,
            )
        )
    if scale_ns == 0:
        return LineJitter(offset_ns=round(low_ns), scale_ns=0, table=[0], reorder=reorder)
    # entry 0 is the middle of the span, since a netem's offset is not negative
    offset_ns = round((low_ns + high_ns) / 2)
    table = np.rint((entries_ms * 1e6 - offset_ns) * (DIST_SCALE / scale_ns)).astype(int)
    found = LineJitter(
        offset_ns=offset_ns, scale_ns=scale_ns, table=table.tolist(), reorder=reorder
    )
    for name, have, want in (
        ("mean", found.delays_ns.mean() / 1e6, mean_ms),
        ("standard deviation", found.delays_ns.std() / 1e6, sd_ms),
    ):
        if abs(have - want) > MOMENT_TOLERANCE_PCT / 100 * want:
            raise ValueError(
                Sentence(
                    "a line's table of {table_size} delays has a {name} of "
                    "{have:.4g} ms instead of {want:.4g} ms (allowed on a line: "
                    "within {moment_tolerance_pct} %)",
                    table_size=TABLE_SIZE,
                    name=name,
                    have=have,
                    want=want,
                    moment_tolerance_pct=f"{MOMENT_TOLERANCE_PCT:g}",
                )
            )
    return found
