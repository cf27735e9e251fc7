"""Estimates of meetings of all kinds: they are whole, and every packet is accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs import IMPAIRMENTS, MEETINGS, SHARED, control
from scenario_factory import DEFAULT, scenario

from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question
from tests.nights import at_night

SLIDES = """
[meeting]
floor = "open"

[content]
bridge = "east"
from_s = 1.0
to_s = 5.0
kbps = 500.0
"""
OVERTAKEN = (
    MEETINGS["all"]
    + """
[[impairment]]
bridge = "west"
kind = "video"
jitter = { model = "normal", mean_ms = 20.0, sd_ms = 8.0, reorder = true }
"""
)
"""Pictures are passed on out of order to a bridge that is called again: its stream goes on behind
the last one sent, which need not be the last in order."""
BESIDE_SLIDES = """
schema = "giaoban.scenario/1"
id = "beside-slides"
question = "May two meetings be held at once?"
question_vi = "Có thể tổ chức hai cuộc họp cùng lúc hay không?"
province = "{province}"
[phases]
course_s = 6
[meeting]
chair = "gia-nghia"
participants = ["gia-nghia", "cu-jut", "dak-mil"]
[content]
bridge = "gia-nghia"
kbps = 512
[[concurrent_meeting]]
id = "two"
chair = "krong-no"
participants = ["krong-no", "tuy-duc"]
"""
KINDS = {
    **MEETINGS,
    "impaired": IMPAIRMENTS,
    "shared": SHARED,
    "slides": SLIDES,
    "overtaken": OVERTAKEN,
}
WITHOUT_LOSS = ("switched", "out", "encrypted", "redial", "all", "slides")


PARTS = ("switched", "out", "encrypted", "overtaken")
"""What `all`, and what `lossy`, has in it."""


@pytest.mark.parametrize("name", [at_night(name) if name in PARTS else name for name in KINDS])
def test_every_packet_is_accounted_for(tmp_path: Path, name: str) -> None:
    file = scenario(tmp_path / "s.toml", id=name, phases=(3, 4, 3), more=KINDS[name])
    question = make_question(file)
    result = estimate(question).result
    account = result.accounting
    assert (result.verdict == "invalid", account.unaccounted) == (False, 0)
    lost = account.packets_dropped_at_queues + account.packets_lost_by_impairment
    lost += account.packets_damaged
    assert account.packets_sent + account.packets_duplicated == account.packets_received + lost
    assert (lost > 0) == (name == "shared")
    kinds = {s.kind for p in result.phases for b in p.bridges for s in b.streams}
    assert kinds == {"audio", "video"} | ({"content"} if name == "slides" else set())
    for phase in result.phases:
        for bridge in phase.bridges:
            for stream in bridge.streams:
                # east leaves a millisecond after the phase "during" begins
                assert stream.packets_sent > 0 or name in ("all", "overtaken")
                if name in WITHOUT_LOSS:
                    assert stream.packets_received == stream.packets_sent


def test_who_is_put_out_and_called_again_is_in_again(tmp_path: Path) -> None:
    more = control(3, "west", 'command = "drop", participant = "east"')
    more += control(7, "operator", 'command = "redial", participant = "east"')
    file = scenario(tmp_path / "s.toml", id="redial", phases=(4, 4, 4), more=more)
    result = estimate(make_question(file)).result
    before, _, after = result.phases
    assert before.mcu.put_out == ["east"]
    assert "east" in after.mcu.joined
    east = next(bridge for bridge in after.bridges if bridge.id == "east")
    assert all(stream.packets_received > 0 for stream in east.streams)


def test_encryption_takes_its_share_of_the_lines(tmp_path: Path) -> None:
    """An authentication tag of 10 bytes in each packet (RFC 3711 §5.2)."""
    loads = []
    for more in ("", MEETINGS["encrypted"]):
        file = scenario(tmp_path / "s.toml", id="tags", phases=(3, 3, 3), more=more)
        after = estimate(make_question(file)).result.phases[-1]
        packets = sum(
            stream.packets_sent
            for bridge in after.bridges
            for stream in bridge.streams
            if bridge.id == "east" and stream.direction == "up"
        )
        [link] = [k for k in after.links if k.direction.startswith("east->")]
        loads.append((link.utilisation_pct, packets, link.rate_mbps))
    (plain, packets, rate_mbps), (tagged, again, _) = loads
    assert packets == again
    more_pct = 100 * packets * 10 * 8 / 3.0 / (rate_mbps * 1e6)
    assert tagged - plain == pytest.approx(more_pct, rel=0.1)


def test_slides_are_shown_in_their_own_meeting(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(BESIDE_SLIDES.format(province=DEFAULT), encoding="utf-8")
    result = estimate(make_question(file)).result
    assert (result.verdict, result.accounting.unaccounted) == ("pass", 0)
    [phase] = result.phases
    shown = {b.id for b in phase.bridges for s in b.streams if s.kind == "content"}
    assert shown == {"gia-nghia", "cu-jut", "dak-mil"}
