"""A verdict that is known before the meeting is over is the one that its end would have brought."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import DEFAULT, scenario

from giaoban.results.judge.metrics import ONLY_GROWS
from giaoban.scenarios.estimate.estimate import (
    estimate,
    estimate_meeting,
    judge_alone,
    judge_early,
)
from giaoban.scenarios.estimate.media import media
from giaoban.scenarios.estimate.media.captures import captures_of
from giaoban.scenarios.measure.assemble import criteria_of, measured_phases
from giaoban.scenarios.plan.question import Question, make_question
from tests.nights import at_night

LOSSES = """
[[impairment]]
link = "{link}"
direction = "down"
from_s = {from_s}
loss = {{ model = "bernoulli", p = {p} }}
"""


def losing(tmp_path: Path, link: str, p: float, from_s: float = 0.0) -> Question:
    more = LOSSES.format(link=link, p=p, from_s=from_s)
    phases = (4, 4, 8)
    path = tmp_path / "s.toml"
    return make_question(
        scenario(path, id="lossy", province=DEFAULT, bridges=(), phases=phases, more=more)
    )


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of each estimated meeting how many steps it took, the latest last."""
    found = [0]
    own = media._MeetingRun._stands

    def stands(run: media._MeetingRun, ended: media.Ended) -> None:
        own(run, ended)
        found[-1] += 1

    monkeypatch.setattr(media._MeetingRun, "_stands", stands)
    return found


@pytest.mark.parametrize(
    ("link", "p", "from_s"),
    [
        at_night("access-mcu", 0.01, 0.0),
        at_night("access-cu-jut", 0.05, 0.0),
        ("access-cu-jut", 0.05, 7.0),
    ],
)
def test_what_fails_for_sure_fails_soon(
    tmp_path: Path, steps: list[int], link: str, p: float, from_s: float
) -> None:
    question = losing(tmp_path, link, p, from_s)
    whole = judge_alone(question)
    whole_steps = steps[-1]
    steps.append(0)
    soon = judge_early(question)
    assert whole.verdict == soon.judgement.verdict == "fail"
    assert not soon.whole
    assert steps[-1] < 0.8 * whole_steps
    binding = soon.judgement.binding
    assert binding.margin_pct is not None
    [own] = [each for each in whole.criteria if each.id == binding.criterion]
    assert own.margin_pct is not None
    assert own.margin_pct <= binding.margin_pct < 0  # it can only get worse


def test_what_passes_is_held_to_its_end_and_judged_the_same(tmp_path: Path) -> None:
    question = losing(tmp_path, "access-cu-jut", 1e-6)
    soon = judge_early(question)
    assert soon.whole
    assert soon.judgement == judge_alone(question)


def test_how_far_it_fails_is_waited_for(tmp_path: Path) -> None:
    question = losing(tmp_path, "access-cu-jut", 0.002)
    for past_pct in (0.0, 100.0, 1e6):
        soon = judge_early(question, past_pct)
        assert soon.judgement.verdict == "fail"
        binding = soon.judgement.binding
        assert binding.margin_pct is not None
        assert soon.whole or binding.margin_pct <= -past_pct
    assert soon.whole


def test_a_look_finds_what_all_that_is_measured_says(tmp_path: Path) -> None:
    """Of pictures alone, where nothing else is looked at."""
    question = losing(tmp_path, "access-mcu", 0.002)
    criteria = criteria_of(question)
    growing = [e for e in criteria.criterion if e.measure and e.measure.metric in ONLY_GROWS]
    held = estimate_meeting(question, None)
    captures = captures_of(question.plan, held.meeting, held.estimated)
    looked, whole = (
        {
            (phase.name, bridge.id, stream.kind, stream.direction): stream
            for phase in measured_phases(captures, each)
            for bridge in phase.bridges
            for stream in bridge.streams
        }
        for each in (criteria.model_copy(update={"criterion": growing}), criteria)
    )
    held.estimated.close()
    assert {kind for _, _, kind, _ in looked} == {"video"}
    assert looked.keys() == {key for key in whole if key[2] == "video"}
    names = ["packets_sent", "packets_received", *(e.measure.metric for e in growing if e.measure)]
    for key, stream in looked.items():
        told, known = ([getattr(one, name) for name in names] for one in (stream, whole[key]))
        assert told == known, key
    assert any(stream.freeze_ms_max for stream in looked.values())


OWN = """
[[criterion]]
id = "own-{number}"
name_en = "{metric}"
name_vi = "{metric}"
measure = {{ on = "{on}", metric = "{metric}" }}
threshold = 1.0
unit = "ms"
sense = "at-most"
statistic = "mean"
source_en = "test"
source_vi = "thử"
"""


def test_what_is_only_judged_is_judged_as_what_is_told(tmp_path: Path) -> None:
    """Figures that nobody looks at are not measured; those that a criterion names are."""
    told = ["rtcp.jitter_ms", "burst_ms_mean", "gap_ms_mean", "jitter_ms_max"]
    wanted = [("stream", metric) for metric in told]
    wanted += [("bridge", "lip_sync_up_ms"), ("bridge", "lip_sync_down_ms")]
    own = "".join(
        OWN.format(number=number, on=on, metric=metric)
        for number, (on, metric) in enumerate(wanted)
    )
    lossy = LOSSES.format(link="access-west", from_s=0.0, p=0.02)
    for more in (lossy, lossy + own):
        question = make_question(scenario(tmp_path / "s.toml", phases=(2, 2, 2), more=more))
        result = estimate(question).result
        judged = judge_alone(question)
        assert (judged.verdict, judged.criteria) == (result.verdict, result.criteria)
        assert judged.binding == result.binding
    values = {each.id: each.value for each in judged.criteria if each.id.startswith("own-")}
    assert len(values) == len(wanted)
    assert sum(map(bool, values.values())) > len(wanted) / 2, values
