"""The sandbox kernel: what it is called by, and when it is built."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from giaoban import build_cache
from giaoban.errors import MachineLacks
from giaoban.topology.emulation import router_clock
from giaoban.topology.sandbox import __main__ as sandbox
from giaoban.topology.sandbox import kernel, kernel_build

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache, a source archive and all tools, where building is quick."""
    archive = tmp_path / "src" / "linux-source-6.12.tar.xz"
    archive.parent.mkdir()
    archive.write_bytes(b"source")
    monkeypatch.setattr(kernel, "SOURCES", archive.parent)
    monkeypatch.setattr(kernel, "TOOLS", ())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copies = []
    for file in kernel.RECIPE:
        copies.append(tmp_path / file.name)
        copies[-1].write_bytes(file.read_bytes())
    monkeypatch.setattr(kernel, "RECIPE", tuple(copies))

    def build(_source: Path, scratch: Path, progress: kernel_build.Progress) -> Path:
        progress("compiling", 0.5)
        (scratch / "linux").write_bytes(b"\x7fELF kernel")
        return scratch / "linux"

    monkeypatch.setattr(kernel_build, "build", build)
    return archive


def test_it_is_built_once_and_then_known(source: Path) -> None:
    told: list[str] = []
    assert kernel.cached() is None
    built = kernel.ensure(lambda what, _done: told.append(what))
    assert built.read_bytes() == b"\x7fELF kernel"
    assert kernel.ensure(lambda what, _done: told.append(what)) == built == kernel.cached()
    assert told == ["compiling"]
    assert kernel.key() == built.parent.name


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b"\x7fELF another"),
        lambda path: path.with_name("linux.sha256").unlink(),
    ],
)
def test_one_that_is_not_whole_is_none(source: Path, harm: Callable[[Path], None]) -> None:
    told: list[str] = []
    built = kernel.ensure(lambda *_: None)
    harm(built)
    assert kernel.cached() is None
    kernel.ensure(lambda what, _done: told.append(what))
    assert told == ["sandbox kernel: linux is damaged and is built anew", "compiling"]
    assert kernel.cached() == built


def test_without_the_right_to_be_run_it_is_none_until_it_is_asked_for(source: Path) -> None:
    built = kernel.ensure(lambda *_: None)
    built.chmod(0o644)
    assert kernel.cached() is None
    kernel.ensure(lambda what, _done: pytest.fail(what))
    assert kernel.cached() == built


def test_without_a_source_it_cannot_be_had(source: Path) -> None:
    source.unlink()
    for ask in (kernel.key, lambda: kernel.ensure(lambda *_: None)):
        with pytest.raises(MachineLacks, match="without the kernel source"):
            ask()


def test_its_name_changes_with_all_that_it_is_made_of(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [kernel.key()]
    for file in kernel.RECIPE:
        file.write_bytes(file.read_bytes() + b"\n")
        names.append(kernel.key())
    source.write_bytes(b"another source")
    names.append(kernel.key())
    os.utime(source, (1, 1))
    names.append(kernel.key())
    source.rename(source.with_name("linux-source-6.13.tar.xz"))
    names.append(kernel.key())
    monkeypatch.setattr(kernel.platform, "machine", lambda: "riscv64")
    names.append(kernel.key())
    monkeypatch.setattr(kernel, "_compiler", lambda: "gcc (Debian 99) 99")
    names.append(kernel.key())
    assert len(set(names)) == len(names) == 6 + len(kernel.RECIPE)
    assert len(kernel.RECIPE) == 2


# ------------------------------------------------------------------------------ caches in CI


def test_what_was_built_elsewhere_is_taken_without_source_or_compiler(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an image. One that is damaged there is none."""
    given = tmp_path / "built"
    assert sandbox.main("--into", str(given)) == 0
    source.unlink()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    monkeypatch.setenv(build_cache.PREBUILT, str(given))
    monkeypatch.setenv("PATH", "")
    never = lambda what, done: pytest.fail(f"{what} {done}")  # noqa: E731
    assert kernel.ensure(never) == kernel.cached() == given / "linux"
    assert router_clock.ensure() == given / router_clock.name()
    (given / "linux").write_bytes(b"\x7fELF another")
    assert kernel.cached() is None
    with pytest.raises(MachineLacks, match="cannot be built without the kernel source"):
        kernel.ensure(never)
