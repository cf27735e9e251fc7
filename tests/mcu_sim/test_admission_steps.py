"""What a device does with a call for which it has no room, and what is in use of it then."""

from __future__ import annotations

import pytest

from mcu_sim.admission import Capacity
from mcu_sim.device import AUDIO, Device, load_devices, pick

DEVICES = load_devices()


def with_units(units: float) -> Device:
    """A Polycom RMX 1500 of which only so much is there."""
    device = pick(DEVICES, "rmx-1500-mpmx")
    figures = device.capacity.model_copy(update={"units_total": units})
    return device.model_copy(update={"capacity": figures})


def test_the_last_unit_is_in_use_as_any_other() -> None:
    capacity = Capacity(with_units(1.0))
    assert (capacity.use.of, capacity.use.total) == ("units", 1.0)
    assert capacity.admit("a", AUDIO).accepted
    assert (capacity.use.pct, capacity.use.of, capacity.use.amount) == (100.0, "units", 1.0)


def stepping(device: Device, *steps: str) -> Device:
    """A device that does something else when it is full."""
    when_full = device.when_full.model_copy(update={"steps": steps})
    return device.model_copy(update={"when_full": when_full})


@pytest.mark.parametrize(
    ("steps", "given"), [(("refuse",), None), (("audio", "refuse"), "audio")], ids=["not", "steps"]
)
def test_a_device_that_refuses_gives_no_sound_in_place_of_a_picture(
    steps: tuple[str, ...], given: str | None
) -> None:
    """Of four units three are taken: there is room for sound."""
    capacity = Capacity(stepping(with_units(4.0), *steps))
    assert capacity.admit("a", "720p30").given == "720p30"
    assert capacity.admit("b", "720p30").given == given
    assert capacity.admit("c", AUDIO).accepted is (given is None)


@pytest.mark.parametrize(
    ("steps", "total"),
    [(("lower", "refuse"), 10), (("higher", "lower", "refuse"), 20)],
    ids=["own", "higher"],
)
def test_ports_of_the_next_level_count_where_the_device_gives_them(
    steps: tuple[str, ...], total: int
) -> None:
    capacity = Capacity(stepping(pick(DEVICES, "rmx-1500-mpmx-fixed"), *steps))
    assert capacity.admit("a", "720p30").accepted
    [use] = [use for use in capacity.uses() if use.of == "ports of 720p30"]
    assert (use.amount, use.total) == (1, total)
