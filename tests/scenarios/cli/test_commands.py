"""Commands that are loaded when they are asked for: all are there, and mistyped ones are told."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from giaoban.scenarios.cli.app import COMMANDS, app


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_says_what_it_does(name: str) -> None:
    group = typer.main.get_command(app)
    command = group.get_command(None, name)  # type: ignore[attr-defined]
    assert command.name == name
    assert command.get_short_help_str()


def test_no_other_word_is_a_command() -> None:
    group = typer.main.get_command(app)
    assert group.get_command(None, "chek") is None  # type: ignore[attr-defined]
    ran = subprocess.run(
        [sys.executable, "-m", "giaoban.scenarios.cli.entry", "chek"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "Did you mean 'check'" in ran.stderr


def printed(code: str) -> list[str]:
    """The lines that a process of its own prints."""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def test_a_command_does_not_load_the_others() -> None:
    code = (
        "import sys; import giaoban.scenarios.cli.app;"
        "print('giaoban.scenarios.cli.commands.documents.annex' in sys.modules)"
    )
    assert printed(code) == ["False"]


def test_files_are_verified_without_emulator_mcu_and_scenarios() -> None:
    code = """
import sys
import giaoban.scenarios.cli.commands.documents.verify
rooms = ("topology", "traffic", "mcu_sim", "scenarios", "mininet", "scapy")
ours = [m.removeprefix("giaoban.") for m in sys.modules]
print([m for m in ours if m.split(".")[0] in rooms and not m.startswith("scenarios.cli")])
"""
    assert printed(code) == ["['scenarios']"]


def test_what_emulates_failures_does_not_load_the_estimate() -> None:
    """Nor does a process of its: a third of what the command takes to load."""
    code = """
import sys
import giaoban.scenarios.cli.commands.check.faults, giaoban.scenarios.study.emulation_process
print([m for m in sys.modules if m.startswith("giaoban.scenarios.estimate.estimate")])
"""
    assert printed(code) == ["[]"]


def test_who_serves_or_calls_loads_neither_terminal_nor_plan_nor_estimate() -> None:
    """Processes of a load test: each step may have loaded nothing of what it does not need."""
    code = """
import sys
from importlib import import_module
for needed, not_needed in [
    ("bridge.user_agent", "giaoban.scenarios.plan"),
    ("cli.commands.mcu.mcu", "rich"),
    ("cli.commands.check.load", "giaoban.scenarios.estimate"),
]:
    import_module(f"giaoban.scenarios.{needed}")
    print([m for m in sys.modules if m.split(".")[: not_needed.count(".") + 1]
           == not_needed.split(".")])
"""
    assert printed(code) == ["[]"] * 3
