"""One failure in a process of its own: what it leaves, and how its errors are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pretended
import pytest
from scenario_factory import SMALL, scenario

from giaoban.errors import InvalidRun, MachineLacks
from results.model.failures import FailureResult
from results.model.result import Engine, Result
from scenarios.plan.plan import Plan
from scenarios.study import emulation_process
from scenarios.study.failures.one import Order, main


def order(folder: Path, failure: str = "cut:west--east") -> Order:
    place = folder / "cut-west--east"
    place.mkdir()
    return Order(
        scenario=str(scenario(folder / "s.toml")),
        province=str(SMALL),
        seed=None,
        engine="sandbox",
        failure=failure,
        folder=str(place),
    )


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException | None], None]:
    """Replaces the emulation: the failure does not happen, or an error is raised."""

    def use(error: BaseException | None = None) -> None:
        def emulate(plan: Plan, folder: Path, _engine: object, _progress: object) -> Engine:
            pretended.emulate(plan, folder)
            if error is not None:
                raise error
            return pretended.engine()

        monkeypatch.setattr(emulation_process, "emulate", emulate)

    return use


def test_what_it_leaves(tmp_path: Path, pretend: Callable[..., None]) -> None:
    """A failure that never took effect is invalid, never a pass."""
    pretend()
    made = order(tmp_path)
    assert main([made.to_json()]) == 0
    folder = Path(made.folder)
    assert {path.name for path in folder.iterdir()} == {"result.json", "failure.json"}
    result = Result.from_json((folder / "result.json").read_bytes())
    assert result.run_id == "cut-west--east"
    assert result.verdict == "invalid"
    assert [f.id for f in result.faults] == ["cut-west--east"]
    found = FailureResult.model_validate_json((folder / "failure.json").read_bytes())
    assert (found.id, found.verdict, found.reasons) == (
        "cut:west--east",
        "invalid",
        result.reasons,
    )
    assert [b.bridge for b in found.bridges] == ["west", "east", "north"]
    assert [b.behind for b in found.bridges] == [False, True, True]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InvalidRun("link x: 9 Mb/s"), 3, {"message": "link x: 9 Mb/s"}),
        (
            MachineLacks("no netem", "make setup"),
            4,
            {"message": "no netem", "install": "make setup"},
        ),
        (KeyboardInterrupt(), 130, None),
    ],
    ids=["invalid", "lacking", "interrupted"],
)
def test_how_errors_are_told(
    tmp_path: Path,
    pretend: Callable[..., None],
    error: BaseException,
    code: int,
    said: dict[str, str] | None,
) -> None:
    pretend(error)
    made = order(tmp_path)
    assert main([made.to_json()]) == code
    path = Path(made.folder) / "error.json"
    assert (json.loads(path.read_text(encoding="utf-8")) if path.exists() else None) == said
    assert not (Path(made.folder) / "failure.json").exists()


def test_bad_input(tmp_path: Path, pretend: Callable[..., None]) -> None:
    pretend()
    made = order(tmp_path, "cut:nowhere")
    assert main([made.to_json()]) == 2
    said = json.loads((Path(made.folder) / "error.json").read_text(encoding="utf-8"))
    assert "no such failure" in said["message"]
