"""A plan from Locust's own command line and web page, where no `giaoban load` has made one."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, cast, get_args

from giaoban.errors import InputError
from giaoban.mcu_sim.accounts import load_accounts
from giaoban.scenarios.load.environment import ACCOUNTS
from giaoban.scenarios.load.plan import LoadPlan, Shape
from giaoban.scenarios.load.target import (
    MOST_BRIDGES,
    MOST_S,
    check_bounds,
    check_room,
    parse_target,
)
from giaoban.scenarios.load.timetable import hold_s
from giaoban.traffic.media_load.messages import Medium
from giaoban.traffic.profiles import DEFAULT_PROFILE, load_profiles

SHAPES: tuple[Shape, ...] = get_args(Shape)
LOCUST = "locust"
"""The shape that is none of ours: how many users there are is said by Locust's numbers, by its
page, or by a LoadTestShape, and may change at any time."""
BY_HAND = (LOCUST, *(shape for shape in SHAPES if shape not in ("guess", "malformed")))
"""LOCUST, and timetables in which Locust's number of users is the number of bridges."""
SECONDS, CALL_S = 60.0, 10.0
MEDIA: dict[str, list[Medium]] = {"none": [], "audio": ["audio"], "both": ["audio", "video"]}


def add_options(parser: ArgumentParser) -> None:
    """What `locust -f traffic/locustfile.py` knows beyond Locust's own options.

    Its page shows them, but for a plan that is `giaoban load`'s, and for what is the owner's or
    secret: that is said on the command line alone. (Locust shows what is added to the parser
    itself; what is in a group it does not see.)
    """

    def add(name: str, *, shown: bool = True, **more: Any) -> None:
        action = parser.add_argument(name, **more)
        action.include_in_web_ui = shown  # type: ignore[attr-defined]  # Locust's own

    add(
        "--giaoban-plan", shown=False, default="",
        help="a whole plan as JSON, as `giaoban load` makes it; all else is ignored then",
    )  # fmt: skip
    add(
        "--shape", choices=BY_HAND, default=LOCUST,
        help="locust: as many users as Locust says, at any time; else a timetable for -u bridges",
    )  # fmt: skip
    add(
        "--seconds", type=float, default=0.0,
        help=f"how long (0: until it is stopped; a timetable {SECONDS:g})",
    )  # fmt: skip
    add(
        "--hold", type=float, default=CALL_S,
        help="length of a call, s (0: until its user is stopped); of --shape locust",
    )  # fmt: skip
    add("--media", choices=tuple(MEDIA), default="none", help="of each call")
    add("--room", default="giao-ban", help="the room that bridges call")
    add("--no-register", action="store_true", help="bridges do not register")
    add("--no-options", action="store_true", help="bridges do not ask what the MCU can")
    add(
        "--accounts", shown=False, default=os.environ.get(ACCOUNTS, ""),
        help=f"the bridges' accounts at --host (TOML); also {ACCOUNTS}",
    )  # fmt: skip
    add(
        "--i-am-authorised", shown=False, action="store_true",
        help="the owner of --host has agreed to this test at this time",
    )  # fmt: skip


def plan_of(
    options: Namespace, host: str | None, *, authorised: bool, own_shape: bool = False
) -> LoadPlan:
    """The plan that a test is to follow.

    Args:
        authorised: whether the host's owner has agreed.
        own_shape: whether the locustfile has a LoadTestShape: there is no number of users then.

    Raises:
        InputError: there is no target, it may not be called, or an option is none (of a page:
            Locust does not look at what comes from there).
    """
    if options.giaoban_plan:
        return LoadPlan.model_validate_json(options.giaoban_plan)
    if not host:
        raise InputError("--host: is missing (allowed: sip:HOST:PORT)")
    shape = _one_of("--shape", options.shape, BY_HAND)
    media = MEDIA[_one_of("--media", options.media, tuple(MEDIA))]
    if own_shape and shape != LOCUST:
        raise InputError(
            '--shape = "{shape}": the locustfile has a LoadTestShape of its own '
            "(allowed: {locust}, or a locustfile without one)",
            shape=shape,
            locust=LOCUST,
        )
    target = parse_target(host, authorised=authorised, option="--host")
    by_hand = shape == LOCUST
    bridges, rate = int(options.num_users or 1), float(options.spawn_rate or 1)
    asked_s = _number("--seconds", options.run_time or options.seconds)
    seconds = asked_s or (MOST_S if by_hand else SECONDS)
    if not own_shape:
        check_bounds(bridges, rate, seconds)
    profile = load_profiles().pick(DEFAULT_PROFILE)
    return LoadPlan(
        target=target,
        shape=cast(Shape, "steady" if by_hand else shape),
        by_hand=by_hand,
        bridges=MOST_BRIDGES if by_hand else bridges,
        rate_per_s=rate,
        seconds=seconds,
        hold_s=_number("--hold", options.hold) if by_hand else hold_s(bridges, rate),
        media=media,
        profile=profile.id,
        kbps=profile.video_kbps,
        room=check_room(options.room),
        asks_to_speak=False,
        registers=not options.no_register,
        asks_options=not options.no_options,
        accounts="file" if _accounts(options.accounts) else "none",
    )


def _accounts(path: str) -> bool:
    """Whether there is a file with accounts; one that cannot be used is told before any call."""
    if path:
        load_accounts(Path(path))
    return bool(path)


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise InputError(
            '{option} = "{value}": is not known (allowed: {allowed})',
            option=option,
            value=value,
            allowed=", ".join(allowed),
        )
    return value


def _number(option: str, value: float) -> float:
    if not 0 <= float(value) <= 86_400:
        raise InputError(
            "{option} = {value}: is no length of time (allowed: 0 to 86400 s)",
            option=option,
            value=value,
        )
    return float(value)
