"""What all tests rely on: addresses of their own, marks that are true, and a limit for each."""

from __future__ import annotations

import ast
import importlib
import multiprocessing
import re
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.loopback import free_ports, local_address, udp_socket
from tests.marked import Watch, of_command, of_others

TESTS = Path(__file__).parent
CONFTESTS = sorted(TESTS.rglob("conftest.py"))
NAMED = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)
"""The first module of a line that imports."""
CHILD = """
from tests.loopback import free_ports, local_address
print(local_address(7), free_ports("127.0.0.1"), flush=True)
input()
"""


def test_each_process_has_a_network_and_ports_of_its_own() -> None:
    """Of 8 at once, as many hold: none has another's address or another's port."""
    command = [sys.executable, "-c", CHILD]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    children = [subprocess.Popen(command, **pipes) for _ in range(8)]  # type: ignore[call-overload]
    said = [child.stdout.readline().split() for child in children]
    for child in children:
        child.communicate("\n")
    hosts, ports = {host for host, _ in said}, {port for _, port in said}
    assert len(hosts) == len(ports) == 8
    assert local_address(7) not in hosts
    assert {host.split(".", 2)[2] for host in hosts} == {"7.1"}


def address_in_a_fork(answers: multiprocessing.SimpleQueue[str]) -> None:
    answers.put(local_address(7))


def test_a_fork_has_its_own_too() -> None:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=address_in_a_fork, args=(answers,))
    child.start()
    assert answers.get() != local_address(7) == local_address(7)
    child.join()


@pytest.mark.realtime  # such ports are looked for to serve on them
def test_no_port_is_one_that_the_system_gives_to_others() -> None:
    """Linux gives those from 32768 on, unless it is told otherwise."""
    taken = []
    for _ in range(10):
        port = free_ports("127.0.0.1", 3)
        assert port % 2 == 0
        assert port + 3 < 32_768
        taken.append(udp_socket("127.0.0.1", port + 1))
    ports = [sock.getsockname()[1] for sock in taken]
    for sock in taken:
        sock.close()
    assert len(set(ports)) == 10


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (
            "python -m giaoban.scenarios.cli.entry mcu serve --listen 127.0.0.1:5060",
            "giaoban mcu serve",
        ),
        ("/x/.venv/bin/giaoban load --target sip:127.0.0.1:5060", "giaoban load"),
        ("giaoban stream receive 4000", "giaoban stream"),
        ("giaoban stream --help", None),
        ("giaoban check s.toml", None),
        ("python -m giaoban.scenarios.cli.entry history list", None),
        ("/usr/bin/sipp 127.0.0.1:5060 -sn uac", "sipp"),
        ("ffmpeg -re -i a.wav srtp://127.0.0.1:4000", "ffmpeg"),
        ("ffmpeg -i a.wav a.h264", None),
        ("tshark -r a.pcap -T fields", None),
        ("tshark -ilo -c 5", "tshark"),
    ],
)
def test_commands_that_talk_in_real_time_are_known(command: str, what: str | None) -> None:
    assert of_command(command.split()) == (None if what is None else f"starts {what}")


def heeded(watch: Watch, do: object) -> list[str]:
    watch.heeds = True
    do()  # type: ignore[operator]
    watch.heeds = False
    seen = watch.seen.copy()
    watch.seen.clear()
    return seen


def bound(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind((local_address(7), 0))


@pytest.mark.realtime  # or the watch of all tests would speak
def test_servers_and_programs_are_seen() -> None:
    """A stopped `stream` is one that was begun; media sockets are looked into in virtual time."""
    watch = Watch()
    watch.begin()
    assert heeded(watch, lambda: bound(socket.SOCK_DGRAM)) == []
    assert heeded(watch, lambda: bound(socket.SOCK_STREAM)) == [f"serves TCP at {local_address(7)}"]
    command = [sys.executable, "-c", "", "giaoban", "stream", "receive"]
    assert heeded(watch, lambda: subprocess.run(command, check=True)) == ["starts giaoban stream"]
    subprocess.run(command, check=True)
    assert watch.seen == []


def test_fixed_ports_that_another_run_may_have_are_known() -> None:
    """Addresses are no parameters: each process of xdist has others, and tests of other names."""
    own = local_address(67)
    for host, port, others in (
        ("127.0.0.1", 5060, False),
        ("127.0.67.1", 0, False),
        ("127.0.67.1", 5060, True),
        (own, 5060, False),
        ("10.0.0.1", 40_000, False),
    ):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            assert of_others(sock, (host, port)) == (f"binds {host}:{port}" if others else None)


def asked_of_a_copy(folder: Path, text: str, *words: str) -> str:
    """What pytest says of a file of tests, with this project's own settings and checks."""
    root = TESTS.parent
    (folder / "tests").mkdir()
    for name in ("conftest.py", "kept.py", "laws.py", "long.txt", "loopback.py", "marked.py"):
        (folder / "tests" / name).write_text((root / "tests" / name).read_text())
    (folder / "pyproject.toml").write_text((root / "pyproject.toml").read_text())
    (folder / "tests" / "test_one.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, "tests"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout


def test_a_test_without_the_mark_fails(tmp_path: Path) -> None:
    text = (
        "import socket\nimport pytest\n"
        "def test_a(): socket.create_server(('127.0.0.1', 0)).close()\n"
        "@pytest.mark.realtime\n"
        "def test_b(): socket.create_server(('127.0.0.1', 0)).close()\n"
    )
    said = asked_of_a_copy(tmp_path, text)
    assert "test_one.py::test_a serves TCP at 127.0.0.1" in said
    assert "test_b" not in said
    assert "2 passed, 1 error" in said


def test_each_test_is_asked_once_by_day_or_at_night() -> None:
    """Whatever its marks are, unless it failed. Only what is in real time is `alone` in it."""
    script = (TESTS.parent / "scripts" / "test").read_text(encoding="utf-8")
    [computes] = re.findall(r'^computes="(.*)"$', script, re.MULTILINE)
    options, day = script.split("\nesac\n")
    night = options.partition("--nightly)")[2]

    def times(text: str, marks: set[str]) -> int:
        asked = re.findall(r'ask -m "([^"]+)"(?! --last-failed)', text)
        found = [Expression.compile(each.replace("$computes", computes)) for each in asked]
        return sum(each.evaluate(lambda name, **_: name in marks) for each in found)

    kinds: list[set[str]] = [set(), {"sandbox"}, {"long"}, {"realtime"}, {"realtime", "alone"}]
    for marks in kinds:
        assert (times(day, marks), times(night, marks)) == (1, 0), marks
        at_night = {*marks, "nightly"}
        assert (times(day, at_night), times(night, at_night)) == (0, 1), at_night


def test_examples_of_a_law_do_not_depend_on_loaded_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examples_of_a_law() -> list[int]:
        drawn = []

        @settings(max_examples=examples(600))
        @given(st.integers())
        def law(number: int) -> None:
            drawn.append(number)

        law()
        return drawn

    alone = examples_of_a_law()
    (tmp_path / "with_constants.py").write_text(f"NUMBERS = {[*range(70_000, 71_000)]}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "with_constants", raising=False)
    importlib.import_module("with_constants")
    assert examples_of_a_law() == alone


def test_a_law_that_says_its_own_number_is_tried_more_often_at_night(tmp_path: Path) -> None:
    """`scripts/test --nightly` names this profile."""
    text = (
        "from hypothesis import given, settings, strategies as st\n"
        "from tests.laws import examples\n"
        "tried = []\n"
        "@given(st.integers())\n"
        "@settings(max_examples=examples(8))\n"
        "def test_law(number): tried.append(number)\n"
        "def test_how_often(): assert len(tried) == 3 * 8\n"
    )
    said = asked_of_a_copy(tmp_path, text, "--hypothesis-profile=thorough")
    assert "2 passed" in said, said


def test_no_law_says_a_number_that_is_the_same_at_night() -> None:
    """`settings(max_examples=40)` is, whatever the profile."""
    fixed = []
    for file in sorted({*TESTS.rglob("*.py")} - {TESTS / "conftest.py"}):
        text = file.read_text(encoding="utf-8")
        if "max_examples" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.keyword) and node.arg == "max_examples":
                scaled = isinstance(node.value, ast.Call)
                fixed += [] if scaled else [f"{file.relative_to(TESTS)}:{node.lineno}"]
    assert not fixed


@pytest.mark.parametrize("where", [f"{local_address(67)} 5060", f"sip:a@{local_address(67)}"])
def test_a_test_has_the_same_name_in_each_process(
    request: pytest.FixtureRequest, where: str
) -> None:
    """xdist's processes refuse to begin where they find different ones."""
    assert local_address(67) in where
    assert local_address(67) not in request.node.name
    assert "127.own.67.1" in request.node.name


def test_locust_is_not_imported_here() -> None:
    """It would replace the threads of this process, with which xdist talks."""
    with pytest.raises(ImportError, match="processes of its own"):
        import locust  # noqa: F401


def test_each_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    """Where the plugin is there; `scripts/test` insists on it."""
    limit = request.node.get_closest_marker("timeout")
    if request.config.pluginmanager.hasplugin("timeout"):
        assert 60 <= limit.args[0] <= 600


def test_tests_lie_as_what_they_test() -> None:
    """In folders of the same names, but for those of other people's programs, of the package and
    of the program as a process; no more than 20 modules of tests in one."""
    own = {Path("clients"), Path("packaging"), Path("scenarios/cli/process")}
    here = Path(__file__).parent
    modules = Counter(path.relative_to(here).parent for path in here.rglob("test_*.py"))
    for folder, count in modules.items():
        assert folder in own or (here.parent / folder).is_dir(), folder
        assert count <= 20, folder


def test_helpers_of_another_room_are_named_with_their_room() -> None:
    """A conftest makes those of its own folder importable: others are there only by chance, where
    tests of theirs were read before."""
    own = {place.parent: {f.stem for f in place.parent.glob("*.py")} for place in CONFTESTS}
    helpers = set[str]().union(*own.values())
    astray = []
    for file in sorted(TESTS.rglob("test_*.py")):
        near = {name for place, names in own.items() if place in file.parents for name in names}
        text = file.read_text(encoding="utf-8")
        if not (helpers - near) & set(NAMED.findall(text)):
            continue  # to parse them all takes seconds
        for node in ast.walk(ast.parse(text)):
            named = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            named += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            astray += [(file.name, each) for each in named if each in helpers - near]
    assert not astray
