"""H.264 byte streams."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.errors import InputError
from giaoban.traffic.recorded.annexb import nal_units, read_clip, sequence_parameters
from tests.h264 import byte_stream

# as x264 wrote it: baseline, level 1.3, 176x144, VUI timing 1/50 (25 frames a second)
SPS = bytes.fromhex("6742c00dda0b13b011000003000100000300328f142aa0")
PPS = bytes.fromhex("68ce3c80")
SEI = bytes.fromhex("0605ff80")
DELIMITER = bytes.fromhex("0910")
IDR = b"\x65\x88" + b"\x80" * 10  # first_mb_in_slice 0, slice_type 7 (I)
IDR_SECOND = b"\x65\x62" + b"\x80" * 10  # first_mb_in_slice 2
P = b"\x41\x9a" + b"\x80" * 5  # first_mb_in_slice 0, slice_type 5 (P)
P_SECOND = b"\x41\x66" + b"\x80" * 5  # first_mb_in_slice 2
B = b"\x01\x9e" + b"\x80" * 5  # slice_type 6 (B)

CLIP = [SPS, PPS, SEI, IDR, IDR_SECOND, P, P_SECOND, DELIMITER, P]


def test_units_become_pictures() -> None:
    clip = read_clip(byte_stream(CLIP), "clip")
    assert [picture.units for picture in clip.pictures] == [
        (SPS, PPS, SEI, IDR, IDR_SECOND),
        (P, P_SECOND),
        (DELIMITER, P),
    ]
    assert [picture.key for picture in clip.pictures] == [True, False, False]


def test_parameter_sets_begin_another_picture_and_a_trailing_one_ends_the_last() -> None:
    clip = read_clip(byte_stream([SPS, PPS, IDR, SPS, PPS, IDR, SEI]), "clip")
    assert [picture.units for picture in clip.pictures] == [(SPS, PPS, IDR), (SPS, PPS, IDR, SEI)]


def test_start_codes_of_three_bytes_and_trailing_zeros() -> None:
    data = b"\0\0" + b"".join(b"\0\0\1" + unit + b"\0" for unit in CLIP) + b"\0\0"
    assert nal_units(data, "clip") == CLIP


def test_what_the_parameter_set_says() -> None:
    read = sequence_parameters(SPS)
    assert (read.profile, read.width, read.height, read.progressive) == (66, 176, 144, True)
    assert read.fps == Fraction(25)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"RIFF" + bytes(40), "no H.264 byte stream"),
        (b"\0\0\0\x18ftypmp42", "no H.264 byte stream"),
        (b"x" + byte_stream(CLIP), "no H.264 byte stream"),
        (byte_stream([b"\xe7" + SPS[1:], PPS, IDR]), "0xe7 is not one of H.264"),
        (byte_stream([b"\x7c\x85\x88"]), "0x7c is not one of H.264"),
        (byte_stream([SPS, PPS, b"\x65"]), "NAL unit 3 at byte .* is truncated"),
        (byte_stream([SPS[:6], PPS, IDR]), r"NAL unit 1 \(type 7\): is truncated"),
        (byte_stream([PPS, IDR]), "before any parameter sets"),
        (byte_stream([SPS, IDR]), "before any parameter sets"),
        (byte_stream([PPS, SEI]), "no sequence parameter set"),
        (byte_stream([SPS, PPS]), "has no picture"),
        (byte_stream([SPS, PPS, P, IDR]), "first picture is no IDR"),
        (byte_stream([SPS, PPS, IDR_SECOND]), "first slice is missing"),
        (byte_stream([SPS, PPS, IDR, B]), "is a B slice"),
        (byte_stream([SPS, PPS, b"\x42" + P[1:]]), "data partitioning"),
    ],
)
def test_files_that_cannot_be_sent_say_why(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_clip(data, "clip")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_clip_or_an_input_error(data: bytes) -> None:
    for text in (data, byte_stream([SPS, PPS]) + b"\0\0\1" + data):
        try:
            said = "clip: " if read_clip(text, "clip").pictures else ""
        except InputError as error:
            said = str(error)
        assert said.startswith("clip: ")
