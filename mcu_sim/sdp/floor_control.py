"""The section of a description that controls the content channel's floor by BFCP (RFC 8856)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from giaoban.mcu_sim.bfcp.floor_participant import FloorAccess
from giaoban.mcu_sim.bfcp.message import FloorUser
from giaoban.mcu_sim.sdp.description import FloorControl, FloorOfStreams, Media, SessionDescription

KIND, PROTOCOL = "application", "UDP/BFCP"
CONTENT_LABEL = "11"
"""Names the content channel's section (RFC 4574) in that of its floor."""
SERVER_ONLY, CLIENT_ONLY, EITHER = "s-only", "c-only", "c-s"


def floor_control(port: int, user: FloorUser, floor_id: int) -> Media:
    """Our section: we are the floor control server, and this is who may ask here (§5)."""
    streams = FloorOfStreams(floor_id, (CONTENT_LABEL,))
    terms = FloorControl((SERVER_ONLY,), user.conference_id, user.user_id, (streams,))
    return Media(KIND, port, protocol=PROTOCOL, formats=("*",), floor_control=terms)


def asking_for_floors(port: int) -> Media:
    """A client's section: it asks a server for floors, from this port."""
    terms = FloorControl((CLIENT_ONLY,))
    return Media(KIND, port, protocol=PROTOCOL, formats=("*",), floor_control=terms)


def is_floor_control(media: Media) -> bool:
    """Whether a section is about floors over UDP, refused or not."""
    return media.kind == KIND and media.protocol.upper() == PROTOCOL


def answer_to(theirs: Media, can: Sequence[Media]) -> Media | None:
    """Our section for one that they offer; None: they want to be what we are, or there is none
    here.

    Who does not say what it is offers to be a client (§5.1).
    """
    ours = next((media for media in can if is_floor_control(media)), None)
    if ours is None or not theirs.port or not is_floor_control(theirs):
        return None
    roles = () if theirs.floor_control is None else theirs.floor_control.roles
    serve = ours.floor_control is not None and SERVER_ONLY in ours.floor_control.roles
    other = CLIENT_ONLY if serve else SERVER_ONLY
    if not {other, EITHER} & set(roles or (CLIENT_ONLY,)):
        return None
    return replace(ours, formats=theirs.formats)


def user_of(ours: SessionDescription) -> FloorUser | None:
    """As whom the other side of our description asks for the floor; None: it cannot."""
    for media in ours.media:
        terms = media.floor_control
        if media.port and terms is not None and terms.user_id is not None:
            return FloorUser(terms.conference_id or 0, terms.user_id)
    return None


def client_of(ours: SessionDescription, theirs: SessionDescription) -> tuple[str, int] | None:
    """Where whoever controls the floor of our content is, by two descriptions of which one answers
    the other; None: it does not."""
    for mine, other in zip(ours.media, theirs.media, strict=False):
        if is_floor_control(mine) and mine.port and other.port:
            return theirs.address_of(other), other.port
    return None


def access_of(ours: SessionDescription, theirs: SessionDescription) -> FloorAccess | None:
    """As whom we ask for the floor of their content, and where, by two descriptions of which one
    answers the other; None: nobody can be asked."""
    labels = {one.label for one in theirs.media if one.port and one.label is not None}
    for mine, other in zip(ours.media, theirs.media, strict=False):
        terms = other.floor_control
        if not (is_floor_control(mine) and mine.port and other.port) or terms is None:
            continue
        floors = [one.floor_id for one in terms.floors if labels.intersection(one.labels)]
        if terms.conference_id is not None and terms.user_id is not None and floors:
            user = FloorUser(terms.conference_id, terms.user_id)
            return FloorAccess((theirs.address_of(other), other.port), user, floors[0])
    return None
