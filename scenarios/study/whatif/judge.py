"""From an answer to what a comparison shows of it."""

from __future__ import annotations

from giaoban.errors import InvalidRun
from giaoban.results.model.quantities import Method
from giaoban.results.model.result import InUse, Result
from giaoban.results.model.studies.whatif import Judged, Margin
from giaoban.results.report.screen_wording import place_words
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.study.whatif.cut_away import UnreachableBridges

CONFIRMED = "confirmed"
"""The folder of the emulations, within an answer's own."""


def as_confirmed(name: str, found: Result | InvalidRun, engine: EngineName) -> Judged:
    """What an emulation says that has the folder of this name, or that it came to no result."""
    run = f"{CONFIRMED}/{name}"
    if not isinstance(found, InvalidRun):
        return judged(found, engine.value, run)
    return Judged(
        method=engine.value,
        verdict="invalid",
        reasons=[str(found)],
        binding=None,
        where="",
        margins=[],
        in_use=None,
        run=run,
    )


def judged(result: Result, method: Method, run: str | None = None) -> Judged:
    where = place_words(None if result.binding is None else result.binding.place, result)
    most = max((phase.mcu for phase in result.phases), key=lambda mcu: mcu.used_pct)
    return Judged(
        method=method,
        verdict=result.verdict,
        reasons=result.reasons,
        binding=result.binding,
        where=str(where),
        where_vi=where.vi,
        margins=[
            Margin(
                criterion=c.id,
                name_en=c.name_en,
                name_vi=c.name_vi,
                value=c.value,
                threshold=c.threshold,
                unit=c.unit,
                ok=c.ok,
                margin_pct=c.margin_pct,
                worst_at=c.worst_at,
            )
            for c in result.criteria
            if c.shown
        ],
        in_use=InUse.model_validate(most.model_dump(include=set(InUse.model_fields))),
        run=run,
        seeds=result.seeds,
    )


def of_the_whole(found: Judged, cut_off: UnreachableBridges) -> Judged:
    """A verdict on the bridges that are left, as one on all that were asked for.

    That others are well excuses nobody's being cut off; what binds them is no answer then.
    """
    if not cut_off.needlessly or found.verdict == "invalid":
        return found
    reasons = [cut_off.reason, *found.reasons]
    failed = {"verdict": "fail", "reasons": reasons, "binding": None, "where": "", "where_vi": ""}
    return found.model_copy(update={**failed, "seeds": None})
