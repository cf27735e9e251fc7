"""`giaoban annex RUN…` and `giaoban evidence RUN`: what an office attaches, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping
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
from giaoban.results.model.answers import ANSWERS as PROVED
from giaoban.results.model.robustness import Robustness
from giaoban.results.report.annex.make import Format, annex_bytes
from giaoban.results.report.document import Par
from giaoban.results.report.letter import make_letter
from giaoban.scenarios.cli import folders, language
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json, progress
from giaoban.scenarios.cli.runs import last_for_annex, last_run
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.annex_worlds import LEAST_WORLDS, with_worlds
from giaoban.scenarios.study.documents import DOCUMENTED, chapters_of
from giaoban.scenarios.study.sensitivity.sensitivity import draw_worlds
from giaoban.sentence import Sentence
from giaoban.translation import SOURCE, Language

NAMES: Mapping[Language, str] = {"vi": "phu-luc", "en": "annex"}


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
    letter: Annotated[
        str, typer.Option("--letter-kind", help="kind of the letter, instead of Công văn")
    ] = "",
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
    results: folders.Runs,
    as_json: AsJson = False,
) -> int:
    """Write the annex of one or more checks, with the failures that were tried for them, load
    tests, and how far the assumptions may be off.

    A check that passes without an analysis is estimated in 40 worlds, in each of which all assumed
    figures are changed at once; the annex says in how many it passes. A run that is invalid,
    estimated, or of uncommitted code gives a draft, marked on every page.
    """
    lang = language.asked() or "vi"
    to = make_letter(number, date, issuer, letter, annex)
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
        chapters = chapters_of(asked, results, folder, lang, pixels=form == "docx", vary=vary)
        data, draft = annex_bytes(chapters, lang=lang, form=form, letter=to)
    named = f"{NAMES.get(lang, NAMES[SOURCE])}-{chapters[0].part.answer.run_id}.pdf"
    path = out or Path(named)
    make_folder_of(path)
    for ref in dict.fromkeys(asked):
        record_document(open_run(ref, results, *DOCUMENTED), data, draft=draft)
    write_whole(path, data)
    if as_json:
        print_json({"file": str(path), "draft": draft})
        return 0
    why = Par(Sentence("only a draft: see its head for the reasons"), bold=True, tone="doubt")
    print_blocks(Par(str(path)), *([why] if draft else []))
    return 0


def evidence(
    run: Annotated[
        str | None, typer.Argument(help="run: folder, id, or the beginning of an id [the last]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help=f"the {ENDING} file [RUN{ENDING}]")
    ] = None,
    *,
    results: folders.Runs,
    as_json: AsJson = False,
) -> int:
    """Pack inputs, plan, result and measures of a run, and sums of its annexes, into one file."""
    if out is not None:
        refuse_other_ending(out, ENDING)
    folder = last_run(results, *PROVED) if run is None else open_run(run, results, *PROVED)
    path = out or Path(f"{folder.resolve().name}{ENDING}")
    make_folder_of(path)
    proof = write_evidence(folder, path)
    if as_json:
        print_json({"file": str(path), "sum": proof.sum})
        return 0
    print_blocks(Par(str(path)), Par(Sentence("sum: {sum}", sum=proof.sum)))
    return 0
