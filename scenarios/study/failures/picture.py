"""The map of all failures: each link's worst load, and the single points of failure marked."""

from __future__ import annotations

from pathlib import Path

from results.model.failures import FaultsAnswer
from results.report.plots.words import Lang
from topology.map.draw import draw
from topology.network import Network


def draw_failures(
    answer: FaultsAnswer, network: Network, title: str, path: Path, lang: Lang = "vi"
) -> None:
    """Draw it as .svg, .png or .pdf. Raises `InputError` for another kind, `OSError`."""
    draw(
        network,
        path,
        title=title,
        values={(link.id, link.direction): link.peak_pct for link in answer.links},
        lang=lang,
        new=[bridge.id for bridge in answer.question.new],
        # the sign of a site stands at its bridge, of a group at nothing: its links are marked
        single_points=[point.element.id for point in answer.single_points],
    )
