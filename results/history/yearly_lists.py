"""The lists at the end of the yearly summary: what was not assessed, and all runs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from results.history.entry import Entry

VERDICTS = {"pass": "Đạt", "fail": "Không đạt", "invalid": "Không hợp lệ"}
KINDS = {
    "check": "kiểm tra kết nối",
    "faults": "thử sự cố",
    "whatif": "so sánh phương án",
    "headroom": "tính dư địa",
    "sweep-answer": "khảo sát nhiều phương án",
    "load": "thử tải MCU",
}
ASSESSED = ("check", "faults")
"""Kinds whose verdict says how well the system works; others are studies, and listed apart."""
UNCOMMITTED = "\u00a0*"
"""Behind the verdict of a run whose program is no commit: such a run gives no final annex."""
ENGINES = {
    "sandbox": "mô phỏng trong máy ảo",
    "native": "mô phỏng trên máy thật",
    "estimate": "ước tính",
}


def scenario_numbers(entries: Sequence[Entry]) -> dict[str, int]:
    """A number for each scenario that is assessed, in the order of their first run."""
    scenarios = dict.fromkeys(e.scenario for e in entries if e.kind in ASSESSED)
    return {scenario: number for number, scenario in enumerate(scenarios, 1)}


def day(entry: Entry) -> str:
    """`25/11/2026`."""
    return f"{entry.at:%d/%m/%Y}"


def unused_rows(entries: Sequence[Entry], numbers: Mapping[str, int]) -> list[list[str]]:
    """Checks and runs of failures that do not count, each with the reason."""
    return [
        [day(e), str(numbers[e.scenario]), _why_unused(e), e.run_id]
        for e in entries
        if e.kind in ASSESSED and not e.counts
    ]


def study_rows(entries: Sequence[Entry]) -> list[list[str]]:
    """Runs of other kinds."""
    return [
        [day(e), KINDS.get(e.kind, e.kind), VERDICTS.get(e.verdict or "", "–"), e.run_id]
        for e in entries
        if e.kind not in ASSESSED
    ]


def run_rows(entries: Sequence[Entry], numbers: Mapping[str, int]) -> list[list[str]]:
    """All runs, with the sum of each answer."""
    return [_run_row(e, numbers) for e in entries]


def _why_unused(entry: Entry) -> str:
    if entry.verdict == "invalid":
        why = "; ".join(entry.reasons_vi) or "lần kiểm tra không đủ tin cậy"
        return f"không hợp lệ: {why}"
    if entry.engine == "estimate":
        return "kết quả ước tính, chưa kiểm tra bằng mô phỏng"
    return "không có kết luận đạt hay không đạt"


def _run_row(entry: Entry, numbers: Mapping[str, int]) -> list[str]:
    assessed = entry.kind in ASSESSED
    kind = KINDS.get(entry.kind, entry.kind)
    engine = ENGINES.get(entry.engine, entry.engine)
    mark = UNCOMMITTED if assessed and not entry.committed else ""
    return [
        f"{entry.at:%d/%m/%Y %H:%M}",
        str(numbers[entry.scenario]) if assessed else "–",
        f"{kind}; {engine}" if engine else kind,
        VERDICTS.get(entry.verdict or "", "–") + mark,
        entry.run_id,
        entry.sha256,
    ]
