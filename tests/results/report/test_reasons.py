"""Why a run is invalid, in Vietnamese: every sentence that the program can say."""

import ast
import re
from pathlib import Path

import pytest
import results_factory as make

from results.report.reasons import UNKNOWN, reason_vi
from results.report.vietnamese import Names
from scenarios.measure import fault_validity, validity

NAMES = Names(make.result())


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "3 packets are unaccounted for (1 came to a closed port, 0 to a full buffer, 2 wait in "
            "queues)",
            "3 gói tin không rõ nguyên nhân (1 gói đến nơi không còn nhận, 0 gói gặp bộ đệm đầy, 2 "
            "gói còn trong hàng đợi)",
        ),
        (
            "dak-r-lap video down: 12 packets came that were never sent",
            "Đắk R'Lấp, hình ảnh chiều xuống: nhận được 12 gói tin chưa từng được gửi",
        ),
        (
            "link access-krong-no krong-no->r-krong-no: its impairment began 7.5 ms late",
            "Đường truy nhập Krông Nô (chiều lên): tác động bắt đầu chậm 7,5 ms",
        ),
        (
            "the MCU: media was handed over after it was due 4 times",
            "MCU: 4 lần phát âm thanh, hình ảnh chậm so với thời điểm quy định",
        ),
        (
            "tuy-duc up: nothing passed while it was impaired, 2.5 s to 4 s",
            "Tuy Đức, chiều lên: không có gói tin nào đi qua trong thời gian chịu tác động, từ "
            "giây 2,5 đến giây 4",
        ),
        (
            "fault cut-1: link gia-nghia--cu-jut did not go dark",
            "sự cố đường truyền Gia Nghĩa ↔ Cư Jút: không mất tín hiệu như dự kiến",
        ),
        (
            "fault site-1: tuy-duc: powered-off came 9.0 ms late",
            "sự cố tại Tuy Đức: cắt điện lệch 9 ms",
        ),
        (
            "cut:gia-nghia--cu-jut: senders' pacing dropped 2 packets",
            "đứt Gia Nghĩa ↔ Cư Jút: bộ điều tiết phía gửi đã loại 2 gói tin",
        ),
        ("something nobody ever said", UNKNOWN),
    ],
)
def test_sentences(reason, said):
    assert reason_vi(reason, NAMES) == said


FILLED = {
    "who": "the MCU",
    "name": "cu-jut audio up",
    "where": "cu-jut up",
    "what": "did not go dark",
    "change.do": "darken",
    "event": "powered-on",
}
LEFT = ("background on link",)
"""What is only the beginning of sentences."""


def sentences():
    """Every sentence in the two modules that say why a run is invalid, with its blanks filled."""
    for module in (validity, fault_validity):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(
                    part.value
                    if isinstance(part, ast.Constant)
                    else f"{{{ast.unparse(part.value)}}}"
                    for part in node.values
                )
                if len(re.sub(r"\{.*?\}", "", text).split()) > 2:
                    yield text


def filled(text):
    """Blanks by what they may hold."""
    if text.startswith("{where}: {line"):
        text = text.replace("{where}", "link a--b r-a->r-b")
    if text.startswith("{name} {what}"):
        return "fault f-1: tuy-duc did not lose its power"
    if text.startswith("{name} {_SAID"):
        return "fault f-1: link a--b did not stop"
    if text.startswith("{name}: {change.do}"):
        text = text.replace("{name}", "fault f-1: link a--b r-a->r-b")
    if text.startswith("{name}: {event}"):
        text = text.replace("{name}", "fault f-1: tuy-duc")
    if text.startswith(("{name}: the kernel sent", "{name}: {stream")):
        text = text.replace("{name}", "background on link a--b r-a->r-b")
    text = text.replace("link {change['link']} {change['direction']}", "link a--b r-a->r-b")
    text = text.replace("its impairment {what}", "its impairment ended")
    text = text.replace("packets came that {what}", "packets came that are not RTP")
    if text.endswith("{what}"):
        text = text.replace("{what}", "packets were dropped by its pacing")
    for blank, value in FILLED.items():
        text = text.replace(f"{{{blank}}}", value)
    return re.sub(r"\{.*?\}", "7", text)


@pytest.mark.parametrize("text", sorted(set(sentences())))
def test_every_sentence_of_the_program_is_known(text):
    if not text.startswith(LEFT):
        assert reason_vi(filled(text), NAMES) != UNKNOWN, filled(text)
