"""`giaoban.toml`: found upwards, read strictly, and what is meant where nothing is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import SCENARIOS, SMALL, giaoban, scenario
from undrawn import undrawn

from giaoban.errors import InputError, MachineLacks
from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.scenarios.cli.commands.check import check as commands_check
from giaoban.scenarios.cli.language import of_environment
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.project import current, is_scenario, project_of
from giaoban.scenarios.spec.project_folder import find, says_scenario
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.scenarios.study.whatif.apply import base_of

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


def test_scenarios_that_come_with_the_program_are_of_its_province(project: Path) -> None:
    ours = SCENARIOS / "expansion-thin-link.toml"
    assert project_of(ours).file is None
    assert project_of(SCENARIOS / "study" / "whatif" / "existing.toml").file is not None
    assert make_question(ours).criteria_path == CRITERIA.resolve()
    assert make_question(ours).devices_path == DEVICES.resolve()


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


def test_every_scenario_of_ours_names_its_province() -> None:
    """Wherever they are copied to, they are told from scenarios of another province."""
    assert all(load_scenario(path).province for path in SCENARIOS.glob("*.toml"))
