"""How the meeting was held, calls given less, commands refused, bridges put out: in words."""

import annex_factory as annexes
import pytest
import results_factory as make
from pydantic import ValidationError

from giaoban.results.judge.diff import differences
from giaoban.results.judge.verdict import judge
from giaoban.results.model.result import Downspeeded, Meeting, RefusedCommand
from giaoban.results.report.summaries.check_summary import notes, summary_md
from giaoban.results.report.wording import Wording

VI, EN = Wording("vi"), Wording("en")

OLD, NEW = list(make.EXISTING), list(make.NEW)


def stepped_down(given="720p30", bridges=("quang-son",)):
    """The sound check, but for calls that were stepped down in `during` and stay so."""
    before, during, after = make.phases()
    less = [
        Downspeeded(bridge=b, asked="1080p30", given=given, reason="all are in use")
        for b in bridges
    ]
    device = make.mcu(OLD + NEW, downspeeded=less)
    return [
        before,
        make.phase("during", during.bridges, device=device),
        make.phase("after", after.bridges, device=device),
    ]


def run(phases):
    return judge(phases, make.criteria(), existing=OLD, new=NEW, invalid=[])


# ------------------------------------------------------------------------------- calls given less


def test_a_call_given_less_fails_at_the_mcu_where_it_happened():
    found = run(stepped_down())
    assert found.verdict == "fail"
    [criterion] = [c for c in found.criteria if not c.ok]
    assert (criterion.id, criterion.value) == ("every-call-as-asked", 1.0)
    assert (found.binding.criterion, found.binding.cause) == ("every-call-as-asked", "mcu")
    assert found.binding.where == "mcu, during"


def test_each_bridge_given_less_counts_once_over_all_phases():
    found = run(stepped_down(bridges=NEW))
    [criterion] = [c for c in found.criteria if c.id == "every-call-as-asked"]
    assert (criterion.value, criterion.margin_pct) == (2.0, -200.0)


def test_a_scenario_may_allow_calls_to_be_given_less():
    criteria = make.criteria({"every-call-as-asked": 1.0})
    found = judge(stepped_down(), criteria, existing=OLD, new=NEW, invalid=[])
    assert found.verdict == "pass"


def test_summary_says_who_was_given_what():
    text = summary_md(make.result(stepped_down()))
    assert "Fails first: Calls given less than they asked for at Polycom RMX 1500" in text
    assert "Xã Quảng Sơn (1080p30 → 720p30)" in text
    assert "Xã Quảng Sơn (1080p30 → sound alone)" in summary_md(make.result(stepped_down("audio")))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("720p30", "Các cuộc gọi bị hạ mức – 1080p30 → 720p30: xã Quảng Sơn."),
        ("audio", "Các cuộc gọi bị hạ mức – 1080p30 → chỉ âm thanh: xã Quảng Sơn."),
    ],
)
def test_annex_says_who_was_given_what(given, said):
    text = annexes.said(make.result(stepped_down(given)))
    assert said in text
    assert "Nguyên nhân chính: số cuộc gọi bị hạ mức chất lượng – Polycom RMX 1500" in text
    assert "không đáp ứng 1 trong tổng số 14 tiêu chí" in text


def test_calls_of_one_step_are_named_together():
    said = annexes.said(make.result(stepped_down(bridges=NEW)))
    assert "bị hạ mức – 1080p30 → 720p30: thị xã Gia Nghĩa, xã Quảng Sơn." in said
    assert "Các cuộc gọi bị hạ mức" not in annexes.said(make.result())


def test_a_call_of_sound_alone_is_judged_by_its_sound():
    """It has no video streams: nothing of them is missing."""
    before, during, _ = make.phases()
    sound = (make.stream("audio", "up"), make.stream("audio", "down"))
    heard = [make.bridge(b.id, None, *sound) if b.id in NEW else b for b in during.bridges]
    phases = [before, make.phase("during", heard), make.phase("after", heard)]
    assert run(phases).verdict == "pass"


# --------------------------------------------------------------------------------- bridges put out


def test_a_bridge_that_was_put_out_is_not_dropped():
    before, during, after = make.phases()
    left = [b for b in after.bridges if b.id != "dak-mil"]
    there = [b.id for b in left]
    asked = make.phase("after", left, device=make.mcu(there, put_out=["dak-mil"]))
    assert run([before, during, asked]).verdict == "pass"
    unasked = make.phase("after", left, device=make.mcu(there, dropped=["dak-mil"]))
    assert run([before, during, unasked]).verdict == "fail"


# ------------------------------------------------------------------------------- how it was held

HELD = [
    (
        {},
        "The meeting: the chair and whom it calls are heard; a picture is composed for each bridge "
        "(layout auto); the bridges call the MCU; media is not encrypted.",
        "chỉ điểm cầu chủ tọa và điểm cầu được chủ tọa mời phát biểu được mở tiếng; MCU ghép hình "
        "cho từng điểm cầu (bố cục tự động); các điểm cầu gọi đến MCU; âm thanh, hình ảnh không "
        "được mã hóa khi truyền.",
    ),
    (
        {"floor": "open", "video": "switched", "dial": "out", "encrypted": True},
        "The meeting: all are heard; the speaker's picture is forwarded; the MCU calls the "
        "bridges; media is encrypted (SRTP).",
        "tất cả các điểm cầu đều được mở tiếng; MCU chuyển tiếp hình ảnh của điểm cầu đang phát "
        "biểu; MCU gọi đến các điểm cầu; âm thanh, hình ảnh được mã hóa khi truyền "
        "(SRTP).",
    ),
    (
        {"layout": "2x2"},
        "The meeting: the chair and whom it calls are heard; a picture is composed for each bridge "
        "(layout 2x2); the bridges call the MCU; media is not encrypted.",
        "chỉ điểm cầu chủ tọa và điểm cầu được chủ tọa mời phát biểu được mở tiếng; MCU ghép hình "
        "cho từng điểm cầu (bố cục 2x2); các điểm cầu gọi đến MCU; âm thanh, hình ảnh không "
        "được mã hóa khi truyền.",
    ),
]


@pytest.mark.parametrize(("how", "en", "vi"), HELD)
def test_how_the_meeting_was_held_in_one_sentence(how, en, vi):
    meeting = Meeting(**(make.MEETING | how))
    assert f"The meeting: {EN.meeting(meeting)}" == en
    assert VI.meeting(meeting) == vi


@pytest.mark.parametrize(("how", "en", "vi"), HELD)
def test_summary_and_annex_say_it(how, en, vi):
    result = make.result(**how)
    assert en in summary_md(result).splitlines()
    text = annexes.said(result)
    assert f"Cách tổ chức phiên họp khi kiểm tra: {vi}" in text


def test_a_meeting_held_otherwise_is_another_input():
    found = differences(make.result(), make.result(encrypted=True))
    assert [(d.kind, d.path) for d in found] == [("input", "meeting.encrypted")]


# ------------------------------------------------------------------------------ refused commands

MUTE = RefusedCommand(by="cu-jut", command="mute", on="dak-mil", code=403, reason="not yours")
LATE = RefusedCommand(by="quang-son", command="request-to-speak", code=481, reason="no call")
CONSOLE = RefusedCommand(by="operator", command="redial", on="cu-jut", code=486, reason="is in")


def test_commands_that_were_refused_are_in_summary_and_annex():
    result = make.result().model_copy(update={"refused_commands": [MUTE, LATE, CONSOLE]})
    assert "commands of the control room not carried out: 3 (see summary.md)" in (notes(result))
    text = summary_md(result)
    assert "- Cư Jút: mute (Đắk Mil) – not yours (code 403)" in text
    assert "- Xã Quảng Sơn: request-to-speak – no call (code 481)" in text
    assert "- kỹ thuật viên MCU: gọi lại (Cư Jút) – điểm cầu đang" in summary_md(result, "vi")
    said = annexes.said(result)
    assert (
        "Các lệnh điều khiển không được thực hiện – "
        "Cư Jút: tắt tiếng (Đắk Mil) – không có quyền (mã 403); "
        "xã Quảng Sơn: xin phát biểu – chưa kết nối vào phiên họp (mã 481); "
        "kỹ thuật viên MCU: gọi lại (Cư Jút) – điểm cầu đang kết nối hoặc đang bận (mã 486)."
    ) in said


def test_without_refused_commands_nothing_is_said_of_them():
    assert "Commands not carried out" not in summary_md(make.result())
    assert not [note for note in notes(make.result()) if "command" in note]
    assert "Các lệnh điều khiển" not in annexes.said(make.result())


def test_a_command_refused_in_one_run_alone_is_a_difference():
    other = make.result().model_copy(update={"refused_commands": [MUTE]})
    [found] = differences(make.result(), other)
    assert (found.kind, found.path) == ("measure", "refused_commands[cu-jut mute]")


def test_a_refusal_has_a_code_of_a_refusal():
    with pytest.raises(ValidationError, match="code"):
        RefusedCommand(by="cu-jut", command="mute", code=200, reason="OK")
