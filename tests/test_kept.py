"""What is kept of guests answers only if all that it hangs on is the same, and then wholly."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from giaoban.scenarios.emulation import beginnings
from giaoban.topology.sandbox.boot import Guest
from giaoban.topology.sandbox.fork_server import ForkServer
from tests import kept


class Pretended:
    """A guest that says and leaves something, and counts how often it was booted."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.root, self.booted = folder, 0
        self.kernel = folder / "linux"
        self.kernel.write_bytes(b"a kernel")
        self.fails: BaseException | None = None
        self.code = 0
        patch.setattr(kept, "booted", self.boot)
        patch.setenv("GIAOBAN_TESTS_KEEP", str(folder / "kept"))

    def boot(self, _guest: Guest, module: str, words: list[str], **how: Any) -> int:
        self.booted += 1
        if self.fails is not None:
            raise self.fails
        how["console"].write_text("one\ntwo\n", encoding="utf-8")
        for line in ("one", "two"):
            how["on_line"](line)
        (how["writable"] / "captures").mkdir()
        told = [module, *words[2:], (how["writable"] / "plan.json").read_text("utf-8")]
        (how["writable"] / "captures" / "left.json").write_text(json.dumps(told), encoding="utf-8")
        return self.code

    def asked(
        self, name: str, plan: str = "{}", module: str = "a.b", to: str = "runs", **guest: Any
    ) -> Any:
        """What it answers in a new folder: its code, what it says, what it leaves."""
        folder = self.root / name
        folder.mkdir()
        (folder / "plan.json").write_text(plan, encoding="utf-8")
        (folder / ".owner").write_text(name, encoding="utf-8")
        lines: list[str] = []
        code = kept.run(
            Guest(self.kernel, **guest),
            module,
            [str(folder), str(folder / to), "fast"],
            writable=folder,
            console=folder / "console.log",
            on_line=lines.append,
        )
        left = {str(p.relative_to(folder)): p.read_text("utf-8") for p in folder.rglob("[!.]*.*")}
        return code, lines, left


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretended:
    monkeypatch.setattr(kept, "answers", True)
    return Pretended(tmp_path, monkeypatch)


def test_the_same_is_booted_once_in_whatever_folder(guest: Pretended) -> None:
    first = guest.asked("a")
    assert guest.asked("another") == first == (0, ["one", "two"], first[2])
    assert set(first[2]) == {"plan.json", "console.log", "captures/left.json"}
    assert guest.booted == 1
    assert (guest.root / "another" / ".owner").read_text("utf-8") == "another"


@pytest.mark.parametrize(
    "other",
    [
        *({"plan": "[]"}, {"module": "a.c"}, {"to": "others"}),
        *({"memory_mb": 1024}, {"virtual_time": False}),
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_differs_is_booted(guest: Pretended, other: dict[str, Any]) -> None:
    guest.asked("a")
    guest.asked("b", **other)
    assert guest.booted == 2


@pytest.mark.parametrize("what", ["kernel", "sources", "_machine", "anew"])
def test_so_is_what_runs_elsewhere(
    guest: Pretended, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.asked("a")
    if what == "kernel":
        guest.kernel.write_bytes(b"another")
    elif what == "anew":
        monkeypatch.setattr(kept, "answers", False)
    else:
        monkeypatch.setattr(kept, what, lambda *_: "others")
    guest.asked("b")
    assert guest.booted == 2


def test_an_error_is_no_answer(guest: Pretended) -> None:
    guest.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        guest.asked("a")
    guest.fails, guest.code = None, 4
    assert guest.asked("b")[0] == 4
    guest.code = 0
    assert [guest.asked(name)[0] for name in "cd"] == [0, 0]
    assert guest.booted == 3


def test_what_was_not_asked_for_longest_makes_room(
    guest: Pretended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 1)
    guest.asked("a")
    guest.asked("b", plan="[]")
    guest.asked("c", plan="[]")
    assert guest.booted == 2
    guest.asked("d")
    assert guest.booted == 3


def test_sources_are_all_that_a_module_may_import(tmp_path: Path, monkeypatch: Any) -> None:
    """From a copy: what it imports, also inside a function, and what lies beside it."""
    tmp_path /= "tests"  # whatever the folder is called
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    files = {
        "giaoban/__init__.py": "",
        "giaoban/topology/__init__.py": "",
        "giaoban/topology/sandbox/__init__.py": "",
        "giaoban/topology/sandbox/boot.py": "",
        "giaoban/topology/sandbox/guest_init.py": "",
        "giaoban/traffic/__init__.py": "",
        "giaoban/traffic/sent.py": "def f():\n    from giaoban.mcu_sim import far\n",
        "giaoban/traffic/profiles.toml": "a = 1\n",
        "giaoban/mcu_sim/__init__.py": "",
        "giaoban/mcu_sim/far.py": "",
        "giaoban/results/__init__.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    monkeypatch.setenv("GIAOBAN_TESTS_KEEP", str(tmp_path.parent / "kept"))

    def found() -> str:
        return kept.sources.__wrapped__("giaoban.traffic.sent")

    before = found()
    for name in files:
        (tmp_path / name).write_text(files[name] + "\n")
        assert (found() != before) == (name != "giaoban/results/__init__.py"), name
        (tmp_path / name).write_text(files[name])
    assert found() == before
    # what was found is noted until one of them is written to, or there is one more; not while
    # files are so new that they may have been written to since they were read
    time.sleep(2e-9 * kept.CLOCK_STEP_NS)
    assert found() == before
    with monkeypatch.context() as patch:
        patch.setattr(kept, "_sources", lambda _module: pytest.fail("looked for again"))
        assert found() == before
    (tmp_path / "giaoban" / "mcu_sim" / "beside.toml").touch()
    assert found() != before


# -------------------------------------------------------------- of a guest that several go on from


class Together:
    """A guest from which several emulations go on; each leaves what its plan says."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.root, self.booted, self.codes = folder, 0, {"fails": 4}
        self.kernel = folder / "linux"
        self.kernel.write_bytes(b"a kernel")
        patch.setattr(beginnings, "begun", self.begun)
        patch.setattr(kept, "gone_on", self.go_on)
        patch.setattr(kept, "sources", lambda _module: "of the guest")
        patch.setenv("GIAOBAN_TESTS_KEEP", str(folder / "kept"))

    @contextmanager
    def begun(self, *_: object) -> Iterator[Any]:
        self.booted += 1
        server = ForkServer(self.root, self.root, 512)
        yield lambda question: None if question.plan.to_json() == "alone" else server

    def go_on(self, _server: ForkServer, folder: Path, **how: Any) -> int:
        plan = (folder / kept.PLAN).read_text("utf-8")
        how["console"].write_text(f"{plan} begins\n", encoding="utf-8")
        how["on_line"](f"{plan} begins")
        (folder / "left.json").write_text(f"of {plan}", encoding="utf-8")
        return self.codes.get(plan, 0)

    def asked(self, name: str, *plans: str, recordings: bool = False) -> dict[str, Any]:
        """What each plan's emulation ended with, said and left; None: it boots its own guest."""
        questions: list[Any] = [
            SimpleNamespace(recordings=recordings, plan=SimpleNamespace(to_json=lambda p=p: p))
            for p in plans
        ]
        found: dict[str, Any] = {}
        with kept.begun(questions, self.root / "beginnings", 2, self.kernel) as origin:
            for question in questions:
                plan = question.plan.to_json()
                of = pickle.loads(pickle.dumps(origin(question)))  # as to a process of its own
                found[plan] = of and self._gone_on(of, self.root / name / plan, plan)
        return found

    def _gone_on(self, server: ForkServer, folder: Path, plan: str) -> tuple[object, ...]:
        folder.mkdir(parents=True)
        (folder / kept.PLAN).write_text(plan, encoding="utf-8")
        lines: list[str] = []
        console = folder / "console.log"
        code = kept.go_on(server, folder, console=console, on_line=lines.append)
        left = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
        return code, lines, left


@pytest.fixture
def together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Together:
    monkeypatch.setattr(kept, "answers", True)
    return Together(tmp_path, monkeypatch)


def test_what_begins_together_is_booted_once(together: Together) -> None:
    first = together.asked("a", "one", "alone", "two")
    assert together.asked("b", "one", "alone", "two") == first
    assert first["alone"] is None
    files = {"plan.json": "two", "console.log": "two begins\n", "left.json": "of two"}
    assert first["two"] == (0, ["two begins"], files)
    assert together.booted == 1


def test_others_beside_it_or_outside_of_the_guest_boot_it_again(
    together: Together, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    together.asked("a", "one", "two")
    together.asked("b", "one")
    assert together.booted == 2
    together.asked("c", "one", recordings=True)
    together.kernel.write_bytes(b"another")
    together.asked("d", "one")
    changed = tmp_path / "beginnings.py"
    changed.touch()
    monkeypatch.setattr(kept, "TOGETHER", (str(changed), *kept.TOGETHER[1:]))
    together.asked("e", "one")
    monkeypatch.setattr(kept, "answers", False)
    together.asked("f", "one")
    assert together.booted == 6


def test_where_one_fails_none_is_kept(together: Together) -> None:
    assert together.asked("a", "one", "fails")["fails"][0] == 4
    together.codes.clear()
    assert [together.asked(name, "one", "fails")["fails"][0] for name in "bc"] == [0, 0]
    assert together.booted == 2


def test_what_is_left_early_is_not_kept(together: Together) -> None:
    for _ in range(2):
        question: Any = SimpleNamespace(recordings={}, plan=SimpleNamespace(to_json=lambda: "one"))
        with (
            suppress(KeyboardInterrupt),
            kept.begun([question], together.root / "beginnings", 2, together.kernel) as origin,
        ):
            origin(question)
            raise KeyboardInterrupt
    assert together.booted == 2
    assert not list((together.root / "kept").glob("*/"))
