"""Broken messages and packets, made from real ones."""

from __future__ import annotations

import random
import re

NASTY = (
    b"",
    b"0",
    b"-1",
    b"65535",
    b"65536",
    b"4294967296",
    b"99999999999999999999",
    b"\x00",
    b"\xff\xfe",
    b"\r\n",
    b"\r\n\r\n",
    b" ",
    b";",
    b",",
    b":",
    b'"',
    b"<>",
    b"%00",
    b"%0d%0a",
    b";tag=",
    b"sip:",
    b"SIP/2.0",
    b"z9hG4bK",
    b"Require: everything\r\n",
    b"Content-Type: application/sdp\r\n",
    b"[::1]",
    b"0.0.0.0",
    b"255.255.255.255",
    "Cư Jút".encode(),
    b"a" * 300,
)
_LENGTH = re.compile(rb"Content-Length: *\d+")
_NUMBER = re.compile(rb"\d+")


def text(data: bytes, rng: random.Random) -> bytes:
    """A SIP message or a description with one to four mistakes."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(_TEXT)(data, rng)
    return data


def message(data: bytes, rng: random.Random) -> bytes:
    """A SIP message with mistakes; often it is a new one, and its length is right."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if rng.random() < 0.5:
        new = b"%016x" % rng.getrandbits(64)
        head = head.replace(b"z9hG4bK", b"z9hG4bK" + new).replace(b"Call-ID: ", b"Call-ID: " + new)
    if body and rng.random() < 0.5:
        body = text(body, rng)
    else:
        head = text(head, rng)
    if rng.random() < 0.8:
        head = _LENGTH.sub(b"Content-Length: %d" % len(body), head)
    return head + gap + body


def binary(data: bytes, rng: random.Random) -> bytes:
    """A packet with one to four mistakes."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        how = rng.randrange(6)
        at = rng.randrange(len(out)) if out else 0
        if how == 0 and out:
            out[at] ^= 1 << rng.randrange(8)
        elif how == 1 and out:
            # the header and what stands behind it is what is looked at
            out[min(at, rng.randrange(24))] = rng.randrange(256)
        elif how == 2:
            del out[at:]
        elif how == 3:
            out[at:at] = rng.randbytes(rng.randrange(20))
        elif how == 4:
            del out[at : at + rng.randrange(8)]
        elif rng.random() < 0.02:
            out += rng.randbytes(rng.choice((1400, 2100, 9000)))
    return bytes(out)


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.randrange(1, 30) :]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(NASTY) + data[at:]


def _number(data: bytes, rng: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    one = rng.choice(found)
    return data[: one.start()] + rng.choice(NASTY) + data[one.end() :]


def _lines(data: bytes, rng: random.Random) -> bytes:
    """A line is gone, twice there, or elsewhere."""
    lines = data.split(b"\r\n")
    one = lines.pop(rng.randrange(len(lines)))
    for _ in range(rng.randrange(3)):
        lines.insert(rng.randrange(len(lines) + 1), one)
    return b"\r\n".join(lines)


def _value(data: bytes, rng: random.Random) -> bytes:
    """What stands behind a line's colon or equals sign is something else."""
    lines = data.split(b"\r\n")
    at = rng.randrange(len(lines))
    for sign in (b": ", b":", b"="):
        name, found, _ = lines[at].partition(sign)
        if found:
            lines[at] = name + found + rng.choice(NASTY)
            break
    return b"\r\n".join(lines)


def _end(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


_TEXT = (_flip, _flip, _cut, _insert, _insert, _number, _number, _lines, _lines, _value, _end)
