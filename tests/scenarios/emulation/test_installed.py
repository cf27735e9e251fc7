"""What a machine lacks for an emulation is told before anything begins, with both ways out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from giaoban import build_cache, extras
from giaoban.errors import MachineLacks
from giaoban.scenarios.emulation.engine import EngineName, check_installed, is_installed
from giaoban.topology.sandbox import kernel


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Linux with Mininet and every library, whose kernel nobody has built or can build."""
    monkeypatch.setattr(extras, "need", lambda *_: None)
    monkeypatch.setattr(build_cache, "prebuilt", lambda _: None)
    monkeypatch.setattr(kernel, "SOURCES", tmp_path)


def test_a_kernel_that_cannot_be_built() -> None:
    with pytest.raises(MachineLacks) as lacks:
        check_installed()
    assert "the kernel source" in str(lacks.value.what)
    assert str(lacks.value.install).endswith("; or without emulation: --estimate")
    assert not is_installed()


def test_a_machines_own_kernel_needs_none_built() -> None:
    check_installed(EngineName.NATIVE)


def test_a_kernel_that_came_with_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_cache, "prebuilt", lambda _: Path("/opt/linux"))
    assert is_installed()


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(MachineLacks, match="on Linux only"):
        check_installed(EngineName.NATIVE)
