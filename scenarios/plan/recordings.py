"""The recordings that a scenario names and bridges send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from giaoban import tomlfile
from giaoban.errors import InputError, unknown
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.spec.scenario import Recorded, Scenario
from giaoban.sentence import Sentence
from giaoban.tomlfile import Mistake
from giaoban.traffic.recorded.capture import read_capture, recording_of
from giaoban.traffic.recorded.recording import RATE_MARGIN, Recording
from giaoban.traffic.rtp import HEADER_BYTES
from giaoban.traffic.sources.video_model import VideoModel


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
    return scenario.model_copy(update={"recordings": recordings})


def _names(scenario: Scenario) -> list[str]:
    return list(dict.fromkeys(item.file for item in scenario.recordings))


def read_recordings(scenario: Scenario, origin: Path, model: VideoModel) -> dict[str, Recording]:
    """Return the recording of each bridge that sends one.

    Args:
        model: of the call's pictures, whose rate and sizes bound the recording's.

    Raises:
        InputError: a file is not there, is no recording of pictures, or is more than the call.
    """
    recordings = {}
    for number, item in enumerate(scenario.recordings):
        try:
            recordings[item.bridge] = _read(item, origin.parent / item.file, model)
        except InputError as error:
            loc = ("recording", number, "file")
            raise tomlfile.mistakes(origin, [(loc, item.file, error.said)]) from None
    return recordings


def save_recordings(plan: Plan, recordings: Mapping[str, Recording], folder: Path) -> None:
    """Put what bridges send into a run's folder, where the emulation finds it."""
    for item in plan.recordings:
        path = folder / item.file
        path.parent.mkdir(exist_ok=True)
        recordings[item.bridge].save(path)


def _read(item: Recorded, path: Path, model: VideoModel) -> Recording:
    recording = recording_of(read_capture(path).choose(ssrc=item.ssrc), str(path), h264=True)
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
