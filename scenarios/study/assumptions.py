"""Every assumption a run rests on, in both languages, from all the rooms it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.provenance import Sourced
from mcu_sim.device import Device
from results.judge.criteria import Criteria
from results.model.result import Assumption
from scenarios.spec.question import Question
from topology.assumptions import assumptions as of_province
from traffic.profiles import Recovery
from traffic.quality.codecs import codec_of

_DEVICE_WORDS = {
    "capacity": ("capacity of", "năng lực của"),
    "audio_mix_delay": ("audio mixing delay of", "độ trễ trộn âm thanh của"),
    "compose_delay": ("picture composing delay of", "độ trễ ghép hình của"),
    "forward_delay": ("picture switching delay of", "độ trễ chuyển tiếp hình ảnh của"),
    "content": ("units that content takes on", "số đơn vị mà kênh trình chiếu chiếm trên"),
    "refusal": ("answer when full of", "trả lời khi hết năng lực của"),
    "when_full": ("handling of calls when full of", "cách xử lý cuộc gọi khi hết năng lực của"),
    "levels": ("ports set aside on", "số cổng cấp phát cố định của"),
    "line_rates": ("lowest line rates of", "tốc độ đường truyền thấp nhất của"),
    "cost": ("units a call takes on", "số đơn vị mỗi cuộc gọi chiếm trên"),
}
_STEPS = {
    "higher": ("a port of the next higher level", "dùng cổng mức cao hơn kế tiếp"),
    "lower": ("a lower resolution", "hạ độ phân giải"),
    "audio": ("audio only", "chỉ âm thanh"),
    "refuse": ("refusal", "từ chối"),
}


_CODEC_SOURCE_VI = {
    "g722": "Ie,WB: ITU-T G.113 phụ lục IV, G.722 ở 64 kbit/s; Bpl,WB: chưa tìm thấy cho G.722, "
    "lấy giá trị giữa trong ba giá trị 4,3; 4,6; 4,9 của AMR-WB (bảng IV.4, mất gói độc lập)"
}


def assumptions(question: Question, criteria: Criteria) -> list[Assumption]:
    """Province and scenario first, then device, call, endpoints and criteria."""
    return [
        *_province(question),
        *_background(question),
        *_device(
            question.plan.device,
            presence=question.plan.meeting.video == "presence",
            content=question.plan.content is not None,
        ),
        *_media(question),
        *criteria.assumptions(),
    ]


def _province(question: Question) -> Iterator[Assumption]:
    scenario = question.scenario
    both = (
        of_province(question.province, scenario.new_bridges, scenario.link_changes, lang=lang)
        for lang in ("en", "vi")
    )
    for en, vi in zip(*both, strict=True):
        yield Assumption(
            what=en.what,
            value=en.value,
            source=en.source,
            settled_by=en.settled_by,
            what_vi=vi.what,
            value_vi=vi.value,
            source_vi=vi.source,
            settled_by_vi=vi.settled_by,
        )


def _background(question: Question) -> Iterator[Assumption]:
    for item in question.scenario.background:
        if item.assumed:
            rate = f"{item.mbps:g} Mb/s" if item.mbps is not None else f"{item.pct:g} %"
            what = f"other traffic on link {item.link}"
            yield _of(item, what, f"lưu lượng khác trên tuyến {item.link}", (rate, _vi(rate)))


def _device(device: Device, *, presence: bool, content: bool) -> Iterator[Assumption]:
    values = {
        "capacity": (f"{device.units_total:g} {device.unit}",) * 2,
        "audio_mix_delay": (f"{device.audio_mix_delay_ms:g} ms",) * 2,
        "compose_delay": (f"{device.compose_delay_ms:g} ms",) * 2,
        "forward_delay": (f"{device.forward_delay_ms:g} ms",) * 2,
        "content": (f"{device.content.units:g} {device.unit}",) * 2,
        "refusal": (f"SIP {device.refuse_code}",) * 2,
        "when_full": (
            ", ".join(_STEPS[step][0] for step in device.when_full.steps),
            ", ".join(_STEPS[step][1] for step in device.when_full.steps),
        ),
        **{f"cost.{c.resolution}": (f"{c.resolution}: {c.units:.3g}",) * 2 for c in device.cost},
    }
    if device.levels is not None:
        ports = ", ".join(f"{name}: {number}" for name, number in device.levels.ports.items())
        values["levels"] = (ports, ports)
    if device.line_rates is not None:
        rates = device.line_rates.min_kbps.items()
        rate = ", ".join(f"{name}: {kbps:g} kb/s" for name, kbps in rates)
        values["line_rates"] = (rate, rate)
    unused = {"forward_delay" if presence else "compose_delay"}
    if content:
        unused.discard("forward_delay")  # slides are passed on as they come
    else:
        unused.add("content")
    for key, figure in device.assumptions():
        if key in unused:
            continue
        what_en, what_vi = _DEVICE_WORDS.get(key.split(".")[0], (f"{key} of", f"{key} của"))
        value = values.get(key, ("", ""))
        yield _of(figure, f"{what_en} {device.name}", f"{what_vi} {device.name}", value)


def _media(question: Question) -> Iterator[Assumption]:
    plan, terminal = question.plan, question.profiles.terminal
    rate = f"{plan.profile.video_kbps:g} kb/s"
    if plan.profile.assumed:
        yield _of(plan.profile, "rate of a call", "tốc độ cuộc gọi", (rate, rate))
    yield from _sound(question)
    yield from _pictures(question)
    if terminal.assumed:
        value = (
            f"{terminal.packetisation_ms:g} ms to a packet, {terminal.playout_ms:g} ms buffer; "
            f"pictures {terminal.encoding_ms:g} ms to a packet, "
            f"{terminal.video_playout_ms:g} ms buffer, {terminal.decoding_ms:g} ms to the screen; "
            f"up to {terminal.sync_hold_ms:g} ms held back for lip-sync",
            f"âm thanh: đóng gói {terminal.packetisation_ms:g} ms, bộ đệm "
            f"{terminal.playout_ms:g} ms; hình ảnh: mã hóa {terminal.encoding_ms:g} ms, bộ đệm "
            f"{terminal.video_playout_ms:g} ms, giải mã và hiển thị {terminal.decoding_ms:g} ms; "
            f"giữ lại tối đa {terminal.sync_hold_ms:g} ms để khớp tiếng với hình",
        )
        yield _of(terminal, "delays inside an endpoint", "độ trễ trong thiết bị đầu cuối", value)
    if plan.recovery is not None and plan.recovery.assumed:
        yield of_recovery(plan.recovery)


def of_recovery(recovery: Recovery) -> Assumption:
    """How a bridge comes back after a fault."""
    en = (
        f"cut off after {recovery.media_timeout_s:g} s without media, dials every "
        f"{recovery.redial_every_s:g} s; a bridge starts in {recovery.bridge_boot_s:g} s, "
        f"an MCU in {recovery.mcu_boot_s:g} s"
    )
    vi = (
        f"coi là gián đoạn sau {recovery.media_timeout_s:g} s không nhận được tín hiệu, "
        f"gọi lại mỗi {recovery.redial_every_s:g} s; "
        f"điểm cầu khởi động trong {recovery.bridge_boot_s:g} s, "
        f"hệ thống điều khiển đa điểm trong {recovery.mcu_boot_s:g} s"
    )
    what_vi = "cách điểm cầu kết nối lại sau sự cố"
    return _of(recovery, "how a bridge comes back after a fault", what_vi, (en, _vi(vi)))


def _sound(question: Question) -> Iterator[Assumption]:
    """How sound is encoded, how an encoding's losses sound, and when there is talk."""
    plan, audio = question.plan, question.plan.audio
    if audio.assumed:
        value = (audio.name, audio.name)
        yield _of(audio, "encoding of sound", "cách mã hóa âm thanh", value)
    codec = codec_of(audio.id)
    if codec.assumed:
        figures = f"Ie = {codec.ie:g}, Bpl = {codec.bpl:g}"
        yield Assumption(
            what=f"how losses sound with {audio.name}",
            what_vi=f"mức ảnh hưởng của mất gói đến âm thanh {audio.name}",
            value=figures,
            value_vi=_vi(figures),
            source=codec.source,
            source_vi=_CODEC_SOURCE_VI.get(audio.id),
            settled_by="factors of this codec published by the ITU-T, or a listening test",
            settled_by_vi="hệ số của bộ mã hóa này do ITU-T công bố, hoặc thử nghiệm nghe",
        )
    if plan.sound == "conversation" and plan.speech.assumed:
        speech = plan.speech
        en = f"{speech.talk_s:g} s of talk, {speech.pause_s:g} s of pause on average"
        vi = f"trung bình nói {speech.talk_s:g} s, lặng {speech.pause_s:g} s"
        yield _of(
            speech, "when a bridge talks", "thời gian nói và lặng của điểm cầu", (en, _vi(vi))
        )


def _pictures(question: Question) -> Iterator[Assumption]:
    """How an encoder spends its rate: on pictures, and on slides where they are shown."""
    encoder, slides = question.profiles.encoder, question.profiles.content
    if encoder.assumed:
        en = (
            f"key frame {encoder.key_ratio:g} × the mean, every {encoder.key_interval_s:g} s; "
            f"σ of log size {encoder.size_sigma:g}, {100 * encoder.motion_share:g} % of its "
            f"variance lasting; {encoder.scene_changes_per_min:g} scene changes a minute"
        )
        vi = (
            f"khung hình khóa bằng {encoder.key_ratio:g} lần trung bình, "
            f"chu kỳ {encoder.key_interval_s:g} s; σ của log kích thước {encoder.size_sigma:g}, "
            f"trong đó {100 * encoder.motion_share:g} % phương sai kéo dài qua nhiều khung hình; "
            f"{encoder.scene_changes_per_min:g} lần đổi cảnh mỗi phút"
        )
        what_vi = "đặc tính của bộ mã hóa hình ảnh"
        yield _of(encoder, "how an encoder spends its rate", what_vi, (en, _vi(vi)))
    if question.plan.content is not None and slides.assumed:
        kilobytes = slides.picture_bytes / 1000
        en = f"{kilobytes:g} kB a slide, one every {slides.slide_interval_s:g} s on average"
        vi = f"{kilobytes:g} kB mỗi trang, trung bình {slides.slide_interval_s:g} s một trang"
        yield _of(slides, "shared slides", "tài liệu trình chiếu", (en, _vi(vi)))


def _vi(value: str) -> str:
    return value.replace(".", ",")


def _of(figure: Sourced, en: str, vi: str, value: tuple[str, str]) -> Assumption:
    return Assumption(
        what=en,
        value=value[0],
        source=figure.source,
        settled_by=figure.settled_by,
        what_vi=vi,
        value_vi=value[1],
        source_vi=figure.source_vi or None,
        settled_by_vi=figure.settled_by_vi or None,
    )
