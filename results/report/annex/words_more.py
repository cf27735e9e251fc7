"""What the annex says of failures, limits, conditions, assumptions and how to check it."""

from __future__ import annotations

from collections.abc import Mapping

MORE_WORDS: Mapping[str, tuple[str, str]] = {
    # failures
    "faults": ("Các sự cố đã thử", "Failures tried"),
    "no faults": (
        "Chưa thử sự cố nào; tài liệu này không kết luận về khả năng chịu sự cố của hệ thống.",
        "No failure was tried; this document says nothing about what happens if something fails.",
    ),
    "own faults table": (
        "Ảnh hưởng của từng sự cố đến các điểm cầu",
        "What each failure did to bridges",
    ),
    "failure": ("Sự cố", "Failure"),
    "sound away": ("Mất tiếng (ms)", "Sound away (ms)"),
    "picture away": ("Mất hình (ms)", "Picture away (ms)"),
    "by mending": ("Do khôi phục (ms)", "By mending (ms)"),
    "lost": ("Gói mất", "Lost"),
    "cut off": ("Bị ngắt", "Cut off"),
    "picture again": ("Có hình trở lại (ms)", "Picture again (ms)"),
    "from mending": ("Kể từ khi khôi phục (ms)", "After mending (ms)"),
    "call": ("Cuộc gọi", "Call"),
    "yes": ("có", "yes"),
    "no": ("không", "no"),
    "kept": ("giữ được", "kept"),
    "again": ("gọi lại {0} lần", "dialled again {0}×"),
    "behind": ("có, không còn đường khác", "yes, no other way"),
    "own faults note": (
        "Mất tiếng, mất hình: thời gian dài nhất do sự cố gây ra mà không nghe được âm thanh hoặc "
        "không hiển thị được hình ảnh mới. Do khôi phục: như trên, phần dài hơn trong hai, do "
        "việc khôi phục gây ra. Bị ngắt: không nhận được gì trong hơn một giây cho đến khi sự cố "
        "được khôi phục hoặc đến hết. Không còn đường khác: mọi tuyến từ điểm cầu đến MCU đều đi "
        "qua phần bị sự cố.",
        "Sound away, picture away: the longest time by the failing without sound that could be "
        "heard, or without a new picture that could be shown. By mending: the longer one of the "
        "two by the mending. Cut off: nothing came for over a second until the failure was mended, "
        "or to the end. No other way: every path from the bridge to the MCU goes through what "
        "failed.",
    ),
    "calm": (
        "Số điểm cầu không bị ảnh hưởng – {0}.",
        "Bridges that noticed nothing – {0}.",
    ),
    "of bridges": ("{0}: {1} trong {2} điểm cầu", "{0}: {1} of {2} {2:bridge|bridges}"),
    "tried": (
        "Đã thử riêng từng sự cố, tổng số {0}, trong khi tất cả {1} điểm cầu đang họp: {2} trường "
        "hợp đạt, {3} trường hợp không đạt, {4} trường hợp không hợp lệ. {5}",
        "{0} {0:failure was|failures were} tried, one at a time, while all {1} bridges were in "
        "the meeting: {2} met the criteria, {3} did not, {4} could not be judged. {5}",
    ),
    "of them accepted": (
        "Trong số đó {0} sự cố là điểm lỗi đơn đã được chấp nhận.",
        "{0} of them {0:is a single point|are single points} of failure that {0:was|were} "
        "accepted.",
    ),
    "all tried": (
        "Đây là mọi sự cố đơn lẻ mà mạng trong dữ liệu kiểm tra có thể gặp.",
        "These are all single failures that the network as it was given can have.",
    ),
    "usual tried": (
        "Đây là các sự cố thường thử; còn {0} sự cố đơn lẻ khác của mạng chưa được thử (đường truy "
        "nhập của từng điểm cầu, MCU và tương tự).",
        "These are the usual ones; {0} more single {0:failure|failures} of the network "
        "{0:was|were} not tried (access lines of bridges, the MCU and the like).",
    ),
    "some tried": (
        "Đây chỉ là những sự cố được chọn, không phải mọi sự cố có thể xảy ra.",
        "These were picked; they are not all that could happen.",
    ),
    "some left": (
        "Còn {0} sự cố đơn lẻ khác của mạng chưa được thử.",
        "{0} more single {0:failure|failures} of the network {0:was|were} not tried.",
    ),
    "worst interruption": (
        "Gián đoạn dài nhất của điểm cầu còn đường khác: {0} ms tại {1}, do: {2} (ngưỡng {3} ms).",
        "The longest interruption of a bridge that had another way: {0} ms at {1}, by: {2} (limit "
        "{3} ms).",
    ),
    "worst interruption mending": (
        "Gián đoạn dài nhất của điểm cầu còn đường khác: {0} ms tại {1}, do việc khôi phục sau: "
        "{2} (ngưỡng {3} ms).",
        "The longest interruption of a bridge that had another way: {0} ms at {1}, by the mending "
        "of: {2} (limit {3} ms).",
    ),
    "no interruption known": (
        "Không có số liệu về gián đoạn của điểm cầu còn đường khác.",
        "Nothing is known of interruptions of bridges that had another way.",
    ),
    "all behind": (
        "Trong các sự cố đã thử và đo được, không điểm cầu nào còn đường khác đến MCU, nên không "
        "có gián đoạn để đánh giá.",
        "In the failures that were tried and measured no bridge had another way to the MCU, so "
        "there is no interruption to judge.",
    ),
    "no interruption": (
        "Trong các sự cố đã thử và đo được, không điểm cầu nào còn đường khác bị gián đoạn.",
        "In the failures that were tried and measured no bridge that had another way was "
        "interrupted.",
    ),
    "worst load": (
        "Tải cao nhất khi có sự cố: {0} % trên {1}, trong khi: {2} (ngưỡng {3} %).",
        "The highest load under a failure: {0} % on {1}, while: {2} (limit {3} %).",
    ),
    "points": (
        "Các điểm mà riêng nó bị sự cố thì có điểm cầu bị mất liên lạc ({0}):",
        "Single points of failure: these alone take bridges out of the meeting ({0}):",
    ),
    "no points": (
        "Không có sự cố đơn lẻ nào làm điểm cầu khác mất liên lạc.",
        "No single failure took another bridge out of the meeting.",
    ),
    "no points tried": (
        "Trong các sự cố đã thử và đo được, không có sự cố nào làm điểm cầu khác mất liên lạc.",
        "Of the failures that were tried and measured none took another bridge out of the meeting.",
    ),
    "point": (
        "{0}: mất liên lạc {1} – chưa được chấp nhận",
        "{0}: cuts off {1} – not accepted",
    ),
    "point accepted": (
        "{0}: mất liên lạc {1} – đã được chấp nhận: {2}",
        "{0}: cuts off {1} – accepted: {2}",
    ),
    "accepted": ("Chấp nhận", "Accepted"),
    "many bridges": ("{0} trong {1} điểm cầu", "{0} of {1} {1:bridge|bridges}"),
    "faults table": ("Các sự cố đã thử, nặng nhất trước", "The failures tried, the worst first"),
    "longest": ("Gián đoạn dài nhất (ms)", "Longest interruption (ms)"),
    "at": ("Tại", "At"),
    "bridges cut": ("Điểm cầu bị ngắt", "Bridges cut off"),
    "peak load": ("Tải cao nhất (%)", "Highest load (%)"),
    "void": ("Không hợp lệ", "Invalid"),
    "faults note": (
        "Gián đoạn dài nhất: của điểm cầu còn đường khác đến MCU, do sự cố, cho đến khi có lại cả "
        "âm thanh và hình ảnh; do khôi phục: như vậy, khi khôi phục. Điểm cầu bị ngắt: gồm cả điểm "
        "cầu không còn đường nào khác. Chấp nhận: điểm lỗi đơn đã được chấp nhận, có nêu lý do. "
        "Tải cao nhất: trên các tuyến liên huyện.",
        "Longest interruption: of bridges that still had a way to the MCU, by the failing, until "
        "sound and picture are back; by mending: the same by the mending. Bridges cut off: with "
        "those that had none. Accepted: a single point of failure that was accepted with a reason. "
        "Highest load: of the backbone.",
    ),
    # what limits further expansion
    "limits": ("Yếu tố giới hạn việc mở rộng tiếp", "What limits further expansion"),
    "room": (
        "Ở giai đoạn sau khi kết nối, MCU đã sử dụng tối đa {0} năng lực ({1}). Ngoài các điểm cầu "
        "đang tham gia, MCU còn nhận thêm được {3} cuộc gọi {5} trước khi vượt ngưỡng "
        "{2} %, {4} cuộc gọi đến hết năng lực. Số này chỉ tính theo MCU; mỗi lần mở rộng vẫn phải "
        "kiểm tra lại toàn hệ thống.",
        "After the connection at most {0} of the MCU’s capacity is in use ({1}). Beside the "
        "bridges that are in the meeting it takes {3} more {3:call|calls} at {5} up to the limit "
        "of {2} %, and {4} up to its capacity. This is of the MCU alone; each expansion has to be "
        "checked as a whole.",
    ),
    "room past limit": (
        "Ở giai đoạn sau khi kết nối, MCU đã sử dụng tối đa {0} năng lực ({1}). Ngoài các điểm cầu "
        "đang tham gia, thêm một cuộc gọi {5} là vượt ngưỡng {2} %; đến hết năng lực MCU "
        "còn nhận thêm được {4} cuộc gọi.",
        "After the connection at most {0} of the MCU’s capacity is in use ({1}). Beside the "
        "bridges that are in the meeting one more call at {5} is past the limit of {2} %; up to "
        "its capacity the MCU takes {4} more.",
    ),
    "no room": (
        "Ở giai đoạn sau khi kết nối, MCU đã sử dụng tối đa {0} năng lực ({1}). Ngoài các điểm cầu "
        "đang tham gia, MCU không nhận thêm được cuộc gọi {5} nào.",
        "After the connection at most {0} of the MCU’s capacity is in use ({1}). Beside the "
        "bridges that are in the meeting the MCU takes no further call at {5}.",
    ),
    "busiest": (
        "Đường truyền có tải cao nhất là {0}: {1} % của {2} Mb/s; đến ngưỡng {3} % còn {4} Mb/s.",
        "The most loaded link is {0}: {1} % of {2} Mb/s; {4} Mb/s are left up to the limit of {3} "
        "%.",
    ),
    "busiest over": (
        "Đường truyền có tải cao nhất là {0}: {1} % của {2} Mb/s, đã vượt ngưỡng {3} %.",
        "The most loaded link is {0}: {1} % of {2} Mb/s, past the limit of {3} %.",
    ),
    "least": (
        "Các tiêu chí có dư địa nhỏ nhất: {0}.",
        "The criteria with the least margin: {0}.",
    ),
    # conditions
    "conditions": ("Điều kiện kèm theo", "Conditions"),
    "conditions intro": (
        "Kết luận chỉ có giá trị với các điều kiện sau:",
        "The verdict holds under these conditions:",
    ),
    "condition fail": (
        "chưa kết nối các điểm cầu đề nghị cho đến khi khắc phục các tiêu chí không đạt và kiểm "
        "tra lại đạt;",
        "the bridges are not connected until what is not met has been mended and checked again;",
    ),
    "advice": ("Kiến nghị", "Recommendations"),
    "advice intro": ("Kết quả kiểm tra không đạt. Kiến nghị:", "The check failed. Recommended:"),
    "advice intro invalid": (
        "Kết quả kiểm tra không hợp lệ. Kiến nghị:",
        "The check is invalid. Recommended:",
    ),
    "advice invalid": (
        "chưa sử dụng kết quả này; khắc phục nguyên nhân làm kết quả không hợp lệ và kiểm tra lại;",
        "the result is not used; what made it invalid is mended, and the check is made again;",
    ),
    "advice as is": (
        "khắc phục các tiêu chí không đạt và kiểm tra lại;",
        "what is not met is mended and checked again;",
    ),
    "advice assumptions": (
        "xác nhận {0} số liệu giả định nêu tại mục {1} trước khi kiểm tra lại;",
        "the {0:assumption|{0} assumptions} of section {1} {0:is|are} confirmed before the check "
        "is made again;",
    ),
    "condition faults": (
        "khắc phục các sự cố không đạt nêu tại mục {0} và kiểm tra lại;",
        "what failures of section {0} do not meet is mended and checked again;",
    ),
    "condition faults invalid": (
        "thử lại các sự cố có kết quả không hợp lệ nêu tại mục {0};",
        "the failures of section {0} whose results are invalid are tried again;",
    ),
    "condition some untried": (
        "{0} sự cố đơn lẻ chưa thử nêu tại mục {1} được xem xét riêng;",
        "the {0:single failure|{0} single failures} that {0:was|were} not tried (section {1}) "
        "{0:is|are} looked at apart;",
    ),
    "condition assumptions": (
        "{0} số liệu giả định nêu tại mục {1} được xác nhận trước khi kết nối; số liệu nào khác "
        "thực tế thì kiểm tra lại;",
        "the {0:assumption|{0} assumptions} of section {1} {0:is|are} confirmed before the "
        "connection; where a figure turns out to be another, the check is made again;",
    ),
    "condition as asked": (
        "các điểm cầu mới, đường truyền và mức chất lượng cuộc gọi đúng như đã khai báo khi kiểm "
        "tra;",
        "the new bridges, their lines and the quality of calls are as they were in the check;",
    ),
    "condition no background": (
        "các đường truyền không phải chia sẻ với lưu lượng khác ngoài phiên họp;",
        "the links carry no other traffic than the meeting’s;",
    ),
    "condition background": (
        "lưu lượng khác trên các đường truyền không nhiều hơn mức đã nêu tại mục 1;",
        "other traffic on the links is no more than section 1 says;",
    ),
    "condition untried": (
        "khả năng chịu sự cố đường truyền, thiết bị và nguồn điện được xem xét riêng, vì chưa thử;",
        "what happens if lines, devices or power fail is looked at apart, as it was not tried;",
    ),
    "condition points": (
        "chấp nhận, hoặc có phương án dự phòng cho {0} điểm sự cố đơn lẻ chưa được chấp nhận nêu "
        "tại mục {1};",
        "the {0:single point|{0} single points} of failure of section {1} that {0:is|are} not "
        "accepted yet {0:is|are} accepted, or provided for;",
    ),
    "condition configuration": (
        "không tự ý thay đổi cấu hình (khoản 3 Điều 20); nếu thay đổi thì kiểm tra lại;",
        "the configuration is not changed (Art. 20(3)); if it is, the check is made again;",
    ),
    "condition before": (
        "trước mỗi phiên họp vẫn kiểm tra hệ thống ít nhất 01 giờ trước giờ khai mạc (khoản 3 Điều "
        "19).",
        "the system is still checked at least 1 hour before each meeting opens (Art. 19(3)).",
    ),
    # assumptions
    "assumptions": ("Giả định và cách thay thế", "Assumptions and what would replace them"),
    "no assumptions": ("Không có số liệu giả định.", "No figure is an assumption."),
    "assumptions intro": (
        "Các số liệu sau đây chưa có nguồn xác nhận; kết luận chỉ có giá trị khi các số liệu này "
        "đúng.",
        "Nobody published these figures; the verdict is as good as they are.",
    ),
    "assumptions table": ("Các giả định", "The assumptions"),
    "what": ("Nội dung", "What"),
    "rests on": ("Cơ sở hiện có", "Rests on"),
    "replaced by": ("Sẽ được thay bằng", "Would be replaced by"),
    # method, terms
    "method": ("Phương pháp kiểm tra", "Method"),
    "terms": ("Giải thích thuật ngữ", "Terms"),
    "terms table": ("Thuật ngữ dùng trong tài liệu", "Terms used in this document"),
    "term": ("Thuật ngữ", "Term"),
    "meaning": ("Giải thích", "Meaning"),
    # how to check
    "proof": ("Cách kiểm chứng tài liệu này", "How to check this document"),
    "proof intro": (
        "Toàn bộ dữ liệu đầu vào và kết quả của mỗi lần kiểm tra được lưu thành một tệp bằng "
        "chứng. Mã kiểm chứng dưới đây được tính từ nội dung của bằng chứng: chỉ cần một ký tự "
        "trong bằng chứng bị thay đổi thì mã sẽ khác. Người nhận kiểm chứng như sau:",
        "All that a check was made from, and all that it found, is kept in one file of evidence. "
        "The sum below is computed from it: if a single character of the evidence is changed, the "
        "sum is another. To check:",
    ),
    "proof step 1": (
        "đề nghị cơ quan ban hành cung cấp tệp bằng chứng (tên tệp kết thúc bằng “.evidence.zip”);",
        "ask the issuing body for the evidence (a file whose name ends with “.evidence.zip”);",
    ),
    "proof step 2": (
        "mở phần mềm kiểm tra và chạy lệnh “giaoban verify” với tên tệp bằng chứng và tên tệp tài "
        "liệu này: phần mềm trả lời tệp còn nguyên vẹn hay đã bị sửa ở đâu, và hai tệp có thuộc "
        "cùng một lần kiểm tra hay không;",
        "run “giaoban verify” with the names of the evidence and of this file: it tells whether "
        "they are intact or what was altered, and whether they are of the same check;",
    ),
    "proof step 3": (
        "so sánh mã kiểm chứng mà phần mềm hiển thị với mã in dưới đây (hoặc quét mã QR);",
        "compare the sum that it shows with the one printed below (or scan the QR code);",
    ),
    "proof step 4": (
        "muốn kiểm tra lại từ đầu thì thêm tùy chọn “--rerun”: phần mềm thực hiện lại lần kiểm "
        "tra từ chính dữ liệu đầu vào trong bằng chứng và so sánh kết quả.",
        "add “--rerun” to have the check made again from the inputs in the evidence, and compared.",
    ),
    "sum": ("Mã kiểm chứng của {0}:", "Sum of the evidence of {0}:"),
    "no sum": (
        "Không có tệp bằng chứng của {0}.",
        "There is no evidence of {0}.",
    ),
    "identity table": (
        "Nhận dạng lần kiểm tra và dữ liệu đầu vào",
        "Identity of the check and its inputs",
    ),
    "identity table load": (
        "Nhận dạng lần thử tải và dữ liệu đầu vào",
        "Identity of the load test and its inputs",
    ),
    "label": ("Thông tin", "What"),
    "run": ("Mã lần kiểm tra", "Check"),
    "seed": ("Số khởi tạo ngẫu nhiên", "Random seed"),
    "version": ("Phiên bản phần mềm", "Version of the program"),
    "unknown version": ("không rõ (mã nguồn {0})", "not known (sources {0})"),
    "changed version": ("{0} (đã sửa đổi; mã nguồn {1})", "{0} (changed; sources {1})"),
    "environment": ("Môi trường", "Environment"),
    "kernel": ("nhân Linux {0}", "Linux {0}"),
    "engine sandbox": ("mạng mô phỏng, thời gian ảo", "emulated network, virtual time"),
    "engine native": ("mạng mô phỏng, thời gian thực", "emulated network, real time"),
    "engine estimate": ("ước tính, không mô phỏng", "estimated, not emulated"),
    "input scenario": ("Kịch bản", "Scenario"),
    "input province": ("Dữ liệu mạng", "Network"),
    "input devices": ("Danh mục thiết bị", "Devices"),
    "input criteria": ("Bộ tiêu chí", "Criteria"),
    "input file": ("Tệp kèm kịch bản", "File of the scenario"),
    "accounting": (
        "Đối soát gói tin (lần kiểm tra {0}): {1}. Chạy lại với cùng dữ liệu đầu vào và cùng số "
        "khởi tạo ngẫu nhiên phải cho cùng kết quả.",
        "Account of all packets (check {0}): {1}. The same inputs and the same seed have to give "
        "the same result.",
    ),
}
