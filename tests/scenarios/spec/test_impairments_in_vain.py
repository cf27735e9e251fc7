"""Impairments that could not be what the scenario says: where nothing passes, or without an end."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import DEFAULT, scenario

from giaoban.errors import InputError
from giaoban.scenarios.plan.question import make_question

CORRUPT = "corrupt = 0.1"
SLIDES = '[content]\nbridge = "west"\nfrom_s = 1.0\nto_s = 3.0\nkbps = 256\n'


def impairment(*lines: str) -> str:
    return "\n".join(["[[impairment]]", *lines, ""])


def slides(*lines: str) -> str:
    return SLIDES + impairment('kind = "content"', CORRUPT, *lines)


def at_north(jitter: str) -> str:
    return impairment('bridge = "north"', f"jitter = {{ {jitter} }}")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            impairment('bridge = "north"', 'kind = "content"', CORRUPT),
            "shows no slides (allowed: audio, video, or a [content] table)",
        ),
        (slides('bridge = "north"'), "slides do not go there (allowed: down)"),
        (slides('bridge = "west"', 'direction = "down"'), "slides do not go there (allowed: up)"),
        (
            slides('bridge = "west"', "from_s = 3.0"),
            "is not while slides are shown (allowed: within 1 s to 3 s)",
        ),
        (slides('bridge = "west"', "to_s = 1.0"), "is not while slides are shown"),
        (
            impairment('bridge = "north"', 'loss = { model = "bernoulli", p = 0.0 }'),
            "loss: loses nothing (allowed: probabilities above 0)",
        ),
        (
            at_north('model = "normal", mean_ms = 400.0, sd_ms = 350.0'),
            "jitter: holds packets back for 2.06 s (allowed: 2 s)",
        ),
        (at_north('model = "gamma", shape = 1000.0, scale_ms = 90.0'), "(allowed: 2 s)"),
        (at_north('model = "pareto", shape = 2.1, scale_ms = 20.0'), "(allowed: 2 s)"),
    ],
)
def test_what_cannot_come_about_is_refused(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        make_question(scenario(tmp_path / "s.toml", more=more))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        slides('bridge = "north"', 'direction = "down"', "from_s = 2.9"),
        slides('bridge = "west"', "to_s = 1.1"),
        at_north('model = "normal", mean_ms = 1000.0, sd_ms = 200.0'),
        at_north('model = "pareto", shape = 3.0, scale_ms = 10.0'),
    ],
)
def test_what_can_come_about_is_taken(tmp_path: Path, more: str) -> None:
    plan = make_question(scenario(tmp_path / "s.toml", more=more)).plan
    assert [stream for stream in plan.streams if stream.impairments]


def test_a_link_that_no_call_takes_is_refused(tmp_path: Path) -> None:
    """Of the ring, one link lies on nobody's shortest way to Gia Nghĩa."""
    file = tmp_path / "s.toml"
    for link, carries in (("dak-mil--cu-jut", True), ("cu-jut--krong-no", False)):
        more = impairment(f'link = "{link}"', CORRUPT)
        scenario(file, bridges=(), province=DEFAULT, more=more)
        if carries:
            assert len(make_question(file).plan.lines) == 2
        else:
            with pytest.raises(InputError, match=f"'{link}': carries no call that way"):
                make_question(file)
