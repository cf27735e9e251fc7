"""An analysis of assumptions as small as can be: what flips on either side, a choice, a limit,
three records that are alike, and what moves nothing."""

from __future__ import annotations

from typing import Any

from giaoban.results.model.places import Binding, Place
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import Assumption
from giaoban.results.model.studies.sensitivity import (
    DrawnWorlds,
    FailedBy,
    FlipPoint,
    PastFlips,
    Sensitivity,
    TriedFigure,
    TriedValue,
    UntriedAssumption,
)
from tests.results import results_factory as make

RUN_ID = "sensitivity-expansion-20261127-080000"
LINE = "province.mcu.rate_mbps"
COMPOSE = "device.compose_delay.delay_ms"
KEY = "province.bridges.west.rate_mbps"


def binding(margin_pct: float) -> Binding:
    """What limits the answer: the MCU's line."""
    return Binding(
        criterion="loss", cause="link", place=Place(kind="link", id="access-mcu", detail="up"),
        where="link access-mcu", value=1 - margin_pct / 100, threshold=1.0, unit="%",
        margin_pct=margin_pct,
    )  # fmt: skip


def at(value: float | str, margin_pct: float | None) -> TriedValue:
    """A value that was tried: it fails below a margin of 0."""
    verdict: Verdict = "pass" if margin_pct is not None and margin_pct >= 0 else "fail"
    return TriedValue(value=value, verdict=verdict, criterion="loss", margin_pct=margin_pct)


def flip(holds: float | str, flips: float | str) -> FlipPoint:
    """From pass to fail."""
    return FlipPoint(holds=holds, flips=flips, verdict="fail", binding=binding(-1.0))


def tried(key: str, what: str, what_vi: str, field: str, unit: str, **more: Any) -> TriedFigure:
    """A figure, from 2 to 1,000 as far as nothing else is said, at 100 as assumed."""
    given: dict[str, Any] = {
        "value": 100.0,
        "low": 2.0,
        "high": 1000.0,
        "range_from": "beside",
        "range_source": "offers of two carriers",
        "range_source_vi": "chào giá của hai nhà mạng",
        "settled_by": "the contract",
        "settled_by_vi": "hợp đồng",
        "curve": [at(2.0, 20.0), at(100.0, 20.0), at(1000.0, 20.0)],
    }
    return TriedFigure(
        key=key, what=what, what_vi=what_vi, field=field, unit=unit, **(given | more)
    )


def figures() -> list[TriedFigure]:
    """Seven; as assumed the margin is 20 %."""
    line = tried(
        LINE, "access of the MCU", "đường truy nhập của MCU", "rate_mbps", "Mb/s",
        below=flip(31.0, 30.5), scale="log",
        curve=[at(2.0, -800.0), at(30.5, -1.0), at(31.0, 1.0), at(100.0, 20.0), at(1000.0, 60.0)],
    )  # fmt: skip
    compose = tried(
        COMPOSE, "picture composing delay of RMX", "độ trễ ghép hình của RMX", "delay_ms", "ms",
        value=120.0, low=0.0, high=250.0, above=flip(159.0, 160.0),
        curve=[at(0.0, 45.0), at(120.0, 20.0), at(159.0, 0.5), at(160.0, -0.5), at(250.0, None)],
    )  # fmt: skip
    queues = tried(
        "province.qos.scheduling", "queues", "hàng đợi", "scheduling", "", value="fifo",
        low=None, high=None, choices=["fifo", "classes"], curve=[at("fifo", 20.0),
        at("classes", 35.0)],
    )  # fmt: skip
    limit = tried(
        "thresholds.loss", "limit: loss", "ngưỡng: mất gói", "threshold", "%", value=1.0, low=0.5,
        high=2.0, below=flip(0.8, 0.79), curve=[at(0.5, -60.0), at(0.79, -1.0), at(0.8, 0.0),
        at(1.0, 20.0), at(2.0, 30.0)],
    )  # fmt: skip
    lines = [
        tried(
            f"province.bridges.{ident}.rate_mbps", f"access of bridge {name}",
            f"đường truy nhập của điểm cầu {name}", "rate_mbps", "Mb/s", value=10.0,
            below=flip(2.8, 2.7), curve=[at(2.0, -40.0), at(2.7, -1.0), at(2.8, 1.0),
            at(10.0, 20.0), at(1000.0, 20.0)],
        )
        for ident, name in (("cu-jut", "Cư Jút"), ("dak-mil", "Đắk Mil"), ("dak-song", "Đắk Song"))
    ]  # fmt: skip
    length = tried("province.mcu.km", "access of the MCU", "đường truy nhập của MCU", "km", "km")
    return [length, *lines, limit, queues, compose, line]


def drawn(passed: int = 600) -> DrawnWorlds:
    """A thousand worlds; the line fails half of those that fail."""
    past = PastFlips(field="rate_mbps", keys=[LINE], worlds=500 - passed // 2)
    return DrawnWorlds(
        seed=1681, judged=1000, impossible=0, passed=passed, low_pct=passed / 10 - 3,
        high_pct=passed / 10 + 3, failed_by=[FailedBy(criterion="loss", worlds=1000 - passed,
        alone=500 - passed // 2, past_flips=[past])],
    )  # fmt: skip


def answer(**more: Any) -> Sensitivity:
    """All of it; of the same question as `results_factory.result()`."""
    result = make.result()
    router = Assumption(
        what="place of router A", value="1°, 2°", source="a map", settled_by="a survey",
        what_vi="vị trí bộ định tuyến A", value_vi="1°, 2°", source_vi="bản đồ",
        settled_by_vi="khảo sát",
    )  # fmt: skip
    given: dict[str, Any] = {
        "run_id": RUN_ID, "verdict": "pass", "as_assumed": "pass", "criteria": result.criteria,
        "binding": binding(20.0), "question_en": result.question.text_en,
        "question_vi": result.question.text_vi, "inputs": result.inputs, "seeds": 0,
        "figures": figures(), "estimates": 40, "seconds": 1.0, "drawn": drawn(),
        "untried": [UntriedAssumption(assumption=router, why="changes nothing",
                                      why_vi="không ảnh hưởng kết quả")],
    }  # fmt: skip
    return Sensitivity(**(given | more))


def figure() -> TriedFigure:
    """A line of 10 Mb/s that has to have 4.1 or more."""
    return tried(
        KEY, "access of bridge Tây", "đường truy nhập của điểm cầu Tây", "rate_mbps", "Mb/s",
        value=10.0, high=100.0, below=flip(4.1, 4.0), curve=[],
    )  # fmt: skip


def analysis(*figures: TriedFigure) -> Sensitivity:
    """Beside the sample check, in its folder."""
    check = make.result()
    return answer(
        run_id=check.run_id, binding=check.binding, figures=list(figures), untried=[], drawn=None
    )
