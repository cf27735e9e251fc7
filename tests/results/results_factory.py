"""Small results for tests: a sound check of ten bridges, to be changed where a test wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from giaoban.results.judge.criteria import Criteria, Criterion, load_criteria
from giaoban.results.judge.verdict import Judgement, judge
from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.reasons import Reason, because
from giaoban.results.model.result import (
    Accounting,
    Assumption,
    Engine,
    FileRef,
    Inputs,
    LinkResult,
    McuResult,
    Meeting,
    MoreCalls,
    Named,
    Phase,
    Question,
    Refused,
    Result,
)
from giaoban.results.model.series import Series
from giaoban.results.model.streams import BridgeResult, StreamResult, lost_pcts
from giaoban.results.report.plots.run import write_plot
from giaoban.topology.load import load_province
from giaoban.translation import Language

REGULATION = load_province().regulation
EXISTING = {
    "gia-nghia": "Gia Nghĩa",
    "cu-jut": "Cư Jút",
    "dak-glong": "Đắk Glong",
    "dak-mil": "Đắk Mil",
    "dak-r-lap": "Đắk R'Lấp",
    "dak-song": "Đắk Song",
    "krong-no": "Krông Nô",
    "tuy-duc": "Tuy Đức",
}
NEW = {"tx-gia-nghia": "Thị xã Gia Nghĩa", "quang-son": "Xã Quảng Sơn"}

MEETING: dict[str, Any] = {
    "floor": "chair",
    "video": "presence",
    "layout": "auto",
    "dial": "in",
    "encrypted": False,
    "sound_devices_ms": 140.0,
    "picture_devices_ms": 330.0,
}


def criteria(
    thresholds: dict[str, float] | None = None, more: Sequence[Criterion] = ()
) -> Criteria:
    """The default criteria where nobody shows slides, as here."""
    return load_criteria(thresholds=thresholds).without("slides").with_more(more)


def stream(
    kind: Any = "audio",
    direction: Any = "down",
    *,
    sent: int = 1500,
    received: int | None = None,
    impaired: int = 0,
    delay_ms: float | None = 3.0,
    jitter_ms: float | None = 0.4,
    mos: float | None = 4.4,
    interruption_ms: float | None = 20.0,
    **more: Any,
) -> StreamResult:
    """One stream; by default everything arrives. `more` are fields by their own names."""
    got = sent if received is None else received
    useless = more.get("packets_corrupted", 0) + more.get("packets_late", 0)
    wire, ear = lost_pcts(sent, got, impaired, useless)
    there: dict[str, Any] = {"ipdv_ms": None if delay_ms is None else 20.0}
    if kind == "audio":
        there |= {"mouth_to_ear_ms": 260.0, "mouth_to_ear_with": "gia-nghia", "mos_listening": mos}
    else:
        count = 900 if kind == "video" else 150
        there |= {"frames_sent": count, "frames_lost": 0, "frames_undecodable": 0}
        there |= {"frames_late": 0, "freezes": 0}
        there |= dict.fromkeys(("frames_not_shown_pct", "frames_not_shown_pct_20s"), 0.0)
        there |= dict.fromkeys(("freeze_pct", "freeze_pct_20s"), 0.0)
        if kind == "video":
            there |= {"artefacts": 0, "pictures_due_s": 30.0}
            there |= {"artefacts_expected_per_h": 0.0, "artefacts_per_h": 0.0}
        if (kind, direction) == ("video", "down"):
            there |= {"camera_to_screen_ms": 260.0, "camera_to_screen_with": "gia-nghia"}
    return StreamResult(
        **(there | more),
        kind=kind,
        direction=direction,
        packets_sent=sent,
        packets_received=got,
        packets_impaired=impaired,
        lost_pct=wire,
        listener_lost_pct=ear,
        listener_lost_pct_20s=ear,
        loss_burst_max=min(1, sent - got),
        jitter_ms=jitter_ms,
        delay_p50_ms=delay_ms,
        delay_p95_ms=delay_ms,
        delay_p99_ms=delay_ms,
        mos=mos if kind == "audio" else None,
        interruption_ms_max=interruption_ms,
    )


def bridge(ident: str, name: str | None = None, *streams: StreamResult) -> BridgeResult:
    """A bridge with audio and video both ways, or with the streams given."""
    known = EXISTING | NEW
    other = "cu-jut" if ident == "gia-nghia" else "gia-nghia"
    heard = {"mouth_to_ear_with": other}
    every = [
        stream("audio", "up", **heard),
        stream("audio", "down", **heard),
        stream("video", "up", sent=7000, delay_ms=4.0),
        stream("video", "down", sent=7000, delay_ms=5.0, camera_to_screen_with=other),
    ]
    skews: dict[str, Any] = {"sound_early_ms": 0.0, "sound_late_ms": 0.0}
    return BridgeResult(
        id=ident, name=name or known.get(ident, ident), streams=list(streams) or every, **skews
    )


def link(ident: str, direction: str, peak_pct: float = 22.0, drops: int = 0) -> LinkResult:
    """One link direction of 10 Mb/s."""
    return LinkResult(
        id=ident,
        direction=direction,
        rate_mbps=10.0,
        utilisation_pct=min(peak_pct, 21.0),
        peak_pct=peak_pct,
        drops=drops,
        queue_p99_ms=0.8,
    )


def mcu(joined: Sequence[str], refused: Sequence[Refused] = (), **changes: Any) -> McuResult:
    """90 units, 3 for each bridge."""
    values: dict[str, Any] = {
        "units_used": 3.0 * len(joined),
        "units_total": 90.0,
        "ports_used": len(joined),
        "ports_total": 90,
        "joined": list(joined),
        "refused": list(refused),
        "setup_network_ms_p95": 42.0,
    }
    values |= changes
    units, total = values["units_used"], values["units_total"]
    use = {"used_of": "units", "used_amount": units, "used_total": total}
    return McuResult(**{"used_pct": min(100.0, 100.0 * units / total), **use, **values})


def phase(
    name: str,
    bridges: Sequence[BridgeResult],
    links: Sequence[LinkResult] | None = None,
    device: McuResult | None = None,
) -> Phase:
    """A phase of 30 s with an access link for each bridge."""
    access = [
        link(f"access-{b.id}", direction)
        for b in bridges
        for direction in (f"{b.id}->r-{b.id}", f"r-{b.id}->{b.id}")
    ]
    return Phase(
        name=name,
        seconds=30.0,
        bridges=list(bridges),
        links=access if links is None else list(links),
        mcu=device or mcu([b.id for b in bridges]),
    )


def phases() -> list[Phase]:
    """Before, during and after; all is well."""
    old = [bridge(ident) for ident in EXISTING]
    new = [bridge(ident) for ident in NEW]
    return [phase("before", old), phase("during", old + new), phase("after", old + new)]


def unaccounted(packets: int) -> Reason:
    """Why a run is invalid that lost sight of packets."""
    return because("unaccounted", packets=packets, closed=1, full=0, waiting=2)


@cache
def _sound() -> Judgement:
    """What is found where all is well, which most tests begin with."""
    judged_by = criteria().without("faults")
    return judge(phases(), judged_by, existing=list(EXISTING), new=list(NEW), invalid=())


def result(
    of: Sequence[Phase] | None = None,
    *,
    invalid: Sequence[Reason] = (),
    run_id: str = "20261124-152000-mo-rong",
    thresholds: dict[str, float] | None = None,
    **meeting: Any,
) -> Result:
    """A whole result, judged by the default criteria; `meeting` are changes of how it was held."""
    given = phases() if of is None else list(of)
    judged_by = criteria(thresholds).without("faults")
    found = (
        _sound()
        if of is None and not invalid and not thresholds
        else judge(given, judged_by, existing=list(EXISTING), new=list(NEW), invalid=invalid)
    )
    names = EXISTING | NEW | {"mcu": "Polycom RMX 1500, 1 × MPMx", "r-gia-nghia": "Gia Nghĩa"}
    for p in given:
        names |= {b.id: b.name for b in p.bridges}
        names |= {f"r-{b.id}": b.name for b in p.bridges if f"r-{b.id}" not in names}
    streams = [s for p in given for b in p.bridges for s in b.streams]
    sent, received = sum(s.packets_sent for s in streams), sum(s.packets_received for s in streams)
    return Result(
        run_id=run_id,
        verdict=found.verdict,
        reasons=list(found.reasons),
        reason_codes=list(found.reason_codes),
        failed_without=list(found.failed_without),
        question=Question(
            existing=[Named(id=i, name=n) for i, n in EXISTING.items()],
            new=[Named(id=i, name=n) for i, n in NEW.items()],
            chair="gia-nghia",
            text_vi="Có thể kết nối thêm điểm cầu Thị xã Gia Nghĩa và Xã Quảng Sơn vào hệ thống "
            "giao ban điện tử mà toàn bộ hệ thống vẫn hoạt động tốt không?",
            text_en="May Gia Nghĩa town and Quảng Sơn commune be connected?",
            regulation=REGULATION,
        ),
        engine=Engine(name="sandbox", time="virtual", kernel="6.12.57"),
        inputs=Inputs(
            scenario=FileRef(path="scenarios/x.toml", sha256="a" * 64),
            province=FileRef(path="topology/province.toml", sha256="b" * 64),
            mcu=FileRef(path="mcu_sim/devices.toml", sha256="c" * 64),
            criteria=FileRef(path="results/criteria.toml", sha256="d" * 64),
            seed=1681,
            code="0123456789abcdef",
            commit="0123456789abcdef0123456789abcdef01234567",
            committed=True,
        ),
        meeting=Meeting(**(MEETING | meeting)),
        phases=given,
        more_calls=MoreCalls(resolution="720p30", limit_pct=80.0, to_limit=14, to_full=20),
        criteria=list(found.criteria),
        binding=found.binding,
        assumptions=[
            *judged_by.assumptions(),
            Assumption(
                what="Rate of the access link of Quảng Sơn",
                what_vi="Tốc độ đường truy nhập của điểm cầu Xã Quảng Sơn",
                value="10 Mb/s",
                source="usual rate in 2013",
                source_vi="mức thông dụng năm 2013",
                settled_by="the contract with the telecom company",
                settled_by_vi="hợp đồng thuê kênh với Công ty Viễn thông Đắk Nông",
            ),
        ],
        accounting=Accounting(
            packets_sent=sent,
            packets_received=received,
            packets_dropped_at_queues=sent - received,
            packets_lost_by_impairment=0,
            unaccounted=0,
        ),
        names=names,
    )


MINUTE = (
    "10 % loss (Gilbert–Elliott, mean burst 4 packets), link Đắk Song, up",
    "mất 10 % gói tin (Gilbert–Elliott, loạt mất trung bình 4 gói), Đắk Song, chiều lên",
    240.0,
    300.0,
)
"""Of a meeting of ten minutes, the one in which Đắk Song's access link loses packets."""


def series(
    bridges: int = 10,
    *,
    losing: bool = False,
    seconds: int = 90,
    impaired: Sequence[tuple[str, str, float, float]] = (),
) -> Series:
    """Three phases; the first eight bridges are there from the start, the rest join midway.

    `losing`: the last bridge's streams down lose packets in the second half. In the times of
    `impaired` those of Đắk Song up do.
    """
    rng = np.random.default_rng(1681)
    t_s = np.arange(seconds) + 0.5
    names = EXISTING | NEW
    names |= {f"xa-{n}": f"Xã số {n}" for n in range(bridges - len(names))}
    ids = list(names)[:bridges]
    hit = np.zeros(seconds, bool)
    for _, _, start, end in impaired:
        hit |= (t_s >= start) & (t_s < end)
    delay, lost, jitter, frozen, mos, load = {}, {}, {}, {}, {}, {}
    present = np.zeros(seconds)
    for index, ident in enumerate(ids):
        there = t_s > (0 if index < 8 else seconds / 3 + index % 20)
        present += there
        for kind in ("audio", "video"):
            for way in ("up", "down"):
                key = f"{ident} {kind} {way}"
                base = 0.4 + 0.3 * (index % 9) + (kind == "video")
                bad = losing & (index == bridges - 1) & (way == "down") & (t_s > seconds / 2)
                if ident == "dak-song" and way == "up":
                    bad = bad | hit
                gone = np.where(bad, rng.gamma(4, 2.5, seconds), 0.0)
                delay[key] = np.where(there, base + rng.gamma(2, 0.05, seconds), np.nan)
                jitter[key] = np.where(there, 0.2 + rng.gamma(2, 0.05, seconds), np.nan)
                lost[key] = np.where(there, gone, np.nan)
                if kind == "video":
                    still = np.where(gone > 0, rng.uniform(20, 100, seconds), 0.0)
                    frozen[key] = np.where(there, still, np.nan)
                else:
                    mos[key] = np.where(there, np.maximum(1.0, 4.4 - gone / 8), np.nan)
        for direction in (f"{ident}->r-{ident}", f"r-{ident}->{ident}"):
            load[f"access-{ident} {direction}"] = np.where(there, rng.normal(21.5, 1, seconds), 0)
    third = seconds / 3
    return Series(
        t_s=t_s,
        stream_delay_ms=delay,
        stream_lost_pct=lost,
        stream_jitter_ms=jitter,
        stream_frozen_pct=frozen,
        stream_mos=mos,
        link_utilisation_pct=load,
        mcu_used_pct=100 * 3.0 * present / (90.0 if bridges < 30 else 270.0),
        phases=[
            ("before", 0, third),
            ("during", third, 2 * third),
            ("after", 2 * third, 3 * third),
        ],
        names=names,
        impaired=list(impaired),
    )


def power_out(
    bridge: str,
    at_s: float,
    away_ms: float,
    back_ms: float | None,
    *,
    restored_s: float,
    lost: int,
) -> FaultResult:
    """A bridge is without power from a second on, and back, if at all, when it has power again."""
    impact = FaultImpact(
        bridge=bridge,
        behind=True,
        interruption_ms=away_ms,
        interrupted="audio down",
        sound_interruption_ms=away_ms,
        packets_lost=lost,
        cut_off=True,
        gone_ms=at_s * 1e3,
        back_ms=back_ms,
    )
    return FaultResult(
        id=f"site-{bridge}",
        kind="site",
        target="bridge",
        target_id=bridge,
        at_s=at_s,
        restored_s=None if back_ms is None else restored_s,
        text_en="site without power",
        text_vi="điểm cầu mất điện",
        bridges=[impact],
    )


def write_plots(
    series: Series, folder: Path, *, lang: Language, limits: Mapping[str, float] | None = None
) -> dict[str, Path]:
    """All pictures that a run has, in an existing folder: name → .svg."""
    return {
        name: write_plot(series, folder, name, lang=lang, limits=limits) for name in series.pictures
    }
