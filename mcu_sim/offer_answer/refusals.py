"""What of an offer cannot be had, in words: for the event of a call and for a 488's Warning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mcu_sim.offer_answer import codecs
from mcu_sim.offer_answer.capability import role, roles
from mcu_sim.offer_answer.keys import PROTOCOLS, is_secure
from mcu_sim.sdp import Media, Session, Warn

MOST_NAMED = 8


class Refusal(NamedTuple):
    """Why a section or a codec of it is not taken, and the code of that (RFC 3261 §20.43)."""

    text: str
    warning: Warn


def refusals(offer: Session, can: Sequence[Media]) -> list[Refusal]:
    """All that an offer has and `can` has not, in the order of its sections. Texts are printable.

    Sections that the offer itself refuses are passed over.
    """
    left = list(can)
    found: list[Refusal] = []
    for theirs, what in zip(offer.media, roles(offer.media), strict=True):
        ours = next((section for section in left if role(section) == what), None)
        if ours is not None:
            left.remove(ours)
        why = _why_not(theirs, ours) if theirs.port else None
        if why is not None:
            found.append(Refusal(_printable(f"{theirs.kind}: {why.text}"), why.warning))
        for one in theirs.faults:
            found.append(Refusal(_printable(f"{theirs.kind}: {one}"), Warn.FORMAT))
    return found


def _why_not(theirs: Media, ours: Media | None) -> Refusal | None:
    if ours is None:
        return Refusal("there is none here, or not so many", Warn.MEDIA)
    if theirs.protocol not in PROTOCOLS:
        name = "DTLS" if "TLS" in theirs.protocol.upper() else "its protocol"
        return Refusal(f"{name} ({theirs.protocol[:30]}) is not spoken here", Warn.TRANSPORT)
    if codecs.choose(ours.codecs, theirs.codecs) is None:
        named = [codec.name[:20] for codec in theirs.codecs[:MOST_NAMED]]
        known = dict.fromkeys(one.name for one in ours.codecs if not codecs.is_tones(one))
        said = f"none of its codecs ({', '.join(named)})" if named else "nothing that it names"
        return Refusal(f"{said} is one of {', '.join(known)}", Warn.FORMAT)
    if is_secure(theirs) and not theirs.crypto:
        return Refusal("it has no key that can be used (a=crypto)", Warn.TRANSPORT)
    return None


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
