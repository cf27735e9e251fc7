"""What a year of runs says, in Vietnamese: the texts and tables of the yearly summary. Pure.

Art. 13(4) and 22(2) ask for a yearly assessment of how well the system works, to be reported to the
Provincial People's Committee. Only runs that count (valid, emulated) are assessed; the others are
listed apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from results.history.entry import CriterionValue, Entry
from results.history.trend import Point, trend
from results.history.yearly_lists import (
    ASSESSED,
    VERDICTS,
    day,
    run_rows,
    scenario_numbers,
    study_rows,
    unused_rows,
)
from results.vietnamese import NBSP, amount, margin

NAMED = 4
"""More new bridges than this are counted, the first ones named."""
SAME = 0.005
"""Values that differ by less look the same with two decimals."""
_ADVICE = {
    "mcu-units": "Năng lực MCU là yếu tố giới hạn: cần bổ sung năng lực MCU hoặc giảm mức hình ảnh "
    "trước khi kết nối thêm điểm cầu.",
    "every-call-set-up": "Có cuộc gọi không thiết lập được: cần bổ sung năng lực MCU trước khi kết "
    "nối thêm điểm cầu.",
    "every-call-as-asked": "Có điểm cầu không nhận được mức hình ảnh yêu cầu: cần bổ sung năng lực "
    "MCU ở mức hình ảnh đó.",
    "link-peak": "Tải đường truyền là yếu tố giới hạn: cần nâng tốc độ đường truyền nêu trên trước "
    "khi kết nối thêm điểm cầu.",
}


def yearly(entries: Sequence[Entry], year: int) -> dict[str, Any]:
    """The summary's texts and tables by name, as `yearly.typ` reads them.

    `entries` are the year's runs, oldest first, at least one.
    """
    numbers = scenario_numbers(entries)
    runs = [e for e in entries if e.kind in ASSESSED]
    counting = [e for e in runs if e.counts]
    checks = [e for e in counting if e.kind == "check"]
    faults = [e for e in counting if e.kind == "faults"]
    return {
        "year": year,
        "overview": _overview(entries, checks, faults, year),
        "months": _months(runs),
        "scenarios": _scenarios(checks, numbers),
        "criteria": _criteria(checks),
        "changes": _changes(checks, numbers),
        "faults": [_faults_row(e, numbers) for e in faults],
        "bindings": _bindings(checks),
        "advice": _advice(checks),
        "unused": unused_rows(entries, numbers),
        "studies": study_rows(entries),
        "runs": run_rows(entries, numbers),
        "uncommitted": not all(e.committed for e in runs),
    }


def _number(entry: Entry, numbers: dict[str, int]) -> str:
    return str(numbers[entry.scenario])


def _asked(entry: Entry) -> str:
    """What was to be connected."""
    names = list(entry.new.values())
    if not names:
        return "Hệ thống hiện có, không thêm điểm cầu"
    rest = len(names) - NAMED
    told = ", ".join(names[:NAMED]) + (f" và {rest} điểm cầu khác" if rest > 0 else "")
    return f"Thêm {len(names)} điểm cầu: {told}"


def _overview(
    entries: Sequence[Entry], checks: Sequence[Entry], faults: Sequence[Entry], year: int
) -> list[str]:
    first, last = day(entries[0]), day(entries[-1])
    counts = Counter(e.verdict for e in checks)
    told = [
        f"Năm {year} còn lưu {len(entries)} lần chạy (từ ngày {first} đến ngày {last}), trong đó "
        f"{len(checks)} lần kiểm tra kết nối và {len(faults)} lần thử sự cố có kết quả được "
        "dùng để đánh giá."
    ]
    if checks:
        told.append(
            f"Kiểm tra kết nối: {counts['pass']} lần đạt, {counts['fail']} lần không đạt, trên "
            f"{len({e.scenario for e in checks})} kịch bản."
        )
        tight = min(
            (e for e in checks if e.binding and e.binding.margin_pct is not None),
            key=lambda e: e.binding.margin_pct if e.binding and e.binding.margin_pct else 0.0,
            default=None,
        )
        if tight is not None and tight.binding is not None:
            told.append(
                f"Dư địa nhỏ nhất trong năm là {margin(tight.binding.margin_pct)} "
                f"({_binding(tight)}; ngày {day(tight)})."
            )
    if faults:
        points = sorted({name for e in faults for name in e.single_points})
        told.append(
            f"Thử sự cố: {len(points)} điểm lỗi đơn được phát hiện ({', '.join(points)})."
            if points
            else "Thử sự cố: không phát hiện điểm lỗi đơn nào trong các sự cố đã thử."
        )
    studies = sum(e.kind not in ASSESSED for e in entries)
    unused = len(entries) - len(checks) - len(faults) - studies
    if unused:
        told.append(f"{unused} lần không được dùng làm căn cứ đánh giá, nêu riêng ở cuối.")
    if studies:
        told.append(f"{studies} lần tính toán, khảo sát khác được nêu riêng ở cuối.")
    return told


def _months(entries: Sequence[Entry]) -> list[list[str]]:
    rows = []
    for month in sorted({e.at.month for e in entries}):
        here = [e for e in entries if e.at.month == month]
        counts = Counter(e.verdict for e in here if e.counts)
        rows.append(
            [
                f"Tháng {month}",
                str(len(here)),
                str(counts["pass"]),
                str(counts["fail"]),
                str(sum(not e.counts for e in here)),
            ]
        )
    return rows


def _scenarios(checks: Sequence[Entry], numbers: dict[str, int]) -> list[list[str]]:
    """Number, what was asked, how often, and what the last run said."""
    rows = []
    for scenario in dict.fromkeys(e.scenario for e in checks):
        here = [e for e in checks if e.scenario == scenario]
        last = here[-1]
        rows.append(
            [
                str(numbers[scenario]),
                _asked(last),
                scenario,
                str(len(here)),
                day(last),
                VERDICTS[last.verdict or ""],
                _binding(last),
                margin(last.binding.margin_pct if last.binding else None),
            ]
        )
    return rows


def _binding(entry: Entry) -> str:
    if entry.binding is None:
        return "–"
    known = entry.criterion(entry.binding.criterion)
    name = known.name_vi if known else entry.binding.criterion
    return f"{name[:1].lower() + name[1:]} – {entry.binding.where_vi}"


def _criteria(checks: Sequence[Entry]) -> list[list[str]]:
    """For each criterion: how often judged and not met, and its worst value with day and place."""
    rows = []
    for ident in dict.fromkeys(c.id for e in checks for c in e.criteria):
        points = trend(checks, ident)
        last = points[-1].criterion
        worst = _worst(points)
        sign = "≤" if last.sense == "at-most" else "≥"
        unit = last.unit_vi or last.unit
        rows.append(
            [
                last.name_vi,
                f"{sign}{NBSP}{amount(last.threshold, unit)}",
                str(len(points)),
                str(sum(not p.criterion.ok for p in points)),
                "–" if worst is None else amount(worst.criterion.value, unit),
                "" if worst is None else _when_and_where(worst),
                amount(last.value, unit),
            ]
        )
    return rows


def _when_and_where(point: Point) -> str:
    if point.criterion.ok and not point.criterion.value:
        return ""
    where = point.criterion.where_vi
    return f"{point.at:%d/%m/%Y}" + (f", {where}" if where else "")


def _worst(points: Sequence[Point]) -> Point | None:
    """The earliest of the worst."""
    known = [p for p in points if p.criterion.value is not None]
    sign = -1 if known and known[0].criterion.sense == "at-most" else 1
    return min(known, key=lambda p: sign * (p.criterion.value or 0.0), default=None)


def _changes(checks: Sequence[Entry], numbers: dict[str, int]) -> list[list[str]]:
    """Scenarios tried again: the criteria that moved from the first run of the year to the last."""
    rows = []
    for scenario in dict.fromkeys(e.scenario for e in checks):
        here = [e for e in checks if e.scenario == scenario]
        first, last = here[0], here[-1]
        for new in last.criteria if len(here) > 1 else []:
            old = first.criterion(new.id)
            if old is not None and _moved(old, new):
                unit = new.unit_vi or new.unit
                rows.append(
                    [
                        str(numbers[scenario]),
                        new.name_vi,
                        f"{amount(old.value, unit)} ({day(first)})",
                        f"{amount(new.value, unit)} ({day(last)})",
                        f"{margin(old.margin_pct)} → {margin(new.margin_pct)}",
                    ]
                )
    return rows


def _moved(a: CriterionValue, b: CriterionValue) -> bool:
    if a.value is None or b.value is None:
        return a.value is not b.value
    return abs(a.value - b.value) >= SAME or a.ok != b.ok


def _faults_row(entry: Entry, numbers: dict[str, int]) -> list[str]:
    found = {c.id: c for c in entry.criteria}
    longest, peak = found.get("failure-interruption"), found.get("failure-link-peak")
    return [
        day(entry),
        _number(entry, numbers),
        VERDICTS[entry.verdict or ""],
        _figure(longest, "ms"),
        _figure(peak, "%"),
        ", ".join(entry.single_points) or "không phát hiện",
    ]


def _figure(found: CriterionValue | None, unit: str) -> str:
    """A figure and where it was found; of nothing there is no place."""
    if found is None:
        return "–"
    where = f" ({found.where_vi})" if found.where_vi else ""
    return f"{amount(found.value, unit)}{where}"


def _bindings(checks: Sequence[Entry]) -> list[list[str]]:
    """What bound, and how often; the most frequent first."""
    counts = Counter(_binding(e) for e in checks if e.binding)
    return [
        [what, str(count)]
        for what, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _advice(checks: Sequence[Entry]) -> list[str]:
    """What the checks that failed point to (Art. 22(3)); each once."""
    failed = [e.binding.criterion for e in checks if e.verdict == "fail" and e.binding]
    return [_ADVICE[ident] for ident in dict.fromkeys(failed) if ident in _ADVICE]
