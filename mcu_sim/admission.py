"""Whether one more call fits on a device, and as what: bookkeeping of units and ports only.

A call that does not fit as asked is tried as the device's `when_full` says, step by step. How much
of a device is in use is the worst of everything by which it may refuse the next call (`Use`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from giaoban.mcu_sim.device import AUDIO, SVC, Device, LimitFigure, lower

NOT_ACCEPTABLE_HERE = 488
"""RFC 3261 §21.4.26: the device does not do what the call asks for, full or not."""

# Costs such as 1/12 of a unit are not exact in binary; a sum of them must still fill a device.
TOLERANCE_UNITS = 1e-9


UNITS, PORTS, AUDIO_PORTS = "units", "ports", "audio-ports"
PORTS_OF, LIMIT = "ports of ", "limit "
"""How `Use.of` begins for a level's ports, and for a limit on calls."""


@dataclass(frozen=True, slots=True)
class Use:
    """How much of one thing is in use, in % (0 to 100) and as `amount` of `total`.

    `of`: `units`; `ports` (calls of any kind); `limit VSW-2M/VSW-4M` (the calls of a limit; if it
    has several kinds in use, counted in calls of the kind of which there may be most);
    `ports of 720p30` (all ports that a call of this level may take: its own, and those of the next
    level if the device gives them); `audio-ports` (where ports are set aside by level, those that a
    call without video may take: elsewhere a full audio port leaves it a unit).
    """

    pct: float
    of: str
    amount: int | float
    total: int | float
    """Whole numbers of calls, in events too."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The answer to one call: `code` 200 and what it takes, or a refusal's SIP code and reason.

    `resolution` is what was asked, `given` what the call gets: the same, a lower one, "audio", or
    None. `stepped_down`: it was accepted, but not as asked; `reason` then says why.
    """

    call_id: str
    resolution: str
    accepted: bool
    units: float
    code: int
    reason: str
    given: str | None
    stepped_down: bool


@dataclass(frozen=True, slots=True)
class _Allocation:
    """What a call has: a resolution in a conference, and the port it sits on.

    `port` is "units" (the pool of all units), "audio" (a port for audio calls), or the resolution
    of the level whose port it takes.
    """

    given: str
    port: str
    conference: str | None


class Capacity:
    """Units and ports of one device, in use and at their highest.

    Audio calls take an audio port while the device has a free one, else what a video call would
    take; video never takes audio ports.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self._held: dict[str, _Allocation] = {}
        self._kinds: Counter[_Allocation] = Counter()
        # a conference that was mixed once keeps what its translation took until it ends:
        # https://manualsdump.com/en/manuals/polycom-version_8.4/126239/42
        self._mixed: dict[str, bool] = {}
        self._showing: set[str] = set()
        self._known_sum: float | None = None
        """Units of all that is in; None: something has changed since it was added up."""
        self._known_use: Use | None = None
        """As `use`; likewise."""

    def copy(self) -> Capacity:
        """The same state, to try things on."""
        other = Capacity(self.device)
        other._held = dict(self._held)
        other._kinds = Counter(self._kinds)
        other._mixed = dict(self._mixed)
        other._showing = set(self._showing)
        return other

    def open_conference(self, conference: str) -> bool:
        """Begin a conference and hold the device's reserve for it; False if that does not fit.

        Raises `ValueError` if it is open already.
        """
        if conference in self._mixed:
            raise ValueError(f"conference {conference!r} is open already")
        self._mixed[conference] = False
        self._changed()
        if not self._fits():
            del self._mixed[conference]
            self._changed()
            return False
        return True

    def close_conference(self, conference: str) -> None:
        """End a conference and give back its reserve. `ValueError` unless it is open and empty."""
        if conference not in self._mixed:
            raise ValueError(f"conference {conference!r} is not open")
        if any(held.conference == conference for held in self._kinds):
            raise ValueError(f"conference {conference!r} still has calls")
        del self._mixed[conference]
        self._showing.discard(conference)
        self._changed()

    def show_content(self, conference: str) -> bool:
        """Take what a conference's content channel does; False, and nothing taken: no room for it.

        Taken once, however often it is asked for, until `hide_content` or the conference's end.
        Raises `ValueError` unless the conference is open.
        """
        if conference not in self._mixed:
            raise ValueError(f"conference {conference!r} is not open")
        if conference in self._showing:
            return True
        self._showing.add(conference)
        self._changed()
        if not self._fits():
            self.hide_content(conference)
            return False
        return True

    def hide_content(self, conference: str) -> None:
        """Give back what the content channel of a conference takes, if it takes anything."""
        self._showing.discard(conference)
        self._changed()

    def admit(
        self,
        call_id: str,
        resolution: str,
        kbps: float | None = None,
        conference: str | None = None,
    ) -> Admission:
        """Take what a call needs, or refuse it and take nothing.

        `kbps` is the call's line rate, audio and video; None stands for one that is high enough.
        `conference` is an open one, or None for a call that shares no conference's costs.

        Raises `ValueError` if the call is in already (asking twice would count it twice) or the
        conference is not open.
        """
        if call_id in self._held:
            raise ValueError(f"call {call_id!r} was admitted already")
        if conference is not None and conference not in self._mixed:
            raise ValueError(f"conference {conference!r} is not open")
        if self.device.units_for(resolution) is None:
            can = f"{resolution} is not among {', '.join(self.device.resolutions())}"
            return _refused(call_id, resolution, NOT_ACCEPTABLE_HERE, can)
        wanted = self._at_rate(resolution, kbps)
        for held in self._ways(wanted, conference):
            if not self._fits(held):
                continue
            self._held[call_id] = held
            self._kinds[held] += 1
            self._changed()
            if conference is not None:
                self._mixed[conference] = self._is_mixed(conference)
            reason = "OK"
            if wanted != resolution:
                reason = f"{kbps:g} kb/s is less than {resolution} needs"
            elif held.given != resolution:
                reason = f"no room left at {resolution}"
            stepped = held.given != resolution
            units = self._units_of(held)
            return Admission(call_id, resolution, True, units, 200, reason, held.given, stepped)
        return _refused(call_id, resolution, self.device.refusal.code, self.device.refusal.reason)

    def release(self, call_id: str) -> float:
        """Give back what a call holds and return its units. `ValueError` if it holds nothing."""
        held = self._held.pop(call_id, None)
        if held is None:
            raise ValueError(f"call {call_id!r} holds nothing")
        units = self._units_of(held)
        self._kinds[held] -= 1
        self._changed()
        if not self._kinds[held]:
            del self._kinds[held]
        return units

    def holds(self, call_id: str) -> bool:
        """Whether the call is admitted and not yet released."""
        return call_id in self._held

    @property
    def units_used(self) -> float:
        """Units in use, reserves and content included, in whole ones if the device counts so.

        Summed anew after each change, so that rounding cannot pile up.
        """
        if self._known_sum is None:
            self._known_sum = self._sum()
        used = self._known_sum
        assert used is not None
        if self.device.whole_units:
            used = float(math.ceil(used - TOLERANCE_UNITS))
        return min(used, self.device.units_total)

    @property
    def ports_used(self) -> int:
        """Calls that are in."""
        return len(self._held)

    @property
    def use(self) -> Use:
        """How much of the device is in use: of that of which most is."""
        if self._known_use is None:
            self._known_use = max(self.uses(), key=lambda use: use.pct)  # of equals the first
        return self._known_use

    def uses(self) -> list[Use]:
        """Everything by which the device may refuse a call; limits and levels without calls of
        theirs, and devices' audio ports without calls on them, are left out."""
        found = [_use(PORTS, self.ports_used, self.device.ports_total)]
        if self.device.units_total > 0:  # none is left where all are converted into audio ports
            found.insert(0, _use(UNITS, self.units_used, self.device.units_total))
        for limit in self.device.limit:
            calls = self._calls_of(limit)
            if len(calls) == 1:
                [(name, number)] = calls.items()
                found.append(_use(limit_id(limit), number, limit.calls[name]))
            elif calls:
                most = max(limit.calls.values())
                found.append(_use(limit_id(limit), _shares(limit, calls) * most, most))
        return found + self._level_uses()

    def _changed(self) -> None:
        self._known_sum = self._known_use = None

    def _level_uses(self) -> list[Use]:
        """Of devices whose ports are set aside: what calls of each kind may take, if there are
        any of it."""
        if self.device.levels is None:
            return []
        on: Counter[str] = Counter()
        kinds: set[str] = set()
        for held, number in self._kinds.items():
            on[held.port] += number
            kinds.add(AUDIO_PORTS if held.given == AUDIO else self._level_of(held.given))
        found = []
        for kind in sorted(kinds):
            ports = self._ports_of(AUDIO if kind == AUDIO_PORTS else kind)
            name = kind if kind == AUDIO_PORTS else f"{PORTS_OF}{kind}"
            found.append(_use(name, sum(on[port] for port in ports), sum(ports.values())))
        return found

    def _level_of(self, given: str) -> str:
        """The level that a resolution counts to."""
        return self._levels_for(given)[0]

    def _ports_of(self, resolution: str) -> dict[str, int]:
        """All ports on which a call of a resolution may be, with how many of each there are."""
        device = self.device
        assert device.levels is not None
        higher = "higher" in device.when_full.steps
        names = self._levels_for(resolution)[: 2 if higher else 1]
        found = {name: device.levels.ports[name] for name in names}
        return {"audio": device.audio_ports, **found} if resolution == AUDIO else found

    def _levels_for(self, given: str) -> list[str]:
        """Levels whose ports are enough for a resolution, the cheapest first."""
        device = self.device
        assert device.levels is not None
        need = device.units_for(given) or 0.0
        costs = {name: device.units_for(name) or 0.0 for name in device.levels.ports}
        return [name for units, name in sorted((u, n) for n, u in costs.items()) if units >= need]

    def _calls_of(self, limit: LimitFigure, more: _Allocation | None = None) -> Counter[str]:
        """Calls in that a limit counts, and one more, by resolution."""
        calls: Counter[str] = Counter()
        for held, number in self._kinds.items():
            if held.given in limit.calls:
                calls[held.given] += number
        if more is not None and more.given in limit.calls:
            calls[more.given] += 1
        return calls

    def _at_rate(self, resolution: str, kbps: float | None) -> str:
        """The highest resolution, from the asked one down, whose lowest line rate is met."""
        rates = self.device.line_rates
        if kbps is None or rates is None or resolution == AUDIO:
            return resolution
        for name in (resolution, *lower(resolution)):
            does = self.device.units_for(name) is not None
            if does and kbps >= rates.min_kbps.get(name, 0.0):
                return name
        return AUDIO

    def _ways(self, wanted: str, conference: str | None) -> Iterator[_Allocation]:
        """Everything the call may be given, the best first."""
        yield from self._places(wanted, conference)
        for step in self.device.when_full.steps:
            if step == "higher":
                yield from self._places(wanted, conference, above=1)
            elif step == "lower":
                for name in lower(wanted):
                    if self.device.units_for(name) is not None:
                        yield from self._places(name, conference)
            elif step == "audio" and wanted != AUDIO:
                yield from self._places(AUDIO, conference)

    def _places(self, given: str, conference: str | None, above: int = 0) -> Iterator[_Allocation]:
        """Ports on which a resolution can be: those of its level, or of one so far `above` it."""
        if given == AUDIO:
            yield _Allocation(given, "audio", conference)
        if self.device.levels is None:
            yield _Allocation(given, "units", conference)
            return
        enough = self._levels_for(given)
        yield from (_Allocation(given, name, conference) for name in enough[above : above + 1])

    def _fits(self, more: _Allocation | None = None) -> bool:
        """Whether all that is in, and one more call, keep within every figure of the device."""
        device, kinds = self.device, self._kinds
        if more is not None:
            if self.ports_used >= self.device.ports_total:
                return False
            if more.port != "units":
                ports = device.levels.ports if device.levels is not None else {}
                there = device.audio_ports if more.port == "audio" else ports[more.port]
                if sum(n for held, n in kinds.items() if held.port == more.port) >= there:
                    return False
            for limit in device.limit:
                shares = _shares(limit, self._calls_of(limit, more))
                if more.given in limit.calls and shares > 1 + TOLERANCE_UNITS:
                    return False
        used = self._sum(more)
        return used is not None and used <= self.device.units_total + TOLERANCE_UNITS

    def _sum(self, more: _Allocation | None = None) -> float | None:
        """Units of all calls, one more, reserves and content; None if one cannot be where it is."""
        mixed = dict(self._mixed)
        if more is not None and more.conference is not None:
            mixed[more.conference] = self._is_mixed(more.conference, more)
        reserve = self.device.reserve.units if self.device.reserve is not None else 0.0
        parts = [reserve * len(mixed), self.device.content.units * len(self._showing)]
        for held, number in (*self._kinds.items(), *([(more, 1)] if more is not None else ())):
            units = self._cost(held, held.conference is not None and mixed[held.conference])
            if units is None:
                return None
            parts.append(units * number)
        return math.fsum(parts)

    def _units_of(self, held: _Allocation) -> float:
        units = self._cost(held, held.conference is not None and self._mixed[held.conference])
        assert units is not None  # it would not have been admitted
        return units

    def _cost(self, held: _Allocation, mixed: bool) -> float | None:
        if held.port == "audio":
            return 0.0
        counted = held.given if held.port == "units" else held.port
        return self.device.units_for(counted, mixed=mixed)

    def _is_mixed(self, conference: str, more: _Allocation | None = None) -> bool:
        """Whether a conference has, or once had, both scalable and ordinary calls."""
        kinds = {held.given == SVC for held in self._kinds if held.conference == conference}
        if more is not None:
            kinds.add(more.given == SVC)
        return self._mixed[conference] or len(kinds) > 1


def limit_id(limit: LimitFigure) -> str:
    """How `Use.of` calls a limit."""
    return f"{LIMIT}{'/'.join(limit.calls)}"


def _shares(limit: LimitFigure, calls: Counter[str]) -> float:
    """How much of a limit so many calls take, 0 to 1."""
    return math.fsum(number / limit.calls[name] for name, number in calls.items())


def _use(of: str, amount: float, total: float) -> Use:
    return Use(min(100.0, 100.0 * amount / total), of, amount, total)


def _refused(call_id: str, resolution: str, code: int, reason: str) -> Admission:
    return Admission(call_id, resolution, False, 0.0, code, reason, None, False)
