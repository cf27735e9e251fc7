"""baresip calls over TLS, and is called."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.certificates import server_certificate
from tests.clients.baresip import Baresip
from tests.clients.media import MediaPort
from tests.clients.programs import HOST, Mcu, meetings
from tests.phone import Phone

pytestmark = pytest.mark.realtime

Serve = Callable[..., Mcu]


@pytest.fixture
def secured(tmp_path: Path) -> tuple[str, ...]:
    """The options for TLS, at the port after SIP's."""
    certificate, key = server_certificate(tmp_path, HOST)
    return "--tls-certificate", str(certificate), "--tls-key", str(key)


def cu_jut(folder: Path, mcu: Mcu, secured: tuple[str, ...], **more: str) -> Baresip:
    """A baresip that registers over TLS, and looks at the certificate."""
    return Baresip(
        folder,
        "cu-jut",
        440,
        registrar=f"{HOST}:{mcu.port + 1};transport=tls",
        config=f"net_interface {HOST}\nsip_cafile {secured[1]}\nsip_verify_server yes\n",
        **more,
    )


def test_baresip_registers_and_calls(
    serve: Serve, secured: tuple[str, ...], accounts: str, tmp_path: Path
) -> None:
    mcu = serve(*secured, "--accounts", accounts)
    client = cu_jut(tmp_path, mcu, secured, password="second-pass")
    with closing(client):
        client.wait_for("200 OK")  # to its REGISTER
        client.command("dial", f"sip:giao-ban@{HOST}:{mcu.port + 1};transport=tls")
        mcu.wait_for("joined")
        time.sleep(1)
    mcu.wait_for("left", cause="bye")
    report = mcu.stop()
    assert report["rtp_received"] > 20
    assert (report["sip_unsendable"], report["sip_dropped"]) == (0, {})


def test_a_member_that_registered_over_tls_is_called_there_and_hung_up_on(
    serve: Serve, secured: tuple[str, ...], tmp_path: Path
) -> None:
    mcu = serve(*secured, *meetings(tmp_path, "dak-nong", "cu-jut", more='floor = "chair"'))
    branch = cu_jut(tmp_path, mcu, secured, account="answermode=auto")
    with closing(branch), closing(MediaPort()) as media, closing(Phone("dak-nong")) as chair:
        branch.wait_for("200 OK")  # to its REGISTER
        described = f"v=0\no=- 1 1 IN IP4 {HOST}\ns=-\nc=IN IP4 {HOST}\nt=0 0\n"
        chair.dial(mcu.uri("giao-ban"), f"{described}m=audio {media.port} RTP/AVP 8\n")
        redial = json.dumps({"command": "redial", "participant": "cu-jut"})
        assert chair.command(redial) == 200
        mcu.wait_for("joined", bridge="cu-jut")
        drop = json.dumps({"command": "drop", "participant": "cu-jut"})
        assert chair.command(drop) == 200
        branch.wait_for("session closed")
        chair.hang_up()
    report = mcu.stop()
    assert (report["sip_unsendable"], report["sip_dropped"]) == (0, {})
