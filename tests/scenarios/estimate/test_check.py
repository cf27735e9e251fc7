"""`giaoban check --estimate`: what is written, how it is marked, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_factory import ONLY_EMULATED, SCENARIOS, WHY_NOT_ESTIMATED, scenario
from undrawn import undrawn

from giaoban.results.model.result import Result
from giaoban.scenarios.cli.entry import run as run_command_line
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.estimate.static import static_loads
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.faults.kind import link_ends
from tests.scenarios.rings import ring_scenario


def run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["giaoban", *words])
    return run_command_line()


def test_a_run_folder_without_annex(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = scenario(tmp_path / "s.toml", id="quick", phases=(2, 3, 2))
    results = tmp_path / "results"
    words = ["check", str(file), "--estimate", "--seeds", "0", "--results", str(results)]
    code = run(words, monkeypatch)
    said = capsys.readouterr().out
    [folder] = [path for path in results.iterdir() if path.is_dir()]
    result = Result.from_json((folder / "result.json").read_bytes())
    assert result.engine.name == "estimate"
    assert code == {"pass": 0, "fail": 1}[result.verdict]
    assert "ESTIMATED" in said
    assert "no document for approval" in said
    assert "annex.pdf" not in said
    assert "ESTIMATED" in (folder / "summary.md").read_text(encoding="utf-8")
    names = {path.name for path in folder.iterdir()}
    assert {"plan.json", "summary.md", "series.npz", "plots"} <= names
    assert "phu-luc.pdf" not in names


def test_what_cannot_be_estimated_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = scenario(tmp_path / "s.toml", phases=(4, 4, 3), more=ONLY_EMULATED)
    results = tmp_path / "results"
    assert run(["check", str(file), "--estimate", "--results", str(results)], monkeypatch) == 2
    said = capsys.readouterr().err
    assert "cannot be estimated (allowed: leave out --estimate)" in said
    assert WHY_NOT_ESTIMATED in said
    assert not results.exists() or not list(results.iterdir())


@pytest.mark.parametrize(
    ("shared", "when", "estimated"),
    [
        ("a--b", "", True),
        ("b--c", "", False),
        ("b--c", "to_s = 3.0", True),
        ("b--c", "to_s = 3.5", False),
        ("b--c", "from_s = 4.5", False),
        ("b--c", "from_s = 5.0", True),
    ],
    ids=["another link", "the link", "before", "until it fails", "until it is mended", "after"],
)
def test_other_traffic_is_accounted_for_where_a_link_fails_and_never_guessed_to_go_round(
    tmp_path: Path, shared: str, when: str, estimated: bool
) -> None:
    more = f'''
[[background]]
link = "{shared}"
mbps = 2.0
{when}
source = "test"

[[fault]]
kind = "cut"
link = "b--c"
at_s = 3.0
to_s = 5.0
'''
    file = ring_scenario(
        tmp_path,
        phases=(2, 4, 2),
        more=more,
    )
    question = make_question(file)
    if estimated:
        result = estimate(question).result
        assert (result.accounting.unaccounted, result.reasons) == (0, [])
        assert result.accounting.packets_received > 1000
    else:
        [reason] = reasons(question.plan)
        link = question.plan.network.link(shared)
        assert f"[[background]] on {link_ends(question.plan.network, link)}:" in reason.en


def test_the_same_question_has_the_same_answer(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml", id="same", phases=(2, 3, 2))
    first, again = (estimate(make_question(file)).result.to_json() for _ in range(2))
    assert json.loads(first) == json.loads(again)


def test_loads_without_packets_are_near_those_with_them(tmp_path: Path) -> None:
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    loads = static_loads(question.plan)
    assert (loads.units_used, loads.ports_used, loads.refused) == (30.0, 10, [])
    after = estimate(question).result.phases[-1]
    for load, link in zip(loads.links, after.links, strict=True):
        assert (load.link, load.direction) == (link.id, link.direction)
        assert load.mean_pct == pytest.approx(link.utilisation_pct, rel=0.03, abs=0.05)
        # a call's first key frames are in the busiest second of `after` at times
        assert load.peak_pct == pytest.approx(link.peak_pct, rel=0.2, abs=0.1)


def test_a_calls_sound_loads_a_line_as_its_codec_does() -> None:
    """In a packet 12 octets of RTP, 28 of UDP and IP, 14 of Ethernet, 50 a second: 85.6 kb/s of
    G.711, 45.6 kb/s of G.722.1 Annex C at 24 kb/s. Seven calls cross the E1."""
    file, mbps, worst = SCENARIOS / "communes-on-an-e1.toml", [], []
    for profile in ("cif30-128k", "cif30-128k-g722-1c"):
        changed = {"profile": profile}
        question = make_question(file, change=lambda s, to=changed: s.model_copy(update=to))
        loads = static_loads(question.plan)
        e1 = [each for each in loads.links if each.link == "gia-nghia--dak-glong"]
        mbps.append([each.mean_mbps for each in e1])
        worst.append(max(each.peak_pct for each in e1))
    for g711, g7221 in zip(*mbps, strict=True):
        assert g711 - g7221 == pytest.approx(7 * (160 - 60) * 50 * 8e-6)
    assert worst[0] > 80 > worst[1]


def test_loads_tell_who_is_refused() -> None:
    plan = make_question(SCENARIOS / "expansion-over-capacity.toml").plan
    loads = static_loads(plan)
    assert len(loads.joined) == 30
    assert {refused.code for refused in loads.refused} == {503}
    assert len(loads.refused) == 6
    assert loads.worst_link().link == "access-mcu"


def test_people_read_it_in_their_language_and_files_are_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIAOBAN_LANG", "vi")
    undrawn(monkeypatch)
    file = scenario(tmp_path / "s.toml", id="quick", phases=(2, 3, 2))
    results = tmp_path / "results"
    run(["check", str(file), "--estimate", "--seeds", "0", "--results", str(results)], monkeypatch)
    said = capsys.readouterr().out
    assert said.startswith("ƯỚC TÍNH: ")
    assert not {"ESTIMATED", "criterion", "limit", "met", "margin"} & set(said.split())
    [folder] = [path for path in results.iterdir() if path.is_dir()]
    assert (folder / "summary.md").read_text(encoding="utf-8").startswith("# ƯỚC TÍNH: ")
