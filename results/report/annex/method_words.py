"""The method in one page, and what the terms mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Course = Literal["expansion", "as is", "one phase"]
"""What is done in a check: bridges are connected; or none is, in several phases or in one."""

METHOD: Sequence[str] = (
    (
        "Mạng được dựng lại trên máy tính theo dữ liệu đầu vào: mỗi điểm cầu, mỗi bộ định "
        "tuyến và MCU là một nút mạng riêng; mỗi đường truyền có đúng tốc độ, chiều dài và "
        "hàng đợi đã khai báo. Hàng đợi và đường truyền mô phỏng là của hệ điều hành Linux "
        "(công cụ Mininet), không phải của hãng sản xuất thiết bị thật."
    ),
    (
        "Trước khi họp, từng hướng của từng đường truyền trong mạng mô phỏng được đo thử. "
        "Nếu tốc độ lệch quá 2 % hoặc độ trễ lệch quá 50 micrô giây so với khai báo thì lần "
        "kiểm tra bị dừng, không có kết quả."
    ),
    (
        "Sau đó một phiên họp được mô phỏng trên mạng này. Các điểm cầu kết nối với MCU theo "
        "giao thức SIP; âm thanh và hình ảnh được gửi bằng các gói tin RTP có kích thước và "
        "thời điểm theo mô hình bộ mã hóa. MCU mô phỏng trộn âm thanh, ghép hoặc chuyển tiếp "
        "hình ảnh, nhận hoặc từ chối cuộc gọi theo bảng năng lực của thiết bị."
    ),
    (
        "Mỗi gói tin được ghi lại thời điểm gửi và thời điểm nhận. Từ đó tính độ trễ từ "
        "miệng đến tai và từ máy quay đến màn hình giữa các điểm cầu (cộng thêm độ trễ của "
        "thiết bị), độ biến thiên trễ, gói mất hoặc đến quá muộn, chất lượng tiếng nói, "
        "khung hình hỏng và thời gian dừng hình; tải của từng đường truyền được đọc mỗi giây "
        "một lần."
    ),
    (
        "Cuối cùng mọi gói tin được đối soát: số gói đã gửi phải bằng số gói đã nhận cộng "
        "với số gói mất ở nơi xác định được. Nếu còn gói tin không rõ nguyên nhân, hoặc máy "
        "tính không phát kịp gói tin đúng thời điểm, thì kết quả là không hợp lệ."
    ),
    (
        "Mỗi tiêu chí so sánh giá trị xấu nhất của toàn hệ thống với ngưỡng. Hệ thống đạt "
        "khi tất cả các tiêu chí đều đạt."
    ),
    (
        "Thời gian trong mô phỏng không phụ thuộc tốc độ của máy tính (trừ khi ghi là thời "
        "gian thực): cùng dữ liệu đầu vào và cùng số khởi tạo ngẫu nhiên cho cùng kết quả, "
        "nên người khác có thể kiểm tra lại."
    ),
    (
        "Giới hạn của phương pháp: kết quả đúng với dữ liệu đã khai báo. Mô phỏng không thay "
        "thế việc đo thử trên đường truyền và thiết bị thật trước khi đưa vào sử dụng."
    ),
)

AFTER_MEETING, AFTER_CRITERIA = 3, 6
"""How many of them come before what is said of phases, and before what is compared."""

METHOD_PHASES: Mapping[Course, str] = {
    "expansion": (
        "Phiên họp có ba giai đoạn. Trước: chỉ có các điểm cầu hiện có. Trong: các điểm cầu "
        "mới lần lượt được kết nối trong khi phiên họp vẫn diễn ra. Sau: tất cả các điểm cầu "
        "cùng họp."
    ),
    "as is": (
        "Khi không kết nối thêm điểm cầu nào, các điểm cầu hiện có họp suốt thời gian kiểm "
        "tra: các giai đoạn vẫn được gọi là trước, trong và sau khi kết nối như khi kiểm tra "
        "mở rộng, và dùng để so sánh với nhau."
    ),
    "one phase": "Khi chỉ có một giai đoạn, mọi điểm cầu kết nối từ đầu giai đoạn.",
}
METHOD_COMPARED: Mapping[Course, str] = {
    "expansion": (
        "Các điểm cầu hiện có còn được so sánh với chính chúng trước khi kết nối; mức tăng "
        "chỉ được tính khi chắc chắn không phải do ngẫu nhiên (độ tin cậy 99,99 % cho mỗi "
        "phép so sánh)."
    ),
    "as is": (
        "Các điểm cầu còn được so sánh với chính chúng trong giai đoạn thứ nhất; mức tăng "
        "chỉ được tính khi chắc chắn không phải do ngẫu nhiên (độ tin cậy 99,99 % cho mỗi "
        "phép so sánh)."
    ),
}

METHOD_ESTIMATED = (
    "Kết quả ước tính nêu trong tài liệu này không phải của mô phỏng: hàng đợi của từng "
    "đường truyền chỉ được tính toán đến từng gói tin, không dựng lại mạng, không đo thử "
    "đường truyền. Phần dưới đây mô tả cách kiểm tra bằng mô phỏng, cần thực hiện trước khi "
    "phê duyệt."
)
"""Ahead of the rest where anything is an estimate."""

METHOD_SEEDS: tuple[str, str] = (
    (
        "Để kết luận không phụ thuộc yếu tố ngẫu nhiên, cùng câu hỏi đó được tính toán lại "
        "với các số khởi tạo ngẫu nhiên khác: hàng đợi của từng đường truyền được tính đến "
        "từng gói tin, không dựng lại mạng. Hệ thống đạt khi chứng tỏ được, với độ tin cậy "
        "95 %, rằng tỷ lệ số khởi tạo không đạt không vượt quá mức cho phép; không đạt khi "
        "chứng tỏ được điều ngược lại; nếu không thì chưa kết luận được."
    ),
    (
        "Để kết luận không phụ thuộc yếu tố ngẫu nhiên, cùng câu hỏi đó được mô phỏng lại "
        "với các số khởi tạo ngẫu nhiên khác, mỗi số một lần mô phỏng riêng. Hệ thống đạt "
        "khi đạt ở mọi lần đã thử, hoặc khi chứng tỏ được, với độ tin cậy 95 %, rằng tỷ lệ "
        "số khởi tạo không đạt không vượt quá mức cho phép."
    ),
)
"""Where other seeds were estimated, and where they were emulated."""

METHOD_FAULTS = (
    "Khi thử sự cố, mỗi sự cố được tạo ra trong một lần thử riêng, giữa phiên họp có đủ "
    "các điểm cầu: cắt đường truyền, làm mất gói trong khi tín hiệu quang vẫn còn, tắt bộ "
    "định tuyến, cắt điện một nơi."
)

METHOD_INTERRUPTED = (
    "Sau sự cố, các bộ định tuyến chuyển đường theo đúng cách ghi trong dữ liệu mạng. Thời "
    "gian gián đoạn được đo tại từng điểm cầu cho đến khi có lại cả âm thanh và hình ảnh; "
    "gián đoạn do sự cố và gián đoạn do việc khôi phục được tính riêng."
)

METHOD_LOADS = (
    "Khi thử tải, nhiều điểm cầu gọi đến MCU theo một lịch định trước; mỗi lần gọi được ghi "
    "lại thời điểm gọi, thời điểm MCU trả lời và kết quả. Lần thử trong mạng mô phỏng dùng "
    "thời gian ảo và lặp lại được như lần kiểm tra. Các lần thử khác chạy theo thời gian "
    "thực: thực hiện lại sẽ cho số liệu gần giống, không trùng khớp; nếu bộ tạo tải không "
    "gọi kịp theo lịch thì kết quả là không hợp lệ."
)

TERMS: Sequence[tuple[str, str]] = (
    ("Điểm cầu", "Nơi có thiết bị tham gia họp trực tuyến. Điểm cầu chủ tọa điều hành phiên họp."),
    (
        "MCU",
        (
            "Hệ thống điều khiển đa điểm: thiết bị ở trung tâm, kết nối tất cả các điểm cầu với "
            "nhau."
        ),
    ),
    (
        "Đơn vị, cổng",
        "Năng lực của MCU; mỗi cuộc gọi chiếm một số đơn vị theo mức hình ảnh và một cổng.",
    ),
    ("Chiều lên, chiều xuống", "Từ điểm cầu đến MCU; từ MCU đến điểm cầu."),
    ("Luồng", "Dòng âm thanh, hình ảnh hoặc nội dung trình chiếu theo một chiều của một điểm cầu."),
    ("Gói tin", "Đơn vị dữ liệu được truyền đi riêng biệt trên mạng."),
    (
        "Độ trễ từ miệng đến tai",
        (
            "Thời gian từ khi một điểm cầu nói đến khi điểm cầu khác nghe được, qua hai "
            "chặng mạng, MCU và thiết bị hai đầu. Từ máy quay đến màn hình: tương tự đối với "
            "hình ảnh."
        ),
    ),
    (
        "Độ biến thiên trễ",
        "Chênh lệch giữa độ trễ lớn (phân vị 99,9) và độ trễ nhỏ nhất (ITU-T Y.1540).",
    ),
    ("Phân vị 95, 99,9", "Giá trị mà 95 %, hoặc 99,9 % số lần đo không vượt quá."),
    (
        "Điểm MOS",
        "Chất lượng tiếng nói theo cảm nhận của người nghe, từ 1 đến 5.",
    ),
    (
        "Khung hình",
        "Một ảnh trong chuỗi ảnh động; hình dừng khi không có khung hình mới để hiển thị.",
    ),
    ("Đường truy nhập", "Đường truyền nối một điểm cầu hoặc MCU với bộ định tuyến gần nhất."),
    ("Bộ định tuyến", "Thiết bị mạng chọn đường đi cho gói tin."),
    ("Dư địa", "Phần hạn mức còn chưa dùng của một tiêu chí."),
    (
        "SIP, RTP",
        "Giao thức thiết lập cuộc gọi; giao thức truyền âm thanh, hình ảnh.",
    ),
    (
        "Mã kiểm chứng",
        "Dãy 64 ký tự tính từ nội dung theo chuẩn SHA-256; nội dung khác thì mã khác.",
    ),
    (
        "Số khởi tạo ngẫu nhiên",
        "Số xác định mọi yếu tố ngẫu nhiên của lần kiểm tra, để lặp lại được.",
    ),
)
