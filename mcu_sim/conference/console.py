"""Commands as the technician at the MCU's console types them (Art. 2, 15).

A line is a command's name and what it needs, in the words of `commands`: `mute cu-jut`,
`call-to-speak dak-mil also`, `layout 2x2 for krong-no`, `queue`. Where several meetings run, the
meeting comes first, with a colon: `briefing: mute-all`.
"""

from __future__ import annotations

import json

from mcu_sim.conference.commands import Command, CommandError, parse

HELP = (
    "call-to-speak ID [also] | end-speech ID | mute ID | unmute ID | mute-all | queue | "
    "layout auto|2x2|… [for ID] | present [ID] | drop ID | redial ID | end-meeting"
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
    if len(words) >= 2 and words[-2] == "for":
        fields["for"] = words[-1]
        words = words[:-2]
    if len(words) > 1:
        raise CommandError(f'"{words[1]}" is one word too many (allowed: {HELP})')
    if words:
        fields["layout" if fields["command"] == "layout" else "participant"] = words[0]
    return meeting.strip() if colon else None, parse(json.dumps(fields).encode())
