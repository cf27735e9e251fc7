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
    other: Annotated[
        str | None, typer.Option("--with", help="a second check, or its evidence, to compare with")
    ] = None,
    failures: Annotated[
        str | None, typer.Option("--failures", help="a run of `giaoban faults`, to show beside")
    ] = None,
    analysis: Annotated[
        str | None,
        typer.Option("--sensitivity", help="a run of `giaoban sensitivity`, to show beside"),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="port on 127.0.0.1; 0: a free one")
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="write the page to this file, serve nothing")
    ] = None,
    *,
    results: folders.Runs,
) -> int:
    """Serve a run as a page on this machine, until Ctrl-C."""
    with temporary_folder("view") as unpacked:
        folder, page = _page(run, other, failures, analysis, results, unpacked)
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


def _page(
    run: str | None,
    other: str | None,
    failures: str | None,
    analysis: str | None,
    results: Path,
    unpacked: Path,
) -> tuple[Path, str]:
    """The run's folder and its page; an evidence is unpacked first."""
    evidences: dict[Path, str] = {}
    with _told_as_sent(evidences):

        def opened(ref: str | None, *kinds: str) -> Path | None:
            if ref is None:
                return None
            found = _unpacked(ref, unpacked / "-".join(kinds))
            if found is not None:
                evidences[found] = ref
            return open_run(ref if found is None else str(found), results, *kinds)

        folder = opened(run, *KINDS) or last_run(results, *KINDS)
        beside, tried = opened(other, "check"), opened(failures, "faults")
        assumed = opened(analysis, "sensitivity")
        try:
            page = page_of(
                folder,
                lang=language.asked() or "vi",
                other=beside,
                failures=tried,
                analysis=assumed,
            )
        except (LookupError, ValueError, ArithmeticError) as error:
            what = Sentence("{name}: {error}", name=type(error).__name__, error=error)
            raise InputError(
                "{folder}: its files do not belong together: {what}", folder=folder, what=what
            ) from None
        for each in dict.fromkeys((folder, beside, tried, assumed)):
            if each is not None and (altered := altered_files(each)):
                tell(_not_as_made(each, altered))
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
