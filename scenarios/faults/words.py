"""Faults in words, English and Vietnamese: what fails, not where or when."""

from __future__ import annotations

from collections.abc import Sequence

from results.model.faults import FaultResult
from results.report.wording import Wording
from scenarios.faults.spec import (
    Cut,
    Degrade,
    Fault,
    Flap,
    GroupCut,
    McuCrash,
    RateDrop,
    RouterDown,
    Silent,
    SitePower,
)
from scenarios.plan.plan import Plan
from scenarios.spec.impairment_words import Words


def what(fault: Fault) -> Words:
    """What happens."""
    match fault:
        case Cut():
            return Words("link cut", "đứt cáp")
        case Silent():
            return Words(
                "silent failure (light on, packets gone)",
                "mất gói hoàn toàn nhưng vẫn còn tín hiệu quang",
            )
        case Flap():
            down, up = fault.down_s, fault.up_s
            return Words(
                f"flapping ({down:g} s dark, {up:g} s lit)",
                f"chập chờn (mất {_vi(down)} s, có {_vi(up)} s)",
            )
        case Degrade():
            pct = fault.loss_pct
            if fault.over_s is None:
                return Words(
                    f"loss growing to {pct:g} %", f"tỷ lệ mất gói tăng dần đến {_vi(pct)} %"
                )
            return Words(
                f"loss growing to {pct:g} % within {fault.over_s:g} s",
                f"tỷ lệ mất gói tăng dần đến {_vi(pct)} % trong {_vi(fault.over_s)} s",
            )
        case RateDrop():
            return Words(
                f"rate down to {fault.rate_mbps:g} Mb/s",
                f"tốc độ giảm còn {_vi(fault.rate_mbps)} Mb/s",
            )
        case RouterDown():
            return Words("router down", "bộ định tuyến ngừng hoạt động")
        case SitePower():
            return Words("site without power", "mất điện tại điểm cầu")
        case McuCrash():
            return Words("MCU down", "hệ thống điều khiển đa điểm ngừng hoạt động")
        case GroupCut():
            return Words("cable with several links cut", "đứt cáp chung của nhiều tuyến")


def marks(
    faults: Sequence[FaultResult], plan: Plan, names: dict[str, str]
) -> list[tuple[str, str, float, float]]:
    """(English, Vietnamese, from, to) of each, with its place, for plots."""
    called = {name: text.split(" (")[0] for name, text in names.items()}
    seconds = plan.phases[-1].end_s - plan.phases[0].start_s
    found = []
    for fault in faults:
        en, vi = Wording("en").fault_at(fault, called), Wording("vi").fault_at(fault, called)
        to_s = seconds if fault.restored_s is None else fault.restored_s
        found.append((en, vi, fault.at_s, to_s))
    return found


def _vi(value: float) -> str:
    return f"{value:g}".replace(".", ",")
