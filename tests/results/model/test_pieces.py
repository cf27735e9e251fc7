"""`result.json` written piece by piece is what is written at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import results_factory as make

from giaoban.results.archive.store import write_result
from giaoban.results.model.result import Result, in_pieces

NOBODY = [make.phase("before", []), make.phase("during", [make.bridge("gia-nghia")], links=[])]
RESULTS = {
    "whole": make.result(),
    "phases of nobody": make.result().model_copy(update={"phases": NOBODY}),
    "no phases": make.result().model_copy(update={"phases": []}),
    "a text like a key": make.result().model_copy(
        update={"reasons": ['\n  "phases": [', '"phases": []', "\r\n"]}
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_the_pieces_are_the_whole(name: str, tmp_path: Path) -> None:
    result: Result = RESULTS[name]
    assert b"".join(in_pieces(result)) == result.to_json().encode()
    assert write_result(tmp_path, result).read_bytes() == result.to_json().encode()


def test_no_piece_is_large() -> None:
    """Of a phase with many bridges each bridge is a piece."""
    many = [make.bridge(f"xa-{n}") for n in range(50)]
    result = make.result().model_copy(update={"phases": [make.phase("before", many)]})
    assert max(map(len, in_pieces(result))) < len(result.to_json().encode()) / 8
