"""Every assumption a run rests on, in both languages, from all the rooms it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.provenance import Sourced
from mcu_sim.device import Device
from results.criteria import Criteria
from results.model import Assumption
from scenarios.question import Question
from topology.assumptions import assumptions as of_province

_DEVICE_WORDS = {
    "capacity": ("capacity of", "năng lực của"),
    "audio_mix_delay": ("audio mixing delay of", "độ trễ trộn âm thanh của"),
    "compose_delay": ("picture composing delay of", "độ trễ ghép hình của"),
    "forward_delay": ("picture switching delay of", "độ trễ chuyển tiếp hình ảnh của"),
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


def assumptions(question: Question, criteria: Criteria) -> list[Assumption]:
    """Province and scenario first, then device, call, endpoints and criteria."""
    return [
        *_province(question),
        *_device(question.plan.device, presence=question.plan.meeting.video == "presence"),
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


def _device(device: Device, *, presence: bool) -> Iterator[Assumption]:
    values = {
        "capacity": (f"{device.units_total:g} {device.unit}",) * 2,
        "audio_mix_delay": (f"{device.audio_mix_delay_ms:g} ms",) * 2,
        "compose_delay": (f"{device.compose_delay_ms:g} ms",) * 2,
        "forward_delay": (f"{device.forward_delay_ms:g} ms",) * 2,
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
    unused = "forward_delay" if presence else "compose_delay"
    for key, figure in device.assumptions():
        if key == unused:
            continue
        what_en, what_vi = _DEVICE_WORDS.get(key.split(".")[0], (f"{key} of", f"{key} của"))
        value = values.get(key, ("", ""))
        yield _of(figure, f"{what_en} {device.name}", f"{what_vi} {device.name}", value)


def _media(question: Question) -> Iterator[Assumption]:
    profiles, plan = question.profiles, question.plan
    encoder, terminal = profiles.encoder, profiles.terminal
    rate = f"{plan.profile.video_kbps:g} kb/s"
    figures = (
        (plan.profile, "rate of a call", "tốc độ cuộc gọi", (rate, rate)),
        (
            encoder,
            "how an encoder spends its rate",
            "đặc tính của bộ mã hóa hình ảnh",
            (
                f"key frame {encoder.key_ratio:g} × the mean, every {encoder.key_interval_s:g} s",
                f"khung hình khóa bằng {encoder.key_ratio:g} lần trung bình, "
                f"chu kỳ {encoder.key_interval_s:g} s",
            ),
        ),
        (
            terminal,
            "delays inside an endpoint",
            "độ trễ trong thiết bị đầu cuối",
            (
                f"{terminal.packetisation_ms:g} ms to a packet, {terminal.playout_ms:g} ms playout",
                f"đóng gói {terminal.packetisation_ms:g} ms, "
                f"bộ đệm phát {terminal.playout_ms:g} ms",
            ),
        ),
    )
    for figure, en, vi, value in figures:
        if figure.assumed:
            yield _of(figure, en, vi, value)


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
