"""The catalogue of units, lists of one's own, and bridges made of both."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.names import key, slug
from giaoban.topology.load import load_province
from giaoban.topology.network import build
from giaoban.topology.units import as_bridges, catalogue, known, units_from_csv


def ids(text: str) -> list[str]:
    return [unit.id for unit in catalogue().pick(text)]


def test_marks_and_signs_do_not_count() -> None:
    assert slug("Đắk R'Lấp") == "dak-r-lap"
    assert key("Xã  Đăk R’Moan") == "xadakrmoan"
    assert slug("Tỉnh Ủy") == "tinh-uy"
    composed, decomposed = "Quảng Sơn", "Qua\u0309ng So\u031bn"
    assert key(composed) == key(decomposed) == "quangson"


def test_the_catalogue_holds_what_was_published() -> None:
    units = catalogue().units
    assert Counter(unit.year for unit in units if unit.code) == {2013: 71, 2025: 28}
    assert Counter(unit.name.split()[0] for unit in units if unit.year == 2013 and unit.code) == {
        "Phường": 5,
        "Thị": 5,  # thị trấn
        "Xã": 61,
    }
    by_district = {"Cư Jút": 8, "Krông Nô": 12, "Tuy Đức": 6, "Đắk Glong": 7, "Đắk Mil": 10}
    by_district |= {"Đắk R'Lấp": 11, "Đắk Song": 9, "Gia Nghĩa": 8}
    assert {name: len(ids(name)) for name in by_district} == by_district
    assert len(ids("departments")) == 17
    assert len({unit.id for unit in units}) == len(units)


def test_every_unit_of_2025_was_made_of_those_of_2013() -> None:
    """Each of the 71 is in exactly one of the 28 (the province kept its outline)."""
    with Path(known.__file__).with_name("units.csv").open(encoding="utf-8") as file:
        merged = [row["merged_from"] for row in csv.DictReader(file)]
    parts = [key(part) for parts in merged if parts for part in parts.split(";")]
    old = [key(unit.name) for unit in catalogue().pick("all-2013")]
    assert sorted(parts) == sorted(old)


@pytest.mark.parametrize(
    "text", ["Quảng Sơn", "quang son", "XÃ QUẢNG SƠN", "xa-quang-son", "24616"]
)
def test_ways_to_say_one_commune(text: str) -> None:
    assert ids(text) == ["xa-quang-son"]


def test_a_year_chooses_the_list() -> None:
    assert ids("Quảng Sơn 2025") == ["xa-quang-son-2025"]
    assert ids("Tà Đùng") == ["xa-ta-dung"]  # there is none of 2013
    assert {unit.year for unit in catalogue().pick("Đắk Glong (2025)")} == {2025}


def test_a_name_of_a_district_and_of_its_town() -> None:
    assert len(ids("Đắk Mil")) == 10
    assert ids("thị trấn Đắk Mil") == ["thi-tran-dak-mil"]


def test_several_at_once() -> None:
    assert ids("Quảng Sơn, so-tttt; Ea Tling") == ["xa-quang-son", "so-tttt", "thi-tran-ea-t-ling"]
    assert ids("Sở Văn hóa, Thể thao và Du lịch") == ["so-vhttdl"]  # a comma of its own


@pytest.mark.parametrize(
    ("text", "near"),
    [("Kiến Duk", "Xã Kiến Đức"), ("Đắk Glon", "Huyện Đắk Glong"), ("Quảng Sơm", "Xã Quảng Sơn")],
)
def test_unknown_names_are_answered_with_near_ones(text: str, near: str) -> None:
    with pytest.raises(InputError, match=f'no unit "{text}" .*did you mean .*"{near}"'):
        catalogue().pick(text)


@pytest.mark.parametrize("text", ["", " ", ",", "đ'", "Quảng Sơn, Ataşehir"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no unit "):
        catalogue().pick(text)


def test_all_communes_are_bridges_of_the_default_province() -> None:
    province = load_province()
    bridges = as_bridges(catalogue().pick("all-2013"), province)
    assert len(bridges) == 71
    assert {bridge.rate_mbps for bridge in bridges} == {10.0}
    assert all(bridge.assumed and bridge.settled_by and bridge.source_vi for bridge in bridges)
    assert len(build(province, bridges).bridges) == 79


def test_impossible_bridges_are_refused_with_the_reason() -> None:
    province = load_province()
    unit = catalogue().pick("Quảng Sơn")[0]
    with pytest.raises(InputError, match=r"Xã Quảng Sơn: id = .*already exists as new bridge"):
        as_bridges([unit, unit], province)
    there = unit.model_copy(update={"id": "cu-jut"})
    with pytest.raises(InputError, match="already exists as a bridge of the province"):
        as_bridges([there], province)
    lost = unit.model_copy(update={"router": "r-dak-glon"})
    with pytest.raises(InputError, match=r'router = .r-dak-glon.: .*did you mean "r-dak-glong"'):
        as_bridges([lost], province)


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "danh-sach.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_list_as_a_vietnamese_spreadsheet_saves_it(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "STT;Tên đơn vị;Huyện;Bộ định tuyến;Độ dài (km);Tốc độ (Mb/s);Nguồn\r\n"
        "1;Xã Quảng Sơn;Đắk Glong;;38,5;20;khảo sát ngày 3/3\r\n"
        "2;Nhà văn hóa Nâm Nung;Krông Nô;;;;\r\n"
        ";;;;;;\r\n"
        "3;Trạm biên phòng;;r-tuy-duc;12;;\r\n",
        "utf-8-sig",
    )
    son, hall, post = units_from_csv(path)
    assert (son.id, son.router, son.km, son.rate_mbps) == ("xa-quang-son", "r-dak-glong", 38.5, 20)
    assert (son.source, son.assumed) == ("khảo sát ngày 3/3", False)
    assert (hall.id, hall.router, hall.assumed) == ("nha-van-hoa-nam-nung", "r-krong-no", True)
    assert (post.km, post.assumed, post.source) == (12, False, "danh-sach.csv, line 5")
    bridges = as_bridges([son, hall, post], load_province())
    assert [bridge.rate_mbps for bridge in bridges] == [20, 10, 10]
    assert all(bridge.assumed for bridge in bridges)  # no queue was given


def test_namesakes_in_two_districts_get_ids_of_their_own(tmp_path: Path) -> None:
    rows = "name,district,router,km\nXã Tân Thành,Đắk Mil,r-dak-mil,4\n"
    path = write(tmp_path, rows + "Xã Tân Thành,Tuy Đức,r-tuy-duc,5\n")
    assert [unit.id for unit in units_from_csv(path)] == [
        "xa-tan-thanh-huyen-dak-mil",
        "xa-tan-thanh-huyen-tuy-duc",
    ]
    # a list with a third, which the catalogue has, keeps the id of the catalogue
    path = write(tmp_path, rows + "Xã Tân Thành,Krông Nô,,\n")
    assert units_from_csv(path)[1].id == "xa-tan-thanh"
    with pytest.raises(InputError, match=r"csv:3: .*in the list already, line 2"):
        units_from_csv(write(tmp_path, rows + "Xã Tân Thành,Đắk Mil,r-dak-mil,4\n"))


def test_a_column_year_chooses_among_the_lists(tmp_path: Path) -> None:
    path = write(tmp_path, "tên,năm\nXã Quảng Sơn,2025\nXã Quảng Sơn,\n")
    assert [unit.id for unit in units_from_csv(path)] == ["xa-quang-son-2025", "xa-quang-son"]
    with pytest.raises(InputError, match=r"csv:2: column 'năm' = '2020': is no year"):
        units_from_csv(write(tmp_path, "tên,năm\nXã Quảng Sơn,2020\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,km\nXã Quảng Sơn,xa\n", r"csv:2: column 'km' = 'xa': is not a number"),
        ("name;km\nXã Quảng Sơn;1.250,5\n", r"csv:2: column 'km' = '1.250,5': is ambiguous"),
        ("name;km\nXã Quảng Sơn;-1\n", r"csv:2: column 'km' = '-1': is out of range"),
        ("tên,cây số\nXã Quảng Sơn,3\n", r"csv:1: column 2: unknown heading 'cây số'"),
        ("km,router\n3,r-cu-jut\n", r'csv:1: no column "name"'),
        ("name,tên\na,b\n", r"csv:1: column 2: 'tên' is a second column \"name\""),
        ("name\nXã Kiến Duk\n", r'csv:2: no unit "Xã Kiến Duk".*did you mean "Xã Kiến Đức"'),
        ("name,huyện\nNhà A,Đắk Tô\n", r'csv:2: district "Đắk Tô" is not in the catalogue'),
        ("name,km\nSở Văn hóa, Thể thao và Du lịch,3\n", r"csv:2: has 3 cells, the headings are 2"),
        ("name\n", r"holds no line"),
        ("name,id\nXã Quảng Sơn,Quảng Sơn\n", r"csv:2: column 'id' = 'Quảng Sơn': is not an ident"),
        ("name,buffer_packets\nXã Quảng Sơn,1.5\n", r"column 'buffer_packets'.*not a whole number"),
        ('name,km\n"Xã Quảng Sơn,3\n', r"csv:2: is not CSV"),
    ],
)
def test_bad_lists(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        units_from_csv(write(tmp_path, text))


def test_every_mistake_of_a_list_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "name,km\nXã Quảng Sơn,a\nXã Nowhere,3\nXã Nam Dong,b\n")
    with pytest.raises(InputError) as caught:
        units_from_csv(path)
    assert [line.split(":")[1] for line in str(caught.value).splitlines()] == ["2", "3", "4"]
