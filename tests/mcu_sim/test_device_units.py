"""What devices call their units is a sign, or said in the reader's language."""

from giaoban.mcu_sim.device import load_devices
from giaoban.mcu_sim.device_units import NAMES, unit_of
from giaoban.translation import translator


def test_every_unit_of_the_catalogue_is_a_sign_or_has_a_name() -> None:
    units = {device.unit for device in load_devices().device}
    assert {unit for unit in units - set(NAMES) if not unit.isupper()} == set()


def test_units_are_said_in_both_languages() -> None:
    for device in load_devices().device:
        said = unit_of(device)
        assert str(said) == device.unit
        assert (translator("vi").say(said) == device.unit) is (device.unit not in NAMES)
