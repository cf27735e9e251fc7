"""Digest authentication: the vectors of the RFCs, both sides together, and hostile headers."""

from __future__ import annotations

import random

import pytest

from giaoban.mcu_sim.sip.digest import (
    NONCE_LIFE_MS,
    Authority,
    Credentials,
    Denial,
    authorization,
    response,
)

URI = "sip:10.67.0.2"
ME = Credentials("cu-jut", 'pass"word\\ giữa')
MUFASA = ("Mufasa", "http-auth@example.org", "Circle of Life", "GET", "/dir/index.html")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OLDER = ("Mufasa", "testrealm@host.com")
GET = ("GET", "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093")
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def authority(**accounts: str) -> Authority:
    return Authority("giaoban", {ME.user: ME.password, **accounts})


def answer(
    challenge: str,
    method: str = "REGISTER",
    credentials: Credentials = ME,
    seed: int = 1,
) -> str:
    text = authorization([challenge], method, URI, credentials, random.Random(seed))
    assert text is not None
    return text


# ------------------------------------------------------------------------------- known vectors


@pytest.mark.parametrize(
    ("parts", "cnonce", "expected"),
    [
        ((*MUFASA, NONCE), CNONCE, "8ca523f5e9506fed4657c9700eebdbec"),
        ((*OLDER, "Circle Of Life", *GET), "0a4f113b", "6629fae49393a05397450978507c4ef1"),
        # RFC 2069 §2.4 with the value of its erratum: without qop
        ((*OLDER, "CircleOfLife", *GET), None, "1949323746fe6a43ef61f9606e7febea"),
    ],
    ids=["RFC 7616 3.9.1", "RFC 2617 3.5", "RFC 2069"],
)
def test_known_answers(parts: tuple[str, ...], cnonce: str | None, expected: str) -> None:
    assert response(*parts, "00000001", cnonce) == expected  # type: ignore[call-arg]


def test_client_answers_the_challenge_of_rfc_7616() -> None:
    challenges = [
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={name}, '
        f'nonce="{NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        for name in ("SHA-256", "MD5")
    ]
    rng = random.Random(7)
    cnonce = f"{random.Random(7).getrandbits(128):032x}"
    me = Credentials("Mufasa", "Circle of Life")
    text = authorization(challenges, "GET", "/dir/index.html", me, rng)
    assert text is not None
    assert f'response="{response(*MUFASA, NONCE, "00000001", cnonce)}"' in text
    assert "algorithm=MD5" in text
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in text
    assert "qop=auth, nc=00000001" in text


# -------------------------------------------------------------------------- both sides together


def test_old_future_and_foreign_nonces_are_stale_only_with_the_right_password() -> None:
    server = authority()
    text = answer(server.challenge(5_000))
    assert server.verify("REGISTER", [text], 5_001 + NONCE_LIFE_MS) == Denial.STALE_NONCE
    assert server.verify("REGISTER", [text], 4_000) == Denial.STALE_NONCE
    assert server.verify("REGISTER", [text], 6_000) == "cu-jut"
    foreign = authority().challenge(5_000)
    assert server.verify("REGISTER", [answer(foreign)], 5_001) == Denial.STALE_NONCE
    guess = answer(foreign, credentials=Credentials(ME.user, "guess"))
    assert server.verify("REGISTER", [guess], 5_001) == Denial.WRONG_CREDENTIALS


def test_an_old_device_without_qop_is_served() -> None:
    server = authority()
    challenge = server.challenge(0).replace('qop="auth", ', "").replace(", algorithm=MD5", "")
    text = answer(challenge)
    assert "qop" not in text
    assert "algorithm" not in text
    assert server.verify("REGISTER", [text], 1) == "cu-jut"


def test_the_answer_holds_for_its_method_realm_user_and_password_only() -> None:
    server = authority(other="word")
    text = answer(server.challenge(0))
    assert server.verify("INVITE", [text], 1) == Denial.WRONG_CREDENTIALS
    assert (
        server.verify("REGISTER", [text.replace('"cu-jut"', '"other"')], 1)
        == Denial.WRONG_CREDENTIALS
    )
    assert (
        server.verify("REGISTER", [text.replace("giaoban", "elsewhere")], 1)
        == Denial.NO_CREDENTIALS
    )
    for credentials in (Credentials("cu-jut", "guess"), Credentials("nobody", "")):
        text = answer(server.challenge(0), credentials=credentials)
        assert server.verify("REGISTER", [text], 1) == Denial.WRONG_CREDENTIALS


# --------------------------------------------------------------------------- the client's choice


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="x"',
        'Digest realm="x"',
        'Digest nonce="x"',
        'Digest realm="x", nonce="y", algorithm=MD5-sess, qop="auth"',
        'Digest realm="x", nonce="y", algorithm=SHA-512-256, qop="auth"',
        'Digest realm="x", nonce="y", qop="auth-int"',
        'Digest realm="x, nonce="y"',
        "",
    ],
)
def test_what_cannot_be_answered_is_left(challenge: str) -> None:
    rng = random.Random(1)
    assert authorization([challenge], "INVITE", URI, ME, rng) is None
    good = 'digest Realm = x , NONCE="a\\"b" ,algorithm=md5'
    text = authorization([challenge, good], "INVITE", URI, ME, rng)
    assert text is not None
    assert 'nonce="a\\"b"' in text
    assert 'username="cu-jut"' in text


# ------------------------------------------------------------------------------- hostile headers
