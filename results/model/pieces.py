"""`result.json` piece by piece: of thousands of bridges the text is larger than what it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from giaoban.results.model.result import Phase, Result

Pieces = Callable[[Any], Iterator[bytes]]


def in_pieces(result: Result) -> Iterator[bytes]:
    """What `Result.to_bytes` gives at once: each bridge and each link of each phase by itself."""
    yield from _apart(result, {"phases": _phase})
    yield b"\n"


def _phase(phase: Phase) -> Iterator[bytes]:
    return _apart(phase, {"bridges": _whole, "links": _whole})


def _apart(model: BaseModel, lists: Mapping[str, Pieces]) -> Iterator[bytes]:
    """A model, of which each item of these lists (in the model's order) is written by itself."""
    [rest] = _whole(model.model_copy(update={name: [] for name in lists}))
    for name, pieces_of in lists.items():
        key = f'\n  "{name}": ['.encode()  # no text holds a line's end, so it is the model's own
        before, _, rest = rest.partition(key)
        yield before + key
        between = b"\n    "
        for item in getattr(model, name):
            yield between
            for piece in pieces_of(item):
                yield piece.replace(b"\n", b"\n    ")
            between = b",\n    "
        if getattr(model, name):
            yield b"\n  "
    yield rest


def _whole(model: BaseModel) -> Iterator[bytes]:
    yield _adapter(type(model)).dump_json(model, by_alias=True, indent=2)


@cache
def _adapter(of: type[BaseModel]) -> TypeAdapter[BaseModel]:
    return TypeAdapter(of)
