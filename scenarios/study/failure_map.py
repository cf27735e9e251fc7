"""The map of a run of failures."""

from __future__ import annotations

from pathlib import Path

from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.topology.network import Network
from giaoban.translation import Language


def draw_failures(
    answer: FaultsAnswer, network: Network, title: str, *paths: Path, lang: Language = "vi"
) -> None:
    """The map of all failures: each link's worst load, and the single points of failure marked.

    Into .svg, .png or .pdf files. Raises `InputError` for another kind, `OSError`.
    """
    from giaoban.topology.map.draw import BROAD_IN, draw

    draw(
        network,
        *paths,
        title=title,
        values={(link.id, link.direction): link.peak_pct for link in answer.links},
        lang=lang,
        new=[bridge.id for bridge in answer.question.new],
        # the sign of a site stands at its bridge, of a group at nothing: its links are marked
        single_points=[point.element.id for point in answer.single_points],
        high=BROAD_IN,
    )
