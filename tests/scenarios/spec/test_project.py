"""`giaoban.toml`: found upwards, read strictly, and what is meant where nothing is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_factory import DEFAULT, ROOT, SCENARIOS, SMALL, giaoban, scenario
from undrawn import undrawn

from giaoban.errors import InputError, MachineLacks
from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.results.archive.evidence.pack import write_evidence
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.results.model.result import FileRef
from giaoban.scenarios.cli.commands.check import check as commands_check
from giaoban.scenarios.cli.language import of_environment
from giaoban.scenarios.cli.runs import last_for_annex
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.project import current, is_scenario, project_of, scenario_file
from giaoban.scenarios.spec.project_folder import find, says_scenario
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.scenarios.study.whatif.apply import base_of
from tests.results import history_factory as h

HEAD = 'schema = "giaoban.project/1"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with one scenario, which is the current one."""
    (tmp_path / "giaoban.toml").write_text(
        f'{HEAD}province = "p.toml"\ncriteria = "c.toml"\ndevices = "d.toml"\nruns = "kept"\n'
        'language = "vi"\n',
        encoding="utf-8",
    )
    ours = DEVICES.read_text(encoding="utf-8").replace("Polycom RMX 1500, 1 × MPMx", "Our MCU")
    (tmp_path / "d.toml").write_text(ours, encoding="utf-8")
    (tmp_path / "p.toml").write_bytes(SMALL.read_bytes())
    stricter = CRITERIA.read_text(encoding="utf-8").replace("threshold = 80.0", "threshold = 70.0")
    (tmp_path / "c.toml").write_text(stricter, encoding="utf-8")
    (tmp_path / "scenarios").mkdir()
    scenario(tmp_path / "scenarios" / "mine.toml", province=None)  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIAOBAN_LANG", "en")
    undrawn(monkeypatch)
    return tmp_path


def test_it_is_found_from_any_folder_in_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = project / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert find(inside) == project / "giaoban.toml"
    assert current().runs == Path("../../kept")
    assert current().province.resolve() == project / "p.toml"
    (project / "a" / "giaoban.toml").write_text(f'{HEAD}province = "../p.toml"\n')
    assert current().runs == Path("../runs")  # the innermost


def test_outside_of_any_everything_is_as_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = current()
    assert found.file is None
    assert found.runs == Path("runs")
    assert found.province.resolve() == DEFAULT
    assert (found.criteria, found.devices) == (CRITERIA, DEVICES)
    assert found.scenario_files() == []


def test_this_checkout_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "scenarios")
    found = current()
    assert found.runs.resolve() == ROOT / "results" / "runs"
    assert found.province.resolve() == DEFAULT
    assert found.baselines.resolve() == ROOT / "results" / "baselines"
    assert [path.resolve() for path in found.scenario_files()] == sorted(SCENARIOS.glob("*.toml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (HEAD, "province: is missing"),
        (f'{HEAD}province = ""\n', 'giaoban.toml:2: province = ""'),
        (f'{HEAD}province = "p.toml"\nrunz = "x"\n', "giaoban.toml:3: runz: unknown key (did you"),
        (f'{HEAD}province = "p.toml"\nlanguage = "fr"\n', "(allowed: vi, en)"),
        (f'{HEAD}province = "gone.toml"\n', 'province = "gone.toml": there is no such file'),
        (
            f'{HEAD}province = "p.toml"\ncriteria = "no.toml"\n',
            'giaoban.toml:3: criteria = "no.toml": there is no such file',
        ),
        (
            f'{HEAD}province = "p.toml"\ndevices = "no.toml"\n',
            'giaoban.toml:3: devices = "no.toml": there is no such file',
        ),
    ],
)
def test_mistakes_in_it_are_told(project: Path, text: str, said: str) -> None:
    (project / "giaoban.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as wrong:
        make_question(project / "scenarios" / "mine.toml")
    assert said in str(wrong.value).replace("'", '"')


@pytest.mark.parametrize(
    ("environment", "language"),
    [({}, "vi"), ({"LANG": "en_US"}, "vi"), ({"GIAOBAN_LANG": "en"}, "en")],
)
def test_its_language_comes_before_the_locale(
    project: Path, environment: dict[str, str], language: str
) -> None:
    assert of_environment(environment) == language


@pytest.mark.parametrize("text", ["language =", "language = 3", 'language = "xx"', "\xff"])
def test_a_wrong_language_is_told_later(project: Path, text: str) -> None:
    (project / "giaoban.toml").write_bytes(text.encode("latin-1"))
    assert of_environment({}) == "en"


def test_a_scenario_has_province_criteria_and_mcus_of_its_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")  # it is its own that counts, not that of the current folder
    asked = make_question(project / "scenarios" / "mine.toml")
    assert asked.province_path == project / "p.toml"
    assert asked.criteria_path == project / "c.toml"
    assert asked.devices_path == base_of(asked.scenario_path).devices_path == project / "d.toml"
    assert asked.plan.device.name == "Our MCU"


def test_its_mcus_are_those_that_commands_list_and_take(project: Path) -> None:
    listed = json.loads(giaoban("list", "devices", "--json").out)["devices"]
    assert "Our MCU" in [device["name"] for device in listed]
    assert (
        json.loads(giaoban("list", "devices", "rmx-1500-mpmx", "--json").out)["name"] == "Our MCU"
    )
    text = (project / "d.toml").read_text(encoding="utf-8").replace('"rmx-1500-mpmx"', '"ours"')
    (project / "d.toml").write_text(text, encoding="utf-8")
    for words in (["fit", "rmx-1500-mpmx", "--calls", "1x720p30"], ["show", "rmx-1500-mpmx"]):
        assert giaoban("device", *words).code == 2  # it is of the program's own alone
    assert giaoban("list", "devices", "ours", "--calls", "1x720p30").code == 0


def test_scenarios_that_come_with_the_program_are_of_its_province(project: Path) -> None:
    ours = SCENARIOS / "expansion-thin-link.toml"
    assert project_of(ours).file is None
    assert project_of(SCENARIOS / "study" / "whatif" / "existing.toml").file is not None
    assert make_question(ours).criteria_path == CRITERIA.resolve()
    assert make_question(ours).devices_path == DEVICES.resolve()


def test_the_only_scenario_is_checked_by_the_projects_criteria(project: Path) -> None:
    ran = giaoban("check", "--estimate", "--seeds", "0", "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert ran.err.splitlines()[0] == "scenario scenarios/mine.toml"
    assert result["inputs"]["province"]["path"] == "p.toml"
    assert result["inputs"]["criteria"]["path"] == "c.toml"
    limits = {c["id"]: c["threshold"] for c in result["criteria"]}
    assert limits["mcu-units"] == 70.0
    assert [path.name for path in (project / "kept").glob("short*")] == [result["run_id"]]

    evidence = project / "a.evidence.zip"
    write_evidence(project / "kept" / result["run_id"], evidence)
    ran = giaoban("verify", "--rerun", evidence)
    assert ran.code == 0, ran.out  # by the criteria that it holds


@pytest.mark.parametrize("lacks", [False, True], ids=["whole", "lacking"])
def test_of_several_scenarios_none_is_taken(
    project: Path, lacks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody takes it for a pass; it is told before anything is asked of the machine."""

    def installed(*_: object) -> None:
        if lacks:
            raise MachineLacks("Mininet is not installed", "apt-get install mininet")

    monkeypatch.setattr(commands_check, "check_installed", installed)
    scenario(project / "scenarios" / "other.toml", province=None)  # type: ignore[arg-type]
    ran = giaoban("check")
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "giaoban: no scenario is named, and scenarios has 2",
        "  giaoban check mine",
        "  giaoban check other",
        "or all of them: giaoban check --all",
    ]
    ran = giaoban("check", "--all", "mine")
    assert ran.code == 2


@given(data=st.data())
def test_no_slip_of_the_keyboard_makes_a_scenario_vanish(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Where all scenarios are asked for, one that is passed over would be one that passes."""
    whole = (SCENARIOS / "expansion-thin-link.toml").read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(whole)))
    slip = data.draw(st.sampled_from(["“", '"', "[", "=", "x", ",", "\n", "#", "\0", "\ufeff"]))
    gone = data.draw(st.integers(0, 3))
    path = tmp_path_factory.getbasetemp() / "slip.toml"
    path.write_bytes((whole[:at] + slip + whole[at + gone :]).encode())
    assert is_scenario(path)


@pytest.mark.parametrize(
    ("text", "one"),
    [
        (b"", True),
        (b"\xff\xfes\0", True),
        (b'schema = "giaoban.scenario/9"\n', True),
        (b'schema = "giaoban.senario/1"\n', True),
        (b'schema = "giaoban.meeting/1"\n', False),
        (b'[project]\nname = "pyproject"\n', False),
    ],
)
def test_what_cannot_be_told_is_taken_for_a_scenario(
    tmp_path: Path, text: bytes, one: bool
) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(text)
    assert is_scenario(path) is one
    (tmp_path / "folder.toml").mkdir()
    assert not is_scenario(tmp_path / "folder.toml")


def test_a_broken_scenario_is_told_wherever_all_are_meant(project: Path) -> None:
    broken = project / "scenarios" / "second.toml"
    broken.write_text('schema = "giaoban.scenario/1"\nid = second\n', encoding="utf-8")
    for words in (("check", "--all", "--estimate", "--seeds", "0"), ("list", "scenarios")):
        ran = giaoban(*words)
        assert (ran.code, "scenarios/second.toml:2: is not TOML" in ran.err) == (2, True), ran.err


def test_a_mark_before_the_first_line_hides_no_scenario() -> None:
    said = b'schema = "giaoban.scenario/1"\n'
    assert says_scenario(said)
    assert says_scenario(b"\xef\xbb\xbf" + said)
    assert says_scenario(b"# one\r\n  " + said)
    assert not says_scenario(b'x = 1 # schema = "giaoban.scenario/1"\n')


def test_names_are_taken_wherever_a_scenario_is(project: Path) -> None:
    for words in (
        ("check", "minee"),
        ("faults", "minee"),
        ("headroom", "minee"),
        ("whatif", "minee", "--more", "1"),
        ("meeting", "training", "--scenario", "minee"),
        ("calendar", "x.ics", "--scenario", "minee"),
    ):
        ran = giaoban(*words)
        assert (ran.code, 'scenario "minee": there is no such' in ran.err) == (2, True), words
        assert 'did you mean "mine"?' in ran.err
    ran = giaoban("faults", "expansion-thin-link", "--only", "cut:x")
    assert "no such failure" in ran.err  # which is told once the scenario was read
    (project / "expansion-thin-link").write_text("x", encoding="utf-8")
    ran = giaoban("faults", "expansion-thin-link")
    assert "expansion-thin-link:1: is not TOML" in ran.err  # a file that exists wins


def test_failures_are_those_of_the_last_check(project: Path) -> None:
    scenario(project / "scenarios" / "other.toml", province=None, id="other")  # type: ignore[arg-type]
    ran = giaoban("faults")
    assert "no scenario is named" in ran.err
    h.keep(project / "kept", h.measured("other-20260101-080000"))
    ran = giaoban("faults", "--only", "cut:x")
    assert ran.err.splitlines()[0] == (
        "scenario scenarios/other.toml, that of the last check, other-20260101-080000"
    )


def test_the_last_runs_belong_together(project: Path) -> None:
    """A check with the failures of the same question."""
    root = project / "kept"
    for run in ("mine-20260101-080000", "other-20260102-080000", "mine-20260103-080000"):
        h.keep(root, h.measured(run))
    asked = h.measured("mine-20260103-080000").inputs
    h.keep_faults(root, h.faults("faults-mine-20260102-090000", inputs=asked))
    other = asked.model_copy(update={"scenario": FileRef(path="s.toml", sha256="f" * 64)})
    h.keep_faults(root, h.faults("faults-other-20260104-080000", inputs=other))
    assert [Path(run).name for run in last_for_annex(root)] == [
        "mine-20260103-080000",
        "faults-mine-20260102-090000",
    ]


def test_without_a_run_there_is_no_last_one(project: Path) -> None:
    for words in (("view",), ("annex",)):
        ran = giaoban(*words)
        assert (ran.code, "kept holds no finished run of" in ran.err) == (2, True), words


def test_every_scenario_of_ours_names_its_province() -> None:
    """Wherever they are copied to, they are told from scenarios of another province."""
    assert all(load_scenario(path).province for path in SCENARIOS.glob("*.toml"))


def test_a_name_that_no_file_system_takes_is_no_scenario() -> None:
    with pytest.raises(InputError, match="there is no such"):
        scenario_file(Path("x" * 300))
