"""`phu-luc.pdf`: the result as an annex in Vietnamese, laid out as Decree 30/2020/NĐ-CP asks.

Everything said is prepared here as plain data; `annex.typ` only lays it out. Fonts come from named
folders, not from whatever the machine has, and no date is written: the same result and pictures
give the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import typst

from giaoban.errors import GiaobanError, InputError, MachineLacks
from results.model import BridgeResult, Phase, Result, StreamResult
from results.store import writing
from results.vietnamese import (
    PHASES,
    Names,
    amount,
    binding_sentence,
    limit,
    margin,
    meeting_sentence,
    number,
    refusal,
    refused_command,
    resolution,
    verdict_sentence,
)

TEMPLATE = Path(__file__).with_name("annex.typ")
FONTS = Path("/usr/share/fonts/truetype/liberation")
#: Links shown in the table: the most loaded ones, the rest is in the result file.
LINKS_SHOWN = 10

CAPTIONS: Mapping[str, str] = {
    "map": "Bản đồ hệ thống, tô màu theo tải cao nhất của từng đường truyền",
    "delay": "Độ trễ một chiều theo điểm cầu qua ba giai đoạn",
    "loss": "Tỷ lệ mất gói theo điểm cầu qua ba giai đoạn",
    "links": "Tải của các đường truyền qua ba giai đoạn",
    "mcu": "Năng lực MCU đã sử dụng so với năng lực của thiết bị",
}


def write_annex(
    result: Result, pictures: Mapping[str, Path], out: Path, *, fonts: Path = FONTS
) -> None:
    """Write the annex as PDF to `out`, replacing it in one step.

    `pictures` are files (.svg, .png) by name: any of `map`, `delay`, `loss`, `links`, `mcu`.
    Raises `InputError` (unknown or missing picture, `out` not writable), `MachineLacks` (fonts).
    """
    if unknown := sorted(pictures.keys() - CAPTIONS.keys()):
        raise InputError(f"picture {unknown[0]!r}: not one of {', '.join(CAPTIONS)}")
    if not any(fonts.glob("LiberationSerif-*.ttf")):
        raise MachineLacks(
            f"the font Liberation Serif is not in {fonts}", "sudo apt-get install fonts-liberation"
        )
    with tempfile.TemporaryDirectory(prefix="giaoban-annex-") as name:
        # typst reads only below its root, so everything it needs is put into one folder.
        root = Path(name)
        data = annex_data(result)
        data["pictures"] = []
        for key in (key for key in CAPTIONS if key in pictures):
            target = root / f"{key}{pictures[key].suffix}"
            try:
                shutil.copyfile(pictures[key], target)
            except OSError as error:
                raise InputError(f"{pictures[key]}: picture: {error.strerror}") from None
            data["pictures"].append({"file": target.name, "caption": CAPTIONS[key]})
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        shutil.copyfile(TEMPLATE, root / "annex.typ")
        pdf = _compile(root, fonts)
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    with writing(out.parent):
        try:
            temporary.write_bytes(pdf)
            temporary.replace(out)
        finally:
            temporary.unlink(missing_ok=True)


def _compile(root: Path, fonts: Path) -> bytes:
    fallback = Path(mpl.get_data_path()) / "fonts" / "ttf"
    try:
        pdf = typst.compile(
            str(root / "annex.typ"),
            root=str(root),
            font_paths=[str(fonts), str(fallback)],
            ignore_system_fonts=True,
            format="pdf",
        )
    except RuntimeError as error:
        raise GiaobanError(f"the annex could not be set: {error}") from error
    if not isinstance(pdf, bytes):
        raise GiaobanError("the annex could not be set: typst gave no PDF")
    return pdf


def annex_data(result: Result) -> dict[str, Any]:
    """Everything the annex says, as text in Vietnamese, ready to lay out."""
    names = Names(result)
    counts = result.accounting
    return {
        "verdict": result.verdict,
        "question": result.question.text_vi,
        "existing": [bridge.name for bridge in result.question.existing],
        "new": [bridge.name for bridge in result.question.new],
        "meeting": meeting_sentence(result.meeting),
        "refused_commands": [refused_command(c, names) for c in result.refused_commands],
        "conclusion": verdict_sentence(result),
        "binding": ""
        if result.verdict == "invalid"
        else binding_sentence(result.binding, result, names),
        "invalid_reasons": result.reasons if result.verdict == "invalid" else [],
        "criteria": [
            {
                "name": c.name_vi,
                "value": amount(c.value, c.unit),
                "limit": limit(c),
                "margin": margin(c.margin_pct),
                "ok": c.ok,
                # A count of 0 is found nowhere in particular.
                "where": "" if c.ok and c.value == 0 else names.place(c.place),
                "source": c.source_vi,
            }
            for c in result.criteria
        ],
        "phases": [_phase_name(phase) for phase in result.phases],
        "phase_seconds": [f"{number(phase.seconds, 1)} giây" for phase in result.phases],
        "bridges": _bridge_rows(result.phases, names),
        "mcu_name": names.of("mcu"),
        "mcu": [_mcu_row(phase) for phase in result.phases],
        "refused": _refused(result.phases, names),
        "given_less": _given_less(result.phases, names),
        "links": _link_rows(result.phases, names),
        "links_total": len({(ln.id, ln.direction) for p in result.phases for ln in p.links}),
        "assumptions": [
            [
                a.what_vi or a.what,
                a.value_vi or a.value,
                a.source_vi or a.source,
                a.settled_by_vi or a.settled_by,
            ]
            for a in result.assumptions
        ],
        "evidence": _evidence(result),
        "accounting": (
            f"{number(counts.packets_sent)} gói tin đã gửi = {number(counts.packets_received)} "
            f"gói nhận được + {number(counts.packets_dropped_at_queues)} gói bị loại tại hàng đợi "
            f"+ {number(counts.packets_lost_by_impairment)} gói mất trên đường truyền "
            f"+ {number(counts.unaccounted)} gói không rõ nguyên nhân"
        ),
    }


def _phase_name(phase: Phase) -> str:
    return PHASES.get(phase.name, phase.name)


def _extreme(
    bridge: BridgeResult | None,
    read: Callable[[StreamResult], float | None],
    worst: Callable[[list[float]], float],
) -> float | None:
    values = [value for s in bridge.streams if (value := read(s)) is not None] if bridge else []
    return worst(values) if values else None


def _bridge_rows(phases: Sequence[Phase], names: Names) -> list[list[str]]:
    """For each bridge: name, then delay, jitter, loss and MOS, each by phase (worst stream)."""
    by_phase = [{bridge.id: bridge for bridge in phase.bridges} for phase in phases]
    rows: list[list[str]] = []
    for bridge in dict.fromkeys(key for found in by_phase for key in found):
        here = [found.get(bridge) for found in by_phase]
        delays = [_extreme(b, lambda s: s.delay_p95_ms, max) for b in here]
        jitters = [_extreme(b, lambda s: s.jitter_ms, max) for b in here]
        losses = [_extreme(b, lambda s: s.lost_pct, max) for b in here]
        scores = [_extreme(b, lambda s: s.mos, min) for b in here]
        cells = [_time(v) for v in [*delays, *jitters]] + [number(v) for v in losses + scores]
        rows.append([names.of(bridge), *cells])
    return rows


def _time(value_ms: float | None) -> str:
    """A time for a narrow column: tenths matter only to short ones."""
    return number(value_ms, 1 if value_ms is None or value_ms < 99.95 else 0)


def _mcu_row(phase: Phase) -> list[str]:
    mcu = phase.mcu
    share = 100 * mcu.units_used / mcu.units_total
    return [
        _phase_name(phase),
        f"{number(mcu.units_used)} / {number(mcu.units_total)}",
        f"{number(share, 1)}\u00a0%",
        f"{number(mcu.ports_used)} / {number(mcu.ports_total)}",
        str(len(mcu.joined)),
        str(len(mcu.refused)),
        str(len(mcu.downspeeded)),
        number(mcu.setup_ms_p95, 0),
    ]


def _refused(phases: Sequence[Phase], names: Names) -> list[str]:
    """One text for each reason, with the bridges it was given to."""
    by_code: dict[int, dict[str, None]] = {}
    for phase in phases:
        for call in phase.mcu.refused:
            by_code.setdefault(call.code, {})[names.of(call.bridge)] = None
    return [f"{refusal(code)}: {', '.join(who)}" for code, who in by_code.items()]


def _given_less(phases: Sequence[Phase], names: Names) -> list[str]:
    """One text for each step down, with the bridges it happened to."""
    by_step: dict[tuple[str, str], dict[str, None]] = {}
    for phase in phases:
        for call in phase.mcu.downspeeded:
            step = call.asked, call.given
            by_step.setdefault(step, {})[names.of(call.bridge)] = None
    return [
        f"{resolution(asked)} → {resolution(given)}: {', '.join(who)}"
        for (asked, given), who in by_step.items()
    ]


def _link_rows(phases: Sequence[Phase], names: Names) -> list[list[str]]:
    """The most loaded link directions: name, rate, peak in every phase, packets dropped."""
    peaks: dict[tuple[str, str], list[float | None]] = {}
    drops: dict[tuple[str, str], int] = {}
    rates: dict[tuple[str, str], float] = {}
    for index, phase in enumerate(phases):
        for link in phase.links:
            key = (link.id, link.direction)
            peaks.setdefault(key, [None] * len(phases))[index] = link.peak_pct
            drops[key] = drops.get(key, 0) + link.drops
            rates[key] = link.rate_mbps
    ranked = sorted(peaks, key=lambda k: (-max(p or 0.0 for p in peaks[k]), -drops[k], k))
    return [
        [
            names.link(*key),
            number(rates[key]),
            *(number(peak, 1) for peak in peaks[key]),
            number(drops[key]),
        ]
        for key in ranked[:LINKS_SHOWN]
    ]


def _evidence(result: Result) -> list[list[str]]:
    """Label, text, and `code` where the text is to be compared letter by letter."""
    engine = {"sandbox": "máy ảo thời gian ảo", "native": "máy thật, thời gian thực"}
    inputs = result.inputs
    files = (
        ("Kịch bản", inputs.scenario),
        ("Dữ liệu mạng", inputs.province),
        ("Danh mục thiết bị", inputs.mcu),
        ("Bộ tiêu chí", inputs.criteria),
    )
    return [
        ["Mã lần kiểm tra", result.run_id, "code"],
        ["Số khởi tạo ngẫu nhiên", str(inputs.seed), ""],
        ["Phiên bản phần mềm", inputs.code, "code"],
        ["Môi trường", f"{engine[result.engine.name]}; nhân Linux {result.engine.kernel}", ""],
        *([f"{label} (SHA-256)", ref.sha256, "code"] for label, ref in files),
    ]
