"""Every option with a number says in its help what it may be, and refuses anything else by that."""

from typing import Any

import pytest
from scenario_factory import giaoban

from giaoban.scenarios.cli import help_page
from giaoban.scenarios.cli.app import every_command
from giaoban.scenarios.cli.commands.what_if.whatif import MOST_CARDS
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.translation import SOURCE, translator

WITHOUT_MOST = {
    "--seed": "any whole number",
    "--seconds": "how long a server serves, for ever too",
    "--idle": "how long it waits for packets",
    "--limit-us": "a limit of the reader's own",
    "--hold": "below --bridges / --rate",
    "--year": "two years, which its help names",
}
"""Options with no largest number of their own, and what is allowed instead."""


def numbers() -> dict[str, Any]:
    """All options with a number, by command."""
    found = {}
    for words, command in every_command():
        for parameter in command.params:
            kind = str(getattr(parameter, "display_type", lambda _: "")(None))
            if parameter.param_type_name == "option" and ("int" in kind or "float" in kind):
                found[f"{' '.join(words)} {parameter.opts[0]}"] = parameter
    return found


NUMBERS = numbers()
BOUNDED = [name for name in NUMBERS if name.rpartition(" ")[2] not in WITHOUT_MOST]


def test_there_are_options_with_numbers() -> None:
    assert len(BOUNDED) > 40
    assert {name.rpartition(" ")[2] for name in NUMBERS} >= set(WITHOUT_MOST)


@pytest.mark.parametrize("name", BOUNDED)
def test_its_help_says_from_what_to_what(name: str) -> None:
    said = help_page._range(NUMBERS[name])
    assert said is not None
    assert translator(SOURCE).say(said).startswith(f"{NUMBERS[name].min:.15g} to ")
    assert "e+" not in said


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("past", ["min", "max"])
def test_what_is_past_it_is_refused_by_the_same_bounds(name: str, past: str) -> None:
    least, most = NUMBERS[name].min, NUMBERS[name].max
    value = least - 1 if past == "min" else most + 1
    words, _, option = name.rpartition(" ")
    ran = giaoban(*words.split(), option, str(value))
    assert ran.code == 2
    allowed = f"(allowed: {help_page.bound(least)} to {help_page.bound(most)})"
    assert f'{option}: "{value}": is out of range {allowed}' in ran.err


def test_a_card_more_than_options_take_is_none_of_a_file_either() -> None:
    assert Variant(id="v", cards=MOST_CARDS).cards == MOST_CARDS
    with pytest.raises(ValueError, match="less than or equal"):
        Variant(id="v", cards=MOST_CARDS + 1)
