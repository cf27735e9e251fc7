"""What other programs may use: the names, what they take, and what they come to."""

from __future__ import annotations

import ast
import inspect
import json
import math
import re
import subprocess
import sys
import typing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scenario_factory import NORTH, ROOT, SMALL, giaoban, only_run
from scenario_factory import scenario as written
from undrawn import undrawn

import giaoban as public
from giaoban.errors import InputError as OurInputError
from giaoban.results.model.result import Result
from giaoban.scenarios import api
from giaoban.scenarios.project.init import ProjectOptions, make_project
from giaoban.scenarios.study.sensitivity import sensitivity as study
from giaoban.tomlfile import load
from giaoban.topology.model import Province as Model

NAMES = {
    "InputError": None,
    "InvalidRun": None,
    "MachineLacks": None,
    "Province": "load changed rows save name",
    "Result": "rows",
    "Scenario": "load changed adding rows save",
    "check": "scenario province seed seeds engine runs progress",
    "estimate": "scenario province seed",
    "headroom": "scenario province profile device seed seeds pace_s jobs runs progress",
    "load_result": "run",
    "sensitivity": "scenario province ranges worlds require_robust seed seeds jobs runs progress",
    "whatif": "scenario variants province search seed seeds pace_s jobs runs progress",
}
"""Every name there is: parameters of a function, what a class offers. A change is told to users."""


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at pictures here."""
    undrawn(monkeypatch)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("api") / "small.toml", profile="sd30-256k")


@pytest.fixture(scope="module")
def result(small: Path) -> Result:
    return public.estimate(small)


def test_the_names_are_these_and_no_others() -> None:
    assert public.__all__ == sorted(NAMES)
    assert len(NAMES) <= 12
    assert set(NAMES) <= set(dir(public))
    for name, has in NAMES.items():
        of = getattr(public, name)
        if has is None:
            assert issubclass(of, Exception)
        elif isinstance(of, type):
            assert all(hasattr(of, each) for each in has.split())
        else:
            signature = inspect.signature(of)
            assert [*signature.parameters] == has.split()
            hints = typing.get_type_hints(of)
            assert {*signature.parameters, "return"} == set(hints)
            kinds = [p.kind.name for p in signature.parameters.values()][2:]
            assert set(kinds) <= {"KEYWORD_ONLY"}
    with pytest.raises(AttributeError, match="no attribute 'cheque'"):
        _ = public.cheque  # type: ignore[attr-defined]


def test_the_stub_says_the_same() -> None:
    """`__init__.pyi` is what type checkers read."""
    stub = Path(public.__file__).with_suffix(".pyi")
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    told = {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("giaoban.")
        for alias in node.names
    }
    assert sorted(told) == public.__all__
    for name, module in told.items():
        assert getattr(sys.modules[module], name) is getattr(public, name)
    own = [node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)]  # type: ignore[union-attr]
    assert own == ["ROOMS", "PACKAGE", "IMPORTED_FROM"]
    assert stub.with_name("py.typed").exists()


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys, giaoban; print([m for m in sys.modules if m.startswith('giaoban.')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_each_is_documented_with_an_example() -> None:
    for name in public.__all__:
        of = getattr(public, name)
        doc = inspect.getdoc(of)
        assert doc, name
        if of.__module__ == api.__name__:
            assert ">>> " in doc, name
            for key in inspect.signature(of).parameters if inspect.isfunction(of) else ():
                assert f"{key}:" in doc or key in ("scenario", "run"), (name, key)


def test_an_estimate_is_that_of_the_command(small: Path, result: Result, tmp_path: Path) -> None:
    ran = giaoban("check", small, "--estimate", "--results", tmp_path, "--json")
    told = json.loads(ran.out)
    assert [c.model_dump()["value"] for c in result.criteria] == [
        c["value"] for c in told["criteria"] if c["id"] != "failing-seeds"
    ]
    assert result.verdict == told["verdict"]
    run = only_run(tmp_path)
    for named in (run, str(run / "result.json")):
        assert public.load_result(named).run_id == run.name


def test_a_check_leaves_a_run(small: Path, tmp_path: Path) -> None:
    told: list[str] = []
    found = public.check(
        small,
        engine="estimate",
        seeds=0,
        runs=tmp_path,
        progress=lambda what, _done: told.append(str(what)),
    )
    assert only_run(tmp_path).name == found.run_id
    assert public.load_result(tmp_path / found.run_id) == found
    assert "estimating" in told


def test_rows_are_what_a_data_frame_takes(result: Result) -> None:
    criteria = pd.DataFrame(result.rows("criteria"))
    assert [*criteria["id"]] == [c.id for c in result.criteria]
    margins = [math.nan if c.margin_pct is None else c.margin_pct for c in result.criteria]
    assert criteria["margin_pct"].tolist() == pytest.approx(margins, nan_ok=True)
    streams = pd.DataFrame(result.rows("streams"))
    assert len(streams) == sum(len(b.streams) for p in result.phases for b in p.bridges)
    assert "place_kind" in set(criteria)
    assert {"phase", "bridge", "delay_p95_ms"} <= set(streams)
    links = pd.DataFrame(result.rows("links"))
    assert links.groupby("phase").size().tolist() == [len(p.links) for p in result.phases]
    bridges = pd.DataFrame(result.rows("bridges"))
    assert set(bridges["id"]) == {b.id for p in result.phases for b in p.bridges}
    for frame in (criteria, streams, links, bridges):
        assert not any(isinstance(v, list | dict) for v in frame.to_numpy().ravel())


def test_rows_of_a_table_become_bridges(small: Path) -> None:
    scenario = public.Scenario.load(small)
    frame = pd.DataFrame(
        {
            "id": ["one", "two"],
            "name": ["Một", "Hai"],
            "router": ["r-west", "r-east"],
            "km": np.array([1, 2]),
            "lat": [12.0, np.nan],
            "lon": [107.0, None],
        }
    )
    more = scenario.adding(
        frame.to_dict("records"), rate_mbps=5.0, buffer_packets=100, source="a table"
    )
    added = more.rows("bridge")[-2:]
    assert [row["km"] for row in added] == [1, 2]
    assert [set(row) & {"lat", "lon"} for row in added] == [{"lat", "lon"}, set()]
    assert len(scenario.rows("bridge")) == 1  # which is not changed
    found = public.estimate(more)
    assert {"one", "two"} <= {b.id for b in found.phases[-1].bridges}
    assert found.inputs.scenario.path == small.name


def test_a_wrong_row_is_told_by_its_key_and_not_by_a_file_that_is_gone(small: Path) -> None:
    scenario = public.Scenario.load(small)
    with pytest.raises(public.InputError) as caught:
        scenario.adding([{**NORTH, "id": "x", "km": -1.0, "rooter": "r"}])
    said = str(caught.value).splitlines()
    assert (
        f"{small} (changed): bridge[1].km = -1.0: is out of range (allowed: 0 to 20000 km)" in said
    )
    assert f'{small} (changed): bridge[1].rooter: unknown key (did you mean "router"?)' in said
    wrong = scenario.adding([{**NORTH, "id": "x", "router": "r-eats"}])
    with pytest.raises(public.InputError, match=r"\(changed\): bridge\[1\].router = 'r-eats'"):
        public.estimate(wrong)
    with pytest.raises(public.InputError, match="provinc: unknown key"):
        scenario.changed(provinc="x")
    assert public.InputError is OurInputError


def test_what_is_saved_says_the_same_from_elsewhere(small: Path, tmp_path: Path) -> None:
    scenario = public.Scenario.load(small).changed(
        seed=7,
        device=None,
        province=str(SMALL),
        recording=[{"bridge": "north", "file": "camera.pcapng"}],
        meetings=["training", "own.toml"],
    )
    path = scenario.save(tmp_path / "elsewhere.toml")
    again = public.Scenario.load(path)
    assert again.data["seed"] == 7
    here, there = small.parent, path.parent
    assert (there / again.data["province"]).resolve() == SMALL.resolve()
    assert (there / again.rows("recording")[0]["file"]).resolve() == here / "camera.pcapng"
    assert again.data["meetings"][0] == "training"
    assert (there / again.data["meetings"][1]).resolve() == here / "own.toml"
    with pytest.raises(public.InputError, match="is not a folder"):
        scenario.save("/dev/null/x.toml")


def test_a_province_is_changed_and_given_in_place_of_the_files(
    small: Path, result: Result, tmp_path: Path
) -> None:
    province = public.Province.load(SMALL)
    assert province.name == load(SMALL, Model).name
    thin = [{**link, "rate_mbps": 0.5} for link in province.rows("link")]
    found = public.estimate(small, province=province.changed(link=thin))
    assert result.verdict == "pass"
    assert found.verdict == "fail"
    saved = province.changed(link=thin).save(tmp_path / "thin.toml")
    assert public.estimate(small, province=saved).criteria == found.criteria
    with pytest.raises(public.InputError, match="chair"):
        province.changed(bridge=[{**b, "role": "chair"} for b in province.rows("bridge")])


def test_scenarios_of_the_programs_own_go_by_name() -> None:
    scenario = public.Scenario.load("expansion-thin-link")
    assert scenario.data["id"] == "expansion-thin-link"
    with pytest.raises(public.InputError, match='did you mean "expansion-thin-link"'):
        public.Scenario.load("expansion-thin-lnk")
    with pytest.raises(public.InputError, match="no such file"):
        public.estimate("nowhere.toml")
    with pytest.raises(public.InputError, match="no such"):
        public.load_result("no-such-run")


def test_what_is_changed_is_judged_as_its_project_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project around the file, wherever the program is: its province, criteria and MCUs."""
    make_project(tmp_path / "project", ProjectOptions("en"))
    monkeypatch.chdir(tmp_path)
    devices = (ROOT / "mcu_sim" / "devices.toml").read_text(encoding="utf-8")
    (tmp_path / "project" / "quick.toml").write_text(devices, encoding="utf-8")
    with (tmp_path / "project" / "giaoban.toml").open("a", encoding="utf-8") as file:
        file.write('devices = "quick.toml"\n')
    criteria = tmp_path / "project" / "criteria.toml"
    text = criteria.read_text(encoding="utf-8")
    criteria.write_text(text.replace("threshold = 80.0", "threshold = 1.0", 1), encoding="utf-8")
    scenario = public.Scenario.load("project/scenarios/first-expansion.toml")
    short = scenario.changed(profile="sd30-256k", phases={"before_s": 2.0, "after_s": 2.0})
    found = public.check(short, engine="estimate", seeds=0)
    assert next(c.threshold for c in found.criteria if c.id == "mcu-units") == 1.0
    assert found.inputs.province.path == "province.toml"
    assert found.inputs.mcu.path == "quick.toml"
    assert only_run(tmp_path / "runs").name == found.run_id
    saved = public.Scenario.load(short.save(tmp_path / "elsewhere.toml"))
    assert saved.data["province"] == "project/province.toml"
    assert saved.data["devices"] == "project/quick.toml"
    monkeypatch.chdir(tmp_path / "project")
    assert public.Province.load().data["id"] == "project"
    assert public.Scenario.load("first-expansion").origin == scenario.origin


def test_variants_are_rows_of_their_tables(small: Path, tmp_path: Path) -> None:
    variants = pd.DataFrame({"more": [0, 1], "profile": [None, "cif30-128k"]})
    rows: list[dict[str, Any]] = [
        *variants.to_dict("records"),
        {"link": [{"link": "west--east", "rate_mbps": 1.0}]},
    ]
    answer = public.whatif(small, rows, search=False, runs=tmp_path)
    assert [v.id for v in answer.variants] == ["variant-1", "variant-2", "variant-3"]
    assert [v.new_bridges for v in answer.variants] == [1, 2, 1]
    assert [v.profile for v in answer.variants] == ["sd30-256k", "cif30-128k", "sd30-256k"]
    assert only_run(tmp_path).name == answer.run_id
    with pytest.raises(public.InputError, match="variant-1: moer"):
        public.whatif(small, [{"moer": 1}])
    with pytest.raises(public.InputError, match="no variant"):
        public.whatif(small, [])


def test_headroom_of_a_device_that_is_nearly_full() -> None:
    """Two of three sites are in use, and 80 % may be."""
    answer = public.headroom(province=SMALL, device="te30", profile="sd30-256k")
    assert (answer.more, answer.verdict) == (0, "fail")
    assert answer.bottlenecks[0].criterion == "mcu-units"


def test_a_name_that_no_file_may_have_is_an_input_error() -> None:
    with pytest.raises(public.InputError, match="profile: "):
        public.headroom(province=SMALL, profile="a\tb")


BLOCKS = re.findall(
    r"^```python\n(.*?)^```$",
    (ROOT / "docs" / "python.md").read_text(encoding="utf-8"),
    flags=re.DOTALL | re.MULTILINE,
)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_what_the_page_shows_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    left: dict[str, Any] = {}
    exec(compile(BLOCKS[number], f"docs/python.md, block {number}", "exec"), left)
    assert left.get("result", left.get("answer")).verdict == "pass"
    assert {path.name for path in tmp_path.iterdir()} <= {"with-two-more.toml"}


def test_sensitivity_asks_what_the_command_asks(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The study itself has tests of its own."""
    parameters = inspect.signature(study.sensitivity).parameters
    asked: dict[str, Any] = {}

    def spied(question: Any, **of: Any) -> SimpleNamespace:
        asked.update(of, scenario=question.scenario_path, seed=question.plan.seed)
        return SimpleNamespace(answer="answer")

    monkeypatch.setattr(api.study, "sensitivity", spied)
    found = public.sensitivity(small, seed=3, worlds=5, ranges="r.toml", runs=tmp_path)
    assert found == "answer"
    assert asked["scenario"] == small
    assert (asked["seed"], asked["root"]) == (3, tmp_path)
    assert asked["wanted"] == study.AnalysisOptions(worlds=5, ranges=Path("r.toml"))
    assert set(asked) - {"scenario", "seed"} <= set(parameters)
