"""A scenario with a variant's changes → the question to be judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from giaoban.errors import InputError
from giaoban.files import sum_before_reading
from giaoban.mcu_sim.device import Device, DeviceCatalogue, load_devices, pick
from giaoban.mcu_sim.device_units import unit_of
from giaoban.names import ACCESS_PREFIX
from giaoban.scenarios.plan.question import Question, devices_of, province_of, question_from
from giaoban.scenarios.spec.scenario import Phases, Scenario, load_scenario
from giaoban.scenarios.study.whatif.cut_away import (
    NONE_UNREACHABLE,
    NoMeetingLeft,
    UnreachableBridges,
    cut_away,
)
from giaoban.scenarios.study.whatif.extra import extra_bridges
from giaoban.scenarios.study.whatif.variant import UnnamedVariant, Variant
from giaoban.sentence import N_, Sentence, joined, message
from giaoban.topology.lines.buffers import KEYS as BUFFERS
from giaoban.topology.load import load_province
from giaoban.topology.model import BridgeSpec, LinkChange, Province
from giaoban.topology.units import as_bridges, catalogue, units_from_csv
from giaoban.topology.validate import (
    bridge_mistakes,
    change_mistakes,
    changed_twice,
    province_mistakes,
)
from giaoban.traffic.profiles import load_profiles

PACE_S = 4.0
"""At 4 s the bursts of one who joins are under a twentieth of all packets, so that they do not
decide the 95th percentile of delays (measured: 16 bridges more in the default province). Where it
is not enough, they join more slowly (`giaoban.scenarios.study.whatif.join_pacing`)."""
LONGEST_S = 3600.0
EXISTING = Path(__file__).with_name("existing.toml")
"""The scenario of the bridges that there are, for questions that name none."""


@dataclass(frozen=True)
class Base:
    """What a variant is different from: a scenario in a province, as they were read.

    `phase_s`: another length for each of the three phases. `pace_s`: a variant that adds bridges
    has a second phase so long that each joins this long after the one before it, at least; None:
    `PACE_S`, if the variant says nothing else. Each that joins changes every picture, which is a
    burst of key frames on the MCU's line: joining in haste raises delays, and it would be the haste
    that is judged.

    `as_read`: the sums of both files, and of all that its variants' questions read, from before
    they were read. Files are read again for each variant; an answer that is put together of others
    is refused.
    """

    scenario_path: Path
    province_path: Path
    seed: int | None = None
    phase_s: float | None = None
    pace_s: float | None = None
    as_read: dict[Path, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Sum the files of a base that is no other one's copy."""
        sum_before_reading([self.scenario_path, self.province_path], self.as_read)

    @property
    def scenario(self) -> Scenario:
        """The scenario as it was written, with this base's phases."""
        scenario = _scenario(self.scenario_path, self.scenario_path.stat().st_mtime_ns)
        if self.phase_s is None:
            return scenario
        phases = Phases(before_s=self.phase_s, during_s=self.phase_s, after_s=self.phase_s)
        return scenario.model_copy(update={"phases": phases})

    @property
    def province(self) -> Province:
        return _province(self.province_path, self.province_path.stat().st_mtime_ns)

    @property
    def devices_path(self) -> Path:
        """The catalogue of devices: the scenario's own if it names one, else its project's."""
        return devices_of(self.scenario, self.scenario_path)


@dataclass(frozen=True)
class VariantQuestion:
    """A question, and the bridges that had to be left out because nothing reaches them: the answer
    is about those that are left, and alone no answer about the whole."""

    question: Question
    cut_off: UnreachableBridges


def base_of(
    scenario_path: Path,
    province_path: Path | None = None,
    *,
    seed: int | None = None,
    phase_s: float | None = None,
    pace_s: float | None = None,
) -> Base:
    """The base of a scenario file. Raises `InputError` for any mistake in it or its province."""
    scenario = load_scenario(scenario_path)
    path = province_path or province_of(scenario, scenario_path)
    load_province(path)
    return Base(scenario_path, path, seed, phase_s, pace_s)


def ask(
    base: Base,
    variant: Variant,
    *,
    change: Callable[[Scenario], Scenario] | None = None,
    all_from_start: bool = False,
    on_device: Callable[[Device], Device] | None = None,
) -> VariantQuestion:
    """The question that a variant of a scenario puts.

    `change` and `all_from_start` are as in `make_question`, `on_device` as in `question_from`; they
    come after the variant's own changes.

    Raises `InputError`, with the variant's name if it has one, for what cannot be: a bridge that is
    there twice, a link to nowhere, addresses that run out, a device that cannot do the calls;
    `NoMeetingLeft` where what has failed leaves none.
    """
    with nullcontext() if isinstance(variant, UnnamedVariant) else _told_of(variant):
        changed, province, cut_off = _changed(base, variant)

        def left_of(device: Device) -> Device:
            own = with_cards(device, variant.cards, load_devices(base.devices_path))
            left = _shared(own, len(variant.meetings))
            return left if on_device is None else on_device(left)

        question = question_from(
            changed if change is None else change(changed),
            base.scenario_path,
            province,
            base.province_path,
            seed=base.seed,
            all_from_start=all_from_start,
            on_device=left_of,
            as_read=base.as_read,
        )
        return VariantQuestion(question, cut_off)


@contextmanager
def _told_of(variant: Variant) -> Iterator[None]:
    """What is wrong is told with the variant's name."""
    try:
        yield
    except NoMeetingLeft as error:
        raise error.within(f'what if "{variant.id}"') from None
    except InputError as error:
        raise InputError('what if "{variant}": {error}', variant=variant.id, error=error) from None


def _changed(base: Base, variant: Variant) -> tuple[Scenario, Province, UnreachableBridges]:
    """Scenario and province with a variant's changes, and whom what has failed cuts off."""
    scenario, province = base.scenario, base.province
    _refuse(list(_unknown(base, variant)))
    province = province.model_copy(
        update={
            "links": [*province.links, *variant.new_links],
            "bridges": [*province.bridges, *_elsewhere(province, variant)],
        }
    )
    _refuse([mistake.said for mistake in province_mistakes(province)])
    more = extra_bridges(province, variant.more, at=variant.more_at)
    added = [*bridges_of(variant.add, province), *variant.bridges, *more]
    bridges = [*scenario.new_bridges, *added]
    for given in (scenario.link_changes, variant.links):  # before the last of them would count
        _refuse([Sentence("link {mistake}", mistake=m.said) for m in changed_twice(given)])
    changes = {change.link: change for change in scenario.link_changes}
    changes |= {change.link: _on_top(changes.get(change.link), change) for change in variant.links}
    bridge_problems = bridge_mistakes(province, bridges)
    _refuse([Sentence("bridge {mistake}", mistake=m.said) for m in bridge_problems])
    _refuse(_twice(province, bridges))
    link_problems = change_mistakes(province, bridges, list(changes.values()))
    _refuse([Sentence("link {mistake}", mistake=m.said) for m in link_problems])
    cut_off = NONE_UNREACHABLE
    if variant.without:
        accepted = [each.failure for each in scenario.accepted]
        province, bridges, cut_off = cut_away(province, bridges, variant.without, accepted)
        links = {link.id for link in province.links}
        hosts = {b.id for b in (*province.bridges, *bridges)} | {province.mcu.id}
        changes = {
            k: c for k, c in changes.items() if k in links or k.removeprefix(ACCESS_PREFIX) in hosts
        }
    update: dict[str, object] = {"new_bridges": bridges, "link_changes": list(changes.values())}
    if variant.without:  # what could fail is not there any more, and nobody asks for failures here
        update["accepted"] = []
    if variant.profile is not None:
        update["profile"] = variant.profile
    if variant.device is not None:
        update["device"] = variant.device
    if added and scenario.phases.of_expansion:
        pace_s = variant.pace_s or base.pace_s or PACE_S
        during_s = min(LONGEST_S, pace_s * len(bridges))
        phases = scenario.phases
        update["phases"] = phases.model_copy(update={"during_s": max(phases.during_s, during_s)})
    return scenario.model_copy(update=update), province, cut_off


def kept_pace_s(pace_s: float, bridges: int) -> float:
    """How far apart so many bridges join, at least, that are to join so far apart: all do in one
    phase, and a phase has an end."""
    return min(pace_s, math.floor(10 * LONGEST_S / max(1, bridges)) / 10)


def _unknown(base: Base, variant: Variant) -> Iterator[Sentence]:
    """Names in the variant that no catalogue has; in the scenario's file they do not stand."""
    try:
        if variant.profile is not None:
            load_profiles().pick(variant.profile)
    except InputError as error:
        yield error.said
    try:
        if variant.device is not None:
            pick(load_devices(base.devices_path), variant.device)
    except InputError as error:
        yield error.said


def _elsewhere(province: Province, variant: Variant) -> list[BridgeSpec]:
    """The bridges of the other meetings."""
    return [
        bridge
        for number, meeting in enumerate(variant.meetings, start=1)
        for bridge in extra_bridges(
            province,
            meeting.calls,
            at=meeting.at or province.mcu.router,
            prefix=f"meeting-{number + 1}",
            name=message(N_("Meeting {n}, bridge"), n=number + 1),
        )
    ]


def _shared(device: Device, others: int) -> Device:
    """What is left of a device beside the reserve of so many further conferences."""
    if device.reserve is None or not others:
        return device
    left = device.capacity.units_total - device.reserve.units * others
    if left - device.voice_units <= device.reserve.units + device.content.units:
        raise InputError(
            "{others} further {others:meeting|meetings}: the reserve of {device}, {units:g} "
            "{unit} a meeting, leaves nothing for calls",
            others=others,
            device=device.name,
            units=device.reserve.units,
            unit=unit_of(device),
        )
    capacity = device.capacity.model_copy(update={"units_total": left})
    return device.model_copy(update={"capacity": capacity})


def _on_top(earlier: LinkChange | None, change: LinkChange) -> LinkChange:
    """A variant's change of a link with all that the scenario says of it and the variant does not:
    another rate is no other contract, and no other buffer. One buffer takes another's place."""
    if earlier is None:
        return change
    anew = {*change.changed(), *(BUFFERS if change.buffer.given else ())}
    before = {**earlier.figures(), **earlier.tables()}
    kept: dict[str, object] = {key: value for key, value in before.items() if key not in anew}
    if not kept:
        return change
    both = (earlier, change)
    assumed = [each for each in both if each.assumed]
    told = {
        "source": [each.source for each in both],
        "source_vi": [each.source_vi or each.source for each in both],
        "settled_by": [each.settled_by for each in assumed],
        "settled_by_vi": [each.settled_by_vi or each.settled_by for each in assumed],
    }
    words = {key: "; ".join(dict.fromkeys(texts)) for key, texts in told.items()}
    return change.model_copy(update={**kept, **words, "assumed": bool(assumed)})


def _twice(province: Province, bridges: Sequence[BridgeSpec]) -> list[Sentence]:
    """Bridges of one name at one router: the same place under another id."""
    seen = {
        (b.name, b.router): Sentence("bridge {id} of the province", id=b.id)
        for b in province.bridges
    }
    found = []
    for bridge in bridges:
        key = (bridge.name, bridge.router)
        if key in seen:
            found.append(
                Sentence(
                    'bridge "{bridge}" ({name}) is there twice: {seen}',
                    bridge=bridge.id,
                    name=bridge.name,
                    seen=seen[key],
                )
            )
        seen.setdefault(key, Sentence("new bridge {id}", id=bridge.id))
    return found


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise InputError(joined("; ", faults))


@lru_cache(maxsize=8)
def _scenario(path: Path, _changed_ns: int) -> Scenario:
    return load_scenario(path)


@lru_cache(maxsize=8)
def _province(path: Path, _changed_ns: int) -> Province:
    return load_province(path)


LIST = ".csv"


def beside(words: Sequence[str], folder: Path) -> list[str]:
    """The same words, with the paths of lists taken from the folder of the file they stand in."""
    return [str(folder / word) if word.lower().endswith(LIST) else word for word in words]


def bridges_of(words: Sequence[str], province: Province) -> list[BridgeSpec]:
    """The bridges that words mean, in their order: what `Catalogue.pick` takes, or a CSV file.

    Raises `InputError`: nothing is called so; a unit is there twice, or has no router here.
    """
    units = [
        unit
        for word in words
        for unit in (
            units_from_csv(Path(word)) if word.lower().endswith(LIST) else catalogue().pick(word)
        )
    ]
    return as_bridges(units, province)


def with_cards(
    device: Device, cards: int | None, catalogue: DeviceCatalogue | None = None
) -> Device:
    """The catalogue's device with so many cards of this device's kind; None: this device.

    `catalogue`: the program's own unless another is given.

    Raises `InputError`: the catalogue has none, with those that there are.
    """
    if cards is None:
        return device
    kin = siblings(device, catalogue)
    for count, other in kin:
        if count == cards:
            return other
    there = ", ".join(f"{count}: {other.id}" for count, other in kin)
    raise InputError(
        "cards = {cards}: no device of the catalogue has {cards} of the cards of "
        "{device} (allowed: {there})",
        cards=cards,
        device=device.id,
        there=there,
    )


def siblings(device: Device, catalogue: DeviceCatalogue | None = None) -> list[tuple[int, Device]]:
    """Devices with the same kind of card: number of cards and device, the smallest first.

    Of several with the same number the first of the catalogue is given, but the device itself if
    it is one of them. A kind of card is told by what calls cost on it; where the devices' capacity
    is no multiple of the smallest one's, they are not counted in cards, and each stands alone.
    """
    known = catalogue or load_devices()
    same = [other for other in known.device if _kind(other) == _kind(device)]
    one = min(other.capacity.units_total for other in same)
    if any((other.capacity.units_total / one) % 1 for other in same):
        return [(1, device)]
    found: dict[int, Device] = {}
    for other in same:
        cards = round(other.capacity.units_total / one)
        if cards not in found or other.id == device.id:
            found[cards] = other
    return sorted(found.items(), key=lambda item: item[0])


def _kind(device: Device) -> tuple[object, ...]:
    costs = tuple((cost.resolution, cost.units) for cost in device.cost)
    return device.unit, costs, device.levels is None, device.voice_units
