"""Call profiles: read from `profiles.toml`, with their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from giaoban import tomlfile
from giaoban.errors import InputError, near_names
from giaoban.provenance import Assumable, Name
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.traffic.sources.audio_encoding import ID, AudioEncoding
from giaoban.traffic.sources.content import ContentModel
from giaoban.traffic.sources.talk_spurts import SpeechModel
from giaoban.traffic.sources.video_model import SMALLEST_SHARE, VideoModel

DEFAULT_PATH = Path(__file__).with_name("profiles.toml")
VIDEO_PAYLOAD_TYPE = 97  # dynamic, RFC 3551 §6
DEFAULT_PROFILE = "720p30-2m"
"""Of a scenario or a load test that names none."""
DIAL_GRID_S = 0.02
"""Media starts on a grid too (`giaoban.traffic.sender.stream.next_start_ns`): the few milliseconds
in which a call is set up then never decide on which side of a step it starts."""
CONTENT_FPS = 5  # of shared slides, where a profile does not say: as in the study of encodings
DSCP_AUDIO, DSCP_VIDEO, DSCP_SIGNALLING = 46, 34, 40  # EF, AF41, CS5 (RFC 4594 §4.1–4.3)
VideoProfile = Literal["baseline", "high"]
"""H.264 profile (H.264 annex A); baseline is the constrained one."""


class Profile(Assumable):
    """One kind of call."""

    id: Annotated[str, Field(pattern=ID)]
    """Short name by which scenarios choose it: a-z, 0-9 and `-`."""
    name: Name
    """Name in documents."""
    resolution: str
    """Resolution and frame rate as devices' tables name them."""
    fps: Annotated[int, Field(ge=1, le=120)]
    """Frames a second."""
    video_profile: VideoProfile = "baseline"
    """H.264 profile (H.264 annex A)."""
    video_kbps: Annotated[float, Field(ge=32, le=50_000)]
    """Rate of the picture in kb/s, without headers."""
    audio: str
    """Id of the audio encoding (an `[[audio]]` table)."""
    content_kbps: Annotated[float, Field(ge=32, le=50_000)] | None = None
    """Rate of a content channel beside the picture in kb/s, with `content_fps`."""
    content_fps: Annotated[int, Field(ge=1, le=60)] | None = None
    """Its frames a second, with `content_kbps`."""

    @model_validator(mode="after")
    def _content_has_rate_and_fps(self) -> Self:
        if (self.content_kbps is None) != (self.content_fps is None):
            raise ValueError(
                Sentence("content_kbps and content_fps go together (allowed: both or none)")
            )
        return self

    def recorded(self, encoder: RecordedEncoder) -> Profile:
        """The same with the rate that an encoder was recorded at, which is that record's figure."""
        codec = "H.264" if self.video_profile == "baseline" else f"H.264 {self.video_profile}"
        sound = self.name.rpartition(", ")[2]
        slides = "" if self.content_kbps is None else f" and content {self.content_kbps:g} kb/s"
        update = {
            "name": f"{self.resolution}, {codec} {encoder.video_kbps:.0f} kb/s{slides}, {sound}",
            "video_kbps": encoder.video_kbps,
            "source": encoder.source,
            "source_vi": encoder.source_vi,
            "assumed": False,
            "settled_by": "",
            "settled_by_vi": "",
            "range": None,
        }
        return self.model_copy(update=update)


class Encoder(Assumable):
    """How an encoder spends its rate; see `giaoban.traffic.sources.video_model`."""

    key_ratio: Annotated[float, Field(ge=1, le=50)]
    """A key frame's mean size in mean frames, if the buffer has room for it."""
    size_sigma: Annotated[float, Field(ge=0, le=2)]
    """Standard deviation of the logarithm of a frame's size."""
    motion_share: Annotated[float, Field(ge=0, le=1)]
    """The part of that variance which lasts from frame to frame, 0 to 1."""
    motion_persistence: Annotated[float, Field(ge=0, lt=1)]
    """The lasting part's correlation from one frame to the next, 0 to below 1."""
    payback_s: Annotated[float, Field(gt=0, le=60)]
    """Time in which rate control takes back what was spent beyond the rate, in seconds."""
    vbv_s: Annotated[float, Field(ge=0.1, le=10)]
    """Size of the video buffering verifier (H.264 annex C), in seconds of the rate."""
    scene_changes_per_min: Annotated[float, Field(ge=0, le=60)]
    """Mean number of scene changes a minute."""
    scene_ratio: Annotated[float, Field(ge=1, le=50)]
    """A frame's mean size at a scene change, in mean frames."""
    scene_raise: Annotated[float, Field(ge=-0.9, le=10)]
    """By which part the frames right after a scene change are larger; below 0: smaller."""
    scene_settle_s: Annotated[float, Field(gt=0, le=60)]
    """Time constant of that raise, in seconds."""
    key_interval_s: Annotated[float, Field(gt=0, le=3600)]
    """From a key frame to the next if none is asked for, in seconds."""
    spread: Annotated[float, Field(ge=0, le=1)]
    """Part of a frame's interval over which its packets leave, 0 to 1."""
    max_payload: Annotated[int, Field(ge=100, le=1200)]
    """Bytes of RTP payload in a packet at the most."""


def figures_of(encoder: Encoder) -> dict[str, Any]:
    """An encoder's figures, as `VideoModel` has them."""
    own = Encoder.model_fields.keys() - Assumable.model_fields.keys()
    return {name: getattr(encoder, name) for name in Encoder.model_fields if name in own}


class RecordedEncoder(Encoder):
    """An encoder as a recording of calls of one profile has it: at its own rate, too."""

    profile: Annotated[str, Field(pattern=ID)]
    """Id of the call profile that was recorded; other profiles keep their rates. Like
    `"720p30-2m"`."""
    video_kbps: Annotated[float, Field(ge=32, le=50_000)]
    """Rate of its pictures in kb/s, without headers, in place of that profile's. Like `1536.0`."""


def too_many_key_frames(encoder: Encoder, fps: int) -> Sentence | None:
    """What is wrong with an encoder whose key frames alone exceed a call's rate, None if nothing
    is."""
    interval = max(1, round(encoder.key_interval_s * fps))
    # predicted frames are not squeezed below a part of the mean frame
    if encoder.key_ratio + SMALLEST_SHARE * (interval - 1) <= interval:
        return None
    return Sentence(
        "key frames of {key_ratio:g} mean frames every {key_interval_s:g} s at {fps} frames/s "
        "exceed the rate of the call",
        key_ratio=encoder.key_ratio,
        key_interval_s=encoder.key_interval_s,
        fps=fps,
    )


class ContentEncoder(Assumable):
    """How shared slides spend their rate; see `giaoban.traffic.sources.content`."""

    picture_bytes: Annotated[float, Field(ge=64, le=10_000_000)]
    """Median size of a slide's first picture, in bytes."""
    picture_sigma: Annotated[float, Field(ge=0, le=2)]
    """Standard deviation of the logarithm of that size, from slide to slide."""
    refine_ratio: Annotated[float, Field(ge=0, le=50)]
    """What the frames that sharpen a slide have together, in first pictures."""
    refine_s: Annotated[float, Field(gt=0, le=60)]
    """Time constant of the sharpening, in seconds."""
    idle_bytes: Annotated[float, Field(ge=0, le=100_000)]
    """A frame's size while nothing changes, in bytes."""
    vbv_s: Annotated[float, Field(ge=0.1, le=10)]
    """Size of the video buffering verifier, in seconds of the rate."""
    slide_interval_s: Annotated[float, Field(gt=0, le=3600)]
    """Mean time from a slide to the next, in seconds."""
    slide_least_s: Annotated[float, Field(gt=0, le=3600)]
    """Shortest time, in seconds; what is beyond it is exponential."""


class Terminal(Assumable):
    """Delays inside an endpoint."""

    packetisation_ms: Annotated[float, Field(ge=0, le=200)]
    """From a sound to its packet, in ms."""
    playout_ms: Annotated[float, Field(ge=0, le=1000)]
    """How much later than the soonest a packet of sound may come and still be played, in ms; the
    MCU's buffer is the same."""
    video_playout_ms: Annotated[float, Field(ge=0, le=1000)]
    """The same of a frame, in ms."""
    encoding_ms: Annotated[float, Field(ge=0, le=1000)]
    """From the camera to a frame's first packet, in ms."""
    decoding_ms: Annotated[float, Field(ge=0, le=1000)]
    """From a whole frame to the screen, in ms."""
    sync_hold_ms: Annotated[float, Field(ge=0, le=1000)]
    """For how long at most sound is held back for its picture, or a picture for its sound, in ms
    (RFC 3550 §6.4.1)."""


class Recovery(Assumable):
    """How a bridge that is cut off comes back, and how long devices take to start."""

    media_timeout_s: Annotated[float, Field(ge=1, le=300)]
    """Without RTP and RTCP for so long, a bridge takes its call for dead, in seconds."""
    redial_every_s: Annotated[float, Field(ge=1, le=300)]
    """From then on it dials each time that so long has passed, in seconds."""
    bridge_boot_s: Annotated[float, Field(ge=0, le=3600)]
    """From power to a bridge's first call, in seconds."""
    mcu_boot_s: Annotated[float, Field(ge=0, le=3600)]
    """The same of the MCU, in seconds."""
    redial: Literal["in-turn", "together", "back-off"] = "in-turn"
    """How those that are cut off together dial: `in-turn`, one shortly after another; `together`,
    in the same moment; `back-off`, each at a random moment of `redial_spread_s` more, and later
    attempts at random up to twice as long after the one before each time."""
    redial_spread_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """Over how long `back-off` spreads them, in seconds."""


class Profiles(StrictModel):
    """Call profiles by id, and what they share."""

    schema_: Literal["giaoban.profiles/1"] = Field(alias="schema")
    profile: Annotated[list[Profile], Field(min_length=1)]
    """One kind of call."""
    audio: Annotated[list[AudioEncoding], Field(min_length=1)]
    """An audio encoding."""
    speech: SpeechModel
    """How long people talk and pause."""
    encoder: Encoder
    """How an encoder spends its rate."""
    content: ContentEncoder
    """How shared slides spend their rate."""
    terminal: Terminal
    """Delays inside an endpoint."""
    recovery: Recovery
    """How a bridge that is cut off comes back."""

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
                        near=near_names("profile", profile.audio, known),
                    )
                )
        return self

    @model_validator(mode="after")
    def _key_frames_leave_room(self) -> Self:
        for fps in sorted({profile.fps for profile in self.profile}):
            if (found := too_many_key_frames(self.encoder, fps)) is not None:
                raise ValueError(found)
        return self

    def with_encoder(self, encoder: RecordedEncoder | None) -> Profiles:
        """These with another encoder, and with its rate in the profile in which it was recorded;
        None: as they are."""
        if encoder is None:
            return self
        profiles = [p.recorded(encoder) if p.id == encoder.profile else p for p in self.profile]
        return self.model_copy(update={"profile": profiles, "encoder": encoder})

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
        return near_names("profile", profile_id, known, every=True)

    def encoding(self, encoding_id: str) -> AudioEncoding:
        """The audio encoding of that id, as profiles name it. Raises `InputError`."""
        for encoding in self.audio:
            if encoding.id == encoding_id:
                return encoding
        known = [encoding.id for encoding in self.audio]
        raise InputError(
            'unknown audio "{encoding_id}"{near}',
            encoding_id=encoding_id,
            near=near_names("profile", encoding_id, known),
        )

    def video_model(self, profile: Profile) -> VideoModel:
        """The encoder model at a profile's rate."""
        encoder = self.encoder
        return VideoModel(
            kbps=profile.video_kbps,
            fps=profile.fps,
            **figures_of(encoder),
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
            **self.content.model_dump(exclude=set(Assumable.model_fields)),
        )


def load_profiles(path: Path = DEFAULT_PATH) -> Profiles:
    """Read and validate. Raises `InputError`."""
    return tomlfile.load(path, Profiles)
