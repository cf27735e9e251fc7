"""From records to RFC 7501's figures, causes, criteria and the verdict."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.errors import InputError
from giaoban.results.model.studies.load import OperationResult
from giaoban.scenarios.load import generators, judge, measures, timetable
from giaoban.scenarios.load.locust.outcomes import GeneratorHealth, Record, cause_of, is_held_up
from tests.scenarios.load.test_timetable import plan


def record(operation: str, who: str, at_s: float, ms: float = 10.0, **more: Any) -> Record:
    values = {"operation": operation, "who": who, "at_s": at_s, "ms": ms, "ok": True, **more}
    return Record.model_validate(values)


def failed(operation: str, who: str, at_s: float, code: int, cause: str, **more: Any) -> Record:
    return record(operation, who, at_s, ok=False, code=code, cause=cause, **more)


def health(at_s: float, generator: str = "a", **more: Any) -> GeneratorHealth:
    values = {"cpu_pct": 10.0, "late_ms": 1.0, "missed_timers": 0, "standing": 0, **more}
    return GeneratorHealth.model_validate({"generator": generator, "at_s": at_s, **values})


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (0, "timeout"), (408, "timeout"), (504, "timeout"),
        (503, "capacity"), (486, "capacity"), (603, "protocol"),
        (401, "authentication"), (403, "authentication"), (407, "authentication"),
        (405, "unsupported"), (488, "unsupported"), (501, "unsupported"),
        (404, "protocol"), (482, "protocol"), (500, "protocol"),
    ],
)  # fmt: skip
def test_why_something_was_refused(code: int, cause: str) -> None:
    assert cause_of(code, (486, 503)) == cause


def test_a_device_says_that_it_is_full_in_its_own_way() -> None:
    assert cause_of(603, (486, 503, 603)) == "capacity"


def test_percentiles_are_delays_that_happened() -> None:
    delay = measures.delay_of([float(n) for n in range(1, 101)])
    assert (delay.p50_ms, delay.p95_ms, delay.p99_ms, delay.max_ms) == (50, 95, 99, 100)
    assert delay.mean_ms == 50.5
    assert measures.delay_of([]) is None
    one = measures.delay_of([7.0])
    assert {one.p50_ms, one.p95_ms, one.p99_ms, one.max_ms, one.mean_ms} == {7.0}


def test_rates_are_those_of_the_time_in_which_attempts_were_made() -> None:
    calls = [record("invite", f"bridge-{n}", n / 10) for n in range(41)]
    calls[7] = failed("invite", "bridge-7", 0.7, 503, "capacity")
    seen = measures.sessions(calls)
    assert (seen.attempts, seen.established, seen.refused) == (41, 40, 1)
    assert seen.attempt_rate_per_s == pytest.approx(10.0)
    assert seen.established_per_s == pytest.approx(10.0 * 40 / 41, abs=1e-3)
    assert seen.capacity == 40


def test_sessions_stand_from_their_answer_to_their_end() -> None:
    records = [
        record("invite", "a", 1.0, 100.0),
        record("invite", "b", 1.5, 100.0),
        record("bye", "a", 3.0, 50.0),
        record("drop", "b", 1.6, 4000.0, ok=False, cause="protocol"),
        record("incoming", "c", 4.0, 500.0),
    ]
    standing = [(round(at, 2), count) for at, count in measures.standing_at(records)]
    assert standing == [(1.1, 1), (1.6, 2), (3.05, 1), (4.5, 2), (5.6, 1)]
    assert measures.sessions(records).dropped == 1


@pytest.mark.parametrize(
    ("bridges", "said"),
    [(1, "no answer to any INVITE (1 call)"), (2, "no answer to any INVITE (2 calls)")],
)
def test_that_nobody_answered_is_said_of_one_call_as_of_several(bridges: int, said: str) -> None:
    records = [
        failed("invite", f"b-{number}", 1.0, 0, "timeout", reason="no answer")
        for number in range(bridges)
    ]
    assert measures.nobody_answered(measures.operations(records)) == [said]


def test_failures_are_counted_by_cause_and_answer() -> None:
    records = [
        record("register", "a", 1.0, repeats=2),
        failed("register", "b", 1.0, 403, "authentication", reason="Forbidden"),
        failed("register", "c", 1.0, 403, "authentication", reason="Forbidden"),
        failed("register", "d", 1.0, 0, "timeout", reason="no answer"),
    ]
    [seen] = measures.operations(records)
    assert seen.failed == {"authentication": 2, "timeout": 1}
    assert seen.answers == {"403 Forbidden": 2, "- no answer": 1}
    assert (seen.attempts, seen.succeeded, seen.repeats) == (4, 1, 2)


def test_a_storm_is_over_when_the_last_who_was_in_is_back() -> None:
    of = plan(shape="storm", bridges=3)
    outage = timetable.outage(of)
    names = [of.name(n) for n in range(3)]
    before = [record("invite", name, 2.0) for name in names]
    back = [
        record("invite", names[0], outage.back_s + 0.1, 100.0),
        failed("invite", names[1], outage.back_s + 0.1, 503, "capacity"),
        record("invite", names[1], outage.back_s + 5.0, 100.0),
        record("invite", names[2], outage.back_s + 1.0, 100.0),
    ]
    seen = measures.storm(of, [*before, *back])
    assert (seen.cut_off, seen.back, seen.missing) == (3, 3, 0)
    assert (seen.attempts, seen.refused) == (4, 1)
    assert seen.half_back_s == pytest.approx(1.1)
    assert seen.last_back_s == pytest.approx(5.1)
    short = measures.storm(of, [*before, *back[:2]])
    assert (short.missing, short.last_back_s) == (2, None)


@pytest.mark.parametrize(
    ("attempts", "for_good"),
    [
        ([(2.0, False), (14.0, False), (24.0, False)], 3),  # it never stood
        ([(2.0, True), (14.0, False), (24.0, True)], 0),  # it is back
        ([(2.0, True), (14.0, False), (24.0, False)], 2),  # it is not
        ([(2.0, False), (14.0, True)], 1),  # there was no storm yet that would excuse it
        ([(2.0, True), (14.0, True), (24.0, False)], 1),
    ],
)
def test_a_storm_excuses_a_refusal_only_of_who_gets_in_after_it(
    attempts: list[tuple[float, bool]], for_good: int
) -> None:
    another = [record("invite", "b", 2.0), record("invite", "b", 30.0)]
    records = [
        record("invite", "a", at_s) if ok else failed("invite", "a", at_s, 503, "capacity")
        for at_s, ok in attempts
    ]
    assert measures.refused_for_good([*records, *another], 10.0) == for_good


def judged(records: list[Record], **thresholds: float) -> dict[str, bool | None]:
    named = {key.replace("_", "-"): value for key, value in thresholds.items()}
    found = judge.judge(measures.sessions(records), measures.operations(records), None, named)
    return {criterion.id: criterion.ok for criterion in found}


def test_only_what_was_done_is_judged() -> None:
    assert set(judged([record("register", "a", 1.0)])) == {"registrations-failed"}
    calls = judged([record("invite", "a", 1.0)])
    assert set(calls) == {
        "calls-not-set-up", "calls-dropped", "calls-held-up", "setup-p95", "setup-mean",
    }  # fmt: skip
    assert all(calls.values())


def test_a_threshold_decides() -> None:
    records = [record("invite", "a", 1.0), failed("invite", "b", 2.0, 503, "capacity")]
    assert judged(records)["calls-not-set-up"] is False
    assert judged(records, calls_not_set_up=1.0)["calls-not-set-up"] is True
    assert judged([record("invite", "a", 1.0, 6001.0)])["setup-p95"] is False
    assert judged([record("invite", "a", 1.0, held_up=True)])["calls-held-up"] is False


def test_thresholds_are_read_and_mistakes_told() -> None:
    assert judge.thresholds_of(["setup-p95=250"]) == {"setup-p95": 250.0}
    for text, said in (("setup=1", "setup-p95"), ("setup-p95=x", "number"), ("setup-p95=-1", "0")):
        with pytest.raises(InputError, match=said):
            judge.thresholds_of([text])


def test_figures_that_do_not_hold_are_no_failure_of_the_mcu() -> None:
    failing = judge.judge(
        measures.sessions([failed("invite", "a", 1.0, 500, "protocol")]),
        [
            OperationResult(
                operation="invite", attempts=1, succeeded=0, failed={"protocol": 1},
                answers={}, repeats=0, delay=None,
            )
        ],
        None,
        {},
    )  # fmt: skip
    assert judge.verdict_of(failing, []) == "fail"
    assert judge.verdict_of(failing, ["starved"]) == "invalid"
    assert judge.verdict_of([], []) == "pass"


def wrong(healths: list[GeneratorHealth], records: list[Record], processes: int = 1) -> list[str]:
    found = generators.problems(healths, records, window_s=(2.0, 60.0), processes=processes)
    return [str(reason) for reason in found]


def whole(**more: Any) -> list[GeneratorHealth]:
    """A generator that says how it fares all the time."""
    return [health(float(t), **more) for t in range(60)]


def test_a_generator_that_fared_well_is_trusted() -> None:
    assert wrong(whole(), [record("invite", "a", 5.0, due_s=4.95)]) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cpu_pct": 95.0}, "95 % of a core"),
        ({"late_ms": 300.0}, "stood still"),
        ({"media_sent": 1000, "media_late": 20}, "2 % of the generator's media"),
        ({"media_sent": 1000, "media_overflowed": 1}, "overflowed"),
        ({"media_cpu_pct": 99.0}, "99 % of a core"),
        ({"media_gone": True}, "has ended"),
    ],
)
def test_a_generator_that_was_starved_is_not(changes: dict[str, Any], said: str) -> None:
    [reason, *_] = wrong(whole(**changes), [])
    assert said in reason


def test_calls_that_were_dialled_late_are_not_the_load_that_was_asked_for() -> None:
    records = [record("invite", "a", t + 0.15, due_s=float(t)) for t in range(2)]
    records += [record("invite", "a", float(t), due_s=float(t)) for t in range(2, 100)]
    assert "150 ms late" in wrong(whole(), records)[0]


def test_a_generator_that_says_nothing_is_missed() -> None:
    assert "1 of 2 generators" in wrong(whole(), [], processes=2)[0]
    [fell] = wrong([*whole(), *whole(generator="b")[:30]], [], processes=2)
    assert "generator b has said nothing since 29 s" in fell


@pytest.mark.parametrize(
    ("answered_s", "stood_s", "by_the_mcu"),
    [
        (-5.0, 0.0, False),  # nothing was asked before
        (9.0, 0.0, False),
        (10.5, 0.0, True),
        (10.5, 0.6, False),  # the generator stood still meanwhile
        (20.0, 0.6, True),  # but not for as long as the MCU took
    ],
)
def test_a_call_is_held_up_only_by_an_answer_that_comes_late(
    answered_s: float, stood_s: float, by_the_mcu: bool
) -> None:
    assert is_held_up(10.0, answered_s, stood_s) is by_the_mcu
