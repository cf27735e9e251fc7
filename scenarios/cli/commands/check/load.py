"""`giaoban load`: many bridges call an MCU at once, and what that does to its control plane."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from giaoban.errors import InputError
from giaoban.mcu_sim.accounts import load_accounts
from giaoban.mcu_sim.conference.meeting import VideoMode
from giaoban.mcu_sim.device import load_devices, pick
from giaoban.processes.progress import Progress
from giaoban.results.archive.store import Outcome
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.results.model.studies.load import LoadResult, Trial
from giaoban.results.report.ci.answers import of_load
from giaoban.results.report.document import Block, Par
from giaoban.results.report.summaries.load_summary import brief
from giaoban.scenarios.cli import folders, judging, language, options
from giaoban.scenarios.cli.output import AnswerAsJson, progress
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.judge import thresholds_of
from giaoban.scenarios.load.load_test import LoadTest, load
from giaoban.scenarios.load.locust.options import MEDIA
from giaoban.scenarios.load.locust.processes import LocustSetup
from giaoban.scenarios.load.own_mcu import HOST, CataloguedDevice, free_port
from giaoban.scenarios.load.plan import ROOM, BackOff, LoadPlan, Shape
from giaoban.scenarios.load.search import search
from giaoban.scenarios.load.target import MOST_PER_S, check_bounds, check_room, parse_target
from giaoban.scenarios.load.trial import attempt
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.project import current
from giaoban.sentence import Sentence
from giaoban.topology.load import load_province
from giaoban.traffic.profiles import DEFAULT_PROFILE, load_profiles

MOST_SEARCHED_PER_S = 2000.0


def command(
    bridges: Annotated[int, typer.Option("--bridges", min=1, max=5000, help="how many call")] = 20,
    rate: Annotated[
        float, typer.Option("--rate", min=0.01, max=5000, help="session attempts a second")
    ] = 5.0,
    seconds: Annotated[
        float, typer.Option("--time", min=0.5, max=86_400, help="how long the shape lasts, s")
    ] = 30.0,
    shape: Annotated[Shape, typer.Option("--shape", help="of the load")] = "steady",
    technicians: Annotated[
        int, typer.Option("--technicians", min=0, max=100, help="who hold meetings of their own")
    ] = 0,
    hold: Annotated[
        float | None, typer.Option("--hold", min=0, help="length of a call of the steady shape, s")
    ] = None,
    media: Annotated[
        Literal["none", "audio", "both"], typer.Option("--media", help="of each call")
    ] = "audio",
    profile: Annotated[str, typer.Option("--profile", help="a call profile")] = DEFAULT_PROFILE,
    back_off: Annotated[BackOff, typer.Option("--back-off", help="of a storm")] = "none",
    outage: Annotated[
        float, typer.Option("--outage", min=0, max=600, help="of a storm: no line for so long, s")
    ] = 3.0,
    answer_within: Annotated[
        float,
        typer.Option("--answer-within", min=0.5, max=180, help="an attempt fails after so long, s"),
    ] = 10.0,
    find: Annotated[
        bool, typer.Option("--search", help="find the session establishment rate first")
    ] = False,
    device: Annotated[
        str | None, typer.Option("--device", help="of the test's own MCU: `giaoban device list`")
    ] = None,
    video: Annotated[VideoMode, typer.Option("--video", help="of its meetings")] = "presence",
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="its bridges need no password")
    ] = False,
    inside: Annotated[
        Path | None,
        typer.Option(
            "--in",
            metavar="SCENARIO",
            help="a storm inside the emulated province",
            callback=options.scenario,
        ),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="of --in: virtual-time guest, or this kernel")
    ] = EngineName.SANDBOX,
    target: Annotated[
        str | None, typer.Option("--target", metavar="sip:HOST", help="somebody's device instead")
    ] = None,
    authorised: Annotated[
        bool, typer.Option("--i-am-authorised", help="its owner has agreed to this test, now")
    ] = False,
    accounts: Annotated[
        Path | None, typer.Option("--accounts", help="the bridges' accounts there (TOML)")
    ] = None,
    no_register: Annotated[
        bool, typer.Option("--no-register", help="bridges do not register")
    ] = False,
    no_options: Annotated[
        bool, typer.Option("--no-options", help="bridges do not ask what the MCU can")
    ] = False,
    room: Annotated[str, typer.Option("--room", help="the room they call there")] = ROOM,
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=64, help="processes to share the load")
    ] = 0,
    await_workers: Annotated[
        int, typer.Option("--await-workers", min=0, max=64, help="started on other machines")
    ] = 0,
    bind: Annotated[
        str, typer.Option("--bind", metavar="HOST:PORT", help="where those find this one")
    ] = "127.0.0.1:5557",
    web: Annotated[
        int | None, typer.Option("--web", min=1024, max=65_535, help="port of Locust's own page")
    ] = None,
    most: Annotated[
        list[str] | None,
        typer.Option("--max", metavar="ID=NUMBER", help="another threshold (repeatable)"),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, max=2**31 - 1)] = None,
    *,
    results: folders.Results,
    as_json: AnswerAsJson = False,
) -> int:
    """Let many bridges call an MCU: one of the test's own on this machine, or --target.

    Exit code 0: it meets the criteria; 1: it does not; 3: the generator could not keep up, so the
    figures do not hold.
    """
    judging.known_baseline("real-time" if inside is None else engine.value)
    thresholds = thresholds_of(most or [])
    if inside is not None:
        if target is not None:
            raise InputError("--target: is no part of an emulated province (allowed: without --in)")
        # emulation, estimate and annex are no part of a test that calls a real MCU
        from giaoban.scenarios.study.redial_storm import storm_in_province

        asked = make_question(inside, seed=seed, all_from_start=True)
        with progress() as told:
            outcome = storm_in_province(
                asked, back_off, engine=engine, root=results, now=now_in_vietnam(), progress=told,
                language=language.chosen(),
                thresholds=thresholds,
            )  # fmt: skip
        return _end(outcome, as_json=as_json)
    own = target is None
    if own and (authorised or accounts is not None):
        option = "--i-am-authorised" if authorised else "--accounts"
        raise InputError(
            "{option}: is for somebody's device (allowed: with --target)", option=option
        )
    if not own and (device is not None or anonymous or technicians):
        option = "--device" if device else "--anonymous" if anonymous else "--technicians"
        raise InputError(
            "{option}: is for the test's own MCU (allowed: without --target)", option=option
        )
    if no_register and technicians:
        raise InputError(
            "--no-register: an MCU calls only who is registered (allowed: without --technicians)"
        )
    address = (HOST, free_port()) if target is None else parse_target(target, authorised=authorised)
    if not own:
        check_bounds(bridges, rate, seconds)
    if accounts is not None and len(load_accounts(accounts).account) < bridges:
        raise InputError(
            "--accounts {accounts}: has fewer accounts than --bridges {bridges}",
            accounts=accounts,
            bridges=bridges,
        )
    mcu = _device(device) if own else None
    known = load_profiles().pick(profile)
    plan = LoadPlan(
        target=address,
        shape=shape,
        bridges=bridges,
        technicians=technicians,
        rate_per_s=rate,
        seconds=seconds,
        hold_s=_hold_s(hold, shape, bridges, rate),
        answer_within_s=answer_within,
        media=MEDIA[media],
        profile=known.id,
        kbps=known.video_kbps,
        back_off=back_off,
        outage_s=outage,
        spread_s=bridges / rate,
        asks_to_speak=own,
        accounts="file" if accounts else "secret" if own and not anonymous else "none",
        room=check_room(room) if not own else ROOM,
        registers=not no_register,
        asks_options=not no_options,
        seed=1 if seed is None else seed,
    )
    if mcu is not None and mcu.device.refusal.code not in plan.capacity_codes:
        codes = [*plan.capacity_codes, mcu.device.refusal.code]
        plan = plan.model_copy(update={"capacity_codes": codes})
    if plan.shape == "guess" and plan.accounts == "none":
        raise InputError(
            '--shape = "guess": nobody is asked for a password (allowed: with accounts)'
        )
    where = LocustSetup(
        workers,
        _bind(bind) if await_workers else None,
        await_workers,
        web,
    )
    test = LoadTest(plan, where, mcu, video, accounts, thresholds)
    with progress() as told:
        found: tuple[float | None, list[Trial]] = (None, [])
        if find:
            found = _search(test, rate, results, told)
        outcome = load(
            test,
            root=results,
            now=now_in_vietnam(),
            progress=told,
            language=language.chosen(),
            found=found,
        )
    return _end(outcome, as_json=as_json)


def _end(outcome: Outcome[LoadResult], *, as_json: bool) -> int:
    return judging.end_of(outcome, of_load(outcome.answer), *shown(outcome), as_json=as_json)


def shown(outcome: Outcome[LoadResult]) -> list[Block]:
    figures = Par(Sentence("all figures: {folder}", folder=outcome.summary))
    return [*brief(outcome.answer, language.chosen()), figures]


def _search(
    test: LoadTest, first: float, root: Path, told: Progress
) -> tuple[float | None, list[Trial]]:
    most = MOST_SEARCHED_PER_S if test.device is not None else MOST_PER_S

    def tried(rate_per_s: float) -> Trial:
        return attempt(test, rate_per_s, root, lambda what, done: told(f"{rate_per_s:.0f}/s", done))

    return search(first, most, tried)


def _hold_s(hold: float | None, shape: Shape, bridges: int, rate: float) -> float:
    """How long a call lasts. Raises `InputError`: longer than until its bridge calls again."""
    held = timetable.hold_s(bridges, rate) if hold is None else hold
    if shape == "steady" and held >= bridges / rate:
        raise InputError(
            "--hold {held:g}: a bridge would call again before it has hung up "
            "(allowed: below --bridges / --rate = {bridges} s)",
            held=held,
            bridges=f"{bridges / rate:g}",
        )
    return held


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
