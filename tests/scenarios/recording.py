"""What a bridge's recording holds: packets by tshark, and whose tone is in the sound."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from runs import Finished

from giaoban.mcu_sim.media.audio import g711
from giaoban.traffic.rtp import AUDIO_PACKET_SAMPLES, HEADER_BYTES
from giaoban.traffic.sources.tone import tone_hz

SAMPLES = 8000  # a second of G.711, so that the lines of a spectrum are 1 Hz apart


def tshark(file: Path, *words: str) -> list[list[str]]:
    """tshark's fields, a row a packet."""
    ports = [w for p in (20000, 20002, 40000, 40002) for w in ("-d", f"udp.port=={p},rtp")]
    done = subprocess.run(
        ["tshark", "-n", "-r", str(file), *ports, *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
    )
    return [line.split("\t") for line in done.stdout.splitlines()]


def rtp_streams(file: Path) -> dict[int, dict[str, float]]:
    """What Wireshark says of each RTP stream, by SSRC."""
    found = {}
    for [line] in tshark(file, "-q", "-z", "rtp,streams"):
        words = line.split()
        if "0x" not in line:
            continue
        at = next(i for i, word in enumerate(words) if word.startswith("0x"))
        after = words[at + 2 :]  # the payload's name is one word
        lost = next(i for i, word in enumerate(after) if word.startswith("("))
        found[int(words[at], 16)] = {
            "packets": int(after[lost - 2]),
            "lost": int(after[lost - 1]),
            "jitter_max": float(after[lost + 6]),
            "jitter_mean": float(after[lost + 5]),
        }
    return found


def heard(run: Finished, bridge: str) -> dict[int, float]:
    """Amplitude of each bridge's tone in the last second of what a bridge was sent, by number.

    The payload is taken as it was on the wire: of an encrypted call it is noise.
    """
    plan = run.captures.plan
    [call] = [c for c in plan.calls if c.bridge == bridge]
    ssrc = plan.streams[call.down["audio"]].ssrc
    rows = tshark(
        run.folder / f"{bridge}.pcapng",
        *("-Y", f"rtp.ssrc=={ssrc:#x}", "-T", "fields", "-e", "udp.payload"),
    )
    packets = [bytes.fromhex(row[0].replace(":", "")) for row in rows[-75:-25]]
    audio = b"".join(p[HEADER_BYTES : HEADER_BYTES + AUDIO_PACKET_SAMPLES] for p in packets)
    return amplitudes(g711.a_law_decode(np.frombuffer(audio, np.uint8)), len(plan.calls))


def amplitudes(sound: NDArray[np.int16], bridges: int) -> dict[int, float]:
    assert len(sound) == SAMPLES
    spectrum = np.abs(np.fft.rfft(sound)) * 2 / SAMPLES
    return {number: float(spectrum[tone_hz(number)]) for number in range(bridges)}
