"""A floor participant that is not ours: libre's BFCP (`bfcp_client.c`), built for the tests."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.clients.programs import HOST, end
from tests.processes import wait_for

SOURCE = Path(__file__).with_name("bfcp_client.c")


@cache
def program() -> Path:
    """The built client."""
    built = Path(mkdtemp()) / "bfcp_client"
    command = ["gcc", "-Wall", "-I/usr/include/re", "-o", str(built), str(SOURCE), "-lre"]
    subprocess.run(command, check=True)
    return built


class FloorParticipant:
    """One user of a conference, at a server's port."""

    def __init__(self, folder: Path, port: int, conference_id: int, user_id: int) -> None:
        self._said = folder / f"bfcp-{user_id}.jsonl"
        words = [str(program()), HOST, str(port), str(conference_id), str(user_id)]
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=said, text=True)

    def say(self, line: str) -> None:
        """What it is to send: `hello`, `query FLOOR`, `request FLOOR`, `release REQUEST`,
        `goodbye`."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    @property
    def heard(self) -> list[dict[str, Any]]:
        """What came so far, in order."""
        lines = self._said.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(self, **values: object) -> dict[str, Any]:
        """The first message with these values."""

        def found() -> list[dict[str, Any]]:
            return [one for one in self.heard if values.items() <= one.items()]

        messages: list[dict[str, Any]] = wait_for(found, f"BFCP {values}")
        return messages[0]

    def close(self) -> None:
        """End it."""
        end(self.process)
        self.process.stdin.close()
