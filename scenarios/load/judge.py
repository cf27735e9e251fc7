"""Criteria of a load test, their thresholds, and the verdict. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from giaoban.errors import InputError, near_names
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.studies.load import (
    LoadCriterion,
    MediaResult,
    OperationResult,
    Sessions,
    Storm,
)
from giaoban.translation import N_, translator

E721 = N_("ITU-T E.721 (1999) table 2, post-selection delay of local connections")
OURS = N_("our own: none of what this software asks for may fail")
ASSUMED = N_("assumed; to be settled with whoever chairs the meetings")
CALLS_NOT_HEARD, CALLS_NOT_SEEN = "calls-not-heard", "calls-not-seen"
SET_HERE = N_("set for this test")


@dataclass(frozen=True)
class _Measured:
    sessions: Sessions
    operations: Mapping[str, OperationResult]
    storm: Storm | None
    media: Mapping[str, MediaResult]


@dataclass(frozen=True)
class _Criterion:
    """`value` None: nothing of the kind was done, so it is not judged."""

    id: str
    name: str
    unit: str
    value: Callable[[_Measured], float | None]
    threshold: float = 0
    source: str = OURS


def _failed(operation: str) -> Callable[[_Measured], float | None]:
    def value(measured: _Measured) -> float | None:
        found = measured.operations.get(operation)
        return None if found is None else float(sum(found.failed.values()))

    return value


def _missed(medium: str) -> Callable[[_Measured], float | None]:
    def value(measured: _Measured) -> float | None:
        found = measured.media.get(medium)
        return float(sum(found.missed.values())) if found is not None and found.calls else None

    return value


_OF_OPERATION = {
    "options": ("options-failed",),
    "register": ("registrations-failed",),
}
_OF_MEDIUM = {"audio": CALLS_NOT_HEARD, "video": CALLS_NOT_SEEN}

CRITERIA: tuple[_Criterion, ...] = (
    _Criterion("calls-not-set-up", N_("Calls not set up"), "calls", _failed("invite")),
    _Criterion(
        "calls-dropped",
        N_("Calls dropped by the MCU"),
        "calls",
        lambda m: float(m.sessions.dropped) if m.sessions.established else None,
    ),
    _Criterion(
        "setup-p95",
        N_("Call set-up delay (95th percentile)"),
        "ms",
        lambda m: m.sessions.setup.p95_ms if m.sessions.setup else None,
        6000,
        E721,
    ),
    _Criterion(
        "setup-mean",
        N_("Call set-up delay (mean)"),
        "ms",
        lambda m: m.sessions.setup.mean_ms if m.sessions.setup else None,
        3000,
        E721,
    ),
    _Criterion(
        CALLS_NOT_HEARD,
        N_("Calls in which the bridge did not hear what it should"),
        "calls",
        _missed("audio"),
    ),
    _Criterion(
        CALLS_NOT_SEEN,
        N_("Calls in which the bridge did not see what it should"),
        "calls",
        _missed("video"),
    ),
    _Criterion("registrations-failed", N_("Registrations refused"), "times", _failed("register")),
    _Criterion("options-failed", N_("OPTIONS not answered"), "times", _failed("options")),
    _Criterion("hang-ups-failed", N_("Hang-ups not answered"), "times", _failed("bye")),
    _Criterion(
        "bridges-missing",
        N_("Bridges not back after the fault"),
        "bridges",
        lambda m: float(m.storm.missing) if m.storm else None,
    ),
    _Criterion(
        "last-back",
        N_("Until the last bridge is back"),
        "s",
        lambda m: m.storm.last_back_s if m.storm else None,
        60,
        ASSUMED,
    ),
)


def thresholds_of(texts: Sequence[str]) -> dict[str, float]:
    """Thresholds from `ID=NUMBER` of the command line. Raises `InputError`."""
    known = {criterion.id for criterion in CRITERIA}
    found: dict[str, float] = {}
    for text in texts:
        ident, _, number = text.partition("=")
        if ident not in known:
            raise InputError(
                "--max {text}: no such criterion{choices}", text=text, choices=_choices(ident)
            )
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise InputError(
                "--max {text}: must be a number of 0 or more, as {ident}=0", text=text, ident=ident
            )
        found[ident] = value
    return found


def judge(
    sessions: Sessions,
    operations: Sequence[OperationResult],
    storm: Storm | None,
    thresholds: Mapping[str, float],
    *,
    media: Sequence[MediaResult] = (),
    lacks: Collection[str] = (),
) -> list[LoadCriterion]:
    """Every criterion that something of its kind was done for.

    Args:
        lacks: operations that the device does not have: what they came to is not judged unless a
            threshold was given for it.
    """
    by_operation = {each.operation: each for each in operations}
    of_medium = {str(each.medium): each for each in media}
    measured = _Measured(sessions, by_operation, storm, of_medium)
    left_out = {ident for each in lacks for ident in _OF_OPERATION[each]} - set(thresholds)
    left_out |= {_OF_MEDIUM[each.medium] for each in media if not each.calls}
    vietnamese = translator("vi").text
    judged = []
    for criterion in CRITERIA:
        value = None if criterion.id in left_out else criterion.value(measured)
        if value is None and criterion.id not in left_out:
            continue
        limit = float(thresholds.get(criterion.id, criterion.threshold))
        set_here = criterion.id in thresholds
        source = SET_HERE if set_here else criterion.source
        judged.append(
            LoadCriterion(
                id=criterion.id,
                name_en=criterion.name,
                name_vi=vietnamese(criterion.name),
                value=value,
                threshold=limit,
                unit=criterion.unit,
                ok=None if value is None else value <= limit,
                source=source,
                source_vi=vietnamese(source),
                set_here=set_here,
            )
        )
    return judged


def verdict_of(criteria: Sequence[LoadCriterion], wrong: Sequence[object]) -> Verdict:
    """Invalid before anything else: figures that do not hold are no failure of the MCU's."""
    if wrong:
        return "invalid"
    return "fail" if any(criterion.ok is False for criterion in criteria) else "pass"


def _choices(ident: str) -> str:
    known = [criterion.id for criterion in CRITERIA]
    return near_names("criterion of load", ident, known, every=True)
