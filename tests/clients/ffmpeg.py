"""ffmpeg (https://ffmpeg.org) as a camera with a microphone, and as a screen."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.clients.programs import HOST, end, free_ports

OFFER = """v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio {audio} {protocol} 8
a=rtpmap:8 PCMA/8000
{crypto}m=video {video} {protocol} 97
b=AS:512
a=rtpmap:97 H264/90000
a=fmtp:97 profile-level-id=42801F;packetization-mode=1
{crypto}"""
SHOWN = """v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=video {video} {protocol} 97
a=rtpmap:97 H264/90000
a=fmtp:97 packetization-mode=1
{crypto}"""
SUITE = "AES_CM_128_HMAC_SHA1_80"
KEY = base64.b64encode(bytes(range(30))).decode()
"""Master key and salt of all that ffmpeg sends encrypted."""


def offer(audio: int, video: int, *, secure: bool = False) -> str:
    """The description of an endpoint with these ports."""
    return OFFER.format(host=HOST, audio=audio, video=video, **_protection(KEY if secure else None))


def _protection(key: str | None) -> dict[str, str]:
    if key is None:
        return {"protocol": "RTP/AVP", "crypto": ""}
    return {"protocol": "RTP/SAVP", "crypto": f"a=crypto:1 {SUITE} inline:{key}\n"}


class Camera:
    """Sends a picture of one colour and a tone for as long as `voice` says."""

    def __init__(self, colour: str, *, secure: bool = False) -> None:
        self.audio, self.video = free_ports(2), free_ports(2)
        self._colour, self._secure = colour, secure
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def offer(self) -> str:
        return offer(self.audio, self.video, secure=self._secure)

    def start(self, audio_to: int, video_to: int, voice: str) -> None:
        """Send to two ports of the MCU; `voice`: an expression of the time t, 1 for speaking."""
        encoder = (
            *("-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast"),
            *("-tune", "zerolatency", "-b:v", "256k", "-g", "25", "-pix_fmt", "yuv420p"),
        )
        sound = f"aevalsrc='0.4*sin(2*PI*500*t)*({voice})':s=8000:n=160"
        self._process = subprocess.Popen(
            [
                *("ffmpeg", "-v", "error", "-nostdin"),
                *("-re", "-f", "lavfi", "-i", f"color={self._colour}:s=320x240:r=25"),
                *("-re", "-f", "lavfi", "-i", sound),
                *("-map", "0:v", *encoder, "-payload_type", "97"),
                *self._output(video_to, self.video),
                *("-map", "1:a", "-c:a", "pcm_alaw", "-payload_type", "8"),
                *self._output(audio_to, self.audio),
            ]
        )

    def _output(self, to: int, own: int) -> list[str]:
        where = f"{HOST}:{to}?localrtpport={own}&localrtcpport={own + 1}&pkt_size=1200"
        if not self._secure:
            return ["-f", "rtp", f"rtp://{where}"]
        keys = ["-srtp_out_suite", SUITE, "-srtp_out_params", KEY]
        return [*keys, "-f", "rtp", f"srtp://{where}"]

    def close(self) -> None:
        if self._process is not None:
            end(self._process)


class Screen:
    """Receives H.264 at a port and decodes it; every error it meets is kept."""

    def __init__(self, folder: Path, port: int, key: str | None = None) -> None:
        """`key`: of what comes, if it is encrypted."""
        name = f"screen-{port}"
        description = folder / f"{name}.sdp"
        description.write_text(SHOWN.format(host=HOST, video=port, **_protection(key)))
        self._pictures, self._errors = folder / f"{name}.rgb", folder / f"{name}.log"
        with self._errors.open("w") as log:
            self._process = subprocess.Popen(
                [
                    *("ffmpeg", "-v", "error", "-nostdin", "-protocol_whitelist"),
                    "file,udp,rtp,srtp",
                    *("-reorder_queue_size", "0", "-analyzeduration", "0", "-i", str(description)),
                    *("-fps_mode", "passthrough", "-enc_time_base", "1:90000"),
                    *("-vf", "scale=1:1:flags=area"),
                    *("-f", "rawvideo", "-pix_fmt", "rgb24", str(self._pictures)),
                ],
                stderr=log,
            )

    def close(self) -> None:
        end(self._process)

    @property
    def errors(self) -> str:
        """What it complained of."""
        return self._errors.read_text(errors="replace")

    def colours(self) -> NDArray[np.int64]:
        """The mean colour of each picture, (n, 3) of red, green, blue; after `close`."""
        return np.fromfile(self._pictures, np.uint8).reshape(-1, 3).astype(np.int64)
