"""Each bridge judged by itself: criteria on its own streams, and what failures took."""

from collections.abc import Sequence
from typing import Any

import results_factory as make

from giaoban.results.judge.by_bridge import by_bridge
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.result import Phase, Refused
from giaoban.results.model.streams import BridgeResult
from giaoban.results.model.studies.meetings import BridgeJudged

IDS = ["gia-nghia", "cu-jut", "tuy-duc"]
NAMED = [(ident, make.EXISTING[ident]) for ident in IDS]


def phase(*changed: BridgeResult, **device: Any) -> Phase:
    """A meeting of three, with bridges in place of the sound ones."""
    own = {bridge.id: bridge for bridge in changed}
    bridges = [own.get(ident) or make.bridge(ident) for ident in IDS]
    return make.phase("course", bridges, device=make.mcu(IDS, **device))


def judged(
    seen: Phase,
    calm: Phase | None = None,
    faults: Sequence[FaultResult] = (),
    thresholds: dict[str, float] | None = None,
) -> dict[str, BridgeJudged]:
    """`calm`: without what interruptions by the faults took."""
    found = {warm: [calm or seen] for warm in [0.0, *make.criteria(thresholds).warm_ups()]}
    criteria = make.criteria(thresholds)
    return {b.bridge: b for b in by_bridge([seen], found, criteria, NAMED, faults)}


def lossy(ident: str = "cu-jut", sent: int = 1500, received: int = 1000) -> BridgeResult:
    """A bridge that does not hear a third of what is said."""
    down = make.stream(
        "audio", "down", sent=sent, received=received, mos=4.4 if sent == received else 2.0
    )
    return make.bridge(ident, None, make.stream("audio", "up"), down)


def power_out(back_ms: float | None = 20_000.0) -> FaultResult:
    """Cư Jút is without power from second 10 on."""
    return make.power_out("cu-jut", 10.0, 10_000.0, back_ms, restored_s=15.0, lost=500)


def test_in_a_sound_meeting_every_bridge_is_met() -> None:
    found = judged(phase())
    assert list(found) == IDS
    assert {bridge.outcome for bridge in found.values()} == {"met"}
    assert [(w.kind, w.direction, w.ok) for w in found["cu-jut"].ways] == [
        ("audio", "up", True),
        ("audio", "down", True),
        ("video", "up", True),
        ("video", "down", True),
    ]
    assert found["cu-jut"].name == "Cư Jút"


def test_a_bad_stream_is_that_bridges_alone() -> None:
    found = judged(phase(lossy()))
    assert {ident: bridge.outcome for ident, bridge in found.items()} == {
        "gia-nghia": "met",
        "cu-jut": "not-met",
        "tuy-duc": "met",
    }
    assert [way.ok for way in found["cu-jut"].ways] == [True, False]
    failed = found["cu-jut"].failed
    assert failed
    assert {c.place.id for c in failed if c.place} == {"cu-jut"}
    assert round(found["cu-jut"].ways[1].lost_pct or 0, 2) == 33.33


def test_a_refused_call() -> None:
    refused = [Refused(bridge="tuy-duc", code=486, reason="Busy")]
    seen = make.phase(
        "course", [make.bridge(b) for b in IDS[:2]], device=make.mcu(IDS[:2], refused)
    )
    bridge = judged(seen)["tuy-duc"]
    assert (bridge.connected, bridge.refused, bridge.ways) == (False, 486, [])
    assert bridge.outcome == "not-met"


def test_one_that_left_by_itself_is_not_met() -> None:
    seen = make.phase("course", [make.bridge(b) for b in IDS], device=make.mcu(IDS[:2]))
    bridge = judged(seen)["tuy-duc"]
    assert not bridge.there_at_end
    assert bridge.outcome == "not-met"


def test_what_a_failure_took_is_told_as_interruption_and_not_as_loss() -> None:
    seen = phase(lossy())
    found = judged(seen, calm=phase(lossy(sent=1000, received=1000)), faults=[power_out()])
    bridge = found["cu-jut"]
    assert bridge.outcome == "met"
    way = bridge.ways[1]
    assert (way.packets_sent, way.packets_received, way.lost_pct, way.ok) == (1500, 1000, 0.0, True)
    [one] = bridge.interruptions
    assert (one.fault, one.at_s, one.back_s, one.lasted_s) == ("site-cu-jut", 10.0, 20.0, 10.0)
    assert not found["tuy-duc"].interruptions


def test_a_bridge_held_to_the_end_is_cut_off_and_one_whose_streams_are_gone_has_no_loss() -> None:
    silent = make.bridge(
        "cu-jut", None, make.stream("audio", "down", sent=0, received=0, delay_ms=None)
    )
    seen = make.phase(
        "course",
        [make.bridge("gia-nghia"), lossy(), make.bridge("tuy-duc")],
        device=make.mcu(["gia-nghia", "tuy-duc"]),
    )
    bridge = judged(seen, calm=phase(silent), faults=[power_out(None)])["cu-jut"]
    assert bridge.outcome == "cut-off"
    assert bridge.interruptions[0].lasted_s is None
    assert [way.lost_pct for way in bridge.ways] == [None, None]
