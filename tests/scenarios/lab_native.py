"""In the guest: the program with `--engine native`, as on a machine with netem.

`lab_native FOLDER WORDS…`: standard output, standard error and the exit code go to files in the
folder; whatever the verdict, the guest has answered.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import giaoban.scenarios.cli.commands.check.check  # noqa: F401 - told to `tests.kept`: it is imported by its name
from giaoban.scenarios.cli import entry
from giaoban.scenarios.study import check


def main(folder: Path, *words: str) -> None:
    # pictures and annex are no matter of the engine, and dear in the guest
    check.draw_pictures = lambda *_, **__: {}
    check.write_annex = lambda *_: None
    with (
        (folder / "out").open("w", encoding="utf-8") as out,
        (folder / "err").open("w", encoding="utf-8") as err,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        sys.argv = ["giaoban", "check", *words, "--engine", "native", "--seeds", "0"]
        code = entry.run()
    (folder / "code").write_text(str(code), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
