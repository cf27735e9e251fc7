"""Streams, seats, meetings and a real MCU server on the loopback, for the tests of its process."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.mcu_sim.device import Device, load_devices, pick
from giaoban.mcu_sim.server import McuConfig, McuServer, PlannedStreams
from giaoban.traffic import rtp
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.video_model import VideoModel

MODEL = VideoModel(
    kbps=1024.0,
    fps=30,
    key_ratio=4.0,
    size_sigma=0.2,
    key_interval_s=10.0,
    spread=0.5,
    max_payload=1200,
)


def device(name: str = "rmx-1500-mpmx", **figures: Any) -> Device:
    """A device of the table. `figures`: changes to its parts, each a mapping."""
    chosen = pick(load_devices(), name)
    for part, value in figures.items():
        changed = getattr(chosen, part).model_copy(update=value)
        chosen = chosen.model_copy(update={part: changed})
    return chosen


def meetings(*tables: dict[str, Any], rooms: dict[str, Any] | None = None) -> Meetings:
    """Meetings as in a file; `rooms` is its [open_rooms]."""
    usual = {"name": "Giao ban", "pattern": "any-bridges", "floor": "open"}
    return Meetings.model_validate(
        {
            "schema": "giaoban.meetings/1",
            "meeting": [usual | table for table in tables],
            "open_rooms": rooms,
        }
    )


def meeting_of(members: Sequence[str], **more: Any) -> dict[str, Any]:
    """A meeting called `meeting`; the first member is its chair."""
    return {"id": "meeting", "chair": members[0], "members": list(members)} | more


def stream(index: int, bridge: str, kind: str, direction: str, **more: Any) -> StreamPlan:
    """A stream with an identifier of its own; its counters wrap soon."""
    ident = rtp.StreamId(
        payload_type=8 if kind == "audio" else 97,
        ssrc=0xA0000000 + index,
        first_sequence=65_500,
        first_timestamp=2**32 - 4000,
    )
    return StreamPlan.model_validate(
        {
            "index": index,
            "bridge": bridge,
            "kind": kind,
            "direction": direction,
            "header_hex": rtp.template(ident).hex(),
            "ssrc": ident.ssrc,
            "first_sequence": ident.first_sequence,
            "first_timestamp": ident.first_timestamp,
            "seed": 1000 + index,
            **more,
        }
    )


def planned_streams(bridges: Sequence[str]) -> dict[str, PlannedStreams]:
    """Four streams a bridge, in the order audio up, audio down, video up, video down."""
    return {
        bridge: PlannedStreams(
            up={"audio": 4 * n, "video": 4 * n + 2},
            down={
                "audio": stream(4 * n + 1, bridge, "audio", "down"),
                "video": stream(4 * n + 3, bridge, "video", "down"),
            },
        )
        for n, bridge in enumerate(bridges)
    }


def config(address: str, held: Meetings, **more: Any) -> McuConfig:
    """An MCU on an interface that paces nothing, as the loopback."""
    usual: dict[str, Any] = {
        "device": device(),
        "playout_ms": 40.0,
        "video": MODEL,
        "seed": 1,
        "origin_ns": time.monotonic_ns(),
        "kernel_paces": False,
    }
    return McuConfig(address=address, meetings=held, **(usual | more))


class Running:
    """An MCU on a loopback address, served by a thread until it is told to stop."""

    def __init__(self, address: str, captures: Path | None, held: Meetings, **more: Any) -> None:
        """`more`: fields of `McuConfig`."""
        self.address = address
        self.events: list[dict[str, Any]] = []
        self._stop = threading.Event()
        self._broken: list[BaseException] = []
        self.server = McuServer(config(address, held, **more), captures, self.events.append)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.server.run(self._stop.is_set)
        except BaseException as error:  # it is raised where the test waits
            self._broken.append(error)
        finally:
            self.server.close()

    def stop(self) -> None:
        """Let it hang everybody up."""
        self._stop.set()

    def finish(self) -> dict[str, Any]:
        """Stop it and wait for its end; its health."""
        self.stop()
        self._thread.join()
        if self._broken:
            raise self._broken[0]
        return self.server.health()

    def said(self, event: str) -> list[str]:
        return [e["bridge"] for e in self.events if e["event"] == event]
