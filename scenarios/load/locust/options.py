"""Locust's command line: options of a load test, to and from its plan."""

from __future__ import annotations

import math
import os
from argparse import ArgumentParser, Namespace
from typing import Any, get_args

from giaoban.errors import InputError
from giaoban.scenarios.load.environment import ACCOUNTS, SECRET
from giaoban.scenarios.load.plan import MEDIA, ROOM, BackOff, LoadPlan, Shape
from giaoban.scenarios.load.target import check_bounds, check_room, parse_target
from giaoban.traffic.profiles import DEFAULT_PROFILE, load_profiles

CALL_S = 10.0


def add_options(parser: ArgumentParser) -> None:
    """Add ours to Locust's. Its page shows them, but for the owner's word and the accounts."""

    def add(name: str, *, shown: bool = True, **more: Any) -> None:
        action = parser.add_argument(name, **more)
        action.include_in_web_ui = shown  # type: ignore[attr-defined]  # Locust's own

    add("--shape", choices=get_args(Shape), default="steady", help="storm: all are cut off once")
    add("--hold", type=float, default=CALL_S, help="length of a call, s (0: until the end)")
    add("--period", type=float, default=0.0, help="between calls, s (0: the call and a quarter)")
    add("--media", choices=tuple(MEDIA), default="none", help="media of each call")
    add("--call-profile", default=DEFAULT_PROFILE, help="call profile of the pictures")
    add("--room", default=ROOM, help="the room that bridges call")
    add("--answer-within", type=float, default=10.0, help="an attempt fails after so long, s")
    add("--back-off", choices=get_args(BackOff), default="none", help="of a storm")
    add("--outage", type=float, default=3.0, help="of a storm: no line for so long, s")
    add("--spread", type=float, default=0.0, help="of a storm with back-off: first attempts, s")
    add("--no-register", action="store_true", help="bridges do not register")
    add("--no-options", action="store_true", help="bridges do not ask what the MCU can")
    add(
        "--i-am-authorised", shown=False, action="store_true",
        help=f"the owner of --host agreed to this test; ${ACCOUNTS}: the bridges' accounts",
    )  # fmt: skip
    # Locust sends none of its own options to workers that are started by hand
    add("--call-rate", shown=False, type=float, default=0.0, help="as -r")
    add("--bridges", shown=False, type=int, default=0, help="as -u")
    add("--generators", shown=False, type=int, default=0, help="as --expect-workers")
    add("--unbounded", shown=False, action="store_true", help="the device is the test's own")


def words_of(plan: LoadPlan) -> list[str]:
    """Return Locust's words for a plan, without the number of processes."""
    [media] = [name for name, kinds in MEDIA.items() if kinds == plan.media]
    words = {
        "--host": "sip:{}:{}".format(*plan.target),
        "-u": plan.bridges,
        "-r": plan.rate_per_s,
        "-t": math.ceil(plan.total_s),
        "--call-rate": plan.rate_per_s,
        "--bridges": plan.bridges,
        "--shape": plan.shape,
        "--hold": plan.hold_s,
        "--period": plan.period_s,
        "--media": media,
        "--call-profile": plan.profile,
        "--room": plan.room,
        "--answer-within": plan.answer_within_s,
        "--back-off": plan.back_off,
        "--outage": plan.outage_s,
        "--spread": plan.spread_s,
    }
    made = [str(word) for pair in words.items() for word in pair]
    made += ["--no-register"] * (not plan.registers) + ["--no-options"] * (not plan.asks_options)
    return [*made, "--i-am-authorised"]


def plan_of(options: Namespace, host: str | None, *, authorised: bool, seconds: float) -> LoadPlan:
    """Return the plan of Locust's options. Raises `InputError`."""
    if not host:
        raise InputError("--host: is missing (allowed: sip:HOST:PORT)")
    bridges, rate = (
        int(options.bridges or options.num_users or 1),
        float(options.call_rate or options.spawn_rate or 1),
    )
    if not options.unbounded:
        check_bounds(bridges, rate, seconds)
    profile = load_profiles().pick(options.call_profile)
    return LoadPlan(
        target=parse_target(host, authorised=authorised),
        shape=options.shape,
        bridges=bridges,
        rate_per_s=rate,
        seconds=seconds,
        hold_s=options.hold,
        period_s=options.period,
        answer_within_s=options.answer_within,
        media=MEDIA[options.media],
        profile=profile.id,
        kbps=profile.video_kbps,
        back_off=options.back_off,
        outage_s=options.outage,
        spread_s=options.spread,
        registers=not options.no_register,
        asks_options=not options.no_options,
        accounts="file" if ACCOUNTS in os.environ else "secret" if SECRET in os.environ else "none",
        room=check_room(options.room),
    )
