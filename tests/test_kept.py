"""What is kept of guests answers only if all that it hangs on is the same, and then wholly."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from giaoban.topology.sandbox.boot import Guest
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
