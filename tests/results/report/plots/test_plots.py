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
from giaoban.results.model.series import STREAM_GROUPS, Series
from giaoban.results.report.plots.run import draw_lines, write_plot
from giaoban.results.report.plots.style import spread
from giaoban.results.report.plots.words import link_name
from tests.nights import at_night

LIMITS = {"mos": 4.0, "link-peak": 80.0, "mcu-units": 80.0}


def texts(figure):
    return [t.get_text() for t in figure.axes[0].texts]


def test_series_round_trip(tmp_path):
    series = make.series(impaired=[make.MINUTE])
    series.save(tmp_path / "series.npz")
    back = Series.load(tmp_path / "series.npz")
    assert back.names == series.names
    assert back.phases == series.phases
    assert list(back.link_utilisation_pct) == list(series.link_utilisation_pct)
    for group in STREAM_GROUPS:
        arrays = getattr(series, group)
        assert list(getattr(back, group)) == list(arrays)
        for key, values in arrays.items():
            np.testing.assert_array_equal(getattr(back, group)[key], values)
    assert back.impaired == series.impaired == [make.MINUTE]
    np.testing.assert_array_equal(back.mcu_used_pct, series.mcu_used_pct)


def test_series_without_links(tmp_path):
    series = dataclasses.replace(make.series(), link_utilisation_pct={})
    series.save(tmp_path / "s.npz")
    assert Series.load(tmp_path / "s.npz").link_utilisation_pct == {}


def test_arrays_must_fit():
    with pytest.raises(ValueError, match=r"mcu_used_pct\[\] has shape \(3,\)"):
        dataclasses.replace(make.series(), mcu_used_pct=np.zeros(3))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04"])
def test_not_a_series_file(tmp_path, content):
    path = tmp_path / "s.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"s\.npz: is not a series file"):
        Series.load(path)
    with pytest.raises(InputError, match="no such file"):
        Series.load(tmp_path / "none.npz")


ALL = {"delay", "loss", "jitter", "mos", "frozen", "links", "mcu"}


@pytest.mark.parametrize(
    ("bridges", "lang", "again"),
    [
        # one of those of streams, which are all drawn alike, and those that are of their own
        (10, "vi", {"delay", "links", "mcu"}),
        at_night(10, "vi", ALL),
        # of many bridges the lines of most are pixels in all pictures of streams, as in this one
        at_night(71, "en", {"delay"}),
    ],
    ids=["10", "all-of-10", "71"],
)
def test_pictures_are_written_alike_each_time(tmp_path, bridges, lang, again):
    series = make.series(bridges, losing=True)
    one, other = tmp_path / "1", tmp_path / "2"
    one.mkdir()
    other.mkdir()
    assert set(make.write_plots(series, one, lang=lang, limits=LIMITS)) == ALL
    for picture in again:
        write_plot(series, other, picture, lang=lang, limits=LIMITS)
    drawn = {path.name for path in other.iterdir()}
    assert drawn == {f"{name}.{lang}.{ending}" for name in again for ending in ("svg", "png")}
    for name in drawn:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    with Image.open(one / f"delay.{lang}.png") as image:
        pixels = np.asarray(image.convert("L"))
        # Nothing is cut: the outermost pixels are all paper.
        for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
            assert edge.min() > 250


def test_the_worst_are_named_and_the_rest_counted():
    figure = draw_lines(make.series(71, losing=True), "loss", lang="en", limit=1.0)
    assert "282 other streams" in texts(figure)
    assert {"Xã số 60, down, picture", "Xã số 60, down, sound"} <= set(texts(figure))
    assert "limit 1 %" in texts(figure)
    vi = draw_lines(make.series(10), "delay", lang="vi", limit=150.0)
    assert "36 luồng khác" in texts(vi)
    assert {"Trước", "Trong", "Sau"} <= set(texts(vi))
    assert "ngưỡng 150 ms ↑" in texts(vi)


def test_a_bridge_never_measured_is_no_trouble(tmp_path):
    series = make.series()
    series.stream_delay_ms["cu-jut audio up"][:] = np.nan
    series.stream_mos["cu-jut audio up"][:] = np.nan
    for picture in ("delay", "mos"):
        write_plot(series, tmp_path, picture, lang="vi", limits=LIMITS)
        assert (tmp_path / f"{picture}.vi.svg").stat().st_size > 1000


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"none.*cannot be written"):
        make.write_plots(make.series(), tmp_path / "none", lang="vi")


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


def test_the_minute_the_bridge_and_the_direction_show():
    """A meeting of ten minutes in which one access link loses packets for one."""
    series = make.series(8, seconds=600, impaired=[make.MINUTE])
    for picture in ("loss", "mos", "frozen"):
        figure = draw_lines(series, picture, lang="vi")
        named = {text for text in texts(figure) if ", lên" in text or ", xuống" in text}
        assert named <= {"Đắk Song, lên, hình", "Đắk Song, lên, tiếng"}
        assert named
        coloured = [ln for ln in figure.axes[0].lines if ln.get_color() == "#D55E00"]
        [values] = [np.asarray(ln.get_ydata()) for ln in coloured if len(ln.get_ydata()) == 600]
        moved = np.flatnonzero(values != np.median(values))
        assert (moved.min(), moved.max()) == (240, 299)
    spans = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert [(s.get_x(), s.get_x() + s.get_width()) for s in spans] == [(240, 300)]
    [note] = [text.get_text() for text in figure.texts]
    assert note == f"[1] giây 240–300: {make.MINUTE[1]}"


def test_a_key_names_bridge_kind_and_direction():
    with pytest.raises(ValueError, match=r"stream_mos\[cu-jut\]: the key is not BRIDGE KIND"):
        dataclasses.replace(make.series(), stream_mos={"cu-jut": np.zeros(90)})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_labels_keep_their_distance_and_order(levels):
    placed = spread(sorted(levels), [0.075] * (len(levels) - 1), 0.0, 1.0)
    assert all(b - a >= 0.074 for a, b in pairwise(placed))
    assert placed[0] >= -0.005
    assert placed[-1] <= 1.005
