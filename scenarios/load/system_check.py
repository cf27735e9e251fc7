"""The check of the system at somebody's real device (Art. 15(1), 16(1), 19(3)): every bridge of a
meeting asks what the MCU can, calls it, sends and is sent sound and picture, and hangs up.

A load test of the smallest kind does it: all bridges call one after another and stay together for
a while (`giaoban.scenarios.load.load_test`). What a device makes of the media that it was sent only
its own technician sees; that it took them, and what it sent, is judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from giaoban.processes.progress import Progress
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.studies.meetings import (
    BridgeJudged,
    Closing,
    Entry,
    Opening,
    PartJudged,
    StreamJudged,
)
from giaoban.scenarios.load import media
from giaoban.scenarios.load.load_test import (
    LoadRecords,
    LoadTest,
    execute,
    generator_view,
    problems,
)
from giaoban.scenarios.load.locust.processes import LocustSetup
from giaoban.scenarios.load.outcomes import ReceivedMedia, Request
from giaoban.scenarios.load.plan import LoadPlan, bridge_name
from giaoban.traffic.media_load.messages import Medium
from giaoban.traffic.profiles import load_profiles

RATE_PER_S = 2.0
"""Bridges call one after another, as technicians do."""
TOGETHER_S = 10.0
"""So long all of them are connected."""
CALLS_FILE = "calls.jsonl"
KINDS: tuple[Medium, ...] = ("audio", "video")


def plan_of(
    target: tuple[str, int],
    bridges: Sequence[str],
    profile: str,
    *,
    room: str,
    has_accounts: bool,
    registers: bool,
    asks_options: bool,
) -> LoadPlan:
    """What is done; bridges are numbered in their order. Raises `InputError` for the profile."""
    known = load_profiles().pick(profile)
    return LoadPlan(
        target=target,
        shape="hold",
        bridges=len(bridges),
        rate_per_s=RATE_PER_S,
        seconds=TOGETHER_S,
        hold_s=0.0,
        media=list(KINDS),
        profile=known.id,
        kbps=known.video_kbps,
        accounts="file" if has_accounts else "none",
        room=room,
        registers=registers,
        asks_options=asks_options,
    )


def check_system(
    plan: LoadPlan,
    bridges: Mapping[str, str],
    accounts: Path | None,
    folder: Path,
    progress: Progress,
) -> PartJudged:
    """Call the device, and judge each bridge (identifier → name, in the order of the plan).

    Raises:
        InvalidRun: Locust did not come to an end.
        MachineLacks: a program or a port is missing.
    """
    test = LoadTest(plan, LocustSetup(), None, accounts, {})
    calls = folder / CALLS_FILE
    seen = execute(test, folder, progress, calls)
    return judged(test, seen, read_calls(calls), bridges)


@dataclass(frozen=True)
class Calls:
    """Each single request of a test, with `at_s` from the first one, and each medium of calls."""

    requests: list[Request]
    media: list[ReceivedMedia]


def read_calls(path: Path) -> Calls:
    """Read the file of single requests."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    entries = [json.loads(line) for line in text.splitlines()]
    requests = [Request.model_validate(each) for each in entries if "operation" in each]
    first_s = min((each.at_s - each.ms / 1e3 for each in requests), default=0.0)
    return Calls(
        [each.model_copy(update={"at_s": each.at_s - first_s}) for each in requests],
        [ReceivedMedia.model_validate(each) for each in entries if "medium" in each],
    )


def judged(
    test: LoadTest, seen: LoadRecords, calls: Calls, bridges: Mapping[str, str]
) -> PartJudged:
    """Return the outcome of each bridge. Pure."""
    plan = test.plan
    wrong = problems(test, seen, generator_view(test, seen.statistics))
    found = []
    for number, (ident, name) in enumerate(bridges.items()):
        who = bridge_name(number)
        requests = [each for each in calls.requests if each.who == who]
        heard = [one for one in calls.media if one.who == who]
        found.append(_bridge(ident, name, requests, heard))
    failed = [bridge for bridge in found if not bridge.ok]
    verdict: Verdict = "invalid" if wrong else "fail" if failed else "pass"
    idents = {bridge_name(number): ident for number, ident in enumerate(bridges)}
    return PartJudged(
        part="check",
        verdict=verdict,
        reasons=[str(reason) for reason in wrong] or [_reason(bridge) for bridge in failed],
        reason_codes=wrong,
        seconds=plan.seconds,
        opening=_opening(calls.requests, len(bridges)),
        closing=_closing(found),
        bridges=found,
        minutes=list(_minutes(calls.requests, idents)),
    )


def _opening(records: Sequence[Request], calls: int) -> Opening:
    set_up = [r for r in records if r.operation == "invite"]
    answered = [r for r in set_up if r.ok]
    first_s = min((r.at_s - r.ms / 1e3 for r in set_up), default=0.0)
    last_s = max((r.at_s for r in answered), default=None)
    return Opening(
        calls=calls,
        connected=len({r.who for r in answered}),
        seconds=None if last_s is None else max(0.0, round(last_s - first_s, 3)),
    )


def _closing(bridges: Sequence[BridgeJudged]) -> Closing:
    """What the device still holds only its owner sees: calls whose end it did not confirm."""
    standing = [bridge for bridge in bridges if bridge.connected]
    hung_up = sum(bridge.hung_up is True for bridge in standing)
    return Closing(
        standing=len(standing),
        hung_up=hung_up,
        calls_left=len(standing) - hung_up,
        units_left=0.0,
    )


def _bridge(
    ident: str, name: str, records: Sequence[Request], heard: Sequence[ReceivedMedia]
) -> BridgeJudged:
    called = [record for record in records if record.operation == "invite"]
    ended = [record for record in records if record.operation == "bye"]
    answered = [record for record in called if record.ok]
    code = next((record.code for record in called if not record.ok and record.code >= 300), None)
    return BridgeJudged(
        bridge=ident,
        name=name,
        connected=bool(answered),
        refused=None if answered else code,
        setup_ms=answered[0].ms if answered else None,
        ways=[one for kind in KINDS for one in _streams(kind, heard)] if answered else [],
        there_at_end=bool(answered),
        hung_up=bool(ended) and all(record.ok for record in ended) if answered else None,
    )


def _streams(kind: Medium, heard: Sequence[ReceivedMedia]) -> Iterator[StreamJudged]:
    calls = [one for one in heard if one.medium == kind]
    sent, received = sum(c.sent for c in calls), sum(c.received for c in calls)
    lost = sum(max(0, c.lost) for c in calls)
    took = bool(calls) and all(c.agreed and not c.withheld for c in calls)
    yield StreamJudged(
        kind=kind,
        direction="up",
        packets_sent=sent,
        packets_received=None,
        lost_pct=None,
        delay_ms=None,
        ok=took and sent > 0,
    )
    yield StreamJudged(
        kind=kind,
        direction="down",
        packets_sent=0,
        packets_received=received,
        lost_pct=round(100 * lost / (received + lost), 3) if received + lost else None,
        delay_ms=None,
        ok=bool(calls) and all(media.missing(c) is None for c in calls),
    )


def _reason(bridge: BridgeJudged) -> str:
    if not bridge.connected:
        code = f" (SIP {bridge.refused})" if bridge.refused else ""
        return f"{bridge.bridge}: its call was not set up{code}"
    bad = [f"{one.kind} {one.direction}" for one in bridge.ways if not one.ok]
    if bad:
        return f"{bridge.bridge}: {', '.join(bad)} did not come, or not as it should"
    return f"{bridge.bridge}: its call was not hung up as it should"


def _minutes(records: Sequence[Request], idents: Mapping[str, str]) -> Iterator[Entry]:
    for record in sorted(records, key=lambda each: each.at_s):
        if record.who not in idents:
            continue
        bridge = idents[record.who]
        match record.operation:
            case "invite" if record.ok:
                yield Entry(t_s=round(record.at_s, 3), code="joined", bridge=bridge)
            case "invite" if record.code:
                yield Entry(
                    t_s=round(record.at_s, 3),
                    code="call-refused",
                    bridge=bridge,
                    arguments={"status": record.code, "reason": record.reason},
                )
            case "invite":
                yield Entry(t_s=round(record.at_s, 3), code="call-unanswered", bridge=bridge)
            case "bye":
                yield Entry(t_s=round(record.at_s, 3), code="hung-up", bridge=bridge)
