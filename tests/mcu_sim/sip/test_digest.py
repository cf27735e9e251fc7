"""Digest authentication: the vectors of the RFCs, both sides together, and hostile headers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.sip import digest
from giaoban.mcu_sim.sip.digest import (
    Authority,
    Credentials,
    Denial,
    VerifiedUser,
    authorization,
    response,
)

SECRET = b"a secret of thirty-two bytes...."
URI = "sip:10.67.0.2"
ME = Credentials("cu-jut", 'pass"word\\ giữa')
MUFASA = ("Mufasa", "http-auth@example.org", "Circle of Life", "GET", "/dir/index.html")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def authority(**accounts: str) -> Authority:
    return Authority("giaoban", {ME.user: ME.password, **accounts}, SECRET)


def answer(
    challenges: list[str],
    method: str = "REGISTER",
    credentials: Credentials = ME,
    seed: int = 1,
) -> str:
    text = authorization(challenges, method, URI, credentials, random.Random(seed))
    assert text is not None
    return text


def counted(nc: str, nonce: str) -> str:
    """A client's answer with this count to a nonce it has."""
    value = response(
        "SHA-256", ME.user, "giaoban", ME.password, "REGISTER", URI, nonce, nc=nc, cnonce="x"
    )
    return (
        f'Digest username="{ME.user}", realm="giaoban", nonce="{nonce}", uri="{URI}", '
        f'response="{value}", algorithm=SHA-256, cnonce="x", qop=auth, nc={nc}'
    )


def nonce_of(challenge: str) -> str:
    return challenge.split('nonce="')[1].split('"')[0]


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
    header = (
        f'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", '
        f'algorithm={algorithm}, nonce="{NONCE}", nc=00000001, cnonce="{CNONCE}", qop=auth, '
        f'response="{expected}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    # the nonce is the document's, not ours, so a right answer to it is stale
    right = Authority("http-auth@example.org", {"Mufasa": "Circle of Life"}, SECRET)
    assert right.verify("GET", MUFASA[4], [header], 0) == Denial.STALE_NONCE
    wrong = Authority("http-auth@example.org", {"Mufasa": "Circle of Lies"}, SECRET)
    assert wrong.verify("GET", MUFASA[4], [header], 0) == Denial.WRONG_CREDENTIALS


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


def test_challenges_prefer_sha_256_and_name_what_rfc_8760_asks_for() -> None:
    first, second = authority().challenges(5_000)
    for text in (first, second):
        assert text.startswith('Digest realm="giaoban", qop="auth", nonce="')
        assert 'opaque="' in text
        assert "stale" not in text
    assert first.endswith("algorithm=SHA-256")
    assert second.endswith("algorithm=MD5")
    assert "stale=true" in authority().challenges(0, stale=True)[0]


def test_only_what_was_asked_for_is_taken() -> None:
    accounts = {ME.user: ME.password}
    server = Authority("giaoban", accounts, SECRET, algorithms=["MD5"])
    [challenge] = server.challenges(0)
    assert challenge.endswith("algorithm=MD5")
    assert server.verify("REGISTER", URI, [answer([challenge])], 0) == VerifiedUser(ME.user)
    [challenge] = server.challenges(0)
    assert (
        server.verify("REGISTER", URI, [counted("00000001", nonce_of(challenge))], 0)
        == Denial.WRONG_CREDENTIALS
    )
    for algorithms in ((), ("MD5", "SHA-1")):
        with pytest.raises(ValueError, match="no algorithms known"):
            Authority("giaoban", accounts, SECRET, algorithms=algorithms)


@pytest.mark.parametrize("kept", [slice(0, 2), slice(1, 2)])
def test_a_right_answer_is_verified_once(kept: slice) -> None:
    server = authority()
    text = answer(server.challenges(1_000)[kept])
    assert server.verify("REGISTER", URI, [text], 1_050) == VerifiedUser("cu-jut")
    assert server.verify("REGISTER", URI, [text], 1_060) == Denial.STALE_NONCE


def test_a_nonce_serves_rising_counts_only() -> None:
    server = authority()
    nonce = nonce_of(server.challenges(0)[0])
    verdicts = [
        server.verify("REGISTER", URI, [counted(nc, nonce)], 10)
        for nc in ("00000001", "00000002", "00000002", "00000001", "0000000a", "0000000B")
    ]
    assert [isinstance(verdict, VerifiedUser) for verdict in verdicts] == [
        True, True, False, False, True, True,
    ]  # fmt: skip


def test_two_devices_of_one_user_challenged_together_do_not_collide() -> None:
    server = authority()
    one, other = (answer(server.challenges(7)) for _ in range(2))
    assert server.verify("REGISTER", URI, [one], 8) == VerifiedUser("cu-jut")
    assert server.verify("REGISTER", URI, [other], 8) == VerifiedUser("cu-jut")


def test_the_answer_holds_for_its_method_realm_user_and_password_only() -> None:
    server = authority(other="word")
    text = answer(server.challenges(0))
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
        text = answer(server.challenges(0), credentials=credentials)
        assert server.verify("REGISTER", URI, [text], 1) == Denial.WRONG_CREDENTIALS


def test_old_future_and_foreign_nonces_are_stale_only_with_the_right_password() -> None:
    server = Authority("giaoban", {ME.user: ME.password}, SECRET, nonce_life_ms=1_000)
    text = answer(server.challenges(5_000))
    assert server.verify("REGISTER", URI, [text], 6_001) == Denial.STALE_NONCE
    assert server.verify("REGISTER", URI, [text], 4_000) == Denial.STALE_NONCE
    assert server.verify("REGISTER", URI, [text], 6_000) == VerifiedUser("cu-jut")
    foreign = Authority("giaoban", {}, b"another secret, long enough").challenges(5_000)
    assert server.verify("REGISTER", URI, [answer(foreign)], 5_001) == Denial.STALE_NONCE
    guess = answer(foreign, credentials=Credentials(ME.user, "guess"))
    assert server.verify("REGISTER", URI, [guess], 5_001) == Denial.WRONG_CREDENTIALS


def test_missing_without_an_answer_for_this_realm() -> None:
    server = authority()
    elsewhere = answer(Authority("elsewhere", {}, SECRET).challenges(0))
    assert server.verify("REGISTER", URI, [], 0) == Denial.NO_CREDENTIALS
    assert (
        server.verify("REGISTER", URI, ["Basic dXNlcjpwYXNz", elsewhere], 0)
        == Denial.NO_CREDENTIALS
    )
    assert server.verify(
        "REGISTER", URI, [elsewhere, answer(server.challenges(0))], 0
    ) == VerifiedUser("cu-jut")


def test_an_old_device_without_qop_is_served_once_a_nonce() -> None:
    server = authority()
    challenge = server.challenges(0)[1].replace('qop="auth", ', "").replace(", algorithm=MD5", "")
    text = answer([challenge])
    assert "qop" not in text
    assert "algorithm" not in text
    assert server.verify("REGISTER", URI, [text], 1) == VerifiedUser("cu-jut")
    assert (
        server.verify("REGISTER", URI, [text], 2) == Denial.STALE_NONCE
    )  # it may ask for a new one and go on
    # and an answer that counts cannot follow
    assert (
        server.verify("REGISTER", URI, [counted("00000009", nonce_of(challenge))], 3)
        == Denial.STALE_NONCE
    )


def test_the_table_of_counts_is_bounded_and_forgetting_opens_no_replay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digest, "_MOST_COUNTS", 3)
    server = authority()
    texts = [answer(server.challenges(now_ms)) for now_ms in range(5)]
    for text in texts:
        assert server.verify("REGISTER", URI, [text], 10) == VerifiedUser("cu-jut")
    assert len(server._counts) == 3
    verdicts = [server.verify("REGISTER", URI, [text], 11) for text in texts]
    assert verdicts == [Denial.STALE_NONCE] * 5


def test_counts_go_away_with_their_nonces() -> None:
    server = Authority("giaoban", {ME.user: ME.password}, SECRET, nonce_life_ms=1_000)
    for now_ms in range(0, 50_000, 500):
        text = answer(server.challenges(now_ms))
        assert server.verify("REGISTER", URI, [text], now_ms) == VerifiedUser("cu-jut")
        assert len(server._counts) <= 3


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


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Authority("giaoban", {}, b"short")


# ------------------------------------------------------------------------------- hostile headers


@given(st.text(alphabet=st.characters(codec=None), max_size=80))
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    server = authority()
    assert server.verify("REGISTER", URI, [text], 0) is Denial.NO_CREDENTIALS
    verdict = server.verify("REGISTER", URI, [f"Digest {text}"], 0)
    assert verdict in (Denial.WRONG_CREDENTIALS, Denial.NO_CREDENTIALS)
    authorization([f"Digest {text}"], "REGISTER", URI, ME, random.Random(1))


GOOD = answer(authority().challenges(0))


@given(st.integers(0, len(GOOD) - 1), st.characters(codec=None))
def test_one_changed_character_never_verifies_somebody_else(place: int, other: str) -> None:
    server = authority()
    server.challenges(0)
    verdict = server.verify("REGISTER", URI, [GOOD[:place] + other + GOOD[place + 1 :]], 0)
    assert verdict in (
        VerifiedUser("cu-jut"),
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
        ("algorithm=SHA-256", "algorithm=SHA-256-sess"),
        ("algorithm=SHA-256", "algorithm=MD5"),
        ("algorithm=SHA-256", "algorithm=SHA-256, userhash=true"),
        ('response="', 'respond="'),
        ('uri="sip', 'url="sip'),
        ("Digest ", "Digest"),
        ("Digest ", "Digest ,"),
    ],
)
def test_an_answer_that_lacks_something_is_not_verified(old: str, new: str) -> None:
    server = authority()
    text = answer(server.challenges(0))
    assert old in text
    verdict = server.verify("REGISTER", URI, [text.replace(old, new)], 0)
    assert verdict == (Denial.NO_CREDENTIALS if new == "Digest" else Denial.WRONG_CREDENTIALS)
    assert server.verify("REGISTER", URI, [text], 0) == VerifiedUser("cu-jut")


def test_quoted_and_odd_spellings_of_devices_are_read() -> None:
    server = authority()
    text = answer(server.challenges(0))
    odd = (
        text.replace("qop=auth", 'qop="auth"')
        .replace("algorithm=SHA-256", 'ALGORITHM="sha-256"')
        .replace(", ", " ,")
        .replace("Digest", "  DIGEST ")
    )
    assert server.verify("REGISTER", URI, [odd], 0) == VerifiedUser("cu-jut")


def test_a_long_header_is_read_in_linear_time() -> None:
    server = authority()
    for text in (
        'Digest a="' + "\\" * 60_000,
        "Digest " + "a=b," * 15_000,
        "Digest" + " " * 60_000,
    ):
        assert server.verify("REGISTER", URI, [text], 0) == Denial.WRONG_CREDENTIALS
