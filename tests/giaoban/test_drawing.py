"""Pictures of names with letters that no font here has: drawn, and without a warning."""

from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from giaoban.drawing import own_look, save


@pytest.mark.parametrize("name", ["Đắk R'Lấp", "中文", "ខ្មែរ", "ไทย", "북"])
def test_a_name_is_drawn_whatever_its_letters(name: str, tmp_path: Path) -> None:
    with own_look({"font.family": ["DejaVu Sans"]}):
        figure = Figure(figsize=(2, 1))
        FigureCanvasAgg(figure)
        figure.text(0.1, 0.5, name)
        save(figure, tmp_path / "name.svg")
    assert (tmp_path / "name.svg").stat().st_size > 0
