"""What of an offer cannot be had, in words: for the event of a call and for a 488's Warning."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.text import printable
from mcu_sim.offer_answer import codecs
from mcu_sim.offer_answer.capability import role, roles
from mcu_sim.offer_answer.keys import PROTOCOLS, is_secure
from mcu_sim.offer_answer.terms import rtcp_port
from mcu_sim.sdp import Fault, Media, Session, Warn

MOST_NAMED = 8


def refusals(offer: Session, can: Sequence[Media]) -> list[Fault]:
    """All that an offer has and `can` has not, in the order of its sections. Texts are printable.

    Sections that the offer itself refuses are passed over.
    """
    left = list(can)
    found: list[Fault] = []
    for theirs, what in zip(offer.media, roles(offer.media), strict=True):
        ours = next((section for section in left if role(section) == what), None)
        if ours is not None:
            left.remove(ours)
        why = _why_not(theirs, ours) if theirs.port else None
        all_of_it = theirs.faults if why is None else (why, *theirs.faults)
        found += [_told(theirs.kind, one) for one in all_of_it]
    return found


def not_taken(offer: Session, answer: Session) -> list[Fault]:
    """All of our offer that their answer does not take, or that cannot be had as it is answered.
    `ValueError` if they have not the same number of sections."""
    found: list[Fault] = []
    for ours, theirs, what in zip(offer.media, answer.media, roles(offer.media), strict=True):
        why = list(theirs.faults)
        if ours.port and not theirs.port and not why:
            why.append(Fault("the bridge does not take it", Warn.MEDIA))
        elif theirs.port and rtcp_port(theirs, ours) is None:
            why.append(_no_rtcp(theirs))
        found += [_told(what, one) for one in why]
    return found


def _why_not(theirs: Media, ours: Media | None) -> Fault | None:
    if ours is None:
        return Fault("there is none here, or not so many", Warn.MEDIA)
    if theirs.protocol not in PROTOCOLS:
        name = "DTLS" if "TLS" in theirs.protocol.upper() else "its protocol"
        return Fault(f"{name} ({theirs.protocol[:30]}) is not spoken here", Warn.TRANSPORT)
    if codecs.choose(ours.codecs, theirs.codecs) is None:
        named = [codec.name[:20] for codec in theirs.codecs[:MOST_NAMED]]
        known = dict.fromkeys(one.name for one in ours.codecs if not codecs.is_tones(one))
        said = f"none of its codecs ({', '.join(named)})" if named else "nothing that it names"
        return Fault(f"{said} is one of {', '.join(known)}", Warn.FORMAT)
    if is_secure(theirs) and not theirs.crypto:
        return Fault("it has no key that can be used (a=crypto)", Warn.TRANSPORT)
    if rtcp_port(theirs, ours) is None:
        return _no_rtcp(theirs)
    return None


def _no_rtcp(theirs: Media) -> Fault:
    return Fault(f"no port above {theirs.port} for RTCP", Warn.TRANSPORT)


def _told(what: str, fault: Fault) -> Fault:
    return Fault(printable(f"{what}: {fault.text}"), fault.warning)
