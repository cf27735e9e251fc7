"""What was done to the network, and what it did to pictures, in the summary and the annex."""

import annex_factory as annexes
import results_factory as make
from pdf_text import text_of

from giaoban.results.model.result import Impairment
from giaoban.results.report.summaries.check_summary import summary_md

LINK = Impairment(
    target="link",
    id="access-dak-song",
    direction="dak-song->r-dak-song",
    from_s=240.0,
    to_s=300.0,
    text_en="10 % loss (Gilbert–Elliott)",
    text_vi="mất 10 % gói tin (Gilbert–Elliott)",
)
BRIDGE = Impairment(
    target="bridge",
    id="cu-jut",
    direction="up",
    media="video",
    from_s=-8.0,
    text_en="1 % duplicated",
    text_vi="nhân đôi 1 % gói tin",
)
BOTH = Impairment(
    target="link", id="gia-nghia--tuy-duc", from_s=12.5, text_en="jitter", text_vi="dao động trễ"
)
CLEAN = {"frames_sent": 900, "frames_lost": 0, "frames_undecodable": 0, "frames_late": 0}
HURT = CLEAN | {
    "frames_lost": 2,
    "frames_undecodable": 31,
    "frames_late": 5,
    "frames_not_shown_pct": 4.22,
    "freezes": 4,
    "freeze_ms_max": 512.0,
    "freeze_pct": 3.2,
}


def seen(figures):
    """The sound check, with Cư Jút's picture in `during` as given and everyone's before clean."""
    before, during, after = make.phases()
    sound = make.stream("audio", "down", mos_scale="wideband")
    pictures = [
        make.bridge(b.id, None, make.stream("video", "up", **CLEAN)) for b in before.bridges
    ]
    hit = [
        make.bridge(b.id, None, sound, make.stream("video", "up", **figures))
        if b.id == "cu-jut"
        else b
        for b in during.bridges
    ]
    return [make.phase("before", pictures), make.phase("during", hit), after]


def heard():
    """A meeting of sound alone."""
    sound = (make.stream("audio", "up"), make.stream("audio", "down"))
    return [
        make.phase(p.name, [make.bridge(b.id, None, *sound) for b in p.bridges])
        for p in make.phases()
    ]


def impaired(figures=HURT):
    result = make.result(seen(figures))
    return result.model_copy(update={"impairments": [LINK, BRIDGE, BOTH]})


def test_summary_says_what_was_done_where_and_when():
    text = summary_md(impaired())
    assert (
        "- access line of Đắk Song (up), 240 s to 300 s: 10 % loss (Gilbert–Elliott)"
    ) in text.splitlines()
    assert "- Cư Jút, up, picture, all the time: 1 % duplicated" in text.splitlines()
    assert "on purpose" not in summary_md(make.result())


def test_summary_shows_the_pictures_that_suffered():
    text = summary_md(impaired())
    assert (
        "| Cư Jút video up | during | 900 | 2 | 31 | 5 | 4.2 | 4 | 512 | 3.2 |" in text.splitlines()
    )
    assert "no picture stood still" in summary_md(make.result(seen(CLEAN)))
    assert "## Pictures" not in summary_md(make.result(heard()))


def test_annex_says_both():
    text = annexes.said(impaired())
    for words in (
        "Các tác động được chủ động tạo ra trên mạng khi kiểm tra",
        "– Đường truy nhập Đắk Song (chiều lên), từ giây 240 đến giây 300: mất 10 % gói tin",
        "– Cư Jút, chiều lên, hình ảnh, suốt thời gian kiểm tra: nhân đôi 1 % gói tin;",
        "– Gia Nghĩa ↔ Tuy Đức, từ giây 12,5 đến hết: dao động trễ.",
        "Chất lượng hình ảnh tại các điểm cầu có hình bị dừng hoặc thiếu",
        "băng rộng theo ITU-T G.107.1",
    ):
        assert words in text, words


def test_only_bridges_whose_pictures_suffered_are_listed():
    [row] = annexes.rows(impaired(), caption="Chất lượng hình ảnh")
    assert row == ["Cư Jút", "0", "38", "0", "0", "4", "0", "–", "512", "–", "0", "3,2", "0"]


def test_annex_without_damage_says_so_in_a_sentence():
    clean, silent = annexes.said(make.result(seen(CLEAN))), annexes.said(make.result(heard()))
    said = "Hình ảnh: mọi khung hình đều hiển thị được đúng lúc"
    assert said in clean
    assert said not in silent
    assert "tác động được chủ động" not in silent


def test_frozen_pictures_are_drawn_only_if_some_froze(tmp_path):
    pictures = make.write_plots(make.series(impaired=[make.MINUTE]), tmp_path, lang="vi")
    for name, result, there in (("a", impaired(), True), ("b", make.result(), False)):
        path = tmp_path / f"{name}.pdf"
        annexes.write(result, pictures, path)
        text = text_of(path)
        assert ("Tỷ lệ thời gian dừng hình của từng luồng" in text) == there
        assert "Độ biến thiên trễ của từng luồng" not in text


def test_doubled_and_damaged_packets_are_in_the_balance():
    result = make.result()
    counts = result.accounting.model_copy(update={"packets_duplicated": 12, "packets_damaged": 12})
    text = annexes.said(result.model_copy(update={"accounting": counts}))
    assert "gói tin đã gửi + 12 bản sao do nhân đôi gói tin =" in text
    assert "+ 12 gói hỏng bị loại khi kiểm tra +" in text
    assert "nhân đôi" not in annexes.said(result)
