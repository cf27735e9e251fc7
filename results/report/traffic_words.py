"""Other traffic that shared links with the meeting, as every document tells it."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.results.model.result import OtherTraffic, Result
from giaoban.results.report.document import Block, Par, bullets
from giaoban.results.report.wording import Wording
from giaoban.translation import N_

MARKED = {
    "best-effort": N_("without priority"),
    "video": N_("with the priority of pictures"),
    "voice": N_("with the priority of voice"),
}
FROM_TO, FROM = N_("{start} s to {end} s"), N_("{start} s to the end")


def other_traffic(result: Result, say: Wording) -> Iterator[Block]:
    """A line for each direction of a link; nothing where there was none."""
    if result.background:
        yield Par(say.gettext("Other traffic that shared links in the check:"))
        yield bullets([_told(item, say) for item in result.background])


def _told(item: OtherTraffic, say: Wording) -> str:
    return say.gettext(
        "{link}: {mbps} Mb/s in packets of {bytes} {n:byte|bytes}, {priority}, {time}",
        link=say.link(item.link, item.direction),
        mbps=say.number(item.mbps),
        bytes=say.number(item.packet_bytes),
        n=item.packet_bytes,
        priority=say.text(MARKED[item.marked]),
        time=_when(item, say),
    )


def _when(item: OtherTraffic, say: Wording) -> str:
    start = say.number(item.from_s)
    if item.to_s is not None:
        end = say.number(item.to_s)
        if item.from_s:
            return say.gettext(FROM_TO, start=start, end=end)
        return say.gettext("from the start to {end} s", end=end)
    return say.gettext(FROM, start=start) if item.from_s else say.gettext("all the time")
