"""Guessed passwords: seen by user and host, counted, and answered later and later."""

from __future__ import annotations

import random
import re

import pytest

from mcu_sim.sip import Peer, UserAgent
from mcu_sim.sip.authentication import (
    FORGOTTEN_MS,
    LONGEST_MS,
    MOST_DEVICES,
    MOST_GUESSERS,
    UNDELAYED,
    PasswordThrottle,
    WrongPassword,
)
from mcu_sim.sip.digest import Authority, Credentials, authorization
from mcu_sim.sip.registration import Registrar

DEVICE, GUESSER = Peer("10.68.0.2", 5060), Peer("10.68.0.9", 5060)
PASSWORDS = {"cu-jut": "bí mật", "dak-mil": "khác"}
URI = "sip:10.67.0.2"


class Mcu:
    """A registrar with accounts, in virtual time."""

    def __init__(self) -> None:
        self.agent = UserAgent(
            ("10.67.0.2", 5060),
            random.Random(1),
            authority=Authority("mcu", PASSWORDS, b"0123456789abcdef"),
            registrar=Registrar(),
        )
        self.now_ms = 0.0
        self.seen: list[WrongPassword] = []
        self.answers: list[tuple[float, int, str]] = []
        self._number = 0

    def register(self, user: str, source: Peer, *headers: str) -> str:
        """Send a REGISTER; its Call-ID."""
        self._number += 1
        lines = "".join(f"Authorization: {value}\r\n" for value in headers)
        text = (
            f"REGISTER {URI} SIP/2.0\r\nVia: SIP/2.0/UDP {source.host}:{source.port};"
            f"branch=z9hG4bK{self._number}\r\nFrom: <sip:{user}@10.67.0.2>;tag=1\r\n"
            f"To: <sip:{user}@10.67.0.2>\r\nCall-ID: {self._number}\r\nCSeq: 1 REGISTER\r\n"
            f"Contact: <sip:a@{source.host}>\r\nMax-Forwards: 70\r\n{lines}"
            "Content-Length: 0\r\n\r\n"
        )
        self.agent.receive(text.encode(), source, self.now_ms)
        self._take()
        return str(self._number)

    def proof(self, user: str, password: str, claims: str | None = None) -> str:
        """The answer to a new challenge."""
        self.register(user, DEVICE)
        challenges = re.findall(r"WWW-Authenticate: (.*)\r\n", self._last)
        who = Credentials(claims or user, password)
        found = authorization(challenges, "REGISTER", URI, who, random.Random(self._number))
        assert found is not None
        return found

    def tries(self, user: str, password: str, source: Peer) -> str:
        """Prove oneself, or guess."""
        return self.register(user, source, self.proof(user, password))

    def wait(self, ms: float) -> None:
        until_ms = self.now_ms + ms
        while (at := self.agent.next_timeout()) is not None and at <= until_ms:
            self.now_ms = at
            self.agent.advance(at)
            self._take()
        self.now_ms = until_ms

    def answer(self, call: str) -> tuple[float, int] | None:
        """When a request was answered and how, None if it was not yet."""
        return next(((at, code) for at, code, name in self.answers if name == call), None)

    def _take(self) -> None:
        self.seen += self.agent.take_wrong_passwords()
        for one in self.agent.outgoing():
            self._last = one.data.decode()
            [name] = re.findall(r"Call-ID: (.*)\r\n", self._last)
            self.answers.append((self.now_ms, int(self._last[8:11]), name))


def test_each_wrong_one_is_told_and_the_next_waits_longer() -> None:
    mcu = Mcu()
    waits = []
    for _ in range(8):
        call = mcu.tries("cu-jut", "guess", GUESSER)
        began_ms = mcu.now_ms
        while (answer := mcu.answer(call)) is None:
            mcu.wait(100.0)
        assert answer[1] == 403
        waits.append(answer[0] - began_ms)
    assert waits == [0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
    assert [(e.user, e.host, e.count) for e in mcu.seen] == [
        ("cu-jut", GUESSER.host, n) for n in range(1, 9)
    ]
    assert [e.held_ms for e in mcu.seen] == waits
    assert mcu.agent.wrong_passwords == 8


def test_who_asks_at_once_learns_no_more() -> None:
    """Fifty throttle side by side, the right one among them, are as one."""
    mcu = Mcu()
    for _ in range(UNDELAYED):
        mcu.tries("cu-jut", "guess", GUESSER)
    first_ms = mcu.now_ms
    calls = [mcu.tries("cu-jut", f"guess {n}", GUESSER) for n in range(50)]
    calls.append(mcu.tries("cu-jut", PASSWORDS["cu-jut"], GUESSER))
    calls.append(mcu.tries("cu-jut", PASSWORDS["cu-jut"], GUESSER._replace(port=5070)))
    assert [mcu.answer(call) for call in calls] == [None] * len(calls)
    mcu.wait(1_000.0)
    assert {mcu.answer(call) for call in calls} == {(first_ms + 1_000.0, 403)}
    assert len(mcu.seen) == UNDELAYED + 1
    assert mcu.agent.wrong_passwords == UNDELAYED + len(calls)
    # and once the time is over, the right one is
    assert mcu.answer(mcu.tries("cu-jut", PASSWORDS["cu-jut"], GUESSER)) == (mcu.now_ms, 200)


def test_many_guesses_in_one_request_are_none() -> None:
    mcu = Mcu()
    throttle = [mcu.proof("cu-jut", f"guess {n}") for n in range(9)]
    right = mcu.proof("cu-jut", PASSWORDS["cu-jut"])
    call = mcu.register("cu-jut", GUESSER, *throttle, right)
    assert mcu.answer(call) == (0.0, 403)
    other = mcu.proof("dak-mil", "x")
    call = mcu.register("cu-jut", GUESSER, other, right)
    assert mcu.answer(call) == (0.0, 403)
    assert {e.user for e in mcu.seen} == {"cu-jut", "dak-mil"}


@pytest.mark.parametrize("claims", ["cu-jut", "dak-mil"])
def test_it_is_counted_for_whom_it_is_said_to_be(claims: str) -> None:
    """Not for From, which a guesser may change with each request."""
    mcu = Mcu()
    for number in range(UNDELAYED + 1):
        proof = mcu.proof(f"other-{number}", "guess", claims)
        call = mcu.register(f"other-{number}", GUESSER, proof)
    assert mcu.answer(call) is None
    assert {e.user for e in mcu.seen} == {claims}


def test_neither_its_owner_nor_its_neighbours_are_hindered() -> None:
    mcu = Mcu()
    beside = GUESSER._replace(port=5062)
    assert mcu.answer(mcu.tries("cu-jut", PASSWORDS["cu-jut"], beside)) == (0.0, 200)
    for _ in range(UNDELAYED + 1):
        mcu.tries("cu-jut", "guess", GUESSER)
    for user, source in (("cu-jut", DEVICE), ("dak-mil", GUESSER), ("cu-jut", beside)):
        assert mcu.answer(mcu.tries(user, PASSWORDS[user], source)) == (0.0, 200)
    assert mcu.answer(mcu.tries("cu-jut", PASSWORDS["cu-jut"], GUESSER)) is None


def test_a_slip_is_forgotten_once_the_right_one_came() -> None:
    throttle = PasswordThrottle()
    for _ in range(UNDELAYED):
        throttle.note_wrong("a", DEVICE, 0.0)
    throttle.note_right("a", DEVICE)
    assert throttle.note_wrong("a", DEVICE, 1.0) == (1, 1.0)


def test_it_is_forgotten_after_a_while() -> None:
    throttle = PasswordThrottle()
    for _ in range(9):
        throttle.note_wrong("a", DEVICE, 0.0)
    assert throttle.note_wrong("a", DEVICE, FORGOTTEN_MS) == (10, FORGOTTEN_MS + LONGEST_MS)
    assert throttle.note_wrong("a", DEVICE, 2 * FORGOTTEN_MS + 1)[0] == 1


def test_memory_is_bounded_and_who_guesses_most_is_remembered() -> None:
    throttle = PasswordThrottle()
    for _ in range(9):
        throttle.note_wrong("a", GUESSER, 0.0)
    for number in range(2 * MOST_GUESSERS):
        throttle.note_wrong(f"b-{number}", GUESSER, 1.0)
    assert throttle.note_wrong("a", GUESSER, 2.0)[0] == 10
    assert len(throttle._guessers) <= MOST_GUESSERS
    for number in range(2 * MOST_DEVICES):
        throttle.note_right("a", Peer("10.68.0.2", number))
    assert len(throttle._devices) <= MOST_DEVICES
