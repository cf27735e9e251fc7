"""Whether calls brought what they should, and what a device lacks: pure."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.results.model.studies.load import OperationResult
from giaoban.scenarios.load import judge, measures, media
from giaoban.scenarios.load.locust.outcomes import ReceivedMedia, Record


def call(**changes: Any) -> ReceivedMedia:
    """Ten seconds of sound, the first packet after 20 ms, all there."""
    values: dict[str, Any] = {
        "who": "bridge-0001", "medium": "audio", "at_s": 2.0, "lasted_ms": 10_000.0,
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
    one = call(**changes)
    assert media.missing(one) == why
    [result] = media.results([one])
    assert result.missed == ({} if why is None else {why: 1})
    assert result.calls == 1


def test_calls_are_counted_by_medium_and_the_worst_is_told() -> None:
    calls = [
        call(),
        call(heard_ms=4940.0, lost=250, received=250),
        call(lasted_ms=299.0, **NEVER),
        call(medium="video", received=900, heard_ms=9980.0),
    ]
    sound, pictures = media.results(calls)
    assert (sound.medium, sound.calls, sound.too_short) == ("audio", 2, 1)
    assert sound.missed == {"too-little": 1}
    assert (sound.packets_sent, sound.packets_received, sound.packets_lost) == (1500, 749, 250)
    assert (sound.expected_s, sound.heard_s) == (19.76, 14.82)  # of 9.88 s each, half of one
    assert sound.worst_pct == 50.0
    assert (pictures.medium, pictures.calls, pictures.worst_pct) == ("video", 1, 100.0)
    assert media.results([]) == []


def criteria(
    calls: list[ReceivedMedia], **thresholds: float
) -> dict[str, tuple[float | None, bool | None]]:
    records = [Record(operation="invite", who="bridge-0001", at_s=2.0, ms=10.0, ok=True)]
    named = {key.replace("_", "-"): value for key, value in thresholds.items()}
    found = judge.judge(
        measures.sessions(records), measures.operations(records), None, named,
        media=media.results(calls),
    )  # fmt: skip
    return {c.id: (c.value, c.ok) for c in found}


def test_one_call_without_sound_fails_the_test() -> None:
    assert criteria([call()])["calls-not-heard"] == (0, True)
    assert criteria([call(), call(**NEVER)])["calls-not-heard"] == (1, False)
    assert criteria([call(), call(**NEVER)], calls_not_heard=1)["calls-not-heard"] == (1, True)
    seen = criteria([call(), call(medium="video", **NEVER)])
    assert (seen["calls-not-heard"], seen["calls-not-seen"]) == ((0, True), (1, False))


def test_media_of_calls_that_are_too_short_are_not_judged_and_that_is_told() -> None:
    assert criteria([call(lasted_ms=100.0)])["calls-not-heard"] == (None, None)
    assert "calls-not-heard" not in criteria([])


def test_a_device_that_never_sends_is_seen_in_the_shortest_calls() -> None:
    short = call(lasted_ms=100.0, **NEVER)
    assert criteria([short] * 9)["calls-not-heard"] == (None, None)
    assert criteria([short] * 10)["calls-not-heard"] == (10, False)
    assert criteria([*[short] * 10, call(lasted_ms=100.0)])["calls-not-heard"] == (None, None)


def done(operation: str, failed: dict[str, int], succeeded: int = 0) -> OperationResult:
    bad = sum(failed.values())
    return OperationResult(
        operation=operation, attempts=succeeded + bad, succeeded=succeeded, failed=failed,
        answers={}, repeats=0, delay=None,
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
        ("guess", {"unsupported": 8}, True, True),
        ("guess", {"authentication": 8}, True, False),
        # what calls are made of is never lacking: a device that has none of it fails
        ("invite", {"unsupported": 8}, True, False),
        ("info", {"unsupported": 8}, True, False),
    ],
)
def test_a_device_lacks_what_it_shows_no_trace_of(
    operation: str, failed: dict[str, int], accounts: bool, lacks: bool
) -> None:
    assert measures.lacking([done(operation, failed)], accounts=accounts) == [operation] * lacks
    # one success is a trace: what failed then, failed
    assert measures.lacking([done(operation, failed, succeeded=1)], accounts=accounts) == []


def test_where_no_password_can_be_guessed_nothing_is_said_of_guesses() -> None:
    guess = Record(
        operation="guess", who="bridge-0001", at_s=1.0, ms=5.0, ok=False, code=405,
        cause="unsupported",
    )  # fmt: skip
    found = judge.judge(
        measures.sessions([guess]), measures.operations([guess]), None, {}, lacks=["guess"],
        guessing=measures.guessing([guess], None),
    )  # fmt: skip
    assert {c.id: c.ok for c in found} == {"guesses-accepted": None, "guesses-answered": None}


@pytest.mark.parametrize(
    ("operation", "ident"),
    [
        ("options", "options-failed"),
        ("register", "registrations-failed"),
        ("guess", "guesses-accepted"),
    ],
)
def test_what_is_lacking_is_judged_only_by_a_threshold_of_its_own(
    operation: str, ident: str
) -> None:
    operations = [done(operation, {"unsupported": 8})]

    def ok(lacks: list[str], **thresholds: float) -> bool | None:
        found = judge.judge(measures.sessions([]), operations, None, thresholds, lacks=lacks)
        [criterion] = [c for c in found if c.id == ident]
        return criterion.ok

    assert ok([]) is False
    assert ok([operation]) is None
    assert ok([operation], **{ident: 0.0}) is False
    assert ok([operation], **{ident: 8.0}) is True
