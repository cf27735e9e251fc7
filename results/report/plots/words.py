"""What the pictures say, in Vietnamese and English: words, numbers, names of streams and links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Lang = Literal["vi", "en"]

#: Longest label at the right edge, in characters.
LABEL_WIDTH = 30

WORDS: Mapping[Lang, Mapping[str, str]] = {
    "vi": {
        "before": "Trước",
        "during": "Trong",
        "after": "Sau",
        "time": "Thời gian (giây)",
        "delay": "Độ trễ một chiều theo luồng (ms)",
        "loss": "Tỷ lệ mất gói theo luồng (%)",
        "jitter": "Độ biến thiên trễ theo luồng (ms)",
        "mos": "Chất lượng tiếng nói theo luồng (điểm MOS)",
        "frozen": "Tỷ lệ thời gian dừng hình theo luồng (%)",
        "links": "Tải đường truyền (% tốc độ)",
        "mcu": "Năng lực MCU đã sử dụng (%)",
        "limit": "ngưỡng {0}",
        "capacity": "năng lực thiết bị",
        "used": "đã dùng: {0}",
        "others": "{0} {1} khác",
        "all": "{0} {1}",
        "some": "{0} khác, vẽ {1} xấu nhất",
        "stream": "luồng",
        "link": "hướng truyền",
        "no loss": "không mất gói",
        "no frozen": "không dừng hình",
        "up": "chiều lên",
        "down": "chiều xuống",
        "stream up": "lên",
        "stream down": "xuống",
        "audio": "tiếng",
        "video": "hình",
        "content": "trình chiếu",
        "span": "giây {0}–{1}",
        "more spans": "và {0} tác động khác",
    },
    "en": {
        "before": "Before",
        "during": "During",
        "after": "After",
        "time": "Time (s)",
        "delay": "One-way delay by stream (ms)",
        "loss": "Packets lost by stream (%)",
        "jitter": "Jitter by stream (ms)",
        "mos": "Speech quality by stream (MOS)",
        "frozen": "Time the picture stood still, by stream (%)",
        "links": "Load of links (% of rate)",
        "mcu": "MCU capacity in use (%)",
        "limit": "limit {0}",
        "capacity": "capacity of the device",
        "used": "in use: {0}",
        "others": "{0} other {1}",
        "all": "{0} {1}",
        "some": "{0} others, worst {1} drawn",
        "stream": "streams",
        "link": "link directions",
        "no loss": "no packet lost",
        "no frozen": "no picture stood still",
        "up": "up",
        "down": "down",
        "stream up": "up",
        "stream down": "down",
        "audio": "sound",
        "video": "picture",
        "content": "content",
        "span": "{0}–{1} s",
        "more spans": "and {0} more",
    },
}


def number(value: float, lang: Lang, digits: int = 3) -> str:
    """A number for people: at most `digits` significant digits, decimal comma in Vietnamese."""
    text = f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    return text.replace(".", ",") if lang == "vi" else text


def stream_name(key: str, names: Mapping[str, str], lang: Lang) -> str:
    """`"dak-song video up"` as `Đắk Song, lên, hình`; a long bridge name is cut, never the rest."""
    bridge, kind, direction = key.split(" ")
    words = WORDS[lang]
    return _with_tail(
        names.get(bridge, bridge).split(" (")[0],
        f", {words[f'stream {direction}']}, {words[kind]}",
    )


def link_name(key: str, names: Mapping[str, str], lang: Lang) -> str:
    """`"a--b r-a->r-b"` as `A → B` with names for people.

    An access link has a place of one name at both ends, so it is told by host and way: `X, xuống`.
    """
    link, _, direction = key.rpartition(" ")
    source, _, target = direction.partition("->")
    if link.startswith("access-"):
        up = link == f"access-{source}"
        host = source if up else target
        way = f", {WORDS[lang]['up' if up else 'down']}"
        return _with_tail(names.get(host, host).split(" (")[0], way)
    return f"{names.get(source, source)} → {names.get(target, target)}"


def cut(text: str, width: int = LABEL_WIDTH) -> str:
    """A text that would leave its place, cut; the tables hold the full names."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _with_tail(name: str, tail: str) -> str:
    return cut(name, LABEL_WIDTH - len(tail)) + tail
