"""Faults as documents tell them: where each happened, and lines for `summary.md`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from results.model.faults import FaultImpact, FaultResult
from results.model.places import in_english
from results.model.result import Result
from results.report.markdown import row

Name = Callable[[str], str]


def fault_place(fault: FaultResult, names: Mapping[str, str]) -> str:
    """Where, in English: `link Gia Nghĩa – Đắk Song`."""
    words = "link", "access line of", "router", "up", "down"
    return _place(fault, lambda node: in_english(names.get(node, node)), *words)


def fault_place_vi(fault: FaultResult, names: Mapping[str, str]) -> str:
    """Where, in Vietnamese: `đường truyền Gia Nghĩa – Đắk Song`."""
    words = "đường truyền", "đường truy nhập", "bộ định tuyến", "chiều lên", "chiều xuống"
    return _place(fault, lambda node: names.get(node, node).split(" (")[0], *words)


def fault_named(fault: FaultResult, names: Mapping[str, str]) -> str:
    """What failed within a place: `link cut (Gia Nghĩa – Đắk Song)`."""
    if fault.target == "mcu":
        return fault.text_en
    where = fault_place(fault, names).removeprefix("link ").removeprefix("router ")
    return f"{fault.text_en} ({where})"


def fault_named_vi(fault: FaultResult, names: Mapping[str, str]) -> str:
    """The same in Vietnamese: `đứt cáp Gia Nghĩa – Đắk Song`."""
    if fault.target == "mcu":
        return fault.text_vi
    where = fault_place_vi(fault, names)
    where = where.removeprefix("đường truyền ").removeprefix("bộ định tuyến ")
    follows = fault.kind in ("cut", "site")
    return f"{fault.text_vi} {where}" if follows else f"{fault.text_vi} ({where})"


def fault_lines(result: Result) -> list[str]:
    """The part of `summary.md` about faults; nothing in a run without."""
    if not result.faults:
        return []
    lines = ["## Failures made on purpose", ""]
    for fault in result.faults:
        end = "the end" if fault.restored_s is None else f"{fault.restored_s:g} s"
        where = fault_place(fault, result.names)
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


def _place(
    fault: FaultResult, of: Name, link: str, access: str, router: str, up: str, down: str
) -> str:
    target = fault.target_id
    match fault.target:
        case "router":
            return f"{router} {of(target)}"
        case "link":
            host = target.removeprefix("access-")
            if host != target:
                text = f"{access} {of(host)}"
            else:
                ends = [of(f"r-{end}").removeprefix("r-") for end in target.split("--")]
                text = f"{link} {' – '.join(ends)}"
            if fault.direction is None:
                return text
            source, _, end = fault.direction.partition("->")
            if host != target:
                return f"{text} ({up if source == host else down})"
            return f"{text} ({of(source)} → {of(end)})"
        case _:
            return of(target)


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
