"""Whether a document may be used for an approval, or is a draft, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from giaoban.results.model.answers import ESTIMATE, Answer
from giaoban.results.model.manifest import Proof
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.wording import reasons
from giaoban.translation import translator

ANALYSIS_UNPROVED = (
    "phân tích giả định {run} không nằm trong tệp bằng chứng nào (giaoban check "
    "--sensitivity đưa phân tích vào tệp bằng chứng của lần kiểm tra);"
)


class AnswerWithProof(NamedTuple):
    """An answer with the proof of its evidence, if it has one."""

    answer: Answer
    proof: Proof | None


def flaws(answer: Answer, proof: Proof | None) -> list[str]:
    """Why an answer is no basis for an approval: keys of the annex's words. None: it is one."""
    found = []
    if answer.verdict == "invalid":
        found.append("draft invalid")
    if answer.engine is not None and str(answer.engine.name) == ESTIMATE:
        found.append("draft estimate")
    if answer.inputs.commit is None or not answer.inputs.committed:
        found.append("draft uncommitted")
    if proof is None:
        found.append("draft unproved")
    return found


def notices(parts: Sequence[AnswerWithProof], unproved: Sequence[str] = ()) -> list[str]:
    """What a draft says at its head; empty: it is none. `unproved`: runs of analyses of assumptions
    that no evidence of a check holds."""
    found: list[str] = []
    said = [(part, flaws(part.answer, part.proof)) for part in parts]
    for part, keys in said:
        say = AnnexWording(part.answer)
        found += [f"– {say(key, run=say.run())}" for key in keys]
    found += [f"– {translator('vi').fill(ANALYSIS_UNPROVED, run=run)}" for run in unproved]
    if not found:
        return []
    found[-1] = found[-1].rstrip(";") + "."
    lines = [AnnexWording(parts[0].answer)("draft"), *found]
    for part, _ in said:
        if part.answer.verdict == "invalid" and part.answer.reasons:
            say = AnnexWording(part.answer)
            lines.append(say("reasons", run=say.run()))
            told = reasons(part.answer, say)
            lines += [f"– {reason}" for reason in told]
    return lines
