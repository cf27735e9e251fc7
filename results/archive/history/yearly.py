"""What a year of runs says, in Vietnamese: the texts and tables of the yearly summary. Pure.

Art. 13(4) and 22(2) ask for a yearly assessment of how well the system works, to be reported to the
Provincial People's Committee. Only runs that count (valid, emulated) are assessed, each network by
itself; the others are listed apart. Its pictures are least margins and the criteria nearest to
their limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from giaoban.translation import NBSP
from results.archive.history.entry import CriterionValue, Entry, Tried
from results.archive.history.trend import Point, trend
from results.report.wording import Wording

VERDICTS = {"pass": "Đạt", "fail": "Không đạt", "invalid": "Không hợp lệ"}
KINDS = {
    "check": "kiểm tra kết nối",
    "faults": "thử sự cố",
    "whatif": "so sánh phương án",
    "headroom": "tính dư địa",
    "sweep-answer": "khảo sát nhiều phương án",
    "load": "thử tải MCU",
}
OTHER = "loại khác"
ASSESSED = ("check", "faults")
"""Kinds whose verdict says how well the system works; others are studies, and listed apart."""
UNCOMMITTED = "\u00a0*"
"""Behind the verdict of a run whose program is no commit: such a run gives no final annex."""
ENGINES = {
    "sandbox": "mô phỏng trong máy ảo",
    "native": "mô phỏng trên máy thật",
    "estimate": "ước tính",
}
OTHER_ENGINE = "môi trường khác"


class Ledger:
    """Which runs are of the same network, and a number for each scenario that is assessed.

    Networks are the same if they call themselves the same; one without a name is known by the sum
    of its file. The same scenario in two networks is two. Numbers are in the order of first runs.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        known = [e.province for e in entries if e.province is not None]
        self._names = {p.sha256: p.name for p in known if p.name}
        scenarios = dict.fromkeys(self._key(e) for e in entries if e.kind in ASSESSED)
        self._numbers = {key: number for number, key in enumerate(scenarios, 1)}
        self.networks = list(
            dict.fromkeys(self.network(e) for e in entries if e.kind in ASSESSED and e.counts)
        )

    def network(self, entry: Entry) -> str:
        """What the network of a run is called; '' if the run says nothing of one."""
        province = entry.province
        if province is None:
            return ""
        name = self._names.get(province.sha256)
        return name or f"{province.file} ({province.sha256[:8]})"

    def number(self, entry: Entry) -> str:
        """The number of a run's scenario."""
        return str(self._numbers[self._key(entry)])

    def _key(self, entry: Entry) -> tuple[str, str]:
        return self.network(entry), entry.scenario


def day(entry: Entry) -> str:
    """`25/11/2026`."""
    return f"{entry.at:%d/%m/%Y}"


def verdict(entry: Entry) -> str:
    """A verdict in words; of a comparison, with what it is one."""
    said = VERDICTS.get(entry.verdict or "", "–")
    compared = entry.compared_with and entry.verdict != "invalid"
    return f"{said} (so với mức đã chấp nhận “{entry.compared_with}”)" if compared else said


def unused_rows(entries: Sequence[Entry], ledger: Ledger) -> list[list[str]]:
    """Checks and runs of failures that do not count, each with the reason."""
    return [
        [day(e), ledger.number(e), _why_unused(e), e.run_id]
        for e in entries
        if e.kind in ASSESSED and not e.counts
    ]


def study_rows(entries: Sequence[Entry], ledger: Ledger) -> list[list[str]]:
    """Runs of other kinds; where there are several networks, of which they are."""
    rows = []
    for e in entries:
        if e.kind not in ASSESSED:
            of = ledger.network(e) if len(ledger.networks) > 1 else ""
            kind = KINDS.get(e.kind, OTHER) + (f"; mạng: {of}" if of else "")
            rows.append([day(e), kind, verdict(e), e.run_id])
    return rows


def run_rows(entries: Sequence[Entry], ledger: Ledger) -> list[list[str]]:
    """All runs, with the sum of each answer."""
    return [_run_row(e, ledger) for e in entries]


def _why_unused(entry: Entry) -> str:
    if entry.verdict == "invalid":
        why = "; ".join(entry.reasons_vi) or "lần kiểm tra không đủ tin cậy"
        return f"không hợp lệ: {why}"
    if entry.engine == "estimate":
        return "kết quả ước tính, chưa kiểm tra bằng mô phỏng"
    return "không có kết luận đạt hay không đạt"


def _run_row(entry: Entry, ledger: Ledger) -> list[str]:
    assessed = entry.kind in ASSESSED
    kind = KINDS.get(entry.kind, OTHER)
    engine = entry.engine and ENGINES.get(entry.engine, OTHER_ENGINE)
    mark = UNCOMMITTED if assessed and not entry.committed else ""
    return [
        f"{entry.at:%d/%m/%Y %H:%M}",
        ledger.number(entry) if assessed else "–",
        f"{kind}; {engine}" if engine else kind,
        VERDICTS.get(entry.verdict or "", "–") + mark,
        entry.run_id,
        entry.sha256,
    ]


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
        "overview": _of_network_in_short(runs, checks, faults, ledger),
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


def _of_network_in_short(
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


TRENDS = 3
"""Criteria that get a picture: those nearest to their limit."""
FLOOR = -100.0
"""A margin far below nought would press all others of a picture flat."""


def pictures(runs: Sequence[Entry], ledger: Ledger) -> list[tuple[str, list[Point]]]:
    """(caption, points) of one network: the least margin of each check, then the criteria nearest
    to their limit.

    Only criteria with at least two runs: one point is no course.
    """
    checks = [e for e in runs if e.counts and e.kind == "check"]
    numbers = {e.scenario: ledger.number(e) for e in checks}

    def numbered(points: Sequence[Point]) -> list[Point]:
        return [p._replace(scenario=f"Kịch bản {numbers[p.scenario]}") for p in points]

    caption = "Dư địa nhỏ nhất của từng lần kiểm tra trong năm"
    least = _least_margins(checks)
    if any(p.criterion.margin_pct is not None and p.criterion.margin_pct < FLOOR for p in least):
        caption += f" (dưới {SAY.percent(FLOOR)} được vẽ tại {SAY.percent(FLOOR)})"
    found = [(caption, numbered(least))]
    for ident in _nearest(checks)[:TRENDS]:
        points = trend(checks, ident)
        name = points[-1].criterion.name_vi
        found.append((f"Diễn biến trong năm: {name[:1].lower() + name[1:]}", numbered(points)))
    return [(caption, points) for caption, points in found if len(points) > 1]


def _least_margins(checks: Sequence[Entry]) -> list[Point]:
    points = []
    for e in checks:
        if e.binding is None or e.binding.margin_pct is None:
            continue
        value = CriterionValue(
            id="margin",
            name_en="Least margin of the run",
            name_vi="Dư địa nhỏ nhất của lần kiểm tra",
            value=max(e.binding.margin_pct, FLOOR),
            threshold=0.0,
            unit="%",
            sense="at-least",
            ok=e.binding.margin_pct >= 0,
            margin_pct=e.binding.margin_pct,
        )
        points.append(Point(e.at, e.run_id, e.scenario, e.verdict, e.engine, True, value))
    return points


def _nearest(checks: Sequence[Entry]) -> list[str]:
    """Criteria that a picture can show (not plain counts), with the least margin first."""
    least: dict[str, float] = {}
    for e in checks:
        for c in e.criteria:
            if c.margin_pct is not None and c.value is not None and c.threshold:
                least[c.id] = min(least.get(c.id, 100.0), c.margin_pct)
    return sorted(least, key=lambda ident: (least[ident], ident))


def yearly(entries: Sequence[Entry], year: int) -> dict[str, Any]:
    """The summary's texts and tables by name, as `history.document` lays them out.

    `entries` are the year's runs, oldest first, at least one. `networks` has a part for each
    network of which there is anything to assess.
    """
    ledger = Ledger(entries)
    runs = [e for e in entries if e.kind in ASSESSED]
    return {
        "year": year,
        "overview": _overview(entries, ledger, year),
        "networks": [of_network(found, ledger) for found in by_network(entries, ledger)],
        "unused": unused_rows(entries, ledger),
        "studies": study_rows(entries, ledger),
        "runs": run_rows(entries, ledger),
        "uncommitted": not all(e.committed for e in runs),
    }


def by_network(entries: Sequence[Entry], ledger: Ledger) -> list[list[Entry]]:
    """The checks and failures of each network of which any count, in the order of time."""
    runs = [e for e in entries if e.kind in ASSESSED]
    return [[e for e in runs if ledger.network(e) == name] for name in ledger.networks]


def _overview(entries: Sequence[Entry], ledger: Ledger, year: int) -> list[str]:
    first, last = day(entries[0]), day(entries[-1])
    when = f"ngày {first}" if first == last else f"từ ngày {first} đến ngày {last}"
    counting = [e for e in entries if e.kind in ASSESSED and e.counts]
    checks = sum(e.kind == "check" for e in counting)
    told = [
        f"Năm {year} còn lưu {len(entries)} lần chạy ({when}), trong đó {checks} lần kiểm tra kết "
        f"nối và {len(counting) - checks} lần thử sự cố có kết quả được dùng để đánh giá."
    ]
    if len(ledger.networks) > 1:
        told.append(
            f"Các lần đó thuộc {len(ledger.networks)} mạng khác nhau, được đánh giá riêng từng "
            f"mạng: {'; '.join(ledger.networks)}."
        )
    studies = sum(e.kind not in ASSESSED for e in entries)
    if unused := len(entries) - len(counting) - studies:
        told.append(f"{unused} lần không được dùng làm căn cứ đánh giá, nêu riêng ở cuối.")
    if studies:
        told.append(f"{studies} lần tính toán, khảo sát khác được nêu riêng ở cuối.")
    return told
