"""`giaoban load`: many bridges call an MCU at once."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from giaoban.errors import InputError
from giaoban.mcu_sim.accounts import load_accounts
from giaoban.mcu_sim.device import load_devices, pick
from giaoban.results.archive.store import Outcome
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.report.ci.answers import of_load
from giaoban.results.report.document import Block, Par
from giaoban.results.report.summaries.load_summary import brief
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.load.judge import thresholds_of
from giaoban.scenarios.load.load_test import LoadTest, load
from giaoban.scenarios.load.locust.processes import LocustSetup
from giaoban.scenarios.load.own_mcu import HOST, CataloguedDevice, free_port
from giaoban.scenarios.load.plan import HELD_SHARE, MEDIA, ROOM, BackOff, LoadPlan, Shape
from giaoban.scenarios.load.target import check_bounds, check_room, parse_target
from giaoban.scenarios.spec.project import current
from giaoban.sentence import Sentence
from giaoban.topology.load import load_province
from giaoban.traffic.profiles import DEFAULT_PROFILE, load_profiles


def command(
    bridges: Annotated[int, typer.Option("--bridges", min=1, max=5000, help="how many call")] = 20,
    rate: Annotated[
        float, typer.Option("--rate", min=0.01, max=5000, help="session attempts a second")
    ] = 5.0,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.5, max=86_400, help="length of the test")
    ] = 30.0,
    shape: Annotated[Shape, typer.Option("--shape", help="of the load")] = "steady",
    media: Annotated[
        Literal["none", "audio", "both"], typer.Option("--media", help="of each call")
    ] = "audio",
    profile: Annotated[str, typer.Option("--profile", help="a call profile")] = DEFAULT_PROFILE,
    back_off: Annotated[BackOff, typer.Option("--back-off", help="of a storm")] = "none",
    device: options.Device = None,
    target: options.Target = None,
    authorised: options.Authorised = False,
    accounts: options.Accounts = None,
    no_register: options.NoRegister = False,
    no_options: options.NoOptions = False,
    room: options.Room = ROOM,
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=64, help="processes to share the load")
    ] = 0,
    await_workers: Annotated[
        int, typer.Option("--await-workers", min=0, max=64, help="started on other machines")
    ] = 0,
    bind: Annotated[
        str, typer.Option("--bind", metavar="HOST:PORT", help="where workers find the master")
    ] = "127.0.0.1:5557",
    web: Annotated[
        int | None, typer.Option("--web", min=1024, max=65_535, help="port of Locust's own page")
    ] = None,
    most: Annotated[
        list[str] | None,
        typer.Option("--max", metavar="ID=NUMBER", help="another threshold (repeatable)"),
    ] = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Let many bridges call an MCU: one of the test's own on this machine, or --target.

    Exit code 0: it meets the criteria; 1: it does not; 3: the generator could not keep up, so the
    figures do not hold.
    """
    judging.known_baseline("real-time")
    thresholds = thresholds_of(most or [])
    own = target is None
    misplaced = [
        ("--i-am-authorised", authorised and own),
        ("--accounts", accounts is not None and own),
        ("--device", device is not None and not own),
    ]
    for option, wrong in misplaced:
        if wrong and own:
            raise InputError(
                "{option}: is for a real device (allowed: with --target)", option=option
            )
        if wrong:
            raise InputError(
                "{option}: is for the test's own MCU (allowed: without --target)", option=option
            )
    if workers and await_workers:
        raise InputError(
            "--await-workers: all workers are started by hand then (allowed: without --workers)"
        )
    address = (HOST, free_port()) if target is None else parse_target(target, authorised=authorised)
    if not own:
        check_bounds(bridges, rate, seconds)
    where = LocustSetup(workers, _bind(bind), await_workers, web)
    needed = -(-bridges // where.processes) * where.processes
    if accounts is not None and len(load_accounts(accounts).account) < needed:
        raise InputError(
            "--accounts {accounts}: has fewer accounts than the {needed} that are needed",
            accounts=accounts,
            needed=needed,
        )
    mcu = _device(device) if own else None
    known = load_profiles().pick(profile)
    period_s = bridges / rate
    plan = LoadPlan(
        target=address,
        shape=shape,
        bridges=bridges,
        rate_per_s=rate,
        seconds=seconds,
        hold_s=HELD_SHARE * period_s if shape == "steady" else 0.0,
        period_s=period_s if shape == "steady" else 0.0,
        media=MEDIA[media],
        profile=known.id,
        kbps=known.video_kbps,
        back_off=back_off,
        spread_s=period_s,
        accounts="file" if accounts else "secret" if own and not await_workers else "none",
        room=check_room(room) if not own else ROOM,
        registers=not no_register,
        asks_options=not no_options,
    )
    if mcu is not None and mcu.device.refusal.code not in plan.capacity_codes:
        codes = [*plan.capacity_codes, mcu.device.refusal.code]
        plan = plan.model_copy(update={"capacity_codes": codes})
    test = LoadTest(plan, where, mcu, accounts, thresholds)
    with progress() as told:
        outcome = load(
            test,
            root=results,
            now=now_in_vietnam(),
            progress=told,
            language=language.chosen(),
        )
    return judging.end_of(outcome, of_load(outcome.answer), *shown(outcome), as_json=as_json)


def shown(outcome: Outcome[LoadResult]) -> list[Block]:
    """Return what a terminal shows of the answer."""
    figures = Par(Sentence("all figures: {folder}", folder=outcome.summary))
    return [*brief(outcome.answer, language.chosen()), figures]


def _device(ident: str | None) -> CataloguedDevice:
    project = current()
    file = project.devices.resolve()
    device = pick(load_devices(file), ident or load_province(project.province).mcu.device)
    return CataloguedDevice(device, file)


def _bind(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise InputError('--bind = "{text}": is no address (allowed: HOST:PORT)', text=text)
    return host, int(port)
