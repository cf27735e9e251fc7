"""The identifiers of the default province and of what is installed, and text that shows one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from giaoban.mcu_sim.device import load_devices
from giaoban.topology.load import load_province
from giaoban.topology.validate import access_link_id
from giaoban.traffic.profiles import load_profiles

FAILURES = ("cut:gia-nghia--dak-glong", "site:dak-glong", "router:r-cu-jut", "silent:access-mcu")
MEANT = re.compile(r"`[^`]*`|giaoban \S.*|\b(?:bridge|link|router)\[[^\]]*\]\S*|^# .* → .*$", re.M)
"""What is to be typed or opened: files, folders, runs and commands; keys of files that differ, and
the two that are compared."""


def _identifiers() -> set[str]:
    """Of all that has a name."""
    province = load_province()
    hosts = ["quang-son", province.mcu.id, province.chair.id]
    hosts += [bridge.id for bridge in province.bridges]
    found = set(hosts) - {"mcu"}
    found |= {access_link_id(host) for host in hosts}
    found |= {link.id for link in province.links} | {router.id for router in province.routers}
    found |= {profile.id for profile in load_profiles().profile}
    return found | {device.id for device in load_devices().device} | {*FAILURES}


IDENTIFIER = re.compile(
    r"(?<![\w-])(?:" + "|".join(map(re.escape, sorted(_identifiers(), key=len, reverse=True)))
    + r")(?![\w-])|->"
)  # fmt: skip


def showing(lines: Iterable[str]) -> list[str]:
    """Those of some lines that show people an identifier."""
    return [line for line in lines if IDENTIFIER.search(MEANT.sub("", line))]
