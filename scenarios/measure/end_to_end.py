"""From mouth to ear and from camera to screen, for every pair of bridges. Pure.

A sound goes from a speaker's microphone into a packet, over the speaker's leg, through the MCU's
buffer and mixer, over the listener's leg, through the listener's buffer. A picture is encoded, goes
over the speaker's leg, is composed or forwarded, goes over the listener's leg, waits in its buffer,
is decoded and shown. Whichever of the two is sooner is held back for the other, so that lips and
voice agree, but no longer than terminals do (RFC 3550 §6.4.1 tells them how both belong together).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Delays = NDArray[np.float64]


@dataclass(frozen=True)
class Legs:
    """What n bridges' legs take in ms; NaN where nothing went that way.

    Attributes:
        sound_up, picture_up: (n,) from due at the bridge to played, or complete, at the MCU.
        sound_down, picture_down: (n,) from due at the MCU to played, or shown, at the bridge.
        sound_up_least, sound_down_least: (n,) where a playout buffer was timed anew, the shortest.
    """

    sound_up: Delays
    sound_down: Delays
    picture_up: Delays
    picture_down: Delays
    sound_up_least: Delays
    sound_down_least: Delays


@dataclass(frozen=True)
class Devices:
    """What terminals and MCU add to both legs, in ms; `hold_ms`: how long one is held back."""

    sound_ms: float
    picture_ms: float
    hold_ms: float


@dataclass(frozen=True)
class WorstPairs:
    """The worst of something at each of n bridges, and with which other bridge that is.

    Attributes:
        value: (n,) ms; NaN where there is no pair.
        other: (n,) index of the other bridge; -1 where there is none.
    """

    value: Delays
    other: NDArray[np.intp]


@dataclass(frozen=True)
class EndToEnd:
    """At each bridge, over all others that speak.

    Attributes:
        mouth_to_ear: of sound, what it is held back for pictures in it.
        camera_to_screen: of pictures, what they are held back for sound in it.
        sound_early, sound_late: how much sooner, or later, than its picture a sound is heard.
        spoken: mouth to ear of what each bridge says, at any other.
    """

    mouth_to_ear: WorstPairs
    camera_to_screen: WorstPairs
    sound_early: WorstPairs
    sound_late: WorstPairs
    spoken: WorstPairs


def end_to_end(legs: Legs, devices: Devices, meeting: NDArray[np.intp]) -> EndToEnd:
    """All pairs of n bridges, a listener at a time.

    Args:
        meeting: (n,) which meeting each is in: nobody hears or sees those of another.
    """
    n = len(legs.sound_up)
    kinds = ("mouth_to_ear", "camera_to_screen", "sound_early", "sound_late")
    value = {kind: np.full(n, np.nan) for kind in kinds}
    other = {kind: np.full(n, -1, np.intp) for kind in kinds}
    spoken, hearer = np.full(n, np.nan), np.full(n, -1, np.intp)
    hold = devices.hold_ms
    for listener in range(n):
        sound = legs.sound_up + (legs.sound_down[listener] + devices.sound_ms)
        picture = legs.picture_up + (legs.picture_down[listener] + devices.picture_ms)
        away = meeting != meeting[listener]
        away[listener] = True  # nobody hears or sees himself
        sound[away] = picture[away] = np.nan
        heard = np.fmax(sound, np.minimum(picture, sound + hold))
        seen = np.fmax(picture, np.minimum(sound, picture + hold))
        soonest = legs.sound_up_least + (legs.sound_down_least[listener] + devices.sound_ms)
        soonest[away] = np.nan
        early = np.maximum(picture - soonest - hold, 0)
        late = np.maximum(sound - picture - hold, 0)
        longer = ~(heard <= spoken) & ~np.isnan(heard)
        spoken[longer], hearer[longer] = heard[longer], listener
        found = (heard, seen, early, late)
        for kind, values in zip(kinds, found, strict=True):
            if not np.isnan(values).all():
                at = int(np.nanargmax(values))
                value[kind][listener], other[kind][listener] = values[at], at
    worst = {kind: WorstPairs(value[kind], other[kind]) for kind in kinds}
    return EndToEnd(**worst, spoken=WorstPairs(spoken, hearer))
