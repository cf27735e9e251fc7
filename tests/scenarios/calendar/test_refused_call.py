"""What a calendar says beforehand is what happens: the device refuses the same call."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from giaoban.scenarios.calendar import occupancy
from giaoban.scenarios.study.calendar import plan
from tests.results.pdf_text import text_of
from tests.scenarios.calendar.calendars import world

CALENDAR = """nội dung,bắt đầu,số phút,loại cuộc họp,ngày đăng ký
Giao ban tháng 3,01/03/2027 08:00,180,monthly-briefing,01/02/2027 08:00
Ngành nông nghiệp,01/03/2027 09:00,90,department-agriculture,02/02/2027 08:00
Ngành giáo dục,01/03/2027 09:00,90,department-education,03/02/2027 08:00
Huyện Đắk Mil với các xã,01/03/2027 09:00,90,district-and-communes,04/02/2027 08:00
"""


@pytest.mark.parametrize("by_estimate", [True, pytest.param(False, marks=pytest.mark.sandbox)])
def test_the_device_refuses_the_call_that_the_calendar_names(
    by_estimate: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A briefing, two departments and a district: 31 calls, and a device for 30."""
    monkeypatch.setattr(occupancy, "MOMENT_S", 12.0)
    path = tmp_path / "march.csv"
    path.write_text(CALENDAR, encoding="utf-8")
    made = plan(
        path,
        world(),
        from_day=date(2027, 1, 1),
        until=None,
        most_peaks=1,
        by_estimate=by_estimate,
        jobs=1,
        root=tmp_path / "runs",
        now=datetime(2027, 1, 1),
        language="vi",
        progress=lambda *_: None,
    )
    answer = made.answer
    full = [finding for finding in answer.findings if finding.rule == "device-full"]
    assert [(f.start[:16], f.bridges) for f in full] == [("2027-03-01T09:00", ["xa-thuan-an"])]
    (peak,) = answer.peaks
    assert peak.start[:16] == "2027-03-01T09:00"
    assert len(peak.meetings) == 4
    assert peak.engine == ("estimate" if by_estimate else "sandbox")
    assert (peak.verdict, peak.refused) == ("fail", ["xa-thuan-an"]), peak.reasons
    if not by_estimate:
        return  # it is printed alike
    printed = text_of(made.folder / "calendar.vi.pdf")
    assert "KHÔNG ĐẠT" in printed, "the peak, of which the months tell nothing"
    assert re.findall(r"Bảng (\d+):", printed) == [*"1234"], "each table has its number"
