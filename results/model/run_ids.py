"""A run's id: what it is of, when it began, and which it was of those that began in one second."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

VIETNAM = timezone(timedelta(hours=7))
"""Whose time ids and documents tell, wherever the program runs: a year's runs are those of the year
in which the province saw them."""

_BEGUN = re.compile(r"(?<!\d)(\d{8}-\d{6})(?!\d)(?:-(\d{1,9})$)?")


def now_in_vietnam() -> datetime:
    """The time of day by the wall clock: for people, nothing waits or measures by it."""
    return datetime.now(VIETNAM)


def in_utc(at: datetime) -> datetime:
    """Return a moment in UTC, as the properties of PDF and DOCX files state it. A time without a
    zone is that of Việt Nam."""
    return (at if at.tzinfo else at.replace(tzinfo=VIETNAM)).astimezone(UTC)


class Begun(NamedTuple):
    """When a run began, to the second in Việt Nam, and which of that second's runs it is."""

    at: datetime
    number: int


def id_in_second(name: str, now: datetime) -> str:
    """The id of the first run that begins in a second: `NAME-20261125-080000`.

    A time without a zone is that of Việt Nam.
    """
    now = now if now.tzinfo is None else now.astimezone(VIETNAM)
    return f"{name}-{now:%Y%m%d-%H%M%S}"


def begun(run_id: str) -> Begun | None:
    """What an id says of it, at its end: a name may hold a time, too. None: it says nothing."""
    for found in reversed([*_BEGUN.finditer(run_id)]):
        try:
            at = datetime.strptime(found[1], "%Y%m%d-%H%M%S")
        except ValueError:
            continue
        return Begun(at, int(found[2] or 1))
    return None
