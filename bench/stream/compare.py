"""`giaoban stream` over a veth pair, beside the machine's limit and what others send with."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from bench.harness import ROOT, Say, Target, table
from bench.mcu.process import cores
from bench.stream.link import FAR, INTERFACE, NEAR, PORT, RECEIVER, SENDER, inside, link, unable
from giaoban.errors import InvalidRun, MachineLacks
from giaoban.traffic import log

SECONDS = 4.0
PACED, FAST, UNPACED = 20_000, 100_000, 1_000_000
SIZE = 1000
INSTALL = "apt-get install tcpreplay sip-tester iproute2"
SIPP_CALLS, SIPP_RATE = 400, 50  # a call's G.711 A-law is 50 packets/s of 172 bytes
FIRST = ("nice", "-n", "-20")
"""Every sender goes before the machine's other work, as far as an ordinary process can."""
ENDS_WITHIN_S = 60.0
CAPTURE = "rtp.pcap"
NOTE = """\
Timed by the receiver's kernel over a veth pair. "late": behind a schedule at the asked rate that no
packet is ahead of; "gap": how far the distance of two packets is from the asked one. SIPp's are
each call's own. A CPU second holds the sender's work and, on a veth pair, the receiving kernel's.
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Sending:
    """One sender at one rate, as the receiver's kernel saw it.

    Attributes:
        size: bytes of RTP.
        asked_per_s: 0 if as fast as it goes.
        received: packets, of `sent` if the sender says how many it sent; `overflowed` at the
            receiver.
        rate_per_s: from the first packet's arrival to the last one's.
        per_cpu_s: packets for each second of processor time of the sender, the kernel's part
            included, which on a veth pair is the receiver's network stack too.
        late_p50_us, late_p99_us: behind a schedule at the asked rate that no packet is ahead of.
        gap_p99_us: by how much the distance between two packets differs from the asked one.
            SIPp's three are each call's own, with a packet every 20 ms.
    """

    what: str
    size: int
    asked_per_s: int
    received: int
    sent: int | None
    overflowed: int
    rate_per_s: float
    per_cpu_s: float
    late_p50_us: float | None
    late_p99_us: float | None
    gap_p99_us: float | None


@dataclass(frozen=True)
class StreamFigures:
    """All senders, or why there are none; `skipped`: those that this machine could not run."""

    unable: str | None
    sendings: list[Sending]
    skipped: dict[str, str]

    def find(self, what: str) -> Sending | None:
        """One of them."""
        return next((s for s in self.sendings if s.what == what), None)

    def targets(self) -> list[Target]:
        """Speed and pacing."""
        rows = []
        if (fast := self.find("giaoban stream, 100,000/s")) is not None:
            what = "stream, packets/s of 1,000 bytes"
            rows.append(Target(what, fast.rate_per_s, at_least=99_900.0))
        paced = self.find("giaoban stream, 20,000/s")
        if paced is not None and paced.late_p99_us is not None:
            what = "stream, pacing error p99 at 20,000/s, µs"
            rows.append(Target(what, paced.late_p99_us, at_most=100))
        return rows

    def to_json(self) -> dict[str, Any]:
        """`streams`."""
        return {"streams": asdict(self)}

    def show(self, console: Console) -> None:
        """The table, and what was left out and why."""
        if self.unable is not None:
            console.print(f"Streams over a veth pair: left out: {self.unable}\n", highlight=False)
            return
        rows = table(
            "RTP over a veth pair, each sender a process on one core",
            "<sender | bytes | packets/s | of the limit | a CPU s | late p50 µs | p99 | gap p99 | "
            "<not received",
        )
        limit = self.sendings[0].rate_per_s if self.sendings else 0.0
        for sending in self.sendings:
            rows.add_row(
                sending.what,
                str(sending.size),
                f"{sending.rate_per_s:,.0f}",
                f"{sending.rate_per_s / limit:.0%}",
                f"{sending.per_cpu_s:,.0f}",
                *(_us(v) for v in (sending.late_p50_us, sending.late_p99_us, sending.gap_p99_us)),
                _missing(sending),
            )
        console.print(rows)
        console.print(NOTE, highlight=False)
        for what, why in self.skipped.items():
            console.print(f"left out: {what}: {why}", style="red", highlight=False)


def _us(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"


def _missing(sending: Sending) -> str:
    if sending.sent is None:
        return "it does not say"
    missing = sending.sent - sending.received
    return f"{missing:,}" + (f" ({sending.overflowed:,} overflowed)" if missing else "")


def measure(folder: Path, say: Say) -> StreamFigures:
    """All of them, one after another, over one veth pair."""
    if (why := unable()) is not None:
        say(f"streams: left out: {why}")
        return StreamFigures(why, [], {})
    sendings: list[Sending] = []
    skipped: dict[str, str] = {}
    with link():
        _write_inputs(folder)
        for sender in _senders():
            program = sender.command[0]
            say(f"streams: {sender.what}")
            try:
                if not shutil.which(program):
                    raise MachineLacks(f"{program} is missing", INSTALL)
                sendings.append(_measure(sender, folder))
            except (InvalidRun, MachineLacks) as error:
                skipped[sender.what] = str(error)
                say(f"streams: left out: {sender.what}: {error}")
    return StreamFigures(None, sendings, skipped)


@dataclass(frozen=True)
class _Sender:
    """`asked_per_s`: in all, from `flows` sockets; `called`: what must run at the far end."""

    what: str
    command: tuple[str, ...]
    asked_per_s: int = 0
    size: int = SIZE
    flows: int = 1
    called: tuple[str, ...] = ()


def _write_inputs(folder: Path) -> None:
    """A second of packets for tcpreplay, and sound for SIPp."""
    capture = ("pcap", INTERFACE, CAPTURE, str(PACED), str(PACED))
    _run([sys.executable, "-m", "bench.stream.scapy_tools", *capture], folder)
    (folder / "sound.alaw").write_bytes(np.random.default_rng(1).bytes(160 * SIPP_RATE * 10))


def _senders() -> list[_Sender]:
    python, to, seconds = sys.executable, f"{RECEIVER}:{PORT}", f"{SECONDS:g}"

    def ours(rate: int) -> tuple[str, ...]:
        words = ("--rate", str(rate), "--size", str(SIZE), "--seconds", seconds, "--json")
        return (python, "-m", "giaoban.scenarios.cli.entry", "stream", "send", to, *words)

    raw = (python, "-m", "bench.stream.raw", RECEIVER, str(PORT), seconds)
    replay = ("tcpreplay", "-i", INTERFACE, "-K", "--loop", str(round(SECONDS)))
    scapy = (python, "-m", "bench.stream.scapy_tools", "send", INTERFACE, seconds)
    calls = str(SIPP_CALLS)
    caller = (
        *("sipp", f"{RECEIVER}:5060", "-sf", str(ROOT / "bench" / "stream_caller.xml")),
        *("-i", SENDER, "-r", calls, "-m", calls, "-l", calls, "-nostdin"),
    )
    called = ("sipp", "-sf", str(ROOT / "bench" / "stream_called.xml"), "-i", RECEIVER, "-nostdin")
    return [
        _Sender("raw sendmmsg, the limit", raw),
        _Sender("giaoban stream, as fast as it goes", ours(UNPACED)),
        _Sender("giaoban stream, 100,000/s", ours(FAST), FAST),
        _Sender("giaoban stream, 20,000/s", ours(PACED), PACED),
        _Sender("tcpreplay, as fast as it goes", (*replay, "--topspeed", CAPTURE)),
        _Sender("tcpreplay, 20,000/s", (*replay, "--pps", str(PACED), CAPTURE), PACED),
        _Sender("scapy sendp, as fast as it goes", (*scapy, "0")),
        _Sender("scapy sendp, 20,000/s", (*scapy, str(PACED)), PACED),
        _Sender(
            f"SIPp, {SIPP_CALLS} calls of {SIPP_RATE}/s", caller, SIPP_CALLS * SIPP_RATE, 172,
            SIPP_CALLS, called,
        ),
    ]  # fmt: skip


def _measure(sender: _Sender, folder: Path) -> Sending:
    near, far = cores()
    file = folder / "arrivals.npz"
    listen = (sys.executable, "-m", "bench.stream.receiver", RECEIVER, str(PORT), str(file))
    with ExitStack() as stack:
        receiver = stack.enter_context(_running(listen, far, folder))
        assert receiver.stdout is not None
        if receiver.stdout.readline() != "ready\n":
            raise InvalidRun("the receiver did not start")
        if sender.called:
            stack.enter_context(_running(sender.called, far, folder))
            time.sleep(1.0)  # it says nothing when it is ready
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        pinned = [*FIRST, "taskset", "-c", str(near), *sender.command]
        done = _run(inside(NEAR, pinned), folder, codes=(0, 3))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        time.sleep(0.2)
        receiver.send_signal(signal.SIGTERM)
        receiver.wait(ENDS_WITHIN_S)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said: dict[str, Any] = json.loads(done) if done.startswith("{") else {}
    taken = log.load(file)
    arrival, source = taken["arrival_ns"].astype(np.int64), taken["source"]
    n = len(arrival)
    if n < 2:
        raise InvalidRun(f"{n} packets came")
    late = gap = None
    if sender.asked_per_s:
        late, gap = pacing(arrival, source, sender.asked_per_s / sender.flows)
    return Sending(
        what=sender.what,
        size=sender.size,
        asked_per_s=sender.asked_per_s,
        received=n,
        sent=said.get("packets"),
        overflowed=int(taken["overflowed"]),
        rate_per_s=float((n - 1) / (arrival.max() - arrival.min()) * 1e9),
        per_cpu_s=n / said.get("cpu_s", cpu_s),
        late_p50_us=None if late is None else float(np.percentile(late, 50)) / 1e3,
        late_p99_us=None if late is None else float(np.percentile(late, 99)) / 1e3,
        gap_p99_us=None if gap is None else float(np.percentile(gap, 99)) / 1e3,
    )


def pacing(
    arrival_ns: NDArray[np.int64], flow: NDArray[np.generic], per_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(lateness of n packets, errors of their distances), in ns.

    Args:
        arrival_ns: (n,) of flows that send at a constant rate each.
        flow: (n,) which one.
        per_s: a flow's rate.

    A flow's schedule is the latest one that none of its packets is ahead of.
    """
    step = 1e9 / per_s
    late, gap = [], []
    for one in np.unique(flow):
        mine = np.sort(arrival_ns[flow == one])
        behind = mine - mine[0] - np.arange(len(mine)) * step
        late.append(behind - behind.min())
        gap.append(np.abs(np.diff(mine) - step))
    return np.concatenate(late), np.concatenate(gap)


@contextmanager
def _running(command: Sequence[str], core: int, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A program at the far end, on a core, until the `with` ends."""
    with subprocess.Popen(
        inside(FAR, ["taskset", "-c", str(core), *command]),
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _run(command: list[str], folder: Path, codes: tuple[int, ...] = (0,)) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=ENDS_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidRun(f"{command[0]} did not end within {ENDS_WITHIN_S:g} s") from None
    if done.returncode not in codes:
        raise InvalidRun(f"{' '.join(command)} failed: {done.stderr[-500:].strip()}")
    return done.stdout
