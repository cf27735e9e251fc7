"""Call profiles: read from `profiles.toml`, with their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban import tomlfile
from giaoban.errors import InputError, allowed, did_you_mean
from giaoban.provenance import Name, Sourced
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.traffic.sources.audio_encoding import ID, AudioEncoding
from giaoban.traffic.sources.content import ContentModel
from giaoban.traffic.sources.talk_spurts import SpeechModel
from giaoban.traffic.sources.video_model import SMALLEST_SHARE, VideoModel

DEFAULT_PATH = Path(__file__).with_name("profiles.toml")
AUDIO_PACKET_MS = 20  # RFC 3551 §4.2: the default packetisation interval
AUDIO_CLOCK_HZ = 8000  # RFC 3551 §4.5.14
AUDIO_PACKET_SAMPLES = AUDIO_CLOCK_HZ * AUDIO_PACKET_MS // 1000
AUDIO_PAYLOAD_TYPE = 8  # PCMA, RFC 3551 table 4
VIDEO_PAYLOAD_TYPE = 97  # dynamic, RFC 3551 §6
CONTENT_FPS = 5  # of shared slides, where a profile does not say: as in the study of encodings
DSCP_AUDIO, DSCP_VIDEO, DSCP_SIGNALLING = 46, 34, 40  # EF, AF41, CS5 (RFC 4594 §4.1–4.3)
VideoProfile = Literal["baseline", "high"]
"""H.264 profile (H.264 annex A); baseline is the constrained one."""


class Profile(Sourced):
    """One kind of call.

    `audio` is the id of an `AudioEncoding`. `content_kbps` and `content_fps` are those of a
    content channel beside the main picture, for calls that have one.
    """

    id: Annotated[str, Field(pattern=ID)]
    name: Name
    resolution: str
    fps: Annotated[int, Field(ge=1, le=120)]
    video_profile: VideoProfile = "baseline"
    video_kbps: Annotated[float, Field(ge=32, le=50_000)]
    audio: str
    content_kbps: Annotated[float, Field(ge=32, le=50_000)] | None = None
    content_fps: Annotated[int, Field(ge=1, le=60)] | None = None

    @model_validator(mode="after")
    def _content_has_rate_and_fps(self) -> Self:
        if (self.content_kbps is None) != (self.content_fps is None):
            raise ValueError(
                Sentence("content_kbps and content_fps go together (allowed: both or none)")
            )
        return self


class Encoder(Sourced):
    """How an encoder spends its rate; see `giaoban.traffic.sources.video_model`."""

    key_ratio: Annotated[float, Field(ge=1, le=50)]
    size_sigma: Annotated[float, Field(ge=0, le=2)]
    motion_share: Annotated[float, Field(ge=0, le=1)]
    motion_persistence: Annotated[float, Field(ge=0, lt=1)]
    payback_s: Annotated[float, Field(gt=0, le=60)]
    vbv_s: Annotated[float, Field(ge=0.1, le=10)]
    scene_changes_per_min: Annotated[float, Field(ge=0, le=60)]
    scene_ratio: Annotated[float, Field(ge=1, le=50)]
    scene_raise: Annotated[float, Field(ge=-0.9, le=10)]
    scene_settle_s: Annotated[float, Field(gt=0, le=60)]
    key_interval_s: Annotated[float, Field(gt=0, le=3600)]
    spread: Annotated[float, Field(ge=0, le=1)]
    max_payload: Annotated[int, Field(ge=100, le=1200)]


class ContentEncoder(Sourced):
    """How shared slides spend their rate; see `giaoban.traffic.sources.content`."""

    picture_bytes: Annotated[float, Field(ge=64, le=10_000_000)]
    picture_sigma: Annotated[float, Field(ge=0, le=2)]
    refine_ratio: Annotated[float, Field(ge=0, le=50)]
    refine_s: Annotated[float, Field(gt=0, le=60)]
    idle_bytes: Annotated[float, Field(ge=0, le=100_000)]
    vbv_s: Annotated[float, Field(ge=0.1, le=10)]
    slide_interval_s: Annotated[float, Field(gt=0, le=3600)]
    slide_least_s: Annotated[float, Field(gt=0, le=3600)]


class Terminal(Sourced):
    """Delays inside an endpoint.

    `packetisation_ms`: from a sound to its packet. `playout_ms`, `video_playout_ms`: how much later
    than the soonest a packet of sound, or a frame, may come and still be played; the MCU's buffers
    are the same. `encoding_ms`: from the camera to a frame's first packet, `decoding_ms`: from a
    whole frame to the screen. `sync_hold_ms`: for how long at most sound is held back for its
    picture, or a picture for its sound (RFC 3550 §6.4.1).
    """

    packetisation_ms: Annotated[float, Field(ge=0, le=200)]
    playout_ms: Annotated[float, Field(ge=0, le=1000)]
    video_playout_ms: Annotated[float, Field(ge=0, le=1000)]
    encoding_ms: Annotated[float, Field(ge=0, le=1000)]
    decoding_ms: Annotated[float, Field(ge=0, le=1000)]
    sync_hold_ms: Annotated[float, Field(ge=0, le=1000)]


class Recovery(Sourced):
    """How a bridge that is cut off notices it and comes back, and how long devices take to start.

    `media_timeout_s`: without RTP and RTCP for so long, a bridge takes its call for dead.
    `redial_every_s`: from then on it dials each time that so long has passed. `bridge_boot_s`,
    `mcu_boot_s`: from power to the first call.

    `redial`: those that are cut off together dial one shortly after another (`in-turn`), in the
    same moment (`together`), or each at a random moment of `redial_spread_s` more, and later
    attempts at random up to twice as long after the one before each time (`back-off`).
    """

    media_timeout_s: Annotated[float, Field(ge=1, le=300)]
    redial_every_s: Annotated[float, Field(ge=1, le=300)]
    bridge_boot_s: Annotated[float, Field(ge=0, le=3600)]
    mcu_boot_s: Annotated[float, Field(ge=0, le=3600)]
    redial: Literal["in-turn", "together", "back-off"] = "in-turn"
    redial_spread_s: Annotated[float, Field(ge=0, le=3600)] = 0.0


class Profiles(StrictModel):
    """The file: profiles by id, and what they share."""

    schema_: Literal["giaoban.profiles/1"] = Field(alias="schema")
    profile: Annotated[list[Profile], Field(min_length=1)]
    audio: Annotated[list[AudioEncoding], Field(min_length=1)]
    speech: SpeechModel
    encoder: Encoder
    content: ContentEncoder
    terminal: Terminal
    recovery: Recovery

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        for what, ids in (
            ("profiles", [profile.id for profile in self.profile]),
            ("audio encodings", [encoding.id for encoding in self.audio]),
        ):
            for one in ids:
                if ids.count(one) > 1:
                    raise ValueError(Sentence('two {what} have the id "{one}"', what=what, one=one))
        return self

    @model_validator(mode="after")
    def _sound_is_known(self) -> Self:
        known = [encoding.id for encoding in self.audio]
        for profile in self.profile:
            if profile.audio not in known:
                raise ValueError(
                    Sentence(
                        'profile "{profile}": unknown audio "{audio}"{near}',
                        profile=profile.id,
                        audio=profile.audio,
                        near=did_you_mean(profile.audio, known),
                    )
                )
        return self

    @model_validator(mode="after")
    def _key_frames_leave_room(self) -> Self:
        encoder = self.encoder
        for fps in sorted({profile.fps for profile in self.profile}):
            interval = max(1, round(encoder.key_interval_s * fps))
            # predicted frames are not squeezed below a part of the mean frame
            if encoder.key_ratio + SMALLEST_SHARE * (interval - 1) > interval:
                raise ValueError(
                    Sentence(
                        "key frames of {key_ratio:g} mean frames every "
                        "{key_interval_s:g} s at {fps} frames/s exceed the rate of "
                        "the call",
                        key_ratio=encoder.key_ratio,
                        key_interval_s=encoder.key_interval_s,
                        fps=fps,
                    )
                )
        return self

    def pick(self, profile_id: str) -> Profile:
        """The profile of that id. Raises `InputError` with a suggestion."""
        for profile in self.profile:
            if profile.id == profile_id:
                return profile
        raise InputError(
            'unknown call profile "{profile_id}"{near}',
            profile_id=profile_id,
            near=self.instead_of(profile_id),
        )

    def instead_of(self, profile_id: str) -> str:
        """What to write instead of an unknown profile's id, in brackets."""
        known = [profile.id for profile in self.profile]
        return did_you_mean(profile_id, known) or allowed(known)

    def encoding(self, encoding_id: str) -> AudioEncoding:
        """The audio encoding of that id, as profiles name it. Raises `InputError`."""
        for encoding in self.audio:
            if encoding.id == encoding_id:
                return encoding
        known = [encoding.id for encoding in self.audio]
        raise InputError(
            'unknown audio "{encoding_id}"{near}',
            encoding_id=encoding_id,
            near=did_you_mean(encoding_id, known),
        )

    def video_model(self, profile: Profile) -> VideoModel:
        """The encoder model at a profile's rate."""
        encoder = self.encoder
        return VideoModel(
            kbps=profile.video_kbps,
            fps=profile.fps,
            **encoder.model_dump(exclude=set(Sourced.model_fields)),
        )

    def content_model(self, profile: Profile, kbps: float | None = None) -> ContentModel:
        """The model of shared slides at `kbps`, or else at the profile's content rate.

        Raises `InputError`: there is neither.
        """
        rate = profile.content_kbps if kbps is None else kbps
        if rate is None:
            with_content = [each.id for each in self.profile if each.content_kbps is not None]
            raise InputError(
                'call profile "{profile}" has no content rate (allowed: a rate beside '
                "it, or one of {with_content})",
                profile=profile.id,
                with_content=", ".join(with_content),
            )
        return ContentModel(
            kbps=rate,
            fps=profile.content_fps or CONTENT_FPS,
            spread=self.encoder.spread,
            max_payload=self.encoder.max_payload,
            **self.content.model_dump(exclude=set(Sourced.model_fields)),
        )


def load_profiles(path: Path = DEFAULT_PATH) -> Profiles:
    """Read and validate. Raises `InputError`."""
    return tomlfile.load(path, Profiles)
