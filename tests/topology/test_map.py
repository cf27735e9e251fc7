"""The map: nothing on anything else, the right words, the right colours."""

from __future__ import annotations

import itertools
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from provinces import bridge, province_of

from giaoban.errors import InputError
from giaoban.topology.load import load_province
from giaoban.topology.map.draw import _Map, draw
from giaoban.topology.map.geometry import Box, Point, Segment, fit
from giaoban.topology.network import Network, build

coordinate = st.floats(-5, 5)
points = st.builds(Point, coordinate, coordinate)


def enlarged(count: int) -> Network:
    """The default province with that many new bridges, spread over its routers."""
    province = load_province()
    routers = [router.id for router in province.routers]
    extra = [
        bridge(f"x-{i}", routers[i % len(routers)], name=f"Xã Quảng Hòa {i}", km=5.5)
        for i in range(count)
    ]
    return build(province, extra)


def loads(network: Network, value: float) -> dict[tuple[str, str], float]:
    return {(link.id, hop.direction): value for link in network.links for hop in link.hops}


def svg(network: Network, folder: Path, **options: object) -> str:
    with mpl.rc_context({"svg.fonttype": "none"}):
        draw(network, folder / "map.svg", **{"title": "t", **options})  # type: ignore[arg-type]
    return (folder / "map.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("count", [0, 2, 28, 63])
@pytest.mark.parametrize("with_values", [False, True])
def test_nothing_lies_on_anything_else(count: int, with_values: bool) -> None:
    network = enlarged(count)
    drawn = _Map(network, loads(network, 77.7) if with_values else None, "vi", ())
    boxes = [*drawn.layout.boxes(), ("corner", drawn.corner)]
    boxes += [(f"at {node}", Box.around(p, 0.15, 0.15)) for node, p in drawn.points.items()]
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        assert a.overlap(b) == pytest.approx(0.0, abs=1e-6), (one, two)
    for name, box in boxes:
        assert box.overlap(drawn.view) == pytest.approx(box.area), f"{name} is cut off"
    for link in drawn.backbone:
        for router, comb in drawn.layout.combs.items():
            assert comb.box.inside(drawn.lines[link.id]) < 0.2, (link.id, router)
    assert sum(len(comb.dots) for comb in drawn.layout.combs.values()) == 9 + count


def test_a_png_of_the_default_province(tmp_path: Path) -> None:
    draw(build(load_province()), tmp_path / "map.png", title="Tỉnh Đắk Nông", lang="vi")
    data = (tmp_path / "map.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    wide, high = (int.from_bytes(data[i : i + 4]) for i in (16, 20))
    assert 1000 < wide < 2000
    assert 1000 < high < 2000


def test_words_figures_and_marks(tmp_path: Path) -> None:
    network = build(load_province())
    vietnamese = svg(network, tmp_path, title="Mạng $ tỉnh Đắk Nông", lang="vi")
    for text in (
        "Mạng $ tỉnh",
        "Krông Nô",
        "Tuy Đức*",
        "100 Mb/s",
        "26 km*",
        "10 Mb/s · 2 km*",
        "điểm cầu chủ tọa",
        "giả định",
        "12,2° B",
    ):
        assert text in vietnamese
    english = svg(network, tmp_path)
    assert "chair bridge" in english
    assert "12.2° N" in english
    assert "new bridge" not in english
    assert "new bridge" in svg(network, tmp_path, new={"cu-jut"})


def test_figures_with_a_source_carry_no_mark(tmp_path: Path) -> None:
    text = svg(build(province_of([(0, 1, 3)], 2, [1])), tmp_path)
    assert "3 km" in text
    assert "3 km*" not in text
    assert "assumed" not in text


def test_links_take_the_colour_of_their_direction(tmp_path: Path) -> None:
    network = build(load_province())
    hot, cold = "#c51b1b", "#74a9cf"
    values = loads(network, 0.0)
    assert hot not in svg(network, tmp_path, values={})
    before = svg(network, tmp_path, values=values)
    values["krong-no--gia-nghia", "r-krong-no->r-gia-nghia"] = 140.0
    after = svg(network, tmp_path, values=values)
    # one lane and its arrow are hot, the other direction stays cold
    assert (before.count(f"stroke: {hot}"), after.count(f"stroke: {hot}")) == (0, 1)
    assert before.count(f"stroke: {cold}") == after.count(f"stroke: {cold}") + 1
    assert "140 %" in after, "the figure is not cut at 100"


def test_provinces_of_odd_shape_can_be_drawn(tmp_path: Path) -> None:
    draw(build(province_of([], 1, [0])), tmp_path / "one.png", title="one router")
    twins = province_of([(0, 1, 3), (1, 0, 5)], 2, [0, 1])
    drawn = _Map(build(twins), None, "en", ())
    first, second = (drawn.lines[link.id] for link in drawn.backbone)
    assert first.a != second.b, "parallel links lie side by side"


def test_another_kind_of_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'cannot draw a "\.gif" file \(allowed: \.png'):
        draw(build(load_province()), tmp_path / "map.gif", title="t")


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_same_map_is_the_same_bytes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, drawn = build(load_province()), []
    for at_s in ("0", "1000000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", at_s)  # for matplotlib the time
        draw(network, tmp_path / f"{at_s}.{kind}", title="t", values=loads(network, 0.0))
        drawn.append((tmp_path / f"{at_s}.{kind}").read_bytes())
    assert drawn[0] == drawn[1]


def test_a_kilometre_is_as_long_in_both_directions() -> None:
    projection, canvas = fit([(12.0, 107.0), (13.0, 108.0)], 5.0, 7.0, Point(1, 1))
    low, east, north = (projection.point(*p) for p in ((12.5, 107), (12.5, 108), (13.5, 107)))
    ratio = (east.x - low.x) / (north.y - low.y)
    assert ratio == pytest.approx(0.97630, abs=1e-4)  # cos 12.5°
    assert projection.lat_at(low.y) == pytest.approx(12.5)
    assert projection.lon_at(east.x) == pytest.approx(108)
    assert canvas.x1 <= 5.0 + 2 + 1e-9


@given(points, points, points, st.floats(0.01, 4), st.floats(0.01, 4))
def test_clipping_agrees_with_sampling(
    a: Point, b: Point, centre: Point, wide: float, high: float
) -> None:
    box, line = Box.around(centre, wide, high), Segment(a, b)
    steps = 400
    hits = 0
    for i in range(steps):
        x, y = line.at((i + 0.5) / steps)
        hits += box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
    assert box.inside(line) == pytest.approx(
        hits / steps * line.length, abs=2 * line.length / steps + 1e-9
    )


def test_single_points_have_rings_that_cover_no_text(tmp_path: Path) -> None:
    network = build(load_province())
    points = ["gia-nghia--dak-glong", "access-mcu", "r-gia-nghia", "gia-nghia"]
    assert "điểm lỗi đơn" not in svg(network, tmp_path, lang="vi")
    assert "điểm lỗi đơn" in svg(network, tmp_path, lang="vi", single_points=points)
    assert "single point of failure" in svg(network, tmp_path, single_points=points)
    drawn = _Map(network, loads(network, 20.0), "vi", (), points)
    boxes = [box for _, box in drawn.layout.boxes()]
    for link in drawn.backbone:
        ring = Box.around(drawn._free(drawn.lines[link.id]), 0.15, 0.15)
        assert sum(ring.overlap(box) for box in boxes) < 0.001, link.id
