"""How many more fit, by arithmetic: against figures added up by hand, and against brute force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whatif_factory import base

from giaoban.mcu_sim.device import Device, load_devices, pick
from giaoban.mcu_sim.fit import fit, room_beside
from giaoban.mcu_sim.media.audio.codec import CODECS
from giaoban.mcu_sim.sdp.h264 import LEVELS
from giaoban.processes.workers import InlineWorker
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.result import Result
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.static import static_loads
from giaoban.scenarios.study.headroom.arithmetic import MOST, most, spread
from giaoban.scenarios.study.headroom.bottlenecks import (
    _ample,
    bottlenecks,
    ground,
    rooms_of_links,
    rooms_of_routers,
)
from giaoban.scenarios.study.headroom.headroom import HeadroomRequest, _with_streams, headroom
from giaoban.scenarios.study.headroom.search import HeadroomSearch, largest
from giaoban.scenarios.study.whatif.apply import ask
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.traffic.profiles import load_profiles


@pytest.mark.parametrize("limit", [0, 1, 2, 7, 1000, MOST - 1])
def test_the_most_that_fits(limit: int) -> None:
    assert most(lambda n: n <= limit) == limit


def test_no_limit_at_all() -> None:
    assert most(lambda n: True) is None
    assert most(lambda n: n < 0) == 0


def test_in_turn() -> None:
    assert spread(["a", "b", "c"], 8) == {"a": 3, "b": 3, "c": 2}


def test_links_are_full_where_static_loads_say_so(tmp_path: Path) -> None:
    """The MCU's line of 100 Mb/s: the number found fits by `static_loads`, one more does not."""
    here = ground(base(tmp_path, device="vp9660"), Variant(id="now"))
    first = bottlenecks(here)[0]
    assert (first.thing, first.id, first.criterion) == ("link", "access-mcu", "link-peak")

    def peak_pct(more: int) -> float:
        question = ask(base(tmp_path, device="vp9660"), Variant(id="x", more=more)).question
        loads = static_loads(question.plan).links
        return max(load.peak_pct for load in loads if load.link == "access-mcu")

    assert peak_pct(first.more) <= 80.0 < peak_pct(first.more + 1)


def test_what_is_in_the_way_is_in_order(tmp_path: Path) -> None:
    here = ground(base(tmp_path), Variant(id="now"))
    found = bottlenecks(here)
    assert (found[0].thing, found[0].more) == ("device", 2)
    assert [b.more for b in found] == sorted(b.more for b in found)
    assert {b.id for b in found} == {"mcu", "access-mcu", "west--east"}


def test_routers_and_links(tmp_path: Path) -> None:
    """Calls at Tây do not cross west--east; those at Đông do, and fill the MCU's line first."""
    here = ground(base(tmp_path), Variant(id="now"))
    west, east = rooms_of_routers(here)
    assert (west.more, east.more) == (2, 2)
    assert west.links_by.startswith("access-mcu ")
    rooms = {(room.id, room.direction): room for room in rooms_of_links(here)}
    crossing = rooms["west--east", "r-east->r-west"]
    assert crossing.more is not None
    assert west.links_more is not None
    assert crossing.more > west.links_more > 20


def test_what_was_judged_fits_where_arithmetic_is_more_careful(tmp_path: Path) -> None:
    """So many pass in turn: those of them at a router fit there, and nothing is full before."""
    here = ground(base(tmp_path, device="vp9660"), Variant(id="now"))
    summed = {room.router: room for room in rooms_of_routers(here)}
    east = summed["r-east"]
    assert east.links_more is not None
    more = 2 * (east.links_more + 1)
    told = {room.router: room for room in rooms_of_routers(here, more)}
    assert told["r-east"].links_more == east.links_more + 1
    assert told["r-east"].links_by == east.links_by
    assert rooms_of_routers(here, more // 2) == list(summed.values())
    rooms = {(room.id, room.direction): room.more for room in rooms_of_links(here, more)}
    assert rooms["access-mcu", "mcu->r-west"] == more
    assert rooms["west--east", "r-east->r-west"] is not None
    limits = bottlenecks(here)
    worst = Binding.model_construct(
        criterion="picture-artefacts", cause="stream", place=Place(kind="bridge", id="east")
    )
    for end in ({}, {limits[0].more + 2: Result.model_construct(binding=worst)}):
        chain = _with_streams(limits, end, limits[0].more + 1, here.names)
        assert [item.more for item in chain] == sorted(item.more for item in chain)
        assert chain[0].more == limits[0].more + 1


# pydantic looks through each field whenever it constructs one
PASSED, FAILED = (Result.model_construct(verdict=verdict) for verdict in ("pass", "fail"))


class _Told:
    """Verdicts that a test decides on."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.asked: list[int] = []

    def __call__(self, more: int) -> Result:
        self.asked.append(more)
        return PASSED if more <= self.limit else FAILED


@pytest.mark.parametrize(
    ("limit", "first", "most_asked"),
    [(16, 16, 2), (16, 40, 7), (20, 16, 6), (0, 16, 6), (-1, 16, 2), (-1, 0, 1)],
)
def test_the_search_finds_the_number_and_asks_little(
    limit: int, first: int, most_asked: int
) -> None:
    told = _Told(limit)
    assert largest(first, HeadroomSearch(told, lambda *_: None)) == limit
    assert len(told.asked) == len(set(told.asked)) <= most_asked
    if limit >= 0:
        assert {limit, limit + 1} <= set(told.asked)


class _AtOnce(InlineWorker):
    """Calls when it is asked, as another process does."""

    def ask[**P, R](
        self, function: Callable[P, R], *given: P.args, **named: P.kwargs
    ) -> Callable[[], R]:
        answer = function(*given, **named)
        return lambda: answer


@pytest.mark.parametrize("beside", [InlineWorker(), _AtOnce()])
@given(st.integers(-1, 40), st.integers(0, 40), st.lists(st.integers(0, 45), max_size=4))
def test_what_is_expected_is_judged_once_and_changes_nothing(
    beside: InlineWorker, limit: int, first: int, expected: list[int]
) -> None:
    told = _Told(limit)
    judging, alone = (
        HeadroomSearch(told, lambda *_: None, beside),
        HeadroomSearch(_Told(limit), lambda *_: None),
    )
    for number in expected:
        judging.expect(number)
    assert told.asked == (list(dict.fromkeys(expected)) if isinstance(beside, _AtOnce) else [])
    assert largest(first, judging) == largest(first, alone)
    assert judging.results.keys() == alone.results.keys()
    assert len(told.asked) == len(set(told.asked))


def _kinds_of_calls() -> list[tuple[str, str]]:
    """Every device of the catalogue with each profile whose pictures it does, and whose sound the
    program mixes."""
    profiles = load_profiles()
    mixed = {codec.name for codec in CODECS}
    return [
        (device.id, profile.id)
        for device in load_devices().device
        for profile in profiles.profile
        if profiles.encoding(profile.audio).encoding in mixed
        and profile.resolution in LEVELS
        and device.units_for(profile.resolution) is not None
    ]


def test_each_device_with_each_kind_of_call_is_still_one_when_it_is_ample() -> None:
    """Links alone are looked at on a device without bounds: it has to be a valid one."""
    for device in load_devices().device:
        Device.model_validate(_ample(device).model_dump())


@pytest.mark.parametrize("device", [device.id for device in load_devices().device])
def test_the_order_of_what_runs_out_of_every_device(tmp_path: Path, device: str) -> None:
    """With each picture that it does: the number is where its admission ends or the limit is."""
    known, profiles = pick(load_devices(), device), load_profiles()
    # one profile of each resolution: no device asks for more
    by_resolution = {
        profiles.pick(profile).resolution: profile
        for one, profile in _kinds_of_calls()
        if one == device
    }
    for profile in by_resolution.values():
        here = ground(base(tmp_path, device=device, profile=profile), Variant(id="now"))
        plan = here.question.plan
        [own] = [b for b in bottlenecks(here) if b.thing == "device"]
        calls = (len(plan.calls) + own.more, plan.profile.resolution)
        assert fit(known, [calls]).use.pct <= 80.0 + 1e-9 or own.more == 0
        beyond = fit(known, [(calls[0] + 1, calls[1])])
        slow = here.device_more < 0
        assert slow or not beyond.fits or beyond.use.pct > 80.0


def test_headroom_of_a_device_in_fixed_mode_is_told_whole(tmp_path: Path) -> None:
    """By estimate, from the search to the picture; ten ports of a level are at most 8 calls."""
    order = HeadroomRequest(base(tmp_path, device="rmx-1500-mpmx-fixed"), Variant(id="now"))
    found = headroom(
        order,
        judge=estimate,
        root=tmp_path,
        now=datetime(2026, 11, 27, tzinfo=UTC),
        progress=lambda *_: None,
        beside=InlineWorker(),
    ).answer
    device = next(b for b in found.bottlenecks if b.thing == "device")
    resolution = load_profiles().pick(found.profile).resolution
    known = pick(load_devices(), "rmx-1500-mpmx-fixed")
    assert device.more == room_beside(known, resolution, found.existing, 80.0)
    [curve] = [c for c in found.curves if c.criterion == "mcu-units"]
    margins = dict(zip(found.grid, curve.margin_pct, strict=True))
    assert margins[0] == pytest.approx(
        100 * (80 - fit(known, [(found.existing, resolution)]).use.pct) / 80, abs=1e-3
    )
    assert min(curve.margin_pct) >= -25.0  # a full device does not become fuller
