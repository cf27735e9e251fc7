"""Registrations as CSV, for offices that keep them in a spreadsheet.

A line of titles, in English or Vietnamese, then a meeting a line; UTF-8, separated by commas,
semicolons or tabs. Times are `2026-03-02 08:00` or `02/03/2026 08:00`, of the province's zone.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from giaoban.errors import InputError, did_you_mean, several
from giaoban.files import read_file
from giaoban.scenarios.calendar.registration import MOST_BYTES, TIME_ZONE, YEARS, Raw
from giaoban.sentence import Both

COLUMNS: Mapping[str, tuple[str, str]] = {
    "title": ("title", "nội dung"),
    "start": ("start", "bắt đầu"),
    "end": ("end", "kết thúc"),
    "minutes": ("minutes", "số phút"),
    "chair": ("chair", "chủ trì"),
    "participants": ("participants", "thành phần"),
    "registered": ("registered", "ngày đăng ký"),
    "check": ("check", "giờ kiểm tra"),
    "emergency": ("emergency", "đột xuất"),
    "meeting": ("meeting", "loại cuộc họp"),
    "room": ("room", "phòng họp"),
}
"""Key → what a title may be, in English and in Vietnamese."""
TIMES = tuple(
    f"{day}{between}%H:%M{seconds}"
    for day, between in (("%Y-%m-%d", " "), ("%Y-%m-%d", "T"), ("%d/%m/%Y", " "))
    for seconds in ("", ":%S")
)
DAYS = ("%Y-%m-%d", "%d/%m/%Y")
"""Of a registration the day may be all that is known: it counts from that day's end."""
MORE = ""
"""The key of what stands behind the last column."""
YES, NO = ("yes", "true", "1", "x", "có"), ("", "no", "false", "0", "không")


def read_csv(path: Path) -> list[Raw]:
    """Every line. Raises `InputError` with every mistake, by line."""
    data = read_file(path, "CSV", MOST_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            "{path}:{line}: is not UTF-8; save it as CSV UTF-8", path=path, line=line
        ) from None
    text = unicodedata.normalize("NFC", text)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, mistakes = [], []
    try:
        keys = _keys(path, next(rows, []))
        for row in rows:
            if any(cell.strip() for cell in row):
                try:
                    found.append(_raw(_fields(keys, row), f"{path}:{rows.line_num}"))
                except InputError as error:
                    mistakes.append(error.said)
    except csv.Error as error:
        raise InputError(
            "{path}:{line}: {error}", path=path, line=rows.line_num, error=error
        ) from None
    if mistakes:
        raise several(mistakes)
    if not found:
        raise InputError(
            "{path}: has no meeting (allowed: a line of titles and one line or more)", path=path
        )
    return found


def _column(key: str) -> Both:
    """What a column is called in a title of the reader's language."""
    english, vietnamese = COLUMNS[key]
    return Both(english, vietnamese)


def _fields(keys: list[str], row: list[str]) -> dict[str, str]:
    cells = [cell.strip() for cell in row]
    more = cells[len(keys) :]
    if any(more):
        # a list of bridges that is not in quotes: what it would lose is not asked for again
        return {**dict(zip(keys, cells, strict=False)), MORE: more[0]}
    return dict(zip(keys, cells, strict=False))


def _keys(path: Path, titles: list[str]) -> list[str]:
    of_title = {title: key for key, names in COLUMNS.items() for title in names}
    keys = []
    for title in titles:
        word = title.strip().casefold()
        if word not in of_title:
            raise InputError(
                '{path}:1: column "{title}" is not known{near} (allowed: {columns})',
                path=path,
                title=title,
                near=did_you_mean(word, list(of_title)),
                columns=", ".join(of_title),
            )
        if of_title[word] in keys:
            raise InputError('{path}:1: column "{title}" is there twice', path=path, title=title)
        keys.append(of_title[word])
    for needed in ("start", "participants"):
        if needed not in keys and not (needed == "participants" and "meeting" in keys):
            raise InputError(
                '{path}:1: has no column "{needed}" (a title that means it: {titles})',
                path=path,
                needed=_column(needed),
                titles=", ".join(COLUMNS[needed]),
            )
    return keys


def _raw(fields: Mapping[str, str], place: str) -> Raw:
    if MORE in fields:
        raise InputError(
            '{place}: "{cell}" stands in no column (allowed: names in quotes, "Cư Jút, Đắk Mil")',
            place=place,
            cell=fields[MORE],
        )
    start = _time(fields, "start", place)
    if start is None:
        raise InputError("{place}: start is missing", place=place)
    end = _time(fields, "end", place)
    if end is None:
        minutes = fields.get("minutes", "")
        if not (minutes.isascii() and minutes.isdecimal() and len(minutes) <= 4):
            raise InputError(
                '{place}: has neither an end nor minutes (minutes = "{minutes}")',
                place=place,
                minutes=minutes,
            )
        end = start + timedelta(minutes=int(minutes))
    said = fields.get("emergency", "").casefold()
    if said not in (*YES, *NO):
        raise InputError('{place}: emergency = "{said}" (allowed: yes, no)', place=place, said=said)
    people = fields.get("participants", "").replace(";", ",").split(",")
    title = fields.get("title", "") or fields.get("meeting", "") or "?"
    return Raw(
        uid=place.rpartition("/")[2],
        place=place,
        title=title,
        start=start,
        end=end,
        chair=fields.get("chair", ""),
        people=tuple((part.strip(),) for part in people if part.strip()),
        registered=_time(fields, "registered", place),
        check=_time(fields, "check", place),
        emergency=said in YES,
        meeting=fields.get("meeting", ""),
        rooms=tuple(filter(None, (r.strip() for r in fields.get("room", "").split(";")))),
    )


def _time(fields: Mapping[str, str], key: str, place: str) -> datetime | None:
    text = fields.get(key, "")
    if not text:
        return None
    for form in TIMES:
        try:
            found = datetime.strptime(text, form).replace(tzinfo=TIME_ZONE)
        except ValueError:
            continue
        if found.year in YEARS:
            return found
    for form in DAYS if key == "registered" else ():
        try:
            day = datetime.strptime(text, form).replace(tzinfo=TIME_ZONE)
        except ValueError:
            continue
        if day.year in YEARS:
            return day.replace(hour=23, minute=59, second=59)
    raise InputError(
        '{place}: {key} = "{text}" (allowed: 2026-03-02 08:00 or 02/03/2026 08:00)',
        place=place,
        key=_column(key),
        text=text,
    )
