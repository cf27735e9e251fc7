"""What the annex says, sentence by sentence, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping

from results.report.annex.words_load import LOAD_WORDS
from results.report.annex.words_more import MORE_WORDS
from results.report.plots.words import Lang

_WORDS: Mapping[str, tuple[str, str]] = {
    # heading
    "annex": ("Phụ lục", "Annex"),
    "title": (
        "KẾT QUẢ KIỂM TRA MỞ RỘNG ĐIỂM CẦU\nHỆ THỐNG GIAO BAN ĐIỆN TỬ",
        "RESULT OF THE CHECK OF AN EXPANSION\nOF THE VIDEO-CONFERENCE SYSTEM",
    ),
    "title as is": (
        "KẾT QUẢ KIỂM TRA\nHỆ THỐNG GIAO BAN ĐIỆN TỬ",
        "RESULT OF THE CHECK\nOF THE VIDEO-CONFERENCE SYSTEM",
    ),
    "table": ("Bảng", "Table"),
    "picture": ("Hình", "Figure"),
    # drafts
    "mark": ("BẢN NHÁP", "DRAFT"),
    "footer": (
        "BẢN NHÁP – KHÔNG DÙNG ĐỂ TRÌNH PHÊ DUYỆT",
        "DRAFT – NOT TO BE USED FOR AN APPROVAL",
    ),
    "draft": (
        "Đây là bản nháp, không được dùng làm căn cứ cho ý kiến hoặc văn bản đồng ý mở rộng, vì:",
        "This is a draft. It must not be used for an opinion or a consent, because:",
    ),
    "draft invalid": (
        "kết quả không hợp lệ: {0} không đủ tin cậy;",
        "the result is invalid: {0} cannot be trusted;",
    ),
    "draft estimate": (
        "kết quả của {0} chỉ là số liệu ước tính, chưa được kiểm tra bằng mô phỏng;",
        "the result of {0} is an estimate, nothing was emulated;",
    ),
    "draft uncommitted": (
        "{0} được thực hiện bằng phần mềm đã sửa đổi so với phiên bản lưu trữ, hoặc không rõ phiên "
        "bản;",
        "{0} was made by a program that differs from its stored version, or whose version is not "
        "known;",
    ),
    "draft unproved": (
        "{0} không có tệp bằng chứng kèm theo;",
        "{0} has no evidence;",
    ),
    "reasons": (
        "Lý do không hợp lệ của {0}:",
        "Why {0} is invalid:",
    ),
    # what was asked
    "asked": ("Nội dung đề nghị kiểm tra", "What was asked"),
    "check number": ("Lần kiểm tra thứ {0}", "Check {0}"),
    "existing": ("Các điểm cầu hiện có ({0}): {1}.", "The existing bridges ({0}): {1}."),
    "new": ("Các điểm cầu đề nghị kết nối ({0}): {1}.", "The bridges to be connected ({0}): {1}."),
    "meeting": (
        "Cách tổ chức phiên họp khi kiểm tra: {0}",
        "How the meeting was held in the check: {0}",
    ),
    "impaired": (
        "Các tác động được chủ động tạo ra trên mạng khi kiểm tra (thời gian tính từ đầu giai đoạn "
        "thứ nhất):",
        "Done to the network on purpose (times from the start of the first phase):",
    ),
    "failing": (
        "Các sự cố được chủ động tạo ra khi kiểm tra (thời gian tính từ đầu giai đoạn thứ nhất):",
        "Made to fail on purpose (times from the start of the first phase):",
    ),
    "background": (
        "Lưu lượng khác dùng chung đường truyền khi kiểm tra:",
        "Other traffic that shared links in the check:",
    ),
    "background item": (
        "{0}: {1} Mb/s, {2}, {3}",
        "{0}: {1} Mb/s, {2}, {3}",
    ),
    "marked best-effort": ("không có mức ưu tiên", "without priority"),
    "marked video": ("cùng mức ưu tiên với hình ảnh", "with the priority of pictures"),
    "marked voice": ("cùng mức ưu tiên với tiếng nói", "with the priority of voice"),
    "all the time": ("suốt thời gian kiểm tra", "all the time"),
    "from to": ("từ giây {0} đến giây {1}", "{0} s to {1} s"),
    "from": ("từ giây {0} đến hết", "{0} s to the end"),
    "until": ("từ đầu đến giây {0}", "from the start to {0} s"),
    "no background": (
        "Khi kiểm tra, ngoài phiên họp không có lưu lượng nào khác trên các đường truyền.",
        "In the check there was no other traffic on the links than the meeting's.",
    ),
    "basis": (
        "Căn cứ kiểm tra: khoản 3 Điều 4 Quy định ban hành kèm theo Quyết định số 1681/QĐ-UBND "
        "ngày 25 tháng 10 năm 2013 của Ủy ban nhân dân tỉnh Đắk Nông, theo đó việc mở rộng điểm "
        "cầu phải bảo đảm hoạt động của toàn bộ hệ thống trước, trong và sau khi kết nối.",
        "Legal basis: Art. 4(3) of the regulation issued with Decision 1681/QĐ-UBND of 25 October "
        "2013 of the People’s Committee of Đắk Nông province, by which an expansion has to keep "
        "the whole system working before, during and after the connection.",
    ),
    # verdict and criteria
    "verdict": ("Kết luận", "Verdict"),
    "faults about": ("Về khả năng chịu sự cố: {0}", "If something fails: {0}"),
    "faults alone": ("Xét riêng theo các tiêu chí: {0}", "By the criteria alone: {0}"),
    "faults compared pass": (
        "đạt – không có gì xấu hơn mức đã được chấp nhận “{0}” (lý do chấp nhận: {1}).",
        "met – nothing is worse than what was accepted as “{0}” (why: {1}).",
    ),
    "faults compared fail": (
        "không đạt – so với mức đã được chấp nhận “{0}” (lý do chấp nhận: {1}), số điểm xấu hơn: "
        "{2}.",
        "not met – worse than what was accepted as “{0}” (why: {1}): {2}.",
    ),
    "faults pass": (
        "đạt – {0} sự cố đã thử đều đạt{1} (mục {2}).",
        "met – {0:the one failure that was tried meets|all {0} failures that were tried meet} "
        "the criteria{1} (section {2}).",
    ),
    "faults untried": (
        "; {0} sự cố đơn lẻ khác của mạng chưa được thử",
        "; {0} more single {0:failure|failures} of the network {0:was|were} not tried",
    ),
    "faults accepted": (
        ", trong đó {0} sự cố là điểm lỗi đơn đã được chấp nhận",
        ", {0} of them as {0:a single point|single points} of failure that {0:was|were} accepted",
    ),
    "faults fail": (
        "không đạt – {0} trong {1} sự cố đã thử không đạt (mục {2}).",
        "not met – {0} of {1} {1:failure that was|failures that were} tried {0:does|do} not meet "
        "the criteria (section {2}).",
    ),
    "faults invalid": (
        "không có kết luận – {0} trong {1} sự cố đã thử có kết quả không hợp lệ (mục {2}).",
        "no answer – the {0:result|results} of {0} of {1} {1:failure that was|failures that were} "
        "tried {0:is|are} invalid (section {2}).",
    ),
    "criteria": ("Các tiêu chí", "Criteria"),
    "criteria table": ("Kết quả theo từng tiêu chí", "Each criterion"),
    "criterion": ("Tiêu chí", "Criterion"),
    "value": ("Giá trị", "Value"),
    "limit": ("Ngưỡng", "Limit"),
    "margin": ("Dư địa", "Margin"),
    "result": ("Kết quả", "Result"),
    "source": ("Căn cứ", "Source"),
    "met": ("Đạt", "Met"),
    "not met": ("Không đạt", "Not met"),
    "nothing": ("không có gì để đo", "nothing to measure"),
    "criteria note": (
        "Giá trị là giá trị xấu nhất của toàn hệ thống trong tất cả các giai đoạn; nơi ghi nhận in "
        "nghiêng. Dư địa là phần hạn mức còn chưa dùng: 100 % là chưa dùng, 0 % là vừa chạm "
        "ngưỡng, số âm là vượt ngưỡng. Tỷ lệ gói âm thanh và tỷ lệ khung hình, thời gian dừng của "
        "hình ảnh là của 20 giây xấu nhất; tỷ lệ gói hình ảnh và gói nội dung trình chiếu là của "
        "một phút xấu nhất.",
        "The value is the worst of the whole system in all phases; where it was found is in "
        "italics. The margin is the share of the allowance still unused: 100 % none used, 0 % at "
        "the limit, below 0 past it. Shares of sound packets, and of pictures’ frames and time "
        "frozen, are of the worst 20 s; of packets of pictures and slides, of the worst minute.",
    ),
    "seeds table": (
        "Mức dao động của từng tiêu chí với {0} số khởi tạo ngẫu nhiên khác",
        "How far each criterion goes apart at {0} other {0:seed|seeds}",
    ),
    "seeds least": ("Nhỏ nhất", "Least"),
    "seeds median": ("Trung vị", "Median"),
    "seeds largest": ("Lớn nhất", "Largest"),
    "seeds not met": ("Số lần không đạt", "Not met at"),
    "without faults": (
        "không tính thời gian gián đoạn do sự cố",
        "interruptions by failures are not counted here",
    ),
    "criteria faults": (
        "Các sự cố được tạo ra có chủ ý, nên những gì mất trong thời gian gián đoạn do sự cố không "
        "tính vào các tiêu chí chất lượng; thời gian gián đoạn được đánh giá "
        "bằng hai tiêu chí riêng về sự cố.",
        "Failures were made on purpose. What an interruption by them took is not counted in the "
        "criteria of quality; two criteria of their own judge interruptions.",
    ),
    # bridges
    "bridges": ("Chất lượng tại từng điểm cầu", "Quality at each bridge"),
    "bridges table": (
        "Chất lượng trước, trong và sau khi kết nối (chiều truyền xấu nhất của mỗi điểm cầu)",
        "Quality before, during and after the connection (the worst direction of each bridge)",
    ),
    "bridge": ("Điểm cầu", "Bridge"),
    "mouth to ear": ("Miệng đến tai (ms)", "Mouth to ear (ms)"),
    "variation": ("Biến thiên trễ (ms)", "Delay variation (ms)"),
    "missed": ("Gói không dùng được (%)", "Packets missed (%)"),
    "mos": ("Điểm MOS", "MOS"),
    "bridges note": (
        "Miệng đến tai: độ trễ âm thanh từ miệng người nói đến tai người nghe, với điểm cầu xa "
        "nhất, tính cả thời gian chờ hình ảnh. Biến thiên trễ của âm thanh: theo ITU-T Y.1540 "
        "(phân vị 99,9 trừ giá trị nhỏ nhất). Gói không dùng được: gói âm thanh hoặc hình ảnh bị "
        "mất, bị hỏng; gói âm thanh đến quá muộn. MOS: điểm chất lượng tiếng nói khi nghe, từ 1 "
        "(kém) đến 5 (tốt){0}. Dấu “–”: điểm cầu chưa kết nối hoặc không đo được. Thời lượng mỗi "
        "giai đoạn: {1}; các tỷ lệ trong bảng tính trên cả giai đoạn.",
        "Mouth to ear: delay of sound from the speaker’s mouth to the listener’s ear, with the "
        "bridge furthest away, what it waits for pictures in it. Delay variation of sound: ITU-T "
        "Y.1540 (99.9th percentile less the least). Packets missed: of sound or pictures, lost or "
        "damaged; of sound also too late. MOS: speech quality as a listener judges it, from 1 "
        "(bad) to 5 (good){0}. “–”: not yet connected, or not measured. Length of the phases: {1}; "
        "shares in this table are of a whole phase.",
    ),
    "past preferred": (
        "trong ngưỡng nhưng vượt mức nên có {0}",
        "within the limit, but past the preferred {0}",
    ),
    "detectable": (
        "thời lượng này chưa thể loại trừ mức tăng dưới {0}",
        "a run of this length cannot rule out a rise of less than {0}",
    ),
    "bridges faults": (
        "Bảng này tính cả những gì mất trong thời gian gián đoạn do sự cố.",
        "What interruptions by failures took is counted in this table.",
    ),
    "narrowband": (
        " (băng hẹp theo ITU-T G.107, cao nhất 4,5)",
        " (narrowband, ITU-T G.107, 4.5 at most)",
    ),
    "wideband": (
        " (băng rộng theo ITU-T G.107.1, cao nhất 4,5)",
        " (wideband, ITU-T G.107.1, 4.5 at most)",
    ),
    "seconds": ("{0} – {1} giây", "{0} – {1} s"),
    "video table": (
        "Chất lượng hình ảnh tại các điểm cầu có hình bị hỏng hoặc bị dừng (chiều truyền xấu nhất)",
        "Bridges whose pictures were damaged or stood still (the worst direction)",
    ),
    "bad frames": ("Khung hình hỏng", "Bad frames"),
    "freezes": ("Số lần dừng hình", "Freezes"),
    "freeze max": ("Dừng lâu nhất (ms)", "Longest (ms)"),
    "frozen": ("Thời gian dừng (%)", "Time frozen (%)"),
    "video note": (
        "Khung hình hỏng: khung hình không hiển thị được do mất gói tin của chính nó hoặc của "
        "khung hình mà nó dựa vào, hoặc đến quá muộn. Các tỷ lệ trong bảng tính trên cả giai đoạn.",
        "Bad frames: those that could not be shown, as packets of their own were lost or of a "
        "frame that they build on, or as they came too late. Shares are of a whole phase.",
    ),
    "no bad video": (
        "Hình ảnh: mọi khung hình đều hiển thị được đúng lúc, không điểm cầu nào bị dừng hình.",
        "Pictures: every frame could be shown in time, and no picture stood still.",
    ),
    # MCU
    "mcu": ("Năng lực hệ thống điều khiển đa điểm (MCU)", "Capacity of the MCU"),
    "device": ("Thiết bị: {0}.", "Device: {0}."),
    "mcu table": (
        "Năng lực MCU đã dùng và còn lại theo giai đoạn",
        "MCU capacity used and left in each phase",
    ),
    "phase": ("Giai đoạn", "Phase"),
    "units": ("Đơn vị đã dùng / tổng", "Units used / total"),
    "share": ("Đã dùng", "In use"),
    "used of": ("Tính theo", "Most of"),
    "units left": ("Đơn vị còn lại", "Units left"),
    "ports": ("Cổng đã dùng / tổng", "Ports used / total"),
    "ports left": ("Cổng còn lại", "Ports left"),
    "joined": ("Tham gia", "Joined"),
    "refused": ("Bị từ chối", "Refused"),
    "less": ("Hạ mức", "Given less"),
    "mcu note": (
        "Đã dùng: tỷ lệ cao nhất trong giai đoạn của loại năng lực được dùng nhiều nhất (đơn vị, "
        "cổng, giới hạn cuộc gọi, cổng cấp phát riêng). Tham gia, bị từ chối, hạ mức: số điểm cầu. "
        "Thời gian thiết lập cuộc gọi không được đánh giá: mô phỏng chỉ cho biết phần thời gian "
        "của mạng.",
        "In use: the highest share in the phase of that of which most is used (units, ports, "
        "limits on calls, ports set aside). Joined, refused, given less: bridges. Call set-up is "
        "not judged: a simulation knows only the network’s share of it.",
    ),
    "refused list": (
        "Các cuộc gọi không thiết lập được – {0}.",
        "Calls not set up – {0}.",
    ),
    "less list": ("Các cuộc gọi bị hạ mức – {0}.", "Calls given less – {0}."),
    "commands": (
        "Các lệnh điều khiển không được thực hiện – {0}.",
        "Commands of the control room not carried out – {0}.",
    ),
    # links
    "links": ("Đường truyền", "Links"),
    "links table": (
        "{0} hướng truyền có tải cao nhất trong tổng số {1}",
        "The {0} most loaded directions of {1}",
    ),
    "way": ("Hướng truyền", "Direction"),
    "rate": ("Tốc độ (Mb/s)", "Rate (Mb/s)"),
    "peak": ("Tải cao nhất (%)", "Highest load (%)"),
    "drops": ("Gói bị loại", "Dropped"),
    "links note": (
        "Tải cao nhất: của giây có tải lớn nhất. Gói bị loại: số gói tin bị loại khi hàng đợi của "
        "đường truyền đầy.",
        "Highest load: of the worst second. Dropped: packets that found the link’s queue full.",
    ),
    "plots": ("Biểu đồ", "Plots"),
}


def together(*parts: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """All parts as one. Raises `ValueError` for a key in two of them: one would hide the other."""
    found: dict[str, tuple[str, str]] = {}
    for part in parts:
        if twice := sorted(found.keys() & part.keys()):
            raise ValueError(f"words of the annex twice: {', '.join(twice)}")
        found |= part
    return found


_EVERY = together(_WORDS, MORE_WORDS, LOAD_WORDS)


def words(lang: Lang) -> dict[str, str]:
    """All of one language, by key."""
    index = 0 if lang == "vi" else 1
    return {key: pair[index] for key, pair in _EVERY.items()}
