"""Sweeps: points on cores and on a cluster of two workers."""

from __future__ import annotations

import csv
import json
import operator
import re
import tomllib
import warnings
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import pytest
from scenario_factory import SMALL, Ran, giaoban
from whatif_factory import DEVICE, small

from giaoban import tomlfile
from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.processes.cluster import ClusterWorkers
from giaoban.processes.workers import InlineWorker
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.results.model.studies.sweep import SINGLE_POINT, SweepAnswer, SweepPoint
from giaoban.scenarios.cli.commands.what_if import whatif as sweep_command
from giaoban.scenarios.plan.identity import sources
from giaoban.scenarios.study.sweep import sweep as sweep_run
from giaoban.scenarios.study.sweep import work as sweep_work
from giaoban.scenarios.study.sweep.work import Task, solve
from giaoban.scenarios.study.whatif.apply import EXISTING, ask
from giaoban.traffic.profiles import DEFAULT_PATH as PROFILES

FILE = f"""
schema = "giaoban.sweep/1"
scenario = "small-base.toml"
question = "How many on which device?"
question_vi = "Bao nhiêu điểm cầu trên thiết bị nào?"
method = "arithmetic"
[axes]
bridges = [0, 2, 3]
devices = ["{DEVICE}", "codian-4510-hd-plus"]
failures = ["none", "every-cut"]
"""


def file(folder: Path, text: str = FILE) -> Path:
    small(folder)
    path = folder / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run(folder: Path, path: Path, *words: object) -> Ran:
    return giaoban(
        *("whatif", path, "--results", folder / "runs", "--json"),
        *words,
    )


def in_this_process(patch: pytest.MonkeyPatch) -> None:
    """Nothing is computed in others."""
    patch.setattr(sweep_command, "workers_for", lambda *_: nullcontext(InlineWorker()))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Points are computed in this process; the keys of those that were."""
    computed: list[str] = []

    def noted(task: Task) -> SweepPoint:
        computed.append(task.key)
        return solve(task)

    monkeypatch.setattr(sweep_run, "solve", noted)
    in_this_process(monkeypatch)
    return computed


def test_every_point_is_judged(tmp_path: Path, here: list[str]) -> None:
    """Six ports hold four calls within 80 %, ten hold eight. The cut takes all at Đông away, whom
    another way would have kept: it passes nowhere, however well those are who are left."""
    ran = run(tmp_path, file(tmp_path))
    assert ran.code == 0, ran.err
    points = json.loads(ran.out)["points"]
    assert len(points) == 3 * 2 * 2
    verdicts = {
        (p["bridges"], p["device"], p["failure"]): (p["verdict"], p["in_meeting"], p["cut_off"])
        for p in points
    }
    assert verdicts["2", DEVICE, "none"] == ("pass", 4, 0)
    assert verdicts["3", DEVICE, "none"] == ("fail", 5, 0)
    assert verdicts["2", DEVICE, "cut:west--east"] == ("fail", 2, 2)
    assert verdicts["3", DEVICE, "cut:west--east"] == ("fail", 5, 0)  # before anything is cut
    assert verdicts["0", DEVICE, "cut:west--east"] == ("fail", 0, 1)  # the chair is alone
    assert verdicts["3", "codian-4510-hd-plus", "none"] == ("pass", 5, 0)
    assert verdicts["3", "codian-4510-hd-plus", "cut:west--east"] == ("fail", 3, 2)
    [folder] = (tmp_path / "runs").iterdir()
    text = (folder / "points.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert Counter(row["binding"] for row in rows if row["verdict"] == "fail") == {
        "mcu-units": 2,
        "single-point-of-failure": 5,
    }


def test_a_worker_looks_at_no_file_of_the_program(tmp_path: Path, here: list[str]) -> None:
    """On another machine it may be installed elsewhere; what these hold is in the task's `code`."""
    asked: list[Task] = []
    with mock.patch.object(sweep_run, "solve", lambda task: asked.append(task) or solve(task)):
        assert run(tmp_path, file(tmp_path, FILE.replace("[0, 2, 3]", "[0]"))).code == 0
    names = {str(name) for name in (DEVICES, CRITERIA, PROFILES)}
    assert {path.name for task in asked for path in task.sums} == {"small-base.toml", SMALL.name}
    assert names <= {str(path) for path in sources().values()}


def test_what_fails_is_told_in_vietnamese_as_in_every_other_table(
    tmp_path: Path, here: list[str]
) -> None:
    """More calls than a device has ports for, and a cable cut that nothing leads round."""
    text = FILE.replace("[0, 2, 3]", "[0, 3]").replace('"every-cut"', '"every-cut", "every-router"')
    ran = run(tmp_path, file(tmp_path, text), "--lang", "vi")
    assert ran.code == 0, ran.err
    answer = SweepAnswer.model_validate_json(ran.out)
    failing = [p for p in answer.points if p.binding is not None]
    assert {p.binding for p in failing} == {"mcu-units", SINGLE_POINT}
    [folder] = (tmp_path / "runs").iterdir()
    told = (folder / "summary.md").read_text(encoding="utf-8")
    assert answer.criteria_vi["mcu-units"] in told
    assert "điểm lỗi đơn" in told
    named = set(answer.names.values())
    for point in (*failing, *(p for p in answer.points if p.verdict == "refused")):
        said_vi, said_en = f"{point.where_vi}{point.why_vi}", f"{point.where}{point.why}"
        assert said_vi != said_en or said_en in named
        assert said_vi
        assert point.where_vi in told
        for english in filter(None, (point.binding, point.where, point.why)):
            assert english in named or english not in told


ACCEPTED = """
[[accepted]]
failure = "cut:west--east"
reason = "no second fibre yet"
reason_vi = "chưa có tuyến thứ hai"
"""


def test_who_may_be_lost_by_what_the_scenario_accepts(tmp_path: Path, here: list[str]) -> None:
    """Then what is left decides; and still nothing passes that does not before the cut."""
    path = file(tmp_path)
    small(tmp_path, more=ACCEPTED)
    points = json.loads(run(tmp_path, path).out)["points"]
    found = {
        p["bridges"]: (p["verdict"], p["in_meeting"], p["cut_off"])
        for p in points
        if p["failure"] == "cut:west--east" and p["device"] == DEVICE
    }
    assert found == {"0": ("refused", 0, 1), "2": ("pass", 2, 2), "3": ("fail", 5, 0)}


@pytest.mark.parametrize(("own", "device"), [(DEVICE, DEVICE), (None, "rmx-1500-mpmx")])
def test_a_point_that_cannot_be_says_what_no_axis_does(
    tmp_path: Path, here: list[str], own: str | None, device: str
) -> None:
    """The device of the scenario, or of its province; and why, by no name that nobody gave."""
    text = re.sub(r"devices = .*\n", 'profiles = ["720p30-1m"]\n', FILE)
    path = file(tmp_path, text.replace("[0, 2, 3]", "[0, 62]"))
    small(tmp_path, device=own, more=ACCEPTED)
    points = json.loads(run(tmp_path, path).out)["points"]
    assert {(p["device"], p["profile"]) for p in points} == {(device, "720p30-1m")}
    why = {(p["bridges"], p["failure"]): p["why"] for p in points if p["verdict"] == "refused"}
    assert len(why) == 3
    assert why["0", "cut:west--east"].startswith("without link Tây ↔ Đông: the chair bridge")
    assert why["62", "none"].startswith("address range")


@pytest.mark.parametrize("command", ["sweep", "whatif", "compare"])
def test_a_scenario_s_own_mistake_is_told_by_no_name_that_nobody_gave(
    tmp_path: Path, here: list[str], command: str
) -> None:
    path = file(tmp_path)
    wrong = small(tmp_path, device="rmx-9")
    words = {"sweep": [path], "whatif": [wrong, "--more", 1], "compare": [wrong, wrong]}
    name = "whatif" if command == "sweep" else command
    ran = giaoban(name, *words[command], "--results", tmp_path / "runs")
    assert ran.code == 2
    assert "rmx-9" in ran.err
    assert not re.search('what if "(base|as-it-is)"', ran.err)


def test_what_is_left_without_its_chair_is_not_judged(tmp_path: Path, here: list[str]) -> None:
    """Its router takes the chair bridge alone, whom nothing could have kept: the others go on."""
    province = tmp_path / "chair-elsewhere.toml"
    text = SMALL.read_text(encoding="utf-8")
    roles = {'role = "chair"': 'role = "branch"', 'role = "branch"': 'role = "chair"'}
    text = re.sub("|".join(roles), lambda found: roles[found[0]], text)
    province.write_text(text, encoding="utf-8")
    text = FILE.replace('"every-cut"', '"router:r-west", "router:r-east"')
    ran = run(tmp_path, file(tmp_path, text), "--province", province)
    assert ran.code == 0, ran.err
    points = {
        (p["failure"], p["bridges"]): (p["verdict"], p["why"])
        for p in json.loads(ran.out)["points"]
        if p["device"] != DEVICE
    }
    assert points["none", "3"] == ("pass", "")
    assert points["router:r-west", "3"][0] == "fail"  # the MCU hangs on it
    verdict, why = points["router:r-east", "3"]
    assert verdict == "refused"
    assert "the chair bridge" in why


FAILURES = '"cut:west--east", "router:r-west", "router:r-east"'
ACCEPTED_ALL = "".join(
    f"""
[[accepted]]
failure = {failure}
reason = "no second one yet"
reason_vi = "chưa có cái thứ hai"
"""
    for failure in FAILURES.split(", ")
)


@pytest.mark.parametrize("accepted", ["", ACCEPTED_ALL], ids=["", "accepted"])
@pytest.mark.parametrize("chair", ["west", "east"])
@pytest.mark.parametrize(
    "places", [("r-west", "r-east"), ("r-east", "r-west"), ("r-east", "r-east")], ids="-".join
)
def test_no_point_passes_whose_meeting_does_not_take_place(
    tmp_path: Path, here: list[str], places: tuple[str, str], chair: str, accepted: str
) -> None:
    """Wherever the MCU hangs and who chairs, whatever fails, whoever may be lost by it: alone in a
    meeting nobody is, and of a meeting that is not held nothing passes."""
    data = tomllib.loads(SMALL.read_text(encoding="utf-8"))
    data["mcu"]["router"], data["bridge"][1]["router"] = places
    for bridge in data["bridge"]:
        bridge["role"] = "chair" if bridge["id"] == chair else "branch"
    province = tmp_path / "province.toml"
    province.write_text(tomlfile.dumps(data), encoding="utf-8")
    text = FILE.replace("[0, 2, 3]", "[0, 2]").replace('"every-cut"', FAILURES)
    path = file(tmp_path, text.replace(f'"{DEVICE}", ', ""))
    small(tmp_path, more=accepted)
    ran = run(tmp_path, path, "--province", province)
    assert ran.code == 0, ran.err
    points = json.loads(ran.out)["points"]
    assert [p["verdict"] for p in points if p["failure"] == "none"] == ["pass", "pass"]
    assert all(p["in_meeting"] >= 2 for p in points if p["verdict"] == "pass")
    assert all(p["why"] for p in points if p["in_meeting"] < 2)


@pytest.fixture(scope="module")
def every_point(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, str, str], str]:
    """Verdicts in the default province: further bridges × devices × everything that can fail."""
    folder = tmp_path_factory.mktemp("law")
    path = folder / "law.toml"
    path.write_text(
        f"""
schema = "giaoban.sweep/1"
scenario = "{EXISTING}"
question = "q"
question_vi = "q"
method = "arithmetic"
[axes]
bridges = {list(range(0, 40, 3))}
devices = ["rmx-1500-mpmx", "rmx-4000-mpmx"]
failures = ["none", "every-cut", "every-router"]
""",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patched:
        in_this_process(patched)
        ran = run(folder, path)
    assert ran.code == 0, ran.err
    return {
        (int(p["bridges"]), p["device"], p["failure"]): p["verdict"]
        for p in json.loads(ran.out)["points"]
    }


def test_no_damage_makes_a_meeting_pass(every_point: dict[tuple[int, str, str], str]) -> None:
    assert set(every_point.values()) >= {"pass", "fail"}
    damaged = {point: said for point, said in every_point.items() if point[2] != "none"}
    assert "pass" in damaged.values()
    for (bridges, device, failure), said in damaged.items():
        if said == "pass":
            assert every_point[bridges, device, "none"] == "pass", (bridges, device, failure)


def test_no_further_bridge_makes_a_meeting_pass(
    every_point: dict[tuple[int, str, str], str],
) -> None:
    for (bridges, device, failure), said in every_point.items():
        if bridges and said == "pass":
            assert every_point[bridges - 3, device, failure] == "pass", (bridges, device, failure)


def test_a_point_that_failed_before_anything_is_cut_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what fails there; the meeting before the cut is judged even if nobody asks for it."""
    path = file(tmp_path, FILE.replace('"none", ', "").replace("[0, 2, 3]", "[3]"))
    asked: list[str] = []
    in_this_process(monkeypatch)
    monkeypatch.setattr(
        sweep_work, "ask", lambda b, variant: (asked.extend(variant.without), ask(b, variant))[1]
    )
    made = json.loads(run(tmp_path, path).out)
    assert [(p["failure"], p["verdict"]) for p in made["points"]] == [
        ("cut:west--east", "fail"),
        ("cut:west--east", "fail"),
    ]
    full, other = made["points"]
    assert (full["binding"], other["binding"]) == ("mcu-units", "single-point-of-failure")
    assert asked == ["west--east"]  # only with the device that held the meeting before
    assert made["computed"] == 2


def test_a_point_that_cannot_be_is_told_and_does_not_end_the_sweep(
    tmp_path: Path, here: list[str]
) -> None:
    text = FILE.replace("[0, 2, 3]", "[0, 70]").replace(', "every-cut"', "")
    points = json.loads(run(tmp_path, file(tmp_path, text)).out)["points"]
    assert [p["verdict"] for p in points] == ["pass", "pass", "refused", "refused"]
    assert "is exhausted" in points[2]["why"]


def test_estimated_points_have_margins(tmp_path: Path, here: list[str]) -> None:
    text = FILE.replace('"arithmetic"', '"estimate"').replace("[0, 2, 3]", "[0, 3]")
    text = text.replace(', "every-cut"', "").replace(', "codian-4510-hd-plus"', "")
    calm, full = json.loads(run(tmp_path, file(tmp_path, text)).out)["points"]
    assert (calm["method"], calm["verdict"]) == ("estimate", "pass")
    assert calm["binding"] == "camera-to-screen"  # some 361 ms, all but a few of them in devices
    assert calm["margin_pct"] == pytest.approx(9.861, abs=0.01)
    assert (full["method"], full["verdict"], full["margin_pct"]) == ("arithmetic", "fail", None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[0, 2, 3]", "[-1]", "axes.bridges[0] = -1: is out of range"),
        ("[0, 2, 3]", "[]", "axes.bridges: is empty"),
        (DEVICE, "rmx", "is not known"),
        ("every-cut", "cut:east--west", "is not known"),
        ('method = "arithmetic"', 'method = "guess"', "is not known (allowed: "),
    ],
)
def test_bad_axes(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = file(tmp_path, FILE.replace(old, new))
    ran = run(tmp_path, path)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.startswith(f"giaoban: {path}:")


def test_no_cluster_there(tmp_path: Path) -> None:
    ran = run(tmp_path, file(tmp_path), "--scheduler", "nonsense://nowhere")
    assert ran.code == 2
    assert "no Dask scheduler answers there" in ran.err


@pytest.mark.realtime
def test_on_two_cores(tmp_path: Path) -> None:
    ran = run(tmp_path, file(tmp_path), "--jobs", "2")
    assert ran.code == 0, ran.err
    assert "12 of 12 points, 0 s left" in ran.err
    assert len(json.loads(ran.out)["points"]) == 12


@pytest.mark.realtime
def test_on_a_cluster_of_two_workers(tmp_path: Path) -> None:
    """The points are those that this process computes, in the same order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dask.distributed import LocalCluster

        with LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(tmp_path / "dask"),
        ) as cluster:
            ran = run(tmp_path, file(tmp_path), "--scheduler", cluster.scheduler_address)
            with ClusterWorkers(cluster.scheduler_address) as workers:
                sums = sorted(workers.as_finished_with(40, operator.add, [1, 2, 3]))
    assert sums == [41, 42, 43]
    assert ran.code == 0, ran.err
    made = json.loads(ran.out)
    assert made["computed"] == 12
    assert [p["verdict"] for p in made["points"]].count("fail") == 7
