"""What is said of figures that were filled in, in both languages."""

from __future__ import annotations

from typing import NamedTuple

from topology.importers.draft import Values


class Both(NamedTuple):
    """The same in English and Vietnamese."""

    en: str
    vi: str


GREAT_CIRCLE = Both(
    "length: great-circle distance × 1.2", "độ dài: khoảng cách đường chim bay × 1,2"
)
AMID = Both("no place given, put amid its neighbours", "chưa có tọa độ, đặt giữa các nút lân cận")
CENTRAL = Both(
    "no MCU in the file: put where the fibre to all sites is shortest",
    "tệp không có MCU: đặt tại nút có tổng độ dài cáp đến các nút khác ngắn nhất",
)
CHOSEN = Both("no MCU in the file: site chosen", "tệp không có MCU: vị trí do người nhập chọn")
AT_SITE = Both("no bridge in the file: one at each site", "tệp không có điểm cầu: mỗi nút một điểm")
SETTLES_LINK = Both(
    "the operator's link table: route, length, committed rate, queue limit",
    "bảng thông số tuyến của đơn vị khai thác: hướng, độ dài, tốc độ cam kết, hàng đợi",
)
SETTLES_ACCESS = Both(
    "the access contract with the operator", "hợp đồng thuê kênh truy nhập với đơn vị khai thác"
)
SETTLES_PLACE = Both("the position of the site", "tọa độ của địa điểm")

FIBRE: Values = {
    "us_per_km": 5.0,
    "source": "light in glass of group index 1.5: 1.5 ÷ 299,792 km/s; usual planning figure",
    "source_vi": (
        "ánh sáng trong thủy tinh có chiết suất nhóm 1,5: 1,5 ÷ 299.792 km/s; trị số quy hoạch "
        "thông dụng"
    ),
    "assumed": True,
    "settled_by": "the group index on the data sheet of the fibre laid (about 1.47 for G.652)",
    "settled_by_vi": (
        "chiết suất nhóm trong tài liệu kỹ thuật của sợi quang đã lắp đặt (khoảng 1,47 với G.652)"
    ),
}
ADDRESSING: Values = {
    "source": "private ranges (RFC 1918) chosen for the model",
    "source_vi": "dải địa chỉ dùng riêng (RFC 1918) chọn cho mô hình",
    "assumed": True,
    "settled_by": "the address plan of the network",
    "settled_by_vi": "quy hoạch địa chỉ IP của mạng",
}


def rate(mbps: float) -> Both:
    """Said of a rate that was filled in."""
    return Both(f"rate: none given, {mbps:g} Mb/s", f"tốc độ: chưa có, lấy {mbps:g} Mb/s")


def length(km: float) -> Both:
    """Said of a length that was filled in."""
    return Both(f"length: none given, {km:g} km", f"độ dài: chưa có, lấy {km:g} km")


def queue(packets: int) -> Both:
    """Said of a queue limit that was filled in."""
    return Both(f"queue: none given, {packets} packets", f"hàng đợi: chưa có, lấy {packets} gói")


def assume(given: Values, filled: list[Both], settles: Both) -> None:
    """Mark a record as assumed: what was filled in is told after its source."""
    source, source_vi = str(given.get("source", "")), str(given.get("source_vi", ""))
    given["source"] = "; ".join([source, *(text.en for text in filled)])
    given["source_vi"] = "; ".join([source_vi or source, *(text.vi for text in filled)])
    given["assumed"] = True
    if not given.get("settled_by"):
        given["settled_by"] = settles.en
        given["settled_by_vi"] = settles.vi
