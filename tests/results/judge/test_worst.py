"""The criteria with a rule of their own: each value, its place and the class of its cause."""

from __future__ import annotations

from typing import Any

import pytest
import results_factory as make
from hypothesis import given
from hypothesis import strategies as st

from giaoban.results.judge.criteria import Criterion
from giaoban.results.judge.worst import Reference, worst
from giaoban.results.model.result import Downspeeded, Phase, Refused

CRITERIA = {c.id: c for c in make.criteria().criterion}
AB, BA = "a->b", "b->a"


def found(ident: str, phases: list[Phase], *, existing: Any = (), new: Any = ()) -> tuple[Any, ...]:
    """(value, where, cause)"""
    one = worst(CRITERIA[ident], phases, list(existing), list(new))
    return one.value, one.place.text, one.cause


def refused(*codes: tuple[str, int]) -> list[Refused]:
    return [Refused(bridge=bridge, code=code, reason="no") for bridge, code in codes]


def phases(*parts: dict[str, Any]) -> list[Phase]:
    """One for each part: of `bridges`, `links` and what the MCU says."""
    made = []
    for name, part in zip(("before", "during", "after"), parts, strict=False):
        bridges = [make.bridge(ident) for ident in part.pop("bridges", ())]
        links = part.pop("links", [])
        device = make.mcu(["x"], part.pop("refused", ()), **part)
        made.append(make.phase(name, bridges, links, device))
    return made


def test_the_mcu_is_fullest_in_the_first_phase_of_the_highest_use() -> None:
    parts = [{"units_used": units} for units in (9.0, 45.0, 45.0)]
    assert found("mcu-units", phases(*parts)) == (50.0, "mcu units, during", "mcu")


@pytest.mark.parametrize(
    ("links", "value", "where"),
    [
        # the highest peak, wherever it is
        ([[("a", AB, 70.0, 0)], [("b", AB, 71.5, 0)]], 71.5, "link b a->b, during"),
        ([[("a", AB, 71.5, 0)], [("b", AB, 71.4, 9)]], 71.5, "link a a->b, before"),
        # then by name, then by direction
        ([[("b", AB, 71.5, 3)], [("a", AB, 71.5, 3)]], 71.5, "link a a->b, during"),
        ([[("a", BA, 71.5, 3)], [("a", AB, 71.5, 3)]], 71.5, "link a a->b, during"),
        # of those past the limit within a percent one that drops as much as any
        ([[("a", AB, 100.5, 3)], [("b", AB, 99.5, 9)]], 99.5, "link b a->b, during"),
        ([[("a", AB, 100.5, 5)], [("b", AB, 99.5, 9)]], 100.5, "link a a->b, before"),
        ([[("a", AB, 100.5, 3)], [("b", AB, 99.4, 9)]], 100.5, "link a a->b, before"),
        ([[("a", AB, 80.5, 0)], [("b", AB, 79.9, 9)]], 80.5, "link a a->b, before"),
    ],
)
def test_the_fullest_link(
    links: list[list[tuple[str, str, float, int]]], value: float, where: str
) -> None:
    made = [{"links": [make.link(*link) for link in part]} for part in links]
    assert found("link-peak", phases(*made)) == (value, where, "link")


@given(
    loads=st.lists(
        st.tuples(st.floats(70, 102), st.integers(0, 50)), min_size=1, max_size=6, unique=True
    )
)
def test_the_load_that_is_told_is_that_of_the_link_that_is_named(
    loads: list[tuple[float, int]],
) -> None:
    """And decides as the highest of all does."""
    criterion = CRITERIA["link-peak"]
    made = [make.link(f"l{i}", AB, pct, drops) for i, (pct, drops) in enumerate(loads)]
    one = worst(criterion, phases({"links": made}), [], [])
    assert one.value is not None
    assert one.value == next(link.peak_pct for link in made if link.id == one.place.id)
    top = max(link.peak_pct for link in made)
    assert (one.value <= criterion.threshold) == (top <= criterion.threshold)
    assert one.value == top or top - 1.0 <= one.value


@pytest.mark.parametrize(
    ("parts", "value", "where", "cause"),
    [
        # nobody
        ([{"bridges": ["x", "y"]}], 0, "mcu, before", "mcu"),
        # refused by the MCU
        (
            [{"bridges": ["x"]}, {"bridges": ["x"], "refused": refused(("y", 503))}, {}],
            1,
            "mcu, during",
            "mcu",
        ),
        # and it counts once, where it was first
        ([{"refused": refused(("x", 486), ("y", 503))}, {"refused": refused(("x", 486))}], 2,
         "mcu, before", "mcu"),
        ([{"refused": refused(("x", 486))}, {"refused": refused(("y", 503))},
          {"refused": refused(("x", 486))}], 2, "mcu, before", "mcu"),
        # not answered: an effect of the network, at the bridge
        ([{"bridges": ["x"], "refused": refused(("y", 408))}], 1, "y, before", "stream"),
        # one of each: the device's answer is the cause
        ([{"refused": refused(("x", 408), ("y", 503))}], 2, "mcu, before", "mcu"),
        ([{"refused": refused(("x", 503), ("y", 408))}], 2, "mcu, before", "mcu"),
        # neither in the meeting nor refused
        ([{"bridges": ["y"]}, {"bridges": ["y"]}], 1, "x, during", "stream"),
        ([{}, {"bridges": ["x"]}], 1, "y, during", "stream"),
        # refused first and in the meeting later: refused
        ([{"bridges": ["x"], "refused": refused(("y", 503))}, {"bridges": ["x", "y"]}], 1,
         "mcu, before", "mcu"),
        ([{"bridges": [], "refused": refused(("y", 408))}], 2, "y, before", "stream"),
        ([{"refused": refused(("x", 408))}, {"refused": refused(("y", 408), ("x", 408))}], 2,
         "x, before", "stream"),
    ],
)  # fmt: skip
def test_calls_that_were_not_set_up(
    parts: list[dict[str, Any]], value: int, where: str, cause: str
) -> None:
    made = phases(*(dict(part) for part in parts))
    assert found("every-call-set-up", made, existing=["x"], new=["y", "x"]) == (value, where, cause)


def less(*bridges: str) -> list[Downspeeded]:
    return [Downspeeded(bridge=b, asked="1080p30", given="720p30", reason="full") for b in bridges]


@pytest.mark.parametrize(
    ("told", "value", "where"),
    [
        ([(), ()], 0, "mcu, during"),
        ([(), ("y",), ("y", "x")], 2, "mcu, during"),
        ([(), ("y",), ()], 1, "mcu, during"),
        # wherever it was told again
        ([("x",), ("y",), ("y",)], 2, "mcu, before"),
        ([("x",), ("y",), ("x",)], 2, "mcu, before"),
    ],
)
def test_calls_that_were_given_less_count_once_and_where_the_first_was(
    told: list[tuple[str, ...]], value: int, where: str
) -> None:
    made = phases(*({"downspeeded": less(*bridges)} for bridges in told))
    assert found("every-call-as-asked", made) == (value, where, "mcu")


def dropping(kind: str = "audio", direction: str = "down", **how: Any) -> list[Phase]:
    bad = make.bridge("x", None, make.stream(kind, direction, **how))
    return [make.phase("before", [make.bridge("x"), make.bridge("y")]),
            make.phase("during", [bad, make.bridge("y")])]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "value", "where"),
    [
        (dropping(interruption_ms=1000.0), 0, "mcu, during"),
        (dropping(interruption_ms=1000.1), 1, "x audio down, during"),
        (dropping(interruption_ms=None), 0, "mcu, during"),
        (dropping(received=0), 1, "x audio down, during"),
        (dropping(received=1), 0, "mcu, during"),
        (dropping("video", interruption_ms=1000.1), 1, "x video down, during"),
        # slides pause as long as they like, and what a bridge sends nobody holds against it here
        (dropping("content", interruption_ms=9000.0), 0, "mcu, during"),
        (dropping(direction="up", interruption_ms=9000.0), 0, "mcu, during"),
        # gone, told by the MCU or not; put out by the control room
        (phases({"bridges": ["x", "y"]}, {"bridges": ["y"]}), 1, "x, during"),
        (phases({"bridges": ["x", "y"]}, {"bridges": ["y"], "dropped": ["x"]}), 1, "x, during"),
        (phases({"bridges": ["x", "y"]}, {"bridges": ["y"], "put_out": ["x"]}), 0, "mcu, during"),
        # it was there once: it is missed in every phase after, and told where it is first
        (phases({"bridges": ["x", "y"]}, {"bridges": ["x"]}, {}), 2, "y, during"),
        (phases({}, {"bridges": ["x"]}, {"bridges": ["x"]}), 0, "mcu, after"),
        (phases({"bridges": ["x"]}, {"bridges": ["x"]}, {}), 1, "x, after"),
        (phases({"bridges": ["z", "a"]}, {}), 2, "a, during"),
    ],
)
def test_bridges_that_were_dropped(made: list[Phase], value: int, where: str) -> None:
    assert found("no-bridge-dropped", made) == (value, where, "stream")


def changed(first: dict[str, Any], *later: dict[str, Any]) -> list[Phase]:
    """What one bridge hears in one phase after the other."""
    return [
        make.phase(name, [make.bridge("x", None, make.stream(**how))])
        for name, how in zip(("before", "during", "after"), (first, *later), strict=False)
    ]


DELAY: Criterion = CRITERIA["existing-delay-no-worse"]
LOSS: Criterion = CRITERIA["existing-loss-no-worse"]


def test_the_largest_rise_of_any_phase_after_the_first() -> None:
    made = changed({"delay_ms": 10.0}, {"delay_ms": 13.0}, {"delay_ms": 12.0})
    one = worst(DELAY, made, ["x"], [])
    assert (one.value, one.place.text, one.cause) == (3.0, "x audio down, during", "stream")
    made = changed({"delay_ms": 10.0}, {"delay_ms": 8.0}, {"delay_ms": 12.5})
    assert worst(DELAY, made, ["x"], []).value == 2.5


def test_only_existing_bridges_are_compared_and_only_with_themselves() -> None:
    made = changed({"delay_ms": 10.0}, {"delay_ms": 13.0})
    one = worst(DELAY, made, ["y"], ["x"])
    assert (one.value, one.nothing) == (None, "phases after the first to compare with it")
    # the way and the medium have to be the same ones
    for other in ({"direction": "up"}, {"kind": "video"}):
        made = changed({"delay_ms": 10.0}, {"delay_ms": 13.0} | other)
        assert worst(DELAY, made, ["x"], []).nothing


def test_what_came_before_and_does_not_come_now_has_no_value() -> None:
    dead = {"received": 0, "delay_ms": None, "jitter_ms": None, "mos": None}
    one = worst(DELAY, changed({}, dead), ["x"], [])
    assert (one.value, one.place.text, one.nothing) == (None, "x audio down, during", "")
    assert worst(DELAY, changed(dead, {}), ["x"], []).nothing


def test_a_rise_in_loss_is_in_percent() -> None:
    """From none to all of 1,500: nearly 100 %, less what is not certain."""
    dead = {"received": 0, "delay_ms": None, "jitter_ms": None, "mos": None}
    one = worst(LOSS, changed({}, dead), ["x"], [])
    assert one.value is not None
    assert 98.0 < one.value <= 100.0
    assert one.place.text == "x audio down, during"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"loss_spread": 4.0}, {}),
        ({}, {"loss_spread": 4.0}),
        ({"loss_spread": 4.0, "loss_burst_mean": 1.0}, {"loss_spread": 2.0}),
    ],
)
def test_losses_that_come_together_make_a_rise_less_certain(
    before: dict[str, Any], now: dict[str, Any]
) -> None:
    """The larger spread of the two is that of both."""
    plain = worst(LOSS, changed({}, {"received": 1400}), ["x"], []).value
    spread = worst(LOSS, changed(before, {"received": 1400} | now), ["x"], []).value
    both = changed({"loss_spread": 4.0}, {"received": 1400, "loss_spread": 4.0})
    assert plain is not None
    assert spread is not None
    assert 0 < spread < plain
    assert spread == worst(LOSS, both, ["x"], []).value


def test_what_would_have_shown_is_of_the_way_that_shows_least() -> None:
    """On each way of a bridge the stream that shows most; of all ways the one that shows least."""

    def streams(up: int, down: int, video: int) -> list[Any]:
        return [
            make.stream("audio", "up", sent=up),
            make.stream("audio", "down", sent=down),
            make.stream("video", "down", sent=video),
        ]

    def detectable(*bridges: tuple[int, int, int]) -> float:
        there = [
            make.bridge(who, None, *streams(*sent))
            for who, sent in zip(("x", "y"), bridges, strict=False)
        ]
        made = [make.phase(name, there) for name in ("before", "after")]
        one = worst(LOSS, made, ["x", "y"], [])
        assert one.detectable is not None
        return one.detectable

    # more packets show more; audio up is alone on its way
    assert detectable((100, 9000, 9000)) == detectable((100, 500, 300))
    assert detectable((100, 500, 300)) > detectable((200, 500, 300))
    # the better of the two streams down
    assert detectable((9000, 100, 500)) == detectable((9000, 500, 100))
    assert detectable((9000, 500, 100)) < detectable((9000, 100, 100))
    # the worse of two bridges
    assert detectable((900, 900, 900), (100, 900, 900)) == detectable((100, 900, 900))


def test_with_a_reference_phases_are_compared_with_the_same_meeting_without_new_bridges() -> None:
    """Two packets of 1,500 that are late only with the new bridges are a rise of 0.13 points."""
    late = {"packets_late": 12, "delay_ms": 20.0}
    found = changed({"packets_late": 10, "delay_ms": 12.0}, late)
    without = changed({"packets_late": 10, "delay_ms": 12.0}, late | {"packets_late": 10})
    one = worst(LOSS, found, ["x"], [], (), Reference(without))
    assert one.value == pytest.approx(100 * 2 / 1500)
    assert (one.place.text, one.detectable) == ("x audio down, during", None)
    # the delay rose with or without them; no other bridge is compared
    assert worst(DELAY, found, ["x"], [], (), Reference(without)).value == 0
    assert worst(DELAY, found, ["y"], ["x"], (), Reference(without)).nothing
    # of an emulation the estimates with and without them are compared
    estimated = changed({"packets_late": 10}, {"packets_late": 25})
    both = Reference(without, with_new=estimated)
    assert worst(LOSS, found, ["x"], [], (), both).value == pytest.approx(1)


def test_on_a_line_that_draws_losses_a_difference_to_the_reference_may_be_chance() -> None:
    found, without = changed({}, {"received": 1494}), changed({}, {"received": 1497})
    drawn = frozenset({("x", "down")})
    one = worst(LOSS, found, ["x"], [], (), Reference(without, drawn))
    assert one.value == 0
    assert one.detectable is not None
    assert one.detectable > LOSS.threshold
    other = Reference(without, frozenset({("x", "up")}))
    assert worst(LOSS, found, ["x"], [], (), other).value == pytest.approx(0.2)
