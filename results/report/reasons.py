"""Why a run is invalid, in Vietnamese: the sentences of `scenarios.measure.validity`, one by one,
and those of load tests (`reasons_load`).

They are told in English, with identifiers, for whoever mends it. A document for an office says the
same in Vietnamese with the names of places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from results.report.reasons_load import LOAD_SENTENCES
from results.report.vietnamese import Names, number

UNKNOWN = "một sai lệch kỹ thuật khác, ghi trong tệp kết quả"
_KINDS = {"audio": "âm thanh", "video": "hình ảnh", "content": "nội dung trình chiếu"}
_WAYS = {"up": "chiều lên", "down": "chiều xuống"}
_EVENTS = {"powered-off": "cắt điện", "powered-on": "có điện lại"}
_CHANGES = {
    "darken": "mất tín hiệu",
    "lighten": "có tín hiệu lại",
    "swallow": "bắt đầu mất gói",
    "pass": "hết mất gói",
    "stop-router": "dừng bộ định tuyến",
    "start-router": "khởi động lại bộ định tuyến",
}
_N = r"(?P<n>-?\d+)"
_WHO = r"(?P<who>[a-z0-9-]+|the MCU)"
_STREAM = r"(?P<stream>[a-z0-9-]+ (?:audio|video|content) (?:up|down))"
_LINK = r"link (?P<link>[a-z0-9-]+) (?P<way>[a-z0-9-]+->[a-z0-9-]+)"
_FAULT = r"fault (?P<fault>[a-z0-9-]+): "
_FAILED = (
    r"(?:router (?P<router>[a-z0-9-]+)"
    r"|link (?P<link>[a-z0-9-]+)(?: (?P<way>[a-z0-9-]+->[a-z0-9-]+))?)"
)

_SENTENCES: Sequence[tuple[str, str]] = (
    (
        rf"{_N} packets are unaccounted for \((?P<a>\d+) came to a closed port, (?P<b>\d+) to a "
        r"full buffer, (?P<c>\d+) wait in queues\)",
        "{n} gói tin không rõ nguyên nhân ({a} gói đến nơi không còn nhận, {b} gói gặp bộ đệm đầy, "
        "{c} gói còn trong hàng đợi)",
    ),
    (rf"{_N} packets unaccounted for", "{n} gói tin không rõ nguyên nhân"),
    (
        rf"the hosts' kernels sent {_N} datagrams, the programs (?P<a>\d+)",
        "số gói tin hệ điều hành đã gửi ({n}) khác với số chương trình đã gửi ({a})",
    ),
    (
        rf"the hosts' kernels delivered {_N} datagrams, the programs read (?P<a>\d+)",
        "số gói tin hệ điều hành đã nhận ({n}) khác với số chương trình đã đọc ({a})",
    ),
    (rf"senders' pacing dropped {_N} packets", "bộ điều tiết phía gửi đã loại {n} gói tin"),
    (
        rf"background on {_LINK}: the kernel sent {_N} of (?P<a>\d+) packets",
        "lưu lượng khác trên {link}: chỉ gửi được {n} trong {a} gói tin",
    ),
    (
        rf"background on {_LINK}: {_N} times it was handed over after it was due",
        "lưu lượng khác trên {link}: {n} lần phát chậm so với thời điểm quy định",
    ),
    (
        rf"background on {_LINK}: {_N} packets were dropped by its pacing",
        "lưu lượng khác trên {link}: bộ điều tiết đã loại {n} gói tin",
    ),
    (
        rf"background on {_LINK}: {_N} packets overflowed a receive buffer",
        "lưu lượng khác trên {link}: {n} gói tin gặp bộ đệm nhận đầy",
    ),
    (
        rf"{_STREAM}: {_N} packets came that were never sent",
        "{stream}: nhận được {n} gói tin chưa từng được gửi",
    ),
    (
        rf"{_STREAM}: {_N} packets came that the injector had removed",
        "{stream}: nhận được {n} gói tin đã bị loại có chủ ý trước khi gửi",
    ),
    (rf"{_STREAM}: {_N} packets arrived twice", "{stream}: {n} gói tin đến hai lần"),
    (
        rf"{_N} packets arrived twice, (?P<a>\d+) were duplicated by lines",
        "{n} gói tin đến hai lần, nhưng các đường truyền chỉ nhân đôi {a} gói",
    ),
    (
        rf"{_N} changes of lines were planned, (?P<a>\d+) were made",
        "dự kiến {n} lần thay đổi đường truyền, chỉ thực hiện được {a} lần",
    ),
    (
        rf"{_LINK}: its impairment began (?P<x>[\d.]+) ms late",
        "{link}: tác động bắt đầu chậm {x} ms",
    ),
    (
        rf"{_LINK}: its impairment ended (?P<x>[\d.]+) ms late",
        "{link}: tác động kết thúc chậm {x} ms",
    ),
    (
        rf"{_LINK}: {_N} more packets came out than went in",
        "{link}: số gói tin ra nhiều hơn số gói tin vào {n} gói",
    ),
    (
        rf"{_N} packets were thrown away as damaged, but no line damages any "
        r"\((?P<a>\d+) came to a closed port\)",
        "{n} gói tin bị loại vì hỏng, dù không đường truyền nào làm hỏng gói tin ({a} gói đến nơi "
        "không còn nhận)",
    ),
    (
        rf"(?:{_LINK}|(?P<bridge>[a-z0-9-]+) (?P<dir>up|down)): nothing passed while it was "
        r"impaired, (?P<x>[\d.e+-]+) s to (?P<y>[\d.e+-]+) s",
        "{link}{bridge}: không có gói tin nào đi qua trong thời gian chịu tác động, từ giây {x} "
        "đến giây {y}",
    ),
    (
        rf"{_WHO}: {_N} packets came that belong to no stream",
        "{who}: nhận được {n} gói tin không thuộc luồng nào",
    ),
    (rf"{_WHO}: {_N} packets came that are not RTP", "{who}: nhận được {n} gói tin không đúng RTP"),
    (
        rf"{_WHO}: {_N} packets came that could not be authenticated \(SRTP\)",
        "{who}: nhận được {n} gói tin không xác thực được (SRTP)",
    ),
    (
        rf"{_WHO}: media was handed over after it was due {_N} times",
        "{who}: {n} lần phát âm thanh, hình ảnh chậm so với thời điểm quy định",
    ),
    (
        rf"{_WHO}: {_N} packets overflowed a receive buffer",
        "{who}: {n} gói tin gặp bộ đệm nhận đầy",
    ),
    (
        rf"{_WHO}: {_N} packets came under another payload type than was agreed on",
        "{who}: nhận được {n} gói tin khác loại nội dung đã thỏa thuận",
    ),
    (
        rf"{_WHO}: {_N} packets of media could not be sent",
        "{who}: không gửi được {n} gói tin âm thanh, hình ảnh",
    ),
    (
        rf"the MCU still held {_N} calls and (?P<x>[\d.e+]+) units after everyone had hung up",
        "MCU vẫn còn giữ {n} cuộc gọi và {x} đơn vị sau khi mọi điểm cầu đã ngắt",
    ),
    (rf"{_FAULT}{_FAILED} did not go dark", "sự cố {failed}: không mất tín hiệu như dự kiến"),
    (rf"{_FAULT}{_FAILED} was not lit again", "sự cố {failed}: không có tín hiệu trở lại"),
    (rf"{_FAULT}{_FAILED} did not fail silently", "sự cố {failed}: không mất gói như dự kiến"),
    (rf"{_FAULT}{_FAILED} did not carry again", "sự cố {failed}: không truyền trở lại"),
    (rf"{_FAULT}{_FAILED} did not stop", "sự cố {failed}: không dừng như dự kiến"),
    (rf"{_FAULT}{_FAILED} did not start again", "sự cố {failed}: không khởi động lại"),
    (
        rf"{_FAULT}{_FAILED}: (?P<change>[a-z-]+) came (?P<x>[\d.]+) ms late",
        "sự cố {failed}: {change} chậm {x} ms",
    ),
    (rf"{_FAULT}{_WHO} did not lose its power", "sự cố tại {who}: không mất điện như dự kiến"),
    (rf"{_FAULT}{_WHO} did not start again", "sự cố tại {who}: không khởi động lại"),
    (
        rf"{_FAULT}{_WHO}: (?P<event>powered-o[a-z]+) came (?P<x>[\d.-]+) ms late",
        "sự cố tại {who}: {event} lệch {x} ms",
    ),
)
_PATTERNS = [(re.compile(pattern), text) for pattern, text in (*_SENTENCES, *LOAD_SENTENCES)]
_OF_A_FAILURE = re.compile(r"(?P<failure>(?:mcu|[a-z]+:[a-z0-9-]+)(?:\+\S+)?): (?P<rest>.*)", re.S)


def reason_vi(reason: str, names: Names) -> str:
    """A reason in Vietnamese; one that is not known is not told in English, but where it is."""
    for pattern, text in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return text.format(**_said(found.groupdict(), names))
    if found := _OF_A_FAILURE.fullmatch(reason):
        return f"{failure_vi(found['failure'], names)}: {reason_vi(found['rest'], names)}"
    return UNKNOWN


def failure_vi(ident: str, names: Names) -> str:
    """A failure by its id: `đứt Gia Nghĩa ↔ Đắk Song`."""
    said = {"cut": "đứt", "silent": "mất gói trên", "router": "hỏng bộ định tuyến"}
    parts = []
    for part in ident.split("+"):
        kind, _, what = part.partition(":")
        if kind in ("cut", "silent"):
            parts.append(f"{said[kind]} {names.both_ways(what)}")
        elif kind == "site":
            parts.append(f"mất điện tại {names.of(what)}")
        elif kind == "group":
            parts.append(f"đứt cáp chung {names.of(what)}")
        else:
            parts.append(
                f"hỏng {names.of('mcu')}" if kind == "mcu" else f"{said[kind]} {names.of(what)}"
            )
    return " và ".join(parts)


def _said(groups: Mapping[str, str | None], names: Names) -> dict[str, str]:
    given = {key: value or "" for key, value in groups.items()}
    said = {"link": "", "bridge": "", "failed": ""}
    for key in ("n", "a", "b", "c", "x", "y"):
        if given.get(key):
            said[key] = number(float(given[key]))
    if given.get("who"):
        said["who"] = "MCU" if given["who"] == "the MCU" else names.of(given["who"])
    if given.get("stream"):
        bridge, kind, way = given["stream"].split(" ")
        said["stream"] = f"{names.of(bridge)}, {_KINDS[kind]} {_WAYS[way]}"
    if given.get("link"):
        way = given.get("way", "")
        said["link"] = names.link(given["link"], way) if way else names.both_ways(given["link"])
    if given.get("bridge"):
        said["bridge"] = f"{names.of(given['bridge'])}, {_WAYS[given['dir']]}"
    if given.get("router"):
        said["failed"] = f"bộ định tuyến {names.of(given['router'])}"
    elif "router" in groups:
        said["failed"] = f"đường truyền {said['link']}"
    said["change"] = _CHANGES.get(given.get("change", ""), "thay đổi")
    said["event"] = _EVENTS.get(given.get("event", ""), "thay đổi")
    return said
