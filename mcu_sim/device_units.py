"""What the resource units of devices are called, in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping

from giaoban.mcu_sim.device import Device
from giaoban.sentence import Sentence
from giaoban.translation import pgettext

NAMES: Mapping[str, str] = {
    "HD port": pgettext("unit of a device", "HD port"),
    "port": pgettext("unit of a device", "port"),
    "HD call": pgettext("unit of a device", "HD call"),
    "call": pgettext("unit of a device", "call"),
    "licence": pgettext("unit of a device", "licence"),
    "site": pgettext("unit of a device", "site"),
}
"""Those of the catalogue of devices that are words, and no signs as `CIF`."""


def unit_of(device: Device) -> str:
    """What a device calls its units; what is not among `NAMES` as its file has it."""
    return Sentence(NAMES[device.unit]) if device.unit in NAMES else device.unit
