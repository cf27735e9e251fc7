"""Do two runs say the same? Times to 0.1 ms, counts and words exactly, other numbers to 1e-6.

Left out, as they may differ between runs that measured the same: run id, kernel, commit (the code
has a sum of its own), paths of inputs, seconds that an analysis took; and what only repeats a
measure in other words (a refusal in Vietnamese, margins, reasons of a valid run, and the place of a
worst value that is the same within tolerance).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from giaoban.results.model.result import Result
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.model.studies.sensitivity import Sensitivity

TIME_TOLERANCE_MS = 0.1
RELATIVE = 1e-6
#: What 0.1 ms of delay and 0.1 ms of jitter can move a MOS by (G.107: under 0.1 R a ms).
MOS_TOLERANCE = 1e-3
#: RTCP tells jitter in ticks of the media clock (RFC 3550 §6.4.1): one of 8 kHz more or less.
RTCP_TICK_MS = 0.125
#: What 0.1 ms is of a second, in percent: for shares of time.
TIME_SHARE_PCT = 0.01

_KEYS = ("id", "name", "kind", "direction", "bridge", "what", "by", "command")
_INPUTS = frozenset({"inputs", "engine", "question", "meeting", "impairments"})
_IGNORED = frozenset(
    {
        "run_id",
        "engine.kernel",
        "inputs.commit",
        "inputs.committed",
        "estimate",
        "seconds",
        "seeds.refused_vi",
        "unjudged_limits",  # what the inputs say, and an answer of before does not
    }
)
_SPREAD = ("least", "median", "largest")
"""Of a criterion's value at other seeds."""
_DERIVED = frozenset({"margin_pct", "worst_at", "place", "where"})


class Difference(NamedTuple):
    """One difference; `path` e.g. `phases[during].links[a--b r-a->r-b].drops`; None: not there."""

    kind: Literal["input", "measure"]
    path: str
    a: object
    b: object


def differences[T: (Result, FaultsAnswer, LoadResult, Sensitivity)](a: T, b: T) -> list[Difference]:
    """What differs between two results of the same kind, in the order of the file.

    Empty: the same measures.
    """
    found: list[Difference] = []
    _compare("", a.model_dump(by_alias=True), b.model_dump(by_alias=True), "", found)
    return found


def _compare(path: str, a: Any, b: Any, unit: str, found: list[Difference]) -> None:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        _compare_maps(path, a, b, found)
    elif isinstance(a, list) and isinstance(b, list):
        _compare_lists(path, a, b, unit, found)
    elif not _same(a, b, unit):
        kind: Literal["input", "measure"] = (
            "input" if re.split(r"[.\[]", path)[0] in _INPUTS else "measure"
        )
        found.append(Difference(kind, path, a, b))


def _compare_maps(
    path: str, a: Mapping[str, Any], b: Mapping[str, Any], found: list[Difference]
) -> None:
    skip: set[str] = {"margin_pct"} if "threshold" in a else set()
    if "threshold" in a and _same(a["value"], b["value"], _unit("value", a)):
        skip |= _DERIVED
    if path == "binding" and a["criterion"] == b["criterion"]:
        skip |= _DERIVED | {"value"}  # the criterion's own, which knows the tolerance of its figure
    if "bound" in a:  # which says it, and knows the tolerance
        skip.add("margin_pct")
    if path.startswith("inputs."):
        skip.add("path")
    if "verdict" in a and a["verdict"] == b["verdict"] != "invalid":
        skip.add("reasons")
    skip |= {"reason_codes", "reasons_vi"}  # the reasons once more
    for key in dict.fromkeys([*a, *b]):
        here = f"{path}.{key}" if path else key
        if key not in skip and here not in _IGNORED:
            _compare(here, a.get(key), b.get(key), _unit(key, a), found)


def _compare_lists(
    path: str, a: list[Any], b: list[Any], unit: str, found: list[Difference]
) -> None:
    named_a, named_b = _by_name(a), _by_name(b)
    for name in dict.fromkeys([*named_a, *named_b]):
        _compare(f"{path}[{name}]", named_a.get(name), named_b.get(name), unit, found)


def _by_name(items: Sequence[Any]) -> dict[str, Any]:
    """Items by what identifies them, so that one missing does not shift all the others."""
    named: dict[str, Any] = {}
    for index, item in enumerate(items):
        name = str(item)
        if isinstance(item, Mapping):
            if "target" in item:
                keys: tuple[str, ...] = ("id", "direction", "media", "from_s")
            elif "key" in item:
                keys = ("key",)
            elif "id" in item:
                keys = ("id", "direction") if "rate_mbps" in item else ("id",)
            else:
                keys = _KEYS
            name = " ".join(str(item[key]) for key in keys if key in item)
        named[name if name not in named else f"{name} #{index}"] = item
    return named


def _unit(key: str, siblings: Mapping[str, Any]) -> str:
    if key in ("value", *_SPREAD):
        of = str(siblings.get("measure") or "").split(" ")[-1]
        part = {"reports": 0} if of.startswith("rtcp.") else {}
        return _unit(of.removeprefix("rtcp."), part) or str(siblings.get("unit", ""))
    if key == "jitter_ms" and "reports" in siblings:
        return "RTCP ms"
    if key in ("freeze_pct", "freeze_pct_20s"):
        return "time share"
    if key.endswith("_ms") or "_ms_" in key:
        return "ms"
    return "MOS" if key in ("mos", "mos_listening") else ""


_TOLERANCE: Mapping[str, float] = {
    "ms": TIME_TOLERANCE_MS,
    "RTCP ms": TIME_TOLERANCE_MS + RTCP_TICK_MS,
    "time share": TIME_SHARE_PCT,
    "MOS": MOS_TOLERANCE,
}


def _same(a: object, b: object, unit: str) -> bool:
    if isinstance(a, float | int) and isinstance(b, float | int) and not isinstance(a, bool):
        if unit in _TOLERANCE:
            return abs(a - b) <= _TOLERANCE[unit] + 1e-9
        if isinstance(a, float) or isinstance(b, float):
            return abs(a - b) <= RELATIVE * max(abs(a), abs(b))
    return a == b
