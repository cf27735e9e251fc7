"""What an annex carries about itself."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.results.model.about import About, InputSum, RunSum, Text
from giaoban.results.model.answers import input_refs, kind_of
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.document import Document


def about(document: Document, parts: Sequence[AnswerWithProof]) -> About:
    return About(
        lang=document.lang,
        draft=document.draft,
        attached=document.attached,
        runs=[_run(part) for part in parts],
        texts=[Text(at=at, text=text) for at, text in document.texts() if text],
    )


def _run(part: AnswerWithProof) -> RunSum:
    answer, inputs = part.answer, part.answer.inputs
    return RunSum(
        run_id=answer.run_id,
        kind=kind_of(answer),
        verdict=answer.verdict,
        seed=inputs.seed,
        code=inputs.code,
        sum=part.proof.sum if part.proof else None,
        inputs=[
            InputSum(role=role, name=ref.path, sha256=ref.sha256)
            for role, ref in input_refs(inputs)
        ],
    )
