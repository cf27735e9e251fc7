"""Commands to a running meeting and their answers, as typed data and as the JSON they travel in.

One JSON object with its "command" and what that command needs, nothing else:
`{"command": "mute", "participant": "cu-jut"}`. Content type `CONTROL_TYPE`.

At the MCU's console (Art. 2, 15) a line is a command's name and what it needs, in the same words:
`mute cu-jut`, `call-to-speak dak-mil also`, `layout 2x2`, `queue`. Where several
meetings run, the meeting comes first, with a colon: `briefing: mute-all`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from giaoban.mcu_sim.conference.meeting import LayoutChoice
from giaoban.mcu_sim.device import Id
from giaoban.tomlfile import StrictModel

CONTROL_TYPE = "application/vnd.giaoban.control+json"
BAD_COMMAND = 400
FORBIDDEN = 403
NOT_FOUND = 404
BUSY = 486


@dataclass(frozen=True, slots=True)
class CommandAccepted:
    """The command was carried out, or what it asks for is so already; `text` says which."""

    text: str

    def as_json(self) -> bytes:
        """`{"done": true, "text": …}`"""
        return _json({"done": True, "text": self.text})


@dataclass(frozen=True, slots=True)
class CommandRejected:
    """Nothing was changed. `code` is of the SIP kind: 400, 403, 404, 486."""

    code: int
    reason: str

    def as_json(self) -> bytes:
        """`{"done": false, "code": …, "reason": …}`"""
        return _json({"done": False, "code": self.code, "reason": self.reason})


@dataclass(frozen=True, slots=True)
class SpeakerQueue:
    """The requests to speak, first come first, and who has been called.

    Attributes:
        waiting: (participant, ms it has waited).
        called: the called speakers, the newest last.
    """

    waiting: tuple[tuple[str, float], ...]
    called: tuple[str, ...]

    def as_json(self) -> bytes:
        """`{"done": true, "queue": [{"participant": …, "waiting_ms": …}], "called": […]}`"""
        queue = [{"participant": who, "waiting_ms": round(ms)} for who, ms in self.waiting]
        return _json({"done": True, "queue": queue, "called": list(self.called)})


@dataclass(frozen=True, slots=True)
class MeetingState:
    """How each bridge is doing (Art. 15(2)d), each list in the order they came.

    Attributes:
        connected: whose line stands; `lost`: whose place is kept while its line is away.
        heard: whose microphone is open; `called`: the called speakers, the newest last.
        unreported: who has been interrupted and has not said why (Art. 16(2)d).
    """

    meeting: str
    connected: tuple[str, ...]
    lost: tuple[str, ...]
    heard: tuple[str, ...]
    called: tuple[str, ...]
    unreported: tuple[str, ...]

    def as_json(self) -> bytes:
        """`{"done": true, "meeting": …, "connected": […], "lost": […], …}`"""
        return _json({"done": True, **asdict(self)})


Answer = CommandAccepted | CommandRejected | SpeakerQueue | MeetingState


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


MAX_BYTES = 1024
"""No command is longer; a longer one is not looked into."""


class CommandError(ValueError):
    """These bytes are no command; the message is one line that says why."""


class RequestToSpeak(StrictModel):
    """Stand in the queue. Without a participant: whoever sends it."""

    command: Literal["request-to-speak"]
    """Which command."""
    participant: Id | None = None
    """Id of the bridge; whoever gives the command where not given. Like `"north"`."""


class Withdraw(StrictModel):
    """Leave the queue. Without a participant: whoever sends it."""

    command: Literal["withdraw"]
    """Which command."""
    participant: Id | None = None
    """Id of the bridge; whoever gives the command where not given. Like `"north"`."""


class CallToSpeak(StrictModel):
    """Let a participant be heard; `also`: the called speakers before it stay."""

    command: Literal["call-to-speak"]
    """Which command."""
    participant: Id
    """Id of the bridge. Like `"north"`."""
    also: bool = False
    """The called speakers before it stay."""


class EndSpeech(StrictModel):
    """Close a called speaker's microphone again."""

    command: Literal["end-speech"]
    """Which command."""
    participant: Id
    """Id of the bridge. Like `"north"`."""


class Mute(StrictModel):
    """Close a microphone. Without a participant: that of whoever sends it."""

    command: Literal["mute"]
    """Which command."""
    participant: Id | None = None
    """Id of the bridge; whoever gives the command where not given. Like `"north"`."""


class Unmute(StrictModel):
    """Take back a `mute`. Without a participant: that of whoever sends it."""

    command: Literal["unmute"]
    """Which command."""
    participant: Id | None = None
    """Id of the bridge; whoever gives the command where not given. Like `"north"`."""


class MuteAll(StrictModel):
    """Close every microphone but the chair's."""

    command: Literal["mute-all"]
    """Which command."""


class Layout(StrictModel):
    """The picture of every viewer."""

    command: Literal["layout"]
    """Which command."""
    layout: LayoutChoice
    """The arrangement."""


class Drop(StrictModel):
    """Put a participant out."""

    command: Literal["drop"]
    """Which command."""
    participant: Id
    """Id of the bridge. Like `"north"`."""


class Redial(StrictModel):
    """Call a participant that is not connected, and let a dropped one in again."""

    command: Literal["redial"]
    """Which command."""
    participant: Id
    """Id of the bridge. Like `"north"`."""


class Present(StrictModel):
    """Give the content channel to a participant; without one: take it back."""

    command: Literal["present"]
    """Which command."""
    participant: Id | None = None
    """Id of the bridge; nobody where not given. Like `"north"`."""


class EndMeeting(StrictModel):
    """End the meeting for everybody."""

    command: Literal["end-meeting"]
    """Which command."""


class ReadQueue(StrictModel):
    """Who waits to speak."""

    command: Literal["queue"]
    """Which command."""


class ReadState(StrictModel):
    """How each bridge is doing."""

    command: Literal["state"]
    """Which command."""


Told = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class ReportInterruption(StrictModel):
    """Why a bridge's line was or is away: cause, remedy, and in how many minutes it is expected to
    be repaired, 0 if it is. Without a participant: that of whoever sends it."""

    command: Literal["report-interruption"]
    """Which command."""
    cause: Told
    """Why the line was or is away. Like `"power cut"`."""
    remedy: Told
    """What is done about it. Like `"generator started"`."""
    expected_min: float = Field(ge=0, le=10_000)
    """In how many minutes it is expected to be repaired; 0 if it is. Like `10.0`."""
    participant: Id | None = None
    """Id of the bridge; whoever gives the command where not given. Like `"north"`."""


Command = (
    RequestToSpeak
    | Withdraw
    | CallToSpeak
    | EndSpeech
    | Mute
    | Unmute
    | MuteAll
    | Layout
    | Drop
    | Redial
    | Present
    | EndMeeting
    | ReadQueue
    | ReadState
    | ReportInterruption
)

_ADAPTER: TypeAdapter[Command] = TypeAdapter(
    Annotated[Command, Field(discriminator="command")], config=ConfigDict(defer_build=True)
)


def parse(data: bytes) -> Command:
    """The command in the body of a control request. Raises `CommandError` for anything else."""
    if len(data) > MAX_BYTES:
        raise CommandError(f"{len(data)} bytes, a command has {MAX_BYTES} at most")
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise CommandError("not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise CommandError("not a JSON object")
    try:
        return _ADAPTER.validate_python(value)
    except ValidationError as error:
        raise CommandError(_explain(error)) from None


def subject(command: Command) -> str:
    """Return the participant that a command names, "" if none."""
    return getattr(command, "participant", None) or ""


def _explain(error: ValidationError) -> str:
    """The first mistake in one printable line: it may go into a status line (RFC 3261 §7.2)."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "union_tag_not_found":
        return "command: is missing"
    if first["type"] == "union_tag_invalid":
        return f"command: is not known (allowed: {first['ctx']['expected_tags']})"
    # the place is the command's name and then the key
    key = ascii(first["loc"][:2][-1])[1:-1][:40]
    return f"{key}: {first['msg']}"


HELP = (
    "call-to-speak ID [also] | end-speech ID | mute ID | unmute ID | mute-all | queue | state | "
    "layout auto|2x2|… | present [ID] | drop ID | redial ID | end-meeting"
)


def read_line(line: str) -> tuple[str | None, Command]:
    """The meeting a line names, None if it names none, and its command. Raises `CommandError`."""
    meeting, colon, rest = line.partition(":")
    words = (rest if colon else line).split()
    if not words:
        raise CommandError(f"no command (allowed: {HELP})")
    fields: dict[str, object] = {"command": words[0]}
    words = words[1:]
    if words[-1:] == ["also"]:
        fields["also"] = True
        words = words[:-1]
    if len(words) > 1:
        raise CommandError(f'"{words[1]}" is one word too many (allowed: {HELP})')
    if words:
        fields["layout" if fields["command"] == "layout" else "participant"] = words[0]
    return meeting.strip() if colon else None, parse(json.dumps(fields).encode())
