"""The letter that an annex goes with, as Decree 30/2020/NĐ-CP writes it."""

from datetime import date

import annex_factory as annexes
import pytest
import results_factory as make

from giaoban.errors import InputError
from giaoban.results.report.letter import Letter, make_letter

ISSUER = "Sở Thông tin và Truyền thông tỉnh Đắk Nông"


def test_as_the_decree_writes_it():
    letter = make_letter("15/STTTT-CNTT", "2026-02-05", ISSUER)
    assert letter.attached() == (
        "(Kèm theo Công văn số 15/STTTT-CNTT ngày 05 tháng 02 năm 2026 của "
        "Sở Thông tin và Truyền thông tỉnh Đắk Nông)"
    )


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 1, 9), "ngày 09 tháng 01 năm"),
        (date(2026, 2, 10), "ngày 10 tháng 02 năm"),
        (date(2026, 3, 31), "ngày 31 tháng 3 năm"),
        (date(2026, 12, 1), "ngày 01 tháng 12 năm"),
    ],
)
def test_noughts_before_days_below_ten_and_the_first_two_months(day, said):
    assert said in Letter(date=day).attached()


def test_what_is_not_known_stays_open():
    assert make_letter("7/UBND").attached() == (
        "(Kèm theo Công văn số 7/UBND ngày … tháng … năm … của …)"
    )


def test_dates_as_people_write_them():
    assert make_letter(when="5/2/2026").date == make_letter(when="2026-02-05").date


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"number": "15"}, "--letter-number"),
        ({"number": "15/STTTT CNTT"}, "--letter-number"),
        ({"when": "2026-02-30"}, "--letter-date"),
        ({"when": "hôm nay"}, "--letter-date"),
        ({"issuer": "x" * 121}, "--issuer"),
        ({"annex": "4"}, "--annex-number"),
    ],
)
def test_what_makes_no_sense_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        make_letter(**options)


def test_one_of_several_annexes_has_its_roman_number():
    letter = make_letter("15/STTTT-CNTT", "2026-02-05", ISSUER, annex="II")
    document = annexes.annex(make.result(), letter=letter)
    assert document.label == "Phụ lục II"
    assert document.attached.startswith("(Kèm theo Công văn số 15/STTTT-CNTT ngày 05")
