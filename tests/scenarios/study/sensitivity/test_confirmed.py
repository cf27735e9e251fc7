"""Both sides of flip points that the estimate found are as it says when they are emulated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from scenario_factory import SCENARIOS

from giaoban.errors import InvalidRun
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import Result
from giaoban.results.model.studies.sensitivity import FlipPoint
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import judge_alone
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.study.emulation_process import EmulationJob, emulate_all, result_of
from giaoban.scenarios.study.sensitivity.figures import figures, program_ranges
from giaoban.scenarios.study.sensitivity.tried import Asked, attempt, sides
from giaoban.scenarios.study.sensitivity.world import Path as WorldPath
from giaoban.scenarios.study.sensitivity.world import World
from giaoban.sentence import N_
from tests.scenarios.rings import failing_ring

KEYS = (
    "province.links.gia-nghia--dak-song.rate_mbps",
    "province.links.gia-nghia--dak-song.loss_pct",
    "province.mcu.rate_mbps",
    "province.mcu.buffer_packets",
    "province.bridges.cu-jut.rate_mbps",
    "scenario.new_bridges.quang-son.loss_pct",
    "device.audio_mix_delay.delay_ms",
    "device.compose_delay.delay_ms",
    "profiles.encoder.key_ratio",
    "profiles.encoder.spread",
    "profiles.terminal.playout_ms",
    "profiles.terminal.sync_hold_ms",
)
"""One of each kind that decides the default expansion."""


def _verdict(found: Result | InvalidRun) -> Verdict:
    return "invalid" if isinstance(found, InvalidRun) else found.verdict


TIMERS = (
    "province.routing.protocol",
    "province.routing.spf_ms",
    "province.routing.bfd_interval_ms",
    "province.routing.bfd_multiplier",
    "province.routing.route_install_ms",
)
"""Of a ring in which a link is silent for a while: what may keep a bridge away for too long."""


def test_flips_of_the_default_expansion(tmp_path: Path) -> None:
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    confirmed(question, KEYS, tmp_path)


def test_flips_of_timers(tmp_path: Path) -> None:
    (tmp_path / "ring").mkdir()
    confirmed(failing_ring(tmp_path / "ring"), TIMERS, tmp_path)


def confirmed(question: Question, keys: Sequence[str], tmp_path: Path) -> None:
    """Both sides of each flip of these figures emulated: each verdict is as the estimate says."""
    world, criteria = World.of(question), criteria_of(question)
    asked = Asked(world, judge_alone(question), 0, judge_alone)
    tried = {each.key: each for each in figures(world, criteria, program_ranges())[0]}
    flips: dict[str, tuple[WorldPath, FlipPoint]] = {}
    for number, key in enumerate(keys):
        for side in sides(number, tried[key]):
            if (flip := attempt(asked, side).flip) is not None:
                flips[f"{key} {side.end}"] = tried[key].path, flip
    assert {name.split()[0] for name in flips} == set(keys)
    worlds: dict[str, Question] = {}
    for name, (path, flip) in flips.items():
        whole = isinstance(tried[name.split()[0]].value, int)
        for which, value in (("holds", flip.holds), ("flips", flip.flips)):
            put = round(value) if whole and not isinstance(value, str) else value
            worlds[f"{name} {which} {value}"] = world.put(path, put).question()
    jobs = []
    for number, (name, changed) in enumerate(worlds.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        jobs.append(EmulationJob(name, changed, EngineName.SANDBOX, folder, result_of))
    found = emulate_all(
        jobs,
        len(jobs),
        engine=EngineName.SANDBOX,
        jobs=2,
        told=N_("{done} of {count}"),
        progress=lambda _what, _done: None,
    )
    said = {name: _verdict(outcome.found) for name, outcome in found.items()}
    assert said == {name: "pass" if " holds " in name else "fail" for name in worlds}


pytestmark = [pytest.mark.nightly, pytest.mark.sandbox]
