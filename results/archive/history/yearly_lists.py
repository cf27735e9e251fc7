"""The lists at the end of the yearly summary: what was not assessed, and all runs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from results.archive.history.entry import Entry

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
