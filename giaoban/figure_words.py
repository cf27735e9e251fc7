"""What the figures of data files are called, and how far an assumed one may be, in words."""

from __future__ import annotations

from collections.abc import Mapping

from giaoban.provenance import FigureRange
from giaoban.sentence import N_, Both, Figure, Sentence, joined, message

LABELS = {
    "us_per_km": N_("propagation"),
    "km": N_("length"),
    "rate_mbps": N_("rate"),
    "mbps": N_("rate"),
    "pct": N_("share of the link"),
    "buffer_packets": N_("buffer"),
    "buffer_bytes": N_("buffer"),
    "buffer_ms": N_("buffer"),
    "loss_pct": N_("loss"),
    "layer": N_("what the rate counts"),
    "vlan_tags": N_("VLAN tags"),
    "mpls_labels": N_("MPLS labels"),
    "cir_mbps": N_("committed rate"),
    "cbs_bytes": N_("committed burst"),
    "video_share_pct": N_("share sure for pictures"),
    "units_total": N_("units in all"),
    "units": N_("units"),
    "delay_ms": N_("delay"),
    "video_kbps": N_("rate of pictures"),
    "packetisation_ms": N_("from a sound to its packet"),
    "playout_ms": N_("buffer of sound"),
    "video_playout_ms": N_("buffer of pictures"),
    "encoding_ms": N_("encoding a picture"),
    "decoding_ms": N_("decoding a picture"),
    "sync_hold_ms": N_("held back for lip-sync"),
    "key_ratio": N_("size of a key frame, times the mean"),
    "key_interval_s": N_("from key frame to key frame"),
    "size_sigma": N_("spread of frame sizes (sigma of the logarithm)"),
    "scene_changes_per_min": N_("scene changes"),
    "scene_ratio": N_("size of a frame at a scene change, times the mean"),
    "spread": N_("part of a frame's time over which it is sent"),
    "picture_bytes": N_("size of a slide"),
    "slide_interval_s": N_("from slide to slide"),
    "refine_ratio": N_("what refines a slide, times its size"),
    "talk_s": N_("length of a talk spurt"),
    "pause_s": N_("length of a pause"),
    "audio_mix_delay_ms": N_("mixing"),
    "compose_delay_ms": N_("composing"),
    "one_way_ms": N_("one way"),
    "threshold": N_("limit"),
    "scheduling": N_("queueing"),
    "protocol": N_("protocol"),
    "hello_ms": N_("from hello to hello"),
    "dead_ms": N_("neighbour taken for gone"),
    "spf_ms": N_("route computation"),
    "bfd_interval_ms": N_("from BFD packet to BFD packet"),
    "bfd_multiplier": N_("BFD packets that have to be missing"),
    "protection_ms": N_("switching of the ring"),
    "loss_of_signal_ms": N_("loss of light seen"),
    "route_install_ms": N_("new routes in effect"),
    "min_ls_interval_ms": N_("least time between two LSAs"),
    "media_timeout_s": N_("call taken for dead"),
    "redial_every_s": N_("from dialling to dialling"),
    "bridge_boot_s": N_("starting of a bridge"),
    "mcu_boot_s": N_("starting of the MCU"),
    "redial": N_("order of dialling again"),
    "profile": N_("call profile"),
    "audio": N_("encoding of sound"),
    "video_profile": N_("H.264 profile"),
    "steps": N_("tried in turn"),
    "floor": N_("who is heard"),
    "video": N_("what is seen"),
    "layout": N_("layout of pictures"),
    "sound": N_("what is heard"),
    "silence_suppression": N_("nothing sent in pauses"),
}
"""Which figure of a record, by its key; one that is not here is called by its key."""
CHOICES = {
    # Routing.protocol
    "ospf-bfd": N_("OSPF with BFD"),
    "ospf": N_("OSPF alone"),
    "static": N_("static routes"),
    "frame": N_("Ethernet frames"),  # of Framing.layer
    # Recovery.redial
    "in-turn": N_("one after another"),
    "together": N_("in the same moment"),
    "back-off": N_("at random moments"),
    # Qos.scheduling
    "fifo": N_("one queue for all (FIFO)"),
    "classes": N_("classes (DiffServ)"),
    # WhenFullFigure.steps
    "higher": N_("a port of the next higher level"),
    "lower": N_("a lower resolution"),
    "audio": N_("audio only"),
    "refuse": N_("refusal"),
    # MeetingSettings
    "chair": N_("only whom the chair calls is heard"),
    "open": N_("everybody is heard"),
    "presence": N_("one picture composed of all"),
    "switched": N_("the picture of who speaks"),
    "auto": N_("by the number of bridges"),
    "tone": N_("sound all the time"),
    "conversation": N_("talk and pauses"),
    "true": N_("yes"),
    "false": N_("no"),
}
"""What people read in place of what is written into a file, where a figure is no number."""
UNITS = {
    "us_per_km": "µs/km",
    "km": "km",
    "rate_mbps": "Mb/s",
    "mbps": "Mb/s",
    "buffer_packets": "packets",
    "history_packets": "packets",
    "group_packets": "packets",
    "buffer_bytes": N_("bytes"),
    "video_kbps": "kb/s",
    "least_kbps": "kb/s",
    "picture_bytes": "bytes",
    "cir_mbps": "Mb/s",
    "cbs_bytes": "bytes",
    "scene_changes_per_min": "1/min",
}
"""By key; else by the key's ending."""
ENDINGS = {"_pct": "%", "_ms": "ms", "_s": "s"}


def label_of(key: str) -> Sentence:
    return message(LABELS[key]) if key in LABELS else Sentence(key)


def unit_of(key: str) -> str:
    """The unit of a figure, '' if it has none."""
    return UNITS.get(key) or next((u for end, u in ENDINGS.items() if key.endswith(end)), "")


def span(low: float, high: float, unit: str) -> Sentence:
    text = N_("{low} to {high} {unit}") if unit else N_("{low} to {high}")
    return message(text, low=Figure(low), high=Figure(high), unit=Sentence(unit))


def with_ranges(
    value: str, ranges: Mapping[str, FigureRange] | None, unit: str | None = None
) -> Sentence:
    """An assumed record's figures as told, and how far its file says that each may be.

    `unit`: of the only figure that it has, where the key does not say it.
    """
    if not ranges:
        return Sentence(value) if not isinstance(value, Sentence) else value
    told = [
        message(
            N_("{figure} possibly {values} ({source})"),
            figure=label_of(key),
            values=", ".join(each.choices or ())
            if each.low is None or each.high is None
            else span(each.low, each.high, unit_of(key) if unit is None else unit),
            source=Both(each.source, each.source_vi or each.source),
        )
        for key, each in ranges.items()
    ]
    return message("{value}; {ranges}", value=value, ranges=joined("; ", told))


def choice_in_words(value: str) -> Sentence:
    """A choice as people call it; one that is a list, each of it. Names of the field (`H.264 high`,
    `G.722`, `2x2`) stay."""
    parts = [CHOICES.get(part) for part in value.split(", ")]
    if not all(parts):
        return Sentence("{value}", value=value)
    return joined(", ", [Sentence(part) for part in parts if part])
