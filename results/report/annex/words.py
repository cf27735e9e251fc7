"""What the annex says, sentence by sentence, by keys that tell where."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    # heading
    "annex": "Phụ lục",
    "title": "KẾT QUẢ KIỂM TRA BẰNG MÔ PHỎNG\nVIỆC MỞ RỘNG ĐIỂM CẦU HỆ THỐNG GIAO BAN ĐIỆN TỬ",
    "title as is": "KẾT QUẢ KIỂM TRA BẰNG MÔ PHỎNG\nHỆ THỐNG GIAO BAN ĐIỆN TỬ",
    "table": "Bảng",
    "picture": "Hình",
    # drafts
    "mark": "BẢN NHÁP",
    "footer": "BẢN NHÁP – KHÔNG DÙNG ĐỂ TRÌNH PHÊ DUYỆT",
    "draft": (
        "Đây là bản nháp, không được dùng làm căn cứ cho ý kiến hoặc văn bản đồng ý mở rộng, vì:"
    ),
    "draft invalid": "kết quả không hợp lệ: {run} không đủ tin cậy;",
    "draft estimate": (
        "kết quả của {run} chỉ là số liệu ước tính, chưa được kiểm tra bằng mô phỏng;"
    ),
    "draft uncommitted": (
        "{run} được thực hiện bằng phần mềm đã sửa đổi so với phiên bản lưu trữ, hoặc không "
        "rõ phiên bản;"
    ),
    "draft unproved": "{run} không có tệp bằng chứng kèm theo;",
    "reasons": "Lý do không hợp lệ của {run}:",
    # what was asked
    "asked": "Nội dung đề nghị kiểm tra",
    "check number": "Lần kiểm tra thứ {number}",
    "existing": "Các điểm cầu hiện có ({count}): {bridges}.",
    "new": "Các điểm cầu đề nghị kết nối ({count}): {bridges}.",
    "meeting": "Cách tổ chức phiên họp khi kiểm tra: {told}",
    "impaired": (
        "Các tác động được chủ động tạo ra trên mạng khi kiểm tra (thời gian tính từ đầu "
        "giai đoạn thứ nhất):"
    ),
    "failing": (
        "Các sự cố được chủ động tạo ra khi kiểm tra (thời gian tính từ đầu giai đoạn thứ nhất):"
    ),
    "no background": (
        "Khi kiểm tra, ngoài phiên họp không có lưu lượng nào khác trên các đường truyền."
    ),
    "simulated": (
        "Tài liệu này trình bày kết quả mô phỏng bằng phần mềm giaoban (phiên bản {version}) "
        "ngày {day}, không phải kết quả đo trên đường truyền và thiết bị thật."
    ),
    "simulated estimate": (
        "Tài liệu này trình bày kết quả ước tính bằng phần mềm giaoban (phiên bản {version}) "
        "ngày {day}, không phải kết quả đo trên đường truyền và thiết bị thật."
    ),
    "day not known": "không rõ",
    "verdict simulated": "Theo kết quả mô phỏng ngày {day} (giaoban, phiên bản {version}):",
    "verdict estimate": "Theo kết quả ước tính ngày {day} (giaoban, phiên bản {version}):",
    "basis": (
        "Căn cứ kiểm tra: {articles} Quy định ban hành kèm theo Quyết định số {number} "
        "{date} của {issuer}, theo đó việc đồng ý mở rộng điểm cầu dựa trên cơ sở đảm bảo "
        "hoạt động của toàn bộ hệ thống trước, trong và sau khi kết nối."
    ),
    # verdict and criteria
    "verdict": "Kết luận",
    "faults about": "Về khả năng chịu sự cố: {told}",
    "faults alone": "Xét riêng theo các tiêu chí: {told}",
    "faults compared pass": (
        "đạt – không có gì xấu hơn mức đã được chấp nhận “{name}” (lý do chấp nhận: {why})."
    ),
    "faults compared fail": (
        "không đạt – so với mức đã được chấp nhận “{name}” (lý do chấp nhận: {why}), số điểm "
        "xấu hơn: {worse}."
    ),
    "faults pass": "đạt – {count} sự cố đã thử đều đạt{more} (mục {section}).",
    "faults untried": "; {count} sự cố đơn lẻ khác của mạng chưa được thử",
    "faults accepted": ", trong đó {count} sự cố là điểm lỗi đơn đã được chấp nhận",
    "faults fail": "không đạt – {found} trong {count} sự cố đã thử không đạt (mục {section}).",
    "faults invalid": (
        "không có kết luận – {found} trong {count} sự cố đã thử có kết quả không hợp lệ (mục "
        "{section})."
    ),
    "criteria": "Các tiêu chí",
    "criteria table": "Kết quả theo từng tiêu chí",
    "criterion": "Tiêu chí",
    "value": "Giá trị",
    "limit": "Ngưỡng",
    "margin": "Dư địa",
    "result": "Kết quả",
    "worst at": "Nơi xấu nhất",
    "source": "Căn cứ",
    "met": "Đạt",
    "not met": "Không đạt",
    "nothing": "không có gì để đo",
    "criteria note": (
        "Giá trị là giá trị xấu nhất của toàn hệ thống trong tất cả các giai đoạn; nơi ghi "
        "nhận in nghiêng. Dư địa là phần hạn mức còn chưa dùng: 100 % là chưa dùng, 0 % là "
        "vừa chạm ngưỡng, số âm là vượt ngưỡng. Tỷ lệ gói âm thanh và tỷ lệ khung hình, thời "
        "gian dừng của hình ảnh là của 20 giây xấu nhất; tỷ lệ gói hình ảnh và gói nội dung "
        "trình chiếu là của một phút xấu nhất."
    ),
    "seeds table": "Mức dao động của từng tiêu chí với {count} số khởi tạo ngẫu nhiên khác",
    "seeds least": "Nhỏ nhất",
    "seeds median": "Trung vị",
    "seeds largest": "Lớn nhất",
    "seeds not met": "Số lần không đạt",
    "without faults": "không tính thời gian gián đoạn do sự cố",
    "criteria faults": (
        "Các sự cố được tạo ra có chủ ý, nên những gì mất trong thời gian gián đoạn do sự cố "
        "không tính vào các tiêu chí chất lượng; thời gian gián đoạn được đánh giá bằng hai "
        "tiêu chí riêng về sự cố."
    ),
    # bridges
    "bridges": "Chất lượng tại từng điểm cầu",
    "bridges table": (
        "Chất lượng trước, trong và sau khi kết nối (chiều truyền xấu nhất của mỗi điểm cầu)"
    ),
    "bridge": "Điểm cầu",
    "mouth to ear": "Miệng đến tai (ms)",
    "variation": "Biến thiên trễ (ms)",
    "missed": "Gói không dùng được (%)",
    "mos": "Điểm MOS",
    "bridges note": (
        "Miệng đến tai: độ trễ âm thanh từ miệng người nói đến tai người nghe, với điểm cầu "
        "xa nhất, tính cả thời gian chờ hình ảnh. Biến thiên trễ của âm thanh: theo ITU-T "
        "Y.1540 (phân vị 99,9 trừ giá trị nhỏ nhất). Gói không dùng được: gói âm thanh hoặc "
        "hình ảnh bị mất, bị hỏng; gói âm thanh đến quá muộn. MOS: điểm chất lượng tiếng nói "
        "khi nghe, từ 1 (kém) đến 5 (tốt){scale}. Dấu “–”: điểm cầu chưa kết nối hoặc không "
        "đo được. Thời lượng mỗi giai đoạn: {phases}; các tỷ lệ trong bảng tính trên cả giai "
        "đoạn."
    ),
    "past preferred": "trong ngưỡng nhưng vượt mức nên có {limit}",
    "bridges faults": "Bảng này tính cả những gì mất trong thời gian gián đoạn do sự cố.",
    "narrowband": " (băng hẹp theo ITU-T G.107, cao nhất 4,5)",
    "wideband": " (băng rộng theo ITU-T G.107.1, cao nhất 4,5)",
    "seconds": "{start} – {end} giây",
    "video table": (
        "Chất lượng hình ảnh tại các điểm cầu có hình bị dừng hoặc thiếu khung hình (chiều "
        "truyền xấu nhất)"
    ),
    "bad frames": "Khung hình hỏng",
    "freezes": "Số lần dừng hình",
    "freeze max": "Dừng lâu nhất (ms)",
    "frozen": "Thời gian dừng (%)",
    "video note": (
        "Khung hình hỏng: khung hình không hiển thị được do mất gói tin của chính nó hoặc "
        "của khung hình mà nó dựa vào, hoặc đến quá muộn. Các tỷ lệ trong bảng tính trên cả "
        "giai đoạn."
    ),
    "no bad video": (
        "Hình ảnh: mọi khung hình đều hiển thị được đúng lúc, không điểm cầu nào bị dừng hình."
    ),
    # MCU
    "mcu": "Năng lực hệ thống điều khiển đa điểm (MCU)",
    "device": "Thiết bị: {device}.",
    "mcu table": "Năng lực MCU đã dùng và còn lại theo giai đoạn",
    "phase": "Giai đoạn",
    "units": "Đơn vị đã dùng / tổng",
    "share": "Đã dùng",
    "used of": "Tính theo",
    "units left": "Đơn vị còn lại",
    "ports": "Cổng đã dùng / tổng",
    "ports left": "Cổng còn lại",
    "joined": "Tham gia",
    "refused": "Bị từ chối",
    "less": "Hạ mức",
    "mcu note": (
        "Đã dùng: tỷ lệ cao nhất trong giai đoạn của loại năng lực được dùng nhiều nhất (đơn "
        "vị, cổng, giới hạn cuộc gọi, cổng cấp phát riêng). Tham gia, bị từ chối, hạ mức: số "
        "điểm cầu. Thời gian thiết lập cuộc gọi không được đánh giá: mô phỏng chỉ biết phần "
        "thời gian của mạng, còn phần của thiết bị chỉ theo số liệu được khai báo."
    ),
    "refused list": "Các cuộc gọi không thiết lập được – {items}.",
    "less list": "Các cuộc gọi bị hạ mức – {items}.",
    "commands": "Các lệnh điều khiển không được thực hiện – {items}.",
    # links
    "links": "Đường truyền",
    "links table": "{shown} hướng truyền có tải cao nhất trong tổng số {count}",
    "way": "Hướng truyền",
    "rate": "Tốc độ (Mb/s)",
    "peak": "Tải cao nhất (%)",
    "drops": "Gói bị loại",
    "links note": (
        "Tải cao nhất: của giây có tải lớn nhất. Gói bị loại: số gói tin bị loại khi hàng "
        "đợi của đường truyền đầy hoặc do nhà mạng cắt phần vượt tốc độ."
    ),
    "links note of other traffic": "Số này gồm cả gói tin của lưu lượng khác.",
    "plots": "Biểu đồ",
    # failures
    "faults": "Các sự cố đã thử",
    "no faults": (
        "Chưa thử sự cố nào; tài liệu này không kết luận về khả năng chịu sự cố của hệ thống."
    ),
    "own faults table": "Ảnh hưởng của từng sự cố đến các điểm cầu",
    "failure": "Sự cố",
    "sound away": "Mất tiếng (ms)",
    "picture away": "Mất hình (ms)",
    "by mending": "Do khôi phục (ms)",
    "lost": "Gói mất",
    "cut off": "Bị ngắt",
    "picture again": "Có hình trở lại (ms)",
    "from mending": "Kể từ khi khôi phục (ms)",
    "call": "Cuộc gọi",
    "yes": "có",
    "no": "không",
    "kept": "giữ được",
    "again": "gọi lại {times} lần",
    "behind": "có, không còn đường khác",
    "cut off, accepted": "có, đã chấp nhận",
    "own faults note": (
        "Mất tiếng, mất hình: thời gian dài nhất do sự cố gây ra mà không nghe được âm thanh "
        "hoặc không hiển thị được hình ảnh mới. Do khôi phục: như trên, phần dài hơn trong "
        "hai, do việc khôi phục gây ra. Bị ngắt: không nhận được gì trong hơn một giây cho "
        "đến khi sự cố được khôi phục hoặc đến hết. Không còn đường khác: mọi tuyến từ điểm "
        "cầu đến MCU đều đi qua phần bị sự cố."
    ),
    "calm": "Số điểm cầu không bị ảnh hưởng – {bridges}.",
    "of bridges": "{name}: {shown} trong {count} điểm cầu",
    "tried": (
        "Đã thử riêng từng sự cố, tổng số {count}, trong khi tất cả {bridges} điểm cầu đang "
        "họp: {met} trường hợp đạt, {failed} trường hợp không đạt, {invalid} trường hợp "
        "không hợp lệ. {more}"
    ),
    "faults estimated": (
        "{count} sự cố còn xa mọi ngưỡng nên chỉ được ước tính. Các sự cố được mô phỏng: "
        "{emulated}."
    ),
    "of them accepted": "Trong số đó {count} sự cố là điểm lỗi đơn đã được chấp nhận.",
    "all tried": "Đây là mọi sự cố đơn lẻ mà mạng trong dữ liệu kiểm tra có thể gặp.",
    "usual tried": (
        "Đây là các sự cố thường thử; còn {count} sự cố đơn lẻ khác của mạng chưa được thử "
        "(đường truy nhập của từng điểm cầu, MCU và tương tự)."
    ),
    "some tried": "Đây chỉ là những sự cố được chọn, không phải mọi sự cố có thể xảy ra.",
    "some left": "Còn {count} sự cố đơn lẻ khác của mạng chưa được thử.",
    "worst interruption": (
        "Gián đoạn dài nhất của điểm cầu được đánh giá: {ms} ms tại {bridge}, do: {failure} "
        "(ngưỡng {limit} ms)."
    ),
    "slow case": "chậm: {ms}",
    "worst interruption mending": (
        "Gián đoạn dài nhất của điểm cầu được đánh giá: {ms} ms tại {bridge}, do việc khôi "
        "phục sau: {failure} (ngưỡng {limit} ms)."
    ),
    "no interruption known": "Không có số liệu về gián đoạn của điểm cầu.",
    "all behind": (
        "Trong các sự cố đã thử và đo được, không điểm cầu nào thuộc diện đánh giá, nên "
        "không có gián đoạn để đánh giá."
    ),
    "no interruption": (
        "Trong các sự cố đã thử và đo được, không điểm cầu nào thuộc diện đánh giá bị gián đoạn."
    ),
    "worst load": (
        "Tải cao nhất khi có sự cố: {pct} % trên {link}, trong khi: {failure} (ngưỡng {limit} %)."
    ),
    "points": (
        "Các điểm lỗi đơn ({bridges}) – chỉ riêng một điểm hỏng đã làm điểm cầu mất liên lạc:"
    ),
    "no points": "Không có sự cố đơn lẻ nào làm điểm cầu khác mất liên lạc.",
    "no points tried": (
        "Trong các sự cố đã thử và đo được, không có sự cố nào làm điểm cầu khác mất liên lạc."
    ),
    "point": "{failure}: mất liên lạc {bridges} – chưa được chấp nhận",
    "point accepted": "{failure}: mất liên lạc {bridges} – đã được chấp nhận: {why}",
    "accepted": "Chấp nhận",
    "many bridges": "{shown} trong {count} điểm cầu",
    "faults table": "Các sự cố đã thử, nặng nhất trước",
    "longest": "Gián đoạn dài nhất (ms)",
    "at": "Tại",
    "bridges cut": "Điểm cầu bị ngắt",
    "peak load": "Tải cao nhất (%)",
    "void": "Không hợp lệ",
    "faults note": (
        "Gián đoạn dài nhất: của điểm cầu được đánh giá, do sự cố, cho đến khi có lại cả âm "
        "thanh và hình ảnh; chậm: dài nhất trong lần chạy này và các số khởi tạo khác theo "
        "ước tính, dùng để đánh giá; do khôi phục: như vậy, khi khôi phục. Không đánh giá "
        "điểm cầu bị chính sự cố đó làm mất điện hoặc mất đường truyền duy nhất, và điểm cầu "
        "đã được chấp nhận. Điểm cầu bị ngắt: gồm cả các điểm cầu này. Chấp nhận: điểm lỗi "
        "đơn đã được chấp nhận, có nêu lý do. Tải cao nhất: trên các đường truyền giữa các "
        "bộ định tuyến."
    ),
    # what limits further expansion
    "limits": "Yếu tố giới hạn việc mở rộng tiếp",
    "limits invalid": (
        "Lần kiểm tra không hợp lệ nên chưa xác định được yếu tố giới hạn việc mở rộng tiếp."
    ),
    "room": (
        "Ở giai đoạn sau khi kết nối, MCU đã sử dụng tối đa {used} năng lực ({of}). Ngoài "
        "các điểm cầu đang tham gia, MCU còn nhận thêm được {more} cuộc gọi {resolution} "
        "trước khi vượt ngưỡng {limit} %, {most} cuộc gọi đến hết năng lực. Số này chỉ tính "
        "theo MCU; mỗi lần mở rộng vẫn phải kiểm tra lại toàn hệ thống."
    ),
    "room past limit": (
        "Ở giai đoạn sau khi kết nối, MCU đã sử dụng tối đa {used} năng lực ({of}). Ngoài "
        "các điểm cầu đang tham gia, thêm một cuộc gọi {resolution} là vượt ngưỡng {limit} "
        "%; đến hết năng lực MCU còn nhận thêm được {most} cuộc gọi."
    ),
    "no room": (
        "Ở giai đoạn sau khi kết nối, MCU đã sử dụng tối đa {used} năng lực ({of}). Ngoài "
        "các điểm cầu đang tham gia, MCU không nhận thêm được cuộc gọi {resolution} nào."
    ),
    "busiest": (
        "Đường truyền có tải cao nhất là {link}: {pct} % của {rate} Mb/s; đến ngưỡng {limit} "
        "% còn {left} Mb/s."
    ),
    "busiest full": (
        "Đường truyền có tải cao nhất là {link}: {pct} % của {rate} Mb/s; đường truyền này đã đầy."
    ),
    "busiest over": (
        "Đường truyền có tải cao nhất là {link}: {pct} % của {rate} Mb/s, đã vượt ngưỡng {limit} %."
    ),
    "least": "Các tiêu chí có dư địa nhỏ nhất: {criteria}.",
    # conditions
    "conditions": "Điều kiện kèm theo",
    "conditions intro": "Kết luận chỉ có giá trị với các điều kiện sau:",
    "condition fail": (
        "chưa kết nối các điểm cầu đề nghị cho đến khi khắc phục các tiêu chí không đạt và "
        "kiểm tra lại đạt;"
    ),
    "advice": "Kiến nghị",
    "advice intro": "Kết quả kiểm tra không đạt. Kiến nghị:",
    "advice intro undecided": "Kết quả kiểm tra chưa kết luận được. Kiến nghị:",
    "advice undecided": (
        "chưa kết nối các điểm cầu cho đến khi kiểm tra lại với đủ số lượng số khởi tạo ngẫu "
        "nhiên để kết luận;"
    ),
    "advice intro invalid": "Kết quả kiểm tra không hợp lệ. Kiến nghị:",
    "advice invalid": (
        "chưa sử dụng kết quả này; khắc phục nguyên nhân làm kết quả không hợp lệ và kiểm tra lại;"
    ),
    "advice as is": "khắc phục các tiêu chí không đạt và kiểm tra lại;",
    "advice assumptions": "xác nhận {count} giả định nêu tại mục {section} trước khi kiểm tra lại;",
    "condition faults": "khắc phục các sự cố không đạt nêu tại mục {section} và kiểm tra lại;",
    "condition faults invalid": "thử lại các sự cố có kết quả không hợp lệ nêu tại mục {section};",
    "condition some untried": (
        "{count} sự cố đơn lẻ chưa thử nêu tại mục {section} được xem xét riêng;"
    ),
    "condition assumptions": (
        "{count} giả định nêu tại mục {section} được xác nhận trước khi kết nối; số liệu nào "
        "khác thực tế thì kiểm tra lại;"
    ),
    "condition assumptions as is": (
        "{count} giả định nêu tại mục {section} được xác nhận; số liệu nào khác thực tế thì "
        "kiểm tra lại;"
    ),
    "condition as asked": (
        "các điểm cầu mới, đường truyền và mức chất lượng cuộc gọi đúng như đã khai báo khi "
        "kiểm tra;"
    ),
    "condition as is": (
        "các điểm cầu, đường truyền và mức chất lượng cuộc gọi đúng như đã khai báo khi kiểm tra;"
    ),
    "condition no background": (
        "các đường truyền không phải chia sẻ với lưu lượng khác ngoài phiên họp;"
    ),
    "condition background": (
        "lưu lượng khác trên các đường truyền không nhiều hơn mức đã nêu tại mục 1;"
    ),
    "condition untried": (
        "khả năng chịu sự cố đường truyền, thiết bị và nguồn điện được xem xét riêng, vì chưa thử;"
    ),
    "condition points": (
        "chấp nhận, hoặc có phương án dự phòng cho {count} điểm lỗi đơn chưa được chấp nhận "
        "nêu tại mục {section};"
    ),
    "condition configuration": (
        "không tự ý thay đổi cấu hình{cited}; nếu thay đổi thì kiểm tra lại;"
    ),
    "condition before": "mỗi phiên họp vẫn kiểm tra hệ thống trước giờ khai mạc{cited}.",
    "condition lead": "mỗi phiên họp vẫn kiểm tra hệ thống {lead} trước giờ khai mạc{cited}.",
    # assumptions
    "assumptions": "Giả định và cách thay thế",
    "no assumptions": "Không có số liệu giả định.",
    "assumptions intro": (
        "Các số liệu sau đây chưa có nguồn xác nhận; kết luận chỉ có giá trị khi các số liệu "
        "này đúng."
    ),
    "assumptions table": "Các giả định",
    "what": "Nội dung",
    "rests on": "Cơ sở hiện có",
    "replaced by": "Sẽ được thay bằng",
    # method, terms
    "method": "Phương pháp kiểm tra",
    "terms": "Giải thích thuật ngữ",
    "terms table": "Thuật ngữ dùng trong tài liệu",
    "term": "Thuật ngữ",
    "meaning": "Giải thích",
    # what happened
    "minutes": "Nhật ký mô phỏng",
    "minutes table": "Diễn biến khi kiểm tra (phút:giây, tính từ khi bắt đầu)",
    "minutes note": (
        "Diễn biến trong mô phỏng theo thứ tự thời gian; các sự việc giống nhau tại cùng một "
        "thời điểm được ghi chung một dòng. Trước khi bắt đầu: các điểm cầu hiện có kết nối."
    ),
    # how to check
    "proof": "Cách kiểm chứng tài liệu này",
    "proof intro": (
        "Dữ liệu đầu vào và kết quả của mỗi lần kiểm tra được lưu thành một tệp bằng chứng; "
        "riêng các gói tin ghi được chỉ lưu mã kiểm chứng, vì có thể chạy lại lần kiểm tra "
        "để có đúng các gói tin đó. Mã kiểm chứng dưới đây được tính từ nội dung của bằng "
        "chứng: chỉ cần một ký tự trong bằng chứng bị thay đổi thì mã sẽ khác. Người nhận "
        "kiểm chứng như sau:"
    ),
    "proof step 1": (
        "đề nghị cơ quan ban hành cung cấp tệp bằng chứng (tên tệp kết thúc bằng “.evidence.zip”);"
    ),
    "proof step 2": (
        "mở phần mềm kiểm tra và chạy lệnh “giaoban verify” với tên tệp bằng chứng và tên "
        "tệp tài liệu này: phần mềm trả lời tệp còn nguyên vẹn hay đã bị sửa ở đâu, và hai "
        "tệp có thuộc cùng một lần kiểm tra hay không;"
    ),
    "proof step 3": (
        "so sánh mã kiểm chứng mà phần mềm hiển thị với mã in dưới đây (hoặc quét mã QR);"
    ),
    "proof step 4": (
        "muốn kiểm tra lại từ đầu thì thêm tùy chọn “--rerun”: phần mềm thực hiện lại lần "
        "kiểm tra từ chính dữ liệu đầu vào trong bằng chứng và so sánh kết quả."
    ),
    "sum": "Mã kiểm chứng của {run}:",
    "no sum": "Không có tệp bằng chứng của {run}.",
    "identity table": "Nhận dạng lần kiểm tra và dữ liệu đầu vào",
    "identity table load": "Nhận dạng lần thử tải và dữ liệu đầu vào",
    "label": "Thông tin",
    "run": "Mã lần kiểm tra",
    "seed": "Số khởi tạo ngẫu nhiên",
    "version": "Phiên bản phần mềm",
    "unknown version": "không rõ (mã nguồn {sources})",
    "changed version": "{commit} (đã sửa đổi; mã nguồn {sources})",
    "environment": "Môi trường",
    "kernel": "nhân Linux {version}",
    "engine sandbox": "mạng mô phỏng, thời gian ảo",
    "engine native": "mạng mô phỏng, thời gian thực",
    "engine estimate": "ước tính, không mô phỏng",
    "input scenario": "Kịch bản",
    "input province": "Dữ liệu mạng",
    "input devices": "Danh mục thiết bị",
    "input criteria": "Bộ tiêu chí",
    "input file": "Tệp kèm kịch bản",
    "input meeting": "Cuộc họp trong danh mục",
    "accounting": (
        "Đối soát gói tin (lần kiểm tra {number}): {told}. Chạy lại với cùng dữ liệu đầu vào "
        "và cùng số khởi tạo ngẫu nhiên phải cho cùng kết quả."
    ),
    "load": "Thử tải hệ thống điều khiển đa điểm (MCU)",
    "load intro": (
        "Thử tải cho biết MCU đáp ứng đến đâu khi nhiều điểm cầu cùng gọi đến. Số lần đã "
        "thử: {tests}."
    ),
    "load run": "Lần thử {number}",
    "load named": "{name} ({told})",
    "load told": "{name}: {told}",
    "load came of it": "Kết quả:",
    # what was asked
    "load steady": (
        "{bridges} điểm cầu lần lượt gọi đến, {rate} cuộc gọi mỗi giây, trong {seconds} "
        "giây; {told}."
    ),
    "load hold": (
        "{bridges} điểm cầu gọi đến, {rate} cuộc gọi mỗi giây, rồi giữ cuộc gọi trong "
        "{seconds} giây; {told}."
    ),
    "load storm": (
        "{bridges} điểm cầu cùng mất đường truyền trong {away} giây giữa phiên họp rồi gọi "
        "lại; {told}."
    ),
    "load media": "cuộc gọi có âm thanh",
    "load media both": "cuộc gọi có âm thanh và hình ảnh",
    "load media none": "chỉ thiết lập cuộc gọi, không có âm thanh và hình ảnh",
    # where
    "load in loopback": (
        "Thực hiện với riêng MCU mô phỏng trên một máy tính, không qua mạng; kết quả không "
        "nói gì về các đường truyền của tỉnh và về thiết bị thật."
    ),
    "load in target": (
        "Thực hiện với thiết bị thật tại địa chỉ {address}, khi chủ quản thiết bị đã đồng ý."
    ),
    "load device": "Thiết bị: {device}.",
    # what came of it
    "load pass": "đạt cả {count} tiêu chí thử tải",
    "load fail": "không đạt {failed} trong {count} tiêu chí thử tải: {criteria}",
    "load unjudged": "{told}; {count} tiêu chí khác không đánh giá được",
    "load none judged": "không tiêu chí thử tải nào đánh giá được",
    "load invalid": "không hợp lệ, số liệu không đủ tin cậy nên không được sử dụng",
    "load came audio": "âm thanh đầy đủ trong {complete} trên {count} cuộc gọi",
    "load came video": "hình ảnh đầy đủ trong {complete} trên {count} cuộc gọi",
    "load lacks options": (
        "thiết bị không trả lời câu hỏi về khả năng của nó (OPTIONS), nội dung này không được xét"
    ),
    "load lacks register": (
        "thiết bị không nhận đăng ký của các điểm cầu, nội dung này không được xét"
    ),
    "load criterion": "{name}: {value} (ngưỡng {limit})",
    "load set": "Ngưỡng do người yêu cầu thử đặt – {limits}.",
    # storms
    "storms table": "Các điểm cầu gọi lại sau khi đường truyền được khôi phục",
    "test": "Lần thử",
    "back-off": "Giãn cách gọi lại",
    "storm cut": "Điểm cầu bị ngắt",
    "storm back": "Kết nối lại được",
    "attempts": "Số lần gọi",
    "half back": "Một nửa trở lại sau (giây)",
    "last back": "Tất cả trở lại sau (giây)",
    "last limit": "Ngưỡng (giây)",
    "storms note": (
        "Giãn cách gọi lại: “có” – mỗi điểm cầu chờ một khoảng thời gian ngẫu nhiên rồi mới "
        "gọi, càng về sau càng thưa; “không” – các điểm cầu bị ngắt gọi lại cùng lúc. Số lần "
        "gọi gồm cả những lần chưa kết nối được. Thời gian tính từ khi đường truyền được "
        "khôi phục. Dấu “–”: có điểm cầu không trở lại, hoặc lần thử không hợp lệ."
    ),
    "storms assumed": "Ngưỡng về thời gian trở lại là giả định nêu tại mục {section}.",
    # calls
    "calls table": "Kết quả thiết lập cuộc gọi khi thử tải",
    "tried calls": "Cuộc gọi đã thử",
    "set up": "Thiết lập được",
    "not set up": "Không thiết lập được, nguyên nhân",
    "setup p95": "Thời gian thiết lập (ms)",
    "standing": "Nhiều nhất cùng lúc",
    "calls note": (
        "Thời gian thiết lập: phân vị 95, từ khi gọi đến khi MCU trả lời. Nhiều nhất cùng "
        "lúc: số cuộc gọi cùng tồn tại.{more}"
    ),
    # elsewhere
    "condition load": (
        "những tiêu chí thử tải không đạt nêu tại mục {section} được khắc phục, hoặc được "
        "chấp nhận;"
    ),
    "named check": "lần kiểm tra {run}",
    "named load": "lần thử tải {run}",
    "run load": "Mã lần thử tải",
    "engine none": "không mô phỏng mạng, thời gian thực",
}
