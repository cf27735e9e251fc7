"""Linphone's conference, which nobody here wrote, as the MCU of the Government: two MCUs in a row.

ha-noi (baresip) – chinh-phu (Linphone) – our MCU – gia-nghia, cu-jut (baresip)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.clients.baresip import Baresip
from tests.clients.linphone import Conference
from tests.clients.media import loudness
from tests.clients.programs import HOST, Mcu, meetings
from tests.processes import wait_for

pytestmark = pytest.mark.realtime

Serve = Callable[..., Mcu]

LOUD, SILENT = 0.06, 0.03
"""Amplitudes of a tone, full scale 1: surely there, surely not. On a busy machine packets are late,
and the MCU plays silence for them."""
TONES = {"ha-noi": 1100, "gia-nghia": 440, "cu-jut": 700}
SETTLE_S = 1.5
"""Longer than buffers of two MCUs, and of the endpoints, hold."""
LISTEN_S = 1.5


class Recording(NamedTuple):
    """What a room heard, full scale 1, its rate in Hz, and when its end was."""

    sound: NDArray[np.float64]
    rate: int
    ended: float


class Cascade:
    """A room behind the other MCU, and two of our bridges, in one meeting."""

    def __init__(self, mcu: Mcu, folder: Path, stack: ExitStack) -> None:
        self.mcu = mcu
        self.rooms: dict[str, Baresip] = {}
        for user, hz in TONES.items():
            self.rooms[user] = Baresip(folder, user, hz)
            stack.callback(self.rooms[user].close)
        self.outside = stack.enter_context(Conference(folder, "chinh-phu", mcu.port))
        self.spans: list[tuple[float, float]] = []
        self._recordings: dict[str, list[Recording]] = {user: [] for user in TONES}

    def connect(self) -> None:
        """Our bridges call our MCU, the far room the other one, and that calls ours."""
        for user in ("gia-nghia", "cu-jut"):
            self.rooms[user].command("dial", self.mcu.uri("giao-ban"))
        self.ours = self.outside.call(self.mcu.uri("giao-ban"))
        self.mcu.wait_for("joined", 3)
        self.rooms["ha-noi"].command("dial", f"sip:chinh-phu@{HOST}:{self.outside.port}")
        theirs = self.ours + 1
        wait_for(lambda: self.outside.runs(theirs), "the far room's call")
        self.outside.mix(self.ours, theirs)

    def listen(self) -> None:
        """A span of time in which nothing is changed."""
        time.sleep(SETTLE_S)
        start = time.monotonic()
        time.sleep(LISTEN_S)
        self.spans.append((start, time.monotonic()))

    def keep(self, user: str) -> None:
        """What it has recorded so far: it begins anew when its call gets other media."""
        self._recordings[user].append(Recording(*self.rooms[user].heard_so_far(), time.monotonic()))

    def heard(self) -> list[dict[str, set[int]]]:
        """In each span which tones each room heard; all is over then."""
        for user, room in self.rooms.items():
            room.close()
            self._recordings[user].append(Recording(*room.heard(), time.monotonic()))
        return [{user: self._tones(user, span) for user in self.rooms} for span in self.spans]

    def _tones(self, user: str, span: tuple[float, float]) -> set[int]:
        sound, rate, ended = next(one for one in self._recordings[user] if one.ended > span[1])
        start, end = (len(sound) - round((ended - at) * rate) for at in span)
        part = sound[start:end]
        assert len(part) > rate
        found = {hz: loudness(part, rate, hz) for hz in TONES.values()}
        assert all(a > LOUD or a < SILENT for a in found.values()), (user, found)
        return {hz for hz, amplitude in found.items() if amplitude > LOUD}


@pytest.fixture
def cascade(serve: Serve, tmp_path: Path) -> Iterator[Callable[[str], Cascade]]:
    """Starts a meeting of the Government's, with such a floor."""
    with ExitStack() as stack:

        def start(floor: str) -> Cascade:
            ours = ("gia-nghia", "cu-jut")
            listed = meetings(tmp_path, "chinh-phu", *ours, more=f'floor = "{floor}"')
            made = Cascade(serve(*listed, "--console"), tmp_path, stack)
            made.connect()
            return made

        yield start


def test_everybody_is_heard_over_both_mcus_until_the_other_one_hangs_up(
    cascade: Callable[[str], Cascade],
) -> None:
    """Nobody hears himself; our meeting goes on, and the far room hears nothing of it any more."""
    made = cascade("open")
    made.listen()
    made.keep("ha-noi")
    made.outside.command(f"terminate {made.ours}")
    made.mcu.wait_for("left", bridge="chinh-phu", cause="bye")
    made.listen()
    heard, alone = made.heard()
    assert heard == {user: set(TONES.values()) - {hz} for user, hz in TONES.items()}
    goes_on = {"gia-nghia": {TONES["cu-jut"]}, "cu-jut": {TONES["gia-nghia"]}}
    assert alone == {"ha-noi": set(), **goes_on}
    report = made.mcu.stop()
    assert report["sip_dropped"] == {}
    assert report["foreign"] == 0
    assert report["not_rtp"] < 50  # Linphone's STUN messages
