"""What protects or repairs pictures and is not taken by the kernel is in a bridge's counts."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import scenario

from giaoban.scenarios.bridge import terminal as module
from giaoban.scenarios.bridge.terminal import Terminal
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.spec.question import make_question
from giaoban.traffic.batch import SendBatch
from giaoban.traffic.log import FEC_SENT, RECEIVED, REPAIRS, SENT, PacketLog, read
from giaoban.traffic.profiles import FEC_PAYLOAD_TYPE


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


def test_fec_that_cannot_be_sent_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = '[meeting]\nloss_repair = "fec"\n'
    plan = make_question(scenario(tmp_path / "s.toml", more=more)).plan
    leg = signal(plan).bridge_legs[0]
    repairs = PacketLog(REPAIRS, tmp_path / "repairs.bin")
    monkeypatch.setattr(module, "media_socket", Nowhere)

    def refuse(_batch: SendBatch, _fd: int, lengths: Any, *_: object, **__: object) -> int:
        return len(lengths)

    monkeypatch.setattr(SendBatch, "send", refuse)
    logs = PacketLog(SENT, tmp_path / "sent.bin"), PacketLog(RECEIVED, tmp_path / "in.bin"), repairs
    monkeypatch.setattr(module, "inside", lambda _fd: contextlib.nullcontext())
    terminal = Terminal(plan, leg.number, -1, 0, logs, tmp_path)
    # an estimate agrees on no FEC
    video = replace(leg.terms["video"], fec_send_type=FEC_PAYLOAD_TYPE)
    terminal.begin({**leg.terms, "video": video}, leg.from_ns)
    terminal.window(SendBatch(2000, 1600), leg.from_ns + 500_000_000, ("video",))
    for log in logs:
        log.close()
    sent = read(tmp_path / "sent.bin", SENT)
    protecting = read(tmp_path / "repairs.bin", REPAIRS)
    assert len(sent) > len(protecting) > 0
    assert set(protecting["what"].tolist()) == {FEC_SENT}
    assert terminal.unsendable == len(sent) + len(protecting)
