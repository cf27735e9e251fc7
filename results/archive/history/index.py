"""The index over the run folders: SQLite, one row a run, made again whenever it is damaged.

The folders are the truth; the index saves reading them all. A folder is read again when the time or
size of its answer has changed. Where no file can be written, the index is kept in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from giaoban.errors import InputError, near_names
from giaoban.results.archive.history.entry import HistoryEntry, SkippedRun
from giaoban.results.archive.history.scan import scan, stamp
from giaoban.results.model.run_ids import begun
from giaoban.sentence import Sentence

INDEX = ".history.sqlite"
VERSION = 17
"""Of the table and of what is read from a run; an index of another version is made again."""

_TABLE = """CREATE TABLE runs (
    folder TEXT PRIMARY KEY, stamp TEXT NOT NULL, at TEXT, number INTEGER, kind TEXT,
    scenario TEXT, answer TEXT, entry TEXT, skipped TEXT
)"""
_FIRST = """(
    SELECT one.folder FROM runs AS one WHERE one.answer = runs.answer
    ORDER BY one.folder <> json_extract(one.entry, '$.run_id'), one.folder LIMIT 1
)"""
"""Of folders with the same answer, which are copies of one run, the one that counts."""


class Index:
    """The runs below one folder. Use `opened`."""

    def __init__(self, connection: sqlite3.Connection, root: Path) -> None:
        self._db = connection
        self._root = root

    def refresh(self) -> int:
        """Bring the index in step with the folders. Return how many were read."""
        found = {path.name: path for path in self._folders()}
        read = 0
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            known = dict(self._db.execute("SELECT folder, stamp FROM runs").fetchall())
            for gone in known.keys() - found.keys():
                self._db.execute("DELETE FROM runs WHERE folder = ?", (gone,))
            for name, path in sorted(found.items()):
                now = stamp(path)
                if known.get(name) != now:
                    self._put(name, now, scan(path))
                    read += 1
        return read

    def entries(
        self, scenario: str | None = None, kind: str | None = None, year: int | None = None
    ) -> list[HistoryEntry]:
        """Return the runs that fit, oldest first, each once.

        Raises `InputError`: no run is of the scenario or of the kind.
        """
        where, values = [f"entry IS NOT NULL AND folder = {_FIRST}"], list[str]()
        for column, wanted in (("scenario", scenario), ("kind", kind)):
            if wanted is not None:
                rows = self._db.execute(f"SELECT DISTINCT {column} FROM runs")
                _refuse_unknown(column, wanted, [row[0] for row in rows if row[0]])
                where.append(f"{column} = ?")
                values.append(wanted)
        if year is not None:
            where.append("substr(at, 1, 4) = ?")
            values.append(f"{year:04}")
        rows = self._db.execute(
            f"SELECT entry FROM runs WHERE {' AND '.join(where)} ORDER BY at, number, folder",
            values,
        )
        return [HistoryEntry.model_validate_json(row[0]) for row in rows]

    def check_criterion(self, ident: str) -> None:
        """Raise `InputError`: no run judged the criterion."""
        known = self._db.execute(
            "SELECT DISTINCT json_extract(value, '$.id') FROM runs, json_each(entry, '$.criteria')"
        )
        _refuse_unknown("criterion", ident, sorted(row[0] for row in known))

    def skipped(self) -> list[SkippedRun]:
        """Return the folders that are no runs, or copies of one, by name."""
        rows = self._db.execute("SELECT skipped FROM runs WHERE skipped IS NOT NULL")
        found = [SkippedRun.model_validate_json(row[0]) for row in rows]
        copies = self._db.execute(
            f"SELECT folder, {_FIRST} AS first FROM runs WHERE skipped IS NULL AND folder <> first"
        )
        for folder, first in copies:
            why = Sentence("a copy of the run in {folder}, which counts once", folder=first)
            found.append(SkippedRun.of(folder, why))
        return sorted(found, key=lambda each: each.folder)

    def _folders(self) -> Iterator[Path]:
        if self._root.is_dir():
            yield from (path for path in self._root.iterdir() if path.is_dir())

    def _put(self, folder: str, now: str, found: HistoryEntry | SkippedRun) -> None:
        row: tuple[object, ...]
        if isinstance(found, SkippedRun):
            row = (folder, now, *(None,) * 6, found.model_dump_json())
        else:
            told = begun(found.run_id)
            number = told.number if told else 1
            about = (found.at.isoformat(), number, found.kind, found.scenario, found.sha256)
            row = (folder, now, *about, found.model_dump_json(), None)
        places = ", ".join("?" * len(row))
        self._db.execute(f"INSERT OR REPLACE INTO runs VALUES ({places})", row)


def _refuse_unknown(column: str, wanted: str, known: list[str]) -> None:
    if known and wanted not in known:
        raise InputError(
            '{column} "{wanted}": in no run{near}',
            column=column,
            wanted=wanted,
            near=near_names(column, wanted, known),
        )


@contextmanager
def opened(root: Path) -> Iterator[Index]:
    """Yield the index of the runs below `root`, in step with the folders."""
    index = _in_step(root)
    try:
        yield index
    finally:
        index._db.close()


def _in_step(root: Path) -> Index:
    """Return an index that was refreshed: from the file, from a new file, or in memory."""
    path = root / INDEX
    places = [str(path), str(path), ":memory:"] if root.is_dir() else [":memory:"]
    for attempt, place in enumerate(places, 1):
        connection = None
        try:
            connection = sqlite3.connect(place, isolation_level=None)
            _prepare(connection)
            index = Index(connection, root)
            index.refresh()
            return index
        except (sqlite3.DatabaseError, OSError) as error:
            if connection is not None:
                connection.close()
            if attempt == len(places):
                raise
            busy = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if attempt == 1 and path.is_file() and not busy:  # it is damaged
                path.unlink(missing_ok=True)
    raise AssertionError


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the table unless it is there in this version."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            connection.execute("DROP TABLE IF EXISTS runs")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {VERSION}")
