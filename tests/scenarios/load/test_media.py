"""Whether calls brought what they should, and what a device lacks: pure."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.results.model.studies.load import OperationResult, Sessions
from giaoban.scenarios.load import judge, measures, media
from giaoban.scenarios.load.outcomes import ReceivedMedia


def call(**changes: Any) -> ReceivedMedia:
    """Ten seconds of sound, the first packet after 20 ms, all there."""
    values: dict[str, Any] = {
        "who": "bridge-0001", "medium": "audio", "lasted_ms": 10_000.0,
        "agreed": True, "sent": 500, "received": 499, "wait_ms": 20.0, "heard_ms": 9980.0,
    }  # fmt: skip
    return ReceivedMedia(**{**values, **changes})


NEVER = {"received": 0, "wait_ms": None, "heard_ms": 0.0}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"agreed": False}, "not-agreed"),
        ({"agreed": False, **NEVER}, "not-agreed"),
        (NEVER, "nothing"),
        ({"withheld": True, **NEVER}, "withheld"),
        ({"withheld": True, "agreed": False, **NEVER}, "withheld"),
        ({**NEVER, "lasted_ms": 300.0}, "nothing"),
        # a device may take a second until it sends
        ({"wait_ms": 1000.0, "heard_ms": 9000.0}, None),
        ({"wait_ms": 1000.1, "heard_ms": 8999.9}, "late"),
        # 95 % of what should come from then on, but for a tenth of a second on its way
        ({"wait_ms": 0.0, "heard_ms": 0.95 * 9900.0}, None),
        ({"wait_ms": 0.0, "heard_ms": 0.95 * 9900.0 - 1.0}, "too-little"),
        ({"wait_ms": 1000.0, "heard_ms": 0.95 * 8900.0 - 1.0}, "too-little"),
        ({"lasted_ms": 500.0, "wait_ms": 480.0, "heard_ms": 20.0}, None),
    ],
)
def test_a_call_hears_what_it_should(changes: dict[str, Any], why: str | None) -> None:
    assert media.missing(call(**changes)) == why


COUNTS = {
    "audio sent": 1500, "audio received": 749, "audio lost": 250, "audio short": 1,
    "audio short ms": 299, "audio expected ms": 19_760, "audio heard ms": 14_820,
}  # fmt: skip


def test_a_medium_has_its_calls_and_sums() -> None:
    judged = done("audio", {"protocol": 1}, succeeded=1, answers={"too-little": 1})
    [sound] = media.results({"audio": judged}, COUNTS)
    assert (sound.calls, sound.too_short, sound.missed) == (2, 1, {"too-little": 1})
    assert (sound.packets_sent, sound.packets_received, sound.packets_lost) == (1500, 749, 250)
    assert (sound.expected_s, sound.heard_s) == (19.76, 14.82)
    assert media.results({}, {}) == []
    [criterion] = judge.judge(NO_CALLS, [], None, {}, media=[sound])
    assert (criterion.id, criterion.value, criterion.ok) == ("calls-not-heard", 1, False)


@pytest.mark.parametrize(
    ("short_ms", "received", "missed"), [(900, 0, {}), (1000, 0, {"nothing": 9}), (1000, 1, {})]
)
def test_a_device_that_never_sends_is_seen_in_the_shortest_calls(
    short_ms: int, received: int, missed: dict[str, int]
) -> None:
    counts = {"audio short": 9, "audio short ms": short_ms, "audio received": received}
    [sound] = media.results({}, counts)
    assert sound.missed == missed


def done(
    operation: str,
    failed: dict[str, int],
    succeeded: int = 0,
    answers: dict[str, int] | None = None,
) -> OperationResult:
    bad = sum(failed.values())
    return OperationResult(
        operation=operation, attempts=succeeded + bad, succeeded=succeeded, failed=failed,
        answers=answers or {}, delay=None,
    )  # fmt: skip


NO_CALLS = Sessions(
    attempts=0, established=0, refused=0, dropped=0, attempt_rate_per_s=0.0,
    established_per_s=0.0, capacity=0, setup=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "failed", "accounts", "lacks"),
    [
        ("register", {"unsupported": 8}, True, True),
        ("register", {"timeout": 8}, True, True),
        ("register", {"protocol": 7, "timeout": 1}, True, True),
        ("register", {"capacity": 8}, True, False),
        ("register", {"capacity": 1, "timeout": 7}, True, False),
        ("register", {"authentication": 8}, True, False),
        ("register", {"authentication": 8}, False, True),
        ("options", {"timeout": 8}, True, True),
        # what calls are made of is never lacking: a device that has none of it fails
        ("invite", {"unsupported": 8}, True, False),
    ],
)
def test_a_device_lacks_what_it_shows_no_trace_of(
    operation: str, failed: dict[str, int], accounts: bool, lacks: bool
) -> None:
    assert measures.lacking([done(operation, failed)], accounts=accounts) == [operation] * lacks
    # one success is a trace: what failed then, failed
    assert measures.lacking([done(operation, failed, succeeded=1)], accounts=accounts) == []


@pytest.mark.parametrize(
    ("operation", "ident"),
    [
        ("options", "options-failed"),
        ("register", "registrations-failed"),
    ],
)
def test_what_is_lacking_is_judged_only_by_a_threshold_of_its_own(
    operation: str, ident: str
) -> None:
    operations = [done(operation, {"unsupported": 8})]

    def ok(lacks: list[str], **thresholds: float) -> bool | None:
        found = judge.judge(NO_CALLS, operations, None, thresholds, lacks=lacks)
        [criterion] = [c for c in found if c.id == ident]
        return criterion.ok

    assert ok([]) is False
    assert ok([operation]) is None
    assert ok([operation], **{ident: 0.0}) is False
    assert ok([operation], **{ident: 8.0}) is True
