"""Capacity bookkeeping: what fits, what is refused, and that nothing is ever lost."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mcu_sim.admission import Capacity
from mcu_sim.device import load_devices, pick

DEVICES = load_devices()


def test_the_31st_720p30_call_on_one_card_is_refused_and_takes_nothing() -> None:
    capacity = Capacity(pick(DEVICES, "rmx-1500-mpmx"))
    for number in range(30):
        assert capacity.admit(f"c{number}", "720p30").units == 3.0
    refused = capacity.admit("c30", "720p30")
    assert (refused.accepted, refused.code, refused.reason) == (False, 503, "Resource deficiency")
    assert (capacity.units_used, capacity.ports_used) == (90.0, 30)
    assert not capacity.holds("c30")
    capacity.release("c7")
    assert capacity.admit("c30", "720p30").accepted


def test_a_smaller_call_still_fits_where_a_larger_does_not() -> None:
    capacity = Capacity(pick(DEVICES, "rmx-1500-mpmx"))
    for number in range(29):
        capacity.admit(f"c{number}", "720p30")
    assert not capacity.admit("hd", "1080p30").accepted
    assert capacity.admit("sd", "SD30").accepted
    assert capacity.admit("sd2", "SD30").accepted
    assert not capacity.admit("audio", "audio").accepted


def test_a_resolution_the_device_does_not_do_is_488_even_when_empty() -> None:
    refused = Capacity(pick(DEVICES, "codian-4220")).admit("c", "720p30")
    assert (refused.accepted, refused.code) == (False, 488)
    assert "CIF30" in refused.reason


def test_codian_audio_callers_take_audio_ports_first_then_video_ports() -> None:
    capacity = Capacity(pick(DEVICES, "codian-4220"))
    for number in range(40):
        assert capacity.admit(f"a{number}", "audio").units == 0.0
    assert capacity.admit("a40", "audio").units == 1.0
    for number in range(39):
        assert capacity.admit(f"v{number}", "CIF30").accepted
    assert not capacity.admit("v39", "CIF30").accepted
    capacity.release("a0")
    assert not capacity.admit("v39", "CIF30").accepted  # video never takes an audio port
    assert capacity.admit("a41", "audio").units == 0.0
    assert capacity.ports_used == capacity.ports_high == 80


def test_mistakes_of_the_caller_are_errors() -> None:
    capacity = Capacity(pick(DEVICES, "rmx-1500-mpmx"))
    capacity.admit("c", "audio")
    with pytest.raises(ValueError, match="already"):
        capacity.admit("c", "audio")
    assert capacity.release("c") == 1.0
    with pytest.raises(ValueError, match="holds nothing"):
        capacity.release("c")


class Bookkeeping(RuleBasedStateMachine):
    """Any order of admissions and releases keeps 0 <= used <= total and gives all back."""

    @initialize(device=st.sampled_from(DEVICES.device), small=st.integers(1, 12))
    def start(self, device: object, small: int) -> None:
        assert hasattr(device, "model_copy")
        figures = device.capacity.model_copy(update={"units_total": float(small)})
        thirds = [c.model_copy(update={"units": c.units / 3}) for c in device.cost]
        self.capacity = Capacity(device.model_copy(update={"capacity": figures, "cost": thirds}))
        self.held: dict[str, float] = {}
        self.count = 0
        self.high = 0.0

    @rule(resolution=st.sampled_from(["audio", "CIF30", "SD30", "720p30", "1080p30", "8K"]))
    def admit(self, resolution: str) -> None:
        self.count += 1
        before = self.capacity.units_used
        answer = self.capacity.admit(str(self.count), resolution)
        if answer.accepted:
            self.held[str(self.count)] = answer.units
        else:
            assert answer.code in (488, 503)
            assert self.capacity.units_used == before
        self.high = max(self.high, self.capacity.units_used)

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if self.held:
            call = data.draw(st.sampled_from(sorted(self.held)))
            assert self.capacity.release(call) == self.held.pop(call)

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "capacity"):
            return
        assert 0 <= self.capacity.units_used <= self.capacity.units_total
        assert math.isclose(self.capacity.units_used, sum(self.held.values()), abs_tol=1e-8)
        assert self.capacity.ports_used == len(self.held) <= self.capacity.ports_total
        assert self.capacity.units_high == self.high

    def teardown(self) -> None:
        for call in list(getattr(self, "held", {})):
            self.capacity.release(call)
        if hasattr(self, "capacity"):
            assert (self.capacity.units_used, self.capacity.ports_used) == (0.0, 0)


TestBookkeeping = Bookkeeping.TestCase
