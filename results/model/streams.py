"""What a bridge's streams were like in one phase: counts, loss, times, speech and picture quality.

Null: could not be measured (nothing received), or does not apply (frames of a sound).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from giaoban.results.model.quantities import (
    Amount,
    Count,
    Direction,
    Id,
    Kind,
    LinkDirection,
    Mos,
    Percent,
)
from giaoban.tomlfile import StrictModel

AUDIO_ONLY = ("mos", "mos_listening", "mos_scale", "mouth_to_ear_ms", "mouth_to_ear_with")
VIDEO_ONLY = (
    "camera_to_screen_ms",
    "camera_to_screen_with",
    "artefacts",
    "artefacts_expected_per_h",
    "artefacts_per_h",
    "pictures_due_s",
)
PICTURES_ONLY = (
    "frames_sent",
    "frames_lost",
    "frames_undecodable",
    "frames_late",
    "frames_not_shown_pct",
    "frames_not_shown_pct_20s",
    "freeze_pct_20s",
    "freezes",
    "freeze_ms_max",
    "freeze_ms_total",
    "freeze_pct",
)


def lost_pcts(
    sent: int, received: int, impaired: int, useless: int = 0
) -> tuple[float | None, float | None]:
    """(`lost_pct`, `listener_lost_pct`) from packet counts; None where nothing was to be heard.

    `lost_pct` is of the packets put on the wire; the listener also misses the impaired ones, and
    those of no use among the received: corrupted, or too late.
    """
    lost = sent - received
    wire = 100.0 * lost / sent if sent else None
    missing = lost + impaired + useless
    ear = 100.0 * missing / (sent + impaired) if sent + impaired else None
    return wire, ear


class RtcpResult(StrictModel):
    """What the receiver's own reports said last in the phase (RFC 3550 §6.4.1).

    `packets_lost` is cumulative since the receiver's call began; duplicates can make it negative.
    """

    reports: Count
    packets_lost: int
    jitter_ms: Amount | None


LossKind = Literal["random", "bursts", "bit-errors", "queue", "policer", "late"]


class LossCause(StrictModel):
    """The cause of most packets that a stream's listener misses.

    `queue` is a full one, `policer` a bandwidth profile; `late` packets came after their playout
    time. The others are losses that the inputs declare, by their models. Without a `link` they are
    declared of the stream.
    """

    kind: LossKind
    link: Id | None = None
    direction: LinkDirection | None = None


class StreamResult(StrictModel):
    """One media stream of one bridge in one phase; `up` is bridge to MCU, `down` MCU to bridge.

    Packets: `sent` were put on the wire; `received` are distinct ones that arrived; `impaired` were
    removed by the injector's loss model before the wire; `duplicated` arrived beyond the first;
    `corrupted` arrived with a flipped bit, no use to the listener; `late` of the others came after
    their sound had to be played; `reordered` arrived after a packet sent later (RFC 4737 §3.3).
    `listener_lost_pct` is the share that the listener misses: lost, impaired, corrupted or late.
    `_20s`: in the 20 s in which it is most, or the whole stay where that is shorter; of less than
    10 s the share that is certain (99 %). `loss_spread`: how many packets lost on the wire say
    as much as one that is lost by itself, as losses come together.

    `loss_burst_*` are packets missed in a row; `burst_*` and `gap_*` RFC 3611 §4.7.2 (Gmin 16):
    mean lengths, and the share of packets missed within. `jitter_ms` is RFC 3550 interarrival
    jitter at the end of the phase, `_mean` and `_max` over it. `ipdv_ms` is delay variation by
    ITU-T Y.1540: the 99.9th percentile of the delays less the least of them. `delay_p95_low_ms`
    and `_high_ms`: between which the 95th percentile lies, each bound by itself with a confidence
    of 99.99 %.

    `mouth_to_ear_ms` is from the speaker's mouth to the listener's ear, with the bridge `_with`
    which it is longest; `camera_to_screen_ms` the same of what a bridge sees. `mos` is by ITU-T
    G.107 (narrowband) or G.107.1 (wideband), of a conversation with that delay (MOS-CQ of RFC
    3611 §4.7.5); `mos_listening` the same without delay (MOS-LQ), over less than a minute of
    the loss that is certain; null for pictures.

    A frame is `undecodable` when it arrived whole, but what it builds on did not, and `late` when
    it was decodable, but came after it had to be shown; `frames_not_shown_pct` is the share of
    those lost, undecodable or late. `freeze_ms_max` is the longest as a whole, also beyond the
    phase, and `freeze_pct` of the time in which pictures were due.

    `artefacts` counts what a viewer sees of lost, undecodable or late frames in `pictures_due_s`
    seconds: freezes, and seconds in which frames are left out one by one so often that it shows.
    `artefacts_expected_per_h` is what the losses declared on the stream's way make in an hour, by
    their model and not by the run's draw. `artefacts_per_h` adds the rate at which the run shows
    for certain (99 %) that there are more.

    `loss_cause` is null where no packet is missed or expected to be, where most frames of a
    picture came late, and in a run with faults, which change the way.
    """

    kind: Kind
    direction: Direction
    packets_sent: Count
    packets_received: Count
    packets_impaired: Count
    packets_duplicated: Count = 0
    packets_corrupted: Count = 0
    packets_late: Count = 0
    packets_reordered: Count = 0
    lost_pct: Percent | None
    listener_lost_pct: Percent | None
    listener_lost_pct_20s: Percent | None = None
    loss_spread: Amount | None = None
    reordered_pct: Percent | None = None
    loss_burst_max: Count
    loss_burst_mean: Amount | None = None
    burst_ms_mean: Amount | None = None
    gap_ms_mean: Amount | None = None
    burst_density_pct: Percent | None = None
    gap_density_pct: Percent | None = None
    jitter_ms: Amount | None
    jitter_ms_mean: Amount | None = None
    jitter_ms_max: Amount | None = None
    delay_p50_ms: Amount | None
    delay_p95_ms: Amount | None
    delay_p95_low_ms: Amount | None = None
    delay_p95_high_ms: Amount | None = None
    delay_p99_ms: Amount | None
    delay_max_ms: Amount | None = None
    ipdv_ms: Amount | None = None
    mouth_to_ear_ms: Amount | None = None
    mouth_to_ear_with: Id | None = None
    mos: Mos | None
    mos_listening: Mos | None = None
    mos_scale: Literal["narrowband", "wideband"] | None = None
    interruptions: Count = 0
    interruption_ms_max: Amount | None
    frames_sent: Count | None = None
    frames_lost: Count | None = None
    frames_undecodable: Count | None = None
    frames_late: Count | None = None
    frames_not_shown_pct: Percent | None = None
    frames_not_shown_pct_20s: Percent | None = None
    camera_to_screen_ms: Amount | None = None
    camera_to_screen_with: Id | None = None
    freezes: Count | None = None
    artefacts: Count | None = None
    pictures_due_s: Amount | None = None
    artefacts_expected_per_h: Amount | None = None
    artefacts_per_h: Amount | None = None
    freeze_ms_max: Amount | None = None
    freeze_ms_total: Amount | None = None
    freeze_pct: Percent | None = None
    freeze_pct_20s: Percent | None = None
    loss_cause: LossCause | None = None
    rtcp: RtcpResult | None = None

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if self.packets_received > self.packets_sent:
            raise ValueError("packets_received is more than packets_sent")
        for name in ("packets_corrupted", "packets_reordered", "packets_late"):
            if (getattr(self, name) or 0) > self.packets_received:
                raise ValueError(f"{name} is more than packets_received")
        bad = (self.frames_lost or 0) + (self.frames_undecodable or 0) + (self.frames_late or 0)
        if bad > (self.frames_sent or 0):
            raise ValueError("frames lost, undecodable and late are more than frames_sent")
        return self

    @model_validator(mode="after")
    def _shares_follow(self) -> Self:
        wire, ear = lost_pcts(
            self.packets_sent,
            self.packets_received,
            self.packets_impaired,
            self.packets_corrupted + self.packets_late,
        )
        shares = [
            ("lost_pct", self.lost_pct, wire),
            ("listener_lost_pct", self.listener_lost_pct, ear),
        ]
        if self.reordered_pct is not None:
            # RFC 4737 §4.1.1: of the packets that arrived
            got = self.packets_received
            share = 100.0 * self.packets_reordered / got if got else None
            shares.append(("reordered_pct", self.reordered_pct, share))
        for name, given, right in shares:
            if (given is None) != (right is None) or abs((given or 0) - (right or 0)) > 0.01:
                raise ValueError(f"{name} = {given} does not follow from the counts ({right})")
        return self

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        """Sound has no frames, and pictures no MOS."""
        for names, kinds in (
            (PICTURES_ONLY, ("video", "content")),
            (VIDEO_ONLY, ("video",)),
            (AUDIO_ONLY, ("audio",)),
        ):
            for name in names:
                if self.kind not in kinds and getattr(self, name) is not None:
                    of = " and ".join(kinds)
                    raise ValueError(f"{name} is for {of} only, this stream is {self.kind}")
        return self


class BridgeResult(StrictModel):
    """A bridge that took part in the phase; a refused bridge is not listed here.

    `lip_sync_*_ms` is the median skew of the streams on one leg: positive when the picture is
    later than the sound. `sound_early_ms` and `sound_late_ms`: by how much a viewer hears a voice
    before or after its picture moves, aligned as far as terminals align them, and of whom.
    """

    id: Id
    name: str
    streams: list[StreamResult]
    lip_sync_up_ms: float | None = None
    lip_sync_down_ms: float | None = None
    sound_early_ms: Amount | None = None
    sound_early_with: Id | None = None
    sound_late_ms: Amount | None = None
    sound_late_with: Id | None = None
