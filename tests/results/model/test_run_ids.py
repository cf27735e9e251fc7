"""A run's id tells when it began, in Việt Nam, and which of its second's runs it was."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import results_factory as f
from hypothesis import given
from hypothesis import strategies as st

from giaoban.results.archive import store
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.store import new_run, write_result
from giaoban.results.model.run_ids import Begun, begun, id_in_second

AT = datetime(2026, 11, 25, 8)


PARTS_OF_NAMES = st.text("abz09-", max_size=9) | st.datetimes(datetime(2000, 1, 1)).map(
    lambda at: id_in_second("", at)
)
"""A calendar may be called after another run: `calendar-lich-20260301-080000`."""


@given(
    st.lists(PARTS_OF_NAMES, max_size=4).map("".join),
    st.datetimes(datetime(2000, 1, 1), datetime(2999, 12, 31)),
    st.integers(2, 10**6),
)
def test_an_id_tells_what_it_was_made_of(name: str, at: datetime, number: int) -> None:
    second = at.replace(microsecond=0)
    run_id = id_in_second(f"x{name}", at)
    assert begun(run_id) == Begun(second, 1)
    assert begun(f"{run_id}-{number}") == Begun(second, number)
    assert begun(id_in_second("x", at.replace(tzinfo=UTC))) == (second + timedelta(hours=7), 1)


def test_no_time_is_read_where_there_is_none() -> None:
    assert begun("thu-nghiem") is None
    assert begun("a-20260230-000000") is None  # there is no 30 February
    assert begun("a-20260230-000000-20260301-080000") == Begun(datetime(2026, 3, 1, 8), 1)


@given(st.lists(st.sampled_from(["a", "b", "faults-a", "z"]), min_size=1, max_size=6))
def test_runs_that_begin_in_one_second_are_numbered_whatever_they_are_called(
    names: list[str],
) -> None:
    with TemporaryDirectory() as root, ExitStack() as going_on:
        made = [going_on.enter_context(new_run(Path(root), name, AT)) for name in names]
        found = [begun(folder.run_id) for folder in made]
    assert found == [Begun(AT, number) for number in range(1, len(names) + 1)]


def test_of_runs_that_begin_in_one_second_the_last_is_known(tmp_path: Path) -> None:
    made = []
    for name in "zyxwvutsrqa":
        with new_run(tmp_path, name, AT) as folder:
            write_result(folder.path, f.result(run_id=folder.run_id))
            made.append(folder.finish().name)
    assert made[-1].endswith("-11"), "which letters would put before -2"
    with opened(tmp_path) as index:
        assert [entry.run_id for entry in index.entries()] == made


@pytest.mark.parametrize("reserved", [True, False])
def test_a_number_that_was_taken_after_the_look_is_not_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reserved: bool
) -> None:
    """By one that only reserved it until now, or that has its folder."""
    looked = store._numbers_in_second_of

    def overtaken(*words: Any) -> Any:
        found = looked(*words)
        monkeypatch.setattr(store, "_numbers_in_second_of", looked)
        meanwhile.enter_context(
            store._number_in_second("b-20261125-080000", tmp_path)
            if reserved
            else new_run(tmp_path, "b", AT)
        )
        return found

    monkeypatch.setattr(store, "_numbers_in_second_of", overtaken)
    with ExitStack() as meanwhile, new_run(tmp_path, "a", AT) as folder:
        assert folder.run_id == "a-20261125-080000-2"
    assert [*tmp_path.iterdir()] == []


def test_a_run_of_new_years_eve_in_utc_is_one_of_the_new_year(tmp_path: Path) -> None:
    with new_run(tmp_path, "x", datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) as folder:
        write_result(folder.path, f.result(run_id=folder.run_id))
        folder.finish()
    with opened(tmp_path) as index:
        [entry] = index.entries(year=2027)
        assert index.entries(year=2026) == []
    assert entry.at == datetime(2027, 1, 1, 6, 30)
