"""`giaoban annex`, `evidence` and `verify` with load tests in the province, none of it emulated."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pretended_storm
import pytest
from scenario_factory import SMALL, giaoban, scenario
from undrawn import undrawn, unplotted

from giaoban.results.model.studies.load import LoadResult
from giaoban.results.report.summaries.load_summary import summary_md
from giaoban.scenarios.plan.identity import Commit
from giaoban.scenarios.study import check, documents

CUT = '\n[[fault]]\nkind = "cut"\nlink = "access-mcu"\nat_s = 4.0\nto_s = 18.0\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with a check and two storms, of a clean checkout."""
    folder = tmp_path_factory.mktemp("made")
    storm = scenario(folder / "storm.toml", more=CUT, phases=(2, 2, 24), id="storm")
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)  # an annex has its pictures drawn anew
        patch.setattr(check, "emulate", pretended_storm.emulate)
        patch.setattr("giaoban.scenarios.measure.assemble.commit", lambda: Commit("c" * 40, True))
        # what was pretended did not fail, which nothing of the storm itself depends on
        patch.setattr("giaoban.scenarios.measure.validity.reasons", lambda *_: [])
        where = ("--results", folder / "runs")
        assert giaoban("check", scenario(folder / "s.toml"), *where).code == 0
        for policy in ("random", "none"):
            ran = giaoban("load", "--in", storm, "--back-off", policy, *where)
            assert ran.code == 0, ran.err
            [run] = (folder / "runs").glob("load-province-*")
            run.rename(run.with_name(f"{policy}-{run.name}"))
            unplotted(patch)  # the first has its own
    drawn = {path.stem for path in (folder / "runs").glob("random-*/plots/*.svg")}
    assert drawn >= {"sessions", "setup"}
    return folder / "runs"


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An annex without the pictures of its check, at which nobody looks here."""
    monkeypatch.setattr(documents, "draw_pictures", lambda *_, **__: {})


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The same, for one test alone."""
    return Path(shutil.copytree(made, tmp_path / "runs"))


def test_annex_of_a_check_and_two_storms(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for lang, name in (("vi", "a.pdf"), ("en", "b.docx")):
        words = ("--lang", lang, "--results", root, "--out", out / name)
        ran = giaoban("annex", "none", "random", "short", *words)
        assert ran.code == 0, ran.err
        assert "draft" not in ran.out
    for run in ("none", "random", "short"):
        words = ("--results", root, "--out", out / f"{run}.evidence.zip")
        assert giaoban("evidence", run, *words).code == 0
    ran = giaoban("verify", *sorted(out.iterdir()), "--json")
    assert ran.code == 0, ran.out
    kinds = [f["kind"] for f in json.loads(ran.out)["files"]]
    assert sorted(kinds) == ["docx", "evidence", "evidence", "evidence", "pdf"]


def test_the_evidence_of_a_storm_has_what_it_was_made_from(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.evidence.zip"
    ran = giaoban("evidence", "random", "--results", root, "--out", out, "--json")
    with zipfile.ZipFile(json.loads(ran.out)["file"]) as archive:
        names = archive.namelist()
        result = LoadResult.from_json(archive.read("load.json"))
        [plan] = [name for name in names if name.endswith("plan.json")]
        recovery = json.loads(archive.read(plan))["recovery"]
    assert {f"inputs/{n}.toml" for n in ("scenario", "province", "devices", "criteria")} <= {*names}
    # what the scenario's file does not say is in the plan, and told by the answer
    assert (recovery["redial"], recovery["redial_spread_s"]) == ("back-off", 20.0)
    assert (result.what["back_off"], result.what["spread_s"]) == ("random", 20.0)
    assert result.engine.name == "sandbox"
    assert result.inputs.commit == "c" * 40
    assert result.question_vi == "Có thể kết nối thêm một điểm cầu hay không?"
    told = {a.what_vi: a.value_vi for a in result.assumptions}
    assert told["khoảng thời gian để các điểm cầu chia nhau gọi lại lần đầu khi có giãn cách ngẫu "
                "nhiên"] == "20 s"  # fmt: skip
    assert told["thời gian tối đa đến khi điểm cầu cuối cùng trở lại"] == "60 s"
    assert "gọi lại mỗi 5 s" in str(told["cách điểm cầu kết nối lại sau sự cố"])
    assert len(result.check_assumptions) > len(told)
    assert {"unmeasured-loss", "other-traffic"} <= {each.id for each in result.unmodelled}
    text = summary_md(result, "vi")
    assert all(each.what_vi in text for each in result.unmodelled)


def test_a_storm_is_run_again_with_its_back_off(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undrawn(monkeypatch)
    unplotted(monkeypatch)
    monkeypatch.setattr(check, "emulate", pretended_storm.emulate)
    monkeypatch.setattr("giaoban.scenarios.measure.validity.reasons", lambda *_: [])
    evidence = tmp_path / "a.evidence.zip"
    giaoban("evidence", "random", "--results", root, "--out", evidence)
    again = ("--rerun", "--results", tmp_path / "again")
    ran = giaoban("verify", evidence, *again)
    assert ran.code == 0, ran.out + ran.err
    assert "run again: the same measures" in ran.out
    monkeypatch.setattr(pretended_storm, "SPREAD_MS", 400.0)
    ran = giaoban("verify", evidence, *again)
    assert ran.code == 1
    assert "storm.last_back_s: 1.8 became 2.4" in ran.out


@pytest.mark.usefixtures("plain")
def test_a_storm_that_was_changed_gives_neither(root: Path, tmp_path: Path) -> None:
    [run] = root.glob("none-*")
    path = run / "load.json"
    path.write_text(path.read_text().replace('"missing": 0', '"missing":  0', 1))
    for words in (("annex", "short", "none"), ("evidence", "none")):
        ran = giaoban(*words, "--results", root)
        assert ran.code == 2
        assert "load.json: is not what it was when the run was made" in ran.err


@pytest.mark.usefixtures("plain")
def test_a_storm_of_another_province_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undrawn(monkeypatch)
    unplotted(monkeypatch)
    monkeypatch.setattr(check, "emulate", pretended_storm.emulate)
    other = tmp_path / "other.toml"
    other.write_text(SMALL.read_text(encoding="utf-8") + "\n# another\n", encoding="utf-8")
    file = scenario(tmp_path / "s.toml", province=other, more=CUT, phases=(2, 2, 24), id="other")
    assert giaoban("load", "--in", file, "--results", root).code in (0, 3)
    ran = giaoban("annex", "short", "load-province", "--results", root)
    assert ran.code == 2
    assert "in another province than was checked" in ran.err


@pytest.mark.usefixtures("plain")
def test_a_storm_without_evidence_makes_a_draft(root: Path, tmp_path: Path) -> None:
    [run] = root.glob("none-*")
    (run / "manifest.json").unlink()
    ran = giaoban("annex", "short", "none", "--results", root, "--out", tmp_path / "a.pdf")
    assert ran.code == 0, ran.err
    assert "only a draft" in ran.out


def test_an_id_that_several_tests_begin_with_is_told(root: Path, tmp_path: Path) -> None:
    for run in list(root.glob("*-load-province-*")):
        run.rename(run.with_name(f"load-{run.name}"))
    ran = giaoban("evidence", "load", "--results", root)
    assert ran.code == 2
    assert "2 runs begin so" in ran.err
