"""Calls per second: SIPp's built-in caller at rising rates, until a call fails."""

from __future__ import annotations

import csv
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.load.process import HOST, McuProcess, cores
from giaoban.errors import MachineLacks

PROGRAM = "sipp"
INSTALL = "apt-get install sip-tester"
DEVICE = "cms-1000-m5v2"  # 2,200 calls of sound: it is not full before the program is at its end
RATES = (25, 50, 100, 150, 200, 250, 300, 400, 500, 700, 1000)
STEP_S = 6
ENDS_WITHIN_S = 90.0


@dataclass(frozen=True)
class CallRate:
    """A step: `calls` calls (INVITE, 200, ACK, BYE, 200) at `rate` a second.

    `reached`: calls a second from the first INVITE to the last answer. `repeated`: requests that
    SIPp sent again because no answer came within half a second.
    """

    rate: int
    calls: int
    failed: int
    repeated: int
    reached: float
    cpu_ms_a_call: float
    cpu: float

    @property
    def clean(self) -> bool:
        """Whether every call succeeded at once and the rate was kept."""
        return not self.failed and not self.repeated and self.reached >= 0.9 * self.rate


def measure(folder: Path, held_ms: int = 0) -> list[CallRate]:
    """Step by step on one MCU, the last step being the first that is not clean.

    `held_ms`: how long each call stands.

    Raises:
        MachineLacks: there is no SIPp, or the MCU does not start.
    """
    if not shutil.which(PROGRAM):
        raise MachineLacks("calls per second are placed by SIPp", INSTALL)
    steps: list[CallRate] = []
    mcu = McuProcess(DEVICE, "presence", cores()[0])
    try:
        for rate in RATES:
            steps.append(_step(mcu, rate, folder, held_ms))
            if not steps[-1].clean:
                break
        mcu.stop()
    finally:
        mcu.kill()
    return steps


def _step(mcu: McuProcess, rate: int, folder: Path, held_ms: int) -> CallRate:
    calls = rate * STEP_S
    statistics = folder / f"sipp-{rate}.csv"
    host, port = mcu.address
    before, started = mcu.cpu_s, time.monotonic()
    command = [
        *(PROGRAM, f"{host}:{port}", "-sn", "uac", "-i", HOST, "-s", "giao-ban"),
        *(
            "-d",
            str(held_ms),
            "-r",
            str(rate),
            "-m",
            str(calls),
            "-nostdin",
            "-timeout",
            f"{ENDS_WITHIN_S:g}s",
        ),
        *("-trace_stat", "-stf", str(statistics), "-fd", "1"),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    ) as sipp:
        sipp.wait()
    took_s = time.monotonic() - started - held_ms / 1e3  # the last call's
    after = mcu.cpu_s
    with statistics.open(encoding="utf-8") as file:
        last = list(csv.DictReader(file, delimiter=";"))[-1]
    succeeded = int(last["SuccessfulCall(C)"])
    had_s = after - before
    return CallRate(
        rate=rate,
        calls=calls,
        failed=calls - succeeded,
        repeated=int(last["Retransmissions(C)"]),
        reached=succeeded / took_s,
        cpu_ms_a_call=had_s / calls * 1e3,
        cpu=had_s / took_s,
    )
