"""H.264 made by x264 and decoded by ffmpeg, picture by picture."""

from __future__ import annotations

import struct
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

FPS, FRAME_MS = 25, 40
VIDEO_TAG, FLV_HEADER = 9, b"FLV\1\1\0\0\0\x09\0\0\0\0"
KEY, PREDICTED, AVC = 0x10, 0x20, 7
SEQUENCE_HEADER, PICTURE = 0, 1


def encode(path: Path, frames: int, *, every: int, kbps: int = 256) -> Path:
    """QCIF in which each sample changes from picture to picture; an IDR picture `every` so many.

    As a conferencing encoder has it: one slice a picture, which refers to the one before; no B
    frames, no look-ahead. One thread, so that each machine makes the same file.
    """
    settings = f"slices=1:threads=1:scenecut=0:keyint={every}:min-keyint={every}:aud=0"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i"),
            f"testsrc2=s=176x144:r={FPS},noise=alls=20:allf=t:all_seed=1",
            *("-frames:v", str(frames), "-c:v", "libx264", "-profile:v", "baseline"),
            *("-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0", "-refs", "1"),
            *("-x264-params", settings, "-b:v", f"{kbps}k", "-pix_fmt", "yuv420p"),
            *("-f", "h264", str(path)),
        ],
        check=True,
    )
    return path


def pictures(path: Path) -> list[str]:
    """The MD5 of each picture that ffmpeg decodes of an H.264 byte stream."""
    return [digest for _, digest in _decoded(["-f", "h264", "-i", str(path)])]


def shown(
    folder: Path, units: Mapping[int, Sequence[bytes]], sets: Sequence[bytes]
) -> dict[int, set[str]]:
    """The MD5s of what ffmpeg's decoder shows at each picture's time.

    In a byte stream pictures have no times, and those behind a gap would move up; so they are put
    into FLV, with the time of each (Adobe Flash Video File Format 10.1, annex E).

    Args:
        units: NAL units of the pictures that came, by number.
        sets: sequence and picture parameter set to begin with.
    """
    sps, pps = sets
    record = b"\1" + sps[1:4] + b"\xff\xe1" + _sized(sps, 2) + b"\1" + _sized(pps, 2)
    data = FLV_HEADER + _tag(0, KEY, SEQUENCE_HEADER, record)
    for number, parts in sorted(units.items()):
        kind = KEY if any(unit[0] & 0x1F == 5 for unit in parts) else PREDICTED
        body = b"".join(_sized(unit, 4) for unit in parts)
        data += _tag(number * FRAME_MS, kind, PICTURE, body)
    path = folder / "came.flv"
    path.write_bytes(data)
    found: dict[int, set[str]] = defaultdict(set)
    for at_ms, digest in _decoded(["-f", "flv", "-i", str(path)]):
        found[at_ms // FRAME_MS].add(digest)
    return found


def _decoded(source: Sequence[str]) -> list[tuple[int, str]]:
    """When each decoded picture is shown, in ms, and its MD5 (ffmpeg's `framemd5`)."""
    run = subprocess.run(
        [
            *("ffmpeg", "-v", "quiet", "-nostdin", "-threads", "1", *source, "-map", "0:v"),
            *("-copyts", "-fps_mode", "passthrough", "-enc_time_base", "1:1000"),
            *("-f", "framemd5", "-"),
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    rows = [line.split(",") for line in run.stdout.splitlines() if line[:1] != "#"]
    return [(int(row[2]), row[5].strip()) for row in rows]


def _sized(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width, "big") + data


def _tag(at_ms: int, kind: int, what: int, body: bytes) -> bytes:
    """A video tag of FLV, and its size."""
    data = bytes([kind | AVC, what, 0, 0, 0]) + body
    time = struct.pack(">I", at_ms)
    head = bytes([VIDEO_TAG]) + len(data).to_bytes(3, "big") + time[1:] + time[:1]
    return head + bytes(3) + data + struct.pack(">I", 11 + len(data))
