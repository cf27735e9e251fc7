"""The technician's console of `giaoban mcu serve`: commands on standard input, answers printed."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable

from mcu_sim.conference.answers import Answer, Done, Refused
from mcu_sim.conference.commands import CommandError
from mcu_sim.conference.console import HELP, read_line
from mcu_sim.server import McuServer

LONGEST_LINE = 1024


class Console:
    """Reads what was typed since it last looked, without ever waiting for it."""

    def __init__(self, server: McuServer, say: Callable[[str], None]) -> None:
        self._server = server
        self._say = say
        self._fd = sys.stdin.fileno()
        self._typed = b""
        self._open = True
        say(f"commands: {HELP}")

    def look(self) -> None:
        """Carry out the lines that are complete."""
        if not self._open or not select.select([self._fd], [], [], 0)[0]:
            return
        read = os.read(self._fd, LONGEST_LINE)
        self._open = bool(read)
        *lines, self._typed = (self._typed + read).split(b"\n")
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


def _in_words(answer: Answer) -> str:
    match answer:
        case Done(text):
            return f"done: {text}"
        case Refused(code, reason):
            return f"refused: {code} {reason}"
        case _:
            waiting = [f"{who} for {ms / 1000:.0f} s" for who, ms in answer.waiting]
            called = f"; called to speak: {', '.join(answer.called)}" if answer.called else ""
            return f"asking to speak: {', '.join(waiting) or 'nobody'}{called}"
