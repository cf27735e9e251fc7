"""Registrations of which a list knows the day alone, as its column's title in Vietnamese says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.scenarios.calendar.csv_file import read_csv
from giaoban.scenarios.calendar.registration import TIME_ZONE

HEAD = "nội dung;thành phần;bắt đầu;kết thúc;ngày đăng ký\n"


@pytest.mark.parametrize("day", ["2026-12-01", "01/12/2026"])
def test_a_day_counts_from_its_end(tmp_path: Path, day: str) -> None:
    """So that nobody is in time by an hour that nobody knows."""
    path = tmp_path / "list.csv"
    path.write_text(f"{HEAD}Họp;Cư Jút;2026-12-05 08:00;2026-12-05 10:00;{day}\n", encoding="utf-8")
    [found] = read_csv(path)
    assert found.registered == datetime(2026, 12, 1, 23, 59, 59, tzinfo=TIME_ZONE)


@pytest.mark.parametrize("wrong", ["32/12/2026", "12/2026", "2026-12-01 8h"])
def test_no_other_column_and_no_other_form(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "list.csv"
    for key, line in (
        ("registered", f"2026-12-05 08:00;{wrong}"),
        ("end", "2026-12-05;2026-12-01"),
    ):
        path.write_text(f"{HEAD}Họp;Cư Jút;2026-12-04 08:00;{line}\n", encoding="utf-8")
        with pytest.raises(InputError, match=f"{key} = "):
            read_csv(path)
