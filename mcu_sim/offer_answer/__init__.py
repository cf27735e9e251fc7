"""Offer and answer (RFC 3264): what two sides agree on for audio, video and a content channel.

A side says what it can as a list of `Media` (`audio`, `video`, `content`). SRTP keys are exchanged
in the descriptions themselves (RFC 4568); the source of their bytes is passed in.
"""

from mcu_sim.offer_answer.answer import make_answer, read_answer
from mcu_sim.offer_answer.capability import (
    G722,
    H264_720P30,
    PCMA,
    PCMU,
    TONES,
    at_level,
    audio,
    content,
    video,
    without_video,
)
from mcu_sim.offer_answer.offer import make_offer, make_reoffer
from mcu_sim.offer_answer.refusals import not_taken, refusals
from mcu_sim.offer_answer.terms import Agreed

__all__ = [
    "G722",
    "H264_720P30",
    "PCMA",
    "PCMU",
    "TONES",
    "Agreed",
    "at_level",
    "audio",
    "content",
    "make_answer",
    "make_offer",
    "make_reoffer",
    "not_taken",
    "read_answer",
    "refusals",
    "video",
    "without_video",
]
