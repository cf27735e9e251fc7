"""What commands print for people is Vietnamese where they are asked for it: nothing English is
left but names and codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import failures_factory
import pytest
import results_factory as make

from giaoban.translation import translator
from results.judge.off_by import OffBy
from results.model.failures import Change, Comparison, FaultsAnswer
from results.model.result import RefusedCommand, Result
from results.report import failures_summary, summary
from results.report.document import Block
from results.report.terminal import in_language

ENGLISH = re.compile(r"\b(?:a|an|and|are|at|by|for|has|is|it|its|not|of|that|the|was|were|with)\b")
"""Words that no sentence of English goes without, and of which none is Vietnamese."""
WORD = re.compile(r"[^\W\d_]{2,}")
NO_WORDS = {"kb", "Mb", "ms", "km", "GB", "MCU", "MOS", "SIP"}
"""Units and abbreviations, which are the same in both."""


def texts(value: Any) -> Iterator[str]:
    """Every text of a block, in its order."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in ("aligns", "tone", "keep", "gives", "ident", "to"):
                yield from texts(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def shown(blocks: Iterable[Block], language: str) -> list[str]:
    """What a terminal shows of blocks, a text each."""
    say = translator(language).say
    return [text for block in blocks for text in texts(in_language(block, say))]


def english_left(en: Iterable[Block], vi: Iterable[Block], known: Iterable[str]) -> list[str]:
    """Texts that are the same in both, or have words of English; without names and codes."""
    names = sorted({name for name in known if name}, key=len, reverse=True)
    same = set(shown(en, "en"))
    left = []
    for text in shown(vi, "vi"):
        bare = text
        for name in names:
            bare = bare.replace(name, " ")
        words = [word for word in WORD.findall(bare) if word not in NO_WORDS]
        if (text in same and words) or ENGLISH.search(bare):
            left.append(text)
    return left


def checks() -> Iterator[Any]:
    plain = make.result()
    yield pytest.param(plain, id="passes")
    yield pytest.param(make.result(invalid=[make.unaccounted(3)]), id="invalid")
    yield pytest.param(make.result(thresholds={"mouth-to-ear": 100.0}), id="fails")
    engine = plain.engine.model_copy(update={"name": "estimate"})
    yield pytest.param(plain.model_copy(update={"engine": engine}), id="estimated")
    nothing_new = plain.question.model_copy(update={"new": []})
    off = OffBy(
        delay_ms_max=0.1, delay_worst_at="cu-jut", loss_points_max=0.0, within=True,
        same_verdict=True, same_binding=False,
    )  # fmt: skip
    refused = RefusedCommand(by="cu-jut", command="mute-all", on=None, code=403, reason="no")
    yield pytest.param(
        plain.model_copy(
            update={
                "question": nothing_new,
                "estimate": off,
                "refused_commands": [refused],
                "names": plain.names | {f"n-{n}": f"N {n}" for n in range(301)},
            }
        ),
        id="with all notes",
    )


@pytest.mark.parametrize("result", list(checks()))
def test_of_a_check(result: Result) -> None:
    en, vi = summary.brief(result), summary.brief(result, "vi")
    assert english_left(en, en, ()) != []
    assert english_left(en, vi, [*result.names, *result.names.values()]) == []


def trials() -> Iterator[Any]:
    yield pytest.param(failures_factory.answer(), id="passes, one accepted")
    yield pytest.param(failures_factory.answer(accepts=()), id="a single point")
    yield pytest.param(failures_factory.answer(accepts=("cut:x", "silent:y")), id="not needed")
    touched = [
        failures_factory.impact("cu-jut", 1912.25, lost=87, restored_interruption_ms=30.0),
        failures_factory.impact("dak-glong", 700.0, redials=2, cut_off=True),
        failures_factory.impact("gia-nghia", path_before=["a--b"], path_after=["access-x"]),
    ]
    slow = failures_factory.failure(
        "cut:gia-nghia--cu-jut", touched, {"gia-nghia--cu-jut": 91.0}, verdict="fail",
        reasons=["Longest interruption: 1912 ms, allowed at most 1000 ms (cu-jut)"],
    )  # fmt: skip
    yield pytest.param(failures_factory.answer([slow], accepts=()), id="fails")
    lost = failures_factory.failure(
        "router:r-cu-jut", verdict="invalid", reasons=[make.unaccounted(2)]
    )
    yield pytest.param(failures_factory.answer([slow, lost], accepts=()), id="invalid")
    for changes in ([], [Change(sense="worse", failure="cut:gia-nghia--cu-jut", what="x")]):
        compared = Comparison(
            baseline="ring", reason="y", by_criteria="fail", changes=changes,
            known=["cut:gia-nghia--dak-glong", "site:dak-glong"],
        )  # fmt: skip
        answer = failures_factory.answer(accepts=(), comparison=compared)
        yield pytest.param(answer, id=f"{len(changes)} changes")


@pytest.mark.parametrize("answer", list(trials()))
def test_of_failures(answer: FaultsAnswer) -> None:
    shown_of = {"link": "gia-nghia--cu-jut", "bridge": "cu-jut"}
    en = list(failures_summary.brief(answer, **shown_of))
    vi = list(failures_summary.brief(answer, **shown_of, language="vi"))
    known = [*answer.names, *answer.names.values(), *answer.possible, "a->b", "a--b", "ring"]
    assert english_left(en, en, ()) != []
    assert english_left(en, vi, [*known, "cut:", "silent:", "site:", "router:"]) == []
