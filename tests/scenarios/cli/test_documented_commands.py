"""Every command that a page shows: the command and its options exist."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import pytest
from scenario_factory import ROOT

from giaoban.errors import InputError
from scripts.docs import reference
from scripts.docs.fences import Command, commands, lines_of_shell, pages


def every() -> list[Command]:
    return [command for page in pages() for command in commands(page)]


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


def test_commands_in_scripts_and_pipelines_exist() -> None:
    """A command line in a shell script or a CI file names a command and options that exist."""
    files = [*ROOT.glob("scripts/try-*"), *ROOT.glob("*.yml"), *ROOT.glob(".github/*/*.yml")]
    files += [ROOT / ".gitlab-ci.yml", *ROOT.glob("scenarios/project/templates/*.yml")]
    line = re.compile(
        r"^(?:run: |- )?(?:expect \d|inside|(?:\.venv/bin/)?giaoban) ([a-z-]+)(.*)$", re.M
    )
    lines = []
    for path in files:
        text = re.sub(r"\\\n\s*", "", path.read_text("utf-8"))
        text = re.sub(r"^[ ]+", "", text, flags=re.M)
        lines += [(path, *match) for match in line.findall(text)]
    assert len({path for path, *_ in lines}) >= 4
    for path, name, rest in lines:
        if name.startswith("--") or name not in reference.tree():
            assert name in ("--version",), f"{path.name}: giaoban {name}"
            continue
        known = {
            option
            for _, one in reference.walk(name, reference.tree()[name])
            for each in one.params
            for option in each.opts
        }
        unknown = set(re.findall(r"\s(--[\w-]+)", rest)) - known
        assert not unknown, f"{path.name}: giaoban {name} {unknown}"


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
