"""Which runs: by scenario, kind, verdict, time and bridge; what is asked for must exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from giaoban.errors import InputError, near_names
from giaoban.names import slug
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.index import Index
from giaoban.results.archive.history.networks import Networks


@dataclass(frozen=True)
class RunFilter:
    """Nothing given: all runs. `until` is the last day that counts; a bridge may be a new one or
    not, by id or by name, with marks or without."""

    scenario: str | None = None
    kind: str | None = None
    verdict: str | None = None
    engine: str | None = None
    bridge: str | None = None
    since: date | None = None
    until: date | None = None
    province: str | None = None

    @classmethod
    def of_year(cls, year: int, **more: str | None) -> RunFilter:
        return cls(since=date(year, 1, 1), until=date(year, 12, 31), **more)


def choose(index: Index, choice: RunFilter) -> list[HistoryEntry]:
    """The runs that fit, oldest first.

    Raises `InputError` for a scenario, kind, engine or bridge that no run has, and for times the
    wrong way round.
    """
    if choice.since and choice.until and choice.since > choice.until:
        raise InputError(
            "--from {since} is after --to {until}", since=choice.since, until=choice.until
        )
    where, values = ["1"], list[object]()
    for column in ("scenario", "kind", "verdict", "engine"):
        wanted = getattr(choice, column)
        if wanted is None:
            continue
        if column != "verdict":
            _known(index, column, wanted)
        where.append(f"{column} = ?")
        values.append(wanted)
    if choice.since:
        where.append("at >= ?")
        values.append(choice.since.isoformat())
    if choice.until:
        where.append("at < ?")
        values.append((choice.until + timedelta(days=1)).isoformat())
    if choice.bridge is not None:
        ids = _bridges(index, choice.bridge)
        where.append(
            f"folder IN (SELECT folder FROM bridges WHERE bridge IN ({', '.join('?' * len(ids))}))"
        )
        values += ids
    found = index.entries(" AND ".join(where), tuple(values))
    if choice.province is None:
        return found
    every = index.entries()
    of = Networks(every).only(every, choice.province)
    folders = {entry.folder for entry in of}
    return [entry for entry in found if entry.folder in folders]


def _bridges(index: Index, wanted: str) -> list[str]:
    """Ids of the bridges that are meant; a name may go on after what is typed."""
    word = slug(wanted)
    known = index.bridges()
    found = [b for b, names in known.items() if word == b or word in names]
    found = found or [
        b for b, names in known.items() if any(n.startswith(f"{word}-") for n in names)
    ]
    if not word or not found:
        raise InputError(
            'bridge "{wanted}": in no run{near}',
            wanted=wanted,
            near=near_names("bridge", word, known),
        )
    return found


def check_criterion(index: Index, ident: str) -> None:
    """Raises `InputError` for a criterion that no run judged."""
    _known(index, "criterion", ident)


def _known(index: Index, column: str, wanted: str) -> None:
    known = index.words(column)
    if known and wanted not in known:
        raise InputError(
            '{column} "{wanted}": in no run{near}',
            column=column,
            wanted=wanted,
            near=near_names(column, wanted, known),
        )
