"""The map: nothing on anything else, the right words, the right colours."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import matplotlib as mpl
import pytest
from provinces import bridge, province_of

from giaoban.errors import InputError
from giaoban.topology.importers.complete import great_circle_km
from giaoban.topology.load import load_province
from giaoban.topology.map.draw import _Map, draw
from giaoban.topology.map.layout import Box, Point
from giaoban.topology.network import Network, build


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


def overlap(a: Box, b: Box) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return width * height if width > 0 and height > 0 else 0.0


@pytest.mark.parametrize("count", [0, 28, 63])
def test_texts_do_not_overlap_and_are_not_cut(count: int) -> None:
    network = enlarged(count)
    layout = _Map(network, loads(network, 77.7), "vi", ()).layout
    view = layout.view(0.3)
    for (one, a), (two, b) in itertools.combinations(layout.boxes().items(), 2):
        assert overlap(a, b) == pytest.approx(0.0, abs=1e-6), (one, two)
    for name, box in layout.boxes().items():
        assert overlap(box, view) == pytest.approx((box.x1 - box.x0) * (box.y1 - box.y0)), name
    assert sum(len(comb.dots) for comb in layout.combs.values()) == 9 + count


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
    ):
        assert text in vietnamese
    english = svg(network, tmp_path)
    assert "chair bridge" in english
    assert "new bridge" not in english
    assert "new bridge" in svg(network, tmp_path, new={"cu-jut"})


def test_links_take_the_colour_of_their_direction(tmp_path: Path) -> None:
    network = build(load_province())
    hot, cold = "#c51b1b", "#74a9cf"
    values = loads(network, 0.0)
    assert hot not in svg(network, tmp_path, values={})
    before = svg(network, tmp_path, values=values)
    values["krong-no--gia-nghia", "r-krong-no->r-gia-nghia"] = 140.0
    after = svg(network, tmp_path, values=values)
    assert (before.count(f"stroke: {hot}"), after.count(f"stroke: {hot}")) == (0, 1)
    assert before.count(f"stroke: {cold}") == after.count(f"stroke: {cold}") + 1
    assert "140 %" in after, "the figure is not cut at 100"


def test_provinces_of_odd_shape_can_be_drawn(tmp_path: Path) -> None:
    draw(build(province_of([], 1, [0])), tmp_path / "one.png", title="one router")
    twins = province_of([(0, 1, 3), (1, 0, 5)], 2, [0, 1])
    first, second = _Map(build(twins), None, "en", ()).layout.lines.values()
    assert first.a != second.b, "parallel links lie side by side"


def test_another_kind_of_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'cannot draw a "\.gif" file \(allowed: \.png'):
        draw(build(load_province()), tmp_path / "map.gif", title="t")


@pytest.mark.parametrize("kind", ["svg", "png"])
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
    layout = _Map(build(load_province()), None, "en", ()).layout
    mil, gia_nghia = layout.points["r-dak-mil"], layout.points["r-gia-nghia"]
    routers = {router.id: router for router in load_province().routers}
    km = great_circle_km(*((routers[r].lat, routers[r].lon) for r in ("r-dak-mil", "r-gia-nghia")))
    assert math.dist(mil, gia_nghia) == pytest.approx(km * layout.in_per_km, rel=1e-3)


def test_single_points_have_rings_that_cover_no_text(tmp_path: Path) -> None:
    network = build(load_province())
    points = ["gia-nghia--dak-glong", "access-mcu", "r-gia-nghia", "gia-nghia"]
    assert "điểm lỗi đơn" not in svg(network, tmp_path, lang="vi")
    assert "điểm lỗi đơn" in svg(network, tmp_path, lang="vi", single_points=points)
    assert "single point of failure" in svg(network, tmp_path, single_points=points)
    drawn = _Map(network, loads(network, 20.0), "vi", (), points)
    for link in drawn.backbone:
        at = Point(*drawn._ringed_at(link.id))
        assert min(box.distance(at) for box in drawn.layout.boxes().values()) > 0.075, link.id
