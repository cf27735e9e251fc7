"""Approvals against the files as they are now: whatever else changed is told, and nothing that did
not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_factory import SCENARIOS, SMALL, giaoban, scenario

from giaoban.results.archive.evidence.manifest import save_inputs, sha256, write_manifest
from giaoban.results.archive.history.recheck import Changed
from giaoban.results.model.result import FileRef
from giaoban.scenarios.cli.commands.documents.history import changed_line
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.documents import inputs_of
from giaoban.scenarios.study.recheck import named, names_of, records_of, records_then
from tests.results import history_factory as h
from tests.results.sensitivity_factory import analysis, figure

INPUT = {"scenario": "scenario", "province": "province", "devices": "mcu", "criteria": "criteria"}
"""Role of a copied file → what a result calls it."""
EXAMPLES = sorted(SCENARIOS.glob("*.toml"))
ANOTHER = """
[[bridge]]
id = "south"
name = "South"
router = "r-west"
km = 2.0
rate_mbps = 0.5
buffer_packets = 200
source = "test"
"""

OF_JANUARY = h.JANUARY.rsplit("-", 2)[0]
"""The scenario of the runs that are kept here."""


def kept_of(path: Path, root: Path) -> Path:
    """The run of a check that passed, with an analysis of one figure and copies of its files."""
    result, copied = h.measured(h.JANUARY), inputs_of(make_question(path))
    files = {
        INPUT[role]: FileRef(path=name, sha256=sha256(file.read_bytes()))
        for role, name, file in copied
        if role in INPUT
    }
    result = result.model_copy(update={"inputs": result.inputs.model_copy(update=files)})
    folder = h.keep(root, result)
    (folder / "sensitivity.json").write_text(analysis(figure()).to_json(), encoding="utf-8")
    write_manifest(folder, result, save_inputs(folder, copied), {})
    return folder


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_copies_of_a_run_are_of_the_same_records_as_its_files(
    path: Path, tmp_path: Path
) -> None:
    assert records_then(kept_of(path, tmp_path)) == records_of(make_question(path))


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("720p30-2m", "1080p30-4m", "scenario.profile: 720p30-2m → 1080p30-4m"),
        ("before_s = 2.0", "before_s = 3.0", "scenario.phases.before_s: 2 → 3"),
        ("\n[[bridge]]", f"{ANOTHER}\n[[bridge]]", "South (scenario.new_bridges.south): was not"),
        ('id = "north"', 'id = "centre"', "scenario.new_bridges.north: is in no file any more"),
        ("\n[[bridge]]", '\n[thresholds]\nlink-peak = 50.0\n\n[[bridge]]', "thresholds.link-peak"),
        ("\n[[bridge]]", '\n[meeting]\nencrypted = true\n\n[[bridge]]', "encrypted"),
        ("seed = 1681", "seed = 5", None),
        ('question = "', 'question = "Well: ', None),
    ],
)  # fmt: skip
def test_an_approval_falls_with_whatever_was_tried_at_no_other_value(
    was: str, becomes: str, told: str | None, tmp_path: Path
) -> None:
    path = scenario(tmp_path / "now.toml", id=OF_JANUARY, seed=1681, profile="720p30-2m")
    text = path.read_text(encoding="utf-8")
    assert was in text
    kept_of(path, tmp_path / "runs")
    path.write_text(text.replace(was, becomes, 1), encoding="utf-8")
    ran = giaoban("history", "recheck", path, "--results", tmp_path / "runs")
    assert (ran.code, ran.err) == (0 if told is None else 1, "")
    assert (told or "holds: ") in ran.out
    assert ("FALLS" in ran.out) == (told is not None)


def test_of_a_province_what_was_no_assumption_counts_too(tmp_path: Path) -> None:
    path = scenario(tmp_path / "now.toml", id=OF_JANUARY)
    kept_of(path, tmp_path / "runs")
    words = ("history", "recheck", path, "--results", tmp_path / "runs")
    assert giaoban(*words).code == 0
    text = SMALL.read_text(encoding="utf-8")
    place = text.index("rate_mbps = ", text.index("[mcu]"))
    end = text.index("\n", place)
    other = tmp_path / "other.toml"
    other.write_text(f"{text[:place]}rate_mbps = 1.0{text[end:]}", encoding="utf-8")
    ran = giaoban(*words, "--with-province", other)
    assert ran.code == 1
    assert "rate (province.mcu.rate_mbps): " in ran.out
    said = giaoban("--lang", "vi", *words, "--with-province", other).out
    assert ": tốc độ (province.mcu.rate_mbps): " in said


def test_a_run_without_its_files_says_what_it_was_not_compared_with(tmp_path: Path) -> None:
    path = scenario(tmp_path / "now.toml", id=OF_JANUARY)
    folder = kept_of(path, tmp_path / "runs")
    (folder / "inputs" / "scenario.toml").unlink()
    ran = giaoban("history", "recheck", path, "--results", tmp_path / "runs")
    assert ran.code == 0
    assert "only figures that were tried are compared" in " ".join(ran.out.split())


def test_an_analysis_of_no_approval_is_told_of(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "sensitivity-now-20261127-080000"
    folder.mkdir(parents=True)
    (folder / "sensitivity.json").write_text(analysis(figure()).to_json(), encoding="utf-8")
    ran = giaoban("history", "recheck", "--results", tmp_path / "runs")
    assert (ran.code, ran.err) == (0, "")
    assert "1 analysis of giaoban sensitivity alone" in ran.out


def test_a_file_of_another_name_is_compared_by_its_scenario(tmp_path: Path) -> None:
    """Whoever copied the file to change it must not be told that the approval holds."""
    path = scenario(tmp_path / "now.toml", id=OF_JANUARY)
    kept_of(path, tmp_path / "runs")
    text = path.read_text(encoding="utf-8").replace("before_s = 2.0", "before_s = 3.0", 1)
    copy = tmp_path / "wanted.toml"
    copy.write_text(text, encoding="utf-8")
    ran = giaoban("history", "recheck", copy, "--results", tmp_path / "runs")
    assert ran.code == 1
    assert "scenario.phases.before_s: 2 → 3" in ran.out


def test_a_file_that_no_approval_is_of_is_said_to_be_compared_with_none(tmp_path: Path) -> None:
    kept_of(scenario(tmp_path / "now.toml", id=OF_JANUARY), tmp_path / "runs")
    other = scenario(tmp_path / "other.toml", id="another")
    words = ("history", "recheck", other, "--results", tmp_path / "runs")
    assert f"{other}: no approval with an analysis is of this scenario" in giaoban(*words).out
    assert json.loads(giaoban(*words, "--json").out)["of_no_approval"] == [str(other)]


def test_a_file_of_the_same_name_is_not_compared_with_another_scenarios_approval(
    tmp_path: Path,
) -> None:
    kept_of(scenario(tmp_path / "now.toml", id=OF_JANUARY), tmp_path / "runs")
    other = tmp_path / "elsewhere" / "now.toml"
    other.parent.mkdir()
    scenario(other, id="another")
    words = ("history", "recheck", other, "--results", tmp_path / "runs")
    assert json.loads(giaoban(*words, "--json").out)["of_no_approval"] == [str(other)]


def test_two_files_of_one_scenario_are_refused(tmp_path: Path) -> None:
    one, two = (scenario(tmp_path / name) for name in ("one.toml", "two.toml"))
    ran = giaoban("history", "recheck", one, two, "--results", tmp_path / "runs")
    assert (ran.code, ran.out) == (2, "")
    assert f"{two}: is the scenario short, as {one} is" in ran.err


def test_a_router_is_told_from_the_bridge_of_its_place_and_no_key_stands_for_a_word(
    tmp_path: Path,
) -> None:
    names = names_of(make_question(scenario(tmp_path / "s.toml")))
    called = [(str(name), name.vi) for name in names.values()]
    assert ("router Tây", "bộ định tuyến Tây") in called
    assert len(set(called)) == len(called)
    router = next(key for key, name in names.items() if name.vi == "bộ định tuyến Tây")
    link = next(key for key, name in names.items() if name.vi == "tuyến Tây – Đông")
    for key, said in (
        (f"{router}.lat", f"bộ định tuyến Tây ({router}.lat)"),
        (f"{link}.queue.packets", f"tuyến Tây – Đông ({link}.queue.packets)"),
        (f"{link}.framing.layer", f"tuyến Tây – Đông: phần mà tốc độ tính ({link}.framing"),
        (f"{link}.rate_mbps", f"tuyến Tây – Đông: tốc độ ({link}.rate_mbps)"),
    ):
        [change] = named([Changed(key=key, state="other", was=1, now=2)], names)
        assert changed_line(change).vi.startswith(said)
