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


# ------------------------------------------------------------------------------- hostile headers
