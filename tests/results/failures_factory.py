"""Small answers about failures for tests: a ring of three bridges with one on a spur."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from giaoban.results.judge.failure_points import (
    single_points,
    unneeded,
    verdict_of,
    with_points,
    worst_links,
    worst_of,
)
from giaoban.results.model.reasons import Reason
from giaoban.results.model.result import Engine, Named, Question
from giaoban.results.model.studies.failures import (
    Acceptance,
    BridgeImpact,
    Element,
    FailureResult,
    FaultsAnswer,
    LinkPeak,
    Timing,
)
from tests.results import results_factory

BRIDGES = {"gia-nghia": "Gia Nghĩa", "cu-jut": "Cư Jút", "dak-glong": "Đắk Glong"}
NAMES = {
    **BRIDGES,
    "gia-nghia--cu-jut": "Gia Nghĩa – Cư Jút",
    "gia-nghia--dak-glong": "Gia Nghĩa – Đắk Glong",
    "r-cu-jut": "Cư Jút",
    "r-dak-glong": "Đắk Glong",
}
POINTS = {
    "link": ("link {}", "đường truyền {}"),
    "router": ("router {}", "bộ định tuyến {}"),
    "bridge": ("power at {}", "nguồn điện tại {}"),
    "group": ("cable {}", "cáp chung {}"),
    "mcu": ("the MCU", "MCU"),
}
HAPPENS = {
    "cut": ("link {} cut", "Đứt đường truyền {}"),
    "silent": ("link {} lit, but its packets gone", "Mất gói trên đường truyền {}"),
    "router": ("router {} down", "Hỏng bộ định tuyến {}"),
    "site": ("power out at {}", "Mất điện tại {}"),
    "group": ("cable {} cut", "Đứt cáp chung {}"),
    "mcu": ("the MCU down", "Hỏng MCU"),
}
KINDS = {"cut": "link", "silent": "link", "router": "router", "site": "bridge", "group": "group"}


def names_of(failures: Sequence[FailureResult]) -> dict[Element, tuple[str, str]]:
    """What people call the things that fail."""
    found = {}
    for element in (element for failure in failures for element in failure.elements):
        en, vi = POINTS[element.kind]
        name = NAMES.get(element.id, element.id)
        found[element] = en.format(name), vi.format(name)
    return found


def points(
    failures: Sequence[FailureResult], accepted: Mapping[str, Acceptance]
) -> list[FailureResult]:
    """Return the failures as single points; of accepted ones the trial accepts bridges behind them.

    An acceptance of a cut link holds for its silent failure."""
    ids = [failure.id for failure in failures]
    same = {ident: ident.replace("silent:", "cut:") for ident in ids if ident.startswith("silent:")}
    found = []
    for failure in with_points(failures, accepted, same):
        if failure.accepted is not None or failure.kind == "pair":
            found.append(with_accepted(failure, [b.bridge for b in failure.bridges if b.behind]))
        else:
            found.append(failure)
    return found


def with_accepted(failure: FailureResult, bridges: Sequence[str]) -> FailureResult:
    """Return a failure of which the criteria do not judge these bridges, nor its own."""
    impacts = [
        b.model_copy(update={"accepted": b.bridge in {*bridges, *failure.own}})
        for b in failure.bridges
    ]
    worst = worst_of(impacts, failure.links)._asdict() if impacts else {}
    return failure.model_copy(update={"bridges": impacts, **worst})


def impact(
    bridge: str,
    ms: float = 0.0,
    *,
    lost: int = 0,
    cut_off: bool = False,
    behind: bool = False,
    **more: Any,
) -> BridgeImpact:
    """What a failure did to one bridge, to its picture; by default nothing."""
    more.setdefault("picture_interruption_ms", ms)
    return BridgeImpact(
        bridge=bridge,
        behind=behind,
        cut_off=cut_off,
        interruption_ms=ms,
        packets_lost=lost,
        **more,
    )


def failure(
    ident: str,
    bridges: Sequence[BridgeImpact] = (),
    links: dict[str, float] | None = None,
    *,
    verdict: Any = "pass",
    reasons: Sequence[str | Reason] = (),
    own: Sequence[str] = (),
) -> FailureResult:
    """One failure; bridges not given were not touched. `links`: load of one direction each."""
    given = {b.bridge: b for b in bridges}
    every = [given.get(bridge, impact(bridge)) for bridge in BRIDGES]
    every += [b for b in bridges if b.bridge not in BRIDGES]
    peaks = [
        LinkPeak(id=name, direction="a->b", peak_pct=pct)
        for name, pct in (links or {"gia-nghia--cu-jut": 20.0}).items()
    ]
    elements = []
    for part in ident.split("+"):
        kind, _, name = part.partition(":")
        elements.append(Element.model_validate({"kind": KINDS.get(kind, kind), "id": name or kind}))
    kind = "pair" if "+" in ident else ident.partition(":")[0]
    measured = verdict != "invalid"
    made = FailureResult.model_validate(
        {
            "id": ident,
            "kind": kind,
            "name_en": told_of(ident)[0],
            "name_vi": told_of(ident)[1],
            "elements": elements,
            "own": list(own),
            "verdict": verdict,
            "reasons": list(map(str, reasons)),
            "reason_codes": [reason for reason in reasons if isinstance(reason, Reason)],
            "bridges": every if measured else [],
            "links": peaks if measured else [],
            **(worst_of(every, peaks)._asdict() if measured else {}),
        }
    )
    return with_accepted(made, [b.bridge for b in every if b.accepted])


def told_of(ident: str) -> tuple[str, str]:
    """What people call a failure."""
    parts = [part.partition(":") for part in ident.split("+")]
    of = [(HAPPENS[kind], NAMES.get(name, name)) for kind, _, name in parts]
    en, vi = ([words[n].format(name) for words, name in of] for n in (0, 1))
    return " and ".join(en), " và ".join(vi)


def usual() -> list[FailureResult]:
    """A ring link, the spur's link, and the site behind it."""
    gone = impact("dak-glong", 8000.0, lost=900, cut_off=True, behind=True)
    return [
        failure("cut:gia-nghia--cu-jut", [impact("cu-jut", 412.25, lost=87)]),
        failure("cut:gia-nghia--dak-glong", [gone]),
        failure("site:dak-glong", [gone], own=["dak-glong"]),
    ]


def acceptance(ident: str) -> Acceptance:
    """Of a failure, with a reason."""
    return Acceptance(failure=ident, reason="no second fibre yet", reason_vi="chưa có tuyến hai")


def answer(
    of: Sequence[FailureResult] | None = None,
    accepts: Sequence[str] = ("cut:gia-nghia--dak-glong",),
    **more: Any,
) -> FaultsAnswer:
    """A whole answer; `accepts` are failures that are accepted, `more` fields by their names."""
    accepted = {i: acceptance(i) for i in accepts}
    failures = points(usual() if of is None else list(of), accepted)
    verdict, reasons = verdict_of(failures)
    fields: dict[str, Any] = {
        "run_id": "faults-ring-20261125-010000",
        "verdict": verdict,
        "reasons": reasons,
        "question": Question(
            existing=[Named(id=i, name=n) for i, n in BRIDGES.items()],
            new=[],
            text_vi="Hỏng một thì sao?",
            text_en="What if one fails?",
            regulation=results_factory.REGULATION,
        ),
        "engine": Engine(name="sandbox", time="virtual", kernel="6.12.57"),
        "inputs": results_factory.result().inputs,
        "timing": Timing(before_s=4, during_s=9, after_s=6, at_s=5, to_s=13),
        "whole": True,
        "possible": [part for f in failures for part in f.id.split("+")],
        "failures": failures,
        "single_points": single_points(failures, names_of(failures)),
        "unneeded": unneeded(failures, accepted),
        "links": worst_links(failures),
        "link_limit_pct": 80.0,
        "interruption_limit_ms": 1000.0,
        "names": NAMES,
    }
    return FaultsAnswer(**{**fields, **more})
