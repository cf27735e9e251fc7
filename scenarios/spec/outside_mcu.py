"""A bridge that is another MCU: what lies between it and the rooms behind it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from giaoban.mcu_sim.device import Id
from giaoban.provenance import Assumable
from giaoban.tomlfile import StrictModel

Milliseconds = Annotated[float, Field(ge=0, le=2000)]


class MixedAgain(Assumable):
    """What the other MCU takes, in ms, each way."""

    playout_ms: Milliseconds
    """Its buffer for sound, in ms."""
    audio_mix_delay_ms: Milliseconds
    """From sound that has come to sound mixed and sent, in ms."""
    compose_delay_ms: Milliseconds
    """From a picture that has come to the composed one sent, in ms; what it takes to pass one on
    where it composes none."""


class FarLeg(Assumable):
    """From the other MCU to a room behind it, in ms one way."""

    one_way_ms: Milliseconds
    """From the other MCU to the room, in ms one way."""


class OutsideMcu(StrictModel):
    """An MCU in the place of a bridge's terminal: the call is cascaded.

    On the wire there is what there is with any bridge. Behind it sound is buffered, mixed and sent
    on, a picture is composed and sent on: once more each way what our MCU and a leg add. A picture
    waits in one buffer, that of the screen, which the terminal's stands for.
    """

    bridge: Id
    """Id of the bridge that it stands for."""
    mcu: MixedAgain
    """How long the other MCU takes."""
    far_leg: FarLeg
    """How far the rooms behind it are."""

    @property
    def sound_ms(self) -> float:
        """What it adds to all sound that it sends or gets."""
        return self.mcu.playout_ms + self.mcu.audio_mix_delay_ms + self.far_leg.one_way_ms

    @property
    def picture_ms(self) -> float:
        """What it adds to all pictures that it sends or gets."""
        return self.mcu.compose_delay_ms + self.far_leg.one_way_ms
