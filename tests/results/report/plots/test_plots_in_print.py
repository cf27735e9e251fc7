"""Every plot as it is printed: nothing cut, letters of 6 pt or more, no two curves alike."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import pytest
import results_factory as make
import sensitivity_factory
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.text import Text

from giaoban.drawing import own_look
from giaoban.results.model.studies.headroom import Curve, Headroom, Point
from giaoban.results.model.studies.whatif import Judged, Margin
from giaoban.results.report.docx.write import BROAD_MM, TEXT_MM
from giaoban.results.report.plots import headroom, tornado
from giaoban.results.report.plots.run import draw_lines, mcu_plot
from giaoban.results.report.plots.style import GREY, STYLE
from giaoban.topology.map.draw import BROAD_IN, _Map
from tests.nights import at_night
from tests.results.view_factory import NEW_AT, network

LIMITS = {"mos": 4.0, "links": 80.0, "delay": 150.0, "loss": 1.0, "jitter": 30.0}
RUN = ("delay", "loss", "jitter", "mos", "frozen", "links")
LEAST_PT = 6.0
IN_MM = 25.4


def run_plots(lang):
    for bridges, near in ((10, False), (10, True), (71, False)):
        series = make.series(bridges, losing=near, impaired=[make.MINUTE] if near else [])
        for name in RUN:
            figure = draw_lines(series, name, lang=lang, limit=LIMITS.get(name))
            yield f"{name} {bridges} {near}", figure
        yield f"mcu {bridges} {near}", mcu_plot(series, lang=lang, limit_pct=80.0)


def headroom_plot(lang, answer):
    with own_look(STYLE):
        yield "headroom", headroom.draw(answer, lang)


def tornado_plots(lang):
    """The margin as assumed in the middle, at the upper end, and below the limit."""
    named = [
        f.model_copy(update={"what": f"{f.what} of a town with a long name", "what_vi":
                             f"{f.what_vi} tại một xã có tên gọi rất dài"})
        for f in sensitivity_factory.figures()
    ]  # fmt: skip
    for margin in (20.0, 59.0, -70.0):
        answer = sensitivity_factory.answer(
            figures=named, binding=sensitivity_factory.binding(margin)
        )
        with own_look(STYLE):
            yield f"tornado {margin}", tornado.draw(answer, lang)


def maps(lang):
    there = network()
    values = {
        (link.id, f"{a}->{b}"): 12.34
        for link in there.links
        for a, b in ((link.a, link.b), (link.b, link.a))
    }
    with own_look({}):
        drawing = _Map(there, values, lang, list(NEW_AT), ["gia-nghia--dak-glong"], high=BROAD_IN)
        yield "map", drawing.figure("Tỉnh Đắk Nông")


def scale(name, figure):
    """Of the annex: plots as wide as `annex.typ` sets them, maps on a broad page."""
    wide, high = figure.get_size_inches()
    if name == "map":
        return min(BROAD_MM / IN_MM / wide, 150 / IN_MM / high)
    return TEXT_MM * 0.86 / IN_MM / wide


@cache
def texts(figure):
    """All that is drawn: labels of ticks beyond an axis' ends are not."""
    figure.draw_without_rendering()
    ticks, drawn = set(), set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks |= {id(label) for label in axis.get_ticklabels(which="both")}
            drawn |= {id(label) for tick in axis._update_ticks() for label in (tick.label1,)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_text().strip()
        and text.get_visible()
        and (id(text) not in ticks or id(text) in drawn)
    ]


def cut(figure):
    """Texts that reach over the paper's edge, and of which the end is left out."""
    paper = figure.bbox
    found = []
    for text in texts(figure):
        box = text.get_window_extent()
        inside = (
            box.x0 >= paper.x0 and box.x1 <= paper.x1 and box.y0 >= paper.y0 and box.y1 <= paper.y1
        )
        if not inside or "…" in text.get_text():
            found.append(text.get_text())
    return found


def small(name, figure):
    by = scale(name, figure)
    return [
        (text.get_text(), round(text.get_size() * by, 2))
        for text in texts(figure)
        if text.get_size() * by < LEAST_PT
    ]


def overlapping(figure):
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    return [
        (a, b)
        for (a, one), (b, other) in combinations(boxes, 2)
        if min(one.x1, other.x1) - max(one.x0, other.x0) > 1
        and min(one.y1, other.y1) - max(one.y0, other.y0) > 0.25 * min(one.height, other.height)
    ]


def samples(figure):
    """Colour and dash of each named curve, as the samples beside the names show them."""
    found = [
        (line.get_color(), str(line._unscaled_dash_pattern))
        for axes in figure.axes
        for line in axes.findobj(Line2D)
        if line.get_transform() == axes.transAxes
        and len(line.get_xdata()) == 2
        and line.get_xdata()[0] > 1.02
        and line.get_color() != GREY
    ]
    legends = [legend for axes in figure.axes if (legend := axes.get_legend())]
    return found + [
        (line.get_color(), str(line._unscaled_dash_pattern))
        for legend in legends
        for line in legend.get_lines()
    ]


def alike(figure):
    """Whether named curves share a colour or a dash."""
    known = samples(figure)
    return any(len(set(each)) < len(each) for each in zip(*known, strict=True)) if known else False


@pytest.fixture(scope="module", params=["vi", at_night("en")])
def plots(request):
    lang = request.param
    figures = [
        *run_plots(lang),
        *headroom_plot(lang, answer()),
        *tornado_plots(lang),
        *maps(lang),
    ]
    for _, figure in figures:
        if figure.canvas is None:
            FigureCanvasAgg(figure)
    yield figures
    texts.cache_clear()


def answer() -> Headroom:
    """Every criterion judged at five numbers of further bridges, as near to its limit as may be."""
    made = make.result()
    named = [(c.id, c.name_en, c.name_vi, c.threshold, c.unit) for c in made.criteria]

    def judged(more: int) -> Judged:
        margins = [
            Margin(
                criterion=ident, name_en=en, name_vi=vi, value=1.0, threshold=limit, unit=unit,
                ok=True, margin_pct=90.0 - more * (12.0 - number), worst_at="",
            )
            for number, (ident, en, vi, limit, unit) in enumerate(named)
        ]  # fmt: skip
        return Judged(
            method="estimate", verdict="pass", reasons=[], binding=None, where="",
            margins=margins, in_use=None,
        )  # fmt: skip

    points = [Point(more=more, judged=judged(more)) for more in (0, 2, 4, 6, 8)]
    curves = [Curve(criterion=named[0][0], margin_pct=[80.0 - 10 * n for n in range(10)])]
    return Headroom(
        run_id="headroom-20261125-010000", verdict="pass", question_en="How many?",
        question_vi="Bao nhiêu?", existing=8, profile="720p30", device="rmx", device_name="RMX",
        pace_s=2.5, inputs=made.inputs, more=6, bottlenecks=[], routers=[], links=[], devices=[],
        points=points, grid=list(range(10)), curves=curves, names={}, seconds=1.0,
    )  # fmt: skip


def test_nothing_is_cut(plots):
    assert {name: found for name, figure in plots if (found := cut(figure))} == {}


def test_letters_are_six_points_or_more_in_print(plots):
    assert {name: found for name, figure in plots if (found := small(name, figure))} == {}


def test_no_text_lies_on_another(plots):
    assert {n: found for n, figure in plots if n != "map" and (found := overlapping(figure))} == {}


def test_no_two_named_curves_share_colour_or_dash(plots):
    assert sum(len(samples(figure)) > 1 for _, figure in plots) > 15
    assert [name for name, figure in plots if name != "map" and alike(figure)] == []
