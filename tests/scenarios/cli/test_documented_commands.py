"""Every command that a page shows: its options exist, and it is run as it stands there, page by
page, in a folder that holds the files it names. What boots a guest gets its captures by a pretended
one (`pretended.py`); what is not run has a reason here.

Each is asked in Vietnamese and in English, on a real terminal of 80 letters (`on_terminal.py`): no
line is longer, no letter is lost, and nothing is said in the other language.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pretended
import pytest
from on_terminal import giaoban_on_terminal
from pretended_failures import Child, Pretended, observed
from scenario_factory import DEFAULT, ROOT, giaoban, scenario
from undrawn import undrawn

from giaoban.errors import InputError
from giaoban.mcu_sim.device import load_devices
from giaoban.results.report import terminal
from giaoban.scenarios.cli.commands.data import schema
from giaoban.scenarios.cli.language import ENGINEERING_TOOLS
from giaoban.scenarios.plan.identity import Commit
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study import check, documents
from giaoban.scenarios.study.failures.trial import possible_in
from scripts.docs import reference
from scripts.docs.fences import Command, commands, lines_of_shell, pages
from tests.nights import at_night
from tests.results.wording import unreadable

COMMANDS = "tests/scenarios/cli/commands"
NOT_RUN = {
    "giaoban mcu serve *": f"in real time, until Ctrl-C: {COMMANDS}/mcu/test_mcu.py",
    "giaoban stream *": f"in real time: {COMMANDS}/mcu/test_stream.py",
    "giaoban load *": "in real time: tests/clients/test_load.py",
    "giaoban compare *main*": f"needs a repository of git: {COMMANDS}/what_if/test_compare.py",
    "giaoban shell": "needs root and a terminal: tests/topology/emulation",
    "giaoban meeting *": "boots guests of its own: tests/scenarios/emulation/test_meeting_runs.py",
    "giaoban check * --meetings all": "minutes: tests/scenarios/study/test_every_meeting.py",
    "giaoban whatif --add all-2025": f"minutes: {COMMANDS}/what_if/test_whatif.py",
    "giaoban * --confirm": f"emulates what was found: {COMMANDS}/what_if/test_whatif.py",
    "giaoban headroom": f"half a minute: {COMMANDS}/what_if/test_whatif.py",
    "giaoban check --estimate": "within a project: tests/scenarios/project/test_init.py",
    "giaoban sensitivity*": "minutes: tests/scenarios/study/sensitivity",
    "giaoban view*": f"serves until Ctrl-C: {COMMANDS}/documents/test_view.py",
    "giaoban verify *.evidence.zip --rerun": "emulates anew: tests/scenarios/study/test_rerun.py",
    "giaoban annex * LOAD_RUN": "of loads: tests/results/report/annex/test_annex_load.py",
    "giaoban evidence LOAD_RUN": "of loads: tests/results/report/annex/test_annex_load.py",
    "giaoban check * --pcap *": "the guest records it: tests/scenarios/emulation/test_runs.py",
    "giaoban history list *--bridge *": f"another province: {COMMANDS}/documents/test_history.py",
}
"""Pattern of a command → why it is parsed, but not carried out. One that fits none is run."""
RUN_ALL_THE_SAME = ("giaoban view* --out *",)


def every() -> list[Command]:
    return [command for page in pages() for command in commands(page)]


def reason(command: Command) -> str | None:
    """Why it is not carried out."""
    if command.page.stem == "tutorial":
        return "in its order: tests/scenarios/cli/test_tutorial.py"
    text = " ".join(["giaoban", *(command.arguments or ())])
    if any(fnmatch(text, kept) for kept in RUN_ALL_THE_SAME):
        return None
    return next((why for pattern, why in NOT_RUN.items() if fnmatch(text, pattern)), None)


def leaf(words: tuple[str, ...]) -> tuple[Any, list[str]]:
    """The command that some words name, and those that follow its name."""
    command, rest = reference.tree().get(words[0]), list(words[1:])
    assert command is not None, f"no command {words[0]}"
    while hasattr(command, "commands") and rest:
        assert rest[0] in command.commands, f"no command {' '.join(words)}"
        command = command.commands[rest.pop(0)]
    return command, rest


def test_all_options_that_pages_show_exist() -> None:
    shown = every()
    assert len(shown) > 60
    for command in shown:
        words = tuple(word for word in command.arguments or () if word != "…")
        if words[0].startswith("-"):
            assert words[0] in ("--version", "--help"), command.where
            continue
        one, rest = leaf(words)
        try:
            one.make_context(words[0], rest)
        except InputError:  # the options are known; what stands for a file is none
            continue
        except Exception as error:
            said = getattr(error, "format_message", lambda error=error: str(error))()
            pytest.fail(f"{command.where}: {command.text}\n{said}")


def test_options_of_commands_within_sentences_exist() -> None:
    wrong = []
    for page in pages():
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
        for told in re.findall(r"`(?:\.venv/bin/)?giaoban ([^`]+)`", text):
            words = re.split(r"\s(?:\\?\||>|&&)\s", " ".join(told.split()))[0].split()
            named = [w for w in words if not w.startswith(("-", "…")) and w.islower()]
            if not named or named[0] not in reference.tree():
                if named and not re.match(r"[A-Z{]", words[0]):
                    wrong.append(f"{page.name}: giaoban {told}")
                continue
            known = {
                option
                for _, one in reference.walk(named[0], reference.tree()[named[0]])
                for each in one.params
                for option in (*each.opts, *each.secondary_opts)
            } | {"--help"}
            given = {w.partition("=")[0] for w in re.findall(r"(?<=\s)--[\w=-]+", f" {told}")}
            wrong += [f"{page.name}: giaoban {told}: {o}" for o in sorted(given - known)]
    assert not wrong


def test_the_other_lines_are_known_programs() -> None:
    """Of pages that show a shell: a file or a target that is gone is noticed."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M))
    gone = []
    for line in (line for page in pages() for line in lines_of_shell(page)):
        words = re.sub(r"\s#.*", "", line.text).split()
        if words[:1] == ["make"] and len(words) > 1:
            known = words[1] in targets
        elif words[:2] == [".venv/bin/python", "-m"] and words[2] != "pytest":
            known = importlib.util.find_spec(words[2]) is not None
        elif words[:3] == [".venv/bin/python", "-m", "pytest"]:
            named = [w for w in words[3:] if "/" in w]
            known = all((ROOT / w).exists() for w in named)
        else:
            continue
        if not known:
            gone.append(f"{line.where}: {line.text}")
    assert not gone


def test_every_exception_is_still_one() -> None:
    texts = [" ".join(["giaoban", *(command.arguments or ())]) for command in every()]
    assert not [p for p in NOT_RUN if not any(fnmatch(text, p) for text in texts)]
    named = {word for why in NOT_RUN.values() for word in re.findall(r"tests/[\w/.]+", why)}
    assert not [name for name in named if not (ROOT / name).exists()]
    assert all("tests/" in why for why in NOT_RUN.values())


# ------------------------------------------------------------------------------------- as it stands

QUIET: dict[str, Any] = {"phases": (2.0, 2.0, 2.0), "profile": "sd30-256k"}
FILES = {
    "year.ics": "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\nBEGIN:VEVENT\nUID:1@test\n"
    "DTSTAMP:20260101T000000Z\nDTSTART:20350105T010000Z\nDTEND:20350105T030000Z\n"
    "SUMMARY:Hai huyện\nCATEGORIES:district-to-district\nEND:VEVENT\nEND:VCALENDAR\n",
    "communes.csv": "STT;Tên đơn vị;Huyện;Độ dài (km);Nguồn\n1;Xã Quảng Sơn;Đắk Glong;38,5;test\n",
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the files that pages name, and pretended guests."""
    folder = tmp_path_factory.mktemp("bench")
    provinces = ("province", "my-province", "my-measured-province", "tinh-toi")
    for name in ("topology/province.toml", *(f"{each}.toml" for each in provinces)):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(DEFAULT, folder / name)
    (folder / "scenarios").mkdir()
    for path in (*(ROOT / "scenarios").glob("*.toml"), Path("my-scenario.toml")):
        scenario(folder / "scenarios" / path.name, id=path.stem, **QUIET)
    within = ("scenarios/first-expansion", "scenarios/my-expansion")
    for name in ("my-scenario", "my-expansion", "kich-ban", *within):
        file, up = folder / f"{name}.toml", "../" * name.count("/")
        scenario(file, id=file.stem, bridges=(), province=f"{up}topology/province.toml", **QUIET)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(folder / "year.ics", folder / "lich-hop.ics")
    shutil.copy(ROOT / "tests" / "topology" / "Abilene.graphml", folder / "network.graphml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(check, "emulate", pretended.emulator())
        patch.setattr("giaoban.scenarios.measure.assemble.commit", lambda: Commit("c" * 40, True))
        undrawn(patch)
        patch.setattr(documents, "draw_pictures", lambda *_, **__: {})  # of `giaoban annex`
        failing = Pretended()
        for ident, case in possible_in(make_question(folder / FAILING)).items():
            failing.children[ident] = Child(observed(case))
        failing.use(patch)
        yield folder


FAILING = "scenarios/expansion-gia-nghia-quang-son.toml"
"""The scenario of which failures are pretended."""


@pytest.fixture(scope="module")
def words(bench: Path) -> dict[str, str]:
    """What stands for the words in capitals that pages have for a file or a run."""
    made = {"SCENARIO": "my-scenario.toml", "FILE": "network.graphml"}
    for word, command, file in (
        ("RUN", "check", FAILING),
        ("RUN2", "check", "scenarios/expansion-thin-link.toml"),
        ("FAULTS_RUN", "faults", FAILING),
    ):
        before = set(bench.glob("runs/*"))
        assert giaoban(command, file, "--results", "runs").code in ANSWERS
        [folder] = set(bench.glob("runs/*")) - before
        made[word] = str(folder.relative_to(bench))
    return made


def to_be_run() -> dict[str, list[Command]]:
    """By page. What a translation shows as its page does, is run there; a long one that several
    pages show, and of which none needs what it leaves, is run where it is first."""
    shown = {page: [each for each in commands(page) if reason(each) is None] for page in pages()}
    english = {each.arguments for page, of in shown.items() if not vietnamese(page) for each in of}
    seen: set[tuple[str, ...] | None] = set()
    found: dict[str, list[Command]] = {}
    for page, of in shown.items():
        if not of or (vietnamese(page) and {each.arguments for each in of} <= english):
            continue
        found[str(page.relative_to(ROOT))] = [each for each in of if each.arguments not in seen]
        if not vietnamese(page):
            seen |= {each.arguments for each in of if (each.arguments or ("",))[0] in ALONE}
    return {page: of for page, of in found.items() if of}


def vietnamese(page: Path) -> bool:
    return page.parent.name == "vi" or ".vi." in page.name


ALONE = ("topology", "calendar", "whatif")
"""Commands that take long and leave nothing to those that follow on a page."""
TO_BE_RUN = to_be_run()
ANSWERS = (0, 1)
"""Pass and fail: what a page shows may be either."""
MORE = {("topology", "import"): ["--force"]}
"""What some are told besides: the file is there for others."""
WIDTH = 80
FOR_PROGRAMS = ("baseline show", "schema")
"""What these print is a file for another program."""
LOOKS_BACK = ("history", "view", "diff", "verify")
"""Commands that look at runs of before; the others have a folder for each page."""


IN_LANGUAGES = [
    (page, language)
    for page in TO_BE_RUN
    for language in ("vi", "en")
    if language == "vi" or not vietnamese(ROOT / page)
]
"""What a Vietnamese page shows, its reader asks in Vietnamese; English pages are asked in both."""


def called(command: Command) -> tuple[str, ...]:
    """A command's own name: the words before its options and what it is given."""
    return tuple(itertools.takewhile(re.compile("[a-z]+").fullmatch, command.arguments or ()))


def by_day() -> Iterator[tuple[str, str]]:
    """In Vietnamese each page, but those whose translation is asked so; in English those that are
    the first to show a command."""
    shown = set[tuple[str, ...]]()
    for page, of in TO_BE_RUN.items():
        if page.replace("docs/", "docs/vi/") not in TO_BE_RUN:
            yield page, "vi"
        named = {called(command) for command in of}
        if not vietnamese(ROOT / page) and named - shown:
            yield page, "en"
            shown |= named


BY_DAY = frozenset(by_day())


@pytest.mark.parametrize(
    ("page", "language"),
    [case if case in BY_DAY else at_night(*case) for case in IN_LANGUAGES],
)
def test_what_a_page_shows_is_run(
    page: str, language: str, bench: Path, words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIAOBAN_LANG", language)
    own = Path("runs-of", language, page.replace("/", "-"))
    known = ["existing", *(device.name for device in load_devices().device)]
    for command in TO_BE_RUN[page]:
        arguments = command.arguments or ()
        if arguments[0] in ("faults", "baseline"):
            words = {**words, "SCENARIO": FAILING, "RUN": words["FAULTS_RUN"]}
        given = [each for word in arguments for each in meant(word, bench, words)]
        if arguments[0] == "init" and language == "en":
            given[1] += "-en"  # the other one is there already
        one, _ = leaf(arguments)
        options = {option for parameter in one.params for option in parameter.opts}
        runs = Path("runs") if arguments[0] in LOOKS_BACK else own
        for option, folder in (("--results", runs), ("--baselines", own / "accepted")):
            if option in options and option not in given:
                given += [option, str(folder)]
        given += next((more for what, more in MORE.items() if arguments[: len(what)] == what), [])
        ran, lost = giaoban_on_terminal(*given, columns=WIDTH)
        assert ran.code in ANSWERS, f"{command.where}: {command.text}\n{ran.out}{ran.err}"
        if not {"--json", "--lang"} & set(given) and not " ".join(arguments).startswith(
            FOR_PROGRAMS
        ):
            known += given
            names = [*known, *(schema.WHAT if arguments[0] == "schema" else ())]
            spoken = "en" if arguments[0] in ENGINEERING_TOOLS else language
            wrong = unreadable(f"{ran.out}\n{ran.err}", WIDTH, names, spoken)
            assert not wrong, f"{command.where}: {command.text}: {wrong}"
            assert not lost, f"{command.where}: {command.text}: {lost}\n{ran.out}"


def test_lines_are_as_long_as_the_terminal_and_what_is_cut_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    longest = {}
    for columns in (80, 100, 120):
        ran, lost = giaoban_on_terminal("criterion", "list", columns=columns)
        assert (ran.code, lost) == (0, {})
        longest[columns] = max(map(len, ran.out.splitlines()))
        assert longest[columns] <= columns
    assert longest[80] < longest[100] < longest[120]
    whole = terminal._in_column
    monkeypatch.setattr(terminal, "_in_column", lambda *given: whole(*given)[:1])
    _, lost = giaoban_on_terminal("criterion", "list", columns=80)
    assert lost.total() > 100


def meant(word: str, bench: Path, words: dict[str, str]) -> list[str]:
    """What a shell, or a reader, makes of a word."""
    if word in words:
        return [words[word]]
    if "*" in word:
        return sorted(str(path.relative_to(bench)) for path in bench.glob(word))
    return [word]
