"""What protects or repairs pictures and is not taken by the kernel is in a bridge's counts."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from scenario_factory import scenario

from giaoban.scenarios.bridge import terminal as module
from giaoban.scenarios.bridge.terminal import Terminal
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.plan.question import make_question
from giaoban.traffic.batch import SOCKADDR_IN, ReceiveBatch, Received, SendBatch
from giaoban.traffic.log import FEC_SENT, RECEIVED, REPAIRS, RETRANSMITTED, SENT, PacketLog, read
from giaoban.traffic.profiles import FEC_PAYLOAD_TYPE, RTX_PAYLOAD_TYPE
from giaoban.traffic.rtcp.session import Reporter


class Nowhere:
    """A socket whose network has no way to anywhere."""

    def __init__(self, *_address: object, dscp: int) -> None:
        self.dscp = dscp

    def connect(self, remote: tuple[str, int]) -> None:
        """UDP asks nobody."""

    def fileno(self) -> int:
        return -1

    def sendmsg(self, *_message: object) -> None:
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


class Asked:
    """What has come to a socket: one compound of RTCP, just now."""

    capacity = 8

    def __init__(self, packet: bytes, arrival_ns: int) -> None:
        row = np.frombuffer(packet, np.uint8)[None, :].copy()
        length, came = np.array([len(packet)]), np.array([arrival_ns])
        self._got = Received(row, length, came, np.zeros(1, SOCKADDR_IN), 0)

    def receive(self, _fd: int) -> Received:
        return self._got


def ask(terminal: Terminal, ssrc: int, sent: NDArray[np.void]) -> None:
    """The MCU asks for the first three of these again."""
    mcu = Reporter(1, "mcu", 90_000, np.random.default_rng(1), 0)
    nack = mcu.nack(ssrc, sent["sequence"][:3].tolist())
    came_ns = int(sent["leaving_ns"].max()) + 1
    terminal.receive(cast(ReceiveBatch, Asked(nack, came_ns)), ("video",))


@pytest.mark.parametrize(
    ("repair", "agreed", "what", "most"),
    [
        # an estimate agrees on neither
        ("fec", {"fec_send_type": FEC_PAYLOAD_TYPE}, FEC_SENT, None),
        (
            "retransmission",
            {"rtx_send_type": RTX_PAYLOAD_TYPE, "feedback": frozenset({"nack"})},
            RETRANSMITTED,
            3,
        ),
    ],
)
def test_what_repairs_pictures_and_cannot_be_sent_is_counted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    repair: str,
    agreed: dict[str, Any],
    what: int,
    most: int | None,
) -> None:
    more = f'[meeting]\nloss_repair = "{repair}"\n'
    plan = make_question(scenario(tmp_path / "s.toml", more=more)).plan
    leg = signal(plan).bridge_legs[0]
    monkeypatch.setattr(module, "media_socket", Nowhere)

    def refuse(_batch: SendBatch, _fd: int, lengths: Any, *_: object, **__: object) -> int:
        return len(lengths)

    monkeypatch.setattr(SendBatch, "send", refuse)
    sending, received, repairs = logs = (
        PacketLog(SENT, tmp_path / "sent.bin"),
        PacketLog(RECEIVED, tmp_path / "in.bin"),
        PacketLog(REPAIRS, tmp_path / "r.bin"),
    )
    monkeypatch.setattr(module, "inside", lambda _fd: contextlib.nullcontext())
    terminal = Terminal(plan, leg.number, -1, 0, logs, tmp_path)
    video = replace(leg.terms["video"], **agreed)
    terminal.begin({**leg.terms, "video": video}, leg.from_ns)
    terminal.window(SendBatch(2000, 1600), leg.from_ns + 500_000_000, ("video",))
    sending.close()
    sent = read(tmp_path / "sent.bin", SENT)
    index = plan.calls[leg.number].up["video"]
    if most is not None:
        ask(terminal, plan.streams[index].ssrc, sent)
    received.close()
    repairs.close()
    repairing = read(tmp_path / "r.bin", REPAIRS)
    assert len(sent) > len(repairing) > 0
    assert most in (None, len(repairing))
    assert set(repairing["what"].tolist()) == {what}
    assert set(repairing["stream"].tolist()) == {index}
    assert terminal.unsendable == len(sent) + len(repairing)
