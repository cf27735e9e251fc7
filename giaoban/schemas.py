"""Where the schemas are, and the first line by which a file says to an editor which is its own.

The line is `#:schema PATH`, PATH relative to the file: Taplo ("Even Better TOML" in VS Code) and
Tombi read it, without a network. A project has the schemas in `.giaoban/schema`; the program's own
files refer to those beside it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from giaoban import PACKAGE
from giaoban.errors import InputError, near_names
from giaoban.files import whole

FOLDER = PACKAGE / "results" / "schema"
IN_A_PROJECT = Path(".giaoban") / "schema"
OF_INPUT, OF_ANSWER = ".toml.schema.json", ".schema.json"
COMMANDS = {"result": "check", "meeting-result": "meeting", "sweep-answer": "sweep"}
"""Answers whose schema has another name than the command that gives them, with that command."""
MARK = "#:schema "
_KIND = re.compile(r"""^schema\s*=\s*["']giaoban\.([a-z-]+)/\d+["']""", re.MULTILINE)


def input_schemas() -> dict[str, Path]:
    """The schemas of files that people write, by name (`province` of `giaoban.province/1`)."""
    return {path.name.removesuffix(OF_INPUT): path for path in sorted(FOLDER.glob(f"*{OF_INPUT}"))}


def answer_schemas() -> dict[str, Path]:
    """Those of the program's answers, by name (`meeting-result` of `giaoban.meeting-result/1`)."""
    inputs = input_schemas().values()
    paths = [path for path in FOLDER.glob(f"*{OF_ANSWER}") if path not in inputs]
    return dict(sorted((_name(path), path) for path in paths))


def schema_of(name: str) -> Path:
    """The schema of that name. Raises `InputError`."""
    known = input_schemas() | answer_schemas()
    if name not in known:
        near = near_names("schema", name, known, every=True)
        raise InputError('no schema "{name}"{near}', name=name, near=near)
    return known[name]


def write_all(folder: Path) -> list[Path]:
    """The schemas of all files that people write, put into a folder. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in input_schemas().values():
        with whole(folder / path.name) as aside:
            shutil.copyfile(path, aside)
        written.append(folder / path.name)
    return written


def schemas_near(file: Path) -> Path | None:
    """The folder of schemas of the project in which a file lies or is to lie.

    Of the program's own files it is that of the program.
    """
    here = file.absolute().parent
    for at in (here, *here.parents):
        for folder in (at / IN_A_PROJECT, at / "results" / "schema"):
            if (folder / f"province{OF_INPUT}").is_file():
                return folder
    return None


def kind_of(text: str) -> str | None:
    """Of which kind a TOML file is, by its `schema`."""
    found = _KIND.search(text)
    return found[1] if found and found[1] in input_schemas() else None


def referring(text: str, file: Path, schemas: Path | None = None) -> str:
    """A TOML file's text with the line that says which schema it has, where `file` is to lie.

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


def _name(path: Path) -> str:
    ident = str(json.loads(path.read_text(encoding="utf-8"))["$id"])
    return ident.removeprefix("giaoban.").partition("/")[0]
