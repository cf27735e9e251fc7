"""The yearly summary, and runs pruned to their evidence."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import datetime
from pathlib import Path

import history_factory as h
import pytest
from pdf_text import text_of

from giaoban.errors import InputError
from giaoban.results.archive.evidence.pack import open_evidence, write_evidence
from giaoban.results.archive.history.choose import RunFilter, choose
from giaoban.results.archive.history.document import write_summary
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.history.prune import prunable, prune_run, unfinished
from giaoban.results.archive.history.yearly import KINDS, Ledger, pictures, yearly
from giaoban.results.archive.page import page_of
from giaoban.results.archive.store import PRUNED, note_rerun
from giaoban.results.report.wording import Wording
from giaoban.schemas import COMMANDS, answer_schemas

NOW = datetime(2026, 12, 31, 12)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return h.year(tmp_path / "runs")


def of_year(root: Path, year: int = 2026) -> list[HistoryEntry]:
    with opened(root) as index:
        return choose(index, RunFilter.of_year(year))


def test_every_kind_of_answer_is_named() -> None:
    assert set(KINDS) == {COMMANDS.get(name, name) for name in answer_schemas()}


def test_the_year_in_english(root: Path) -> None:
    data = yearly(of_year(root), 2026, "en")
    assert data["overview"][0] == (
        "Of 2026 5 runs are kept (from 2026-01-15 to 2026-07-05), among them 3 checks of "
        "connections and 1 trial of failures whose results are assessed."
    )
    [network] = data["networks"]
    assert network["overview"][-1] == (
        "Failures: every single one that the network can have was tried, 1 single point of failure "
        "found (link Gia Nghĩa – Đắk Glong)."
    )
    assert network["months"][0] == ["Month 1", "1", "1", "0", "0"]


def test_what_the_year_says(root: Path) -> None:
    data = yearly(of_year(root), 2026)
    assert data["overview"][0].startswith(
        "Năm 2026 còn lưu 5 lần chạy (từ ngày 15/01/2026 đến ngày 05/07/2026), trong đó "
        "3 lần kiểm tra kết nối và 1 lần thử sự cố"
    )
    [network] = data["networks"]
    assert network["name"] == "topology/province.toml (bbbbbbbb)"  # no run kept its copy
    checked, least, tried = network["overview"]
    assert "1 lần đạt, 2 lần không đạt, trên 2 kịch bản" in checked
    assert least.startswith("Dư địa nhỏ nhất tính được trong năm là −100\u00a0% (")
    assert tried == (
        "Thử sự cố: đã thử mọi sự cố đơn lẻ mà mạng có thể gặp, phát hiện 1 điểm lỗi đơn (đường "
        "truyền Gia Nghĩa – Đắk Glong)."
    )
    assert network["months"] == [
        ["Tháng 1", "1", "1", "0", "0"],
        ["Tháng 2", "1", "0", "0", "1"],
        ["Tháng 4", "1", "0", "1", "0"],
        ["Tháng 7", "2", "1", "1", "0"],
    ]
    assert [row[3:6] for row in network["scenarios"]] == [
        ["2", "01/07/2026", "Không đạt"],
        ["1", "20/04/2026", "Không đạt"],
    ]
    [delay] = [row for row in network["criteria"] if row[0].startswith("Âm thanh: độ trễ từ miệng")]
    # of the year's worst, 416 ms in July; the invalid run of February does not count
    assert delay[1:5] == ["≤\u00a0400\u00a0ms", "3", "1", "416\u00a0ms"]
    heard = "âm thanh chiều xuống, với Gia Nghĩa (điểm cầu chủ tọa)"
    assert delay[5] == f"01/07/2026, Đắk Mil, {heard}, sau khi kết nối"
    [change] = [row for row in network["changes"] if row[1].startswith("Âm thanh: độ trễ từ miệng")]
    assert change[2:4] == ["260\u00a0ms (15/01/2026)", "416\u00a0ms (01/07/2026)"]
    [february] = data["unused"]
    why = (
        "không hợp lệ: 3 gói tin không rõ nguyên nhân (1 gói đến nơi không còn nhận, 0 gói gặp bộ "
        "đệm đầy, 2 gói còn trong hàng đợi)"
    )
    assert february[2:] == [why, h.FEBRUARY]
    assert not data["uncommitted"]
    loose = of_year(root)[0].model_copy(update={"committed": False})
    marked = yearly([loose], 2026)
    assert (marked["uncommitted"], marked["runs"][0][3]) == (True, "Đạt\u00a0*")
    assert [row[4] for row in data["runs"]] == [h.JANUARY, h.FEBRUARY, h.APRIL, h.JULY, h.FAULTS]
    january = (root / h.JANUARY / "result.json").read_bytes()
    assert data["runs"][0][5] == hashlib.sha256(january).hexdigest()


def test_pictures_only_of_what_has_a_course(root: Path) -> None:
    found = of_year(root)
    drawn = pictures(found, Ledger(found), Wording("vi"))
    assert drawn[0][0].startswith("Dư địa nhỏ nhất")
    assert all(len(points) > 1 for _, points in drawn)
    later = of_year(root, 2027)
    assert pictures(later, Ledger(later), Wording("vi")) == []


def test_the_document(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "nam.pdf"
    write_summary(of_year(root), 2026, out)
    text = text_of(out)
    for words in ("GIAO BAN ĐIỆN TỬ NĂM 2026", "Khoản 4 Điều 13", "Đắk Mil", "416 ms"):
        assert words in text
    january = hashlib.sha256((root / h.JANUARY / "result.json").read_bytes()).hexdigest()
    assert january in text  # whole, to be copied and compared
    first = out.read_bytes()
    write_summary(of_year(root), 2026, out)
    assert out.read_bytes() == first
    with pytest.raises(InputError, match="no run was kept of that year"):
        write_summary([], 2031, out)
    with pytest.raises(InputError, match=r"ends with \.pdf"):
        write_summary(of_year(root), 2026, tmp_path / "nam.doc")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A whole run, in a results folder of its own."""
    return h.proven(tmp_path / "own", h.measured(h.JANUARY), tmp_path / "sources")


def test_which_runs_are_old(root: Path) -> None:
    with opened(root) as index:
        entries = index.entries()

    def old(keep: int, days: int | None = None) -> list[str]:
        return [e.run_id for e in prunable(entries, keep=keep, older_than_days=days, now=NOW)]

    assert old(6) == []
    assert old(3) == [h.JANUARY, h.FEBRUARY, h.APRIL]
    assert old(0, 300) == [h.JANUARY, h.FEBRUARY]


def test_copies_of_a_run_are_old_with_it_and_count_once(root: Path) -> None:
    copies = [f"{h.JANUARY} - Copy", "0-before-it", f"{h.JULY} - Copy"]
    for name, run in zip(copies, (h.JANUARY, h.JANUARY, h.JULY), strict=True):
        shutil.copytree(root / run, root / name)

    def old(keep: int) -> list[str]:
        with opened(root) as index:
            entries = index.every_folder()
        return [e.folder for e in prunable(entries, keep=keep, older_than_days=None, now=NOW)]

    january = sorted([h.JANUARY, *copies[:2]])
    assert old(6) == []
    assert old(5) == january
    assert old(3) == [*january, h.FEBRUARY, h.APRIL]
    assert set(old(0)) >= {h.JULY, copies[2]}
    shutil.rmtree(root / h.JANUARY)
    assert old(5) == sorted(copies[:2])


def test_a_run_made_again_is_as_old_as_any_and_still_no_run_once_it_is_pruned(run: Path) -> None:
    note_rerun(run, h.APRIL)

    def folders() -> list[HistoryEntry]:
        with opened(run.parent) as index:
            assert index.entries() == []
            assert [each.folder for each in index.skipped()] == [run.name]
            assert not any(map(index.words, ("scenario", "kind", "engine", "criterion")))
            assert index.bridges() == {}
            return index.every_folder()

    found = folders()
    assert prunable(found, keep=1, older_than_days=None, now=NOW) == []
    [old] = prunable(found, keep=0, older_than_days=None, now=NOW)
    assert old.folder == run.name
    prune_run(run, now=NOW)
    assert not (run / "captures").exists()
    found = folders()
    assert prunable(found, keep=0, older_than_days=None, now=NOW) == []
    (run / "captures").mkdir()  # as an interruption leaves it
    assert unfinished(run.parent, found) == [run]


def test_a_run_of_its_own_is_no_copy_of_one_made_again(run: Path) -> None:
    shutil.copytree(run, run.parent / "0-again")
    note_rerun(run.parent / "0-again", h.APRIL)
    with opened(run.parent) as index:
        assert [each.folder for each in index.entries()] == [run.name]
        assert [each.folder for each in index.skipped()] == ["0-again"]
        assert len(index.every_folder()) == 2


def test_a_pruned_run_is_still_in_the_history(run: Path) -> None:
    before = {name: (run / name).read_bytes() for name in ("result.json", "series.npz")}
    shown = page_of(run, lang="vi")
    pruned = prune_run(run, now=NOW)
    evidence = f"{h.JANUARY}.evidence.zip"
    assert sorted(p.name for p in run.iterdir()) == sorted(
        [evidence, "manifest.json", "phu-luc.pdf", PRUNED, "result.json"]
    )
    assert pruned.freed_bytes > 5000
    said = json.loads((run / PRUNED).read_text(encoding="utf-8"))
    assert said["evidence_sha256"] == hashlib.sha256((run / evidence).read_bytes()).hexdigest()
    assert said["removed"] == ["captures", "inputs", "series.npz", "summary.md"]
    opened_evidence = open_evidence((run / evidence).read_bytes())
    assert opened_evidence.altered == []
    assert {name: opened_evidence.files[name] for name in before} == before
    [entry] = of_year(run.parent)
    assert (entry.run_id, entry.state, entry.verdict) == (h.JANUARY, "evidence", "pass")
    assert not prunable([entry], keep=0, older_than_days=None, now=NOW)
    # its page still has every curve: they are in the evidence
    assert page_of(run, lang="vi") == shown


def test_nothing_is_removed_without_evidence_that_holds_the_run(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run / "series.npz").write_bytes(b"altered since")
    before = sorted(run.rglob("*"))
    with pytest.raises(InputError, match=r"series\.npz: is not what it was"):
        prune_run(run, now=NOW)
    assert sorted(run.rglob("*")) == before

    def wrong(folder: Path, out: Path) -> None:
        write_evidence(run.parent / "other", out)

    other = h.measured("other")
    h.proven(run.parent, other, run.parent / "sources")
    (run / "series.npz").write_bytes((run.parent / "other" / "series.npz").read_bytes())
    monkeypatch.setattr("giaoban.results.archive.history.prune.write_evidence", wrong)
    with pytest.raises(InputError, match=r"result\.json: is not the run's.*nothing was removed"):
        prune_run(run, now=NOW)
    assert sorted(run.rglob("*")) == before


def test_a_run_without_a_manifest_stays(root: Path) -> None:
    with pytest.raises(InputError, match=r"has no manifest\.json"):
        prune_run(root / h.JANUARY, now=NOW)
    assert [p.name for p in (root / h.JANUARY).iterdir()] == ["result.json"]


def test_an_interrupted_pruning_is_finished_later(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("giaoban.results.archive.history.prune.shutil.rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prune_run(run, now=NOW)
    assert (run / "captures").is_dir()
    assert unfinished(run.parent, of_year(run.parent)) == [run]
    prune_run(run, now=NOW)
    assert unfinished(run.parent, of_year(run.parent)) == []
    assert not (run / "captures").exists()


def test_an_altered_evidence_is_not_shown(run: Path) -> None:
    prune_run(run, now=NOW)
    [evidence] = run.glob("*.evidence.zip")
    data = bytearray(evidence.read_bytes())
    data[len(data) // 2] ^= 1
    evidence.write_bytes(bytes(data))
    with pytest.raises(InputError, match="was altered"):
        page_of(run, lang="vi")


def test_a_worst_value_stands_beside_the_limit_that_it_had(root: Path) -> None:
    """What one scenario allows is not what the others do: 416 ms are no fault of 400 ms there."""
    found = of_year(root)
    eased = []
    for entry in found:
        criteria = [
            each.model_copy(update={"threshold": 500.0, "ok": True})
            if each.id == "mouth-to-ear" and (each.value or 0.0) > 400.0
            else each
            for each in entry.criteria
        ]
        eased.append(entry.model_copy(update={"criteria": criteria}))
    [network] = yearly(eased, 2026)["networks"]
    [delay] = [row for row in network["criteria"] if row[0].startswith("Âm thanh: độ trễ từ miệng")]
    assert sorted(delay[1].split("; ")) == ["≤\u00a0400\u00a0ms", "≤\u00a0500\u00a0ms"]
    assert delay[3:5] == ["0", "416\u00a0ms"]
    assert delay[5].endswith("; ngưỡng của lần đó ≤\u00a0500\u00a0ms")
