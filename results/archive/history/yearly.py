"""What a year of runs says: the texts and tables of the yearly summary. Pure.

Art. 13(4) and 22(2) ask for a yearly assessment of how well the system works, to be reported to the
Provincial People's Committee. Only runs that count (valid, emulated) are assessed, each network by
itself, its running system apart from proposals; the others are listed apart. Its pictures are least
margins and the criteria nearest to their limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from giaoban.regulation import Regulation
from giaoban.results.archive.history.entry import CriterionValue, HistoryEntry, TriedFailures
from giaoban.results.archive.history.networks import Networks
from giaoban.results.archive.history.trend import TrendPoint, trend
from giaoban.results.judge.criteria import CALLS_AS_ASKED, CALLS_SET_UP, LINK_PEAK, MCU_UNITS
from giaoban.results.report.document import uncapital
from giaoban.results.report.wording import Wording, shown_margin
from giaoban.translation import NBSP

VERDICTS = {
    "pass": "Đạt",
    "fail": "Không đạt",
    "undecided": "Chưa kết luận được",
    "invalid": "Không hợp lệ",
}
KINDS = {
    "check": "kiểm tra kết nối",
    "faults": "thử sự cố",
    "whatif": "so sánh phương án",
    "headroom": "tính dư địa",
    "sensitivity": "thử các giả định",
    "sweep": "khảo sát nhiều phương án",
    "load": "thử tải MCU",
    "meeting": "tổ chức cả cuộc họp",
    "calendar": "các cuộc họp theo lịch",
    "compare": "so sánh thay đổi của mạng",
}
"""By the command that gives such an answer."""
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

    The same scenario in two networks is two. Numbers are in the order of first runs.
    """

    def __init__(self, entries: Sequence[HistoryEntry]) -> None:
        self._networks = Networks(entries)
        scenarios = dict.fromkeys(self._key(e) for e in entries if e.kind in ASSESSED)
        self._numbers = {key: number for number, key in enumerate(scenarios, 1)}
        self.networks = list(
            dict.fromkeys(self.network(e) for e in entries if e.kind in ASSESSED and e.counts)
        )

    def network(self, entry: HistoryEntry) -> str:
        return self._networks.of(entry)

    def number(self, entry: HistoryEntry) -> str:
        return str(self._numbers[self._key(entry)])

    def _key(self, entry: HistoryEntry) -> tuple[str, str]:
        return self.network(entry), entry.scenario


def verdict(entry: HistoryEntry, say: Wording) -> str:
    """A verdict in words; of a comparison, with what it is one."""
    said = VERDICTS.get(entry.verdict or "", "–")
    if entry.compared_with and entry.verdict != "invalid":
        return say.fill(
            "{verdict} (so với mức đã chấp nhận “{baseline}”)",
            verdict=said,
            baseline=entry.compared_with,
        )
    return said


def unused_rows(entries: Sequence[HistoryEntry], ledger: Ledger, say: Wording) -> list[list[str]]:
    """Checks and runs of failures that do not count, each with the reason."""
    return [
        [say.day(e.at), ledger.number(e), _why_unused(e, say), e.run_id]
        for e in entries
        if e.kind in ASSESSED and not e.counts
    ]


def study_rows(entries: Sequence[HistoryEntry], ledger: Ledger, say: Wording) -> list[list[str]]:
    """Runs of other kinds; where there are several networks, of which they are."""
    rows = []
    for e in entries:
        if e.kind not in ASSESSED:
            of = ledger.network(e) if len(ledger.networks) > 1 else ""
            kind = KINDS.get(e.kind, OTHER)
            if of:
                kind = say.fill("{kind}; mạng: {network}", kind=kind, network=of)
            rows.append([say.day(e.at), kind, verdict(e, say), e.run_id])
    return rows


def run_rows(entries: Sequence[HistoryEntry], ledger: Ledger, say: Wording) -> list[list[str]]:
    return [_run_row(e, ledger, say) for e in entries]


def _why_unused(entry: HistoryEntry, say: Wording) -> str:
    if entry.verdict == "invalid":
        why = "; ".join(entry.reasons_vi) or "lần kiểm tra không đủ tin cậy"
        return say.fill("không hợp lệ: {why}", why=why)
    if entry.engine == "estimate":
        return "kết quả ước tính, chưa kiểm tra bằng mô phỏng"
    return "không có kết luận đạt hay không đạt"


def _run_row(entry: HistoryEntry, ledger: Ledger, say: Wording) -> list[str]:
    assessed = entry.kind in ASSESSED
    kind = KINDS.get(entry.kind, OTHER)
    engine = entry.engine and ENGINES.get(entry.engine, OTHER_ENGINE)
    mark = UNCOMMITTED if assessed and not entry.committed else ""
    return [
        say.moment(entry.at),
        ledger.number(entry) if assessed else "–",
        f"{kind}; {engine}" if engine else kind,
        VERDICTS.get(entry.verdict or "", "–") + mark,
        entry.run_id,
        entry.sha256,
    ]


NAMED = 4
"""More new bridges than this are counted, the first ones named."""
SAME = 0.005
"""Values that differ by less look the same with two decimals."""
NONE, NONE_OF_TRIED = "không có", "không có trong số đã thử"
_ADVICE = {
    MCU_UNITS: (
        "Năng lực MCU là yếu tố giới hạn: cần bổ sung năng lực MCU hoặc giảm mức hình ảnh "
        "trước khi kết nối thêm điểm cầu."
    ),
    CALLS_SET_UP: (
        "Có cuộc gọi không thiết lập được: cần bổ sung năng lực MCU trước khi kết nối thêm "
        "điểm cầu."
    ),
    CALLS_AS_ASKED: (
        "Có điểm cầu không nhận được mức hình ảnh yêu cầu: cần bổ sung năng lực MCU ở mức "
        "hình ảnh đó."
    ),
    LINK_PEAK: (
        "Tải đường truyền là yếu tố giới hạn: cần nâng tốc độ đường truyền nêu trên trước "
        "khi kết nối thêm điểm cầu."
    ),
}


def of_network(runs: Sequence[HistoryEntry], ledger: Ledger, say: Wording) -> dict[str, Any]:
    """Return the texts and tables of checks and failures of one network: of its running system, or
    of proposals. `runs`: oldest first, at least one."""
    counting = [e for e in runs if e.counts]
    checks = [e for e in counting if e.kind == "check"]
    faults = [e for e in counting if e.kind == "faults"]
    return {
        "name": ledger.network(runs[0]),
        "proposals": bool(runs[0].new),
        "heading": _heading(runs[0], ledger, say),
        "overview": _of_network_in_short(runs, checks, faults, ledger, say),
        "months": _months(runs, say),
        "scenarios": _scenarios(checks, ledger, say),
        "criteria": _criteria(checks, say),
        "changes": _changes(checks, ledger, say),
        "repeated": any(count > 1 for count in Counter(e.scenario for e in checks).values()),
        "faults": [_faults_row(e, ledger, say) for e in faults],
        "bindings": _bindings(checks, say),
        "advice": _advice(checks, say),
    }


def _heading(entry: HistoryEntry, ledger: Ledger, say: Wording) -> str:
    text = "Các phương án đề xuất thêm điểm cầu" if entry.new else "Hệ thống đang vận hành"
    if len(ledger.networks) == 1:
        return text
    return say.fill("{part}, mạng: {name}", part=text, name=ledger.network(entry))


def _asked(entry: HistoryEntry, say: Wording) -> str:
    names = list(entry.new.values())
    if not names:
        return "Hệ thống hiện có, không thêm điểm cầu"
    told, rest = ", ".join(names[:NAMED]), len(names) - NAMED
    if rest > 0:
        text = "{bridges} và {n} điểm cầu khác"
        told = say.gettext(text, bridges=told, n=rest)
    return say.fill("Thêm {n} điểm cầu: {bridges}", n=len(names), bridges=told)


def _of_network_in_short(
    runs: Sequence[HistoryEntry],
    checks: Sequence[HistoryEntry],
    faults: Sequence[HistoryEntry],
    ledger: Ledger,
    say: Wording,
) -> list[str]:
    told = []
    if checks:
        counts = Counter(e.verdict for e in checks)
        told.append(
            say.fill(
                "Kiểm tra kết nối: {met} lần đạt, {failed} lần không đạt, trên "
                "{scenarios} kịch bản.",
                met=counts["pass"],
                failed=counts["fail"],
                scenarios=len({e.scenario for e in checks}),
            )
        )
        known = [(e.binding.margin_pct, e) for e in checks
                 if e.binding is not None and e.binding.margin_pct is not None]  # fmt: skip
        if known:
            least, tight = min(known, key=lambda one: one[0])
            told.append(
                say.fill(
                    "Dư địa nhỏ nhất tính được trong năm là {margin} ({what}; ngày {day}).",
                    margin=say.percent(shown_margin(least)),
                    what=_binding(tight, say),
                    day=say.day(tight.at),
                )
            )
    if faults:
        told.append(_of_faults(faults, ledger, say))
    versions: dict[str, set[str]] = {}
    for e in checks:
        versions.setdefault(ledger.number(e), set()).add(e.scenario_sha256)
    if changed := [number for number, found in versions.items() if len(found) > 1]:
        told.append(
            say.fill(
                "Nội dung kịch bản {numbers} đã thay đổi trong năm; khác biệt giữa các "
                "lần kiểm tra có thể do thay đổi đó.",
                numbers=", ".join(changed),
            )
        )
    sums = {e.province.sha256 for e in runs if e.province is not None}
    if len(sums) > 1:
        told.append(
            say.fill(
                "Dữ liệu của mạng này đã thay đổi trong năm ({n} phiên bản); khác biệt "
                "giữa các lần kiểm tra có thể do thay đổi đó.",
                n=len(sums),
            )
        )
    return told


def _of_faults(faults: Sequence[HistoryEntry], ledger: Ledger, say: Wording) -> str:
    """Single points of failure that were found; that there is none only where all was tried."""
    points = sorted({name for e in faults for name in e.single_points})
    found = ""
    if points:
        text = "phát hiện {n} điểm lỗi đơn ({points})"
        found = say.gettext(text, n=len(points), points=", ".join(points))
    most: dict[str, TriedFailures] = {}
    for e in faults:
        if e.tried is not None:
            best = most.get(ledger.number(e), e.tried)
            most[ledger.number(e)] = max(best, e.tried, key=_known)
    if most and len(most) == len({e.scenario for e in faults}):
        if all(tried.whole for tried in most.values()):
            found = found or "không phát hiện điểm lỗi đơn nào"
            return say.fill(
                "Thử sự cố: đã thử mọi sự cố đơn lẻ mà mạng có thể gặp, {found}.",
                found=found,
            )
        shares = "; ".join(
            say.fill(
                "{known} trong {possible} của kịch bản {number}",
                known=_known(tried),
                possible=tried.possible,
                number=number,
            )
            for number, tried in most.items()
        )
        found = found or "các sự cố đó không làm mất điểm cầu khác"
        return say.fill(
            "Thử sự cố: chưa thử hết. Số sự cố đơn lẻ có kết quả: {shares}; {found}. "
            "Chưa kết luận được về các sự cố còn lại.",
            shares=shares,
            found=found,
        )
    found = found or "kết quả nêu trong bảng các lần thử"
    return say.fill("Thử sự cố: {found}.", found=found)


def _known(tried: TriedFailures) -> int:
    """Of how many single failures a run knows what they do, at the least."""
    return max(0, tried.singles - tried.unknown)


def _months(entries: Sequence[HistoryEntry], say: Wording) -> list[list[str]]:
    rows = []
    for month in sorted({e.at.month for e in entries}):
        here = [e for e in entries if e.at.month == month]
        counts = Counter(e.verdict for e in here if e.counts)
        rows.append(
            [
                say.fill("Tháng {month}", month=month),
                str(len(here)),
                str(counts["pass"]),
                str(counts["fail"]),
                str(sum(not e.counts for e in here)),
            ]
        )
    return rows


def _scenarios(checks: Sequence[HistoryEntry], ledger: Ledger, say: Wording) -> list[list[str]]:
    """Number, what was asked, how often, and what the last run said."""
    rows = []
    for scenario in dict.fromkeys(e.scenario for e in checks):
        here = [e for e in checks if e.scenario == scenario]
        last = here[-1]
        rows.append(
            [
                ledger.number(here[0]),
                _asked(last, say),
                scenario,
                str(len(here)),
                say.day(last.at),
                VERDICTS[last.verdict or ""],
                _binding(last, say),
                say.percent(shown_margin(last.binding.margin_pct if last.binding else None)),
            ]
        )
    return rows


def _binding(entry: HistoryEntry, say: Wording) -> str:
    if entry.binding is None:
        return "–"
    known = entry.criterion(entry.binding.criterion)
    name = "một tiêu chí khác"
    if known:
        name = say.either(known.name_en, known.name_vi)
    where = say.either(entry.binding.where_en, entry.binding.where_vi)
    return uncapital(name) + (f" – {where}" if where else "")


def _criteria(checks: Sequence[HistoryEntry], say: Wording) -> list[list[str]]:
    """For each criterion: how often judged and not met, and its worst value with day and place.

    Scenarios have limits of their own: all that were are told, and which the worst value had.
    """
    rows = []
    for ident in dict.fromkeys(c.id for e in checks for c in e.criteria):
        points = trend(checks, ident)
        last = points[-1].criterion
        worst = _worst(points)
        limits = dict.fromkeys(_limit(p.criterion, say) for p in reversed(points))
        rows.append(
            [
                say.either(last.name_en, last.name_vi),
                "; ".join(limits),
                str(len(points)),
                str(sum(not p.criterion.ok for p in points)),
                "–" if worst is None else _amount(worst.criterion, say),
                "" if worst is None else _when_and_where(worst, say, one_limit=len(limits) == 1),
                _amount(last, say),
            ]
        )
    return rows


def _amount(criterion: CriterionValue, say: Wording) -> str:
    unit = say.either(criterion.unit, criterion.unit_vi)
    return say.amount(criterion.value, unit, criterion.threshold)


def _limit(criterion: CriterionValue, say: Wording) -> str:
    sign = "≤" if criterion.sense == "at-most" else "≥"
    unit = say.either(criterion.unit, criterion.unit_vi)
    return f"{sign}{NBSP}{say.amount(criterion.threshold, unit, criterion.threshold)}"


def _when_and_where(point: TrendPoint, say: Wording, *, one_limit: bool) -> str:
    if point.criterion.ok and not point.criterion.value:
        return ""
    where = say.either(point.criterion.where_en, point.criterion.where_vi)
    told = say.day(point.at) + (f", {where}" if where else "")
    if one_limit:
        return told
    return say.fill(
        "{when}; ngưỡng của lần đó {limit}", when=told, limit=_limit(point.criterion, say)
    )


def _worst(points: Sequence[TrendPoint]) -> TrendPoint | None:
    """The earliest of the worst."""
    known = [p for p in points if p.criterion.value is not None]
    sign = -1 if known and known[0].criterion.sense == "at-most" else 1
    return min(known, key=lambda p: sign * (p.criterion.value or 0.0), default=None)


def _changes(checks: Sequence[HistoryEntry], ledger: Ledger, say: Wording) -> list[list[str]]:
    """Scenarios tried again: the criteria that moved from the first run of the year to the last."""
    rows = []
    for scenario in dict.fromkeys(e.scenario for e in checks):
        here = [e for e in checks if e.scenario == scenario]
        first, last = here[0], here[-1]
        for new in last.criteria if len(here) > 1 else []:
            old = first.criterion(new.id)
            if old is not None and _moved(old, new):
                rows.append(
                    [
                        ledger.number(here[0]),
                        say.either(new.name_en, new.name_vi),
                        f"{_amount(old, say)} ({say.day(first.at)})",
                        f"{_amount(new, say)} ({say.day(last.at)})",
                        " → ".join(say.percent(shown_margin(c.margin_pct)) for c in (old, new)),
                    ]
                )
    return rows


def _moved(a: CriterionValue, b: CriterionValue) -> bool:
    if a.value is None or b.value is None:
        return a.value is not b.value
    return abs(a.value - b.value) >= SAME or a.ok != b.ok


def _faults_row(entry: HistoryEntry, ledger: Ledger, say: Wording) -> list[str]:
    found, tried = {c.id: c for c in entry.criteria}, entry.tried
    longest, peak = found.get("failure-interruption"), found.get("failure-link-peak")
    return [
        say.day(entry.at),
        ledger.number(entry),
        verdict(entry, say),
        "–" if tried is None else f"{_known(tried)} / {tried.possible}",
        _figure(longest, "ms", say),
        _figure(peak, "%", say),
        ", ".join(entry.single_points) or (NONE if tried and tried.whole else NONE_OF_TRIED),
    ]


def _figure(found: CriterionValue | None, unit: str, say: Wording) -> str:
    """A figure and where it was found; of nothing there is no place."""
    if found is None:
        return "–"
    where = say.either(found.where_en, found.where_vi)
    return say.amount(found.value, unit, found.threshold) + (f" ({where})" if where else "")


def _bindings(checks: Sequence[HistoryEntry], say: Wording) -> list[list[str]]:
    """What bound, and how often; the most frequent first."""
    counts = Counter(_binding(e, say) for e in checks if e.binding)
    return [
        [what, str(count)]
        for what, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _advice(checks: Sequence[HistoryEntry], say: Wording) -> list[str]:
    """What the checks that failed point to (Art. 22(3)); each once."""
    failed = [e.binding.criterion for e in checks if e.verdict == "fail" and e.binding]
    return [_ADVICE[ident] for ident in dict.fromkeys(failed) if ident in _ADVICE]


LEAST = "Dư địa nhỏ nhất của lần kiểm tra"
TRENDS = 3
"""Criteria that get a picture: those nearest to their limit."""
FLOOR = -100.0
"""A margin far below nought would press all others of a picture flat."""


def pictures(
    runs: Sequence[HistoryEntry], ledger: Ledger, say: Wording
) -> list[tuple[str, list[TrendPoint]]]:
    """(caption, points) of one network: the least margin of each check, then the criteria nearest
    to their limit.

    Only criteria with at least two runs: one point is no course.
    """
    checks = [e for e in runs if e.counts and e.kind == "check"]
    numbers = {e.scenario: ledger.number(e) for e in checks}

    def numbered(points: Sequence[TrendPoint]) -> list[TrendPoint]:
        return [
            p._replace(scenario=say.fill("Kịch bản {number}", number=numbers[p.scenario]))
            for p in points
        ]

    caption = "Dư địa nhỏ nhất của từng lần kiểm tra trong năm"
    least = _least_margins(checks)
    if any(p.criterion.margin_pct is not None and p.criterion.margin_pct < FLOOR for p in least):
        floor = say.percent(FLOOR)
        caption = say.fill(
            "{caption} (dưới {floor} được vẽ tại {floor})", caption=caption, floor=floor
        )
    found = [(caption, numbered(least))]
    for ident in _nearest(checks)[:TRENDS]:
        points = trend(checks, ident)
        last = points[-1].criterion
        name = say.either(last.name_en, last.name_vi)
        name = uncapital(name)
        found.append(
            (say.fill("Diễn biến trong năm: {criterion}", criterion=name), numbered(points))
        )
    return [(caption, points) for caption, points in found if len(points) > 1]


def _least_margins(checks: Sequence[HistoryEntry]) -> list[TrendPoint]:
    points = []
    for e in checks:
        if e.binding is None or e.binding.margin_pct is None:
            continue
        value = CriterionValue(
            id="margin",
            name_en=LEAST,
            name_vi=LEAST,
            value=max(e.binding.margin_pct, FLOOR),
            threshold=0.0,
            unit="%",
            sense="at-least",
            ok=e.binding.margin_pct >= 0,
            margin_pct=e.binding.margin_pct,
        )
        points.append(TrendPoint(e.at, e.run_id, e.scenario, e.verdict, e.engine, True, value))
    return points


def _nearest(checks: Sequence[HistoryEntry]) -> list[str]:
    """Criteria that a picture can show (not plain counts), with the least margin first."""
    least: dict[str, float] = {}
    for e in checks:
        for c in e.criteria:
            if c.margin_pct is not None and c.value is not None and c.threshold:
                least[c.id] = min(least.get(c.id, 100.0), c.margin_pct)
    return sorted(least, key=lambda ident: (least[ident], ident))


def yearly(entries: Sequence[HistoryEntry], year: int) -> dict[str, Any]:
    """The summary's texts and tables by name, as `history.document` lays them out.

    `entries` are the year's runs, oldest first, at least one. `networks` has a part for each
    network of which there is anything to assess.
    """
    ledger, say = Ledger(entries), Wording("vi")
    runs = [e for e in entries if e.kind in ASSESSED]
    regulation = regulation_of(entries, ledger)
    return {
        "year": year,
        "regulation": None if regulation is None else regulation.model_dump(mode="json"),
        "overview": _overview(entries, ledger, year, say),
        "networks": [of_network(found, ledger, say) for found in by_network(entries, ledger)],
        "unused": unused_rows(entries, ledger, say),
        "studies": study_rows(entries, ledger, say),
        "runs": run_rows(entries, ledger, say),
        "uncommitted": not all(e.committed for e in runs),
    }


def regulation_of(entries: Sequence[HistoryEntry], ledger: Ledger) -> Regulation | None:
    """The one under which all networks are run, each by its last run; None if there is none."""
    last = {ledger.network(e): e.province.regulation for e in entries if e.province is not None}
    one, *others = last.values() or [None]
    return one if all(each == one for each in others) else None


def by_network(entries: Sequence[HistoryEntry], ledger: Ledger) -> list[list[HistoryEntry]]:
    """Return the checks and failures of each network of which any count, in the order of time:
    those of the running system apart from those of proposals (`new` bridges)."""
    runs = [e for e in entries if e.kind in ASSESSED]
    parts = [
        [e for e in runs if ledger.network(e) == name and bool(e.new) == proposals]
        for name in ledger.networks
        for proposals in (False, True)
    ]
    return [part for part in parts if any(e.counts for e in part)]


def _overview(
    entries: Sequence[HistoryEntry], ledger: Ledger, year: int, say: Wording
) -> list[str]:
    first, last = say.day(entries[0].at), say.day(entries[-1].at)
    when = say.fill("từ ngày {first} đến ngày {last}", first=first, last=last)
    if first == last:
        when = say.fill("ngày {day}", day=first)
    counting = [e for e in entries if e.kind in ASSESSED and e.counts]
    checks = sum(e.kind == "check" for e in counting)
    told = [
        say.fill(
            "Năm {year} còn lưu {runs} lần chạy ({when}), trong đó {checks} lần kiểm tra "
            "kết nối và {faults} lần thử sự cố có kết quả được dùng để đánh giá.",
            year=str(year),
            runs=len(entries),
            when=when,
            checks=checks,
            faults=len(counting) - checks,
        )
    ]
    if counting:
        proposed = sum(bool(e.new) for e in counting)
        text = (
            "Tất cả là kết quả mô phỏng, không phải số đo trên hệ thống đang vận hành: "
            "{running} lần của hệ thống hiện có, {proposed} lần của phương án đề xuất thêm "
            "điểm cầu."
        )
        told.append(say.gettext(text, running=len(counting) - proposed, proposed=proposed))
        if proposed == len(counting):
            text = (
                "Không có lần chạy nào của hệ thống hiện có nên bản tổng hợp này không nêu "
                "được hệ thống hoạt động tốt đến mức nào."
            )
            told.append(text)
    if len(ledger.networks) > 1:
        told.append(
            say.fill(
                "Các lần đó thuộc {n} mạng khác nhau, được đánh giá riêng từng mạng: {networks}.",
                n=len(ledger.networks),
                networks="; ".join(ledger.networks),
            )
        )
    studies = sum(e.kind not in ASSESSED for e in entries)
    if unused := len(entries) - len(counting) - studies:
        text = "{runs} lần không được dùng làm căn cứ đánh giá, nêu riêng ở cuối."
        told.append(say.gettext(text, runs=unused))
    if studies:
        text = "{runs} lần tính toán, khảo sát khác được nêu riêng ở cuối."
        told.append(say.gettext(text, runs=studies))
    return told
