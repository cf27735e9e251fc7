"""The first line by which a TOML file says to an editor which JSON Schema it has.

The line is `#:schema PATH`, PATH relative to the file: Taplo ("Even Better TOML" in VS Code) and
Tombi read it, without a network. A project has the schemas in `.giaoban/schema`; the program's own
files refer to `results/schema`, which `scripts/setup` makes. `giaoban list schemas` prints them
(`giaoban.scenarios.schemas`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

IN_A_PROJECT = Path(".giaoban") / "schema"
OF_INPUT, OF_ANSWER = ".toml.schema.json", ".schema.json"
COMMANDS = {"result": "check", "meeting-result": "meeting", "sweep-answer": "sweep"}
"""Answers whose schema has another name than the command that gives them, with that command."""
INPUT_KINDS = frozenset(
    {
        *("accounts", "baseline", "criteria", "devices", "meeting", "meetings"),
        *("profiles", "project", "province", "ranges", "scenario", "sweep", "unmodelled"),
        "variants",
    }
)
"""Kinds of files that people write (`province` of `giaoban.province/1`)."""
MARK = "#:schema "
_KIND = re.compile(r"""^schema\s*=\s*["']giaoban\.([a-z-]+)/\d+["']""", re.MULTILINE)


def schemas_near(file: Path) -> Path | None:
    """Return the folder of schemas of the project in which a file lies or is to lie; None: none."""
    here = file.absolute().parent
    for at in (here, *here.parents):
        for folder in (at / IN_A_PROJECT, at / "results" / "schema"):
            if (folder / f"province{OF_INPUT}").is_file():
                return folder
    return None


def kind_of(text: str) -> str | None:
    """Return the kind of a TOML file by its `schema`; None: it is none of ours."""
    found = _KIND.search(text)
    return found[1] if found and found[1] in INPUT_KINDS else None


def referring(text: str, file: Path, schemas: Path | None = None) -> str:
    """Return a TOML file's text with the line that names its schema, where `file` is to lie.

    `schemas`: the folder that they are in, that of the file's project if not given. Without one,
    and of a kind that has none, the text stays as it is.
    """
    schemas, kind = schemas or schemas_near(file), kind_of(text)
    if schemas is None or kind is None:
        return text
    there = os.path.relpath((schemas / f"{kind}{OF_INPUT}").absolute(), file.absolute().parent)
    end = "\r\n" if "\r\n" in text else "\n"
    rest = text.partition("\n")[2] if text.startswith(MARK) else text
    return f"{MARK}{Path(there).as_posix()}{end}{rest}"
