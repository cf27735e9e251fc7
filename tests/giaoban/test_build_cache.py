"""What is built once and kept: taken only if it is whole, built by one at a time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from giaoban import build_cache
from giaoban.errors import MachineLacks

ROOT = Path(__file__).resolve().parents[2]
BUILT = bytes(range(256)) * 64

BUILDER = """
import os, signal, sys, time
from pathlib import Path
from giaoban import build_cache as kept

place, log, dies = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def build(scratch):
    with log.open("a") as file:
        file.write("built\\n")
    made = scratch / "made"
    made.write_bytes(bytes(range(256)) * 32)
    time.sleep(0.5)
    if dies == "building":
        os.kill(os.getpid(), signal.SIGKILL)
    made.write_bytes(bytes(range(256)) * 64)
    return made

replace, done = os.replace, []

def counted(source, target):
    if dies == f"putting {len(done)}":
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
    done.append(target)

os.replace = counted
kept.ensure(place, build, program=True)
"""


class Shop:
    """A place to keep something, and how often it was built."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "cache" / "thing"
        self.log = folder / "log"
        self.told: list[str] = []

    def ensure(self) -> None:
        def build(scratch: Path) -> Path:
            with self.log.open("a", encoding="ascii") as file:
                file.write("built\n")
            (scratch / "made").write_bytes(BUILT)
            return scratch / "made"

        assert (
            build_cache.ensure(self.place, build, program=True, told=self.told.append) == self.place
        )
        assert self.place.read_bytes() == BUILT
        assert os.access(self.place, os.X_OK)
        assert build_cache.is_whole(self.place)

    @property
    def builds(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def start(self, dies: str = "") -> subprocess.Popen[str]:
        """The same in a process of its own."""
        words = [sys.executable, "-c", BUILDER, str(self.place), str(self.log), dies]
        return subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_it_is_built_once(shop: Shop) -> None:
    shop.ensure()
    shop.ensure()
    assert (shop.builds, shop.told) == (1, [])
    assert sorted(path.name for path in shop.place.parent.iterdir()) == [
        "lock",
        "thing",
        "thing.sha256",
    ]
    check = ["sha256sum", "--check", "--strict", "thing.sha256"]
    assert subprocess.run(check, cwd=shop.place.parent, check=False).returncode == 0


def cut(path: Path) -> None:
    path.write_bytes(BUILT[:-1])


def flip(path: Path) -> None:
    path.write_bytes(bytes([BUILT[0] ^ 1]) + BUILT[1:])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another_machines(path: Path) -> None:
    """Of the same size, and it can be run."""
    path.write_bytes(b"\x7fELF" + BUILT[4:])
    path.chmod(0o755)


def no_sum(path: Path) -> None:
    path.with_name("thing.sha256").unlink()


def empty_sum(path: Path) -> None:
    path.with_name("thing.sha256").write_bytes(b"")


def sum_of_noise(path: Path) -> None:
    path.with_name("thing.sha256").write_bytes(b"\xff\0 thing")


@pytest.mark.parametrize(
    "harm", [cut, flip, empty, another_machines, no_sum, empty_sum, sum_of_noise]
)
def test_what_is_not_whole_is_built_anew(shop: Shop, harm: Callable[[Path], None]) -> None:
    shop.ensure()
    harm(shop.place)
    assert not build_cache.is_whole(shop.place)
    shop.ensure()
    assert shop.builds == 2
    assert shop.told == ["thing is damaged and is built anew"]


def test_what_cannot_be_run_where_it_is_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system mounted noexec: building it anew would not help."""
    monkeypatch.setattr(build_cache.os, "access", lambda *_: False)
    with pytest.raises(MachineLacks, match=r"thing cannot be run: .*noexec(.|\n)*XDG_CACHE_HOME"):
        shop.ensure()
    assert shop.builds == 1


def test_several_at_once_share_one_build(shop: Shop) -> None:
    shop.place.parent.mkdir(parents=True)
    builders = [shop.start() for _ in range(4)]
    assert [builder.communicate()[1] for builder in builders] == [""] * 4
    assert [builder.returncode for builder in builders] == [0] * 4
    assert shop.builds == 1
    assert build_cache.is_whole(shop.place)


@pytest.mark.parametrize("place", ["a file", "/proc/none"])
def test_where_nothing_can_be_kept_it_says_so(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the machine that lacks something: no other folder is named, and nothing asked for is
    wrong."""
    folder = tmp_path / place
    if not Path(place).is_absolute():
        folder.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    kept = build_cache.cache() / "thing"
    said = rf"{re.escape(str(kept.parent))}: nothing can be kept there: (.|\n)*XDG_CACHE_HOME"
    with pytest.raises(MachineLacks, match=said), build_cache.required():
        build_cache.ensure(kept, lambda _: pytest.fail("builds"))
