"""BFCP messages over an unreliable transport (RFC 8855 §5), version 2, in one datagram each."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

VERSION = 2
HEADER = struct.Struct("!BBHIHH")
"""Version and flags, primitive, words of payload, conference, transaction, user (§5.1)."""
WORD_BYTES = 4
RESPONDER, FRAGMENT = 0x10, 0x08
"""Flags of the first octet."""
LONGEST_ATTRIBUTE = 0xFF
LONGEST_NAME = 64


class Primitive(IntEnum):
    """What a message is (table 1)."""

    FLOOR_REQUEST = 1
    FLOOR_RELEASE = 2
    FLOOR_REQUEST_QUERY = 3
    FLOOR_REQUEST_STATUS = 4
    USER_QUERY = 5
    USER_STATUS = 6
    FLOOR_QUERY = 7
    FLOOR_STATUS = 8
    CHAIR_ACTION = 9
    CHAIR_ACTION_ACK = 10
    HELLO = 11
    HELLO_ACK = 12
    ERROR = 13
    FLOOR_REQUEST_STATUS_ACK = 14
    FLOOR_STATUS_ACK = 15
    GOODBYE = 16
    GOODBYE_ACK = 17


ACKNOWLEDGED_BY = {
    Primitive.FLOOR_REQUEST_STATUS: Primitive.FLOOR_REQUEST_STATUS_ACK,
    Primitive.FLOOR_STATUS: Primitive.FLOOR_STATUS_ACK,
}
"""What a server tells by itself, and what its receiver answers."""


class AttributeType(IntEnum):
    """What an attribute is (table 2)."""

    BENEFICIARY_ID = 1
    FLOOR_ID = 2
    FLOOR_REQUEST_ID = 3
    PRIORITY = 4
    REQUEST_STATUS = 5
    ERROR_CODE = 6
    ERROR_INFO = 7
    PARTICIPANT_PROVIDED_INFO = 8
    STATUS_INFO = 9
    SUPPORTED_ATTRIBUTES = 10
    SUPPORTED_PRIMITIVES = 11
    USER_DISPLAY_NAME = 12
    USER_URI = 13
    BENEFICIARY_INFORMATION = 14
    FLOOR_REQUEST_INFORMATION = 15
    REQUESTED_BY_INFORMATION = 16
    FLOOR_REQUEST_STATUS = 17
    OVERALL_REQUEST_STATUS = 18


class RequestStatus(IntEnum):
    """How a floor request stands (table 4)."""

    PENDING = 1
    ACCEPTED = 2
    GRANTED = 3
    DENIED = 4
    CANCELLED = 5
    RELEASED = 6
    REVOKED = 7


class ErrorCode(IntEnum):
    """Why a request is answered by an Error (table 5)."""

    CONFERENCE_DOES_NOT_EXIST = 1
    USER_DOES_NOT_EXIST = 2
    UNKNOWN_PRIMITIVE = 3
    UNKNOWN_MANDATORY_ATTRIBUTE = 4
    UNAUTHORIZED_OPERATION = 5
    INVALID_FLOOR_ID = 6
    FLOOR_REQUEST_ID_DOES_NOT_EXIST = 7
    MAX_FLOOR_REQUESTS_REACHED = 8
    UNABLE_TO_PARSE = 10
    UNSUPPORTED_VERSION = 12
    INCORRECT_LENGTH = 13


class FloorUser(NamedTuple):
    """A user of a conference (§5.1)."""

    conference_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute (§5.2); `mandatory`: who does not know it must refuse the message."""

    type: int
    value: bytes
    mandatory: bool = True

    def packed(self) -> bytes:
        """Padded to a word. Raises `ValueError` for a value that is too long for one attribute."""
        length = 2 + len(self.value)
        if length > LONGEST_ATTRIBUTE:
            raise ValueError(f"an attribute of {length} bytes, {LONGEST_ATTRIBUTE} at most")
        head = bytes((self.type << 1 | self.mandatory, length))
        return head + self.value + bytes(-length % WORD_BYTES)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `responds`: it answers the transaction of that number."""

    primitive: int
    conference_id: int
    transaction_id: int
    user_id: int
    attributes: tuple[Attribute, ...] = ()
    responds: bool = False

    def number(self, of: AttributeType) -> int | None:
        """The first of `numbers`; None without one."""
        return next(iter(self.numbers(of)), None)

    def numbers(self, of: AttributeType) -> list[int]:
        """All attributes of a type, as unsigned numbers of 16 bits."""
        return [
            int.from_bytes(one.value[:2], "big")
            for one in self.attributes
            if one.type == of and len(one.value) >= 2
        ]

    @property
    def error_code(self) -> int | None:
        """Why it is an Error; None where it does not say so."""
        for attribute in self.attributes:
            if attribute.type == AttributeType.ERROR_CODE and attribute.value:
                return attribute.value[0]
        return None

    def packed(self) -> bytes:
        """The datagram."""
        payload = b"".join(attribute.packed() for attribute in self.attributes)
        flags = VERSION << 5 | (RESPONDER if self.responds else 0)
        words = len(payload) // WORD_BYTES
        ids = self.conference_id, self.transaction_id, self.user_id
        return HEADER.pack(flags, self.primitive, words, *ids) + payload

    def answer(self, primitive: Primitive, *attributes: Attribute) -> Message:
        """The response to this request."""
        return Message(
            primitive,
            self.conference_id,
            self.transaction_id,
            self.user_id,
            attributes,
            responds=True,
        )


class BfcpError(ValueError):
    """A datagram that is no message that can be worked with.

    Attributes:
        code: what the answer says; `details`: what goes with it.
    """

    def __init__(self, code: ErrorCode, details: bytes = b"") -> None:
        super().__init__(code.name)
        self.code = code
        self.details = details


def header_of(data: bytes) -> Message | None:
    """A datagram's message without its attributes; None: it is too short for one."""
    if len(data) < HEADER.size:
        return None
    flags, primitive, _, conference_id, transaction_id, user_id = HEADER.unpack_from(data)
    responds = bool(flags & RESPONDER)
    return Message(primitive, conference_id, transaction_id, user_id, responds=responds)


def parse(data: bytes) -> Message:
    """A datagram's message. Raises `BfcpError`, and nothing else, for bytes of any kind.

    A message in fragments is refused: no request is longer than a datagram here.
    """
    header = header_of(data)
    if header is None:
        raise BfcpError(ErrorCode.UNABLE_TO_PARSE)
    flags, _, words, *_ = HEADER.unpack_from(data)
    if flags >> 5 != VERSION:
        raise BfcpError(ErrorCode.UNSUPPORTED_VERSION)
    if flags & FRAGMENT:
        raise BfcpError(ErrorCode.UNABLE_TO_PARSE)
    payload = data[HEADER.size :]
    if WORD_BYTES * words != len(payload):
        raise BfcpError(ErrorCode.INCORRECT_LENGTH)
    attributes = tuple(_attributes(payload))
    unknown = [a.type for a in attributes if a.mandatory and a.type not in AttributeType]
    if unknown:  # §5.2.6: each type in seven bits
        details = bytes(kind << 1 for kind in sorted(set(unknown)))
        raise BfcpError(ErrorCode.UNKNOWN_MANDATORY_ATTRIBUTE, details)
    return replace(header, attributes=attributes)


def _attributes(payload: bytes) -> Iterable[Attribute]:
    at = 0
    while at < len(payload):
        kind, length = payload[at], payload[at + 1] if at + 1 < len(payload) else 0
        if length < 2 or at + length > len(payload):
            raise BfcpError(ErrorCode.UNABLE_TO_PARSE)
        yield Attribute(kind >> 1, payload[at + 2 : at + length], bool(kind & 1))
        at += length + -length % WORD_BYTES


def number(of: AttributeType, value: int) -> Attribute:
    """An attribute that is an unsigned number of 16 bits."""
    return Attribute(of, value.to_bytes(2, "big"))


def grouped(of: AttributeType, ident: int, attributes: Sequence[Attribute]) -> Attribute:
    """An attribute of attributes about something with a number of 16 bits (§5.2)."""
    inside = b"".join(attribute.packed() for attribute in attributes)
    return Attribute(of, ident.to_bytes(2, "big") + inside)


def octets(of: AttributeType, values: Iterable[int]) -> Attribute:
    """An attribute that is a list of octets."""
    return Attribute(of, bytes(values))


def request_status(status: RequestStatus, position: int = 0) -> Attribute:
    """How a request stands; `position`: in the queue, 1 being the next; 0: it is in none."""
    return octets(AttributeType.REQUEST_STATUS, (status, min(position, 0xFF)))


def beneficiary(user_id: int, name: str) -> Attribute:
    """Whom the floor is for (§5.2.14); of a long `name` the first 64 bytes."""
    display = name.encode()[:LONGEST_NAME].decode(errors="ignore")
    shown = Attribute(AttributeType.USER_DISPLAY_NAME, display.encode())
    return grouped(AttributeType.BENEFICIARY_INFORMATION, user_id, [shown])


def floor_request_information(
    request_id: int, floor_id: int, status: RequestStatus, position: int, user_id: int, name: str
) -> Attribute:
    """All that is told of a floor request (§5.2.15).

    `user_id`, `name`: as `beneficiary` has them.
    """
    overall = grouped(
        AttributeType.OVERALL_REQUEST_STATUS, request_id, [request_status(status, position)]
    )
    floor = grouped(AttributeType.FLOOR_REQUEST_STATUS, floor_id, [])
    whose = beneficiary(user_id, name)
    return grouped(AttributeType.FLOOR_REQUEST_INFORMATION, request_id, [overall, floor, whose])


def error(code: ErrorCode, details: bytes = b"") -> Attribute:
    """What an Error says (§5.2.6)."""
    return Attribute(AttributeType.ERROR_CODE, bytes((code,)) + details)


def floor_requests(message: Message) -> list[tuple[int, RequestStatus]]:
    """The floor requests that a message tells of, and how each stands overall (§5.2.15, §5.2.18);
    one of which it does not say so, or not rightly, is left out."""
    found: list[tuple[int, RequestStatus]] = []
    for about in message.attributes:
        if about.type != AttributeType.FLOOR_REQUEST_INFORMATION or len(about.value) < 2:
            continue
        try:
            status = _overall_status(about)
        except BfcpError:
            status = None
        if status is not None:
            found.append((int.from_bytes(about.value[:2], "big"), status))
    return found


def _overall_status(about: Attribute) -> RequestStatus | None:
    for overall in _attributes(about.value[2:]):
        if overall.type != AttributeType.OVERALL_REQUEST_STATUS:
            continue
        for told in _attributes(overall.value[2:]):
            if told.type == AttributeType.REQUEST_STATUS and told.value:
                known = told.value[0] in RequestStatus
                return RequestStatus(told.value[0]) if known else None
    return None
