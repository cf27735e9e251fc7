"""From the events of a run to its minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scenario_factory import scenario

from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.report.meetings.minutes import SENTENCES
from giaoban.scenarios.measure.minutes import minutes
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.records.events import (
    CallRefused,
    Controlled,
    Event,
    Joined,
    Left,
    McuHealth,
    Redialled,
    TimedOut,
)
from giaoban.scenarios.spec.faults.kinds import KINDS

HEALTH: dict[str, Any] = dict.fromkeys(
    ("starved", "stray", "overflowed", "unheard", "unsendable", "rtcp_sent", "rtcp_received",
     "sip_sent", "sip_received"), 0
)  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return make_question(scenario(tmp_path_factory.mktemp("s") / "s.toml")).plan


def at(plan: Plan, t_s: float) -> float:
    """Milliseconds after the origin of what is so many seconds after the first phase began."""
    return (plan.phases[0].start_s + t_s) * 1e3


def told(plan: Plan, *events: Event, faults: tuple[FaultResult, ...] = ()) -> list[Any]:
    """What is not the plan's own."""
    found = minutes(plan, list(events), list(faults))
    return [e for e in found if not e.code.endswith(("-begins", "-ends")) or e.code in MORE]


MORE = ("present-ends",)


def controlled(plan: Plan, kind: str, bridge: str, **more: Any) -> Controlled:
    by = more.pop("by", "west")
    return Controlled(
        t_ms=at(plan, 1.0), who="mcu", bridge=bridge, meeting="m", kind=kind, by=by, text="", **more
    )


def test_joining_again_is_told_as_that_and_a_replaced_call_is_not_a_leaving(plan: Plan) -> None:
    joined: dict[str, Any] = {"who": "mcu", "bridge": "east", "meeting": "m"}
    left: dict[str, Any] = {"who": "mcu", "bridge": "east"}
    found = told(
        plan,
        Joined(t_ms=at(plan, -1.0), **joined),
        Redialled(t_ms=at(plan, 3.0), who="bridge", bridge="east", attempt=1),
        Left(t_ms=at(plan, 3.1), cause="replaced", **left),
        Joined(t_ms=at(plan, 3.2), **joined),
        Left(t_ms=at(plan, 4.0), cause="timeout", **left),
        Left(t_ms=plan.hang_up_s * 1e3 + 1, cause="bye", **left),
    )
    assert [(round(e.t_s, 1), e.code, e.bridge) for e in found][:4] == [
        (-1.0, "joined", "east"),
        (3.0, "redialled", "east"),
        (3.2, "rejoined", "east"),
        (4.0, "left", "east"),
    ]
    assert found[-1].code == "hung-up"


def test_calls_that_came_to_nothing(plan: Plan) -> None:
    refusal: dict[str, Any] = {"t_ms": at(plan, 0.5), "bridge": "east", "code": 503, "reason": "no"}
    found = told(
        plan,
        CallRefused(who="bridge", **refusal),
        CallRefused(who="mcu", **refusal),
        TimedOut(t_ms=at(plan, 1.0), who="bridge", bridge="west"),
    )
    assert [(e.code, e.bridge) for e in found] == [
        ("call-refused", "east"),
        ("call-unanswered", "west"),
    ]
    assert found[0].arguments == {"status": 503, "reason": "no"}


def test_the_control_room(plan: Plan) -> None:
    found = told(
        plan,
        controlled(plan, "call-to-speak", "east"),
        controlled(plan, "present", "east"),
        controlled(plan, "present", ""),
        controlled(plan, "layout", "east"),
        controlled(plan, "interruption", "east", by="east", cause="máy phát hỏng", remedy="thay",
                   expected_min=15.0),
    )  # fmt: skip
    assert [(e.code, e.bridge) for e in found] == [
        ("call-to-speak", "east"),
        ("present", "east"),
        ("present-ends", None),
        ("interruption", "east"),
    ]
    assert found[-1].arguments == {
        "by": "east",
        "cause": "máy phát hỏng",
        "remedy": "thay",
        "expected_min": 15.0,
    }


def fault(kind: str = "cut", restored_s: float | None = 4.0, *hits: FaultImpact) -> FaultResult:
    return FaultResult(
        id="f",
        kind=kind,
        target="link",
        target_id="west--east",
        at_s=1.0,
        restored_s=restored_s,
        text_en="x",
        text_vi="x",
        bridges=list(hits),
    )


def hit(gone_ms: float | None, back_ms: float | None) -> FaultImpact:
    return FaultImpact(
        bridge="east",
        behind=False,
        interruption_ms=0.0,
        packets_lost=1,
        cut_off=False,
        gone_ms=gone_ms,
        back_ms=back_ms,
    )


@pytest.mark.parametrize(
    ("gone_ms", "back_ms", "codes"),
    [
        (None, None, [(1.0, "fault"), (4.0, "restored")]),
        (990.0, 1_800.0, [(1.0, "interrupted-briefly"), (4.0, "restored")]),
        (1_010.0, 5_000.0, [(1.01, "interrupted"), (4.0, "restored"), (5.0, "back")]),
        (1_010.0, None, [(1.01, "interrupted"), (4.0, "restored")]),
    ],
)
def test_an_interruption_by_a_fault(
    plan: Plan, gone_ms: float | None, back_ms: float | None, codes: list[tuple[float, str]]
) -> None:
    found = told(plan, faults=(fault("cut", 4.0, hit(gone_ms, back_ms)),))
    assert [(e.t_s, e.code) for e in found] == codes
    about = found[0].arguments
    assert (about["cause"], about["expected_s"]) == ("a cable is cut", 4.0)
    if found[-1].code == "back":
        assert found[-1].arguments["seconds"] == 3.99


def test_of_what_is_not_mended_nobody_knows_when(plan: Plan) -> None:
    found = told(plan, faults=(fault("cut", None, hit(1_010.0, None)),))
    assert [e.code for e in found] == ["interrupted"]
    assert "expected_s" not in found[0].arguments


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name())
def test_every_kind_of_fault_has_a_cause_and_a_remedy(plan: Plan, kind: Any) -> None:
    about = told(plan, faults=(fault(kind.name()),))[0].arguments
    assert about["cause"] == kind.cause
    assert about["remedy"] == kind.remedy
    assert kind.cause
    assert kind.remedy


@pytest.mark.parametrize(("calls", "code"), [(0, "mcu-free"), (1, "mcu-holds")])
def test_what_the_mcu_holds_at_the_end(plan: Plan, calls: int, code: str) -> None:
    last = McuHealth(calls_left=calls, units_left=3.0 * calls, **HEALTH)
    first = McuHealth(calls_left=7, units_left=21.0, **HEALTH)  # of the time before a crash
    found = minutes(plan, [first, last], [])[-1]
    assert found.code == code
    assert found.arguments == ({"calls": 1, "units": 3.0} if calls else {})


def test_all_codes_have_words(plan: Plan, tmp_path: Path) -> None:
    kinds = ("call-to-speak", "present", "dropped", "rejoined", "report-due", "refused")
    found = minutes(plan, [controlled(plan, kind, "east") for kind in kinds], [fault()])
    assert {entry.code for entry in found} <= set(SENTENCES)
