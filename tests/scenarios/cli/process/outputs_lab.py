"""`outputs_lab FOLDER < CASES`: commands with standard streams that fail, each in a copy of this.

All that commands load is loaded once, and a check draws nothing. A copy's streams are made anew as
Python makes them when it starts: none where one is closed, else with the encoding asked for.
"""

from __future__ import annotations

import gc
import io
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from giaoban.scenarios.cli import app, entry
from tests.scenarios.scenario_factory import giaoban
from tests.scenarios.undrawn import undrawn

NUMBERS = {"stdout": 1, "stderr": 2}


def main(folder: Path) -> None:
    for place in app.COMMANDS.values():
        import_module(f"giaoban.scenarios.cli.commands.{place.of.partition(':')[0]}")
    undrawn(pytest.MonkeyPatch())
    cases = json.loads(sys.stdin.read())
    for words in {str(case["words"]): case["words"] for case in cases}.values():
        if words[0] != "check" or "--estimate" in words:  # what they load only when called
            giaoban(*words)
    gc.freeze()
    ended = [end_of(case, folder / str(number)) for number, case in enumerate(cases)]
    (folder / "ended.json").write_text(json.dumps(ended), encoding="utf-8")


def end_of(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    folder.mkdir()
    process = os.fork()
    if not process:
        for name, number in NUMBERS.items():
            give(name, number, case.get(name, "file"), case.get("encoding", "utf-8"), folder)
        sys.argv = ["giaoban", *case["words"]]
        entry.main()
    _, status = os.waitpid(process, 0)
    files = {name: folder / name for name in NUMBERS}
    said = {
        name: file.read_bytes().decode("latin-1") if file.exists() else ""
        for name, file in files.items()
    }
    return {"code": os.waitstatus_to_exitcode(status), **said}


def give(name: str, number: int, what: str, encoding: str, folder: Path) -> None:
    """Standard output or error is a file, or one of the things that fail."""
    os.close(number)
    if what == "closed":
        setattr(sys, name, None)
        return
    if what == "unread":
        reader, opened = os.pipe()
        os.close(reader)
    elif what == "full":
        opened = os.open("/dev/full", os.O_WRONLY)
    else:
        opened = os.open(folder / name, os.O_WRONLY | os.O_CREAT)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    raw = io.FileIO(number, "w", closefd=False)
    text = io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors="strict")
    setattr(sys, name, text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
