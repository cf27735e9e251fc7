"""What differs between two input files, key by key, and what it is about. Pure but for reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from giaoban.results.model.studies.compared import InputChange, InputFile
from giaoban.tomlfile import Loc, parse, places, read_text

IDS = ("id", "link", "failure", "bridge", "target")
"""What tells entries of a list of tables from each other, in this order."""
ABOUT: Mapping[str, str] = {"bridge": "bridge", "link": "link", "router": "router"}
WORDS = frozenset(
    {
        *("schema", "id", "name", "name_vi", "question", "question_vi", "source", "source_vi"),
        *("assumed", "settled_by", "settled_by_vi", "reason", "reason_vi", "lat", "lon", "expect"),
        *("accepted", "province", "note", "article", "what", "what_vi", "name_en", "source_en"),
    }
)
"""Keys that change no figure; which province is meant is told by what is in it."""


def changes(kind: InputFile, old: Path, new: Path) -> list[InputChange]:
    """Every key that differs. Raises `InputError` for a file that is no TOML."""
    before = {at: text for at, _, text in _walk(parse(old, read_text(old)))}
    text_now = read_text(new)
    walked = list(_walk(parse(new, text_now)))
    after = {at: text for at, _, text in walked}
    numbers = {at: place for at, place, _ in walked}
    lines = places(text_now)
    found = []
    for loc in dict.fromkeys([*before, *after]):
        was, now = before.get(loc), after.get(loc)
        if was == now:
            continue
        key = "".join(f"[{p[1:]}]" if p[0] == "#" else f".{p}" for p in loc).lstrip(".")
        found.append(
            InputChange(
                file=kind,
                name=new.name,
                key=key,
                old=was,
                new=now,
                at=_about(loc),
                words=bool({*loc} & WORDS) and not _whole(loc, before, after),
                line=_line(numbers.get(loc, ()), lines),
            )
        )
    return found


def _whole(loc: tuple[str, ...], before: Mapping[Any, Any], after: Mapping[Any, Any]) -> bool:
    """Whether a whole entry came or went, whose id is no mere word."""
    if len(loc) < 2 or loc[-1] not in IDS or "accepted" in loc:
        return False
    return (loc in before) != (loc in after)


def _about(loc: tuple[str, ...]) -> str | None:
    """The element that a key is about: `access-…` lines are their bridges'."""
    if loc[0] == "mcu":
        return "mcu"
    if len(loc) > 1 and loc[1].startswith("#") and loc[0] in ABOUT:
        return loc[1][1:]
    return None


def _walk(
    value: object, loc: tuple[str, ...] = (), place: Loc = ()
) -> Iterator[tuple[tuple[str, ...], Loc, str]]:
    """Each plain value: where it is by names, where by numbers, and as text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, (*loc, str(key)), (*place, str(key)))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        seen: set[str] = set()
        for number, each in enumerate(value):
            ident = next((str(each[name]) for name in IDS if name in each), str(number))
            ident = ident if ident not in seen else f"{ident} {number}"
            seen.add(ident)
            yield from _walk(each, (*loc, f"#{ident}"), (*place, number))
    else:
        yield loc, place, str(value)


def _line(place: Loc, lines: Mapping[Loc, int]) -> int | None:
    """That of the value, or of the nearest table around it."""
    around = (lines.get(place[:length]) for length in range(len(place), 0, -1))
    return next((line for line in around if line is not None), None)
