"""Signs of trouble beside impairments of lines, one at a time: just that is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pretended_meeting import Meeting
from validity_meetings import (
    Draft,
    column,
    health,
    impaired_meeting,
    mcu_health,
    said,
    twice,
    udp,
)

from giaoban.scenarios.measure import validity
from giaoban.scenarios.measure.captures import Captures
from giaoban.sentence import counted


@pytest.fixture(scope="module")
def impaired(tmp_path_factory: pytest.TempPathFactory) -> Captures:
    return impaired_meeting(tmp_path_factory.mktemp("impaired"))


@pytest.mark.parametrize(
    ("bridge", "host", "damaged", "full"),
    [(1, 0, 0, True), (0, 1, 0, True), (2, 1, 2, True), (1, 1, 2, False), (2, 0, 2, False)],
)
def test_what_sockets_dropped_is_more_than_what_was_damaged(
    impaired: Captures, bridge: int, host: int, damaged: int, full: bool
) -> None:
    """Of all hosts together: the kernel does not say which it was."""

    def overflow(c: Draft) -> None:
        health(c, "north", overflowed=bridge)
        health(c, "mcu", overflowed=host)
        udp(c, InErrors=damaged, InCsumErrors=damaged, OutDatagrams=damaged)
        health(c, "mcu", rtcp_sent=well_sent + damaged)

    well_sent = mcu_health(impaired).rtcp_sent
    names = {"north": bridge, "the MCU": host}
    expected = {
        f"{who}: {counted(count, 'packet')} overflowed a receive buffer"
        for who, count in names.items()
        if count and full
    }
    assert set(said(impaired, overflow)) == expected


@pytest.mark.parametrize(("by_line", "fault"), [(3, False), (2, True)])
def test_copies_that_a_line_makes_are_no_more_than_it_made(
    impaired: Captures, by_line: int, fault: bool
) -> None:
    """Of two streams together, 3 arrived beyond what was sent."""

    def doubled(c: Draft) -> None:
        place = {"link": "access-north", "direction": "r-east->north"}
        c.counters["lines"] = [{**place, "passed": 9, "lost": 0, "duplicated": by_line}]
        udp(c, InDatagrams=by_line)
        health(c, "mcu", rtcp_received=mcu_health(impaired).rtcp_received + by_line)
        twice(c, 0, 2)
        twice(c, 1, 3)

    found = [f"3 packets arrived twice, {by_line} were duplicated by lines"] if fault else []
    assert said(impaired, doubled) == found


@pytest.mark.parametrize(
    ("line", "duplicated", "found"),
    [
        (
            ("access-north", "north->r-east"),
            2,
            ["link access-north north->r-east: 2 more packets came out than went in"],
        ),
        (
            ("access-east", "r-east->north"),
            1,
            ["link access-east r-east->north: 1 more packet came out than went in"],
        ),
        (("access-north", "r-east->north"), 2, []),
    ],
)
def test_a_line_that_makes_copies_where_none_were_asked_for(
    impaired: Captures, line: tuple[str, str], duplicated: int, found: list[str]
) -> None:
    """Both the link and the direction count."""

    def copies(c: Draft) -> None:
        place = {"link": line[0], "direction": line[1]}
        c.counters["lines"] = [{**place, "passed": 9, "lost": 0, "duplicated": duplicated}]
        udp(c, InDatagrams=duplicated)
        health(c, "mcu", rtcp_received=mcu_health(impaired).rtcp_received + duplicated)

    assert said(impaired, copies) == found


@pytest.mark.parametrize(("number", "word"), [(0, "began"), (1, "ended")])
@pytest.mark.parametrize(("late_ms", "due_ms", "fault"), [(5.0, 1, 0), (5.1, 1, 1), (9.0, 0, 0)])
def test_a_change_is_late_after_5_ms_but_for_one_at_the_start(
    impaired: Captures, number: int, word: str, late_ms: float, due_ms: float, fault: int
) -> None:
    def late(c: Draft) -> None:
        c.counters["line_changes"][number].update(due_ms=float(due_ms), t_ms=due_ms + late_ms)

    found = [f"link access-east east->r-east: its impairment {word} {late_ms} ms late"]
    assert said(impaired, late) == found * fault


@pytest.mark.parametrize(("made", "fault"), [(2, True), (3, False), (4, False)])
def test_changes_that_were_planned_and_not_made(impaired: Captures, made: int, fault: bool) -> None:
    """One begins and ends, the other only begins."""

    def fewer(c: Draft) -> None:
        changes = c.counters["line_changes"]
        c.counters["line_changes"] = (changes * 2)[:made]

    found = ["3 changes of lines were planned, 2 were made"] if fault else []
    assert said(impaired, fewer) == found


@pytest.mark.parametrize(
    ("line", "times"),
    [
        (("access-east", "east->r-east"), "1 s to 2 s"),
        (("access-north", "r-east->north"), None),
    ],
)
def test_nothing_passed_where_it_was_impaired(
    impaired: Captures, line: tuple[str, str], times: str | None
) -> None:
    """The line's own column counts, and no other's."""
    start_s = impaired.plan.phases[0].start_s
    times = times or f"5 s to {impaired.plan.end_s - start_s:g} s"

    def still(c: Draft) -> None:
        c.samples[:, column(c, *line)] = 7

    where = f"link {line[0]} {line[1]}"
    assert said(impaired, still) == [f"{where}: nothing passed while it was impaired, {times}"]


def test_what_passed_elsewhere_or_at_other_times_is_no_proof(impaired: Captures) -> None:
    """Only between the samples around the impairment's time, of the fourth and fifth second."""
    start_s = impaired.plan.phases[0].start_s
    times_s = impaired.samples[:, 0] / 1e9
    column_of = column(impaired, "access-east", "east->r-east")
    before = int(np.flatnonzero(times_s <= start_s + 1.0)[-1])
    after = int(np.flatnonzero(times_s >= start_s + 2.0)[0])

    def only_before(c: Draft) -> None:
        c.samples[before:, column_of] = c.samples[before, column_of]

    def only_after(c: Draft) -> None:
        c.samples[: after + 1, column_of] = c.samples[after, column_of]

    def just_at_its_start(c: Draft) -> None:
        c.samples[: before + 1, column_of] = 0
        c.samples[before + 1 :, column_of] = 1

    def just_at_its_end(c: Draft) -> None:
        c.samples[:after, column_of] = 0
        c.samples[after:, column_of] = 1

    for spoil, fault in (
        (only_before, True),
        (only_after, True),
        (just_at_its_start, False),
        (just_at_its_end, False),
    ):
        found = said(impaired, spoil)
        assert bool(found) is fault, spoil


@pytest.mark.parametrize(
    ("at_s", "by_ns", "met"),
    [(4.0, -1, False), (4.0, 0, True), (5.0, -1, True), (5.0, 0, False)],
)
def test_an_impairment_of_a_stream_begins_with_its_nanosecond_and_ends_before_it(
    tmp_path: Path, at_s: float, by_ns: int, met: bool
) -> None:
    """One packet alone, due at the edge or just before."""
    more = '[[impairment]]\nbridge = "north"\nfrom_s = 4.0\nto_s = 5.0\ncorrupt = 0.1\n'
    captured = Meeting(tmp_path, more=more).load()
    [index, *_] = [s.index for s in captured.plan.streams if s.impairments]
    due_ns = captured.origin_ns + round((captured.plan.phases[0].start_s + at_s) * 1e9) + by_ns
    traces = list(captured.traces)
    traces[index] = replace(traces[index], due_ns=np.array([due_ns]))
    assert validity.unexpected_packets(replace(captured, traces=traces), index).met == (met,)
