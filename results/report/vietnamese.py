"""Results in Vietnamese words and numbers, for documents that an office attaches to a letter."""

from __future__ import annotations

from results.judge.criteria import UNIT_VI
from results.model.failures import FaultsAnswer
from results.model.in_use import InUse, thing
from results.model.load import LoadResult
from results.model.result import (
    Binding,
    CriterionResult,
    Impairment,
    Meeting,
    Place,
    RefusedCommand,
    Result,
)
from results.report.fault_words import fault_named_vi
from results.report.seed_words import NOT_TRIED_VI, at_seed, by_luck, luck_vi, tried

NBSP = "\u00a0"
NOT_MEASURED = "không đo được"

PHASES = {"before": "Trước", "during": "Trong", "after": "Sau"}
_KINDS = {"audio": "âm thanh", "video": "hình ảnh", "content": "nội dung trình chiếu"}
_WAYS = {"up": "chiều lên", "down": "chiều xuống"}
_REFUSALS = {
    408: "MCU không trả lời",
    480: "tạm thời không phục vụ",
    486: "máy bận",
    488: "không chấp nhận cấu hình cuộc gọi",
    503: "hết năng lực phục vụ",
}
_FLOORS = {
    "chair": "chỉ điểm cầu chủ tọa và điểm cầu được chủ tọa mời phát biểu được mở tiếng",
    "open": "tất cả các điểm cầu đều được mở tiếng",
}
_DIALS = {"in": "các điểm cầu gọi đến MCU", "out": "MCU gọi đến các điểm cầu"}
_COMMANDS = {
    "request-to-speak": "xin phát biểu",
    "withdraw": "rút yêu cầu phát biểu",
    "call-to-speak": "mời phát biểu",
    "end-speech": "kết thúc phát biểu",
    "mute": "tắt tiếng",
    "unmute": "mở tiếng",
    "mute-all": "tắt tiếng toàn bộ",
    "layout": "đổi bố cục hình ảnh",
    "drop": "ngắt kết nối",
    "redial": "gọi lại",
    "present": "trình chiếu nội dung",
    "end-meeting": "kết thúc phiên họp",
    "queue": "xem danh sách xin phát biểu",
}
_COMMAND_REFUSALS = {
    403: "không có quyền",
    404: "không áp dụng được tại thời điểm đó",
    481: "chưa kết nối vào phiên họp",
    486: "điểm cầu đang kết nối hoặc đang bận",
    503: "hết năng lực của MCU",
}


def number(value: float | None, digits: int = 2) -> str:
    """Decimal comma, dot between thousands, at most `digits` decimals; `–` for None."""
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))
    if "," in text:
        text = text.rstrip("0").rstrip(",")
    return "0" if text == "-0" else text.replace("-", "−")


def amount(value: float | None, unit: str) -> str:
    """A number with its unit, of which the first word stays on its line."""
    return NOT_MEASURED if value is None else f"{number(value)}{NBSP}{UNIT_VI.get(unit, unit)}"


def in_use(use: InUse) -> str:
    """Of what most is in use, e.g. `62 trên 90 đơn vị`."""
    return f"{number(use.used_amount)} trên {number(use.used_total)} {thing(use.used_of)[0]}"


def limit(criterion: CriterionResult) -> str:
    """The threshold with its sense, e.g. `≤ 150 ms`."""
    sign = "≤" if criterion.sense == "at-most" else "≥"
    return f"{sign}{NBSP}{amount(criterion.threshold, criterion.unit_vi or criterion.unit)}"


def margin(value: float | None) -> str:
    """A margin in whole percent."""
    return "–" if value is None else f"{number(value, 0)}{NBSP}%"


def refusal(code: int) -> str:
    """A SIP answer (RFC 3261 section 21) in plain words, with its code."""
    return f"{_REFUSALS.get(code, 'bị từ chối')} (mã {code})"


def resolution(name: str) -> str:
    """What a call asked for or was given: a resolution's own name, or sound alone."""
    return "chỉ âm thanh" if name == "audio" else name


def meeting_sentence(meeting: Meeting) -> str:
    """How the meeting was held, in one sentence."""
    layout = "tự động" if meeting.layout == "auto" else meeting.layout
    picture = (
        "MCU chuyển tiếp hình ảnh của điểm cầu đang phát biểu"
        if meeting.video == "switched"
        else f"MCU ghép hình cho từng điểm cầu (bố cục {layout})"
    )
    secret = (
        "được mã hóa khi truyền (SRTP)" if meeting.encrypted else "không được mã hóa khi truyền"
    )
    return (
        f"{_FLOORS[meeting.floor]}; {picture}; {_DIALS[meeting.dial]}; âm thanh, hình ảnh {secret}."
    )


def refused_command(refused: RefusedCommand, names: Names) -> str:
    """Who wanted what, about whom, and why not."""
    who = "kỹ thuật viên MCU" if refused.by == "operator" else names.of(refused.by)
    what = _COMMANDS.get(refused.command, refused.command)
    if refused.on:
        what += f" ({names.of(refused.on)})"
    why = _COMMAND_REFUSALS.get(refused.code, "không thực hiện được")
    return f"{who}: {what} – {why} (mã {refused.code})"


def impairment(item: Impairment, names: Names) -> str:
    """What was done on purpose, where and when: `Đắk Song, chiều lên, hình ảnh: mất 10 % gói …`."""
    way = item.direction or "up"
    if item.target == "link" and item.direction:
        words = [names.link(item.id, way)]
    elif item.target == "link":
        words = [names.both_ways(item.id)]
    else:
        words = [names.of(item.id), _WAYS[way] if item.direction else "cả hai chiều"]
    if item.media:
        words.append(_KINDS[item.media])
    start = max(item.from_s, 0.0)
    if item.to_s is not None:
        words.append(f"từ giây {number(start)} đến giây {number(item.to_s)}")
    elif item.from_s > 0:
        words.append(f"từ giây {number(start)} đến hết")
    else:
        words.append("suốt thời gian kiểm tra")
    return f"{', '.join(words)}: {item.text_vi}"


class Names:
    """Names for people of everything in one result, in the answer about all failures, or in a load
    test."""

    def __init__(self, result: Result | FaultsAnswer | LoadResult) -> None:
        self._names = {"mcu": "MCU"}
        self._faults: dict[str, str] = {}
        self._uses: dict[str, InUse] = {}
        if isinstance(result, FaultsAnswer):
            self._names |= {b.id: b.name for b in result.bridges} | result.names
            return
        if isinstance(result, LoadResult):
            self._names |= result.names
            return
        for phase in result.phases:
            self._uses[phase.name] = phase.mcu
            self._names |= {bridge.id: bridge.name for bridge in phase.bridges}
        self._names |= {b.id: b.name for b in [*result.question.existing, *result.question.new]}
        self._names |= result.names
        self._faults |= {fault.id: fault_named_vi(fault, result.names) for fault in result.faults}

    def of(self, node: str) -> str:
        """The name of a node, or its id if it has none."""
        return self._names.get(node, node)

    def link(self, link: str, direction: str) -> str:
        """`Gia Nghĩa → Đắk Song`, or `Đường truy nhập Quảng Sơn (chiều lên)`."""
        source, _, target = direction.partition("->")
        if link.startswith("access-"):
            up = link == f"access-{source}"
            host = self.of(source if up else target).split(" (")[0]
            return f"Đường truy nhập {host} ({_WAYS['up' if up else 'down']})"
        return f"{self.of(source)} → {self.of(target)}"

    def both_ways(self, link: str) -> str:
        """A link by its id, whose directions do not matter."""
        if link.startswith("access-"):
            host = self.of(link.removeprefix("access-")).split(" (")[0]
            return f"Đường truy nhập {host} (hai chiều)"
        return self.ends(link)

    def ends(self, link: str) -> str:
        """A backbone link by the names of its ends."""
        ends = [self._names.get(f"r-{end}", self.of(end)) for end in link.split("--")]
        return " ↔ ".join(ends)

    def way(self, direction: str) -> str:
        """`up` or `down` in words."""
        return _WAYS[direction]

    def fault(self, ident: str) -> str:
        """What a fault was, in words."""
        return self._faults.get(ident, ident)

    def phase(self, name: str) -> str:
        """A phase's name."""
        return PHASES.get(name, name)

    def use(self, place: Place) -> InUse | None:
        """How much of the MCU was in use at a place that tells of what most was."""
        if place.kind != "mcu" or place.detail is None or place.phase is None:
            return None
        return self._uses.get(place.phase)

    def place(self, place: Place | None) -> str:
        """Where a value was found; '' for nowhere."""
        if place is None:
            return ""
        if place.kind == "link":
            text = self.link(place.id, place.detail or "")
        else:
            text = self.of(place.id)
            if (use := self.use(place)) is not None:
                text += f" ({in_use(use)})"
            elif place.detail and place.kind == "mcu":
                text += f" ({thing(place.detail)[0]})"
            elif place.detail:
                kind, _, way = place.detail.partition(" ")
                text += f", {_KINDS.get(kind, kind)} {_WAYS.get(way, way)}"
            if place.other:
                text += f", với {self.of(place.other)}"
        if place.fault is not None:
            event = "khôi phục sau sự cố" if place.mended else "sự cố"
            text += f", {event}: {self.fault(place.fault)}"
        if place.phase is None:
            return text
        phase = PHASES.get(place.phase)
        return text + (f", {phase.lower()} khi kết nối" if phase else f", giai đoạn {place.phase}")


def verdict_sentence(result: Result) -> str:
    """The answer in one sentence; that of one seed alone says so."""
    said = _verdict(result)
    if result.verdict == "invalid" or tried(result) is not None:
        return said
    return f"{said.removesuffix('.')} ({NOT_TRIED_VI})."


def _verdict(result: Result) -> str:
    new = [bridge.name for bridge in result.question.new]
    what = f"{len(new)} điểm cầu mới ({', '.join(new)})"
    total = len(result.criteria)
    failed = sum(not criterion.ok for criterion in result.criteria)
    if result.verdict == "invalid":
        return (
            "Không hợp lệ: lần kiểm tra này không đủ tin cậy nên không có kết luận; "
            "không được sử dụng kết quả này làm căn cứ."
        )
    if by_luck(result):
        lead = f"khi kết nối {what}, hệ thống" if new else "hệ thống hiện có, không thêm điểm cầu,"
        return f"Không đạt: {lead} {luck_vi(result)}."
    if not new:
        met = "không đáp ứng" if result.verdict == "fail" else "đáp ứng cả"
        count = f"{failed} trong tổng số {total}" if result.verdict == "fail" else f"{total}"
        word = "Không đạt" if result.verdict == "fail" else "Đạt"
        return f"{word}: hệ thống hiện có, không thêm điểm cầu, {met} {count} tiêu chí."
    if result.verdict == "fail":
        return (
            f"Không đạt: khi kết nối {what}, hệ thống không đáp ứng {failed} trong tổng số "
            f"{total} tiêu chí."
        )
    return (
        f"Đạt: có thể kết nối {what}; toàn bộ hệ thống đáp ứng cả {total} tiêu chí "
        "trước, trong và sau khi kết nối."
    )


def criteria_notes(result: Result) -> list[str]:
    """What a criterion says beside whether it is met: the twin of `results.report.summary`'s."""
    notes = []
    for c in result.criteria:
        unit = c.unit_vi or c.unit
        if c.past_preferred and c.preferred is not None:
            notes.append(
                f"{c.name_vi}: {amount(c.value, unit)} nằm trong ngưỡng {limit(c)} nhưng vượt mức "
                f"nên có {amount(c.preferred, unit)} theo căn cứ."
            )
    notes += [text] if (text := device_delays(result)) else []
    for c in result.criteria:
        unit = c.unit_vi or c.unit
        if c.detectable is not None:
            notes.append(
                f"{c.name_vi}: với thời lượng này, lần kiểm tra chưa thể loại trừ mức tăng dưới "
                f"{amount(c.detectable, unit)}."
            )
    return notes


def device_delays(result: Result) -> str:
    """What devices alone take of the delays: the twin of `results.report.summary`'s."""
    if result.devices_past_preferred is None:
        return ""
    sound_ms, picture_ms = result.devices_past_preferred
    return (
        "Trong độ trễ từ miệng đến tai và từ máy quay đến màn hình, riêng thiết bị đầu cuối và MCU "
        f"chiếm {amount(sound_ms, 'ms')} và {amount(picture_ms, 'ms')}; nơi hãng không công bố thì "
        "đây là giả định."
    )


def binding_sentence(binding: Binding | None, result: Result, names: Names) -> str:
    """What limits the answer, in one sentence; '' if nothing was judged."""
    if binding is None:
        return ""
    criterion = next((c for c in result.criteria if c.id == binding.criterion), None)
    if criterion is None:
        return ""
    # what is heard and seen is a symptom, of which the cause is elsewhere
    fails = "Không đạt rõ nhất" if binding.cause == "stream" else "Nguyên nhân chính"
    lead = "Gần ngưỡng nhất" if criterion.ok else fails
    name = criterion.name_vi[:1].lower() + criterion.name_vi[1:]
    if (at := at_seed(result)) is not None:
        what = at.criterion.name_vi[:1].lower() + at.criterion.name_vi[1:]
        unit = at.criterion.unit_vi or at.binding.unit
        # a pass that a seed does not share is one that the scenario allows
        allowed = " (kịch bản cho phép)" if criterion.ok else ""
        return (
            f"{fails}, với số khởi tạo {at.seed}{allowed}: {what} – "
            f"{names.place(at.binding.place)}: {amount(at.binding.value, unit)} "
            f"(ngưỡng {limit(at.criterion)})."
        )
    if criterion.place is None:
        return f"{lead}: {name} – không có gì để đo (ngưỡng {limit(criterion)})."
    return (
        f"{lead}: {name} – {names.place(binding.place)}: "
        f"{amount(binding.value, criterion.unit_vi or binding.unit)} (ngưỡng {limit(criterion)}, "
        f"dư địa {margin(binding.margin_pct)})."
    )
