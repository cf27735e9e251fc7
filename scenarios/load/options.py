"""A plan from Locust's own command line and web page, where no `giaoban load` has made one."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import get_args

from giaoban.errors import InputError
from scenarios.load.plan import LoadPlan, Shape
from scenarios.load.target import check_bounds, parse_target
from scenarios.load.timetable import hold_s
from traffic.crowd.messages import Medium
from traffic.profiles import load_profiles

SHAPES: tuple[Shape, ...] = get_args(Shape)
BY_HAND = tuple(shape for shape in SHAPES if shape not in ("guess", "malformed"))
"""Those in which Locust's number of users is the number of bridges."""
SECONDS = 60.0
PROFILE = "720p30-2m"
MEDIA: dict[str, list[Medium]] = {"none": [], "audio": ["audio"], "both": ["audio", "video"]}


def add_options(parser: ArgumentParser) -> None:
    """What `locust -f traffic/locustfile.py` knows beyond Locust's own options."""
    group = parser.add_argument_group("giaoban")
    group.add_argument(
        "--giaoban-plan",
        default="",
        help="a whole plan as JSON, as `giaoban load` makes it; all else is ignored then",
    )
    group.add_argument("--shape", choices=BY_HAND, default="steady", help="of the load (steady)")
    group.add_argument("--seconds", type=float, default=SECONDS, help="how long the shape lasts")
    group.add_argument("--media", choices=tuple(MEDIA), default="none")
    group.add_argument("--room", default="giao-ban", help="the room that bridges call")
    group.add_argument(
        "--i-am-authorised",
        action="store_true",
        help="the owner of --host has agreed to this test at this time",
    )


def plan_of(options: Namespace, host: str | None, *, authorised: bool) -> LoadPlan:
    """The plan that a test is to follow; `authorised`: whether the host's owner has agreed.

    Raises:
        InputError: there is no target, or it may not be called.
    """
    if options.giaoban_plan:
        return LoadPlan.model_validate_json(options.giaoban_plan)
    if not host:
        raise InputError("--host: is missing (allowed: sip:HOST:PORT)")
    target = parse_target(host, authorised=authorised)
    bridges, rate = int(options.num_users or 1), float(options.spawn_rate or 1)
    seconds = float(options.run_time or options.seconds)
    check_bounds(bridges, rate, seconds)
    profile = load_profiles().pick(PROFILE)
    return LoadPlan(
        target=target,
        shape=options.shape,
        bridges=bridges,
        rate_per_s=rate,
        seconds=seconds,
        hold_s=hold_s(bridges, rate),
        media=MEDIA[options.media],
        profile=profile.id,
        kbps=profile.video_kbps,
        room=options.room,
        asks_to_speak=False,
        registers=True,
    )
