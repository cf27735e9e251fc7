"""The annex as an office sees it: its text, fonts, paper and marks."""

import re
import subprocess

import pytest
import results_factory as make
from pdf_text import pages_of, text_of

from giaoban.errors import InputError, MachineLacks
from results.annex import annex_data, write_annex
from results.model import Place, Refused
from results.plots import write_plots
from results.vietnamese import Names, amount, number

INVALID = "KẾT QUẢ KHÔNG HỢP LỆ – KHÔNG ĐƯỢC SỬ DỤNG"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return write_plots(make.series(), folder, lang="vi", limits={"loss": 1.0})


@pytest.fixture(scope="module")
def annex(tmp_path_factory, pictures):
    path = tmp_path_factory.mktemp("annex") / "phu-luc.pdf"
    write_annex(make.result(), pictures, path)
    return path


def test_names_come_out_of_the_pdf_as_they_are_written(annex):
    text = text_of(annex)
    for name in [*make.EXISTING.values(), *make.NEW.values()]:
        assert name.split(" (")[0] in text
    assert "Đắk R'Lấp" in text
    assert "Krông Nô" in text


def test_heading_of_an_annex(annex):
    first = pages_of(annex)[0].splitlines()
    lines = [line.strip() for line in first if line.strip()]
    assert lines[0] == "Phụ lục"
    assert lines[1].startswith("KẾT QUẢ KIỂM TRA")
    assert lines[3] == "(Kèm theo văn bản số …/…-… ngày … tháng … năm … của …)"


def test_pages_are_numbered_from_the_second(annex):
    firsts = [page.strip().splitlines()[0].strip() for page in pages_of(annex)]
    assert firsts[1:] == [str(n) for n in range(2, len(firsts) + 1)]
    assert firsts[0] == "Phụ lục"


def test_every_part_is_there(annex):
    text = re.sub(r"\s+", " ", text_of(annex))
    for words in (
        "Có thể kết nối thêm điểm cầu",
        "Đạt: có thể kết nối 2 điểm cầu mới (Thị xã Gia Nghĩa, Xã Quảng Sơn)",
        "Yếu tố giới hạn: năng lực MCU đã sử dụng – Polycom RMX 1500, 1 × MPMx",
        "33,33 %",
        "QCVN",
        "Hình 4: Năng lực MCU",
        "hợp đồng thuê kênh",
        "20261124-152000-mo-rong",
        "1681",
        "a" * 64,
        "d" * 64,
        "476.000 gói tin đã gửi",
    ):
        assert words in text, words
    assert INVALID not in text


def test_no_english(annex):
    text = text_of(annex).lower()
    for word in ("bridge", "delay", "loss ", "threshold", "link", "during", "before", "audio"):
        assert word not in text, word


def test_paper_and_fonts(annex):
    info = subprocess.run(["pdfinfo", str(annex)], check=True, capture_output=True, text=True)
    assert "(A4)" in info.stdout
    assert "CreationDate" not in info.stdout
    fonts = subprocess.run(["pdffonts", str(annex)], check=True, capture_output=True, text=True)
    rows = fonts.stdout.splitlines()[2:]
    assert any("LiberationSerif" in row for row in rows)
    assert all(row.split()[-5] == "yes" for row in rows), "all fonts embedded"


def test_same_result_same_bytes(annex, pictures, tmp_path):
    again = tmp_path / "again.pdf"
    write_annex(make.result(), pictures, again)
    assert again.read_bytes() == annex.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.pdf"]


def test_an_invalid_run_is_marked_on_every_page(pictures, tmp_path):
    path = tmp_path / "x.pdf"
    write_annex(make.result(invalid=["12 packets unaccounted for"]), pictures, path)
    pages = pages_of(path)
    assert len(pages) > 2
    assert all(INVALID in page for page in pages)
    first = re.sub(r"\s+", " ", pages[0])
    assert "Kết quả này không sử dụng được." in first
    assert "12 packets unaccounted for" in first
    assert "có thể kết nối 2" not in first


def test_a_fail_says_what_and_where(tmp_path):
    before, during, after = make.phases()
    device = make.mcu(list(make.EXISTING), [Refused(bridge="quang-son", code=503, reason="full")])
    phases = [before, make.phase("during", during.bridges, device=device), after]
    path = tmp_path / "x.pdf"
    write_annex(make.result(phases), {}, path)
    text = re.sub(r"\s+", " ", text_of(path))
    assert "Không đạt: khi kết nối 2 điểm cầu mới" in text
    assert "không đáp ứng 1 trong tổng số 11 tiêu chí" in text
    assert "Nguyên nhân chính: số cuộc gọi không thiết lập được – Polycom RMX 1500" in text
    assert "hết năng lực phục vụ (mã 503): Xã Quảng Sơn." in text


def test_seventy_one_bridges_stay_readable(tmp_path):
    many = [make.bridge(f"xa-{n}", f"Xã số {n}") for n in range(61)]
    before, during, after = make.phases()
    phases = [before] + [
        make.phase(p.name, [*p.bridges, *many], device=make.mcu(list(make.EXISTING)))
        for p in (during, after)
    ]
    path = tmp_path / "x.pdf"
    write_annex(make.result(phases), {}, path)
    pages = pages_of(path)
    assert len(pages) < 15
    assert "Xã số 60" in "".join(pages)


def test_markup_in_names_is_only_text(tmp_path):
    before, during, after = make.phases()
    odd = make.bridge("odd", 'Xã #panic() *x* $y$ "z" \\ <b>')
    phases = [before, *(make.phase(p.name, [*p.bridges, odd]) for p in (during, after))]
    path = tmp_path / "x.pdf"
    write_annex(make.result(phases), {}, path)
    assert "#panic()" in text_of(path)


def test_unknown_and_missing_pictures(tmp_path):
    with pytest.raises(InputError, match="'cat': not one of map"):
        write_annex(make.result(), {"cat": tmp_path / "cat.svg"}, tmp_path / "x.pdf")
    with pytest.raises(InputError, match=r"delay\.svg: picture"):
        write_annex(make.result(), {"delay": tmp_path / "delay.svg"}, tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_missing_fonts_tell_the_command(tmp_path):
    with pytest.raises(MachineLacks, match="apt-get install fonts-liberation"):
        write_annex(make.result(), {}, tmp_path / "x.pdf", fonts=tmp_path)


def test_out_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        write_annex(make.result(), {}, tmp_path / "file" / "x.pdf")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (0.0, "0"), (1234567.0, "1.234.567"), (0.125, "0,12"), (-58.4, "−58,4")],
)
def test_numbers(value, expected):
    assert number(value) == expected


def test_amounts():
    assert amount(None, "ms") == "không đo được"
    assert amount(3.5, "ms") == "3,5\u00a0ms"
    assert amount(2.0, "calls") == "2\u00a0cuộc\u00a0gọi"


def test_places():
    names = Names(make.result())
    bridge = Place(kind="bridge", id="cu-jut", detail="video down", phase="during")
    assert names.place(bridge) == "Cư Jút, hình ảnh chiều xuống, trong khi kết nối"
    link = Place(kind="link", id="a--b", detail="r-gia-nghia->r-cu-jut", phase="after")
    assert names.place(link) == "Gia Nghĩa → Cư Jút, sau khi kết nối"
    access = Place(kind="link", id="access-cu-jut", detail="r-cu-jut->cu-jut")
    assert names.place(access) == "Đường truy nhập Cư Jút (chiều xuống)"
    assert names.place(None) == ""


def test_bridge_rows_show_the_worst_stream():
    worse = make.bridge("cu-jut", None, make.stream(delay_ms=7.04), make.stream("video", "up"))
    before, during, after = make.phases()
    bridges = [worse if b.id == "cu-jut" else b for b in during.bridges]
    data = annex_data(make.result([before, make.phase("during", bridges), after]))
    row = next(r for r in data["bridges"] if r[0] == "Cư Jút")
    assert row[1:4] == ["5", "7", "5"]


def test_long_delays_fit_their_column():
    slow = make.bridge("cu-jut", None, make.stream(delay_ms=1234.5), make.stream("video", "up"))
    before, during, after = make.phases()
    bridges = [slow if b.id == "cu-jut" else b for b in during.bridges]
    data = annex_data(make.result([before, make.phase("during", bridges), after]))
    row = next(r for r in data["bridges"] if r[0] == "Cư Jút")
    assert row[2] == "1.234"
