"""Series files and pictures."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import results_factory as make
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from giaoban.errors import InputError
from results.plots import delay_plot, link_name, loss_plot, mcu_plot, number, spread, write_plots
from results.series import Series

LIMITS = {"one-way-delay": 150.0, "loss": 1.0, "link-peak": 80.0, "mcu-units": 80.0}


def texts(figure):
    return [t.get_text() for t in figure.axes[0].texts]


def test_series_round_trip(tmp_path):
    series = make.series()
    series.save(tmp_path / "series.npz")
    back = Series.load(tmp_path / "series.npz")
    assert back.names == series.names
    assert back.phases == series.phases
    assert list(back.link_utilisation_pct) == list(series.link_utilisation_pct)
    for key, values in series.bridge_delay_ms.items():
        np.testing.assert_array_equal(back.bridge_delay_ms[key], values)
    np.testing.assert_array_equal(back.mcu_units, series.mcu_units)


def test_series_without_links(tmp_path):
    series = dataclasses.replace(make.series(), link_utilisation_pct={})
    series.save(tmp_path / "s.npz")
    assert Series.load(tmp_path / "s.npz").link_utilisation_pct == {}


def test_arrays_must_fit():
    with pytest.raises(ValueError, match=r"mcu_units\[\] has shape \(3,\)"):
        dataclasses.replace(make.series(), mcu_units=np.zeros(3))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04"])
def test_not_a_series_file(tmp_path, content):
    path = tmp_path / "s.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"s\.npz: is not a series file"):
        Series.load(path)
    with pytest.raises(InputError, match="no such file"):
        Series.load(tmp_path / "none.npz")


@pytest.mark.parametrize(("bridges", "lang"), [(10, "vi"), (71, "en")])
def test_pictures_are_written_alike_each_time(tmp_path, bridges, lang):
    series = make.series(bridges, losing=True)
    one, two = tmp_path / "1", tmp_path / "2"
    one.mkdir()
    two.mkdir()
    paths = write_plots(series, one, lang=lang, limits=LIMITS)
    write_plots(series, two, lang=lang, limits=LIMITS)
    assert set(paths) == {"delay", "loss", "links", "mcu"}
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    with Image.open(one / f"delay.{lang}.png") as image:
        pixels = np.asarray(image.convert("L"))
        # Nothing is cut: the outermost pixels are all paper.
        for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
            assert edge.min() > 250


def test_the_worst_are_named_and_the_rest_counted():
    figure = loss_plot(make.series(71, losing=True), lang="en", limit_pct=1.0)
    assert "70 other bridges" in texts(figure)
    assert "limit 1 %" in texts(figure)
    vi = delay_plot(make.series(10), lang="vi", limit_ms=150.0)
    assert "6 điểm cầu khác" in texts(vi)
    assert {"Trước", "Trong", "Sau"} <= set(texts(vi))
    assert "ngưỡng 150 ms ↑" in texts(vi)


def test_no_loss_is_said():
    assert "không mất gói" in texts(loss_plot(make.series(), lang="vi", limit_pct=1.0))


def test_mcu_shows_capacity_and_limit():
    shown = texts(mcu_plot(make.series(), lang="vi", limit_pct=80.0))
    assert {"năng lực thiết bị: 90", "ngưỡng 80 % = 72", "đã dùng: 30"} <= set(shown)


def test_a_bridge_never_measured_is_no_trouble(tmp_path):
    series = make.series()
    series.bridge_delay_ms["cu-jut"][:] = np.nan
    write_plots(series, tmp_path, lang="vi")
    assert (tmp_path / "delay.vi.svg").stat().st_size > 1000


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_plots(make.series(), tmp_path / "none", lang="vi")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a--b r-a->r-b", "Gia Nghĩa → r-b"),
        ("access-cu-jut cu-jut->r-a", "Cư Jút, chiều lên"),
        ("access-cu-jut r-a->cu-jut", "Cư Jút, chiều xuống"),
    ],
)
def test_link_name(key, expected):
    assert link_name(key, {"r-a": "Gia Nghĩa", "cu-jut": "Cư Jút"}, "vi") == expected


def test_decimal_comma_in_vietnamese():
    assert number(1.25, "vi") == "1,25"
    assert number(1.25, "en") == "1.25"
    assert number(1500.0, "en") == "1500"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_labels_keep_their_distance_and_order(levels):
    placed = spread(sorted(levels), 0.075, 0.0, 1.0)
    assert all(b - a >= 0.074 for a, b in pairwise(placed))
    assert placed[0] >= -0.005
    assert placed[-1] <= 1.005
