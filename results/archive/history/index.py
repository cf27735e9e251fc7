"""The index over the run folders: SQLite, made again from them whenever it is not right.

The folders are the truth; the index only saves reading them all. A folder is read again when its
answer's time or size has changed. An index that is damaged, of another version or gone is made
anew; where none can be written it is kept in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from giaoban.names import slug
from giaoban.results.archive.history.entry import HistoryEntry, RunMadeAgain, SkippedRun
from giaoban.results.archive.history.scan import scan, stamp
from giaoban.results.model.run_ids import begun
from giaoban.sentence import Sentence

INDEX = ".history.sqlite"
VERSION = 16
"""Goes up when the tables or what is read out of a run change: older indexes are made anew."""
BUSY_S = 20.0

_TABLES = """
CREATE TABLE runs (
    folder TEXT PRIMARY KEY, stamp TEXT NOT NULL, kind TEXT, at TEXT, verdict TEXT,
    scenario TEXT, engine TEXT, run_id TEXT, answer TEXT, skipped TEXT, entry TEXT,
    number INTEGER
);
CREATE TABLE bridges (folder TEXT NOT NULL, bridge TEXT NOT NULL, name TEXT NOT NULL, new INTEGER);
CREATE TABLE criteria (folder TEXT NOT NULL, id TEXT NOT NULL, ok INTEGER NOT NULL);
CREATE INDEX runs_at ON runs (at);
CREATE INDEX runs_answer ON runs (answer);
CREATE INDEX bridges_folder ON bridges (folder);
CREATE INDEX criteria_folder ON criteria (folder);
"""


_FIRST = """(
    SELECT one.folder FROM runs AS one WHERE one.answer = runs.answer
    ORDER BY one.folder <> one.run_id, one.folder LIMIT 1
)"""
"""Of folders with the same answer, which are copies of one run, the one that counts."""


class Index:
    """The runs below one folder, as they are now. Use `opened`."""

    def __init__(self, connection: sqlite3.Connection, root: Path) -> None:
        self._db = connection
        self._root = root

    def refresh(self) -> int:
        """Bring the index in step with the folders; returns how many were read."""
        found = {path.name: path for path in self._folders()}
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            known = dict(self._db.execute("SELECT folder, stamp FROM runs").fetchall())
            for gone in known.keys() - found.keys():
                self._forget(gone)
            read = 0
            for name, path in sorted(found.items()):
                now = stamp(path)
                if known.get(name) != now:
                    self._forget(name)
                    self._put(name, now, scan(path))
                    read += 1
        return read

    def entries(self, where: str = "1", values: tuple[object, ...] = ()) -> list[HistoryEntry]:
        """Runs in the order of time, each once; `where` is over the table `runs`."""
        return self._entries(f"skipped IS NULL AND folder = {_FIRST} AND ({where})", values)

    def every_folder(self) -> list[HistoryEntry]:
        """All folders that hold a run, in the order of time: copies of one, and those that were
        made again to verify another, too."""
        return self._entries("entry IS NOT NULL", ())

    def _entries(self, where: str, values: tuple[object, ...]) -> list[HistoryEntry]:
        rows = self._db.execute(
            f"SELECT entry FROM runs WHERE {where} ORDER BY at, number, folder", values
        )
        return [HistoryEntry.model_validate_json(row[0]) for row in rows]

    def skipped(self) -> list[SkippedRun]:
        """Folders that are no runs, or copies of one, by name."""
        rows = self._db.execute("SELECT skipped FROM runs WHERE skipped IS NOT NULL")
        found = [SkippedRun.model_validate_json(row[0]) for row in rows]
        copies = self._db.execute(
            f"SELECT folder, {_FIRST} AS first FROM runs WHERE skipped IS NULL AND folder <> first"
        )
        for folder, first in copies:
            why = Sentence("a copy of the run in {folder}, which counts once", folder=first)
            found.append(SkippedRun.of(folder, why))
        return sorted(found, key=lambda each: each.folder)

    def words(self, column: str) -> list[str]:
        """What there is to filter by: `scenario`, `kind`, `engine` or `criterion`."""
        of = {
            "scenario": "SELECT DISTINCT scenario FROM runs WHERE skipped IS NULL",
            "kind": "SELECT DISTINCT kind FROM runs WHERE skipped IS NULL",
            "engine": "SELECT DISTINCT engine FROM runs WHERE skipped IS NULL",
            "criterion": "SELECT DISTINCT id FROM criteria",
        }[column]
        return sorted(row[0] for row in self._db.execute(of) if row[0])

    def bridges(self) -> dict[str, set[str]]:
        """The ids of all bridges, each with the names it had, as `slug` makes them."""
        found: dict[str, set[str]] = {}
        rows = self._db.execute("SELECT DISTINCT bridge, name FROM bridges ORDER BY bridge")
        for bridge, name in rows:
            found.setdefault(bridge, set()).add(name)
        return found

    def _folders(self) -> Iterator[Path]:
        if self._root.is_dir():
            yield from (path for path in self._root.iterdir() if path.is_dir())

    def _forget(self, folder: str) -> None:
        for table in ("runs", "bridges", "criteria"):
            self._db.execute(f"DELETE FROM {table} WHERE folder = ?", (folder,))

    def _put(self, folder: str, now: str, found: HistoryEntry | RunMadeAgain | SkippedRun) -> None:
        row: dict[str, object] = {"folder": folder, "stamp": now}
        if not isinstance(found, HistoryEntry):
            skipped = found if isinstance(found, SkippedRun) else found.skipped
            row["skipped"] = skipped.model_dump_json()
        if not isinstance(found, SkippedRun):
            entry = found if isinstance(found, HistoryEntry) else found.entry
            row |= {"at": entry.at.isoformat(), "number": _number(entry)}
            row["entry"] = entry.model_dump_json()
        if isinstance(found, HistoryEntry):
            # of one that was made again not its sum: no run of its own is to be a copy of it
            columns = ("kind", "verdict", "scenario", "engine", "run_id")
            row |= {name: getattr(found, name) for name in columns} | {"answer": found.sha256}
        names, places = ", ".join(row), ", ".join("?" * len(row))
        self._db.execute(f"INSERT INTO runs ({names}) VALUES ({places})", tuple(row.values()))
        if not isinstance(found, HistoryEntry):
            return
        bridges = [(b, n, 0) for b, n in found.existing.items()]
        bridges += [(b, n, 1) for b, n in found.new.items()]
        self._db.executemany(
            "INSERT INTO bridges VALUES (?, ?, ?, ?)",
            [(folder, ident, slug(name), new) for ident, name, new in bridges],
        )
        self._db.executemany(
            "INSERT INTO criteria VALUES (?, ?, ?)",
            [(folder, c.id, c.ok) for c in found.criteria],
        )


def _number(entry: HistoryEntry) -> int:
    """Which of its second's runs it is."""
    told = begun(entry.run_id)
    return told.number if told else 1


@contextmanager
def opened(root: Path) -> Iterator[Index]:
    """The index of the runs below `root`, in step with the folders."""
    connection = _in_step(root)
    try:
        yield Index(connection, root)
    finally:
        connection.close()


def _in_step(root: Path) -> sqlite3.Connection:
    """An index that is as the folders are: the one there is, or a new one, or one in memory.

    In the hands of another process for so long, it is left to it; where none can be written,
    there is none.
    """
    ways: list[Callable[[], sqlite3.Connection]] = [_in_memory]
    if root.is_dir():
        ways = [lambda: _open(root / INDEX), lambda: _anew(root / INDEX), _in_memory]
    while True:
        way = ways.pop(0)
        connection = None
        try:
            connection = way()
            _prepare(connection)
            Index(connection, root).refresh()
            return connection
        except (sqlite3.DatabaseError, OSError) as error:
            if connection is not None:
                connection.close()
            if not ways:
                raise
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                ways = [_in_memory]


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)


def _anew(path: Path) -> sqlite3.Connection:
    """In place of one that is damaged."""
    for leftover in (path, *(path.with_name(path.name + end) for end in ("-journal", "-wal"))):
        leftover.unlink(missing_ok=True)
    return _open(path)


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables if there are none, or others; one process at a time looks and decides."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        old = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in old:
            connection.execute(f'DROP TABLE "{name}"')
        for statement in filter(str.strip, _TABLES.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
