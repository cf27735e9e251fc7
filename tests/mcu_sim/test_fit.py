"""Whether a meeting fits on a device, and how much room it leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.admission import Capacity
from mcu_sim.device import KNOWN, load_devices, pick
from mcu_sim.fit import MEETING, fit, meeting_on, room, room_beside, use_by_calls

DEVICES = load_devices()


def test_the_eight_bridges_of_the_province_fit_on_its_mcu() -> None:
    found = fit(pick(DEVICES, "rmx-1500-mpmx"), [(8, "720p30")])
    assert found.fits
    assert (found.units_used, found.units_total) == (24.0, 90.0)
    assert (found.ports_used, found.ports_total) == (8, 90)
    # 66 units are left
    assert {name: found.more[name] for name in ("1080p30", "720p30", "SD30", "CIF30")} == {
        "1080p30": 11,
        "720p30": 22,
        "SD30": 44,
        "CIF30": 66,
    }


def test_refused_and_stepped_down_calls_are_told_in_the_order_asked() -> None:
    found = fit(pick(DEVICES, "rmx-1500-mpmx"), [(14, "1080p30"), (1, "720p30"), (2, "1080p30")])
    assert not found.fits
    assert [(a.call_id, a.given) for a in found.stepped_down] == [("16", "720p30")]
    assert [(a.call_id, a.code) for a in found.refused] == [("17", 503)]
    assert set(found.more.values()) == {0}


def test_order_decides() -> None:
    device = pick(DEVICES, "rmx-1500-mpmx-fixed")
    assert fit(device, [(10, "1080p30"), (10, "720p30")]).fits
    assert fit(device, [(20, "720p30")]).fits
    late = fit(device, [(20, "720p30"), (1, "1080p30")])
    assert [a.call_id for a in late.refused] == ["21"]


def test_the_meeting_holds_the_reserve_of_its_conference() -> None:
    device = pick(DEVICES, "pexip-node-20")
    assert fit(device, [(19, "720p30")]).fits
    assert fit(device, []).units_used == 1.0
    assert not fit(device, [(20, "720p30")]).fits


def test_ordinary_and_scalable_calls_are_in_one_conference() -> None:
    found = fit(pick(DEVICES, "rmx-1500-hd-ports"), [(10, "720p30"), (3, "SVC")])
    assert (found.fits, found.units_used) == (True, 16.0)
    assert (found.more["720p30"], found.more["SVC"], found.more["1080p60"]) == (9, 42, 0)


def test_what_the_device_does_not_do_is_refused_with_488() -> None:
    found = fit(pick(DEVICES, "te30"), [(1, "720p30"), (3, "SD30")])
    assert [(a.call_id, a.code) for a in found.refused] == [("1", 488)]
    assert found.units_used == 3.0


def test_room_leaves_the_capacity_alone() -> None:
    capacity = Capacity(pick(DEVICES, "rmx-1500-mpmx"))
    capacity.open_conference(MEETING)
    assert [room(capacity, "1080p30") for _ in range(2)] == [15, 15]
    assert (capacity.ports_used, capacity.units_used) == (0, 0.0)


@given(
    device=st.sampled_from(DEVICES.device),
    calls=st.lists(st.tuples(st.integers(0, 12), st.sampled_from(KNOWN)), max_size=4),
    data=st.data(),
)
def test_so_many_more_fit_and_not_one_beyond(
    device: object, calls: list[tuple[int, str]], data: st.DataObject
) -> None:
    assert hasattr(device, "resolutions")
    found = fit(device, calls)
    name = data.draw(st.sampled_from(device.resolutions()))
    again = fit(device, [*calls, (found.more[name] + 1, name)])
    given = [answer.given == name for answer in again.answers[len(found.answers) :]]
    assert given == [True] * found.more[name] + [False]
    assert again.answers[: len(found.answers)] == found.answers


def test_nothing_asked_fits() -> None:
    for device in DEVICES.device:
        found = fit(device, [])
        assert found.fits
        assert found.ports_used == 0
        assert found.units_used == pytest.approx(device.reserve.units if device.reserve else 0)


@pytest.mark.parametrize(
    ("device", "calls", "content", "used"),
    [
        ("rmx-1500-mpmx", "30x720p30", False, (100.0, "units", 90, 90)),
        ("rmx-1500-mpmx-fixed", "10xSD30", False, (100.0, "ports of SD30", 10, 10)),
        ("rmx-1500-mpmx-fixed", "19x720p30", False, (95.0, "ports of 720p30", 19, 20)),
        ("rmx-1500-mpmx-fixed", "5x1080p30", False, (50.0, "ports of 1080p30", 5, 10)),
        ("rmx-1500-mpmx", "20xVSW-6M", False, (100.0, "limit VSW-2M/VSW-4M/VSW-6M", 20, 20)),
        ("codian-4505-hd", "12xaudio", False, (50.0, "ports", 12, 24)),
        ("codian-4505-hd", "12x720p30", False, (100.0, "units", 12, 12)),
        ("pexip-node-20", "19x720p30", False, (100.0, "units", 20, 20)),
        ("pexip-node-20", "18x720p30", True, (100.0, "units", 20, 20)),
        ("rmx-1500-hd-ports", "1xSVC", False, (100 / 30, "units", 1, 30)),
    ],
)
def test_what_is_in_use_is_that_of_which_most_is(
    device: str, calls: str, content: bool, used: tuple[float, str, float, float]
) -> None:
    number, _, name = calls.partition("x")
    use = fit(pick(DEVICES, device), [(int(number), name)], content=content).use
    assert (use.pct, use.of, use.amount, use.total) == (pytest.approx(used[0]), *used[1:])


def test_two_kinds_of_a_limit_are_counted_as_the_one_of_which_there_may_be_most() -> None:
    use = fit(pick(DEVICES, "rmx-1500-mpmx"), [(10, "VSW-6M"), (10, "VSW-4M")]).use
    assert (use.pct, use.of) == (75.0, "limit VSW-2M/VSW-4M/VSW-6M")
    assert (use.amount, use.total) == (pytest.approx(60.0), 80)


def test_ports_for_sound_are_a_bound_where_nothing_else_is_left_to_it() -> None:
    """Fixed mode with twelve voice ports and no level for CIF: sound has no other port."""
    device = pick(DEVICES, "rmx-1500-mpmx-fixed")
    more = device.capacity.model_copy(update={"units_total": 93.0})
    device = device.model_copy(update={"capacity": more, "voice_units": 3})
    use = fit(device, [(9, "audio")]).use
    assert (use.pct, use.of, use.amount, use.total) == (75.0, "audio-ports", 9, 12)
    assert fit(device, [(12, "audio")]).more["audio"] == 0


def test_content_takes_what_the_device_says_while_it_is_shown() -> None:
    device = pick(DEVICES, "pexip-node-20")
    capacity = meeting_on(device, content=True)
    assert capacity.units_used == 2.0  # the backplane, and the presentation
    assert capacity.show_content(MEETING) is True  # not twice
    assert room(capacity, "720p30") == 18
    capacity.hide_content(MEETING)
    assert room(capacity, "720p30") == 19
    for number in range(19):
        capacity.admit(str(number), "720p30", conference=MEETING)
    assert capacity.show_content(MEETING) is False
    assert capacity.units_used == 20.0
    assumed = {d.id for d in DEVICES.device if d.content.assumed}
    assert {"rmx-1500-mpmx", "codian-4220"} <= assumed
    assert not assumed & {"pexip-node-20", "codian-4505-hd"}


def test_room_within_a_limit() -> None:
    """80 % of 90 units are 24 calls of 3; of 30 HD ports 24 calls of 1."""
    one, two = pick(DEVICES, "rmx-1500-mpmx"), pick(DEVICES, "rmx-2000-mpmx")
    assert room_beside(one, "720p30", 8, 80.0) == 16
    assert room_beside(two, "720p30", 8, 80.0) == 40
    assert room_beside(one, "720p30", 25, 80.0) == -1
    assert room_beside(one, "720p30", 10) == 20
    # ten SD calls take a third of the units, and all ports that SD may have
    fixed = pick(DEVICES, "rmx-1500-mpmx-fixed")
    assert room_beside(fixed, "SD30", 10) == 0
    assert room_beside(fixed, "SD30", 8, 80.0) == 0
    # at 512 kb/s no call gets 720p30
    assert room_beside(one, "720p30", 8, kbps=576.0) == -1
    assert room_beside(pick(DEVICES, "pexip-node-20"), "720p30", 8, content=True) == 10


@pytest.mark.parametrize("device", DEVICES.device, ids=lambda device: device.id)
def test_room_is_the_number_at_which_use_passes_the_limit(device: object) -> None:
    assert hasattr(device, "resolutions")
    for name in device.resolutions():
        most = room_beside(device, name, 0)
        used = use_by_calls(device, name, most)
        assert used == sorted(used)
        assert all(0 <= pct <= 100 for pct in used)
        within = room_beside(device, name, 0, 80.0)
        assert within == sum(pct <= 80.0 + 1e-9 for pct in used) - 1
