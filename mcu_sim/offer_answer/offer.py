"""Offers: the first one of a call, and new ones within it (RFC 3264 §5, §8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mcu_sim.offer_answer.capability import refused, role, roles
from mcu_sim.offer_answer.codecs import renumbered
from mcu_sim.offer_answer.keys import with_keys
from mcu_sim.sdp import Media, Session
from mcu_sim.secret_source import Secrets


def make_offer(
    address: str, media: Sequence[Media], session_id: int, *, keys: Secrets | None = None
) -> Session:
    """A first offer of all of `media`, received at `address`.

    Sections over RTP/SAVP or RTP/SAVPF get an SRTP key of each suite. Raises `ValueError` if there
    is no source of keys for them.
    """
    sections = tuple(with_keys(section, keys) for section in media)
    return Session(address, sections, session_id, session_id, origin_address=address)


def make_reoffer(
    previous: Session, media: Sequence[Media], *, keys: Secrets | None = None
) -> Session:
    """A new offer within a call: from now on `media`, and nothing else.

    `previous` is our description in force, whether it was an offer or an answer. Its sections keep
    their places. Those that `media` goes on with keep their protocol, SRTP keys and payload types,
    the others are refused with port 0; what is new follows at the end. Raises `ValueError` if
    there is no source of keys for a new SRTP section.
    """
    left = list(media)
    what = roles(previous.media)
    sections = [refused(old) for old in previous.media]
    # what is in use goes on where it is; only then may a refused section be revived
    for place in sorted(range(len(sections)), key=lambda place: not previous.media[place].port):
        old = previous.media[place]
        ours = next((section for section in left if role(section) == what[place]), None)
        if ours is None:
            continue
        left.remove(ours)
        ours = replace(ours, content=ours.content or old.content)
        if old.port:
            codecs = renumbered(ours.codecs, old.codecs)
            ours = replace(ours, codecs=codecs, protocol=old.protocol, crypto=old.crypto)
        sections[place] = with_keys(ours, keys)
    sections += [with_keys(section, keys) for section in left]
    return replace(previous, media=tuple(sections), version=previous.version + 1)
