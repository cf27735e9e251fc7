"""A floor participant that is not ours: libre's BFCP (`bfcp_client.c`), built for the tests."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.clients.programs import HOST, JsonProgram, end
from tests.processes import wait_for

SOURCE = Path(__file__).with_name("bfcp_client.c")


@cache
def program() -> Path:
    """The built client."""
    built = Path(mkdtemp()) / "bfcp_client"
    command = ["gcc", "-Wall", "-I/usr/include/re", "-o", str(built), str(SOURCE), "-lre"]
    subprocess.run(command, check=True)
    return built


class FloorParticipant(JsonProgram):
    """One user of a conference, at a server's port; commands are `hello`, `query FLOOR`, `request
    FLOOR`, `release REQUEST` and `goodbye`, and events what came."""

    def __init__(self, folder: Path, port: int, conference_id: int, user_id: int) -> None:
        self._events = folder / f"bfcp-{user_id}.jsonl"
        words = [str(program()), HOST, str(port), str(conference_id), str(user_id)]
        with self._events.open("wb") as said:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=said, text=True)

    def wait_for(self, **values: object) -> dict[str, Any]:
        """The first message with these values."""

        def found() -> list[dict[str, Any]]:
            return [one for one in self.events if values.items() <= one.items()]

        messages: list[dict[str, Any]] = wait_for(found, f"BFCP {values}")
        return messages[0]

    def close(self) -> None:
        """End it."""
        end(self.process)
        self.process.stdin.close()
