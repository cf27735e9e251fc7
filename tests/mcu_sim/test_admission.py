"""Capacity bookkeeping: what fits, as what, what is refused, and that nothing is ever lost."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from giaoban.mcu_sim.admission import Capacity
from giaoban.mcu_sim.device import AUDIO, KNOWN, Device, load_devices, lower, pick
from giaoban.mcu_sim.fit import MEETING, fit, meeting_on, room

DEVICES = load_devices()


def full_of(device_id: str, number: int, resolution: str) -> Capacity:
    """A device with so many calls that all got what they asked for."""
    capacity = Capacity(pick(DEVICES, device_id))
    for call in range(number):
        assert capacity.admit(f"c{call}", resolution).given == resolution
    return capacity


def with_units(device_id: str, units: float, **more: object) -> Device:
    """A device of which only so much is there; `more` are other changes to it."""
    device = pick(DEVICES, device_id)
    figures = device.capacity.model_copy(update={"units_total": units})
    return device.model_copy(update={"capacity": figures, **more})


def test_the_31st_720p30_call_on_one_card_is_refused_and_takes_nothing() -> None:
    """Ninety of ninety units are in use, and even an audio call needs one."""
    capacity = full_of("rmx-1500-mpmx", 30, "720p30")
    for resolution in ("720p30", "CIF30", "audio"):
        refused = capacity.admit("c30", resolution)
        assert (refused.accepted, refused.given, refused.stepped_down) == (False, None, False)
        assert (refused.code, refused.reason) == (503, "Resource deficiency")
    assert (capacity.units_used, capacity.ports_used) == (90.0, 30)
    assert not capacity.holds("c30")
    capacity.release("c7")
    assert capacity.admit("c30", "720p30").given == "720p30"


def test_a_1080p30_call_steps_down_to_what_is_left() -> None:
    capacity = full_of("rmx-1500-mpmx", 14, "1080p30")
    assert capacity.admit("hd", "720p30").units == 3.0
    answer = capacity.admit("c14", "1080p30")
    assert (answer.accepted, answer.code, answer.units) == (True, 200, 3.0)
    assert (answer.resolution, answer.given, answer.stepped_down) == ("1080p30", "720p30", True)
    assert answer.reason == "no room left at 1080p30"
    assert capacity.units_used == 90.0
    assert not capacity.admit("c15", "1080p30").accepted


@pytest.mark.parametrize(
    ("left", "given"),
    [
        (6.0, "1080p30"),
        (5.5, "720p30"),
        (3.0, "720p30"),
        (2.5, "SD30"),
        (1.5, "SD30"),
        (1.0, "CIF30"),
        (0.5, None),
    ],
)
def test_each_edge_of_stepping_down_in_flexible_mode(left: float, given: str | None) -> None:
    answer = Capacity(with_units("rmx-1500-mpmx", left)).admit("x", "1080p30")
    assert (answer.given, answer.accepted) == (given, given is not None)
    assert answer.stepped_down == (given not in (None, "1080p30"))


def test_a_resolution_the_device_does_not_do_is_488_even_when_empty() -> None:
    refused = Capacity(pick(DEVICES, "codian-4220")).admit("c", "720p30")
    assert (refused.accepted, refused.code) == (False, 488)
    assert "CIF30" in refused.reason


def test_rmx_voice_ports_serve_audio_and_video_that_found_no_room() -> None:
    device = pick(DEVICES, "rmx-1500-mpmx").model_copy(update={"voice_units": 3})
    capacity = Capacity(device)
    for number in range(29):
        assert capacity.admit(f"c{number}", "720p30").given == "720p30"
    for number in range(12):
        assert capacity.admit(f"a{number}", "audio").units == 0.0
    assert not capacity.admit("b", "audio").accepted  # and no unit to borrow
    capacity.release("a0")
    assert capacity.admit("v", "720p30").given == "audio"
    capacity.release("c0")
    assert capacity.admit("b", "audio").units == 1.0  # 1 video = 1 voice
    assert capacity.units_used == 85.0


def test_whole_units_are_rounded_up_in_sum_and_not_call_by_call() -> None:
    """Resource report, Admin Guide 8.4 p. 501: one or two SVC calls show as one port."""
    capacity = Capacity(pick(DEVICES, "rmx-1500-hd-ports"))
    used = []
    for number in range(4):
        capacity.admit(str(number), "SVC")
        used.append(capacity.units_used)
    assert used == [1.0, 1.0, 1.0, 2.0]


def test_a_backplane_is_held_from_the_opening_of_a_conference_to_its_end() -> None:
    capacity = Capacity(pick(DEVICES, "pexip-node-20"))
    for number in range(20):
        assert capacity.open_conference(str(number))
    assert not capacity.open_conference("one more")
    assert (capacity.units_used, capacity.ports_used) == (20.0, 0)
    assert not capacity.admit("c", "audio", conference="0").accepted
    capacity.close_conference("1")
    assert capacity.admit("c", "720p30", conference="0").accepted
    with pytest.raises(ValueError, match="still has calls"):
        capacity.close_conference("0")
    capacity.release("c")
    capacity.close_conference("0")
    assert capacity.units_used == 18.0


class Bookkeeping(RuleBasedStateMachine):
    """Any order of admissions and releases keeps 0 <= used <= total and gives all back."""

    @initialize(
        device=st.sampled_from(DEVICES.device), small=st.integers(4, 16), voice=st.booleans()
    )
    def start(self, device: Device, small: int, voice: bool) -> None:
        units = float(small)
        update: dict[str, object] = {"voice_units": 3 if voice and device.voice else 0}
        if device.levels is not None:  # all units are behind ports
            ports = {**device.levels.ports, "720p30": small // 4, "1080p30": small // 4}
            update["levels"] = device.levels.model_copy(update={"ports": ports})
            units = float(9 * (small // 4) + (3 if update["voice_units"] else 0))
        update["capacity"] = device.capacity.model_copy(
            update={"units_total": units, "audio_ports": 2}
        )
        self.device = device.model_copy(update=update)
        self.capacity = Capacity(self.device)
        for conference in ("m", "n"):
            assert self.capacity.open_conference(conference)
        self.held: dict[str, str | None] = {}
        self.count = 0

    @rule(
        resolution=st.sampled_from(KNOWN),
        kbps=st.none() | st.integers(32, 8000),
        conference=st.sampled_from(["m", "n", None]),
    )
    def admit(self, resolution: str, kbps: float | None, conference: str | None) -> None:
        self.count += 1
        name = str(self.count)
        before = (self.capacity.units_used, self.capacity.ports_used)
        use = self.capacity.use
        over = self.over_with(resolution, kbps) if conference is None else None
        answer = self.capacity.admit(name, resolution, kbps, conference)
        assert (answer.call_id, answer.resolution) == (name, resolution)
        assert answer.accepted == (answer.code == 200) == self.capacity.holds(name)
        assert answer.stepped_down == (answer.given not in (resolution, None))
        if answer.accepted:
            assert answer.given in (resolution, AUDIO, *lower(resolution))
            assert self.capacity.use.pct >= use.pct
            self.held[name] = answer.given
        else:
            assert (answer.given, answer.units) == (None, 0.0)
            assert answer.code in (488, self.device.refusal.code)
            assert (answer.code == 488) >= (self.device.units_for(resolution) is None)
            assert (self.capacity.units_used, self.capacity.ports_used) == before
            assert self.capacity.use == use
        if over is not None and answer.reason == f"no room left at {resolution}":
            assert over
        if over is not None and answer.code == self.device.refusal.code and not answer.accepted:
            assert over

    def over_with(self, resolution: str, kbps: float | None) -> bool | None:
        """Whether one more call in no conference would bring something past 100 %: added up anew
        from what is in use. None: it would get less even on an empty device."""
        device, alone = self.device, Capacity(self.device)
        if alone.admit("alone", resolution, kbps).given != resolution:
            return None
        uses = {use.of: use for use in self.capacity.uses()}
        past = self.capacity.ports_used + 1 > device.ports_total
        cost = device.units_for(resolution) or 0.0
        if device.levels is None:
            past |= self.capacity.units_used + cost > device.units_total + 1e-9
        for limit in device.limit:
            if resolution in limit.calls:
                use = uses.get(f"limit {'/'.join(limit.calls)}")
                share = 0.0 if use is None else use.pct / 100
                past |= share + 1 / limit.calls[resolution] > 1 + 1e-9
        # a call of a level that nobody has asked for yet is counted as soon as it is in
        [mine] = [u.of for u in alone.uses() if u.of.startswith(("ports of", "audio-p"))] or [""]
        if mine:
            ports = self.capacity._ports_of(resolution)
            taken = sum(n for held, n in self.capacity._kinds.items() if held.port in ports)
            past |= taken + 1 > sum(ports.values())
            assert mine not in uses or (uses[mine].amount, uses[mine].total) == (
                taken,
                sum(ports.values()),
            )
        return past

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if self.held:
            call = data.draw(st.sampled_from(sorted(self.held)))
            del self.held[call]
            assert self.capacity.release(call) >= 0

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "capacity"):
            return
        spare = self.capacity.copy()
        sums = [spare.release(call) for call in self.held]
        reserve = 2 * self.device.reserve.units if self.device.reserve else 0.0
        used = math.fsum([*sums, reserve])
        if self.device.whole_units:
            used = math.ceil(used - 1e-9)
        assert math.isclose(self.capacity.units_used, used, abs_tol=1e-8)
        assert 0 <= self.capacity.units_used <= self.device.units_total
        assert self.capacity.ports_used == len(self.held) <= self.device.ports_total
        assert all(0 <= use.pct <= 100 for use in self.capacity.uses())
        spare.close_conference("m")
        spare.close_conference("n")
        assert (spare.units_used, spare.ports_used) == (0.0, 0)


TestBookkeeping = Bookkeeping.TestCase


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


def test_the_meeting_holds_the_reserve_of_its_conference() -> None:
    device = pick(DEVICES, "pexip-node-20")
    assert fit(device, [(19, "720p30")]).fits
    assert fit(device, []).units_used == 1.0
    assert not fit(device, [(20, "720p30")]).fits


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
