"""What the annex says of load tests, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping

LOAD_WORDS: Mapping[str, tuple[str, str]] = {
    "load": ("Thử tải hệ thống điều khiển đa điểm (MCU)", "Load tests of the MCU"),
    "load intro": (
        "Thử tải cho biết MCU đáp ứng đến đâu khi nhiều điểm cầu cùng gọi đến. Số lần đã thử: {0}.",
        "Load tests tell what the MCU takes when many bridges call it. Tests made: {0}.",
    ),
    "load run": ("Lần thử {0}", "Test {0}"),
    "load named": ("{0} ({1})", "{0} ({1})"),
    "load told": ("{0}: {1}", "{0}: {1}"),
    "load came of it": ("Kết quả:", "What came of it:"),
    # what was asked
    "load meeting": ("Phiên họp có {0} điểm cầu.", "{0} {0:bridge is|bridges are} in the meeting."),
    "load steady": (
        "{0} điểm cầu lần lượt gọi đến, {1} cuộc gọi mỗi giây, trong {2} giây; {3}.",
        "{0} {5:bridge calls|bridges call} in turn, {1} calls a second, for {2} s; {3}.",
    ),
    "load ramp": (
        "{0} điểm cầu cùng gọi đến vào đầu giờ họp, lúc nhiều nhất {1} cuộc gọi mỗi giây, rồi họp "
        "trong {2} giây; {3}.",
        "{0} {5:bridge dials|bridges dial} in as a meeting begins, {1} calls a second at the "
        "most, and stay for {2} s; {3}.",
    ),
    "load hold": (
        "{0} điểm cầu gọi đến, {1} cuộc gọi mỗi giây, rồi giữ cuộc gọi trong {2} giây; {3}.",
        "{0} {5:bridge dials|bridges dial} in, {1} calls a second, and {5:stays|stay} for {2} s; "
        "{3}.",
    ),
    "load storm": (
        "{0} điểm cầu cùng mất đường truyền trong {4} giây giữa phiên họp rồi gọi lại; {3}.",
        "The lines of {0} {5:bridge|bridges} are away for {4} s in the middle of a meeting, and "
        "they dial again; {3}.",
    ),
    "load guess": (
        "Trong khi {0} điểm cầu đang họp, mỗi giây {1} lần có người thử đăng ký bằng mật khẩu "
        "sai, trong {2} giây; {3}.",
        "While {0} {5:bridge is|bridges are} in a meeting, somebody tries a wrong password {1} "
        "times a second, for {2} s; {3}.",
    ),
    "load malformed": (
        "Trong khi {0} điểm cầu đang họp, mỗi giây {1} lần có thiết bị hỏng gửi bản tin sai, trong "
        "{2} giây; {3}.",
        "While {0} {5:bridge is|bridges are} in a meeting, a broken device sends nonsense {1} "
        "times a second, for {2} s; {3}.",
    ),
    "load media": ("cuộc gọi có âm thanh", "with sound"),
    "load media both": ("cuộc gọi có âm thanh và hình ảnh", "with sound and pictures"),
    "load media none": (
        "chỉ thiết lập cuộc gọi, không có âm thanh và hình ảnh",
        "calls are set up without sound or pictures",
    ),
    # where
    "load in province": (
        "Thực hiện trong mạng mô phỏng của tỉnh: mọi cuộc gọi đi qua các đường truyền mô phỏng.",
        "Made in the emulated network of the province: every call crosses its links.",
    ),
    "load in loopback": (
        "Thực hiện với riêng MCU mô phỏng trên một máy tính, không qua mạng; kết quả không nói gì "
        "về các đường truyền của tỉnh và về thiết bị thật.",
        "Made with the simulated MCU alone, on one computer and over no network: this says nothing "
        "about the province’s links or about a real device.",
    ),
    "load in target": (
        "Thực hiện với thiết bị thật tại địa chỉ {0}, khi chủ quản thiết bị đã đồng ý.",
        "Made with a real device at {0}, whose owner had agreed.",
    ),
    "load device": ("Thiết bị: {0}.", "Device: {0}."),
    "load other scenario": (
        "Kịch bản “{0}” của lần thử khác kịch bản của lần kiểm tra: số điểm cầu, đường truyền và "
        "thiết bị là của riêng lần thử.",
        "Its scenario “{0}” is another than the check’s: bridges, links and device are its own.",
    ),
    "load links": (
        "tải cao nhất của đường truyền là {0} %, trên {1}; số gói tin bị loại do hàng đợi đầy: {2}",
        "the highest load of a link was {0} %, on {1}; packets that found a queue full: {2}",
    ),
    # what came of it
    "load pass": (
        "đạt cả {0} tiêu chí thử tải",
        "{0:the one criterion of the test is|all {0} criteria of the test are} met",
    ),
    "load fail": (
        "không đạt {0} trong {1} tiêu chí thử tải: {2}",
        "{0} of {1} {1:criterion|criteria} of the test {0:is|are} not met: {2}",
    ),
    "load unjudged": (
        "{0}; {1} tiêu chí khác không đánh giá được",
        "{0}; {1} more could not be judged",
    ),
    "load none judged": (
        "không tiêu chí thử tải nào đánh giá được",
        "no criterion of the test could be judged",
    ),
    "load invalid": (
        "không hợp lệ, số liệu không đủ tin cậy nên không được sử dụng",
        "invalid, as the figures cannot be trusted; they are not used",
    ),
    "load came audio": (
        "âm thanh đầy đủ trong {0} trên {1} cuộc gọi",
        "sound was complete in {0} of {1} {1:call|calls}",
    ),
    "load came video": (
        "hình ảnh đầy đủ trong {0} trên {1} cuộc gọi",
        "pictures were complete in {0} of {1} {1:call|calls}",
    ),
    "load lacks options": (
        "thiết bị không trả lời câu hỏi về khả năng của nó (OPTIONS), nội dung này không được xét",
        "the device does not tell what it can (OPTIONS), which is not judged",
    ),
    "load lacks register": (
        "thiết bị không nhận đăng ký của các điểm cầu, nội dung này không được xét",
        "the device does not register these bridges, which is not judged",
    ),
    "load lacks guess": (
        "thiết bị không có chức năng đăng ký nên không thử được việc dò mật khẩu",
        "the device has no registrar, so guessing passwords could not be tried",
    ),
    "load criterion": ("{0}: {1} (ngưỡng {2})", "{0}: {1} (limit {2})"),
    "load set": (
        "Ngưỡng do người yêu cầu thử đặt – {0}.",
        "Limits that were set for these tests – {0}.",
    ),
    # storms
    "storms table": (
        "Các điểm cầu gọi lại sau khi đường truyền được khôi phục",
        "Bridges dialling again once the lines were back",
    ),
    "test": ("Lần thử", "Test"),
    "back-off": ("Giãn cách gọi lại", "Back-off"),
    "storm cut": ("Điểm cầu bị ngắt", "Bridges cut off"),
    "storm back": ("Kết nối lại được", "Back again"),
    "attempts": ("Số lần gọi", "Calls made"),
    "half back": ("Một nửa trở lại sau (giây)", "Half are back after (s)"),
    "last back": ("Tất cả trở lại sau (giây)", "All are back after (s)"),
    "last limit": ("Ngưỡng (giây)", "Limit (s)"),
    "storms note": (
        "Giãn cách gọi lại: “có” – mỗi điểm cầu chờ một khoảng thời gian ngẫu nhiên rồi mới gọi, "
        "càng về sau càng thưa; “không” – các điểm cầu bị ngắt gọi lại cùng lúc. Số lần gọi gồm cả "
        "những lần chưa kết nối được. Thời gian tính từ khi đường truyền được khôi phục. Dấu “–”: "
        "có điểm cầu không trở lại, hoặc lần thử không hợp lệ.",
        "Back-off: “yes” – each bridge waits for a random time before it dials, and longer each "
        "time; “no” – all that were cut off dial in the same moment. Calls made: also those that "
        "did not succeed. Times count from when the lines were back. “–”: some bridge did not come "
        "back, or the test is invalid.",
    ),
    "storms assumed": (
        "Ngưỡng về thời gian trở lại là giả định nêu tại mục {0}.",
        "The limit of the time until all are back is an assumption of section {0}.",
    ),
    # calls
    "calls table": ("Kết quả thiết lập cuộc gọi khi thử tải", "Calls under load"),
    "tried calls": ("Cuộc gọi đã thử", "Calls tried"),
    "set up": ("Thiết lập được", "Set up"),
    "not set up": ("Không thiết lập được, nguyên nhân", "Not set up, why"),
    "setup p95": ("Thời gian thiết lập (ms)", "Set-up time (ms)"),
    "standing": ("Nhiều nhất cùng lúc", "At the same time"),
    "found rate": (
        "Tốc độ cao nhất không lỗi (cuộc gọi/giây)",
        "Highest rate without failure (/s)",
    ),
    "calls note": (
        "Thời gian thiết lập: phân vị 95, từ khi gọi đến khi MCU trả lời. Nhiều nhất cùng lúc: số "
        "cuộc gọi cùng tồn tại.{0}",
        "Set-up time: 95th percentile, from dialling to the MCU’s answer. At the same time: calls "
        "that stood together at the most.{0}",
    ),
    "calls rate note": (
        " Tốc độ cao nhất không lỗi: được tìm bằng cách thử nhiều tốc độ; dấu “–”: không tìm.",
        " Highest rate without failure: found by trying rates; “–”: not looked for.",
    ),
    "calls network note": (
        " Trong mạng mô phỏng, thời gian thiết lập chỉ gồm phần của mạng và thời gian chờ; thời "
        "gian xử lý của thiết bị thực tế, khoảng 0,5 đến 4 giây, không được mô phỏng.",
        " In the emulated province set-up time is the network’s share and waiting alone; what real "
        "devices take themselves, about 0.5 to 4 s, is not modelled.",
    ),
    "cause capacity": ("MCU hết năng lực: {0}", "the MCU was full: {0}"),
    "cause timeout": ("MCU không trả lời kịp thời: {0}", "no answer in time: {0}"),
    "cause authentication": ("MCU không chấp nhận tài khoản: {0}", "account not accepted: {0}"),
    "cause unsupported": ("MCU không hỗ trợ: {0}", "not supported: {0}"),
    "cause protocol": ("MCU trả lời sai hoặc tự ngắt: {0}", "wrong answer or ended call: {0}"),
    "cause media": ("lỗi của bộ tạo tải: {0}", "the generator’s fault: {0}"),
    # elsewhere
    "no faults but storms": (
        "Chưa thử riêng sự cố nào; tài liệu này không kết luận về khả năng chịu sự cố của hệ thống "
        "ngoài việc các điểm cầu gọi lại sau sự cố, nêu tại mục {0}.",
        "No failure was tried by itself; of what happens if something fails this document says "
        "only how bridges dial again afterwards (section {0}).",
    ),
    "condition load": (
        "những tiêu chí thử tải không đạt nêu tại mục {0} được khắc phục, hoặc được chấp nhận;",
        "the criteria that load tests did not meet (section {0}) are mended or accepted;",
    ),
    "load assumptions": (
        "Các lần thử tải theo kịch bản riêng còn dựa trên {0} số liệu giả định khác về điểm cầu, "
        "đường truyền và thiết bị của kịch bản đó; danh sách đầy đủ nằm trong tệp bằng chứng.",
        "Load tests with a scenario of their own rest on {0} more {0:assumption|assumptions} "
        "about its bridges, links and device; the evidence lists them all.",
    ),
    "named check": ("lần kiểm tra {0}", "check {0}"),
    "named load": ("lần thử tải {0}", "load test {0}"),
    "run load": ("Mã lần thử tải", "Load test"),
    "engine none": ("không mô phỏng mạng, thời gian thực", "no network emulated, real time"),
}
