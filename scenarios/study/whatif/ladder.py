"""Steps in which things can be had: lower calls, larger devices, faster lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.mcu_sim.device import Device, lower
from giaoban.mcu_sim.fit import room_beside
from giaoban.mcu_sim.media.audio.codec import is_decoded
from giaoban.mcu_sim.sdp.h264 import LEVELS
from giaoban.traffic.profiles import Profile, Profiles

RATES_MBPS = (
    *(2, 4, 6, 8, 10, 16, 20, 30, 50, 100, 150, 200, 300, 500),
    *(1000, 2000, 5000, 10_000, 40_000, 100_000),
)
"""Steps in which lines are usually let; assumed, a price list of the telecom company settles it."""


def next_rate(mbps: float, least: float = 0.0) -> float | None:
    """The next step above a rate that is `least` or more; None: there is none."""
    return next((float(rate) for rate in RATES_MBPS if rate > mbps and rate >= least), None)


def lower_profiles(profiles: Profiles, profile: Profile) -> list[Profile]:
    """Calls that ask less of lines or device, the nearest first.

    Of the same H.264 profile (whether terminals do another is not known), with a content channel
    only if the call has one, with its own sound or one of which a check knows all; at a lower rate,
    and the same or a lower resolution.
    """
    sound = {profile.audio, *(each.id for each in profiles.audio if is_decoded(each))}
    order = [profile.resolution, *lower(profile.resolution)]
    found = [
        other
        for other in profiles.profile
        if other.resolution in order
        and other.video_kbps < profile.video_kbps
        and other.video_profile == profile.video_profile
        and (other.content_kbps is None) == (profile.content_kbps is None)
        and other.audio in sound
    ]
    return sorted(found, key=lambda o: (order.index(o.resolution), -o.video_kbps, o.id))


def is_lower(profile: Profile, than: Profile) -> bool:
    """Return whether calls of a profile show people less: a smaller picture or a lower rate."""
    return (
        profile.video_kbps < than.video_kbps
        or profile.resolution in lower(than.resolution)
        or (profile.content_kbps or 0) < (than.content_kbps or 0)
    )


def larger_devices(
    devices: Sequence[Device],
    calls: int,
    resolution: str,
    limit_pct: float,
    *,
    kbps: float | None = None,
    content: bool = False,
) -> list[Device]:
    """Devices that hold so many calls as asked with room to spare, the smallest first.

    Smallest is by the calls at this resolution that a device holds, then by the catalogue's order.
    `limit_pct` is how much of it may be in use, `kbps` the calls' line rate, `content` whether
    there is content.
    """
    sized = []
    for device in devices:
        if device.units_for(resolution) is None or resolution not in LEVELS:
            continue
        spare = room_beside(device, resolution, calls, limit_pct, kbps=kbps, content=content)
        if spare >= 0:
            sized.append((holds(device, resolution), device))
    return [device for _, device in sorted(sized, key=lambda item: item[0])]


def holds(device: Device, resolution: str) -> int:
    """Calls at a resolution that a device holds as asked, in one conference."""
    return room_beside(device, resolution, 0)
