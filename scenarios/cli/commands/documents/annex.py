"""`giaoban annex RUN…`: the document that an office attaches, and beside it the evidence."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from giaoban.extras import need
from giaoban.files import make_folder_of, refuse_other_ending, write_whole
from giaoban.processes.cluster import workers_for
from giaoban.processes.ownership import temporary_folder
from giaoban.processes.workers import cores
from giaoban.results.archive.evidence.documents import record_document
from giaoban.results.archive.evidence.pack import ENDING, write_evidence
from giaoban.results.archive.store import open_run
from giaoban.results.model.manifest import MANIFEST
from giaoban.results.model.robustness import Robustness
from giaoban.results.report.annex.make import Format, annex_bytes
from giaoban.results.report.document import Par, pars
from giaoban.results.report.letter import make_letter
from giaoban.scenarios.cli import folders
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json, progress
from giaoban.scenarios.cli.runs import last_for_annex
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.annex_worlds import LEAST_WORLDS, with_worlds
from giaoban.scenarios.study.documents import DOCUMENTED, chapters_of
from giaoban.scenarios.study.sensitivity.sensitivity import draw_worlds
from giaoban.sentence import Sentence


def command(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            help="runs: of giaoban check, faults, load and sensitivity [the last]", metavar="[RUN…]"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="the .pdf or .docx file [phu-luc-RUN.pdf]")
    ] = None,
    number: Annotated[
        str, typer.Option("--letter-number", help="number and signs of the letter, 15/STTTT-CNTT")
    ] = "",
    date: Annotated[
        str, typer.Option("--letter-date", help="date of the letter, 2026-11-25 or 25/11/2026")
    ] = "",
    issuer: Annotated[str, typer.Option("--issuer", help="body that issues the letter")] = "",
    annex: Annotated[
        str, typer.Option("--annex-number", help="Roman number, if the letter has several annexes")
    ] = "",
    worlds: Annotated[
        int,
        typer.Option(
            "--worlds",
            metavar="N",
            min=0,
            max=100_000,
            help="worlds drawn by estimate for a check that passes and has none; 0: none",
        ),
    ] = LEAST_WORLDS,
    *,
    results: folders.Results,
    as_json: AsJson = False,
) -> int:
    """Write the annex of checks, faults, load tests and sensitivity; beside it their evidence.

    An evidence packs inputs, plan, result and measures of a run, and sums of its annexes.

    A check that passes without an analysis is estimated in 40 worlds, in each of which all assumed
    figures are changed at once; the annex says in how many it passes. A run that is invalid,
    estimated, or of uncommitted code gives a draft, marked on every page.
    """
    to = make_letter(number, date, issuer, annex)
    form: Format = "pdf"
    if out is not None:
        refuse_other_ending(out, ".pdf", ".docx")
        form = "docx" if out.suffix.lower() == ".docx" else "pdf"
    if form == "docx":
        need("docx")

    def draw(question: Question) -> Robustness | None:
        if not worlds:
            return None
        with workers_for(cores()) as helpers, progress() as told:
            return draw_worlds(question, worlds, told, helpers)

    with temporary_folder("annex") as folder:
        asked = runs or last_for_annex(results)
        vary = partial(with_worlds, draw=draw)
        chapters = chapters_of(asked, results, folder, pixels=form == "docx", vary=vary)
        data, draft = annex_bytes(chapters, form=form, letter=to)
    named = f"phu-luc-{chapters[0].part.answer.run_id}.pdf"
    path = out or Path(named)
    make_folder_of(path)
    evidences = []
    write_whole(path, data)
    for ref in dict.fromkeys(asked):
        folder = open_run(ref, results, *DOCUMENTED)
        record_document(folder, data, draft=draft)
        if (folder / MANIFEST).is_file():
            evidences.append(path.with_name(f"{folder.resolve().name}{ENDING}"))
            write_evidence(folder, evidences[-1])
    if as_json:
        print_json({"file": str(path), "evidence": [*map(str, evidences)], "draft": draft})
        return 0
    why = Par(Sentence("only a draft: see its head for the reasons"), bold=True, tone="doubt")
    print_blocks(Par(str(path)), *pars(map(str, evidences)), *([why] if draft else []))
    return 0
