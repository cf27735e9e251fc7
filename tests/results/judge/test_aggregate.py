"""A figure over some of the streams, bridges and links: the chosen ones, and what is missing."""

from __future__ import annotations

from typing import Any

import pytest
import results_factory as make

from giaoban.results.judge.aggregate import aggregate, pick
from giaoban.results.judge.metrics import ABSENT_IS_LEFT_OUT, ABSENT_IS_ZERO, Measure
from giaoban.results.model.places import Place
from giaoban.results.model.result import Phase


def phase(name: str, start: float) -> Phase:
    """Two bridges and two links, each with a figure of its own from `start` on."""
    streams = [
        [
            make.stream(kind, direction, delay_ms=start + 10 * b + n)
            for n, (kind, direction) in enumerate(
                [("audio", "up"), ("audio", "down"), ("video", "up"), ("video", "down")]
            )
        ]
        for b in range(2)
    ]
    bridges = [
        make.bridge(who, who, *made).model_copy(update={"sound_late_ms": start + 10 * b})
        for b, (who, made) in enumerate(zip(("x", "y"), streams, strict=True))
    ]
    links = [
        make.link(ident, direction, drops=int(start) + n)
        for n, (ident, direction) in enumerate(
            [("a--b", "a->b"), ("a--b", "b->a"), ("c--d", "c->d"), ("c--d", "b->a")]
        )
    ]
    return make.phase(name, bridges, links, make.mcu(["x", "y"], ports_used=int(start)))


PHASES = [phase("before", 100.0), phase("after", 200.0)]


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        (
            {"on": "stream", "metric": "delay_p95_ms"},
            [*range(100, 104), *range(110, 114), *range(200, 204), *range(210, 214)],
        ),
        (
            {"on": "stream", "metric": "delay_p95_ms", "bridges": ["y"], "phases": ["after"]},
            [210, 211, 212, 213],
        ),
        ({"on": "stream", "metric": "delay_p95_ms", "kind": "audio", "direction": "up"},
         [100, 110, 200, 210]),
        ({"on": "stream", "metric": "delay_p95_ms", "kind": ["video"], "direction": "down"},
         [103, 113, 203, 213]),
        ({"on": "stream", "metric": "delay_p95_ms", "bridges": ["x"], "direction": "up"},
         [100, 102, 200, 202]),
        ({"on": "stream", "metric": "frames_lost"}, [0] * 8),
        ({"on": "bridge", "metric": "sound_late_ms"}, [100, 110, 200, 210]),
        ({"on": "bridge", "metric": "sound_late_ms", "bridges": ["y"]}, [110, 210]),
        ({"on": "bridge", "metric": "sound_late_ms", "bridges": ["x"], "phases": ["before"]},
         [100]),
        ({"on": "link", "metric": "drops"}, [100, 101, 102, 103, 200, 201, 202, 203]),
        ({"on": "link", "metric": "drops", "links": ["a--b"]}, [100, 101, 200, 201]),
        ({"on": "link", "metric": "drops", "direction": "b->a"}, [101, 103, 201, 203]),
        ({"on": "link", "metric": "drops", "links": ["c--d"], "direction": "b->a"}, [103, 203]),
        ({"on": "mcu", "metric": "ports_used"}, [100, 200]),
        ({"on": "mcu", "metric": "ports_used", "phases": ["after"]}, [200]),
    ],
)  # fmt: skip
def test_what_is_chosen_counts_and_nothing_else(
    measure: dict[str, Any], values: list[float]
) -> None:
    """The mean, the least and the most of the right ones."""
    chosen = Measure.model_validate(measure)
    for statistic, expected in (
        ("mean", sum(values) / len(values)),
        ("min", min(values)),
        ("max", max(values)),
    ):
        found = aggregate(chosen, statistic, "at-most", PHASES)  # type: ignore[arg-type]
        assert found.value == pytest.approx(expected)
    worst = [
        aggregate(chosen, "worst", sense, PHASES).value  # type: ignore[arg-type]
        for sense in ("at-most", "at-least")
    ]
    assert worst == [max(values), min(values)]


@pytest.mark.parametrize(
    ("measure", "cause", "where"),
    [
        ({"on": "stream", "metric": "delay_p95_ms"}, "stream", "y video down, after"),
        ({"on": "bridge", "metric": "sound_late_ms"}, "stream", "y, after"),
        ({"on": "link", "metric": "drops"}, "link", "link c--d b->a, after"),
        ({"on": "mcu", "metric": "ports_used"}, "mcu", "mcu, after"),
    ],
)
def test_the_place_and_the_class_of_the_cause(
    measure: dict[str, Any], cause: str, where: str
) -> None:
    """Where it is worst also when the statistic is another."""
    for statistic in ("worst", "mean", "p5"):
        found = aggregate(Measure.model_validate(measure), statistic, "at-most", PHASES)  # type: ignore[arg-type]
        assert (found.cause, found.place.text, found.nothing) == (cause, where, "")


def at(name: str) -> Place:
    return Place(kind="bridge", id=name)


@pytest.mark.parametrize(
    ("sense", "place"), [("at-most", "b"), ("at-least", "a")], ids=["most", "least"]
)
def test_the_first_of_the_worst_and_a_missing_one_is_worse_than_any(sense: Any, place: str) -> None:
    values = [(1.0, at("a")), (3.0, at("b")), (3.0, at("c")), (1.0, at("d"))]
    assert pick(values, PHASES, sense).place == at(place)
    found = pick([*values, (None, at("e")), (None, at("f"))], PHASES, sense, "min", "link")
    assert (found.value, found.place, found.cause) == (None, at("e"), "link")


def one(on: str, metric: str, received: int | None = None) -> tuple[Measure, Phase]:
    """A phase in which a figure is null everywhere."""
    kind = "audio" if received is None or "freeze" not in metric else "video"
    made = make.stream(kind, "down", received=received).model_copy(update={metric: None})
    bridge = make.bridge("x", "X", made)
    if on == "bridge":
        bridge = bridge.model_copy(update={metric: None})
    links = [make.link("a--b", "a->b").model_copy(update={metric: None} if on == "link" else {})]
    device = make.mcu(["x"])
    if on == "mcu":
        device = device.model_copy(update={metric: None})
    return Measure.model_validate({"on": on, "metric": metric}), make.phase(
        "p", [bridge], links, device
    )


@pytest.mark.parametrize(
    ("on", "metric"),
    [
        ("bridge", "sound_late_ms"),
        ("link", "queue_p99_ms"),
        ("mcu", "setup_network_ms_p95"),
        ("stream", "mouth_to_ear_ms"),
    ],
)
def test_what_there_was_none_of_is_left_out(on: str, metric: str) -> None:
    """Alone there is nothing to measure; beside it, what there is counts."""
    assert metric in ABSENT_IS_LEFT_OUT
    measure, empty = one(on, metric)
    found = aggregate(measure, "worst", "at-most", [empty])
    assert (found.value, found.nothing) == (None, f"measured {measure.text}")
    found = aggregate(measure, "worst", "at-most", [empty, PHASES[0]])
    assert found.value is not None
    assert found.place.phase == "before"


@pytest.mark.parametrize("metric", ["delay_p95_ms", "jitter_ms", "mos"])
def test_what_should_have_been_measured_and_was_not_is_the_worst(metric: str) -> None:
    assert metric not in ABSENT_IS_LEFT_OUT | ABSENT_IS_ZERO
    measure, missing = one("stream", metric, received=1500)
    found = aggregate(measure, "mean", "at-most", [PHASES[0], missing])
    assert (found.value, found.place.id, found.nothing) == (None, "x", "")
