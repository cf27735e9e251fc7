"""H.264 in SDP: which picture a codec can do, and what two sides have in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.sdp import Codec, h264
from giaoban.mcu_sim.sdp.h264 import (
    LEVELS,
    best,
    codec_for,
    common,
    resolution_of,
)


def codec(fmtp: str, payload_type: int = 109) -> Codec:
    return Codec(payload_type, "H264", 90_000, fmtp=fmtp)


@pytest.mark.parametrize(
    ("fmtp", "resolution"),
    [
        ("", "CIF30"),
        ("profile-level-id=42E00A", "CIF30"),
        ("profile-level-id=42E00D", "CIF30"),
        ("profile-level-id=42E016", "CIF30"),
        ("profile-level-id=42E01E", "SD30"),
        ("profile-level-id=42801F", "720p30"),
        ("profile-level-id=64001f", "720p30"),
        ("profile-level-id=420025", "720p60"),
        ("profile-level-id=640033", "1080p60"),
        ("profile-level-id=4200FF", "1080p60"),
        ("profile-level-id=420000", "CIF30"),
        # what conference devices say: a low level, raised
        ("profile-level-id=42000D;max-mbps=108000;max-fs=3600", "720p30"),
        ("profile-level-id=428014;packetization-mode=1;max-mbps=489600;max-fs=8160", "1080p60"),
        ("profile-level-id=428014; MAX-MBPS=245000; max-fs=8159", "720p60"),
        ("profile-level-id=42000D;max-fs=3600", "CIF30"),
        # values below the level's own mean nothing: RFC 6184 §8.1
        ("profile-level-id=42C02A;max-mbps=7200;max-fs=240", "1080p60"),
    ],
)
def test_the_largest_resolution_of_a_codec(fmtp: str, resolution: str) -> None:
    assert resolution_of(codec(fmtp)) == resolution


def test_rates_come_from_the_level_and_max_br() -> None:
    assert h264.max_kbps(codec("profile-level-id=42E00D")) == 768
    assert h264.max_kbps(codec("profile-level-id=428014;max-br=2500")) == 2500
    assert h264.max_kbps(codec("profile-level-id=428014;max-br=1500")) == 2000


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        ("42E01F", "42801F", "42801F"),
        ("42E01F", "640028", "64001F"),
        ("42E028", "42E00D;max-mbps=108000;max-fs=3600", "42E00D;max-mbps=108000;max-fs=3600"),
        ("42E01E", "42E00D;max-mbps=108000;max-fs=3600", "42E00D;max-mbps=40500;max-fs=1620"),
        (
            "42E01F",
            "428014;max-mbps=489600;max-fs=8160;max-br=6000",
            "428014;max-mbps=108000;max-fs=3600;max-br=6000",
        ),
    ],
)
def test_what_two_sides_have_in_common(ours: str, theirs: str, both: str) -> None:
    got = common(codec(f"profile-level-id={ours}", 97), codec(f"profile-level-id={theirs}"))
    assert got == codec(f"profile-level-id={both}")


FMTPS = st.builds(
    "profile-level-id={}{:02X}{:02X}{}{}{}".format,
    st.sampled_from(["42", "4D", "64"]),
    st.integers(0, 255),
    st.sampled_from([10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 40, 41, 42, 50, 51, 52]),
    st.just("") | st.integers(0, 10**6).map(";max-mbps={}".format),
    st.just("") | st.integers(0, 40_000).map(";max-fs={}".format),
    st.just("") | st.integers(0, 300_000).map(";max-br={}".format),
)


@given(FMTPS, FMTPS)
def test_the_common_codec_is_the_lower_of_both_and_both_sides_see_it_so(a: str, b: str) -> None:
    ours, theirs = codec(a), codec(b)
    both = common(ours, theirs)
    order = list(LEVELS)
    seen = [order.index(resolution_of(c)) for c in (ours, theirs, both)]
    assert seen[2] == min(seen[:2])
    assert h264.max_kbps(both) == min(h264.max_kbps(ours), h264.max_kbps(theirs))
    assert common(ours, both) == both
    assert common(both, ours).fmtp.split(";")[1:] == both.fmtp.split(";")[1:]
    assert h264.matches(both, theirs)


@pytest.mark.parametrize(
    "other",
    [
        codec("profile-level-id=58001F;packetization-mode=1"),
        codec("profile-level-id=6E001F;packetization-mode=1"),
        codec("profile-level-id=42E01F;packetization-mode=2"),
        codec("profile-level-id=42E01F;packetization-mode=one"),
        Codec(34, "H263", 90_000),
        Codec(109, "H264", 8_000),
    ],
)
def test_other_profiles_modes_and_codecs_are_not_answered(other: Codec) -> None:
    assert best(codec_for("720p30", 97), [other]) is None
