"""What is wrong, at the file and line that cause it: GitHub's workflow commands, GitLab's report of
code quality.

An `InputError` names file and line at the beginning of each of its lines. Of a criterion that is
not met the place says which: the bridge's, the link's or the device's table in the scenario, else
in the province.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from giaoban.errors import GiaobanError
from giaoban.files import read_file
from giaoban.names import ACCESS_PREFIX, access_link_id
from giaoban.results.judge.cases import Case, Report
from giaoban.tomlfile import Loc, parse, places

_AT = re.compile(r"(?P<file>[^\s:][^:\n]*\.[A-Za-z]{2,8})(?::(?P<line>\d+))?: (?P<what>.+)")
_TABLES: Mapping[str, tuple[str, ...]] = {
    "bridge": ("bridge",),
    "link": ("link", "link_change"),
    "router": ("router",),
    "group": ("group",),
}


class Annotation(NamedTuple):
    """One thing to be said at a line of a file; `line` None: of the file as a whole."""

    file: str
    line: int | None
    title: str
    text: str
    check: str = "input"
    """Which criterion or rule it is of; the same from run to run."""


def of_error(error: GiaobanError, lines: Sequence[str]) -> list[Annotation]:
    """An annotation for each line of a mistake that begins with a file's name.

    `lines` are the error's, in the language in which they are to be shown.
    """
    found = []
    for english, told in zip(str(error).split("\n"), lines, strict=False):
        if at := _AT.match(english):
            text = _AT.match(told)
            line = int(at["line"]) if at["line"] else None
            what = text["what"] if text else told
            found.append(Annotation(at["file"], line, "giaoban", what))
    return found


def of_report(report: Report, say: Any) -> list[Annotation]:
    """An annotation for each case that is not met, where it is caused."""
    title = f"giaoban {report.command} {report.subject}"
    return [
        Annotation(
            *_caused(case, [Path(name) for name in report.files]),
            title,
            "; ".join(say(line) for line in case.lines[:3]) or case.id,
            case.id,
        )
        for case in (report.failed if report.judges else [])
    ]


def _caused(case: Case, files: Sequence[Path]) -> tuple[str, int | None]:
    for path in files:
        if (line := line_of(path, case.at)) is not None:
            return str(path), line
    return (str(files[0]) if files else ""), None


def line_of(path: Path, at: tuple[str, str] | None) -> int | None:
    """The line at which a file has what a place is at; None: it does not say anything of it."""
    if at is None or path.suffix != ".toml" or not path.is_file():
        return None
    kind, ident = at
    text = read_file(path).decode(errors="replace")
    data = parse(path, text)
    lines = places(text)
    if kind in ("mcu", "device"):
        return next((lines[loc] for loc in (("device",), ("mcu", "device")) if loc in lines), None)
    if ident.startswith(ACCESS_PREFIX):  # the line of a bridge, or of the device
        found = line_of(path, ("bridge", ident.removeprefix(ACCESS_PREFIX)))
        return lines.get(("mcu",)) if found is None and ident == access_link_id("mcu") else found
    for table in _TABLES.get(kind, (kind,)):
        for number, entry in enumerate(_entries(data, table)):
            if ident in (entry.get("id"), entry.get("link")):
                loc: Loc = (table, number)
                return lines.get((*loc, "id"), lines.get((*loc, "link"), lines.get(loc)))
    return None


def _entries(data: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
    found = data.get(table)
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


# ---------------------------------------------------------------------------------------- as text


def github(found: Iterable[Annotation]) -> Iterator[str]:
    """Lines that GitHub Actions shows at files (workflow commands, `::error file=…,line=…::`)."""
    for each in found:
        path = _shown(each.file)
        at = {"file": path, "line": each.line if path else None, "title": each.title}
        given = ",".join(f"{k}={_property(v)}" for k, v in at.items() if v not in (None, ""))
        yield f"::error {given}::{_data(each.text)}"


def code_quality(found: Iterable[Annotation]) -> str:
    """GitLab's code quality report, JSON; the fingerprint is the same from run to run."""
    listed, seen = [], set()
    for each in found:
        path = _shown(each.file)
        of_text = each.text if each.check == "input" else ""
        about = f"{path or 'giaoban'} {each.title} {each.check} {of_text}"
        mark = hashlib.sha256(about.encode()).hexdigest()
        if mark in seen:
            continue
        seen.add(mark)
        listed.append(
            {
                "description": each.text,
                "check_name": f"giaoban/{each.check}",
                "fingerprint": mark,
                "severity": "major",
                "location": {
                    "path": path or "giaoban",
                    "lines": {"begin": (path and each.line) or 1},
                },
            }
        )
    return json.dumps(listed, ensure_ascii=False, indent=1) + "\n"


def _shown(file: str) -> str:
    """Return the path relative to the workspace of a CI job or to the repository; "" if the file is
    outside, such as a scenario of an installed giaoban."""
    if not file:
        return ""
    path = Path(os.path.abspath(file))
    named = [os.environ.get(variable) for variable in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")]
    for root in [*(Path(each) for each in named if each), _repository()]:
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return path.relative_to(root).as_posix()
    return ""


def _repository() -> Path:
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), here)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")
