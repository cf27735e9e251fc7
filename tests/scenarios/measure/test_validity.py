"""Each sign of trouble by itself: one thing is made untrue at a time, and just that is said.

The meeting shares its links: other traffic ends at a router on one link and at a host on another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from validity_meetings import (
    HOST,
    NAMES,
    ROUTER,
    Draft,
    Spoil,
    at,
    changed,
    health,
    impaired_meeting,
    names_of,
    other,
    said,
    shared_meeting,
    twice,
    udp,
)

from giaoban.scenarios.measure import validity
from giaoban.scenarios.measure.captures import Captures
from giaoban.sentence import counted


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Captures:
    return shared_meeting(tmp_path_factory.mktemp("well"))


@pytest.mark.parametrize("made", [shared_meeting, impaired_meeting])
def test_a_meeting_can_be_trusted(tmp_path: Path, made: Callable[[Path], Captures]) -> None:
    """What was asked for is no fault."""
    assert validity.reasons(made(tmp_path)) == []


def astray(c: Draft) -> None:
    """Of what waits and of full buffers the counts of all queues and hosts are told."""
    c.counters["queues"][0]["backlog"], c.counters["queues"][2]["backlog"] = 4, 5
    c.counters["queues"][1]["queue_drops"] += 3
    udp(c, RcvbufErrors=7, InErrors=7)


def test_packets_that_are_nowhere(well: Captures) -> None:
    assert said(well, astray) == [
        "-3 packets are unaccounted for (0 came to a closed port, 7 to a full buffer, "
        "9 wait in queues)"
    ]


@pytest.mark.parametrize("key", ["queue_drops", "line_losses"])
def test_packets_that_the_programs_did_not_send(well: Captures, key: str) -> None:
    def more_left(c: Draft) -> None:
        udp(c, OutDatagrams=2)
        c.counters["queues"][3][key] += 2

    sent = well.counters.udp["OutDatagrams"]
    found = f"the hosts' kernels sent {sent + 2} datagrams, the programs {sent}"
    assert said(well, more_left) == [found]


def test_packets_that_the_programs_did_not_read(well: Captures) -> None:
    """As many are missing at the router, so that the sum is right."""

    def more_came(c: Draft) -> None:
        udp(c, InDatagrams=2)
        other(c, ROUTER, received=-2)

    read = well.counters.udp["InDatagrams"]
    found = f"the hosts' kernels delivered {read + 2} datagrams, the programs read {read}"
    assert said(well, more_came) == [found]


def test_packets_that_could_not_be_sent(well: Captures) -> None:
    def unsent(c: Draft) -> None:
        health(c, "mcu", unsendable=2)
        udp(c, OutDatagrams=-2)
        other(c, ROUTER, received=-2)

    assert said(well, unsent) == ["the MCU: 2 packets of media could not be sent"]


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (
            lambda c: health(c, "north", starved=1),
            "north: media was handed over after it was due 1 time",
        ),
        (
            lambda c: health(c, "mcu", foreign=4),
            "the MCU: 4 packets came under another payload type than was agreed on",
        ),
        (
            lambda c: health(c, "mcu", calls_left=1),
            "the MCU still held 1 call and 0 units after everyone had hung up",
        ),
        (
            lambda c: health(c, "mcu", units_left=2.5),
            "the MCU still held 0 calls and 2.5 units after everyone had hung up",
        ),
        (lambda c: c.counters.update(pacer_drops=3), "senders' pacing dropped 3 packets"),
        (
            lambda c: c.counters["background"][HOST].update(late=2),
            f"background on {NAMES[HOST]}: 2 times it was handed over after it was due",
        ),
        (
            lambda c: c.counters["background"][ROUTER].update(late=1),
            f"background on {NAMES[ROUTER]}: 1 time it was handed over after it was due",
        ),
        (
            lambda c: c.counters["background"][ROUTER].update(pacer_drops=6),
            f"background on {NAMES[ROUTER]}: 6 packets were dropped by its pacing",
        ),
    ],
)
def test_what_one_program_says_of_itself(well: Captures, spoil: Spoil, what: str) -> None:
    assert said(well, spoil) == [what]


@pytest.mark.parametrize("which", [ROUTER, HOST])
def test_other_traffic_that_its_kernel_did_not_send(well: Captures, which: int) -> None:
    """It was handed 50 packets and sent 49; those came."""

    def kept(c: Draft) -> None:
        other(c, which, sent=-1, received=-1)
        if which == HOST:
            udp(c, InDatagrams=-1)

    name = f"background on {NAMES[which]}"
    assert said(well, kept) == [f"{name}: the kernel sent 49 of 50 packets"]


@pytest.mark.parametrize(
    ("dropped", "at_hosts", "at_receivers", "full"),
    [(1, 0, 0, True), (3, 1, 1, True), (2, 1, 1, False), (2, 0, 2, False), (2, 2, 0, False)],
)
def test_other_traffic_that_overflows_a_buffer(
    well: Captures,
    dropped: int,
    at_hosts: int,
    at_receivers: int,
    full: bool,
) -> None:
    """What fails its checksum is among what a socket dropped, wherever it was counted."""

    def overflow(c: Draft) -> None:
        other(c, HOST, overflowed=dropped)
        other(c, ROUTER, received=-at_receivers)
        udp(c, InErrors=at_hosts, InCsumErrors=at_hosts, OutDatagrams=0)
        c.counters["background_damaged"] = at_receivers
        # a packet that a host could not read did not come
        other(c, HOST, received=-at_hosts)
        udp(c, InDatagrams=-at_hosts)

    found = said(well, overflow)
    what = f"background on {NAMES[HOST]}: {counted(dropped, 'packet')} overflowed a receive buffer"
    assert (what in found) is full
    thrown = at_hosts + at_receivers
    were = "was" if thrown == 1 else "were"
    damage = f"{counted(thrown, 'packet')} {were} thrown away as damaged, but no line damages any"
    assert [f.split(" (")[0] for f in found if f != what] == ([damage] if thrown else [])


@pytest.mark.parametrize(("arrivals", "beyond"), [(1, 0), (2, 1), (4, 3)])
def test_packets_that_came_more_often_than_they_were_sent(
    well: Captures, arrivals: int, beyond: int
) -> None:
    name = names_of(well, 2)
    found = [f"{name}: {counted(beyond, 'packet')} arrived twice"] if beyond else []
    assert said(well, lambda c: twice(c, 2, arrivals)) == found


def test_packets_that_nobody_sent(well: Captures) -> None:
    def unknown(c: Draft) -> None:
        c.traces[1] = replace(c.traces[1], unknown=2)

    assert said(well, unknown) == [f"{names_of(well, 1)}: 2 packets came that were never sent"]


def test_packets_that_the_injector_had_removed(well: Captures) -> None:
    def removed(c: Draft) -> None:
        for number in (40, 50):
            trace, packet = at(c, 3, number)
            trace.copies[packet] = 0

    found = f"{names_of(well, 3)}: 2 packets came that the injector had removed"
    assert said(well, removed) == [found]


def test_each_place_where_packets_end_is_in_the_account(well: Captures) -> None:
    """A different number everywhere, so that none is taken for another."""

    def everywhere(c: Draft) -> None:
        queues, data = c.counters["queues"], c.counters
        queues[0]["queue_drops"], queues[1]["queue_drops"] = 1, 2
        queues[0]["line_losses"] = 4
        data["lines"] = [
            {"link": "a", "direction": "b", "passed": 9, "lost": 8, "duplicated": 16},
            {"link": "a", "direction": "c", "passed": 9, "lost": 0, "duplicated": -5},
        ]
        data["fault_drops"] = [
            {"link": "a", "direction": "b", "lost": 32},
            {"link": "a", "direction": "c", "lost": 64},
        ]
        data["routers"].update(without_route=128, expired=256)
        data["background_damaged"] = 512
        udp(c, NoPorts=1024, IpInHdrErrors=300)

    account = validity.accounting(changed(well, everywhere))
    before = validity.accounting(well)
    assert account.packets_dropped_at_queues == 3
    assert account.packets_lost_by_impairment == 12
    assert account.packets_duplicated == 16
    assert account.packets_lost_by_faults == 96
    # a header that ran out of hops is among the kernel's errors of headers
    assert account.packets_without_route == 128 + 256
    assert account.packets_damaged == 1024 + (300 - 256) + 512
    gone = 3 + 12 + 96 + 384 + 1580
    assert account.packets_sent == before.packets_sent
    assert account.packets_received == before.packets_received
    assert account.unaccounted == 16 - gone
