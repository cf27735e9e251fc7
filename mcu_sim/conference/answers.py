"""What a command is answered with, as typed data and as the JSON that goes back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

BAD_COMMAND = 400
FORBIDDEN = 403
NOT_FOUND = 404
BUSY = 486


@dataclass(frozen=True, slots=True)
class Done:
    """The command was carried out, or what it asks for is so already; `text` says which."""

    text: str

    def as_json(self) -> bytes:
        """`{"done": true, "text": …}`"""
        return _json({"done": True, "text": self.text})


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed. `code` is of the SIP kind: 400, 403 (Art. 16(2)c), 404, 486."""

    code: int
    reason: str

    def as_json(self) -> bytes:
        """`{"done": false, "code": …, "reason": …}`"""
        return _json({"done": False, "code": self.code, "reason": self.reason})


@dataclass(frozen=True, slots=True)
class Queue:
    """The requests to speak, first come first, and who has been called.

    Attributes:
        waiting: (participant, ms it has waited).
        called: the called speakers, the newest last.
    """

    waiting: tuple[tuple[str, float], ...]
    called: tuple[str, ...]

    def as_json(self) -> bytes:
        """`{"done": true, "queue": [{"participant": …, "waiting_ms": …}], "called": […]}`"""
        queue = [{"participant": who, "waiting_ms": round(ms)} for who, ms in self.waiting]
        return _json({"done": True, "queue": queue, "called": list(self.called)})


Answer = Done | Refused | Queue


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()
