"""The annex as an office sees it: its text, fonts, paper and marks."""

import os
import re
import subprocess

import annex_factory as annexes
import failures_factory
import load_factory
import pytest
import results_factory as make
from pdf_text import overprinted, pages_of, text_of

from giaoban.errors import InputError, MachineLacks
from giaoban.results.judge.criteria import load_criteria
from giaoban.results.judge.verdict import trial, with_seeds
from giaoban.results.model.seeds import others, seeds_of
from giaoban.results.model.studies.failures import FailureResult

DRAFT = "BẢN NHÁP – KHÔNG DÙNG ĐỂ TRÌNH PHÊ DUYỆT"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return make.write_plots(make.series(), folder, lang="vi", limits={"loss": 1.0})


@pytest.fixture(scope="module")
def annex(tmp_path_factory, pictures):
    path = tmp_path_factory.mktemp("annex") / "phu-luc.pdf"
    annexes.write(make.result(), pictures, path)
    return path


def test_nothing_is_printed_over_something_else(tmp_path):
    """Of all kinds of parts; with a unit as long as they may be, and figures far off."""
    first, during, last = make.phases()
    bridges = [b.model_copy(update={"sound_early_ms": 123456.78}) for b in during.bridges]
    result = make.result([first, make.phase("during", bridges), last])
    *others_of_it, loss = result.criteria
    loss = loss.model_copy(update={"unit": "units per minute", "unit_vi": "thiết bị mỗi giờ"})
    result = result.model_copy(update={"criteria": [*others_of_it, loss]})
    seeds = seeds_of([trial(seed, result) for seed in others(result.inputs.seed, 20)], "estimate")
    answers = [
        with_seeds(result, load_criteria(), seeds),
        failures_factory.answer(),
        load_factory.storm("random", run_id="load-province-20261125-091500", last_back_s=14.04),
    ]
    path = tmp_path / "x.pdf"
    annexes.write_annex(path, [annexes.chapter(answer) for answer in answers])
    assert overprinted(path) == []


def test_heading_of_an_annex(annex):
    first = pages_of(annex)[0].splitlines()
    lines = [line.strip() for line in first if line.strip()]
    assert lines[0] == "Phụ lục"
    assert lines[1].startswith("KẾT QUẢ KIỂM TRA")
    assert lines[3] == "(Kèm theo Công văn số …/…-… ngày … tháng … năm … của …)"


def test_pages_are_numbered_from_the_second(annex):
    firsts = [page.strip().splitlines()[0].strip() for page in pages_of(annex)]
    assert firsts[1:] == [str(n) for n in range(2, len(firsts) + 1)]
    assert firsts[0] == "Phụ lục"


def test_every_part_is_there(annex):
    text = re.sub(r"\s+", " ", text_of(annex))
    total = annexes.proof(make.result()).sum
    for words in (
        "Có thể kết nối thêm điểm cầu",
        "Đạt: có thể kết nối 2 điểm cầu mới (thị xã Gia Nghĩa, xã Quảng Sơn)",
        "Gần ngưỡng nhất: âm thanh: độ trễ từ miệng đến tai – Gia Nghĩa (điểm cầu chủ tọa)",
        "33,33 %",
        "ITU-T G.114",
        "Hình 4: Năng lực MCU",
        "hợp đồng thuê kênh",
        "20261124-152000-mo-rong",
        "1681",
        "a" * 64,
        "d" * 64,
        "476.000 gói tin đã gửi",
        total[:32],
        total[32:],
        "Mininet 2.3.0",
    ):
        assert words in text, words
    headings = re.findall(r"(?m)^ *(\d+)\. (\S.*)$", text_of(annex))
    assert [int(n) for n, _ in headings] == list(range(1, 15))
    assert DRAFT not in text
    assert "BẢN NHÁP" not in text


def test_no_english(annex):
    text = text_of(annex).lower()
    for word in (
        "bridge", "delay", "loss ", "threshold", "link", "during", "before", "audio", "toml file",
        "table", "figure", "seed", "draft",
    ):  # fmt: skip
        assert word not in text, word


def test_paper_and_fonts(annex):
    info = subprocess.run(["pdfinfo", str(annex)], check=True, capture_output=True, text=True)
    assert "(A4)" in info.stdout
    assert re.search(r"Tagged: +yes", info.stdout)
    assert "Nov 24 08:20:00 2026" in info.stdout, "made when the run was"
    raw = annex.read_bytes()
    assert b"<xmp:CreateDate>2026-11-24T08:20:00Z</xmp:CreateDate>" in raw, "15:20 in Việt Nam"
    assert b"<pdfaid:part>3</pdfaid:part>" in raw
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in raw
    assert b"<pdfuaid:part>1</pdfuaid:part>" in raw
    fonts = subprocess.run(["pdffonts", str(annex)], check=True, capture_output=True, text=True)
    rows = fonts.stdout.splitlines()[2:]
    assert any("LiberationSerif" in row for row in rows)
    assert all(row.split()[-5] == "yes" for row in rows), "all fonts embedded"


def test_another_program_finds_no_fault_in_the_file(annex):
    done = subprocess.run(["qpdf", "--check", str(annex)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pictures_are_vectors(annex):
    listed = subprocess.run(
        ["pdfimages", "-list", str(annex)], check=True, capture_output=True, text=True
    )
    assert listed.stdout.splitlines()[2:] == []


def test_same_result_same_bytes(annex, pictures, tmp_path):
    again = tmp_path / "again.pdf"
    annexes.write(make.result(), pictures, again)
    assert again.read_bytes() == annex.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.pdf"]


def test_an_invalid_run_is_a_draft_on_every_page(pictures, tmp_path):
    path = tmp_path / "x.pdf"
    annexes.write(make.result(invalid=[make.unaccounted(12)]), pictures, path)
    pages = pages_of(path)
    assert len(pages) > 2
    assert all(DRAFT in page for page in pages)
    first = re.sub(r"\s+", " ", pages[0])
    assert "không được dùng làm căn cứ" in first
    assert "– 12 gói tin không rõ nguyên nhân" in first
    assert "packets" not in first
    assert "có thể kết nối 2" not in first


def changed(**inputs):
    result = make.result()
    return result.model_copy(update={"inputs": result.inputs.model_copy(update=inputs)})


@pytest.mark.parametrize(
    ("result", "proved", "why"),
    [
        (changed(committed=False), True, "phần mềm đã sửa đổi so với phiên bản lưu trữ"),
        (changed(commit=None), True, "không rõ phiên bản"),
        (make.result(), False, "không có tệp bằng chứng"),
    ],
)
def test_what_is_no_basis_for_an_approval_is_a_draft(tmp_path, result, proved, why):
    path = tmp_path / "x.pdf"
    annexes.write(result, {}, path, proved=proved)
    pages = pages_of(path)
    assert all(DRAFT in page for page in pages)
    assert why in re.sub(r"\s+", " ", pages[0])


def tried(**more):
    """Failures of the scenario that `make.result` checked."""
    return failures_factory.answer(**more)


def test_the_section_of_failures_is_the_one_that_is_named():
    result = make.result()
    headings = [b for b in annexes.annex(result, tried()).blocks if hasattr(b, "level")]
    assert next(b.number for b in headings if b.text == "Các sự cố đã thử") == "7."
    again = [b for b in annexes.annex(result, result, tried()).blocks if hasattr(b, "level")]
    assert next(b.number for b in again if b.text == "Các sự cố đã thử") == "13."
    assert "(mục 13)" in annexes.said(result, result, tried())


def test_failures_of_something_else_are_refused():
    other = tried()
    inputs = other.inputs.model_copy(
        update={"scenario": other.inputs.scenario.model_copy(update={"sha256": "e" * 64})}
    )
    with pytest.raises(InputError, match="failures of another scenario"):
        annexes.said(make.result(), other.model_copy(update={"inputs": inputs}))


def test_failures_alone_are_no_annex():
    with pytest.raises(InputError, match="an annex is of a check"):
        annexes.said(tried())


def processor_s():
    """Time that processors worked for this and for what it started: no other test's is in it."""
    return sum(os.times()[:4])


def test_seventy_one_bridges_and_eighty_failures_stay_readable(tmp_path):
    many = [make.bridge(f"xa-{n}", f"Xã số {n}") for n in range(61)]
    before, during, after = make.phases()
    phases = [before] + [
        make.phase(p.name, [*p.bridges, *many], device=make.mcu(list(make.EXISTING)))
        for p in (during, after)
    ]
    names = [*make.EXISTING, *make.NEW, *(b.id for b in many)]
    failures = [
        FailureResult.model_validate(
            failures_factory.failure(
                f"cut:xa-{n}--xa-{n + 1}",
                [failures_factory.impact(name, 10.0 * n + 1, lost=n) for name in names],
            ).model_dump()
            | {"name_vi": f"Đứt tuyến Xã số {n} – Xã số {n + 1}"}
        )
        for n in range(80)
    ]
    pictures = make.write_plots(make.series(71), tmp_path, lang="vi")
    path = tmp_path / "x.pdf"
    start = processor_s()
    result, answer = make.result(phases), tried(of=failures)
    annexes.write_annex(path, [annexes.chapter(result, pictures), annexes.chapter(answer)])
    seconds = processor_s() - start
    pages = pages_of(path)
    assert len(pages) < 15
    assert seconds < 10
    assert "Xã số 60" in "".join(pages)
    assert "Đứt tuyến Xã số 79 – Xã số 80" in re.sub(r"\s+", " ", "".join(pages))


def test_unknown_and_missing_pictures(tmp_path):
    with pytest.raises(InputError, match="'cat': not one of delay"):
        annexes.write(make.result(), {"cat": tmp_path / "cat.svg"}, tmp_path / "x.pdf")
    with pytest.raises(InputError, match=r"delay\.svg: picture"):
        annexes.write(make.result(), {"delay": tmp_path / "delay.svg"}, tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_missing_fonts_tell_the_command(tmp_path):
    with pytest.raises(MachineLacks, match="apt-get install fonts-liberation"):
        annexes.write(make.result(), {}, tmp_path / "x.pdf", fonts=tmp_path)
