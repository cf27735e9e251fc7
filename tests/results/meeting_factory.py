"""Small answers of `giaoban meeting` for tests: a check and a course of three bridges."""

from __future__ import annotations

from typing import Any

from giaoban.results.model.faults import FaultResult
from giaoban.results.model.studies.meetings import (
    BridgeJudged,
    Closing,
    Entry,
    HeldMeeting,
    Interrupted,
    MeetingAnswer,
    Opening,
    PartJudged,
    StreamJudged,
)
from giaoban.topology.load import load_province
from tests.results import results_factory as make

NAMES = {
    "gia-nghia": "Gia Nghĩa",
    "cu-jut": "Cư Jút",
    "tuy-duc": "Tuy Đức",
    "r-tuy-duc": "r-tuy-duc",
}
BRIDGES = ("gia-nghia", "cu-jut", "tuy-duc")


def way(kind: Any = "audio", direction: Any = "up", **more: Any) -> StreamJudged:
    """One stream of which everything arrived, but for what a test wants."""
    there = {"packets_sent": 500, "packets_received": 500, "lost_pct": 0.0, "delay_ms": 2.5}
    return StreamJudged(kind=kind, direction=direction, **{**there, "ok": True, **more})


def bridge(ident: str, **more: Any) -> BridgeJudged:
    """A bridge that was in the meeting to the end."""
    ways = [way(kind, to) for kind in ("audio", "video") for to in ("up", "down")]
    there = {"bridge": ident, "name": NAMES.get(ident, ident), "connected": True}
    return BridgeJudged(**{**there, "setup_ms": 3.0, "ways": ways, "hung_up": True, **more})


def part(name: Any = "check", **more: Any) -> PartJudged:
    """A part in which nothing was wrong."""
    there: dict[str, Any] = {
        "part": name,
        "verdict": "pass",
        "reasons": [],
        "seconds": 10.0,
        "opening": Opening(calls=3, connected=3, seconds=0.9),
        "closing": Closing(standing=3, hung_up=3, calls_left=0, units_left=0.0),
        "bridges": [bridge(ident) for ident in BRIDGES],
        "minutes": [entry(0.0, f"{name}-begins"), entry(10.0, f"{name}-ends")],
    }
    return PartJudged(**there | more)


def entry(t_s: float, code: str, bridge: str | None = None, **arguments: Any) -> Entry:
    """One line of the minutes."""
    return Entry(t_s=t_s, code=code, bridge=bridge, arguments=arguments)


def power_out(back_s: float | None = 38.6) -> FaultResult:
    """Tuy Đức is without power from second 20 on, to second 28 if it comes back."""
    back_ms = None if back_s is None else back_s * 1e3
    return make.power_out("tuy-duc", 20.0, 18_600.0, back_ms, restored_s=28.0, lost=600)


def interrupted(back_s: float | None = 38.6) -> BridgeJudged:
    """What that is at the bridge."""
    one = Interrupted(fault="site-tuy-duc", at_s=20.0, back_s=back_s)
    there = {"there_at_end": back_s is not None, "hung_up": None if back_s is None else True}
    return bridge("tuy-duc", interruptions=[one], interruption_ms=18_200.0, **there)


def answer(*parts: PartJudged, verdict: Any = "pass", **more: Any) -> MeetingAnswer:
    """A meeting with the parts given, or a sound check and course."""
    meeting = HeldMeeting(
        id="monthly-briefing",
        name="Monthly briefing",
        name_vi="Họp giao ban hằng tháng",
        article="Art. 5(1), 3(2)a",
        chair="gia-nghia",
        length_min=180,
    )
    return MeetingAnswer(
        run_id="meeting-monthly-briefing-20261127-080000",
        verdict=verdict,
        meeting=meeting,
        regulation=load_province().regulation,
        parts=list(parts) or [part(), part("course")],
        names=NAMES,
        **more,
    )
