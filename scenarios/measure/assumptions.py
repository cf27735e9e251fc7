"""Every assumption a run rests on, from all the rooms it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.errors import NOTHING
from giaoban.figure_words import choice_in_words, with_ranges
from giaoban.mcu_sim.device import Device
from giaoban.mcu_sim.device_units import unit_of
from giaoban.provenance import Assumable, Sourced
from giaoban.results.judge.criteria import Criteria, Criterion
from giaoban.results.model.result import Assumption
from giaoban.scenarios.plan.question import Question
from giaoban.sentence import N_, Both, Sentence, joined, message, number
from giaoban.topology.assumptions import assumed_records as of_province
from giaoban.topology.assumptions import line_name
from giaoban.traffic.profiles import RecordedEncoder, Recovery
from giaoban.traffic.quality.codecs import codec_of
from giaoban.translation import Language, translator

_DEVICE_WORDS = {
    "capacity": N_("capacity of {device}"),
    "audio_mix_delay": N_("audio mixing delay of {device}"),
    "compose_delay": N_("picture composing delay of {device}"),
    "forward_delay": N_("picture switching delay of {device}"),
    "content": N_("units that content takes on {device}"),
    "refusal": N_("answer when full of {device}"),
    "when_full": N_("handling of calls when full of {device}"),
    "levels": N_("ports set aside on {device}"),
    "line_rates": N_("lowest line rates of {device}"),
    "cost": N_("units a call takes on {device}"),
}

LANGUAGES: tuple[Language, Language] = ("en", "vi")
Told = tuple[Sourced | Criterion | None, Assumption]
"""What is assumed, and how it is told. None: it stands in no record (what the model leaves out)."""


def assumptions(question: Question, criteria: Criteria) -> list[Assumption]:
    """Province and scenario first, then device, call, endpoints and criteria."""
    return [told for _, told in assumed_records(question, criteria)]


def assumed_records(question: Question, criteria: Criteria) -> list[Told]:
    """The records themselves, each with what is told of it; in the order of `assumptions`."""
    return [
        *_province(question),
        *_outside(question),
        *_background(question),
        *_meeting(question),
        *_device(
            question.plan.device,
            presence=question.plan.meeting.video == "presence",
            content=question.plan.content is not None,
        ),
        *_media(question),
        *zip(criteria.assumed(), criteria.assumptions(), strict=True),
    ]


def _province(question: Question) -> Iterator[Told]:
    scenario = question.scenario
    both = (
        of_province(question.province, scenario.new_bridges, scenario.link_changes, lang=lang)
        for lang in LANGUAGES
    )
    for (record, en), (_, vi) in zip(*both, strict=True):
        yield (
            record,
            Assumption(
                what=en.what,
                value=en.value,
                source=en.source,
                settled_by=en.settled_by,
                what_vi=vi.what,
                value_vi=vi.value,
                source_vi=vi.source,
                settled_by_vi=vi.settled_by,
            ),
        )


def assumed(what: Sentence, value: Sentence, source: Sentence, settled_by: Sentence) -> Assumption:
    """As a result holds it: in the languages that its fields have."""
    return Assumption(
        what=what.en,
        what_vi=what.vi,
        value=value.en,
        value_vi=value.vi,
        source=source.en,
        source_vi=source.vi,
        settled_by=settled_by.en,
        settled_by_vi=settled_by.vi,
    )


def _outside(question: Question) -> Iterator[Told]:
    """MCUs of others, and what of them is not there."""
    names = {call.bridge: call.name for call in question.plan.calls}
    for outside in question.plan.outside_mcus:
        if outside.bridge not in names:
            continue
        name, mcu, leg = names[outside.bridge], outside.mcu, outside.far_leg
        if mcu.assumed:
            value = message(
                N_("sound: buffer {buffer} ms, mixing {mixing} ms; pictures: {composing} ms"),
                buffer=mcu.playout_ms,
                mixing=mcu.audio_mix_delay_ms,
                composing=mcu.compose_delay_ms,
            )
            yield mcu, assumption(mcu, message(N_("the other MCU at {bridge}"), bridge=name), value)
        if leg.assumed:
            what = message(N_("the line from the other MCU to a room behind {bridge}"), bridge=name)
            yield (
                leg,
                assumption(leg, what, message(N_("{ms} ms one way"), ms=leg.one_way_ms)),
            )
        yield (
            None,
            assumed(
                message(N_("lines and rooms behind {bridge}"), bridge=name),
                message(N_("nothing is lost there, and no other room speaks")),
                message(
                    N_("the system of others ends at the other MCU: only its delays are counted")
                ),
                message(N_("a call through both MCUs before the meeting")),
            ),
        )


def _background(question: Question) -> Iterator[Told]:
    for item in question.scenario.background:
        if item.assumed:
            rate = message("{rate} Mb/s", rate=item.mbps)
            if item.mbps is None:
                rate = message("{share} %", share=item.pct)
            new = question.scenario.new_bridges
            en, vi = (
                line_name(question.province, item.link, translator(lang), new) for lang in LANGUAGES
            )
            line = Both(en, vi)
            yield item, assumption(item, message(N_("other traffic, {line}"), line=line), rate)


def _meeting(question: Question) -> Iterator[Told]:
    settings = question.scenario.meeting
    if settings.assumed:
        value = message(
            N_("floor {floor}, pictures {video}, layout {layout}, sound {sound}{silence}"),
            floor=settings.floor,
            video=settings.video,
            layout=settings.layout,
            sound=settings.sound,
            silence=message(N_(", nothing sent in pauses"))
            if settings.silence_suppression
            else NOTHING,
        )
        yield settings, assumption(settings, message(N_("how the meeting is held")), value)
    if (repair := settings.repair) is not None and repair.assumed:
        value = message(
            N_("{share} % of the packets lost, {within} ms later"),
            share=repair.share_pct,
            within=repair.within_ms,
        )
        what = message(N_("lost packets of pictures that receivers recover"))
        yield repair, assumption(repair, what, value)


def _units(amount: float, device: Device) -> Sentence:
    return Sentence("{amount:g} {unit}", amount=amount, unit=unit_of(device))


def _device(
    device: Device,
    *,
    presence: bool,
    content: bool,
) -> Iterator[Told]:
    steps = choice_in_words(", ".join(device.when_full.steps))
    values = {
        "capacity": _units(device.units_total, device),
        "audio_mix_delay": device.audio_mix_delay.text,
        "compose_delay": device.compose_delay.text,
        "forward_delay": device.forward_delay.text,
        "content": _units(device.content.units, device),
        "refusal": f"SIP {device.refusal.code}",
        **{
            f"cost.{c.resolution}": joined(": ", [Sentence(c.resolution), number(c.units, ".3g")])
            for c in device.cost
        },
    }
    if device.levels is not None:
        ports = device.levels.ports.items()
        values["levels"] = ", ".join(f"{name}: {number}" for name, number in ports)
    if device.line_rates is not None:
        rates = device.line_rates.min_kbps.items()
        values["line_rates"] = joined(
            ", ",
            [joined(": ", [Sentence(name), number(kbps, after=" kb/s")]) for name, kbps in rates],
        )
    unused = {"forward_delay" if presence else "compose_delay"}
    if content:
        unused.discard("forward_delay")  # slides are passed on as they come
    else:
        unused.add("content")
    for key, figure in device.assumptions():
        if key in unused:
            continue
        text = _DEVICE_WORDS.get(key.split(".")[0], N_("{figure} of {device}"))
        value = steps if key == "when_full" else message("{value}", value=values.get(key, ""))
        yield figure, assumption(figure, message(text, device=device.name, figure=key), value)


def _media(question: Question) -> Iterator[Told]:
    plan, terminal = question.plan, question.profiles.terminal
    if plan.profile.assumed:
        rate = number(plan.profile.video_kbps, after=" kb/s")
        yield plan.profile, assumption(plan.profile, message(N_("rate of a call")), rate)
    yield from _sound(question)
    yield from _pictures(question)
    if terminal.assumed:
        value = message(
            N_(
                "{packet} ms to a packet, {buffer} ms buffer; pictures {encoding} ms to a packet, "
                "{video_buffer} ms buffer, {decoding} ms to the screen; up to {hold} ms held back "
                "for lip-sync"
            ),
            packet=terminal.packetisation_ms,
            buffer=terminal.playout_ms,
            encoding=terminal.encoding_ms,
            video_buffer=terminal.video_playout_ms,
            decoding=terminal.decoding_ms,
            hold=terminal.sync_hold_ms,
        )
        yield terminal, assumption(terminal, message(N_("delays inside an endpoint")), value)
    if plan.recovery is not None and plan.recovery.assumed:
        yield plan.recovery, of_recovery(plan.recovery)


def of_recovery(recovery: Recovery) -> Assumption:
    """How a bridge comes back after a fault."""
    value = message(
        N_(
            "cut off after {timeout} s without media, dials every {redial} s; a bridge starts in "
            "{bridge} s, an MCU in {mcu} s"
        ),
        timeout=float(recovery.media_timeout_s),
        redial=float(recovery.redial_every_s),
        bridge=float(recovery.bridge_boot_s),
        mcu=float(recovery.mcu_boot_s),
    )
    return assumption(recovery, message(N_("how a bridge comes back after a fault")), value)


def _sound(question: Question) -> Iterator[Told]:
    """How sound is encoded, how an encoding's losses sound, and when there is talk."""
    plan, audio = question.plan, question.plan.audio
    if audio.assumed:
        yield (
            audio,
            assumption(audio, message(N_("encoding of sound")), message("{name}", name=audio.name)),
        )
    codec = codec_of(audio.id)
    if codec.assumed:
        yield (
            None,
            assumed(
                message(N_("how losses sound with {encoding}"), encoding=audio.name),
                message("Ie = {ie}, Bpl = {bpl}", ie=codec.ie, bpl=codec.bpl),
                message(codec.source),
                message(N_("factors of this codec published by the ITU-T, or a listening test")),
            ),
        )
    if plan.sound == "conversation" and plan.speech.assumed:
        value = message(
            N_("{talk} s of talk, {pause} s of pause on average"),
            talk=float(plan.speech.talk_s),
            pause=float(plan.speech.pause_s),
        )
        yield plan.speech, assumption(plan.speech, message(N_("when a bridge talks")), value)


def _pictures(question: Question) -> Iterator[Told]:
    """How an encoder spends its rate: on pictures, and on slides where they are shown."""
    encoder, slides = question.profiles.encoder, question.profiles.content
    if encoder.assumed:
        value = message(
            N_(
                "key frame {ratio} × the mean, every {interval} s; σ of log size {sigma}, {share} "
                "% of its variance lasting; {scenes} scene {scenes:change|changes} a minute"
            ),
            ratio=float(encoder.key_ratio),
            interval=float(encoder.key_interval_s),
            sigma=float(encoder.size_sigma),
            share=100.0 * encoder.motion_share,
            scenes=float(encoder.scene_changes_per_min),
        )
        if isinstance(encoder, RecordedEncoder):
            value = message(
                N_("{kbps:.0f} kb/s in calls of {profile}; {spending}"),
                kbps=encoder.video_kbps,
                profile=encoder.profile,
                spending=value,
            )
        yield encoder, assumption(encoder, message(N_("how an encoder spends its rate")), value)
    if question.plan.content is not None and slides.assumed:
        value = message(
            N_("{size} kB a slide, one every {interval} s on average"),
            size=slides.picture_bytes / 1000,
            interval=float(slides.slide_interval_s),
        )
        yield slides, assumption(slides, message(N_("shared slides")), value)


def assumption(figure: Sourced, what: Sentence, value: Sentence) -> Assumption:
    """An assumed figure as results tell it, with how far its file says that it may be."""
    if isinstance(figure, Assumable):
        value = with_ranges(value, figure.range)
    source, settled_by = figure.said(translator("vi"))
    return Assumption(
        what=what.en,
        value=value.en,
        source=figure.source,
        settled_by=figure.settled_by,
        what_vi=what.vi,
        value_vi=value.vi,
        source_vi=None if source == figure.source else source,
        settled_by_vi=None if settled_by == figure.settled_by else settled_by,
    )
