"""In the guest: a program with a child, memory and open files, of which copies go on.

`lab_forks FOLDER HOW`: HOW is fork, or exit N, which comes to no fork. A copy in a folder whose
name begins with STAYS ends only when there is a file MAY_END in it.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import sys
import time
from pathlib import Path

from giaoban.clock import sleep_until
from giaoban.topology.sandbox import guest_init

STAYS, MAY_END = "stays", "may-end"
VALUES, MARK = 1 << 20, b"before"


class Child:
    """Another process, which counts what it is told, and a page that both map."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        self.shared = mmap.mmap(-1, mmap.PAGESIZE)
        self.shared[: len(MARK)] = MARK
        self.pid = os.fork()
        if self.pid == 0:
            self._ours.close()
            for told in range(1 << 30):
                word = theirs.recv(100)
                if not word:
                    os._exit(0)
                self.shared[: len(word)] = word
                theirs.sendall(f"{told} {word.decode()}".encode())

    def answer(self, word: str) -> str:
        self._ours.sendall(word.encode())
        return self._ours.recv(200).decode()

    def page(self, length: int) -> str:
        return self.shared[:length].decode()


def tell(folder: Path, child: Child, values: bytearray, ours: Path) -> None:
    """What a copy is, and what became of what it had before."""
    name = folder.name
    at_ns = time.monotonic_ns()
    values[: len(name)] = name.encode()
    ours.write_text(ours.read_text(encoding="ascii") + name, encoding="ascii")
    answer = child.answer(name)
    sleep_until(at_ns + 1_000_000_000)
    grandchild = os.fork()
    if grandchild == 0:
        os._exit(7)
    told = {
        "at_ns": at_ns,
        "slept_ns": time.monotonic_ns() - at_ns,
        "answer": answer,
        "page": child.page(len(name)),
        "memory": bytes(values[: len(name)]).decode() + str(sum(values[VALUES // 2 :])),
        "file": ours.read_text(encoding="ascii"),
        "random": os.urandom(8).hex(),
        "ended": os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]),
        "pids": [os.getpid(), child.pid, grandchild],
    }
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


def main(folder: Path, how: str, *words: str) -> int:
    if how == "exit":
        sys.stdout.write("about to leave\n")
        return int(words[0])
    guest_init.leave_in(folder)
    child, values = Child(), bytearray(b"\x01") * VALUES
    ours = Path("/run/tmp/ours")
    ours.write_text("file of ", encoding="ascii")
    child.answer("before")
    while True:
        place = guest_init.fork()
        sys.stdout.write(f"this is {place.name}\n")
        sys.stdout.flush()
        if not place.name.startswith("server"):
            break
        child.answer(place.name)
        time.sleep(5.0)
    while place.name.startswith(STAYS) and not (place / MAY_END).exists():
        time.sleep(0.1)
    tell(place, child, values, ours)
    return 3 if place.name == "three" else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
