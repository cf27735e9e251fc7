"""Whether a meeting fits on a device, and how much room it leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.admission import Capacity
from mcu_sim.device import load_devices, pick
from mcu_sim.fit import MEETING, fit, room
from mcu_sim.resolution import KNOWN

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
    assert (capacity.ports_used, capacity.units_high) == (0, 0.0)


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
