"""In the guest: what a program finds there, and the ways in which it can end.

`lab_guest FOLDER HOW`: HOW is look, raise, hang, die, exit N, or say TEXT.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from giaoban.clock import sleep_until

ROOT = Path(__file__).resolve().parents[3]
SLEEP_S = 1000.0
POWER_OFF = 0x4321FEDC  # LINUX_REBOOT_CMD_POWER_OFF


def look(folder: Path) -> dict[str, Any]:
    """The guest as a program sees it."""
    start = time.time(), time.monotonic()
    time.sleep(SLEEP_S)
    slept_s = time.time() - start[0], time.monotonic() - start[1]
    start_ns = time.monotonic_ns()
    sum(range(3_000_000))
    computed_ns = time.monotonic_ns() - start_ns
    places = [folder, ROOT, ROOT / "topology", Path("/usr"), Path("/etc"), Path("/var/tmp")]
    places += [Path("/"), Path("/tmp"), Path.home(), folder.parent]
    return {
        "started_at_s": start[0],
        "slept_s": slept_s,
        "computed_ms": computed_ns / 1e6,
        "hash": hash("giao ban"),
        "woke_late_ns": _woke_late_ns(),
        "environment": dict(os.environ),
        "writable": {str(place): _writable(place) for place in places},
        "temporary": tempfile.gettempdir(),
        "mounts": [line.split()[:4] for line in Path("/proc/mounts").read_text().splitlines()],
        "folder": os.getcwd(),
        "arguments": sys.argv,
        "user": os.geteuid(),
        "processes": [pid for pid in os.listdir("/proc") if pid.isdigit()],
        "interfaces": os.listdir("/sys/class/net"),
        "child": subprocess.run(["uname", "-s"], capture_output=True, text=True).stdout,
        "ipv6": Path("/proc/net/if_inet6").exists(),
    }


def _woke_late_ns() -> list[int]:
    """Return how late sleeps end, in ns, for moments that share no common step."""
    late = []
    for step_ns in (1_000_003, 777_777, 12_345_679, 999_999_937):
        at_ns = time.monotonic_ns() + step_ns
        sleep_until(at_ns)
        late.append(time.monotonic_ns() - at_ns)
    return late


def _writable(place: Path) -> str:
    """Whether a file can be made and removed there, or the error's name."""
    path = place / f".giaoban-test-{os.getpid()}"
    try:
        path.write_bytes(b"x")
        path.unlink()
    except OSError as error:
        return type(error).__name__ + f" {error.errno}"
    return "yes"


def main(folder: Path, how: str, *words: str) -> int:
    if how == "look":
        (folder / "look.json").write_text(json.dumps(look(folder)), encoding="utf-8")
    elif how == "say":
        sys.stdout.write(f"{words[0]}\n")
    elif how == "exit":
        sys.stdout.write("about to leave\n")
        return int(words[0])
    elif how == "raise":
        raise ValueError("a mistake in the module")
    elif how == "hang":
        subprocess.Popen(["sleep", "infinity"])
        sys.stdout.write("hanging\n")
        sys.stdout.flush()
        while True:  # a loop without a system call would stop time, and the console with it
            time.sleep(1.0)
    elif how == "die":
        sys.stdout.write("switching off\n")
        sys.stdout.flush()
        ctypes.CDLL(None).reboot(POWER_OFF)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
