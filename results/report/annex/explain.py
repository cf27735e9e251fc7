"""The method in one page, and what the terms mean, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from results.report.plots.words import Lang

METHOD: Mapping[Lang, Sequence[str]] = {
    "vi": (
        "Mạng được dựng lại trên máy tính theo dữ liệu đầu vào: mỗi điểm cầu, mỗi bộ định tuyến và "
        "MCU là một nút mạng riêng; mỗi đường truyền có đúng tốc độ, chiều dài và hàng đợi đã khai "
        "báo. Mạng mô phỏng dùng chính phần xử lý mạng của hệ điều hành Linux (công cụ Mininet), "
        "nên các gói tin đi qua hàng đợi và đường truyền như trên thiết bị thật.",
        "Trước khi họp, từng hướng của từng đường truyền được đo thử. Nếu tốc độ lệch quá 2 % "
        "hoặc độ trễ lệch quá 50 micrô giây so với khai báo thì lần kiểm tra bị dừng, không "
        "có kết quả.",
        "Sau đó một phiên họp được tổ chức trên mạng này. Các điểm cầu kết nối với MCU theo giao "
        "thức SIP; âm thanh và hình ảnh được gửi bằng các gói tin RTP có kích thước và thời điểm "
        "như của bộ mã hóa thật. MCU trộn âm thanh, ghép hoặc chuyển tiếp hình ảnh, nhận hoặc từ "
        "chối cuộc gọi theo bảng năng lực của thiết bị.",
        "Phiên họp có ba giai đoạn. Trước: chỉ có các điểm cầu hiện có. Trong: các điểm cầu mới "
        "lần lượt được kết nối trong khi phiên họp vẫn diễn ra. Sau: tất cả các điểm cầu cùng họp.",
        "Mỗi gói tin được ghi lại thời điểm gửi và thời điểm nhận. Từ đó tính độ trễ từ miệng đến "
        "tai và từ máy quay đến màn hình giữa các điểm cầu (cộng thêm độ trễ của thiết bị), độ "
        "biến thiên trễ, gói mất hoặc đến quá muộn, chất lượng tiếng nói, khung hình hỏng và thời "
        "gian dừng hình; tải của từng đường truyền được đọc mỗi giây một lần.",
        "Cuối cùng mọi gói tin được đối soát: số gói đã gửi phải bằng số gói đã nhận cộng với số "
        "gói mất ở nơi xác định được. Nếu còn gói tin không rõ nguyên nhân, hoặc máy tính không "
        "phát kịp gói tin đúng thời điểm, thì kết quả là không hợp lệ.",
        "Mỗi tiêu chí so sánh giá trị xấu nhất của toàn hệ thống với ngưỡng. Hệ thống đạt khi tất "
        "cả các tiêu chí đều đạt. Các điểm cầu hiện có còn được so sánh với chính chúng trước khi "
        "kết nối; mức tăng chỉ được tính khi chắc chắn không phải do ngẫu nhiên (độ tin cậy "
        "99,99 % cho mỗi phép so sánh).",
        "Thời gian trong mô phỏng không phụ thuộc tốc độ của máy tính (trừ khi ghi là thời gian "
        "thực): cùng dữ liệu đầu vào và cùng số khởi tạo ngẫu nhiên cho cùng kết quả, nên người "
        "khác có thể kiểm tra lại.",
        "Giới hạn của phương pháp: kết quả đúng với dữ liệu đã khai báo. Mô phỏng không thay thế "
        "việc đo thử trên đường truyền và thiết bị thật trước khi đưa vào sử dụng.",
    ),
    "en": (
        "The network is rebuilt on a computer from the inputs: each bridge, each router and the "
        "MCU is a network node of its own; each link has the rate, length and queue that were "
        "given. The network is Linux’s own (with the tool Mininet), so packets pass queues and "
        "links as they do in real devices.",
        "Before the meeting each direction of each link is measured. If a rate is off by more than "
        "2 %, or a delay by more than 50 microseconds, the check stops without a result.",
        "Then a meeting is held on this network. Bridges connect to the MCU by SIP; sound and "
        "pictures are RTP packets with the sizes and times of a real encoder. The MCU mixes sound, "
        "composes or forwards pictures, and takes or refuses calls by the device’s capacity table.",
        "The meeting has three phases. Before: the existing bridges alone. During: the new bridges "
        "are connected one after another while the meeting goes on. After: everybody is in.",
        "For each packet the time of sending and the time of arrival are recorded. Delays from "
        "mouth to ear and from camera to screen between bridges (what devices take added), delay "
        "variation, packets lost or too late, speech quality, bad frames and frozen pictures are "
        "computed from them; the load of each link is read once a second.",
        "At the end every packet is accounted for: sent is received plus lost at a known place. "
        "If a packet is unaccounted for, or the computer did not send in time, the result is "
        "invalid.",
        "Each criterion compares the worst value of the whole system with its limit. The system "
        "passes if all criteria are met. Existing bridges are also compared with themselves before "
        "the connection; a rise counts as far as it is certainly not chance (99.99 % confidence in "
        "each comparison).",
        "Time in the emulation does not depend on the speed of the computer (unless it says real "
        "time): the same inputs and seed give the same result, so that others can repeat it.",
        "Limits of the method: the result is true of what was given. The emulation does not take "
        "the place of a trial on the real lines and devices before they are used.",
    ),
}

METHOD_ESTIMATED: Mapping[Lang, str] = {
    "vi": "Kết quả ước tính nêu trong tài liệu này không phải của mô phỏng: hàng đợi của từng "
    "đường truyền chỉ được tính toán đến từng gói tin, không dựng lại mạng, không đo thử đường "
    "truyền. Phần dưới đây mô tả cách kiểm tra bằng mô phỏng, cần thực hiện trước khi phê duyệt.",
    "en": "What this document calls an estimate was not emulated: the queue of each link was "
    "computed packet by packet, no network was rebuilt and no link measured. What follows is how "
    "an emulated check is made, which an approval needs.",
}
"""Ahead of the rest where anything is an estimate."""

METHOD_SEEDS: Mapping[Lang, tuple[str, str]] = {
    "vi": (
        "Để kết luận không phụ thuộc yếu tố ngẫu nhiên, cùng câu hỏi đó được tính toán lại với các "
        "số khởi tạo ngẫu nhiên khác: hàng đợi của từng đường truyền được tính đến từng gói tin, "
        "không dựng lại mạng. Hệ thống chỉ đạt khi đạt ở mọi lần đã thử, trừ khi kịch bản cho phép "
        "một tỷ lệ không đạt.",
        "Để kết luận không phụ thuộc yếu tố ngẫu nhiên, cùng câu hỏi đó được mô phỏng lại với các "
        "số khởi tạo ngẫu nhiên khác, mỗi số một lần mô phỏng riêng. Hệ thống chỉ đạt khi đạt ở "
        "mọi lần đã thử, trừ khi kịch bản cho phép một tỷ lệ không đạt.",
    ),
    "en": (
        "So that the conclusion does not depend on luck, the same question is worked out at other "
        "seeds: the queue of each link is computed packet by packet, without rebuilding the "
        "network. The system passes only if it does each time, unless the scenario allows a share "
        "that does not.",
        "So that the conclusion does not depend on luck, the same question is emulated again at "
        "other seeds, each in an emulation of its own. The system passes only if it does each "
        "time, unless the scenario allows a share that does not.",
    ),
}
"""Where other seeds were estimated, and where they were emulated."""

METHOD_FAULTS: Mapping[Lang, str] = {
    "vi": "Khi thử sự cố, mỗi sự cố được tạo ra trong một lần mô phỏng riêng, giữa phiên họp có "
    "đủ các điểm cầu: cắt đường truyền, làm mất gói trong khi tín hiệu quang vẫn còn, tắt bộ định "
    "tuyến, cắt điện một nơi.",
    "en": "Each failure that was tried is made in an emulation of its own, in the middle of a "
    "meeting of everybody: a link is cut, or loses everything while its light stays on, a router "
    "is stopped, a site’s power taken away.",
}

METHOD_INTERRUPTED: Mapping[Lang, str] = {
    "vi": "Sau sự cố, các bộ định tuyến chuyển đường theo đúng cách ghi trong dữ liệu mạng. Thời "
    "gian gián đoạn được đo tại từng điểm cầu cho đến khi có lại cả âm thanh và hình ảnh; gián "
    "đoạn do sự cố và gián đoạn do việc khôi phục được tính riêng.",
    "en": "After a failure routers change ways as the data of the network say. The interruption is "
    "measured at each bridge, until sound and picture are back; what the failing interrupts and "
    "what the mending does are told apart.",
}

METHOD_LOADS: Mapping[Lang, str] = {
    "vi": "Khi thử tải, nhiều điểm cầu gọi đến MCU theo một lịch định trước; mỗi lần gọi được ghi "
    "lại thời điểm gọi, thời điểm MCU trả lời và kết quả. Lần thử trong mạng mô phỏng dùng thời "
    "gian ảo và lặp lại được như lần kiểm tra. Các lần thử khác chạy theo thời gian thực: thực "
    "hiện lại sẽ cho số liệu gần giống, không trùng khớp; nếu bộ tạo tải không gọi kịp theo lịch "
    "thì kết quả là không hợp lệ.",
    "en": "In a load test many bridges call the MCU by a timetable; of each call it is recorded "
    "when it was dialled, when the MCU answered, and what came of it. A test in the emulated "
    "network runs in virtual time and can be repeated as a check can. Others run in real time: "
    "made again they give similar figures, not the same; if the load could not be made in time, "
    "the result is invalid.",
}

TERMS: Mapping[Lang, Sequence[tuple[str, str]]] = {
    "vi": (
        (
            "Điểm cầu",
            "Nơi có thiết bị tham gia họp trực tuyến. Điểm cầu chủ tọa điều hành phiên họp.",
        ),
        (
            "MCU",
            "Hệ thống điều khiển đa điểm: thiết bị ở trung tâm, kết nối tất cả các điểm cầu với "
            "nhau.",
        ),
        (
            "Đơn vị, cổng",
            "Năng lực của MCU; mỗi cuộc gọi chiếm một số đơn vị theo mức hình ảnh và một cổng.",
        ),
        ("Chiều lên, chiều xuống", "Từ điểm cầu đến MCU; từ MCU đến điểm cầu."),
        (
            "Luồng",
            "Dòng âm thanh, hình ảnh hoặc nội dung trình chiếu theo một chiều của một điểm cầu.",
        ),
        ("Gói tin", "Đơn vị dữ liệu được truyền đi riêng biệt trên mạng."),
        (
            "Độ trễ từ miệng đến tai",
            "Thời gian từ khi một điểm cầu nói đến khi điểm cầu khác nghe được, qua hai chặng "
            "mạng, MCU và thiết bị hai đầu. Từ máy quay đến màn hình: tương tự đối với hình ảnh.",
        ),
        (
            "Độ biến thiên trễ",
            "Chênh lệch giữa độ trễ lớn (phân vị 99,9) và độ trễ nhỏ nhất (ITU-T Y.1540).",
        ),
        ("Phân vị 95, 99,9", "Giá trị mà 95 %, hoặc 99,9 % số lần đo không vượt quá."),
        ("Điểm MOS", "Chất lượng tiếng nói theo cảm nhận của người nghe, từ 1 đến 5."),
        (
            "Khung hình",
            "Một ảnh trong chuỗi ảnh động; hình dừng khi không có khung hình mới để hiển thị.",
        ),
        ("Đường truy nhập", "Đường truyền nối một điểm cầu hoặc MCU với bộ định tuyến gần nhất."),
        ("Bộ định tuyến", "Thiết bị mạng chọn đường đi cho gói tin."),
        ("Dư địa", "Phần hạn mức còn chưa dùng của một tiêu chí."),
        ("SIP, RTP", "Giao thức thiết lập cuộc gọi; giao thức truyền âm thanh, hình ảnh."),
        (
            "Mã kiểm chứng",
            "Dãy 64 ký tự tính từ nội dung theo chuẩn SHA-256; nội dung khác thì mã khác.",
        ),
        (
            "Số khởi tạo ngẫu nhiên",
            "Số xác định mọi yếu tố ngẫu nhiên của lần kiểm tra, để lặp lại được.",
        ),
    ),
    "en": (
        ("Bridge", "A site that takes part in the meeting. The chair bridge runs it."),
        ("MCU", "Multipoint control unit: the device in the centre that connects all bridges."),
        ("Units, ports", "What an MCU holds; a call takes units by its picture, and one port."),
        ("Up, down", "From the bridge to the MCU; from the MCU to the bridge."),
        ("Stream", "Sound, picture or content in one direction of one bridge."),
        ("Packet", "A piece of data that crosses the network by itself."),
        (
            "Mouth to ear",
            "From one bridge’s speaking until another hears it: two legs of network, the MCU and "
            "both terminals. Camera to screen: the same of pictures.",
        ),
        ("Delay variation", "The 99.9th percentile of delays less the least (ITU-T Y.1540)."),
        ("95th percentile", "The value that 95 % of the measurements do not pass."),
        ("MOS", "Mean opinion score: speech quality as listeners judge it, 1 to 5."),
        ("Frame", "One image of a moving picture, which stands still while there is no new one."),
        ("Access line", "The link from a bridge or the MCU to its router."),
        ("Router", "The device that chooses the way of packets."),
        ("Margin", "The share of a criterion’s allowance that is still unused."),
        ("SIP, RTP", "The protocol that sets calls up; the one that carries sound and pictures."),
        ("Sum", "64 characters computed from the contents (SHA-256); other contents, another sum."),
        (
            "Random seed",
            "The number that fixes all that is random in the check, so that it can be repeated.",
        ),
    ),
}
