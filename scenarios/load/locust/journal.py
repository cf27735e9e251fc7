"""Records on their way from where things are done to one file: batches of lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from giaoban.scenarios.load.locust.outcomes import GeneratorHealth, ReceivedMedia, Record

RECORD, HEARD, HEALTH, BEGIN, END = "record", "heard", "health", "begin", "end"
FINISHED = "rest"
"""What is told to whoever waits for the end, and is not kept."""


class Journal:
    """Keeps what is told until `flush` hands it on, in order."""

    def __init__(self, hand_on: Callable[[list[dict[str, Any]]], None]) -> None:
        self._hand_on = hand_on
        self._kept: list[dict[str, Any]] = []

    def record(self, record: Record) -> None:
        """Something was done."""
        self._kept.append({"kind": RECORD, **record.model_dump(exclude_defaults=True)})

    def heard(self, heard: ReceivedMedia) -> None:
        """A call with media is over."""
        self._kept.append({"kind": HEARD, **heard.model_dump()})

    def finished(self) -> None:
        """Somebody has come to the end of what they had to do."""
        self._kept.append({"kind": FINISHED})

    def health(self, health: GeneratorHealth) -> None:
        """How a generator fared."""
        self._kept.append({"kind": HEALTH, **health.model_dump()})

    def flush(self) -> None:
        """Hand everything on."""
        if self._kept:
            batch, self._kept = self._kept, []
            self._hand_on(batch)


class JournalFile:
    """The file; `write` may be told by several generators."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(self, batch: Iterable[dict[str, Any]]) -> None:
        """One line each, on the disk before this returns to whoever might be killed next."""
        for entry in batch:
            if entry["kind"] == FINISHED:
                continue
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._file.flush()

    def begin(self, monotonic_s: float) -> None:
        """A test begins: what the file holds of an earlier one is thrown away. It is dated by the
        clock that nobody sets, and that all processes of this machine share."""
        self._file.truncate(0)
        self.write([{"kind": BEGIN, "monotonic_s": monotonic_s}])

    def end(self, at_s: float) -> None:
        """All have come to the end of what they had to do, so that nobody says anything after it:
        where every call is refused that is long before the timetable's own end."""
        self.write([{"kind": END, "at_s": round(at_s, 3)}])


@dataclass(frozen=True)
class JournalRecords:
    """A whole journal: `began_s` of CLOCK_MONOTONIC, records in order of time.

    `ended_s`: since then, when all had done what they had to; None: somebody never did.
    """

    began_s: float
    records: list[Record]
    healths: list[GeneratorHealth]
    heard: list[ReceivedMedia] = field(default_factory=list)
    ended_s: float | None = None


def read(path: Path) -> JournalRecords:
    """All that a test has written down."""
    began_s, ended_s = 0.0, None
    records: list[Record] = []
    healths: list[GeneratorHealth] = []
    heard: list[ReceivedMedia] = []
    for entry in _entries(path):
        kind = entry.pop("kind")
        if kind == RECORD:
            records.append(Record.model_validate(entry))
        elif kind == HEARD:
            heard.append(ReceivedMedia.model_validate(entry))
        elif kind == HEALTH:
            healths.append(GeneratorHealth.model_validate(entry))
        elif kind == END:
            ended_s = float(entry["at_s"])
        else:
            began_s = float(entry["monotonic_s"])
    in_time = sorted(records, key=lambda r: (r.at_s, r.who))
    return JournalRecords(began_s, in_time, healths, heard, ended_s)


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
