"""What a load test rests on that nobody has published, in both languages: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from giaoban.translation import translator
from results.model.load import LoadCriterion, MediaResult
from results.model.result import Assumption
from scenarios.load.media import LEAST_PCT, START_MS

_vi = translator("vi").number
LAST_BACK, GUESSES_ANSWERED = "last-back", "guesses-answered"


def of_redialling(redial_s: float) -> Iterator[Assumption]:
    """How often a bridge dials again, where no profile of endpoints says it."""
    yield Assumption(
        what="how often a bridge dials again that was refused or got no answer",
        what_vi="khoảng cách giữa hai lần gọi lại của một điểm cầu",
        value=f"{redial_s:g} s",
        value_vi=f"{translator('vi').number(redial_s)} s",
        source="no document gives it",
        source_vi="không tài liệu nào quy định",
        settled_by="the settings of the province's own endpoints",
        settled_by_vi="cấu hình thiết bị đầu cuối của tỉnh",
    )


def of_spread(spread_s: float) -> Iterator[Assumption]:
    """Over how long bridges spread; 0: all dial in the same moment, so nothing is assumed."""
    if spread_s:
        yield Assumption(
            what="over how long the first dialling is spread with random back-off",
            what_vi="khoảng thời gian để các điểm cầu chia nhau gọi lại lần đầu khi có giãn cách "
            "ngẫu nhiên",
            value=f"{spread_s:g} s",
            value_vi=f"{translator('vi').number(spread_s)} s",
            source="our own choice, to be tried before it is set",
            source_vi="tự chọn để thử trước khi cài đặt",
            settled_by="the settings of the province's own endpoints",
            settled_by_vi="cấu hình thiết bị đầu cuối của tỉnh",
        )


def of_media(media: Iterable[MediaResult]) -> Iterator[Assumption]:
    """When a call counts as heard and seen; where nobody asked for media nothing is assumed."""
    if any(each.calls for each in media):
        start_s = START_MS / 1e3
        yield _without_standard(
            ("how much of the sound and the pictures of a call must come",
             "tỷ lệ âm thanh và hình ảnh của một cuộc gọi phải nhận được"),
            (f"{LEAST_PCT:g} %, from {start_s:g} s after the call was set up at the latest",
             f"{_vi(LEAST_PCT)} %, chậm nhất từ {_vi(start_s)} s sau khi thiết lập"),
            ("the device's documents: how soon it sends, and whether it sends in silence",
             "tài liệu thiết bị: sau bao lâu thì gửi, khi im lặng có gửi không"),
        )  # fmt: skip


_THRESHOLDS = {
    GUESSES_ANSWERED: (
        ("how often a minute one account's password may be tried",
         "số lần tối đa được thử mật khẩu của một tài khoản trong một phút"),
        "",
        ("a decision of whoever keeps the accounts", "quyết định của người quản lý tài khoản"),
    ),
    LAST_BACK: (
        ("how long it may take until the last bridge is back",
         "thời gian tối đa đến khi điểm cầu cuối cùng trở lại"),
        " s",
        ("a decision of whoever chairs the meetings", "quyết định của người chủ trì phiên họp"),
    ),
}  # fmt: skip
"""By criterion: what it is, the unit of its value, what would settle it."""


def of_criteria(criteria: Iterable[LoadCriterion]) -> Iterator[Assumption]:
    """Thresholds that no standard gives and that nobody has set for this test."""
    for each in criteria:
        if each.id in _THRESHOLDS and not each.set_here:
            what, unit, settled_by = _THRESHOLDS[each.id]
            value = f"{each.threshold:g}{unit}", f"{translator('vi').number(each.threshold)}{unit}"
            yield _without_standard(what, value, settled_by)


def _without_standard(
    what: tuple[str, str], value: tuple[str, str], settled_by: tuple[str, str]
) -> Assumption:
    """Each in English and in Vietnamese."""
    return Assumption(
        what=what[0],
        what_vi=what[1],
        value=value[0],
        value_vi=value[1],
        source="no standard gives it",
        source_vi="không tiêu chuẩn nào quy định",
        settled_by=settled_by[0],
        settled_by_vi=settled_by[1],
    )
