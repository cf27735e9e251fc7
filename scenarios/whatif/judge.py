"""From an answer to what a comparison shows of it."""

from __future__ import annotations

from results.model import Result
from results.summary import place_name
from results.whatif import Judged, Margin, Method
from scenarios.emulation.engine import EngineName


def method_of(engine: EngineName) -> Method:
    """How an engine's word is called."""
    return "sandbox" if engine is EngineName.SANDBOX else "native"


def without_result(why: str, method: Method, run: str) -> Judged:
    """An emulation that came to no result."""
    return Judged(
        method=method,
        verdict="invalid",
        reasons=[why],
        binding=None,
        where="",
        margins=[],
        units_used=0.0,
        units_total=0.0,
        run=run,
    )


def judged(result: Result, method: Method, run: str | None = None) -> Judged:
    """The verdict and all margins of a result."""
    return Judged(
        method=method,
        verdict=result.verdict,
        reasons=result.reasons,
        binding=result.binding,
        where="" if result.binding is None else place_name(result.binding.place, result),
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
        ],
        units_used=max(phase.mcu.units_used for phase in result.phases),
        units_total=result.phases[0].mcu.units_total,
        run=run,
        seeds=result.seeds,
    )
