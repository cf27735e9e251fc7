"""Digest authentication: the vectors of the RFCs, both sides together, and hostile headers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_3_9_1(algorithm: str, expected: str) -> None:
    assert response(algorithm, *MUFASA, NONCE, nc="00000001", cnonce=CNONCE) == expected


@pytest.mark.parametrize(
    ("password", "cnonce", "expected"),
    [
        (
            "Circle Of Life",
            "0a4f113b",
            "6629fae49393a05397450978507c4ef1",
        ),
        # RFC 2069 §2.4 with the value of its erratum: without qop
        ("CircleOfLife", "", "1949323746fe6a43ef61f9606e7febea"),
    ],
    ids=["RFC 2617 3.5", "RFC 2069"],
)
def test_older_rfcs(password: str, cnonce: str, expected: str) -> None:
    asked = ("Mufasa", "testrealm@host.com", password, "GET", "/dir/index.html")
    count = {"nc": "00000001", "cnonce": cnonce} if cnonce else {}
    assert response("MD5", *asked, "dcd98b7102dd2f0e8b11d0f600bfb0c093", **count) == expected


def test_client_answers_the_challenge_of_rfc_7616() -> None:
    challenges = [
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={name}, '
        f'nonce="{NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        for name in ("MD5", "SHA-256")
    ]

    class Fixed(random.Random):
        def getrandbits(self, k: int) -> int:
            return 7

    text = authorization(
        challenges, "GET", "/dir/index.html", Credentials("Mufasa", "Circle of Life"), Fixed()
    )
    expected = response("SHA-256", *MUFASA, NONCE, nc="00000001", cnonce=f"{7:032x}")
    assert text is not None
    assert f'response="{expected}"' in text
    assert "algorithm=SHA-256" in text
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in text
    assert "qop=auth, nc=00000001" in text


# -------------------------------------------------------------------------- both sides together


def test_the_server_challenges_with_md5() -> None:
    text = authority().challenge(5_000)
    assert text.startswith('Digest realm="giaoban", qop="auth", nonce="')
    assert text.endswith("algorithm=MD5")
    assert authority().challenge(0, stale=True).endswith("stale=true")


def test_old_future_and_foreign_nonces_are_stale_only_with_the_right_password() -> None:
    server = authority()
    text = answer(server.challenge(5_000))
    assert server.verify("REGISTER", URI, [text], 5_001 + NONCE_LIFE_MS) == Denial.STALE_NONCE
    assert server.verify("REGISTER", URI, [text], 4_000) == Denial.STALE_NONCE
    assert server.verify("REGISTER", URI, [text], 6_000) == "cu-jut"
    foreign = authority().challenge(5_000)
    assert server.verify("REGISTER", URI, [answer(foreign)], 5_001) == Denial.STALE_NONCE
    guess = answer(foreign, credentials=Credentials(ME.user, "guess"))
    assert server.verify("REGISTER", URI, [guess], 5_001) == Denial.WRONG_CREDENTIALS


def test_an_old_device_without_qop_is_served() -> None:
    server = authority()
    challenge = server.challenge(0).replace('qop="auth", ', "").replace(", algorithm=MD5", "")
    text = answer(challenge)
    assert "qop" not in text
    assert "algorithm" not in text
    assert server.verify("REGISTER", URI, [text], 1) == "cu-jut"


def test_the_answer_holds_for_its_method_realm_user_and_password_only() -> None:
    server = authority(other="word")
    text = answer(server.challenge(0))
    assert server.verify("INVITE", URI, [text], 1) == Denial.WRONG_CREDENTIALS
    assert (
        server.verify("REGISTER", URI, [text.replace('"cu-jut"', '"other"')], 1)
        == Denial.WRONG_CREDENTIALS
    )
    assert (
        server.verify("REGISTER", URI, [text.replace("giaoban", "elsewhere")], 1)
        == Denial.NO_CREDENTIALS
    )
    for credentials in (Credentials("cu-jut", "guess"), Credentials("nobody", "")):
        text = answer(server.challenge(0), credentials=credentials)
        assert server.verify("REGISTER", URI, [text], 1) == Denial.WRONG_CREDENTIALS


def test_missing_without_an_answer_for_this_realm() -> None:
    server = authority()
    elsewhere = answer(Authority("elsewhere", {}).challenge(0))
    assert server.verify("REGISTER", URI, [], 0) == Denial.NO_CREDENTIALS
    assert (
        server.verify("REGISTER", URI, ["Basic dXNlcjpwYXNz", elsewhere], 0)
        == Denial.NO_CREDENTIALS
    )
    assert server.verify("REGISTER", URI, [elsewhere, answer(server.challenge(0))], 0) == "cu-jut"


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
        'Digest realm="x", realm="x", nonce="y"',
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


def test_credentials_and_the_authority_do_not_print_their_secrets() -> None:
    assert ME.password not in repr(ME)
    assert "password" not in repr(ME)
    assert ME.password not in repr(authority())


# ------------------------------------------------------------------------------- hostile headers


@given(st.text(alphabet=st.characters(codec=None), max_size=80))
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    server = authority()
    assert server.verify("REGISTER", URI, [text], 0) is Denial.NO_CREDENTIALS
    verdict = server.verify("REGISTER", URI, [f"Digest {text}"], 0)
    assert verdict in (Denial.WRONG_CREDENTIALS, Denial.NO_CREDENTIALS)
    authorization([f"Digest {text}"], "REGISTER", URI, ME, random.Random(1))


GOOD = answer(authority().challenge(0))


@given(st.integers(0, len(GOOD) - 1), st.characters(codec=None))
def test_one_changed_character_never_verifies_somebody_else(place: int, other: str) -> None:
    server = authority()
    server.challenge(0)
    verdict = server.verify("REGISTER", URI, [GOOD[:place] + other + GOOD[place + 1 :]], 0)
    assert verdict in (
        "cu-jut",
        Denial.WRONG_CREDENTIALS,
        Denial.STALE_NONCE,
        Denial.NO_CREDENTIALS,
        Denial.URI_MISMATCH,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("qop=auth", "qop=auth-int"),
        ("qop=auth, ", ""),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=0000000g"),
        (", nc=00000001", ""),
        ("algorithm=MD5", "algorithm=MD5-sess"),
        ("algorithm=MD5", "algorithm=SHA-256"),
        ('response="', 'respond="'),
        ('uri="sip', 'url="sip'),
        ("Digest ", "Digest"),
        ("Digest ", "Digest ,"),
    ],
)
def test_an_answer_that_lacks_something_is_not_verified(old: str, new: str) -> None:
    server = authority()
    text = answer(server.challenge(0))
    assert old in text
    verdict = server.verify("REGISTER", URI, [text.replace(old, new)], 0)
    assert verdict == (Denial.NO_CREDENTIALS if new == "Digest" else Denial.WRONG_CREDENTIALS)
    assert server.verify("REGISTER", URI, [text], 0) == "cu-jut"


def test_quoted_and_odd_spellings_of_devices_are_read() -> None:
    server = authority()
    text = answer(server.challenge(0))
    odd = (
        text.replace("qop=auth", 'qop="auth"')
        .replace("algorithm=MD5", 'ALGORITHM="md5"')
        .replace(", ", " ,")
        .replace("Digest", "  DIGEST ")
    )
    assert server.verify("REGISTER", URI, [odd], 0) == "cu-jut"


def test_a_long_header_is_read_in_linear_time() -> None:
    server = authority()
    for text in (
        'Digest a="' + "\\" * 60_000,
        "Digest " + "a=b," * 15_000,
        "Digest" + " " * 60_000,
    ):
        assert server.verify("REGISTER", URI, [text], 0) == Denial.WRONG_CREDENTIALS
