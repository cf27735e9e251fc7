"""Why a run is invalid: the sentence in its file, and the same in Vietnamese."""

import failures_factory
import pytest
import results_factory as make

from giaoban.results.model.reasons import SENTENCES, Reason, because
from giaoban.results.model.result import Result
from giaoban.results.report.wording import Wording, reasons

UNKNOWN = "một sai lệch kỹ thuật khác, ghi trong tệp kết quả"


@pytest.mark.parametrize(
    ("reason", "filed", "english", "said"),
    [
        (
            because("unaccounted", packets=1234, closed=1, full=0, waiting=2),
            "1234 packets are unaccounted for (1 came to a closed port, 0 to a full buffer, "
            "2 wait in queues)",
            "1234 packets are unaccounted for (1 came to a closed port, 0 to a full buffer, "
            "2 wait in queues)",
            "1.234 gói tin không rõ nguyên nhân (1 gói đến nơi không còn nhận, 0 gói gặp bộ đệm "
            "đầy, 2 gói còn trong hàng đợi)",
        ),
        (
            because("never-sent", stream="dak-r-lap video down", packets=12),
            "dak-r-lap video down: 12 packets came that were never sent",
            "Đắk R'Lấp, picture down: 12 packets came that were never sent",
            "Đắk R'Lấp, hình ảnh chiều xuống: nhận được 12 gói tin chưa từng được gửi",
        ),
        (
            because(
                "impairment-began-late",
                line="access-krong-no krong-no->r-krong-no",
                late_ms=7.5,
            ),
            "link access-krong-no krong-no->r-krong-no: its impairment began 7.5 ms late",
            "access line of Krông Nô (up): its impairment began 7.5 ms late",
            "đường truy nhập Krông Nô (chiều lên): tác động bắt đầu chậm 7,5 ms",
        ),
        (
            because("starved", who="mcu", times=4),
            "the MCU: media was handed over after it was due 4 times",
            "MCU: media was handed over after it was due 4 times",
            "MCU: 4 lần phát âm thanh, hình ảnh chậm so với thời điểm quy định",
        ),
        (
            because("leg-impaired-idle", leg="tuy-duc up", from_s=2.5, to_s=4.0),
            "tuy-duc up: nothing passed while it was impaired, 2.5 s to 4 s",
            "Tuy Đức, up: nothing passed while it was impaired, 2.5 s to 4 s",
            "Tuy Đức, chiều lên: không có gói tin nào đi qua trong thời gian chịu tác động, từ "
            "giây 2,5 đến giây 4",
        ),
        (
            because("not-link-down", fault="cut-1", line="gia-nghia--cu-jut"),
            "fault cut-1: link gia-nghia--cu-jut did not go down",
            "fault cut-1: link Gia Nghĩa ↔ Cư Jút did not go down",
            "sự cố đường truyền Gia Nghĩa ↔ Cư Jút: không mất tín hiệu như dự kiến",
        ),
        (
            because("late-powered-off", fault="site-1", who="tuy-duc", late_ms=9.0),
            "fault site-1: tuy-duc: powered-off came 9.0 ms late",
            "fault site-1: Tuy Đức: powered-off came 9.0 ms late",
            "sự cố tại Tuy Đức: cắt điện lệch 9 ms",
        ),
    ],
)
def test_sentences(reason: Reason, filed: str, english: str, said: str) -> None:
    result = make.result(invalid=[reason])
    assert result.reasons == [filed]
    again = Result.from_json(result.to_json())
    assert reasons(again, Wording("vi", again)) == [said]
    assert reasons(again, Wording("en", again)) == [english]


def test_a_reason_of_a_failure_that_was_tried_begins_with_it() -> None:
    reason = because("pacing-dropped", packets=2)
    void = failures_factory.failure("cut:gia-nghia--cu-jut", verdict="invalid", reasons=[reason])
    void = void.model_copy(update={"name_vi": "Đứt cáp gia-nghia--cu-jut"})
    hung = failures_factory.failure("mcu+site:cu-jut", verdict="invalid", reasons=["it hung"])
    answer = failures_factory.answer([void, hung])
    assert answer.reasons == [
        "cut:gia-nghia--cu-jut: senders' pacing dropped 2 packets",
        "mcu+site:cu-jut: it hung",
    ]
    assert reasons(answer, Wording("vi", answer)) == [
        "Đứt cáp Gia Nghĩa ↔ Cư Jút: bộ điều tiết phía gửi đã loại 2 gói tin",
        f"Hỏng MCU và Mất điện tại Cư Jút: {UNKNOWN}",
    ]


def test_what_has_no_code_is_not_told_in_english() -> None:
    """Of an answer of before there were codes, and of one of a later version."""
    made = make.result(invalid=[make.unaccounted(3)])
    for codes in ([], [Reason(code="of-next-year", arguments={"x": 1})]):
        old = made.model_copy(update={"reason_codes": codes})
        assert reasons(old, Wording("vi", old)) == [UNKNOWN]
        assert reasons(old, Wording("en", old)) == made.reasons


@pytest.mark.parametrize("arguments", [{}, {"packets": 1, "who": "mcu"}])
def test_a_reason_has_just_the_arguments_of_its_sentence(arguments: dict[str, int | str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        because("pacing-dropped", **arguments)
    with pytest.raises(KeyError):
        because("no-such-code")


def test_codes_are_ids() -> None:
    assert all(code == code.lower() and " " not in code for code in SENTENCES)
