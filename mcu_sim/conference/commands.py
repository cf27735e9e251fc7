"""Commands to a running meeting, as typed data and as the JSON they come in.

One JSON object with its "command" and what that command needs, nothing else:
`{"command": "mute", "participant": "cu-jut"}`. Content type `application/vnd.giaoban.control+json`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from giaoban.tomlfile import StrictModel
from mcu_sim.conference.meeting import LayoutChoice
from mcu_sim.device import Id

MAX_BYTES = 1024
"""No command is longer; a longer one is not looked into."""


class CommandError(ValueError):
    """These bytes are no command; the message is one line that says why."""


class RequestToSpeak(StrictModel):
    """Stand in the queue. Without a participant: whoever sends it (Art. 16(2)e)."""

    command: Literal["request-to-speak"]
    participant: Id | None = None


class Withdraw(StrictModel):
    """Leave the queue. Without a participant: whoever sends it."""

    command: Literal["withdraw"]
    participant: Id | None = None


class CallToSpeak(StrictModel):
    """Let a participant be heard; `also`: the called speakers before it stay."""

    command: Literal["call-to-speak"]
    participant: Id
    also: bool = False


class EndSpeech(StrictModel):
    """Close a called speaker's microphone again."""

    command: Literal["end-speech"]
    participant: Id


class Mute(StrictModel):
    """Close a microphone. Without a participant: that of whoever sends it."""

    command: Literal["mute"]
    participant: Id | None = None


class Unmute(StrictModel):
    """Take back a `mute`. Without a participant: that of whoever sends it."""

    command: Literal["unmute"]
    participant: Id | None = None


class MuteAll(StrictModel):
    """Close every microphone but the chair's."""

    command: Literal["mute-all"]


class Layout(StrictModel):
    """The picture of every viewer, or (JSON key "for") of one."""

    command: Literal["layout"]
    layout: LayoutChoice
    viewer: Id | None = Field(default=None, alias="for")


class Drop(StrictModel):
    """Put a participant out."""

    command: Literal["drop"]
    participant: Id


class Redial(StrictModel):
    """Call a participant that is not connected, and let a dropped one in again."""

    command: Literal["redial"]
    participant: Id


class Present(StrictModel):
    """Give the content channel to a participant; without one: take it back."""

    command: Literal["present"]
    participant: Id | None = None


class EndMeeting(StrictModel):
    """End the meeting for everybody."""

    command: Literal["end-meeting"]


class ReadQueue(StrictModel):
    """Who waits to speak."""

    command: Literal["queue"]


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
)

_ADAPTER: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="command")])


def parse(data: bytes) -> Command:
    """The command in the body of a control request. Raises `CommandError` for anything else."""
    if len(data) > MAX_BYTES:
        raise CommandError(f"{len(data)} bytes, a command has {MAX_BYTES} at most")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once_each)
    except CommandError:
        raise
    except (ValueError, RecursionError):
        raise CommandError("not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise CommandError("not a JSON object")
    try:
        return _ADAPTER.validate_python(value)
    except ValidationError as error:
        raise CommandError(_explain(error)) from None


def subject(command: Command) -> str:
    """The participant a command names, "" if none."""
    named = command.viewer if isinstance(command, Layout) else getattr(command, "participant", None)
    return named or ""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise CommandError("a key is there twice")
    return dict(pairs)


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
