"""The notebooks of docs/notebooks: they run as they stand, and are stored without what came of it.

Their code is run here, cell by cell, and not by a Jupyter kernel, which would talk over sockets and
bring forty packages along: nothing in them is IPython's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def run(name: str) -> dict[str, Any]:
    """What the cells of a notebook leave behind."""
    left: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(read(FOLDER / f"{name}.ipynb")["cells"]):
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), f"{name}, cell {number}", "exec")
            exec(code, left)
    return left


@pytest.fixture(autouse=True)
def _nothing_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    before = mpl.get_backend()
    mpl.use("Agg")
    yield
    plt.close("all")
    mpl.use(before)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_stored_without_outputs(path: Path) -> None:
    found = read(path)
    assert (found["nbformat"], found["metadata"]["kernelspec"]["language"]) == (4, "python")
    for cell in found["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert len({cell["id"] for cell in found["cells"]}) == len(found["cells"])
    again = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    assert path.read_text(encoding="utf-8") == again


def test_bridges_from_a_table(tmp_path: Path) -> None:
    left = run("bridges-from-a-table")
    curve, whatif = left["curve"], left["whatif"]
    assert [*curve.index] == [1, 2, 3, 4, 5]
    units = curve["MCU capacity in use"]
    assert units.is_monotonic_decreasing
    assert units.iloc[-1] < units.iloc[0]
    assert whatif["new bridges"].tolist() == [2, 12]
    drawn = {line.get_label() for line in left["axes"].get_lines()}
    assert set(left["nearest"]) <= drawn
    assert not [*tmp_path.iterdir()]


def test_margins_over_a_sweep(tmp_path: Path) -> None:
    left = run("margins-over-a-sweep")
    verdicts = [result.verdict for result in left["results"].values()]
    assert verdicts == sorted(verdicts, reverse=True)  # it passes, and below some rate it fails
    assert set(verdicts) == {"pass", "fail"}
    load = left["moving"].loc["Highest load of a link"]
    assert load.sort_index().is_monotonic_increasing
    assert len(left["limits"]) == len(left["rates_mbps"])
    assert not [*tmp_path.iterdir()]
