"""Why a run is invalid: the sentence in its file, and the same in Vietnamese."""

import pytest

from giaoban.results.model.reasons import SENTENCES, because


@pytest.mark.parametrize("arguments", [{}, {"packets": 1, "who": "mcu"}])
def test_a_reason_has_just_the_arguments_of_its_sentence(arguments: dict[str, int | str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        because("pacing-dropped", **arguments)
    with pytest.raises(KeyError):
        because("no-such-code")


def test_codes_are_ids() -> None:
    assert all(code == code.lower() and " " not in code for code in SENTENCES)
