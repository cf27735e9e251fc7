"""What a bridge's streams were like in one phase: counts, loss, times, speech and picture quality.

Null: could not be measured (nothing received), or does not apply (frames of a sound).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from giaoban.tomlfile import StrictModel
from results.quantities import Amount, Count, Direction, Id, Kind, Mos, Percent

AUDIO_ONLY = ("mos", "mos_scale")
PICTURES_ONLY = (
    "frames_sent",
    "frames_lost",
    "frames_undecodable",
    "freezes",
    "freeze_ms_max",
    "freeze_ms_total",
    "freeze_pct",
)


def lost_pcts(
    sent: int, received: int, impaired: int, corrupted: int = 0
) -> tuple[float | None, float | None]:
    """(`lost_pct`, `listener_lost_pct`) from packet counts; None where nothing was to be heard.

    `lost_pct` is of the packets put on the wire; the listener also misses the impaired ones, and
    the `corrupted` ones among those received.
    """
    lost = sent - received
    wire = 100.0 * lost / sent if sent else None
    missing = lost + impaired + corrupted
    ear = 100.0 * missing / (sent + impaired) if sent + impaired else None
    return wire, ear


class RtcpResult(StrictModel):
    """What the receiver's own reports said last in the phase (RFC 3550 §6.4.1).

    `packets_lost` is cumulative since the stream began; duplicates can make it negative.
    """

    reports: Count
    packets_lost: int
    jitter_ms: Amount | None


class StreamResult(StrictModel):
    """One media stream of one bridge in one phase; `up` is bridge to MCU, `down` MCU to bridge.

    Packets: `sent` were put on the wire; `received` are distinct ones that arrived; `impaired` were
    removed by the injector's loss model before the wire; `duplicated` arrived beyond the first;
    `corrupted` arrived with a flipped bit, no use to the listener; `reordered` arrived after a
    packet sent later (RFC 4737 §3.3).

    `loss_burst_*` are packets lost in a row; `burst_*` and `gap_*` RFC 3611 §4.7.2 (Gmin 16): mean
    lengths, and the share of packets lost within. `jitter_ms` is RFC 3550 interarrival jitter at
    the end of the phase, `_mean` and `_max` over it. `mos` is by ITU-T G.107 (narrowband) or
    G.107.1 (wideband), null for pictures. A frame is `undecodable` when it arrived whole, but what
    it builds on did not.
    """

    kind: Kind
    direction: Direction
    packets_sent: Count
    packets_received: Count
    packets_impaired: Count
    packets_duplicated: Count = 0
    packets_corrupted: Count = 0
    packets_reordered: Count = 0
    lost_pct: Percent | None
    listener_lost_pct: Percent | None
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
    delay_p99_ms: Amount | None
    delay_max_ms: Amount | None = None
    mos: Mos | None
    mos_scale: Literal["narrowband", "wideband"] | None = None
    interruptions: Count = 0
    interruption_ms_max: Amount | None
    frames_sent: Count | None = None
    frames_lost: Count | None = None
    frames_undecodable: Count | None = None
    freezes: Count | None = None
    freeze_ms_max: Amount | None = None
    freeze_ms_total: Amount | None = None
    freeze_pct: Percent | None = None
    rtcp: RtcpResult | None = None

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if self.packets_received > self.packets_sent:
            raise ValueError("packets_received is more than packets_sent")
        for name in ("packets_corrupted", "packets_reordered"):
            if getattr(self, name) > self.packets_received:
                raise ValueError(f"{name} is more than packets_received")
        bad = (self.frames_lost or 0) + (self.frames_undecodable or 0)
        if bad > (self.frames_sent or 0):
            raise ValueError("frames_lost and frames_undecodable are more than frames_sent")
        return self

    @model_validator(mode="after")
    def _shares_follow(self) -> Self:
        wire, ear = lost_pcts(
            self.packets_sent, self.packets_received, self.packets_impaired, self.packets_corrupted
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
        only, of = (PICTURES_ONLY, "video") if self.kind == "audio" else (AUDIO_ONLY, "audio")
        for name in only:
            if getattr(self, name) is not None:
                raise ValueError(f"{name} is for {of} only, this stream is {self.kind}")
        return self


class BridgeResult(StrictModel):
    """A bridge that took part in the phase; a refused bridge is not listed here.

    `lip_sync_*_ms` is the median skew of the streams: positive when the picture is later than the
    sound.
    """

    id: Id
    name: str
    streams: list[StreamResult]
    lip_sync_up_ms: float | None = None
    lip_sync_down_ms: float | None = None
