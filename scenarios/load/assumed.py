"""What a load test rests on that nobody has published, in both languages: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from results.load import LoadCriterion
from results.model import Assumption
from results.vietnamese import number

LAST_BACK = "last-back"


def of_redialling(redial_s: float) -> Iterator[Assumption]:
    """How often a bridge dials again, where no profile of endpoints says it."""
    yield Assumption(
        what="how often a bridge dials again that was refused or got no answer",
        what_vi="khoảng cách giữa hai lần gọi lại của một điểm cầu",
        value=f"{redial_s:g} s",
        value_vi=f"{number(redial_s)} s",
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
            value_vi=f"{number(spread_s)} s",
            source="our own choice, to be tried before it is set",
            source_vi="tự chọn để thử trước khi cài đặt",
            settled_by="the settings of the province's own endpoints",
            settled_by_vi="cấu hình thiết bị đầu cuối của tỉnh",
        )


def of_criteria(criteria: Iterable[LoadCriterion]) -> Iterator[Assumption]:
    """Thresholds that no standard gives and that nobody has set for this test."""
    for criterion in criteria:
        if criterion.id == LAST_BACK and not criterion.set_here:
            yield Assumption(
                what="how long it may take until the last bridge is back",
                what_vi="thời gian tối đa đến khi điểm cầu cuối cùng trở lại",
                value=f"{criterion.threshold:g} s",
                value_vi=f"{number(criterion.threshold)} s",
                source="no standard gives it",
                source_vi="không tiêu chuẩn nào quy định",
                settled_by="a decision of whoever chairs the meetings",
                settled_by_vi="quyết định của người chủ trì phiên họp",
            )
