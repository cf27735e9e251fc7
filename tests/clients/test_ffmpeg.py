"""H.264 of ffmpeg through a switched conference is decoded by ffmpeg on the other side."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.mcu_sim.sip.info import MEDIA_CONTROL_TYPE, wants_full_picture
from tests.clients.ffmpeg import Camera, Screen, offer
from tests.clients.media import MediaPort
from tests.clients.programs import Mcu, free_ports
from tests.phone import Phone
from tests.processes import wait_for

pytestmark = [pytest.mark.realtime, pytest.mark.alone]

Serve = Callable[..., Mcu]

MARKER = 0x80
"""The last packet of a picture has it (RFC 6184 §5.1), before its payload type."""
PICTURES = 110
"""So many are seen in less than five seconds; half of them come before the change of speakers."""
RED, BLUE = np.array([255, 0, 0]), np.array([0, 0, 255])


def test_the_picture_follows_the_voice(serve: Serve, tmp_path: Path) -> None:
    """Red speaks, then blue, which encrypts. Two bridges look on, one of them encrypted."""
    mcu = serve("--video", "switched")
    with ExitStack() as stack:
        port, secure_port = free_ports(2), free_ports(2)
        wire = stack.enter_context(closing(MediaPort(on=port)))
        screens = [stack.enter_context(closing(Screen(tmp_path, port)))]
        watchers = [stack.enter_context(closing(Phone(user))) for user in ("cu-jut", "dak-mil")]
        watchers[0].dial(mcu.uri("giao-ban"), offer(free_ports(2), wire.port))
        described = offer(free_ports(2), secure_port, secure=True)
        shown = watchers[1].dial(mcu.uri("giao-ban"), described).media[1]
        key = base64.b64encode(shown.crypto[0].key).decode()
        screens.append(stack.enter_context(closing(Screen(tmp_path, secure_port, key))))
        phones = []
        for colour, voice in (("red", "lt(t,1.5)"), ("blue", "gte(t,2)")):
            camera = stack.enter_context(closing(Camera(colour, secure=colour == "blue")))
            phone = stack.enter_context(closing(Phone(colour)))
            media = phone.dial(mcu.uri("giao-ban"), camera.offer).media
            camera.start(media[0].port, media[1].port, voice)
            phones.append(phone)

        def enough() -> bool:
            for phone in (*phones, *watchers):
                phone.live(0.02)
            return sum(h.data[1] >= MARKER for h in list(wire.rtp)) >= PICTURES

        wait_for(enough, "pictures")
        for phone in (*phones, *watchers):
            phone.hang_up()
    report = mcu.stop()
    for screen in screens:
        assert screen.errors == ""
        check_colours(screen.colours())
    # one stream to its viewer, whoever is seen
    assert len({h.ssrc for h in wire.rtp}) == 1
    steps = np.diff([h.sequence for h in wire.rtp]) % 65_536
    assert (steps == 1).all()
    asked = [wants_full_picture(i.content_type, i.body) for phone in phones for i in phone.infos]
    assert asked
    assert all(asked)
    assert {i.content_type for phone in phones for i in phone.infos} == {MEDIA_CONTROL_TYPE}
    assert report["unsendable"] == report["not_rtp"] == report["foreign"] == 0
    assert report["unauthentic"] == 0


def check_colours(colours: NDArray[np.int64]) -> None:
    """First red, then blue, and nothing else."""
    is_red = np.abs(colours - RED).max(axis=1) < 40
    is_blue = np.abs(colours - BLUE).max(axis=1) < 40
    assert (is_red | is_blue).all(), colours[~(is_red | is_blue)]
    assert np.count_nonzero(is_red) > 20
    assert np.count_nonzero(is_blue) > 20
    assert is_red[0]
    assert is_blue[-1]
    assert np.count_nonzero(np.diff(is_red.astype(int))) == 1  # one switch, no flicker
