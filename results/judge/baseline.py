"""An accepted answer about all failures: `results/baselines/NAME.toml`, small, reviewed as text.

One line a figure, sorted, so that what a change does to a network can be read from the difference
of two versions of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from giaoban.errors import NOTHING, InputError, near_names
from giaoban.provenance import Text
from giaoban.results.model.quantities import Amount, Count, FoundBy, Id, Method
from giaoban.results.model.result import Sha256
from giaoban.results.model.studies.failures import FailureId, FailureResult, FaultsAnswer
from giaoban.tomlfile import StrictModel, load, parse, read_text, toml_value

FOLDER = Path(__file__).parents[1] / "baselines"
OF_FAULTS = "giaoban.baseline/"
"""With what the schemas of all versions of such a file begin."""
SCHEMA = f"{OF_FAULTS}2"
NOTICED_MS = 20.0
"""Interruptions up to a packet of sound (20 ms, RFC 3551 §4.5) are not worth a line: nobody hears
them, and where none is written down it was no longer than this."""

_BY_BRIDGE = ("interruption_ms", "restored_interruption_ms")
NAME, LONGEST_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$", 48
Name = Annotated[str, Field(pattern=NAME, max_length=LONGEST_NAME)]
AcceptedVerdict = Literal["pass", "fail", "not-judged"]


class Tolerance(StrictModel):
    """By how much a figure may be worse before it counts, and why."""

    interruption_ms: Amount = 0.1
    """Of an interruption, in ms."""
    packets_lost: Count = 0
    """Of packets lost."""
    peak_pct: Amount = 0.1
    """Of a link's load, in percent."""
    reason: Text = (
        "time is virtual, so the same inputs give the same packets; 0.1 ms and 0.1 % are what one "
        "packet more or less ahead in a queue makes"
    )
    """Why so much."""


class Accepted(StrictModel):
    """One failure as it was accepted."""

    name_en: str = ""
    """What it is called in English."""
    name_vi: str = ""
    """What it is called in Vietnamese."""
    verdict: AcceptedVerdict
    """Verdict of the failure."""
    cut_off: list[Id]
    """Ids of the bridges that it cuts off. Like `["east"]`."""
    packets_lost: Count
    """Packets lost to it."""
    peak_pct: Amount | None = None
    """Worst load of the backbone, in percent."""
    peak_at: str | None = None
    """Where that is: `LINK A->B`. Like `"centre--north r-centre->r-north"`."""
    accepted: str | None = None
    """Why the scenario accepts it as a single point of failure. Like `"a spare is in store"`."""
    interruption_ms: dict[Id, Amount] = Field(default_factory=dict)
    """How long bridges were interrupted that were not cut off, by id, in ms; up to 20 ms nothing is
    written down. Like `{ north = 420.878 }`."""
    restored_interruption_ms: dict[Id, Amount] = Field(default_factory=dict)
    """The same when it was mended. Like `{ north = 296.554 }`."""


class Source(StrictModel):
    """A file that the accepted run was made from."""

    path: Text
    """Path of the file."""
    sha256: Sha256
    """SHA-256 of the file, in hexadecimal."""


class Baseline(StrictModel):
    """An accepted answer about all failures, which later runs are compared with. `giaoban
    accept` writes it."""

    schema_: Literal["giaoban.baseline/2"] = Field(default="giaoban.baseline/2", alias="schema")
    name: Name
    """Its name. Like `"with-east"`."""
    reason: Text
    """Why it is accepted."""
    accepted: date
    """When: a date."""
    method: Method = "sandbox"
    """How the run found it."""
    seed: int
    """Seed of the run."""
    scenario: Source
    """The scenario's file."""
    province: Source
    """The province's file."""
    bridges: Annotated[list[Id], Field(min_length=1)]
    """Ids of the bridges. Like `["centre", "north", "east"]`."""
    tolerance: Tolerance
    """By how much a figure may be worse before it counts."""
    names: dict[str, str] = Field(default_factory=dict)
    """What people call bridges, routers, links, by id: some may be gone when it is compared."""
    failure: Annotated[dict[FailureId, Accepted], Field(min_length=1)]
    """Each failure by its id, as it was accepted."""


def accept(
    answer: FaultsAnswer, *, name: str, reason: str, on: date, tolerance: Tolerance | None = None
) -> Baseline:
    """The baseline of an answer. `tolerance` is that of the one it replaces.

    Raises `InputError` for an answer that is no answer about the whole, and without a reason.
    """
    if not reason.strip():
        raise InputError('--reason = "": is empty (allowed: any text that says why it is accepted)')
    invalid = [f.id for f in answer.failures if f.verdict == "invalid"]
    if answer.verdict == "invalid" or invalid:
        raise InputError(
            "run {run_id}: is invalid, there is nothing to accept ({invalid})",
            run_id=answer.run_id,
            invalid=", ".join(invalid),
        )
    if not answer.whole:
        raise InputError(
            "run {run_id}: holds only failures picked with --only (allowed: a run of all failures)",
            run_id=answer.run_id,
        )
    inputs = answer.inputs
    return Baseline(
        name=_name(name),
        reason=reason.strip(),
        accepted=on,
        method=answer.method,
        seed=inputs.seed,
        scenario=Source(path=inputs.scenario.path, sha256=inputs.scenario.sha256),
        province=Source(path=inputs.province.path, sha256=inputs.province.sha256),
        bridges=sorted(bridge.id for bridge in answer.bridges),
        tolerance=tolerance or Tolerance(),
        names=dict(sorted((answer.names | {b.id: b.name for b in answer.bridges}).items())),
        failure={f.id: accepted_of(f) for f in sorted(answer.failures, key=lambda f: f.id)},
    )


def accepted_of(failure: FailureResult) -> Accepted:
    """The figures of one failure that are worth a review."""
    assert failure.verdict != "invalid"
    peak = failure.worst_link
    return Accepted(
        name_en=failure.name_en,
        name_vi=failure.name_vi,
        verdict="pass" if failure.verdict == "pass" else "fail",
        cut_off=failure.cut_off,
        packets_lost=failure.packets_lost,
        peak_pct=None if peak is None else round(peak.peak_pct, 3),
        peak_at=None if peak is None else f"{peak.id} {peak.direction}",
        accepted=None if failure.accepted is None else failure.accepted.reason,
        interruption_ms=_noticed(failure, "interruption_ms"),
        restored_interruption_ms=_noticed(failure, "restored_interruption_ms"),
    )


def _noticed(failure: FailureResult, what: str) -> dict[Id, Amount]:
    """By bridge, of those that were not cut off."""
    return {
        b.bridge: round(getattr(b, what), 3)
        for b in sorted(failure.bridges, key=lambda b: b.bridge)
        if getattr(b, what) > NOTICED_MS and not b.cut_off
    }


def text_of(baseline: Baseline) -> str:
    """The file's text, which `read` reads back."""
    lines = [
        "# Accepted with `giaoban accept`; what differs from it is told by",
        "# `giaoban faults … --baseline NAME`. Times in ms, loads in %.",
    ]
    data = baseline.model_dump(by_alias=True, exclude_none=True)
    failures: Mapping[str, Mapping[str, object]] = data.pop("failure")
    tables = {key: data.pop(key) for key in ("scenario", "province", "tolerance", "names")}
    lines += _pairs(data)
    for key, table in tables.items():
        if table or key != "names":
            lines += ["", f"[{key}]", *_pairs(table)]
    for ident in sorted(failures):
        figures = {key: told for key, told in failures[ident].items() if told != ""}
        by_bridge = {name: figures.pop(name) for name in _BY_BRIDGE}
        lines += ["", f"[failure.{toml_value(ident)}]", *_pairs(figures)]
        for name, told in by_bridge.items():
            assert isinstance(told, dict)
            lines += [f"{name}.{bridge} = {toml_value(ms)}" for bridge, ms in told.items()]
    return "\n".join(lines) + "\n"


def path_of(name: str, folder: Path = FOLDER) -> Path:
    """Where a baseline is: by its name, or the path of a .toml file."""
    return Path(name) if name.endswith(".toml") else folder / f"{_name(name)}.toml"


def read(name: str, folder: Path = FOLDER, method: Method | None = None) -> Baseline:
    """Read a baseline by name or path; one of ours by its name where the folder has none such.

    Raises `InputError` with a suggestion, every mistake, or of what was found by another `method`.
    """
    path = path_of(name, folder)
    if not path.exists() and name in names():
        path = path_of(name)
    if not path.exists() and not name.endswith(".toml"):
        known = names(folder)
        near = near_names("baseline", name, known) if known else NOTHING
        raise InputError(
            'no such baseline "{name}"{near} (to have one: run the command without --baseline, '
            'look at its answer, then giaoban accept RUN {name} --reason "…")',
            name=name,
            near=near,
        )
    found = load(path, Baseline)
    found_by(method, found.method, path)
    return found


def found_by(method: FoundBy | None, accepted: FoundBy | None, path: Path) -> None:
    """Raises `InputError` where what was accepted was found by another method: an estimate and an
    emulation of the same question differ, and that is no change."""
    if method is not None and accepted is not None and method != accepted:
        raise InputError(
            "{path}: was accepted of a run by {accepted} (allowed: one by {method})",
            path=path,
            accepted=accepted,
            method=method,
        )


def tolerance_in(path: Path) -> Tolerance:
    """The tolerances of a baseline's file, also of an older version of it, whose figures mean
    something else. Raises `InputError`."""
    try:
        data = parse(path, read_text(path))
        return Tolerance.model_validate(data.get("tolerance", {}))
    except (InputError, ValueError):  # told with the line at fault, as ever
        return load(path, Baseline).tolerance


def names(folder: Path = FOLDER) -> list[str]:
    """The names of the baselines there are, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def _name(name: str) -> str:
    if len(name) > LONGEST_NAME or not re.fullmatch(NAME, name):
        raise InputError(
            '--name = "{name}": is not a name (allowed: up to {longest_name} of a-z '
            'and 0-9 in words joined by "-")',
            name=name,
            longest_name=LONGEST_NAME,
        )
    return name


def _pairs(table: Mapping[str, object]) -> Iterator[str]:
    for key, value in table.items():
        yield f"{key} = {toml_value(value)}"
