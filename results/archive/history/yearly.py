"""What a year of runs says, in Vietnamese: the texts and tables of the yearly summary. Pure.

Art. 13(4) and 22(2) ask for a yearly assessment of how well the system works, to be reported to the
Provincial People's Committee. Only runs that count (valid, emulated) are assessed, each network by
itself (`yearly_network`); the others are listed apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from results.archive.history.entry import Entry
from results.archive.history.yearly_lists import (
    ASSESSED,
    Ledger,
    day,
    run_rows,
    study_rows,
    unused_rows,
)
from results.archive.history.yearly_network import of_network


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
