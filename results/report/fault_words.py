"""Faults in `summary.md`."""

from __future__ import annotations

from collections.abc import Mapping

from results.model.faults import FaultImpact, FaultResult
from results.model.places import in_english
from results.model.result import Result
from results.report.markdown import row
from results.report.wording import Wording


def fault_lines(result: Result) -> list[str]:
    """The part of `summary.md` about faults; nothing in a run without."""
    if not result.faults:
        return []
    say = Wording("en", result)
    lines = ["## Failures made on purpose", ""]
    for fault in result.faults:
        end = "the end" if fault.restored_s is None else f"{fault.restored_s:g} s"
        where = say.fault_place(fault, result.names)
        lines.append(f"- `{fault.id}`: {where}, {fault.at_s:g} s to {end}: {fault.text_en}")
    lines += [
        "",
        "| failure | bridge | interrupted, ms | of | sound alone, ms | by the mending, ms | of "
        "| packets lost | cut off | picture again, ms | after mending, ms | dialled again "
        "| call kept |",
        "|---|---|---:|---|---:|---:|---|---:|---|---:|---:|---:|---|",
    ]
    calm = []
    for fault in result.faults:
        for hit in fault.bridges:
            if hit.noticed:
                lines.append(_row(fault, hit, result.names))
        if untouched := sum(not hit.noticed for hit in fault.bridges):
            calm.append(f"`{fault.id}`: {untouched} of {len(fault.bridges)}")
    if calm:
        lines += ["", f"Bridges that noticed nothing: {'; '.join(calm)}."]
    note = (
        "Interrupted: until sound and picture are back, by the failing and by the mending. Behind: "
        "without what failed there is no path to the MCU, so no network could keep it."
    )
    return [*lines, "", note, ""]


def _row(fault: FaultResult, hit: FaultImpact, names: Mapping[str, str]) -> str:
    cut = ("yes, behind it" if hit.behind else "**yes**") if hit.cut_off else "no"
    cells = (
        f"`{fault.id}`",
        in_english(names.get(hit.bridge, hit.bridge)) + (" (behind)" if hit.behind else ""),
        f"{hit.interruption_ms:.0f}",
        hit.interrupted or "–",
        f"{hit.sound_interruption_ms:.0f}",
        f"{hit.restored_interruption_ms:.0f}",
        hit.restored_interrupted or "–",
        f"{hit.packets_lost}",
        cut,
        _ms(hit.picture_again_ms),
        _ms(hit.restored_to_picture_ms),
        f"{hit.redials}",
        "yes" if hit.call_kept else "no",
    )
    return row(cells)


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"
