"""Answers: making them, and reading theirs to our offer (RFC 3264 §6, §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mcu_sim.offer_answer import codecs
from mcu_sim.offer_answer.capability import FEEDBACK, refused, role, roles
from mcu_sim.offer_answer.keys import PROTOCOLS, answer_keys, answered_keys, is_secure
from mcu_sim.offer_answer.refusals import refusals
from mcu_sim.offer_answer.terms import Agreed, agree, at_their_rate
from mcu_sim.sdp import Direction, Media, SdpError, Session, Warn
from mcu_sim.secret_source import Secrets

MOST_TOLD = 240
"""Characters of a reason: what a stranger offers in it may be long."""


def make_answer(
    offer: Session,
    can: Sequence[Media],
    address: str,
    session_id: int,
    *,
    version: int | None = None,
    previous: Session | None = None,
    keys: Secrets | None = None,
) -> tuple[Session, list[Agreed | None]]:
    """The answer to an offer, and per section of it what is agreed (None: refused).

    Each section of the offer is answered in its place; what `can` has no match for is refused with
    port 0. One codec a section is chosen: our first that they have, of H.264 the best of theirs.

    Args:
        version: of the answer; by default one more than `previous` has, else `session_id`.
        previous: our description in force when the offer comes within a call. Its SRTP keys stay
            in use, which spares both sides a change of keys at every refresh.
        keys: where SRTP keys come from; without them, sections with SRTP are refused.

    Raises:
        SdpError: nothing at all is left, for which a call gets a 488, or the offer has fewer
            sections than the call had (RFC 3264 §8).
    """
    if previous is not None and len(offer.media) < len(previous.media):
        raise SdpError(f"offer has {len(offer.media)} media, the call {len(previous.media)}")
    left = list(can)
    answered: list[Media] = []
    agreed: list[Agreed | None] = []
    for place, (theirs, what) in enumerate(zip(offer.media, roles(offer.media), strict=True)):
        ours = next((section for section in left if role(section) == what), None)
        old = previous.media[place] if previous and place < len(previous.media) else None
        accepted = None if ours is None else _accept(offer, theirs, ours, old, keys)
        if ours is None or accepted is None:
            answered.append(refused(theirs))
            agreed.append(None)
            continue
        left.remove(ours)
        answered.append(accepted[0])
        agreed.append(accepted[1])
    if not any(agreed):
        why = refusals(offer, can)
        told = f": {'; '.join(one.text for one in why)}" if why else ""
        warning = why[0].warning if why else Warn.MEDIA
        reason = f"no audio or video in the offer can be done here{told}"
        raise SdpError(reason[:MOST_TOLD], warning)
    if version is None:
        version = session_id if previous is None else previous.version + 1
    answer = Session(address, tuple(answered), session_id, version, origin_address=address)
    return answer, agreed


def read_answer(offer: Session, answer: Session) -> list[Agreed | None]:
    """What our offer and their answer agree on, per section. `SdpError` if they do not fit."""
    if len(answer.media) != len(offer.media):
        raise SdpError(f"answer has {len(answer.media)} media, the offer {len(offer.media)}")
    agreed: list[Agreed | None] = []
    for ours, theirs, what in zip(offer.media, answer.media, roles(offer.media), strict=True):
        if theirs.kind != ours.kind:
            raise SdpError(f"answer has {theirs.kind} where the offer has {ours.kind}")
        if not theirs.port:
            agreed.append(None)
            continue
        if not ours.port:
            raise SdpError(f"answer takes {theirs.kind} that was not offered")
        if theirs.protocol not in PROTOCOLS or is_secure(theirs) is not is_secure(ours):
            raise SdpError(f"answer has {theirs.kind} over {theirs.protocol[:20]}, not as offered")
        pair = codecs.answered(theirs.codecs, ours.codecs)
        if pair is None:
            raise SdpError(f"answer's {theirs.kind} codec was not offered")
        wanted = is_secure(ours) or (ours.crypto and theirs.crypto)  # RFC 8643 §3.1
        crypto = answered_keys(ours, theirs) if wanted else None
        agreed.append(agree(answer, theirs, ours, pair, crypto, content=what == "content"))
    return agreed


def _accept(
    offer: Session, theirs: Media, ours: Media, old: Media | None, keys: Secrets | None
) -> tuple[Media, Agreed] | None:
    """Our section and the terms, None if what they offer cannot be had."""
    if not theirs.port or theirs.protocol not in PROTOCOLS:
        return None
    pair = codecs.choose(ours.codecs, theirs.codecs)
    # without SAVP a key asks for SRTP if that can be had (RFC 8643 §3.1)
    crypto = answer_keys(theirs, old, keys) if is_secure(theirs) or theirs.crypto else None
    if pair is None or (crypto is None and is_secure(theirs)):
        return None
    tones = codecs.tones_of(theirs.codecs, ours.codecs, pair[0])
    mux = ours.rtcp_mux and theirs.rtcp_mux
    # their word for the main picture, so that sections have the same roles in our description
    tags = ours.content or theirs.content
    stated = replace(
        at_their_rate(ours, offer, theirs),
        codecs=(pair[1],) if tones is None else (pair[1], tones),
        formats=(),
        protocol=theirs.protocol,
        content=tags,
        crypto=crypto[:1] if crypto else (),
        rtcp_mux=mux,
        rtcp_port=None if mux else ours.rtcp_port,
    )
    terms = agree(offer, theirs, stated, pair, crypto, content=role(ours) == "content")
    if terms is None:
        return None
    kinds = [kind for kind, short in FEEDBACK.items() if short in terms.feedback]
    section = replace(
        stated,
        direction=Direction.of(terms.sends, terms.receives),
        feedback=tuple(f"* {kind}" for kind in kinds),
    )
    return section, terms
