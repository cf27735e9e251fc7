"""The annex as an office sees it: its text, fonts, paper and marks."""

import os
import re
import subprocess

import annex_factory as annexes
import failures_factory
import load_factory
import pytest
import results_factory as make
import view_factory as views
from pdf_text import overprinted, pages_of, text_of

from giaoban.errors import InputError, MachineLacks
from giaoban.results.archive.page import write_page
from giaoban.results.judge.criteria import LINK_PEAK, load_criteria
from giaoban.results.judge.verdict import trial, with_seeds
from giaoban.results.model.places import Place
from giaoban.results.model.result import MoreCalls, OtherTraffic, Refused
from giaoban.results.model.seeds import others, seeds_of
from giaoban.results.model.studies.failures import FailureResult
from giaoban.results.report.summaries.check_summary import summary_md
from giaoban.results.report.wording import Wording

VI = Wording("vi")

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


def test_names_come_out_of_the_pdf_as_they_are_written(annex):
    text = text_of(annex)
    for name in [*make.EXISTING.values(), *make.NEW.values()]:
        assert name.split(" (")[0] in text
    assert "Đắk R'Lấp" in text
    assert "Krông Nô" in text
    assert "1681/QĐ-UBND" in text


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_nothing_is_printed_over_something_else(tmp_path, lang):
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
    annexes.write_annex(path, [annexes.chapter(answer) for answer in answers], lang=lang)
    assert overprinted(path) == []


def test_heading_of_an_annex(annex):
    first = pages_of(annex)[0].splitlines()
    lines = [line.strip() for line in first if line.strip()]
    assert lines[0] == "Phụ lục"
    assert lines[1].startswith("KẾT QUẢ KIỂM TRA")
    assert lines[3] == "(Kèm theo Công văn số …/…-… ngày … tháng … năm … của …)"


def test_it_is_a_simulation_of_a_day_by_a_version_from_the_title_on(annex):
    first = " ".join(pages_of(annex)[0].split())
    title, _, rest = first.partition("1. Nội dung đề nghị kiểm tra")
    asked, _, verdict = rest.partition("2. Kết luận")
    assert "KẾT QUẢ KIỂM TRA BẰNG MÔ PHỎNG" in title
    version = make.result().inputs.commit[:12]
    assert f"mô phỏng bằng phần mềm giaoban (phiên bản {version}) ngày 24/11/2026" in asked
    assert verdict.strip().startswith("Theo kết quả mô phỏng ngày 24/11/2026")


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


def test_no_vietnamese_in_english_but_names():
    text = annexes.said(make.result(), lang="en")
    names = [*make.EXISTING.values(), *make.NEW.values(), "1681/QĐ-UBND", "Đắk Nông", "Quảng Sơn"]
    bare = text
    for name in sorted((name.split(" (")[0] for name in names), key=len, reverse=True):
        bare = bare.replace(name, "")
    marks = "ăâđêôơưĂÂĐÊÔƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ"
    assert re.findall(rf"\S*[{marks}]\S*", bare) == []
    assert "may be connected" in text
    assert "Gia Nghĩa (chair bridge)" in text
    assert "33.33 %" in text


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


def test_an_estimate_is_a_draft():
    result = make.result()
    engine = result.engine.model_construct(name="estimate", time="virtual", kernel="none")
    text = annexes.said(result.model_copy(update={"engine": engine}))
    assert "chỉ là số liệu ước tính" in text
    assert "ước tính, không mô phỏng" in text
    assert "nhân Linux" not in text, "nothing ran in one"


def test_other_traffic_is_named():
    shared = OtherTraffic(
        link="gia-nghia--cu-jut",
        direction="r-gia-nghia->r-cu-jut",
        mbps=110.0,
        marked="best-effort",
        packet_bytes=1200,
        from_s=10.0,
        to_s=20.0,
    )
    quiet, busy = make.result(), make.result().model_copy(update={"background": [shared]})
    words = "– Gia Nghĩa → Cư Jút: 110 Mb/s, mỗi gói tin 1.200 byte, không có mức ưu tiên"
    assert f"{words}, từ giây 10 đến giây 20." in annexes.said(busy)
    assert "không có lưu lượng nào khác" not in annexes.said(busy)
    assert "không nhiều hơn mức đã nêu" in annexes.said(busy)
    assert "không có lưu lượng nào khác" in annexes.said(quiet)
    assert "gồm cả gói tin của lưu lượng khác" in annexes.said(busy)
    assert "gồm cả gói tin của lưu lượng khác" not in annexes.said(quiet)


def test_other_traffic_and_the_queues_of_routers_are_told_alike_in_every_document(tmp_path):
    """Whatever a verdict depends on and an office may compare with its own network."""
    shared = OtherTraffic(
        link="gia-nghia--cu-jut",
        direction="r-gia-nghia->r-cu-jut",
        mbps=2.5,
        packet_bytes=1200,
        marked="voice",
    )
    result = make.result().model_copy(update={"background": [shared]})
    traffic = "Gia Nghĩa → Cư Jút: 2,5 Mb/s, mỗi gói tin 1.200 byte, cùng mức ưu tiên với tiếng nói"
    queues = {
        "classes": "hình ảnh được bảo đảm 62,5 % phần còn lại",
        "fifo": "Bộ định tuyến không phân lớp",
    }
    for queueing, words in queues.items():
        held = {"queueing": queueing, "video_share_pct": 62.5 if queueing == "classes" else None}
        told = result.model_copy(update={"meeting": result.meeting.model_copy(update=held)})
        page = write_page(views.folder(tmp_path / queueing, told)).read_text(encoding="utf-8")
        for said in (annexes.said(told), summary_md(told, "vi"), page):
            plain = said.replace("\u00a0", " ")
            assert traffic in plain
            assert words in plain


@pytest.mark.parametrize(
    ("limit", "peak", "said"),
    [
        (80.0, 60.0, "đến ngưỡng 80 % còn 20 Mb/s"),
        (101.0, 60.0, "đến ngưỡng 100 % còn 40 Mb/s"),
        (101.0, 100.01, "đường truyền này đã đầy"),
        (80.0, 100.0, "đã vượt ngưỡng 80 %"),
    ],
)
def test_no_line_has_room_beyond_what_it_carries(limit: float, peak: float, said: str) -> None:
    """A scenario may allow more than a line has, which is then no room."""
    result = make.result()
    link = result.phases[0].links[0].model_copy(update={"rate_mbps": 100.0, "peak_pct": peak})
    phases = [each.model_copy(update={"links": [link]}) for each in result.phases]
    criteria = [
        c.model_copy(update={"threshold": limit}) if c.id == LINK_PEAK else c
        for c in result.criteria
    ]
    told = annexes.said(result.model_copy(update={"phases": phases, "criteria": criteria}))
    assert said in told


def test_an_annex_of_no_expansion_says_nothing_of_new_bridges():
    asked = make.result()
    question = asked.question.model_copy(update={"new": []})
    as_is = asked.model_copy(update={"question": question})
    one = as_is.model_copy(update={"phases": as_is.phases[:1]})
    told, of_phases, of_one = map(annexes.said, (asked, as_is, one))
    assert "Trong: các điểm cầu mới lần lượt được kết nối" in told
    assert "so sánh với chính chúng trước khi kết nối" in told
    for text in (of_phases, of_one):
        assert "các điểm cầu mới" not in text
        assert "được xác nhận trước khi kết nối" not in text
        assert "so sánh với chính chúng trước khi kết nối" not in text
    assert "Khi không kết nối thêm điểm cầu nào, các điểm cầu hiện có họp suốt" in of_phases
    assert "so sánh với chính chúng trong giai đoạn thứ nhất" in of_phases
    assert "Khi chỉ có một giai đoạn, mọi điểm cầu kết nối từ đầu" in of_one
    assert "so sánh với chính chúng" not in of_one
    both = annexes.said(asked, as_is.model_copy(update={"run_id": "as-is-20261130-080000"}))
    assert "các điểm cầu mới lần lượt" in both
    assert "Khi không kết nối thêm" in both


def test_what_is_left_of_the_mcu_and_of_the_busiest_link():
    text = annexes.said(make.result())
    assert "MCU đã sử dụng tối đa 33,3 % năng lực (30 trên 90 đơn vị)" in text
    assert "nhận thêm được 14 cuộc gọi 720p30 trước khi vượt ngưỡng 80 %, 20 cuộc gọi đến" in text
    assert ": 22 % của 10 Mb/s; đến ngưỡng 80 % còn 5,8 Mb/s." in text
    [before, *_] = annexes.rows(make.result(), caption="Năng lực MCU")
    assert before[1:7] == ["26,7 %", "24 trên 90 đơn vị", "24 / 90", "66", "8 / 90", "82"]


@pytest.mark.parametrize(
    ("to_limit", "to_full", "words", "not_said"),
    [
        (0, 5, "thêm một cuộc gọi SD30 là vượt ngưỡng 80 %", "không nhận thêm được"),
        (0, 0, "MCU không nhận thêm được cuộc gọi SD30 nào", "còn nhận thêm được"),
    ],
)
def test_a_device_in_fixed_mode_tells_of_the_ports_that_are_full(
    to_limit, to_full, words, not_said
):
    """A third of its units and a ninth of its ports are in use, all ports for SD are."""
    use = {"used_pct": 100.0, "used_of": "ports of SD30", "used_amount": 10, "used_total": 10}
    phases = [
        p.model_copy(update={"mcu": make.mcu([b.id for b in p.bridges], **use)})
        for p in make.phases()
    ]
    more = MoreCalls(resolution="SD30", limit_pct=80.0, to_limit=to_limit, to_full=to_full)
    given = make.result(phases).model_copy(update={"more_calls": more})
    text = annexes.said(given)
    assert words in text
    assert not_said not in text
    assert "10 trên 10 cổng mà cuộc gọi SD30 được dùng (gồm cả cổng của mức cao hơn" in text
    assert given.verdict == "fail"
    assert "Nguyên nhân chính: năng lực MCU đã sử dụng – Polycom RMX 1500, 1 × MPMx (10" in text
    assert "10 of 10 ports that a call at SD30 may take" in annexes.said(given, lang="en")


def test_call_set_up_is_no_figure_of_the_annex():
    text = annexes.said(make.result())
    assert "42" not in [
        cell for row in annexes.rows(make.result(), caption="Năng lực MCU") for cell in row
    ]
    assert "mô phỏng chỉ biết phần thời gian của mạng" in text


def test_conditions_name_the_sections_that_they_speak_of():
    document = annexes.annex(make.result())
    [number] = re.findall(r"giả định nêu tại mục (\d+)", annexes.said(make.result()))
    headings = {b.number: b.text for b in document.blocks if hasattr(b, "level")}
    assert headings[f"{number}."] == "Giả định và cách thay thế"


def tried(**more):
    """Failures of the scenario that `make.result` checked."""
    return failures_factory.answer(**more)


def test_failures_that_were_tried_are_told_worst_first():
    weak = tried(accepts=())
    text = annexes.said(make.result(), weak)
    assert "Đã thử riêng từng sự cố, tổng số 3" in text
    assert "Gián đoạn dài nhất của điểm cầu được đánh giá: 8.000 ms tại Đắk Glong" in text
    spur = "– đường truyền Gia Nghĩa – Đắk Glong: mất liên lạc Đắk Glong"
    assert f"{spur} – chưa được chấp nhận." in text
    assert "1 điểm lỗi đơn chưa được chấp nhận nêu tại mục 7" in text
    rows = annexes.rows(make.result(), weak, caption="Các sự cố đã thử")
    assert [row[1] for row in rows] == ["Không đạt", "Đạt", "Đạt"]
    assert [row[6] for row in rows] == ["1", "1", "0"]
    accepted = annexes.said(make.result(), tried())
    assert f"{spur} – đã được chấp nhận: chưa có tuyến hai." in accepted
    assert "điểm lỗi đơn chưa được" not in accepted
    rows = annexes.rows(make.result(), tried(), caption="Các sự cố đã thử")
    assert [row[1] for row in rows] == ["Chấp nhận", "Đạt", "Đạt"]


def test_no_sentence_about_failures_that_were_not_tried():
    """`no single point` and `all failures` are said only where they are borne out."""
    calm = failures_factory.usual()[:1]
    ident = calm[0].id
    whole = annexes.said(make.result(), tried(of=calm, possible=[ident]))
    assert "Không có sự cố đơn lẻ nào làm điểm cầu khác mất liên lạc" in whole
    assert "mọi sự cố đơn lẻ mà mạng trong dữ liệu kiểm tra có thể gặp" in whole
    usual = annexes.said(make.result(), tried(of=calm, possible=[ident, "mcu"]))
    picked = annexes.said(make.result(), tried(of=calm, possible=[ident, "mcu"], whole=False))
    assert "còn 1 sự cố đơn lẻ khác của mạng chưa được thử" in usual
    assert "Đây chỉ là những sự cố được chọn" in picked
    for text in (usual, picked):
        assert "Không có sự cố đơn lẻ nào" not in text
        assert "mọi sự cố đơn lẻ mà" not in text
        assert "Trong các sự cố đã thử và đo được, không có sự cố nào" in text


def test_the_conclusion_says_what_failures_came_to():
    def conclusion(*answers, lang="vi"):
        found = annexes.annex(*answers, lang=lang).texts()
        return [text for section, text in found if section.startswith("2. ")]

    assert not any("sự cố" in text for text in conclusion(make.result()))
    weak = tried(accepts=())
    said = "Về khả năng chịu sự cố: không đạt – 1 trong 3 sự cố đã thử không đạt (mục 7)."
    assert said in conclusion(make.result(), weak)
    english = "If something fails: not met – 1 of 3 failures that were tried does not meet the"
    assert any(text.startswith(english) for text in conclusion(make.result(), weak, lang="en"))
    said = "Về khả năng chịu sự cố: đạt – 3 sự cố đã thử đều đạt, trong đó 1 sự cố là điểm lỗi đơn"
    assert any(text.startswith(said) for text in conclusion(make.result(), tried()))
    calm = tried(of=failures_factory.usual()[:1])
    said = "Về khả năng chịu sự cố: đạt – 1 sự cố đã thử đều đạt (mục 7)."
    assert said in conclusion(make.result(), calm)
    void = failures_factory.failure("mcu", verdict="invalid", reasons=[make.unaccounted(12)])
    said = "Về khả năng chịu sự cố: không có kết luận – 1 trong 1 sự cố đã thử"
    assert any(text.startswith(said) for text in conclusion(make.result(), tried(of=[void])))


def test_the_section_of_failures_is_the_one_that_is_named():
    result = make.result()
    headings = [b for b in annexes.annex(result, tried()).blocks if hasattr(b, "level")]
    assert next(b.number for b in headings if b.text == "Các sự cố đã thử") == "7."
    again = [b for b in annexes.annex(result, result, tried()).blocks if hasattr(b, "level")]
    assert next(b.number for b in again if b.text == "Các sự cố đã thử") == "13."
    assert "(mục 13)" in annexes.said(result, result, tried())


def test_failures_that_were_not_met_or_not_tried_are_conditions():
    calm = failures_factory.usual()[:1]
    weak = annexes.said(make.result(), tried(accepts=(), possible=["mcu"], whole=False))
    assert "khắc phục các sự cố không đạt nêu tại mục 7 và kiểm tra lại;" in weak
    assert "1 sự cố đơn lẻ chưa thử nêu tại mục 7 được xem xét riêng;" in weak
    assert "không phải mọi sự cố có thể xảy ra. Còn 1 sự cố đơn lẻ khác của mạng" in weak
    whole = annexes.said(make.result(), tried(of=calm, possible=[calm[0].id]))
    assert "khắc phục các sự cố" not in whole
    assert "được xem xét riêng" not in whole


def test_where_no_bridge_is_judged_there_is_no_interruption_to_judge():
    gone = [
        failures_factory.impact(b, 8000.0, lost=9, cut_off=True, behind=True, accepted=True)
        for b in failures_factory.BRIDGES
    ]
    text = annexes.said(make.result(), tried(of=[failures_factory.failure("mcu", gone)]))
    assert "đo được, không điểm cầu nào thuộc diện đánh giá" in text
    void = failures_factory.failure("mcu", verdict="invalid", reasons=[make.unaccounted(12)])
    text = annexes.said(make.result(), tried(of=[void]))
    assert "Không có số liệu về gián đoạn của điểm cầu." in text


def test_the_load_under_failures_has_its_own_head():
    rows = [
        [head.text for head in block.head[0]]
        for block in annexes.annex(make.result(), tried()).blocks
        if getattr(block, "caption", "").startswith("Các sự cố đã thử")
    ]
    assert [row[-1] for row in rows] == ["Tải cao nhất (%)"]


def test_what_is_recommended_where_it_is_no_pass():
    text = annexes.said(make.result())
    assert "Kết luận chỉ có giá trị với các điều kiện sau:" in text
    assert "Kiến nghị" not in text
    fail = annexes.said(make.result(thresholds={"link-peak": 1.0}))
    assert "Kết quả kiểm tra không đạt. Kiến nghị:" in fail
    assert "chưa kết nối các điểm cầu đề nghị" in fail
    invalid = annexes.said(make.result(invalid=[make.unaccounted(12)]))
    assert "Kết quả kiểm tra không hợp lệ. Kiến nghị:" in invalid
    for other in (fail, invalid):
        assert "Kết luận chỉ có giá trị với các điều kiện sau" not in other
        assert "đúng như đã khai báo" not in other


def test_what_people_hear_and_see_is_no_cause():
    before, during, after = make.phases()
    bad = make.bridge("cu-jut", None, make.stream("video", "down", artefacts_per_h=90.0))
    bridges = [bad if b.id == "cu-jut" else b for b in during.bridges]
    result = make.result([before, make.phase("during", bridges), after])
    assert result.binding.cause == "stream"
    text, english = annexes.said(result), annexes.said(result, lang="en")
    assert "Không đạt rõ nhất: hình ảnh" in text
    assert "Nguyên nhân chính" not in text
    assert "Fails most clearly: Picture" in english


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


def test_a_fail_says_what_and_where():
    before, during, after = make.phases()
    device = make.mcu(list(make.EXISTING), [Refused(bridge="quang-son", code=503, reason="full")])
    phases = [before, make.phase("during", during.bridges, device=device), after]
    text = annexes.said(make.result(phases))
    assert "Không đạt: khi kết nối 2 điểm cầu mới" in text
    assert "không đáp ứng 1 trong tổng số 14 tiêu chí" in text
    assert "Nguyên nhân chính: số cuộc gọi không thiết lập được – Polycom RMX 1500" in text
    assert "hết năng lực phục vụ (mã 503): xã Quảng Sơn." in text


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


def test_markup_in_names_is_only_text(tmp_path):
    before, during, after = make.phases()
    odd = make.bridge("odd", 'Xã #panic() *x* $y$ "z" \\ <b>')
    phases = [before, *(make.phase(p.name, [*p.bridges, odd]) for p in (during, after))]
    path = tmp_path / "x.pdf"
    annexes.write(make.result(phases), {}, path)
    assert "#panic()" in text_of(path)


def test_unknown_and_missing_pictures(tmp_path):
    with pytest.raises(InputError, match="'cat': not one of delay"):
        annexes.write(make.result(), {"cat": tmp_path / "cat.svg"}, tmp_path / "x.pdf")
    with pytest.raises(InputError, match=r"delay\.svg: picture"):
        annexes.write(make.result(), {"delay": tmp_path / "delay.svg"}, tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_missing_fonts_tell_the_command(tmp_path):
    with pytest.raises(MachineLacks, match="apt-get install fonts-liberation"):
        annexes.write(make.result(), {}, tmp_path / "x.pdf", fonts=tmp_path)


def test_out_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        annexes.write(make.result(), {}, tmp_path / "file" / "x.pdf")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (0.0, "0"), (1234567.0, "1.234.567"), (0.125, "0,12"), (-58.4, "−58,4")],
)
def test_numbers(value, expected):
    assert VI.number(value) == expected


def test_amounts():
    assert VI.amount(None, "ms") == "không đo được"
    assert VI.amount(3.5, "ms") == "3,5\u00a0ms"
    # a number is not parted from its unit; a longer unit may go on in the next line of a column
    assert VI.amount(2.0, "calls") == "2\u00a0cuộc gọi"


def test_places():
    names = Wording("vi", make.result())
    bridge = Place(kind="bridge", id="cu-jut", detail="video down", phase="during")
    assert names.place(bridge) == "Cư Jút, hình ảnh chiều xuống, trong khi kết nối"
    link = Place(kind="link", id="a--b", detail="r-gia-nghia->r-cu-jut", phase="after")
    assert names.place(link) == "Gia Nghĩa → Cư Jút, sau khi kết nối"
    access = Place(kind="link", id="access-cu-jut", detail="r-cu-jut->cu-jut")
    assert names.place(access) == "Đường truy nhập Cư Jút (chiều xuống)"
    assert names.place(None) == ""


@pytest.mark.parametrize(("delay_ms", "told"), [(307.04, "307"), (1234.5, "1.234")])
def test_bridge_rows_show_the_worst_stream(delay_ms, told):
    worse = make.bridge(
        "cu-jut", None, make.stream(mouth_to_ear_ms=delay_ms), make.stream("video", "up")
    )
    before, during, after = make.phases()
    bridges = [worse if b.id == "cu-jut" else b for b in during.bridges]
    result = make.result([before, make.phase("during", bridges), after])
    row = next(r for r in annexes.rows(result, caption="Chất lượng trước") if r[0] == "Cư Jút")
    assert row[1:4] == ["260", told, "260"]
