"""Which figure of a result a criterion is about: every number there is, and how to choose among."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, Field, model_validator

from giaoban.errors import near_names
from giaoban.results.model.quantities import Id, Kind
from giaoban.results.model.result import LinkResult, McuResult
from giaoban.results.model.streams import (
    AUDIO_ONLY,
    PICTURES_ONLY,
    VIDEO_ONLY,
    BridgeResult,
    RtcpResult,
    StreamResult,
)
from giaoban.sentence import Sentence, either
from giaoban.tomlfile import StrictModel

On = Literal["stream", "bridge", "link", "mcu"]

ABSENT_IS_ZERO = frozenset(
    {
        "loss_burst_mean",
        "burst_ms_mean",
        "burst_density_pct",
        "gap_density_pct",
        "freeze_ms_max",
        "freeze_ms_total",
    }
)
"""Null in a stream that was received: it has no burst, no gap or no freeze, so none too long."""
ABSENT_IS_LEFT_OUT = frozenset(
    {
        "gap_ms_mean",
        "lip_sync_up_ms",
        "lip_sync_down_ms",
        "sound_early_ms",
        "sound_late_ms",
        "mouth_to_ear_ms",
        "camera_to_screen_ms",
        "queue_p99_ms",
        "setup_network_ms_p95",
    }
)
"""Null where there is none of it: no call was set up in the phase, a bridge has sound alone, or
nobody else to hear and see."""


class Measure(StrictModel):
    """One figure of all the streams, bridges, links or MCUs of a run, or of some of them."""

    on: On
    """What has the figure."""
    metric: str
    """A number's name in `result.json`."""
    kind: Kind | Annotated[list[Kind], Field(min_length=1)] | None = None
    """Only streams of this kind, or of these."""
    direction: Annotated[str, Field(pattern=r"^(up|down|[a-z0-9-]+->[a-z0-9-]+)$")] | None = None
    """`up` or `down` of a stream, `A->B` of a link."""
    bridges: Annotated[list[Id], Field(min_length=1)] | None = None
    """Only these bridges. Like `["centre"]`."""
    links: Annotated[list[Id], Field(min_length=1)] | None = None
    """Only these links. Like `["access-mcu"]`."""
    phases: Annotated[list[Id], Field(min_length=1)] | None = None
    """Only these phases. Like `["after"]`."""

    @model_validator(mode="after")
    def _there_is_such_a_figure(self) -> Self:
        known = METRICS[self.on]
        if self.metric not in known:
            raise ValueError(
                Sentence(
                    'metric "{metric}" is no figure of a {on}{hint}',
                    metric=self.metric,
                    on=self.on,
                    hint=near_names("metric", self.metric, known, every=True),
                )
            )
        for kind in self.kinds or ():
            if kind not in kinds_of(self.metric):
                allowed = ", ".join(kinds_of(self.metric))
                raise ValueError(
                    Sentence(
                        "{metric} does not exist for {kind} (allowed: {allowed})",
                        metric=self.metric,
                        kind=kind,
                        allowed=allowed,
                    )
                )
        for name, where in (
            ("kind", ("stream",)),
            ("direction", ("stream", "link")),
            ("bridges", ("stream", "bridge")),
            ("links", ("link",)),
        ):
            if getattr(self, name) is not None and self.on not in where:
                raise ValueError(
                    Sentence(
                        "{name} does not go with a {on} ({where} only)",
                        name=name,
                        on=self.on,
                        where=either(where),
                    )
                )
        if self.direction is not None and ("->" in self.direction) != (self.on == "link"):
            allowed = "A->B" if self.on == "link" else Sentence("up, down")
            raise ValueError(
                Sentence(
                    'direction "{direction}" of a {on} (allowed: {allowed})',
                    direction=self.direction,
                    on=self.on,
                    allowed=allowed,
                )
            )
        return self

    @property
    def kinds(self) -> tuple[Kind, ...] | None:
        """The media that are meant; None: all."""
        if self.kind is None:
            return None
        return tuple(self.kind) if isinstance(self.kind, list) else (self.kind,)

    @property
    def unit(self) -> str:
        """The unit that the metric's name tells; '' for a count."""
        name = self.metric
        if name.endswith("_ms") or "_ms_" in name:
            return "ms"
        if name.startswith("mos"):
            return "MOS"
        if name.endswith("_pct") or "_pct_" in name:
            return "%"
        return "Mb/s" if name.endswith("_mbps") else ""

    @property
    def text(self) -> str:
        """What is chosen, in a few words: `content streams up of cu-jut, during`."""
        words = [
            " and ".join(self.kinds or ()),
            f"{self.on}s" if self.on != "mcu" else "MCU",
            self.direction or "",
        ]
        words += ["of", ", ".join(self.bridges)] if self.bridges else []
        words += [", ".join(self.links)] if self.links else []
        text = " ".join(word for word in words if word)
        return text + (f", {', '.join(self.phases)}" if self.phases else "")


def kinds_of(metric: str) -> tuple[Kind, ...]:
    if metric in AUDIO_ONLY:
        return ("audio",)
    if metric in VIDEO_ONLY:
        return ("video",)
    if metric in PICTURES_ONLY:
        return ("video", "content")
    return get_args(Kind)


def reader(metric: str) -> Callable[[BaseModel], float | None]:
    """How a metric is read out of a stream, bridge, link or MCU; a dot goes into a part of it."""
    path = metric.split(".")

    def read(of: BaseModel) -> float | None:
        value: Any = of
        for name in path:
            value = None if value is None else getattr(value, name)
        return None if value is None else float(value)

    return read


def partner(metric: str) -> Callable[[BaseModel], str | None]:
    """How to read out with which other bridge a metric is that bad: `_with` beside the `_ms`."""
    name = f"{metric.removesuffix('_ms')}_with"
    return lambda of: getattr(of, name, None)


def _numbers(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Names of all the fields of a model that hold a number, or null for one."""
    found = []
    for name, field in model.model_fields.items():
        kinds = [*get_args(field.annotation), field.annotation]
        plain = [get_args(k)[0] if hasattr(k, "__metadata__") else k for k in kinds]
        if int in plain or float in plain:
            found.append(prefix + name)
    return found


METRICS: Mapping[On, list[str]] = {
    "stream": [*_numbers(StreamResult), *_numbers(RtcpResult, "rtcp.")],
    "bridge": _numbers(BridgeResult),
    "link": _numbers(LinkResult),
    "mcu": _numbers(McuResult),
}
"""The figures there are, by what has them."""
