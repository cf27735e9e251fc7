"""What two sides agree on about session timers (RFC 4028 §4, §7, §9, table 2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import URI, Request, Response

from mcu_sim.sip.session_timer import (
    Rules,
    Terms,
    Wishes,
    answer,
    as_client,
    as_server,
    ask,
    is_too_small,
    read,
)

RULES = Rules(1_800, 90)


def request(**headers: str) -> Request:
    message = Request("INVITE", URI.parse("sip:mcu@10.67.0.2"))
    for name, value in headers.items():
        message.headers.set(name.replace("_", "-"), value)
    return message


@pytest.mark.parametrize(
    ("supported", "refresher", "ours"),
    [
        # table 2: supported by the caller, refresher in the request → in the response
        ("", "", True),
        ("timer", "", False),
        ("timer", ";refresher=uac", False),
        ("timer", ";refresher=uas", True),
    ],
)
def test_who_refreshes_is_as_table_2_says(supported: str, refresher: str, ours: bool) -> None:
    wishes = read(request(Supported=supported, Session_Expires=f"600{refresher}"))
    terms = as_server(wishes, RULES, None)
    assert terms == Terms(600, ours, supported != "")
    response = Response(200, "OK")
    answer(response, terms)
    assert response.headers.get("Require") == ("timer" if supported else None)
    assert response.headers["Session-Expires"] == f"600;refresher={'uas' if ours else 'uac'}"


def test_who_refreshed_goes_on_if_it_is_left_open() -> None:
    wishes = read(request(Supported="timer", Session_Expires="600"))
    assert as_server(wishes, RULES, Terms(900, True, True)) == Terms(600, True, True)


@pytest.mark.parametrize(
    ("asked", "min_se", "rules", "interval_s"),
    [
        (None, None, RULES, 1_800),
        (None, "3600", RULES, 3_600),
        (None, None, Rules(None, 90), None),
        ("600", None, RULES, 600),  # never longer than asked for
        ("3600", None, RULES, 1_800),
        ("3600", "2400", RULES, 2_400),  # never shorter than Min-SE
        ("3600", None, Rules(None, 90), 3_600),
        ("3600", "9999", RULES, 3_600),
    ],
)
def test_the_interval(
    asked: str | None, min_se: str | None, rules: Rules, interval_s: int | None
) -> None:
    headers = {"Session_Expires": asked, "Min_SE": min_se, "Supported": "timer"}
    wishes = read(request(**{name: text for name, text in headers.items() if text}))
    terms = as_server(wishes, rules, None)
    assert (None if terms is None else terms.interval_s) == interval_s


def test_only_who_knows_timers_can_be_asked_for_longer_ones() -> None:
    rules = Rules(1_800, 300)
    assert is_too_small(read(request(Supported="100rel, TIMER", Session_Expires="299")), rules)
    assert not is_too_small(read(request(Supported="timer", Session_Expires="300")), rules)
    assert not is_too_small(read(request(Session_Expires="299")), rules)
    # a proxy may have put it there: it is not lengthened then either
    assert as_server(read(request(Session_Expires="299")), rules, None) == Terms(299, True, False)


@pytest.mark.parametrize("text", ["", "soon", ";refresher=uas", "-5", "１２０"])
def test_what_cannot_be_read_counts_as_absent(text: str) -> None:
    assert read(request(Session_Expires=text, Min_SE=text)).interval_s is None
    assert read(request(Min_SE=text)).min_se_s == 90


@given(st.text(max_size=60), st.text(max_size=30))
def test_whatever_is_said_the_interval_is_never_below_90_s(expires: str, min_se: str) -> None:
    wishes = read(request(Session_Expires=expires, Min_SE=min_se, Supported="timer"))
    for terms in (as_server(wishes, RULES, None), as_client(wishes, RULES)):
        assert terms is not None
        assert terms.interval_s >= 90


def test_what_the_caller_takes_from_a_2xx() -> None:
    assert as_client(Wishes(600, "uas", 90, True), RULES) == Terms(600, False, True)
    assert as_client(Wishes(600, "uac", 90, True), RULES) == Terms(600, True, True)
    assert as_client(Wishes(5, "uac", 90, True), RULES) == Terms(90, True, True)
    assert as_client(Wishes(None, None, 90, False), RULES) == Terms(1_800, True, False)
    assert as_client(Wishes(None, None, 90, False), Rules(None, 90)) is None


def test_what_requests_say() -> None:
    first, again, untimed, longer = request(), request(), request(), request()
    ask(first, RULES, None)
    assert (first.headers["Supported"], first.headers["Session-Expires"]) == ("timer", "1800")
    assert first.headers.get("Min-SE") is None
    ask(again, Rules(1_800, 300), Terms(600, True, True))
    assert again.headers["Session-Expires"] == "600;refresher=uac"
    assert again.headers["Min-SE"] == "300"
    ask(untimed, Rules(None, 90), None)
    assert untimed.headers["Supported"] == "timer"
    assert untimed.headers.get("Session-Expires") is None
    ask(longer, RULES, Terms(600, False, True), 7_200)
    assert longer.headers["Session-Expires"] == "7200;refresher=uas"
    assert longer.headers["Min-SE"] == "7200"


def test_when_to_refresh_and_when_to_give_up() -> None:
    # §10: before the expiry by the smaller one of 32 s and a third of the interval
    assert (Terms(1_800, True, True).refresh_after_s, Terms(1_800, True, True).give_up_after_s) == (
        900,
        1_768,
    )
    assert Terms(90, False, True).give_up_after_s == 60


def test_impossible_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 90 s"):
        Rules(1_800, 89)
    with pytest.raises(ValueError, match="below Min-SE"):
        Rules(200, 300)
