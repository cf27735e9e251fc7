"""The estimate beside what emulations of the repository's scenarios measured (`golden/*.json`)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import golden
import pytest
from scenario_factory import SCENARIOS

from giaoban.results.model.result import Result
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question

FILES = {
    "pass": "expansion-gia-nghia-quang-son",
    "step-down": "step-down-1080p",
    "thin-link": "expansion-thin-link",
}
SAME_MS = 0.3
"""Signalling, reports and the order of packets that come at the same time are not estimated."""
LOSSLESS = ("pass", "step-down")


@lru_cache
def estimated(name: str) -> Result:
    return estimate(make_question(SCENARIOS / f"{FILES[name]}.toml")).result


@lru_cache
def figures(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was emulated, and what is estimated."""
    kept = json.loads((golden.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return kept, json.loads(golden.text(golden.figures(estimated(name))))


def streams(name: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    kept, found = figures(name)
    keys = [key for key in kept if key.endswith((" up", " down"))]
    assert keys == [key for key in found if key.endswith((" up", " down"))]
    return [(key, kept[key], found[key]) for key in keys]


@pytest.mark.parametrize("name", FILES)
def test_verdict_and_what_binds(name: str) -> None:
    kept, found = figures(name)
    assert found["verdict"] == kept["verdict"]
    assert found["binding"] == kept["binding"]
    for key in (key for key in kept if key.startswith("criterion")):
        assert found[key]["ok"] == kept[key]["ok"], key


@pytest.mark.parametrize("name", LOSSLESS)
def test_every_stream_has_the_packets_and_delays_that_were_measured(name: str) -> None:
    for key, kept, found in streams(name):
        assert found["packets"] == kept["packets"], key
        for before, after in zip(kept["ms"], found["ms"], strict=True):
            assert before == pytest.approx(after, abs=SAME_MS), key
        assert found["mos"] == pytest.approx(kept["mos"], abs=0.002), key


def test_the_full_line_alone_loses_packets_and_about_as_many() -> None:
    lost = [0, 0]
    for key, *both in streams("thin-link"):
        for number, stream in enumerate(both):
            sent, received = stream["packets"][:2]
            lost[number] += sent - received
            assert sent == received or "quang-son" in key, key
    assert lost[1] == pytest.approx(lost[0], rel=0.1)


@pytest.mark.parametrize("name", FILES)
def test_calls_and_loads_agree(name: str) -> None:
    kept, found = figures(name)
    for key in kept:
        if key.endswith(" mcu"):
            for what, before in kept[key].items():
                if what != "setup_network_ms_p95":
                    assert found[key][what] == before, (key, what)
            # a picture packet ahead of a message takes 0.12 ms at 100 Mb/s
            assert found[key]["setup_network_ms_p95"] == pytest.approx(
                kept[key]["setup_network_ms_p95"], abs=0.13
            )
        elif "->" in key and "pct" in kept[key]:
            assert found[key]["pct"] == pytest.approx(kept[key]["pct"], abs=0.5), key


@pytest.mark.parametrize("name", FILES)
def test_every_packet_is_accounted_for(name: str) -> None:
    result = estimated(name)
    account = result.accounting
    assert account.unaccounted == 0
    assert account.packets_sent > 200_000
    lost = account.packets_dropped_at_queues
    assert account.packets_sent == account.packets_received + lost
    assert (lost > 0) == (name == "thin-link")
    assert result.engine.name == "estimate"
    assert result.is_estimate


def test_the_31st_call_is_refused_as_the_device_documents_say() -> None:
    """One MPMx card: 90 CIF resources, 3 a call at 720p30; none is left, not even for sound.

    Admission is the MCU's own; that an emulated one answers so is in `test_golden_runs`.
    """
    result = estimate(make_question(SCENARIOS / "expansion-31st-call.toml")).result
    before, during, after = result.phases
    last = result.question.new[-1]
    assert [(r.bridge, r.code) for r in during.mcu.refused] == [(last.id, 503)]
    assert before.mcu.refused == after.mcu.refused == []
    assert all(p.mcu.downspeeded == [] for p in result.phases)
    assert (after.mcu.units_used, len(after.mcu.joined)) == (90, 30)
    assert last.id not in after.mcu.joined
    assert (result.binding.criterion, result.binding.where) == ("every-call-set-up", "mcu, during")
