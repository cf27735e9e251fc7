"""Call profiles: read from `profiles.toml`, with their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban import tomlfile
from giaoban.errors import InputError, did_you_mean
from giaoban.provenance import Sourced
from giaoban.tomlfile import StrictModel
from traffic.video import SMALLEST_SHARE, VideoModel

DEFAULT_PATH = Path(__file__).with_name("profiles.toml")
AUDIO_PACKET_MS = 20  # RFC 3551 §4.2: the default packetisation interval
AUDIO_CLOCK_HZ = 8000  # RFC 3551 §4.5.14
AUDIO_PACKET_SAMPLES = AUDIO_CLOCK_HZ * AUDIO_PACKET_MS // 1000
AUDIO_PAYLOAD_TYPE = 8  # PCMA, RFC 3551 table 4
VIDEO_PAYLOAD_TYPE = 97  # dynamic, RFC 3551 §6
DSCP_AUDIO, DSCP_VIDEO, DSCP_SIGNALLING = 46, 34, 40  # EF, AF41, CS5 (RFC 4594 §4.1–4.3)


class Profile(Sourced):
    """One kind of call."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: Annotated[str, Field(min_length=1)]
    resolution: str
    fps: Annotated[int, Field(ge=1, le=120)]
    video_kbps: Annotated[float, Field(ge=32, le=50_000)]
    audio_kbps: Annotated[float, Field(ge=64, le=64)]


class Encoder(Sourced):
    """How an encoder spends its rate; see `traffic.video`."""

    key_ratio: Annotated[float, Field(ge=1, le=50)]
    size_sigma: Annotated[float, Field(ge=0, le=2)]
    key_interval_s: Annotated[float, Field(gt=0, le=3600)]
    spread: Annotated[float, Field(ge=0, le=1)]
    max_payload: Annotated[int, Field(ge=100, le=1200)]


class Terminal(Sourced):
    """Delays inside an endpoint."""

    packetisation_ms: Annotated[float, Field(ge=0, le=200)]
    playout_ms: Annotated[float, Field(ge=0, le=1000)]


class Profiles(StrictModel):
    """The file: profiles by id, and what they share."""

    schema_: Literal["giaoban.profiles/1"] = Field(alias="schema")
    profile: Annotated[list[Profile], Field(min_length=1)]
    encoder: Encoder
    terminal: Terminal

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [profile.id for profile in self.profile]
        for profile_id in ids:
            if ids.count(profile_id) > 1:
                raise ValueError(f'two profiles have the id "{profile_id}"')
        return self

    @model_validator(mode="after")
    def _key_frames_leave_room(self) -> Self:
        encoder = self.encoder
        for fps in sorted({profile.fps for profile in self.profile}):
            interval = max(1, round(encoder.key_interval_s * fps))
            # predicted frames are not squeezed below a part of the mean frame
            if encoder.key_ratio + SMALLEST_SHARE * (interval - 1) > interval:
                raise ValueError(
                    f"key frames of {encoder.key_ratio:g} mean frames every "
                    f"{encoder.key_interval_s:g} s at {fps} frames/s exceed the rate of the call"
                )
        return self

    def pick(self, profile_id: str) -> Profile:
        """The profile of that id. Raises `InputError` with a suggestion."""
        for profile in self.profile:
            if profile.id == profile_id:
                return profile
        known = [profile.id for profile in self.profile]
        raise InputError(f'unknown call profile "{profile_id}"{did_you_mean(profile_id, known)}')

    def video_model(self, profile: Profile) -> VideoModel:
        """The encoder model at a profile's rate."""
        encoder = self.encoder
        return VideoModel(
            kbps=profile.video_kbps,
            fps=profile.fps,
            key_ratio=encoder.key_ratio,
            size_sigma=encoder.size_sigma,
            key_interval_s=encoder.key_interval_s,
            spread=encoder.spread,
            max_payload=encoder.max_payload,
        )


def load_profiles(path: Path = DEFAULT_PATH) -> Profiles:
    """Read and validate. Raises `InputError`."""
    return tomlfile.load(path, Profiles)
