"""Whom a load test may call: a device whose owner has agreed, and not beyond bounds."""

from __future__ import annotations

import re

from giaoban.errors import InputError
from giaoban.mcu_sim.sip.message import SIP_PORT
from giaoban.traffic import hosts

ROOM = r"[A-Za-z0-9_.!~*'()&=+$,;?/-]{1,64}"
MOST_BRIDGES, MOST_PER_S, MOST_S = 200, 20.0, 3600.0
"""Of a test of somebody's real device. Our own choice: the largest bridges of `devices.toml` that
provinces have hold 160 calls, and 20 a second is the whole meeting within ten seconds."""


def parse_target(text: str, *, authorised: bool) -> tuple[str, int]:
    """(address, port) of `sip:HOST` or `sip:HOST:PORT`, HOST an IPv4 address in digits.

    Raises:
        InputError: it is no such address, or nobody says that the owner has agreed.
    """
    address, port = hosts.parse_target(
        text,
        option="--target",
        allowed="is no SIP address of a device (allowed: sip:HOST or sip:HOST:PORT with an IPv4 "
        "address in digits, such as sip:10.67.0.2)",
        scheme="sip",
        default_port=SIP_PORT,
    )
    if not authorised:
        raise InputError(
            '--target = "{text}": a load test takes a device to its limits and keeps '
            "others out (allowed: with --i-am-authorised, if its owner has agreed to "
            "this test at this time)",
            text=text,
        )
    return str(address), port


def check_room(room: str) -> str:
    """The user part of the address that bridges call (RFC 3261 §25.1). Raises `InputError`."""
    if not re.fullmatch(ROOM, room):
        raise InputError(
            '--room = "{room}": is no user of a SIP address (allowed: up to 64 letters '
            "without marks, digits and -_.!~*'()&=+$,;?/)",
            room=room,
        )
    return room


def check_bounds(bridges: int, rate_per_s: float, seconds: float) -> None:
    """Raises `InputError` for more than a real device may be asked."""
    for option, value, most in (
        ("--bridges", bridges, MOST_BRIDGES),
        ("--rate", rate_per_s, MOST_PER_S),
        ("--seconds", seconds, MOST_S),
    ):
        if value > most:
            raise InputError(
                "{option} {value:g}: is too much for a device that others may need "
                "(allowed with --target: up to {most})",
                option=option,
                value=value,
                most=f"{most:g}",
            )
