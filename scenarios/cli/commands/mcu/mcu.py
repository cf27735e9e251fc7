"""`giaoban mcu serve`: the MCU alone, in real time, for software that nobody here wrote to call."""

from __future__ import annotations

import gc
import ipaddress
import math
import os
import re
import select
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from giaoban.errors import GiaobanError, InputError, InvalidRun, MachineLacks, strerror
from giaoban.mcu_sim.accounts import load_accounts
from giaoban.mcu_sim.conference.commands import (
    HELP,
    Answer,
    CommandAccepted,
    CommandError,
    CommandRejected,
    MeetingState,
    read_line,
)
from giaoban.mcu_sim.conference.meeting import Meetings, OpenRooms, VideoMode, load_meetings
from giaoban.mcu_sim.device import Device, load_devices, pick
from giaoban.mcu_sim.media.plane import MOST_LATE_PCT, late_pct
from giaoban.mcu_sim.media.ports import FIRST_PORT
from giaoban.mcu_sim.server import McuConfig, McuServer
from giaoban.mcu_sim.sip.message import SIP_PORT
from giaoban.processes.interruptions import end_asked_for
from giaoban.scenarios.cli import language
from giaoban.scenarios.cli.commands.mcu.event_line import line_of
from giaoban.scenarios.cli.commands.mcu.event_log import EventLog, started
from giaoban.scenarios.cli.output import print_json
from giaoban.scenarios.spec.project import current
from giaoban.sentence import N_, Sentence, joined
from giaoban.topology.load import load_province
from giaoban.traffic.profiles import load_profiles

LONGEST_LINE = 1024


class Console:
    """Reads what was typed since it last looked, without ever waiting for it."""

    def __init__(self, server: McuServer, say: Callable[[str], None]) -> None:
        self._server = server
        self._say = say
        self._fd = sys.stdin.fileno()
        self._typed = b""
        self._open = True
        say(Sentence("commands: {commands}", commands=HELP))

    def look(self) -> None:
        """Carry out the lines that are complete."""
        if not self._open or not select.select([self._fd], [], [], 0)[0]:
            return
        read = os.read(self._fd, LONGEST_LINE)
        self._open = bool(read)
        *lines, self._typed = (self._typed + (read or b"\n")).split(b"\n")  # the last has no end
        self._typed = self._typed[-LONGEST_LINE:]
        for line in lines:
            if line.strip():
                self._say(self._answer(line.decode("utf-8", "replace")))

    def _answer(self, line: str) -> str:
        try:
            meeting, command = read_line(line)
        except CommandError as error:
            return f"? {error}"
        return _in_words(self._server.command(meeting, command))


def _in_words(answer: Answer) -> Sentence:
    match answer:
        case CommandAccepted(text):
            return Sentence("done: {what}", what=text)
        case CommandRejected(code, reason):
            return Sentence("refused: {code} {reason}", code=code, reason=reason)
        case MeetingState():
            return Sentence(
                "connected: {connected}; lost: {lost}; interrupted without a report: {unreported}",
                connected=_people(answer.connected),
                lost=_people(answer.lost),
                unreported=_people(answer.unreported),
            )
        case _:
            waiting = [
                Sentence("{who} for {seconds:.0f} s", who=who, seconds=ms / 1000)
                for who, ms in answer.waiting
            ]
            asking = joined(", ", waiting) if waiting else Sentence("nobody")
            said = Sentence("asking to speak: {who}", who=asking)
            if not answer.called:
                return said
            called = Sentence("called to speak: {who}", who=", ".join(answer.called))
            return joined("; ", [said, called])


def _people(who: Sequence[str]) -> str:
    return ", ".join(who) if who else Sentence("nobody")


SPARE_PLACES = 16
"""Places beyond the device's ports, so that it is the device that refuses a call."""
SHOWN_MEETINGS = 8
_LISTEN = re.compile(r"^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$", re.ASCII)

WRONG = {
    "starved": N_("{n} media {n:packet|packets} more than 20 ms late"),
    "overflowed": N_("{n} {n:packet|packets} overflowed a receive buffer"),
    "unsendable": N_("{n} media {n:packet|packets} could not be sent"),
    "sip_unsendable": N_("{n} SIP {n:message|messages} could not be sent"),
    "stray": N_("{n} {n:packet|packets} from an address that is nobody's"),
    "not_rtp": N_("{n} {n:packet that is|packets that are} no RTP"),
    "foreign": N_("{n} {n:packet|packets} of a payload type that was not agreed on"),
    "unauthentic": N_("{n} {n:packet|packets} not encrypted as agreed"),
    "wrong_passwords": N_("{n} wrong {n:password|passwords}"),
    "calls_left": N_("{n} {n:call|calls} left"),
}
"""Figures of the closing report that should be 0, in words."""

app = typer.Typer(add_completion=False, help="Run the MCU by itself.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Run the MCU by itself."""


@app.command("serve")
def serve(
    listen: Annotated[
        str, typer.Option("--listen", help="IPv4 address and port of its SIP, UDP and TCP")
    ] = f"127.0.0.1:{SIP_PORT}",
    device: Annotated[
        str | None, typer.Option("--device", help="see `giaoban list devices`")
    ] = None,
    devices: Annotated[
        Path | None,
        typer.Option("--devices", help="file that the device stands in, instead of the project's"),
    ] = None,
    accounts: Annotated[
        Path | None, typer.Option("--accounts", help="who may call (TOML); without it anyone")
    ] = None,
    meetings: Annotated[
        Path | None,
        typer.Option("--meetings", help="meetings (TOML); without it every name called is a room"),
    ] = None,
    video: Annotated[
        VideoMode | None, typer.Option("--video", help="of rooms without a file (presence)")
    ] = None,
    kbps: Annotated[
        int, typer.Option("--kbps", min=64, max=20_000, help="most video a call")
    ] = 2000,
    media_port: Annotated[
        int, typer.Option("--media-port", min=1024, max=65_000, help="first UDP port of media")
    ] = FIRST_PORT,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0.1, help="stop by itself after so long")
    ] = None,
    console: Annotated[
        bool, typer.Option("--console", help="read the technician's commands from standard input")
    ] = False,
    events: Annotated[
        Path | None,
        typer.Option("--events", help="append every event to this file, one JSON object a line"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="print the closing report alone, as one JSON object")
    ] = False,
) -> int:
    """Serve calls until Ctrl-C; everybody is hung up then.

    Exit code 3 if too much of the media left late, so that what a caller measured is not the MCU's
    doing.
    """
    address, port = _address(listen)
    project = current()
    chosen = pick(
        load_devices(devices or project.devices),
        device or load_province(project.province).mcu.device,
    )
    config = _config(
        chosen,
        address=address,
        sip_port=port,
        media_port=media_port,
        accounts=accounts,
        meetings=meetings,
        video=_video(video, meetings),
        kbps=kbps,
    )
    screen = _Screen(quiet=as_json)

    def tell(event: dict[str, Any]) -> None:
        if not as_json:
            screen.say(_line(event))
        record(event)

    def record(event: dict[str, Any]) -> None:
        if log is not None and (trouble := log.write(event)) is not None:
            # where nobody can be told, the end tells
            with suppress(OSError, ValueError, GiaobanError):
                sys.stderr.write(f"giaoban: {language.say(trouble)}\n")
                sys.stderr.flush()

    with ExitStack() as stack:
        log = None if events is None else stack.enter_context(EventLog(events))
        try:
            server = McuServer(config, None, None if as_json and log is None else tell)
        except OSError as error:
            raise MachineLacks(
                "{listen}: cannot be listened on: {why}",
                N_("another --listen, or stop the program that has the port"),
                listen=listen,
                why=strerror(error),
            ) from None
        stack.callback(server.close)
        known = N_("{device} takes calls at sip:{listen}, Ctrl-C ends")
        screen.say(Sentence(known, device=chosen.name, listen=listen))
        screen.say(_rooms(config, listen))
        record(started(datetime.now().astimezone(), listen))
        stop = end_asked_for()
        until_s = math.inf if seconds is None else time.monotonic() + seconds
        typed = Console(server, screen.say) if console else None
        # what is loaded by now stays: looking through it for garbage stops the sound for 75 ms
        gc.collect()
        gc.freeze()

        def turn() -> bool:
            if typed is not None:
                typed.look()
            return stop() or time.monotonic() >= until_s or screen.failed is not None

        server.run(turn)
        health = server.health()
        tell(health)
    if screen.failed is not None:
        raise screen.failed
    if as_json:
        print_json(health)
    code = _judge(health)
    if log is not None and (lacking := log.shortage()) is not None:
        raise lacking
    return code


class _Screen:
    """Standard output for as long as somebody reads it."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self.failed: GiaobanError | None = None

    def say(self, line: str) -> None:
        if self._quiet or self.failed is not None:
            return
        try:
            sys.stdout.write(f"{language.say(line)}\n")
            sys.stdout.flush()
        except GiaobanError as error:  # everybody is hung up before that ends the program
            self.failed = error


def _config(
    device: Device,
    *,
    address: str,
    sip_port: int,
    media_port: int,
    accounts: Path | None,
    meetings: Path | None,
    video: VideoMode,
    kbps: int,
) -> McuConfig:
    profiles = load_profiles()
    model = profiles.video_model(profiles.profile[0]).model_copy(update={"kbps": float(kbps)})
    held = Meetings(schema="giaoban.meetings/1", open_rooms=OpenRooms(video=video))
    held = held if meetings is None else load_meetings(meetings)
    known = None if accounts is None else load_accounts(accounts)
    return McuConfig(
        address=address,
        device=device,
        meetings=held,
        playout_ms=profiles.terminal.playout_ms,
        video=model,
        seed=None,
        origin_ns=time.monotonic_ns(),
        sip_port=sip_port,
        first_media_port=media_port,
        guests=device.ports_total + SPARE_PLACES,
        accounts=known,
        kernel_paces=False,
        tcp=True,
    )


def _address(listen: str) -> tuple[str, int]:
    if listen.count(":") > 1:
        raise InputError(
            '--listen = "{listen}": is an IPv6 address, and this MCU speaks IPv4 alone '
            "(allowed: such as 127.0.0.1:5070)",
            listen=listen,
        )
    found = _LISTEN.match(listen)
    try:
        if found is None or not 0 < int(found[2]) < 65_536:
            raise ValueError
        address = ipaddress.IPv4Address(found[1])
    except ValueError:
        raise InputError(
            '--listen = "{listen}": is no address with a port (allowed: such as 127.0.0.1:5070)',
            listen=listen,
        ) from None
    if address.is_unspecified or address.is_multicast or address.is_reserved:
        raise InputError(
            '--listen = "{listen}": callers are told to send their media to this '
            "address (allowed: an address of one of this machine's interfaces)",
            listen=listen,
        )
    return str(address), int(found[2])


def _video(mode: VideoMode | None, meetings: Path | None) -> VideoMode:
    if mode is not None and meetings is not None:
        raise InputError(
            '--video = "{mode}": the meetings file says how its meetings are seen '
            "(allowed: --video or --meetings)",
            mode=mode,
        )
    return mode or "presence"


def _rooms(config: McuConfig, listen: str) -> Sentence:
    """What may be called, and by whom."""
    meetings, rooms = config.meetings.meeting, config.meetings.open_rooms
    names: list[str] = [meeting.id for meeting in meetings[:SHOWN_MEETINGS]]
    if len(meetings) > SHOWN_MEETINGS:
        names.append(Sentence("{n} more", n=len(meetings) - SHOWN_MEETINGS))
    prefix = "" if rooms is None else rooms.prefix
    if rooms is not None:
        known = N_("every name that begins with {prefix}") if prefix else N_("every name")
        names.append(Sentence(known, prefix=prefix))
    example = meetings[0].id if meetings else f"{prefix}giao-ban"
    who = Sentence("anyone")
    if config.accounts is not None:
        who = Sentence("{n} {n:account|accounts}", n=len(config.accounts.account))
    return Sentence(
        "rooms: {rooms} (call sip:{example}@{listen}); callers: {who}",
        rooms=joined(", ", names),
        example=example,
        listen=listen,
        who=who,
    )


def _line(event: dict[str, Any]) -> Sentence:
    return _closing(event) if event["event"] == "mcu-health" else line_of(event)


def _closing(health: dict[str, Any]) -> Sentence:
    """The closing report in words: what was done, then what went wrong, if anything."""
    parts = [
        Sentence(
            "{n} media {n:packet|packets} sent, the latest {late:g} ms late",
            n=health["rtp_sent"],
            late=health["worst_late_ms"],
        ),
        Sentence("{n} received", n=health["rtp_received"]),
        Sentence(
            "{n} SIP {n:datagram|datagrams} sent, {received} received",
            n=health["sip_sent"],
            received=health["sip_received"],
        ),
    ]
    parts += [Sentence(words, n=health[key]) for key, words in WRONG.items() if health[key]]
    parts += [
        Sentence("{n} SIP {n:message|messages} dropped: {why}", n=n, why=why)
        for why, n in health["sip_dropped"].items()
    ]
    if steps := health["clock_steps"]:
        parts.append(
            Sentence(
                "the system's clock was set {n} {n:time|times} meanwhile, by up to {ms:+g} ms "
                "(nothing here goes by it)",
                n=steps,
                ms=health["clock_step_ms"],
            )
        )
    return Sentence("closed: {what}", what=joined("; ", parts))


def _judge(health: dict[str, Any]) -> int:
    late = late_pct(health["starved"], health["rtp_sent"])
    if late > MOST_LATE_PCT or health["overflowed"]:
        raise InvalidRun(
            "{packets} media {packets:packet|packets} left more than 20 ms late ({late:.1f} %, "
            "limit {most_late_pct:g} %; the worst {worst_ms:g} ms), {overflowed} overflowed a "
            "receive buffer: this machine cannot keep up with so many calls, and what was "
            "measured at them does not hold",
            packets=health["starved"],
            late=late,
            most_late_pct=MOST_LATE_PCT,
            worst_ms=health["worst_late_ms"],
            overflowed=health["overflowed"],
        )
    return 0
