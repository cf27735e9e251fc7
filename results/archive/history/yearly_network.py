"""What a year of runs says of one network, in Vietnamese. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from giaoban.translation import NBSP
from results.archive.history.entry import CriterionValue, Entry, Tried
from results.archive.history.trend import Point, trend
from results.archive.history.yearly_lists import VERDICTS, Ledger, day, verdict
from results.report.wording import Wording

SAY = Wording("vi")
NAMED = 4
"""More new bridges than this are counted, the first ones named."""
SAME = 0.005
"""Values that differ by less look the same with two decimals."""
NONE, NONE_OF_TRIED = "không có", "không có trong số đã thử"
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


def of_network(runs: Sequence[Entry], ledger: Ledger) -> dict[str, Any]:
    """The texts and tables of one network's checks and failures, oldest first, at least one."""
    counting = [e for e in runs if e.counts]
    checks = [e for e in counting if e.kind == "check"]
    faults = [e for e in counting if e.kind == "faults"]
    return {
        "name": ledger.network(runs[0]),
        "overview": _overview(runs, checks, faults, ledger),
        "months": _months(runs),
        "scenarios": _scenarios(checks, ledger),
        "criteria": _criteria(checks),
        "changes": _changes(checks, ledger),
        "repeated": any(count > 1 for count in Counter(e.scenario for e in checks).values()),
        "faults": [_faults_row(e, ledger) for e in faults],
        "bindings": _bindings(checks),
        "advice": _advice(checks),
    }


def _asked(entry: Entry) -> str:
    """What was to be connected."""
    names = list(entry.new.values())
    if not names:
        return "Hệ thống hiện có, không thêm điểm cầu"
    rest = len(names) - NAMED
    told = ", ".join(names[:NAMED]) + (f" và {rest} điểm cầu khác" if rest > 0 else "")
    return f"Thêm {len(names)} điểm cầu: {told}"


def _overview(
    runs: Sequence[Entry], checks: Sequence[Entry], faults: Sequence[Entry], ledger: Ledger
) -> list[str]:
    told = []
    if checks:
        counts = Counter(e.verdict for e in checks)
        told.append(
            f"Kiểm tra kết nối: {counts['pass']} lần đạt, {counts['fail']} lần không đạt, trên "
            f"{len({e.scenario for e in checks})} kịch bản."
        )
        known = [(e.binding.margin_pct, e) for e in checks
                 if e.binding is not None and e.binding.margin_pct is not None]  # fmt: skip
        if known:
            least, tight = min(known, key=lambda one: one[0])
            told.append(
                f"Dư địa nhỏ nhất tính được trong năm là {SAY.percent(least)} "
                f"({_binding(tight)}; ngày {day(tight)})."
            )
    if faults:
        told.append(_of_faults(faults, ledger))
    versions: dict[str, set[str]] = {}
    for e in checks:
        versions.setdefault(ledger.number(e), set()).add(e.scenario_sha256)
    if changed := [number for number, found in versions.items() if len(found) > 1]:
        told.append(
            f"Nội dung kịch bản {', '.join(changed)} đã thay đổi trong năm; khác biệt giữa các lần "
            "kiểm tra có thể do thay đổi đó."
        )
    sums = {e.province.sha256 for e in runs if e.province is not None}
    if len(sums) > 1:
        told.append(
            f"Dữ liệu của mạng này đã thay đổi trong năm ({len(sums)} phiên bản); khác biệt giữa "
            "các lần kiểm tra có thể do thay đổi đó."
        )
    return told


def _of_faults(faults: Sequence[Entry], ledger: Ledger) -> str:
    """Single points of failure that were found; that there is none only where all was tried."""
    points = sorted({name for e in faults for name in e.single_points})
    found = f"phát hiện {len(points)} điểm lỗi đơn ({', '.join(points)})" if points else ""
    most: dict[str, Tried] = {}
    for e in faults:
        if e.tried is not None:
            best = most.get(ledger.number(e), e.tried)
            most[ledger.number(e)] = max(best, e.tried, key=_known)
    if most and len(most) == len({e.scenario for e in faults}):
        if all(tried.whole for tried in most.values()):
            found = found or "không phát hiện điểm lỗi đơn nào"
            return f"Thử sự cố: đã thử mọi sự cố đơn lẻ mà mạng có thể gặp, {found}."
        shares = "; ".join(
            f"{_known(t)} trong {t.possible} của kịch bản {n}" for n, t in most.items()
        )
        found = found or "các sự cố đó không làm mất điểm cầu khác"
        return (
            f"Thử sự cố: chưa thử hết. Số sự cố đơn lẻ có kết quả: {shares}; {found}. Chưa kết "
            "luận được về các sự cố còn lại."
        )
    return f"Thử sự cố: {found or 'kết quả nêu trong bảng các lần thử'}."


def _known(tried: Tried) -> int:
    """Of how many single failures a run knows what they do, at the least."""
    return max(0, tried.singles - tried.unknown)


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


def _scenarios(checks: Sequence[Entry], ledger: Ledger) -> list[list[str]]:
    """Number, what was asked, how often, and what the last run said."""
    rows = []
    for scenario in dict.fromkeys(e.scenario for e in checks):
        here = [e for e in checks if e.scenario == scenario]
        last = here[-1]
        rows.append(
            [
                ledger.number(here[0]),
                _asked(last),
                scenario,
                str(len(here)),
                day(last),
                VERDICTS[last.verdict or ""],
                _binding(last),
                SAY.percent(last.binding.margin_pct if last.binding else None),
            ]
        )
    return rows


def _binding(entry: Entry) -> str:
    if entry.binding is None:
        return "–"
    known = entry.criterion(entry.binding.criterion)
    name = known.name_vi if known else "một tiêu chí khác"
    where = f" – {entry.binding.where_vi}" if entry.binding.where_vi else ""
    return f"{name[:1].lower() + name[1:]}{where}"


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
                f"{sign}{NBSP}{SAY.amount(last.threshold, unit)}",
                str(len(points)),
                str(sum(not p.criterion.ok for p in points)),
                "–" if worst is None else SAY.amount(worst.criterion.value, unit),
                "" if worst is None else _when_and_where(worst),
                SAY.amount(last.value, unit),
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


def _changes(checks: Sequence[Entry], ledger: Ledger) -> list[list[str]]:
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
                        ledger.number(here[0]),
                        new.name_vi,
                        f"{SAY.amount(old.value, unit)} ({day(first)})",
                        f"{SAY.amount(new.value, unit)} ({day(last)})",
                        f"{SAY.percent(old.margin_pct)} → {SAY.percent(new.margin_pct)}",
                    ]
                )
    return rows


def _moved(a: CriterionValue, b: CriterionValue) -> bool:
    if a.value is None or b.value is None:
        return a.value is not b.value
    return abs(a.value - b.value) >= SAME or a.ok != b.ok


def _faults_row(entry: Entry, ledger: Ledger) -> list[str]:
    found, tried = {c.id: c for c in entry.criteria}, entry.tried
    longest, peak = found.get("failure-interruption"), found.get("failure-link-peak")
    return [
        day(entry),
        ledger.number(entry),
        verdict(entry),
        "–" if tried is None else f"{_known(tried)} / {tried.possible}",
        _figure(longest, "ms"),
        _figure(peak, "%"),
        ", ".join(entry.single_points) or (NONE if tried and tried.whole else NONE_OF_TRIED),
    ]


def _figure(found: CriterionValue | None, unit: str) -> str:
    """A figure and where it was found; of nothing there is no place."""
    if found is None:
        return "–"
    where = f" ({found.where_vi})" if found.where_vi else ""
    return f"{SAY.amount(found.value, unit)}{where}"


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
