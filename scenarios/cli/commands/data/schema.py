"""`giaoban schema`: what may stand in a file, as a JSON Schema for editors and other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.files import write_whole, writing
from giaoban.results.report.document import Par, pars, table
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.schemas.make import answer_names, input_names, text_of, write_all
from giaoban.schemas import COMMANDS, IN_A_PROJECT, OF_INPUT, kind_of, referring, schemas_near
from giaoban.sentence import Sentence
from giaoban.tomlfile import read_text

WHAT = {
    "accounts": "who may call the MCU, with passwords",
    "baseline": "an accepted answer about all failures",
    "criteria": "criteria and their thresholds",
    "devices": "MCUs and what calls cost on them",
    "impairments": "what happens to the packets of streams",
    "meeting": "a meeting of the catalogue",
    "meetings": "meetings that an MCU holds",
    "profiles": "call profiles",
    "project": "which files are meant where none are named",
    "province": "a province's network",
    "ranges": "how far assumed figures may be from what is said",
    "scenario": "bridges to be added, and how it is tried",
    "sweep": "a scenario over values on axes",
    "unmodelled": "what the model leaves out, and in which direction it errs",
    "variants": "ways to do it, and prices",
}
"""Every input file in a few words."""


def command(
    of: Annotated[
        list[str] | None,
        typer.Argument(
            help="which (without: the names of all); files with --refer", metavar="[NAME]"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="file that it goes to")] = None,
    every: Annotated[
        Path | None,
        typer.Option("--all", metavar="DIR", help="write those of all input files into a folder"),
    ] = None,
    refer: Annotated[
        bool,
        typer.Option(
            "--refer",
            help="give TOML files the first line by which editors find their schema, and the "
            f"schemas to {IN_A_PROJECT.as_posix()} of the project, or beside them",
        ),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Print the JSON Schema of an input file (or an answer), for editors and other programs."""
    given = of or []
    if every is None and not refer:
        if len(given) > 1:
            raise InputError("{names}: one at a time (or --all DIR)", names=", ".join(given))
        return _one(given[0], out) if given else _names(as_json)
    if out is not None or (given and not refer):
        raise InputError("--all and --refer write files of their own (allowed: no NAME, no --out)")
    if refer and not given:
        raise InputError("--refer: no file is named (allowed: giaoban schema --refer FILE …)")
    done = _written(every) if every is not None else []
    for path in given:
        done += _refer(Path(path))
    if as_json:
        print_json({"files": [str(path) for path in done]})
    else:
        print_blocks(*pars(map(str, done)))
    return 0


def _names(as_json: bool) -> int:
    """What there is, each with what it is in a few words."""
    inputs, answers = input_names(), answer_names()
    if as_json:
        print_json({"inputs": inputs, "answers": answers})
        return 0
    head = (Sentence("name"), Sentence("file"), Sentence("what it is"))
    rows = [(name, "TOML", Sentence(WHAT[name])) for name in inputs]
    rows += [(name, "JSON", _answer_of(name)) for name in answers]
    hint = Sentence("giaoban schema NAME prints one; --refer FILE … lets editors find it")
    print_blocks(table(head, rows), Par(hint, tone="quiet"))
    return 0


def _answer_of(name: str) -> Sentence:
    return Sentence("answer of giaoban {command}", command=COMMANDS.get(name, name))


def _one(name: str, out: Path | None) -> int:
    text = text_of(name)
    if out is None:
        sys.stdout.write(text)
        return 0
    write_whole(out, text.encode())
    return 0


def _refer(path: Path) -> list[Path]:
    """The line is put in; the schemas are, where its project has none."""
    text = read_text(path)
    if kind_of(text) is None:
        raise InputError(
            "{path}: its `schema` is none that has one (allowed: {kinds})",
            path=path,
            kinds=", ".join(f"giaoban.{kind}" for kind in input_names()),
        )
    done: list[Path] = []
    folder = schemas_near(path)
    if folder is None or not (folder / f"{kind_of(text)}{OF_INPUT}").exists():
        folder = folder or path.absolute().parent / IN_A_PROJECT
        done += _written(folder)
    said = referring(text, path, folder)
    if said != text:
        write_whole(path, said.encode())
        done.append(path)
    return done


def _written(folder: Path) -> list[Path]:
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return write_all(folder)
