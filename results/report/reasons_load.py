"""Why a load test is invalid, in Vietnamese: the sentences of `scenarios.load`, one by one."""

from __future__ import annotations

from collections.abc import Sequence

_N = r"(?P<n>\d+)"
_X = r"(?P<x>[\d.e+-]+)"
_Y = r"(?P<y>[\d.e+-]+)"

LOAD_SENTENCES: Sequence[tuple[str, str]] = (
    (
        rf"{_N} of (?P<a>\d+) generators said how they fared",
        "chỉ {n} trong {a} bộ tạo tải báo tình trạng của mình",
    ),
    (
        r"the process with the media of generator \S+ has ended",
        "bộ phận phát âm thanh, hình ảnh của một bộ tạo tải đã dừng",
    ),
    (
        rf"generator \S+ has said nothing since {_N} s",
        "một bộ tạo tải không báo tình trạng từ giây {n}",
    ),
    (
        rf"a generator's process took {_X} % of a core in the mean \(limit {_Y} %\)",
        "một bộ tạo tải dùng trung bình {x} % năng lực của một lõi xử lý (giới hạn {y} %)",
    ),
    (
        rf"a generator stood still for more than {_X} ms in {_N} of (?P<a>\d+) seconds "
        rf"\(limit {_Y} %\)",
        "một bộ tạo tải bị ngừng hơn {x} ms trong {n} trên tổng số {a} giây (giới hạn {y} %)",
    ),
    (
        rf"1 of 100 calls was dialled {_X} ms late or later \(limit {_Y} ms\)",
        "trong 100 cuộc gọi có 1 cuộc gọi chậm từ {x} ms trở lên so với lịch (giới hạn {y} ms)",
    ),
    (
        rf"{_X} % of the generator's media left more than 20 ms late \(limit {_Y} %\)",
        "{x} % âm thanh, hình ảnh của bộ tạo tải được phát chậm hơn 20 ms (giới hạn {y} %)",
    ),
    (
        rf"{_N} packets overflowed the generator's buffers",
        "{n} gói tin gặp bộ đệm đầy của bộ tạo tải",
    ),
    (
        r"nothing was done: no generator came to its first call",
        "chưa thực hiện được gì: không bộ tạo tải nào gọi được cuộc gọi đầu tiên",
    ),
    (
        rf"only {_N} of (?P<a>\d+) calls of the timetable were dialled",
        "chỉ gọi {n} trong {a} cuộc gọi theo lịch",
    ),
    (
        rf"the MCU's machine could not keep up: {_X} % of its media left more than 20 ms late "
        rf"\(limit {_Y} %\), {_N} packets overflowed a receive buffer",
        "máy chạy MCU không theo kịp: {x} % âm thanh, hình ảnh được phát chậm hơn 20 ms (giới hạn "
        "{y} %), {n} gói tin gặp bộ đệm nhận đầy",
    ),
)
