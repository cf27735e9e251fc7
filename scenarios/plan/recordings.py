"""The files that a scenario names: recordings that bridges send, and traces of losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from giaoban import tomlfile
from giaoban.errors import InputError, unknown
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.spec.scenario import Recorded, Scenario
from giaoban.sentence import Sentence
from giaoban.tomlfile import Mistake
from giaoban.traffic.impairments import read_trace
from giaoban.traffic.impairments.models import TraceLoss
from giaoban.traffic.recorded.capture import loss_runs, read_capture
from giaoban.traffic.recorded.recording import RATE_MARGIN, Recording
from giaoban.traffic.recorded.sources import recording_from_capture, recording_from_h264
from giaoban.traffic.rtp import HEADER_BYTES
from giaoban.traffic.sources.video_model import CLOCK_HZ, VideoModel

CAPTURES = frozenset({".pcap", ".pcapng", ".cap"})


def is_capture(path: Path) -> bool:
    """Whether a file is taken for a capture, by its name."""
    return path.suffix.lower() in CAPTURES


def files_of(scenario: Scenario, origin: Path) -> list[Path]:
    """The files that a scenario names, each once."""
    return [origin.parent / name for name in _names(scenario)]


def renamed(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """The scenario with other names for its files, in the order of `files_of`.

    Raises `InputError`: there are not as many.
    """
    known = _names(scenario)
    if len(known) != len(names):
        raise InputError(
            "{scenario}: names {named} {named:file|files}, {there} {there:is|are} there",
            scenario=scenario.id,
            named=len(known),
            there=len(names),
        )
    to = dict(zip(known, names, strict=True))
    recordings = [r.model_copy(update={"file": to[r.file]}) for r in scenario.recordings]
    impairments = []
    for item in scenario.impairments:
        loss = item.loss
        if isinstance(loss, TraceLoss) and loss.file:
            item = item.model_copy(update={"loss": TraceLoss(file=to[loss.file])})
        impairments.append(item)
    return scenario.model_copy(update={"recordings": recordings, "impairments": impairments})


def _names(scenario: Scenario) -> list[str]:
    traces = (i.loss.file for i in scenario.impairments if isinstance(i.loss, TraceLoss))
    named = [*(item.file for item in scenario.recordings), *(name for name in traces if name)]
    return list(dict.fromkeys(named))


def with_traces(scenario: Scenario, origin: Path) -> Scenario:
    """The scenario with every trace of losses read from its file.

    Raises:
        InputError: a file is not there, or is no trace.
    """
    impairments = []
    for number, item in enumerate(scenario.impairments):
        loss = item.loss
        if isinstance(loss, TraceLoss) and loss.file is not None:
            path = origin.parent / loss.file
            with _told_at(origin, ("impairment", number, "loss", "file"), loss.file):
                if is_capture(path):
                    runs = loss_runs(read_capture(path).choose())
                else:
                    runs = read_trace(path)
            item = item.model_copy(update={"loss": TraceLoss(runs=runs)})
        impairments.append(item)
    return scenario.model_copy(update={"impairments": impairments})


def read_recordings(scenario: Scenario, origin: Path, model: VideoModel) -> dict[str, Recording]:
    """The recording of each bridge that sends one.

    Args:
        model: of the call's pictures, whose packets a byte stream is cut into.

    Raises:
        InputError: a file is not there, is no recording of pictures, or is more than the call.
    """
    recordings = {}
    for number, item in enumerate(scenario.recordings):
        with _told_at(origin, ("recording", number, "file"), item.file):
            recordings[item.bridge] = _read(item, origin.parent / item.file, model)
    return recordings


@contextmanager
def _told_at(origin: Path, loc: tuple[str | int, ...], value: str) -> Iterator[None]:
    """What is wrong with a file is told where the scenario names it."""
    try:
        yield
    except InputError as error:
        raise tomlfile.mistakes(origin, [(loc, value, error.said)]) from None


def save_recordings(plan: Plan, recordings: Mapping[str, Recording], folder: Path) -> None:
    """Put what bridges send into a run's folder, where the emulation finds it."""
    for item in plan.recordings:
        path = folder / item.file
        path.parent.mkdir(exist_ok=True)
        recordings[item.bridge].save(path)


def open_recording(
    path: Path, *, ssrc: int | None, fps: float | None, max_payload: int, spread: float
) -> Recording:
    """Pictures out of a capture, or of a byte stream, which is cut into packets of at most
    `max_payload` bytes that are spread over a part of a frame's interval.

    Raises:
        InputError: the file is not there, or is no recording of pictures.
    """
    if is_capture(path):
        return recording_from_capture(path, h264=True, ssrc=ssrc)
    if ssrc is not None:
        raise InputError(
            "{path}: an H.264 byte stream has no SSRC (allowed: file and fps)", path=path
        )
    return recording_from_h264(path, max_payload=max_payload, spread=spread, fps=fps)


def _read(item: Recorded, path: Path, model: VideoModel) -> Recording:
    recording = open_recording(
        path, ssrc=item.ssrc, fps=item.fps, max_payload=model.max_payload, spread=model.spread
    )
    if recording.clock_hz != CLOCK_HZ:
        raise InputError(
            "{path}: its clock is {clock_hz} Hz (allowed: pictures, 90 kHz)",
            path=path,
            clock_hz=recording.clock_hz,
        )
    longest = HEADER_BYTES + model.max_payload
    if recording.max_bytes > longest:
        raise InputError(
            "{path}: holds RTP packets of {max_bytes} bytes (allowed: {longest})",
            path=path,
            max_bytes=recording.max_bytes,
            longest=longest,
        )
    if recording.mean_kbps > RATE_MARGIN * model.kbps:
        raise InputError(
            "{path}: {mean_kbps:.0f} kb/s, more than the call profile's {kbps:.0f} "
            "kb/s (allowed: a tenth above it at the most)",
            path=path,
            mean_kbps=recording.mean_kbps,
            kbps=model.kbps,
        )
    return recording


def recording_mistakes(scenario: Scenario, known: list[str]) -> Iterator[Mistake]:
    """Recordings of unknown bridges, or two of one."""
    seen: set[str] = set()
    for number, item in enumerate(scenario.recordings):
        loc = ("recording", number, "bridge")
        if item.bridge not in known:
            yield loc, item.bridge, unknown("bridge", item.bridge, known)
        if item.bridge in seen:
            yield loc, item.bridge, Sentence("has two recordings (allowed: one)")
        seen.add(item.bridge)
