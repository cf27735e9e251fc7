"""In an estimate, too, slides wait for the floor of the content channel, which is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scenario_factory import scenario

from giaoban.scenarios.estimate import signalling
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.plan.wire import FRAMING_BYTES
from giaoban.scenarios.records.events import ContentFloor, Controlled

SLIDES = """
[meeting]
{meeting}
[content]
bridge = "west"
from_s = 0.5
to_s = 2.5
kbps = 256.0
{content}
"""


def question_of(folder: Path, meeting: str = "", content: str = "") -> Question:
    more = SLIDES.format(meeting=meeting, content=content)
    return make_question(scenario(folder / "s.toml", profile="sd30-256k", more=more))


@pytest.mark.parametrize("meeting", ["", 'dial = "out"', "encrypted = true", 'floor = "open"'])
def test_the_floor_is_granted_a_trip_there_and_back_later(tmp_path: Path, meeting: str) -> None:
    plan = question_of(tmp_path, meeting).plan
    held = signal(plan)
    [told] = (e for e in held.events if isinstance(e, ContentFloor))
    [floor] = held.floors
    from_ns = round(plan.content.from_s * 1e9)
    asked, *_ = (m for m in held.messages if m.protocol == "bfcp" and m.at_ns == from_ns)
    # a header of 12 bytes and a FLOOR-ID of 4 (RFC 8855 §5.1, §5.2.2)
    assert (asked.path, asked.size) == (0, 12 + 4 + FRAMING_BYTES)
    assert told.wait_ms == pytest.approx((floor.from_ns - from_ns) / 1e6, abs=0.001)
    assert (floor.number, floor.to_ns) == (0, round(plan.content.released_s * 1e9))
    paths = {m.path for m in held.messages if m.protocol == "bfcp"}
    assert paths == set(range(2 * len(plan.calls)))


def test_where_the_technician_gives_it_nobody_asks(tmp_path: Path) -> None:
    plan = question_of(tmp_path, content='floor_control = "technician"').plan
    held = signal(plan)
    assert {m.protocol for m in held.messages} == {"sip"}
    given = [e.by for e in held.events if isinstance(e, Controlled) and e.kind == "present"]
    assert given == ["operator", "operator"]
    assert b"BFCP" not in b"".join(str(c).encode() for c in plan.controls)


def test_slides_that_the_device_has_no_room_for_are_not_shown(tmp_path: Path) -> None:
    question = question_of(tmp_path)
    device = question.plan.device
    full = device.content.model_copy(update={"units": 88.0})
    plan = question.plan.model_copy(update={"device": device.model_copy(update={"content": full})})
    result = estimate(replace(question, plan=plan)).result
    [told] = (e for e in signal(plan).events if isinstance(e, ContentFloor))
    assert told.outcome == "denied"
    assert result.verdict == "fail"
    assert {c.id for c in result.criteria if not c.ok} == {"slides-frozen", "slides-not-shown"}
    assert [(c.command, c.code) for c in result.refused_commands] == [("present", 503)]
    shown = [s for p in result.phases for b in p.bridges for s in b.streams if s.kind == "content"]
    assert {(s.direction, s.packets_sent) for s in shown} == {("up", 0)}


def test_a_bridge_that_is_in_no_call_yet_asks_as_soon_as_it_is(tmp_path: Path) -> None:
    question = question_of(tmp_path)
    calls = [
        call.model_copy(update={"dial_s": 4.0}) if call.bridge == "west" else call
        for call in question.plan.calls
    ]
    held = signal(question.plan.model_copy(update={"calls": calls}))
    outcomes = [e.outcome for e in held.events if isinstance(e, ContentFloor)]
    assert outcomes == ["no-call", "granted"]
    assert held.floors[0].from_ns > 4e9


@pytest.mark.parametrize("what", ['kind = "mcu"', 'kind = "site"\nbridge = "west"'])
def test_who_dials_again_asks_again(tmp_path: Path, what: str) -> None:
    """The MCU, or the bridge, starts anew while slides are shown, and knows nothing of before."""
    fault = f"[[fault]]\n{what}\nat_s = 3.0\nto_s = 4.0\nboot_s = 1.0\n"
    more = SLIDES.format(meeting="", content="").replace("to_s = 2.5", "to_s = 25.0") + fault
    phases = (4.0, 20.0, 4.0)
    file = scenario(tmp_path / "s.toml", bridges=(), phases=phases, profile="sd30-256k", more=more)
    plan = make_question(file).plan
    held = signal(plan)
    told = [e for e in held.events if isinstance(e, ContentFloor)]
    assert [(e.bridge, e.outcome) for e in told] == [("west", "granted")] * 2
    assert all(0 < e.wait_ms < 10 for e in told)
    first, second = held.floors
    off_ns = round((plan.phases[0].start_s + 3.0) * 1e9)
    assert first.to_ns is not None
    assert off_ns <= first.to_ns < second.from_ns
    assert second.from_ns > off_ns + 2_000_000_000


def test_slides_that_wait_for_who_shows_them_are_out_of_date_meanwhile(tmp_path: Path) -> None:
    """A bridge that joins three seconds after it was to show them: nothing that it sends is
    missing, and yet nobody sees them in time."""
    more = """
    [meeting]
    floor = "open"
    [content]
    bridge = "north"
    from_s = 0.0
    kbps = 256.0
    """
    phases = (3.0, 3.0, 3.0)
    asked = scenario(tmp_path / "s.toml", profile="sd30-256k", phases=phases, more=more)
    question = make_question(asked)
    result = estimate(question).result
    [floor] = signal(question.plan).floors
    [frozen] = [c for c in result.criteria if c.id == "slides-frozen"]
    assert not frozen.ok
    waited_ms = floor.from_ns / 1e6 - 1000 * question.plan.content.from_s
    assert waited_ms > 3000
    # until the first frame, whose interval is 200 ms
    assert frozen.value == pytest.approx(waited_ms, abs=500)
    assert [(c.command, c.code) for c in result.refused_commands] == [("present", 481)]


@pytest.mark.parametrize(
    ("until_s", "outcomes"), [(2.0, ["granted"]), (6.0, ["unanswered", "granted"])]
)
def test_a_floor_that_nobody_answers_for_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until_s: float, outcomes: list[str]
) -> None:
    """As long as there are slides to show; that nobody answers is told once."""
    more = """
    [content]
    bridge = "west"
    from_s = 1.0
    kbps = 256.0
    """
    asked = scenario(tmp_path / "s.toml", profile="sd30-256k", phases=(6.0, 6.0, 12.0), more=more)
    plan = make_question(asked).plan
    from_ns = round(plan.content.from_s * 1e9)
    arrives = signalling._Signalling._floor_to_mcu

    def lost_until(self: signalling._Signalling, number: int, data: bytes, now_ns: int) -> None:
        if not from_ns <= now_ns < from_ns + until_s * 1e9:
            arrives(self, number, data, now_ns)

    monkeypatch.setattr(signalling._Signalling, "_floor_to_mcu", lost_until)
    held = signal(plan)
    assert [e.outcome for e in held.events if isinstance(e, ContentFloor)] == outcomes
    [floor] = held.floors
    # after 0.5, 1 and 2 s; given up after 4 more, and asked for again 5 s later
    again_s = 3.5 if until_s < 3.5 else 7.5 + 5.0
    assert floor.from_ns - from_ns == pytest.approx(again_s * 1e9, abs=1e7)
