"""`giaoban view [RUN]`: a run in the browser."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.files import MOST_ANSWER, read_file, write_whole
from giaoban.processes import interruptions
from giaoban.processes.ownership import temporary_folder
from giaoban.results.archive.evidence.manifest import altered_files
from giaoban.results.archive.evidence.pack import ENDING, is_evidence, unpack
from giaoban.results.archive.page import page_of
from giaoban.results.archive.store import open_run
from giaoban.results.report.document import Par
from giaoban.results.report.view.serve import PageServer
from giaoban.scenarios.cli import folders, language
from giaoban.scenarios.cli.output import print_blocks, tell
from giaoban.scenarios.cli.runs import last_run
from giaoban.sentence import Sentence, joined

KINDS = ("check", "faults")
_ZIP = Path(ENDING).suffix


def command(
    run: Annotated[
        str | None,
        typer.Argument(help="run: folder, id, its beginning, or its evidence [the newest]"),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="port on 127.0.0.1; 0: a free one")
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="write the page to this file, serve nothing")
    ] = None,
    *,
    results: folders.Results,
) -> int:
    """Serve a run as a page on this machine, until Ctrl-C."""
    with temporary_folder("view") as unpacked:
        folder, page = _page(run, results, unpacked)
    if out is not None:
        write_whole(out, page.encode())
        print_blocks(Par(Sentence("page: {out}", out=out)))
        return 0
    with PageServer(page, port) as server:
        said = f"{folder.name}: {server.url} (Ctrl-C to stop)"
        print_blocks(Par(said))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            interruptions.taken()
            print_blocks(Par(Sentence("stopped")))
    return 0


def _page(run: str | None, results: Path, unpacked: Path) -> tuple[Path, str]:
    """Return the run's folder and its page; an evidence is unpacked first."""
    evidences: dict[Path, str] = {}
    with _told_as_sent(evidences):
        found = None if run is None else _unpacked(run, unpacked)
        if found is not None and run is not None:
            evidences[found] = run
        if run is None:
            folder = last_run(results, *KINDS)
        else:
            folder = open_run(run if found is None else str(found), results, *KINDS)
        page = page_of(folder, lang=language.asked() or "vi")
        if altered := altered_files(folder):
            tell(_not_as_made(folder, altered))
        return folder, page


def _not_as_made(folder: Path, altered: list[str]) -> Sentence:
    """A page shows what the files say now: neither annex nor evidence would be made of them."""
    files = joined(", ", altered[:3])
    return Sentence(
        "{run}: {files} {n:is|are} not as when the run was made, and so is what the page shows; "
        "no annex and no evidence is made of it",
        run=folder.name,
        files=joined(" ", [files, "…"]) if len(altered) > 3 else files,
        n=len(altered),
    )


@contextmanager
def _told_as_sent(evidences: Mapping[Path, str]) -> Iterator[None]:
    """Errors name the evidence as it was sent: where it was unpacked nobody can look."""
    try:
        yield
    except InputError as error:
        raise _as_sent(error, evidences) from None


def _as_sent(error: InputError, evidences: Mapping[Path, str]) -> InputError:
    """The same error, of an evidence by its name as it was sent."""
    for folder, evidence in evidences.items():
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_file() and str(path) in error.said:
                return InputError(
                    "{evidence}: {entry} in it cannot be read",
                    evidence=evidence,
                    entry=path.relative_to(folder),
                )
        if str(folder) in error.said:
            said = {
                name: evidence if str(value) == str(folder) else value
                for name, value in error.said.values.items()
            }
            return InputError(error.said.msgid, **said)
    return error


def _unpacked(ref: str, into: Path) -> Path | None:
    """The run of an evidence, whatever its file is called; None: what is meant is no such file."""
    path = Path(ref)
    named = path.suffix.lower() == _ZIP and not os.path.isdir(ref)
    if not named and not os.path.isfile(ref):
        return None
    data = read_file(path, _ZIP[1:], most=MOST_ANSWER)
    if not is_evidence(data):
        if not named:
            return None  # a run may be called as some file is
        raise InputError("{path}: {why}", path=path, why=Sentence("it is no evidence"))
    return unpack(data, into)
