"""What is left of a province when links or routers have failed for good, and who is cut off. Pure.

The state after routing has found its new ways: how it gets there is what `giaoban faults` shows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from giaoban.errors import NOTHING, InputError, near_names
from giaoban.results.report.display_names import DisplayNames
from giaoban.scenarios.spec.faults.kinds.cut import Cut
from giaoban.scenarios.spec.faults.kinds.router import RouterDown
from giaoban.sentence import Sentence, joined
from giaoban.topology.model import BridgeSpec, Province
from giaoban.topology.validate import pieces


class UnreachableBridges(NamedTuple):
    """The bridges that nothing reaches any more. `needlessly`: those of them that failed with no
    router of their own, and that nobody accepted: a network with another way would have kept them,
    and by the rule of `giaoban faults` a meeting that loses them does not pass. `names`: of
    these."""

    bridges: list[str]
    needlessly: list[str]
    names: Sequence[str] = ()

    @property
    def reason(self) -> Sentence:
        """Why the meeting does not pass; nothing where it loses nobody needlessly."""
        if not self.needlessly:
            return NOTHING
        bridges = ", ".join(self.names or self.needlessly)
        return Sentence("nothing reaches {bridges} any more", bridges=bridges)


NONE_UNREACHABLE = UnreachableBridges([], [])


class NoMeetingLeft(InputError):  # noqa: N818 - what there is, not what went wrong
    """The MCU or the chair bridge is gone, or all others are. `cut_off`: whom that takes away."""

    def __init__(self, said: Sentence, cut_off: UnreachableBridges) -> None:
        super().__init__(said)
        self.cut_off = cut_off

    def within(self, what: str) -> NoMeetingLeft:
        """The same, of a named variant, or of what has failed."""
        said = Sentence("{what}: {said}", what=what, said=self.said)
        return NoMeetingLeft(said, self.cut_off)


def cut_away(
    province: Province,
    bridges: Sequence[BridgeSpec],
    gone: Sequence[str],
    accepted: Collection[str] = (),
) -> tuple[Province, list[BridgeSpec], UnreachableBridges]:
    """The part of a province that the MCU is in, its share of new bridges, and those cut off.

    Args:
        gone: ids of links and routers.
        accepted: ids of failures that may cut bridges off, as a scenario's `[[accepted]]` has them.

    Raises:
        InputError: no such link or router.
        NoMeetingLeft: what fails takes the MCU away, the chair bridge, or all but that. How others
            fare without their chair nobody asks: a question begins with it.
    """
    links = [link.id for link in province.links]
    routers = [router.id for router in province.routers]
    for name in gone:
        if name not in links and name not in routers:
            near = near_names("link", name, [*links, *routers])
            raise InputError('without "{name}": no such link or router{near}', name=name, near=near)
    left = [link for link in province.links if not {link.id, link.a, link.b}.intersection(gone)]
    parts = pieces((r for r in routers if r not in gone), ((link.a, link.b) for link in left))
    kept = next((set(part) for part in parts if province.mcu.router in part), set())
    everybody = [*province.bridges, *bridges]
    lost = [bridge for bridge in everybody if bridge.router not in kept]
    failures = {(Cut if name in links else RouterDown).case_id(name) for name in gone}
    needlessly = [bridge for bridge in lost if bridge.router not in gone]
    if failures <= set(accepted):
        needlessly = []
    cut_off = UnreachableBridges(
        [bridge.id for bridge in lost],
        [bridge.id for bridge in needlessly],
        [bridge.name for bridge in needlessly],
    )
    called = {router.id: router.name for router in province.routers} | province.link_names
    named = DisplayNames(names=called, link_ends=province.link_ends).link_or_router
    without = Sentence("without {gone}", gone=joined(", ", [named(name) for name in gone]))
    if not kept:
        router = named(province.mcu.router)
        what = Sentence("the MCU hangs on {router}, nothing is left", router=router)
        raise NoMeetingLeft(what, cut_off).within(without)
    if province.chair.router not in kept:
        what = Sentence(
            "the chair bridge {chair} is cut off, there is no meeting", chair=province.chair.name
        )
        raise NoMeetingLeft(what, cut_off).within(without)
    if len(everybody) - len(lost) < 2:
        what = Sentence("the chair bridge is alone, there is no meeting")
        raise NoMeetingLeft(what, cut_off).within(without)
    remaining = province.model_copy(
        update={
            "routers": [router for router in province.routers if router.id in kept],
            "links": [link for link in left if link.a in kept],
            "bridges": [bridge for bridge in province.bridges if bridge.router in kept],
            "groups": [],
        }
    )
    return remaining, [bridge for bridge in bridges if bridge.router in kept], cut_off
