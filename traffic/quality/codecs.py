"""Codecs as the E-model knows them: impairment factors, where they come from, and what has none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from giaoban.traffic.quality.emodel import (
    R_DEFAULT,
    R_WIDEBAND,
    Values,
    delay_impairment,
    loss_impairment,
    mos,
    mos_wideband,
)
from giaoban.translation import N_

Scale = Literal["narrowband", "wideband"]


@dataclass(frozen=True)
class SpeechCodec:
    """Ie and Bpl of a codec on one scale; without them no MOS, and `reason` says why.

    Attributes:
        scale: narrowband is G.107's, wideband G.107.1's. Scores of the two do not compare.
        ie, bpl: equipment impairment factor, packet loss robustness factor; both or none.
        source: where they are published.
        assumed: at least one of them is not a published value for this codec.
        bursts: whether the burst ratio of losses counts.
    """

    scale: Scale | None
    ie: float | None
    bpl: float | None
    source: str
    assumed: bool = False
    bursts: bool = True
    reason: str = ""

    @property
    def has_mos(self) -> bool:
        """Whether there are factors."""
        return self.scale is not None


_ABOVE = N_(
    "its sound goes beyond the 7 kHz of the wideband E-model (ITU-T G.107.1), and the ITU-T has "
    "published no Ie and Bpl of it for the fullband one (G.107.2)"
)

CODECS: dict[str, SpeechCodec] = {
    "g711": SpeechCodec("narrowband", 0.0, 4.3, "ITU-T G.113 appendix I: G.711 without PLC"),
    "g711-plc": SpeechCodec(
        "narrowband", 0.0, 25.1, "ITU-T G.113 appendix I: G.711 with PLC (G.711 appendix I)"
    ),
    "g729a": SpeechCodec("narrowband", 11.0, 19.0, "ITU-T G.113 appendix I: G.729A with VAD"),
    "g722": SpeechCodec(
        "wideband",
        13.0,
        4.6,
        N_(
            "Ie,WB: ITU-T G.113 appendix IV, G.722 at 64 kbit/s; Bpl,WB: none found for G.722, the "
            "middle one of AMR-WB's 4.3, 4.6 and 4.9 (table IV.4, independent losses)"
        ),
        assumed=True,
        bursts=False,
    ),
    "g722-1c": SpeechCodec(None, None, None, "", reason=_ABOVE),
    "aac-ld": SpeechCodec(None, None, None, "", reason=_ABOVE),
    "opus": SpeechCodec(None, None, None, "", reason=_ABOVE),
}


def codec_of(encoding: str) -> SpeechCodec:
    """The codec of an audio encoding's id, such as g711a or g722-1c-48, with concealment.

    Raises:
        KeyError: there is no such encoding.
    """
    if encoding in ("g711a", "g711u"):
        return CODECS["g711-plc"]
    if encoding in CODECS:
        return CODECS[encoding]
    codec = CODECS[re.sub(r"-\d+$", "", encoding)]
    if codec.scale is not None:  # its factors are those of one rate
        raise KeyError(encoding)
    return codec


def speech_mos(
    codec: SpeechCodec,
    ta_ms: ArrayLike,
    loss_pct: ArrayLike,
    burst_ratio: ArrayLike = 1.0,
    encodings: ArrayLike = 1,
) -> Values | None:
    """MOS-CQE of a conversation without echo; None if the codec has no factors.

    Args:
        ta_ms: from mouth to ear, one way.
        loss_pct: of packets of no use to the listener, late ones included.
        burst_ratio: of the losses, see `giaoban.traffic.quality.bursts`.
        encodings: how often the sound is encoded on its way: impairments of codecs in tandem add up
            (ITU-T G.113 §7, G.107 §7.6); the loss is of one leg.
    """
    if codec.scale is None or codec.ie is None or codec.bpl is None:
        return None
    ratio = burst_ratio if codec.bursts else 1.0
    ie = np.asarray(encodings, np.float64) * codec.ie
    impairment = delay_impairment(ta_ms) + loss_impairment(loss_pct, ratio, (ie, codec.bpl))
    if codec.scale == "wideband":
        return np.asarray(mos_wideband(R_WIDEBAND - impairment))
    return np.asarray(mos(R_DEFAULT - impairment))
