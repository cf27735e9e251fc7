"""The same device with more cards: the catalogue's devices of one kind of card, by their number."""

from __future__ import annotations

from giaoban.errors import InputError
from giaoban.mcu_sim.device import Device, DeviceCatalogue, load_devices


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
