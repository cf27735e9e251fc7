"""`pytest FOLDER` with scenario files in it: what is collected, what passes, what is said."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from scenario_factory import ONLY_EMULATED, ROOT, SCENARIOS, scenario

from giaoban.results.judge.criteria import load_criteria
from giaoban.scenarios.spec.scenario import load_scenario
from tests.results.identifiers import showing

CONFTEST = f"""
import json, sys
sys.path.insert(0, {str(ROOT / "tests" / "scenarios")!r})
import pretended
from giaoban.errors import InvalidRun, MachineLacks
from giaoban.scenarios.study import check

def emulate(plan, folder, _engine, _progress):
    if plan.scenario_id == "hangs":
        raise InvalidRun("the guest hung")
    if plan.scenario_id == "lacks":
        raise MachineLacks("no kernel", "make setup")
    if plan.scenario_id == "breaks":
        raise ZeroDivisionError("our own mistake")
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    refused = ("north",) if plan.scenario_id.startswith("refused") else ()
    pretended.emulate(plan, folder, refused=refused)
    if plan.scenario_id == "unsound":
        path = folder / "captures" / "counters.json"
        data = json.loads(path.read_text())
        data["udp"]["InDatagrams"] -= 1
        path.write_text(json.dumps(data))
    return pretended.engine()

check.emulate = emulate
# what is drawn is the same as without pytest
check.draw_pictures = lambda *_, **__: {{}}
check.write_annex = lambda path, _: path.touch()
"""
REFUSED = '[expect]\nverdict = "fail"\nbinding = "every-call-set-up"\n'


def ran(folder: Path, *words: str, conftest: str = CONFTEST) -> tuple[int, str]:
    """pytest on a folder, in a process of its own."""
    (folder / "conftest.py").write_text(conftest, encoding="utf-8")
    # what is pretended is not what an estimate would find
    results = f"--giaoban-results={folder / 'runs'}"
    words = ("-p", "no:cacheprovider", "-rA", results, "--giaoban-seeds=0", *words)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(folder), "--rootdir", str(folder), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of one run over one scenario of each sort."""
    folder = tmp_path_factory.mktemp("team")
    wrong = REFUSED.replace("every-call-set-up", "mcu-units")
    for name, more in {
        "well": "",
        "refused-as-expected": REFUSED,
        "refused": "",
        "refused-for-another": wrong,
        "well-against-hope": REFUSED,
        "hangs": "",
        "lacks": "",
        "breaks": "",
        "unsound": "",
    }.items():
        scenario(folder / f"{name}.toml", id=name, more=more)
    scenario(folder / "bad.toml", profile="nonsense")
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    (folder / "province.toml").write_text('schema = "giaoban.province/1"\n', encoding="utf-8")
    code, text = ran(folder)
    assert code == 1
    return text


def outcome(said: str, name: str) -> str:
    found = re.findall(rf"^(PASSED|FAILED|ERROR) {name}\.toml::check", said, re.MULTILINE)
    assert len(found) == 1, said
    return str(found[0])


def part(said: str, name: str) -> str:
    """What was said of one failed test."""
    found = re.search(
        rf"^_+ check of {name}\.toml _+\n(.*?)(?=^_{{3,}}|^={{3,}})", said, re.M | re.S
    )
    assert found is not None, said
    return found[1].strip()


@pytest.mark.parametrize("name", ["well", "refused-as-expected"])
def test_what_is_as_expected_passes(said: str, name: str) -> None:
    assert outcome(said, name) == "PASSED"


def test_a_failure_says_why_and_where_the_run_is(said: str) -> None:
    text = part(said, "refused")
    assert text.startswith("verdict is fail, expected pass\nCalls not set up – Polycom RMX 1500")
    assert "Traceback" not in text
    assert "test_" not in text
    run = Path(re.findall(r"^run: (.*)$", text, re.MULTILINE)[0])
    assert (run / "phu-luc.pdf").is_file()


def test_a_pass_that_was_not_expected_is_a_failure(said: str) -> None:
    assert part(said, "well-against-hope").startswith("verdict is pass, expected fail\n")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("hangs", "invalid: the guest hung"),
        ("unsound", "invalid: "),
        ("lacks", "no kernel\n  to mend it: make setup"),
    ],
)
def test_what_says_nothing_about_the_network(said: str, name: str, begins: str) -> None:
    assert outcome(said, name) == "FAILED"
    assert part(said, name).startswith(begins)


def test_bad_input_is_told_with_its_line(said: str) -> None:
    assert re.match(
        r"\S*bad\.toml:\d+: profile = 'nonsense': unknown call profile", part(said, "bad")
    )


def test_fast_estimates_and_skips_what_cannot_be(tmp_path: Path) -> None:
    """Nothing is emulated: the pretended emulation would end each of these. A test is chosen by its
    file."""
    scenario(tmp_path / "well.toml", id="well")
    scenario(tmp_path / "hangs.toml", id="hangs", phases=(2, 6, 2))
    late = "[thresholds]\nmouth-to-ear = 1.0\nlink-peak = 1.0\n"
    scenario(tmp_path / "late.toml", id="lacks", phases=(2, 6, 2), more=late)
    scenario(tmp_path / "crash.toml", id="breaks", more=ONLY_EMULATED)
    _, text = ran(tmp_path, "--giaoban-fast", "-k", "not well")
    assert outcome(text, "hangs") == "PASSED"
    told = part(text, "late")
    assert re.search(r"^again: giaoban check \S*late\.toml --estimate --seeds 0$", told, re.M)
    assert re.search(
        r"^Highest load of a link – (access line of )?(Tây|Đông|Bắc|MCU)\b", told, re.M
    )
    assert showing(line for line in told.splitlines() if " – " in line) == []
    assert "1 failed, 1 passed, 1 skipped, 1 deselected" in text


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_of_the_repository_says_what_it_expects(path: Path) -> None:
    expect = load_scenario(path).expect
    assert expect.binding in load_criteria().ids
