"""The index over the run folders: always what the folders say, whatever happens to it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import history_factory as h
import pytest
import results_factory as f

from giaoban.errors import InputError
from giaoban.results.archive.history.draw_trend import draw_trend
from giaoban.results.archive.history.entry import scenario_of
from giaoban.results.archive.history.index import INDEX, opened
from giaoban.results.archive.history.trend import drawable, trend
from giaoban.results.archive.history.yearly import yearly
from giaoban.results.archive.store import note_rerun
from giaoban.results.model.result import Result
from giaoban.results.model.run_ids import VIETNAM
from giaoban.results.report.summaries.failures_summary import busiest, slowest

IN_ORDER = [h.JANUARY, h.FEBRUARY, h.APRIL, h.JULY, h.FAULTS, h.NEXT_YEAR]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return h.year(tmp_path / "runs")


def found(root: Path, **choice: Any) -> list[str]:
    with opened(root) as index:
        return [entry.run_id for entry in index.entries(**choice)]


def test_all_runs_in_the_order_of_time(root: Path) -> None:
    assert found(root) == IN_ORDER
    with opened(root) as index:
        assert [s.folder for s in index.skipped()] == [".partial-going-on", "notes"]
        assert index.skipped()[0].reason == "not finished: going on, or killed"
        january = index.entries()[0]
    assert january.at == datetime(2026, 1, 15, 8)
    assert (january.kind, january.verdict) == ("check", "pass")
    assert january.scenario == "mo-rong-dot-1"
    assert january.new == {"tx-gia-nghia": "Thị xã Gia Nghĩa", "quang-son": "Xã Quảng Sơn"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"scenario": "mo-rong-dot-2"}, [h.APRIL, h.NEXT_YEAR]),
        ({"kind": "faults"}, [h.FAULTS]),
        ({"year": 2027}, [h.NEXT_YEAR]),
        ({"scenario": "mo-rong-dot-1", "year": 2025}, []),
    ],
)
def test_runs_that_fit(root: Path, choice: dict[str, Any], expected: list[str]) -> None:
    assert found(root, **choice) == expected


def test_what_no_run_has_is_refused_with_what_there_is(root: Path) -> None:
    with pytest.raises(InputError, match='did you mean "mo-rong-dot-1"'):
        found(root, scenario="mo-rong-dot1")
    with pytest.raises(InputError, match=r"allowed: check, faults"):
        found(root, kind="x")
    with opened(root) as index, pytest.raises(InputError, match="mouth-to-ear"):
        index.check_criterion("mouth-to-eer")


def test_only_what_changed_is_read_again(root: Path) -> None:
    found(root)
    with opened(root) as index:
        assert index.refresh() == 0
        result = h.measured(h.APRIL, delay_ms=1.0)
        (root / h.APRIL / "result.json").write_text(result.to_json(), encoding="utf-8")
        assert index.refresh() == 1
        [april] = [e for e in index.entries() if e.run_id == h.APRIL]
        assert april.verdict == "pass"
    shutil.rmtree(root / h.JANUARY)
    assert found(root) == IN_ORDER[1:]
    h.keep(root, h.measured("x-20260101-000000"))
    assert found(root)[0] == "x-20260101-000000"


def test_a_lost_or_damaged_index_is_made_again(root: Path) -> None:
    found(root)
    whole = (root / INDEX).read_bytes()
    damaged = {
        "gone": None,
        "no database": b"this is no database, however long it may be" * 200,
        "cut off": whole[: len(whole) // 2],
        "overwritten": whole[:4096] + b"\xff" * (len(whole) - 4096),
        "empty": b"",
    }
    for what, data in damaged.items():
        (root / INDEX).unlink()
        if data is not None:
            (root / INDEX).write_bytes(data)
        assert found(root) == IN_ORDER, what


def test_without_a_place_for_the_index(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs on a medium that cannot be written are listed all the same, and nothing is left."""
    monkeypatch.setattr("giaoban.results.archive.history.index.INDEX", "no/such/folder/index")
    assert found(root) == IN_ORDER
    assert not (root / INDEX).exists()
    assert found(root / "nowhere") == []
    assert not (root / "nowhere").exists()


def test_a_damaged_result_is_told_with_its_reason(root: Path) -> None:
    (root / h.APRIL / "result.json").write_text('{"schema": "giaoban.result/2"}', encoding="utf-8")
    assert h.APRIL not in found(root)
    with opened(root) as index:
        [reason] = [s.reason for s in index.skipped() if s.folder == h.APRIL]
    assert "not a giaoban.result/2 file: run_id" in reason


def test_a_run_that_was_made_again_to_verify_another_is_no_further_run(root: Path) -> None:
    assert h.APRIL in found(root)  # the index knows it before it is noted
    note_rerun(root / h.APRIL, h.JANUARY)
    assert h.APRIL not in found(root)
    with opened(root) as index:
        [why] = [s for s in index.skipped() if s.folder == h.APRIL]
    assert why.reason == f"{h.JANUARY} made again by giaoban verify --rerun, no further run"
    assert h.JANUARY in why.reason_vi


def test_a_copy_of_a_run_counts_once(root: Path) -> None:
    for name in ("0-before-it", f"{h.APRIL} - Copy"):
        shutil.copytree(root / h.APRIL, root / name)
    shutil.copytree(root / h.FAULTS, root / "sự cố")
    shutil.rmtree(root / h.FAULTS)
    assert found(root) == IN_ORDER
    with opened(root) as index:
        folders = {entry.run_id: entry.folder for entry in index.entries()}
        why = {each.folder: each.reason for each in index.skipped()}
    assert (folders[h.APRIL], folders[h.FAULTS]) == (h.APRIL, "sự cố")
    for name in ("0-before-it", f"{h.APRIL} - Copy"):
        assert why[name] == f"a copy of the run in {h.APRIL}, which counts once"
    shutil.rmtree(root / h.APRIL)
    assert found(root) == IN_ORDER


@pytest.mark.parametrize("again", [lambda data: data.replace(b"\n", b"\r\n"), lambda data: data])
def test_an_answer_that_was_rewritten_is_none_of_this_run(
    tmp_path: Path, again: Callable[[bytes], bytes]
) -> None:
    folder = h.proven(tmp_path / "runs", h.measured(h.APRIL), tmp_path / "sources")
    assert found(folder.parent) == [h.APRIL]
    path = folder / "result.json"
    path.write_bytes(again(path.read_bytes()))
    with opened(folder.parent) as index:
        if again(b"\n") == b"\n":
            assert (len(index.entries()), index.skipped()) == (1, [])
            return
        assert index.entries() == []
        [skipped] = index.skipped()
    assert "is not what it was when the run was made" in skipped.reason


def test_an_answer_of_an_unknown_kind_is_listed(root: Path) -> None:
    folder = root / "whatif-x-20260801-120000"
    folder.mkdir()
    answer = {"schema": "giaoban.whatif/3", "run_id": folder.name, "verdict": "pass"}
    (folder / "whatif.json").write_text(json.dumps(answer | {"question_vi": "?"}), encoding="utf-8")
    (folder / "manifest.json").write_text(
        json.dumps({"schema": "giaoban.evidence/1", "run_id": "x"}), encoding="utf-8"
    )
    (folder / "other.json").write_text("[]", encoding="utf-8")
    with opened(root) as index:
        [entry] = index.entries(kind="whatif")
    assert (entry.scenario, entry.verdict, entry.question_vi) == ("x", "pass", "?")
    studies = yearly([entry], 2026)["studies"]
    assert studies == [["01/08/2026", "so sánh phương án", "Đạt", folder.name]]


def test_a_run_id_without_a_time_is_dated_by_its_file(tmp_path: Path) -> None:
    folder = h.keep(tmp_path, f.result(run_id="thu-nghiem"))
    os.utime(folder / "result.json", (1_780_000_000, 1_780_000_000))
    with opened(tmp_path) as index:
        [entry] = index.entries()
    assert entry.at.replace(tzinfo=VIETNAM).timestamp() == 1_780_000_000


def test_the_scenario_of_a_run() -> None:
    assert scenario_of("faults-a-b-20260101-000000-2") == "a-b"
    assert scenario_of("faults-a-b-estimate-20260101-000000", estimate=True) == "a-b"
    assert scenario_of("20260101") == "20260101"


def test_a_criterion_through_the_year(root: Path, tmp_path: Path) -> None:
    with opened(root) as index:
        points = trend(index.entries(year=2026), "mouth-to-ear")
    # the criterion takes the worst stream: others hear at 260 ms
    assert [p.criterion.value for p in points] == [260.0, 346.0, 316.0, 416.0]
    assert [p.run_id for p in drawable(points)] == [h.JANUARY, h.APRIL, h.JULY]
    for suffix in ("svg", "png", "pdf"):
        again = tmp_path / f"again.{suffix}"
        for path in (tmp_path / f"a.{suffix}", again):
            draw_trend(points, path, lang="vi")
        assert again.read_bytes() == (tmp_path / f"a.{suffix}").read_bytes()
    with pytest.raises(InputError, match=r"allowed: \.png, \.svg, \.pdf"):
        draw_trend(points, tmp_path / "a.gif", lang="vi")


def estimated(run_id: str) -> Result:
    made = h.measured(run_id)
    engine = made.engine.model_copy(update={"name": "estimate"})
    return made.model_copy(update={"engine": engine, "estimate": None})


def test_an_estimate_is_of_the_scenario_that_it_estimates(tmp_path: Path) -> None:
    """Its id says that it is one; the year's numbers of scenarios and `--scenario` do not."""
    ids = ["x-20260101-080000", "x-estimate-20260102-080000", "x-estimate-20260103-080000"]
    h.keep(tmp_path, h.measured(ids[0]))
    for run_id in ids[1:]:
        h.keep(tmp_path, estimated(run_id))
    h.keep(tmp_path, h.measured("an-estimate-20260104-080000"))
    with opened(tmp_path) as index:
        entries = index.entries()
    assert [e.scenario for e in entries] == ["x", "x", "x", "an-estimate"]
    assert {row[1] for row in yearly(entries, 2026)["unused"]} == {"1"}


@pytest.mark.parametrize("order", [1, -1])
def test_of_failures_that_do_as_much_all_documents_name_the_same(
    tmp_path: Path, order: int
) -> None:
    answer = h.faults()
    one = answer.failures[1]
    other = one.model_copy(update={"id": "silent:a--b", "name_en": "B", "name_vi": "B"})
    loads = [*answer.links, answer.links[0].model_copy(update={"id": "x--y", "failure": other.id})]
    update = {"failures": [one, other][::order], "links": loads[::order]}
    answer = answer.model_copy(update=update)
    h.keep_faults(tmp_path, answer)
    with opened(tmp_path) as index:
        [entry] = index.entries()
    assert {c.id: c.where_en for c in entry.criteria} == {
        "failure-interruption": one.name_en,
        "failure-link-peak": one.name_en,
    }
    for said in (slowest(answer), busiest(answer)):
        assert said is not None
        assert one.name_en in said
