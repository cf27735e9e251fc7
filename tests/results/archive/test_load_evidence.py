"""The evidence of a load test: what is in it, and that nothing in it changes unnoticed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import load_factory as loads
import pytest
from evidence_factory import repacked

from giaoban.errors import InputError
from giaoban.results.archive.evidence.manifest import read_proof
from giaoban.results.archive.evidence.pack import write_evidence
from giaoban.results.archive.evidence.verify import verify
from giaoban.results.archive.history.scan import scan

ROLES = ("scenario", "province", "devices", "criteria")


def evidence_of(root: Path, result: loads.LoadResult, sources: tuple[str, ...] = ROLES) -> Path:
    folder, _ = loads.kept(root, result, sources)
    path = root / "x.evidence.zip"
    write_evidence(folder, path)
    return path


def test_it_holds_what_was_asked_and_done_and_the_check_inside(tmp_path: Path) -> None:
    path = evidence_of(tmp_path, loads.storm())
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    assert names == {
        "manifest.json",
        "load.json",
        "plan.json",
        "journal.jsonl",
        "check/storm-20261125-090000/result.json",
        *(f"inputs/{role}.toml" for role in ROLES),
    }
    [found] = verify([path])
    assert found.intact
    run = found.proof.manifest
    assert (run.kind, run.seed, run.verdict) == ("load", 1681, "pass")
    assert [item.role for item in run.inputs] == list(ROLES)
    [left] = found.proof.manifest.left_out
    assert left.path == "check/storm-20261125-090000/captures/mcu-sent.bin"


def test_a_test_in_real_time_has_the_catalogue_of_devices_alone(tmp_path: Path) -> None:
    [found] = verify([evidence_of(tmp_path, loads.calls(), ("devices",))])
    assert found.intact
    assert [item.role for item in found.proof.manifest.inputs] == ["devices"]


def test_a_test_of_somebodys_device_has_no_inputs(tmp_path: Path) -> None:
    [found] = verify([evidence_of(tmp_path, loads.calls(place="target"), ())])
    assert found.intact
    assert found.proof.manifest.inputs == []


@pytest.mark.parametrize(
    "name", ["load.json", "journal.jsonl", "check/storm-20261125-090000/result.json"]
)
def test_it_says_which_file_was_altered(tmp_path: Path, name: str) -> None:
    path = evidence_of(tmp_path, loads.storm())

    def change(files: dict[str, bytes]) -> None:
        files[name] = files[name].replace(b"}", b" }", 1)

    assert repacked(path, change) == [f"{name}: was altered"]


def test_an_input_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Even if every sum is right, as somebody made them anew."""
    path = evidence_of(tmp_path, loads.storm())
    found = repacked(
        path, lambda files: files.pop("inputs/province.toml"), summed=True, untold=["province"]
    )
    assert found == ["inputs: the province that the answer was made from is missing"]


def test_a_run_that_was_changed_gives_no_evidence(tmp_path: Path) -> None:
    folder, _ = loads.kept(tmp_path, loads.calls(), ("devices",))
    journal = folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b" ")
    with pytest.raises(InputError, match=r"journal\.jsonl: is not what it was"):
        read_proof(folder)


def test_the_history_knows_seed_code_and_whether_it_is_a_commits(tmp_path: Path) -> None:
    folder, _ = loads.kept(tmp_path, loads.calls(), ("devices",))
    entry = scan(folder)
    assert (entry.kind, entry.seed, entry.code, entry.committed) == (
        "load", 1681, "c" * 16, True,
    )  # fmt: skip
