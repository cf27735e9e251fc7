"""Captures → result: measures of each phase, judged by the criteria."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from results.criteria import DEFAULT_PATH as CRITERIA
from results.criteria import Criteria, load_criteria
from results.model import (
    Downspeeded,
    Engine,
    FileRef,
    Inputs,
    McuResult,
    Meeting,
    Named,
    Phase,
    Refused,
    RefusedCommand,
    Result,
)
from results.model import Question as AskedQuestion
from results.series import Series
from results.verdict import judge
from scenarios import validity
from scenarios.assumptions import assumptions
from scenarios.captures import Captures
from scenarios.links import Rebuilt, links_in, rebuild, utilisation_pct
from scenarios.plan import Plan
from scenarios.question import Question
from scenarios.streams import bridges_in, per_second

NOT_SET_UP = (("bridge", "refused"), ("bridge", "timed-out"), ("mcu", "dial-failed"))
"""Who tells of a call that was not set up: whoever made it."""
PUT_OUT = "put-out"
"""Why a bridge left that the MCU hung up on: the control room wanted it so."""
NO_ANSWER = 408  # RFC 3261 §21.4.9: what a caller reports whose INVITE was never answered
NO_CALL = 481  # RFC 3261 §21.4.19: a command from a bridge without a call
_REFUSED = re.compile(r"(?P<command>[a-z-]+): (?P<code>\d{3}) (?P<reason>.*)")
"""The text of a `control` event that tells of a command which was not carried out."""
PACKAGES = ("giaoban", "topology", "traffic", "mcu_sim", "scenarios", "results")


@dataclass(frozen=True)
class Answer:
    """A result with what its documents are drawn from."""

    result: Result
    series: Series
    criteria: Criteria


def assemble(question: Question, captures: Captures, engine: Engine, run_id: str) -> Answer:
    """Measure every phase and judge. Raises `InputError` for the scenario's thresholds."""
    plan = captures.plan
    criteria = criteria_of(question)
    rebuilt = rebuild(captures)
    phases = [_phase(captures, number, rebuilt) for number in range(len(plan.phases))]
    existing = [call for call in plan.calls if not call.new]
    new = [call for call in plan.calls if call.new]
    judgement = judge(
        phases,
        criteria,
        existing=[call.bridge for call in existing],
        new=[call.bridge for call in new],
        invalid=validity.faults(captures),
    )
    names = {node.id: node.name for node in plan.network.nodes}
    names[plan.network.mcu.id] = plan.device.name
    result = Result(
        run_id=run_id,
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        question=AskedQuestion(
            existing=[Named(id=c.bridge, name=c.name) for c in existing],
            new=[Named(id=c.bridge, name=c.name) for c in new],
            text_vi=question.scenario.question_vi,
            text_en=question.scenario.question,
        ),
        engine=engine,
        inputs=Inputs(
            scenario=_file(question.scenario_path),
            province=_file(question.province_path),
            mcu=_file(question.devices_path),
            criteria=_file(CRITERIA),
            seed=plan.seed,
            code=code_identity(),
        ),
        meeting=Meeting(
            floor=plan.meeting.floor,
            video=plan.meeting.video,
            layout=plan.meeting.layout,
            dial=plan.dial,
            encrypted=plan.encrypted,
        ),
        refused_commands=_refused_commands(captures),
        phases=phases,
        criteria=judgement.criteria,
        binding=judgement.binding,
        assumptions=assumptions(question, criteria),
        accounting=validity.accounting(captures),
        names=names,
    )
    return Answer(result, _series(captures, names), criteria)


def criteria_of(question: Question) -> Criteria:
    """The default criteria with the scenario's thresholds. Raises `InputError`."""
    return load_criteria(CRITERIA, question.scenario.thresholds, str(question.scenario_path))


def code_identity() -> str:
    """A hash over the program's own sources and data: the same text, the same answer."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".toml", ".config") and "runs" not in path.parts:
                digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _refused_commands(captures: Captures) -> list[RefusedCommand]:
    """What the control room asked for in vain, in order of time."""
    refused = []
    for e in captures.events_of("control", "command-without-call"):
        if e["event"] == "command-without-call":
            reason = "it has no call"
            refused.append(
                RefusedCommand(by=e["bridge"], command=e["command"], code=NO_CALL, reason=reason)
            )
        elif e["kind"] == "refused" and (said := _REFUSED.fullmatch(e["text"])):
            refused.append(
                RefusedCommand(
                    by=e["by"],
                    command=said["command"],
                    on=e["bridge"] or None,
                    code=int(said["code"]),
                    reason=said["reason"],
                )
            )
    return refused


def _phase(captures: Captures, number: int, rebuilt: Rebuilt) -> Phase:
    phase = captures.plan.phases[number]
    return Phase(
        name=phase.name,
        seconds=phase.end_s - phase.start_s,
        bridges=bridges_in(captures, phase),
        links=links_in(captures, number, rebuilt),
        mcu=_mcu(captures, number),
    )


def _mcu(captures: Captures, number: int) -> McuResult:
    """The MCU in a phase; what happened before the first phase counts to it."""
    plan = captures.plan
    phase = plan.phases[number]
    start_ms = phase.start_s * 1000 if number else 0.0
    end_ms = phase.end_s * 1000
    mcu = captures.events_of("joined", "left", who="mcu")
    used = [e for e in mcu if e["t_ms"] < end_ms]
    current = [e for e in used if e["t_ms"] < start_ms][-1:] + [
        e for e in used if e["t_ms"] >= start_ms
    ]
    latest = {e["bridge"]: e for e in used}
    joined = sorted(b for b, e in latest.items() if e["event"] == "joined")
    within = [e for e in captures.events if start_ms <= e.get("t_ms", -1.0) < end_ms]
    refused = [
        Refused(
            bridge=e["bridge"], code=e.get("code", NO_ANSWER), reason=e.get("reason", "no answer")
        )
        for e in within
        if (e["who"], e["event"]) in NOT_SET_UP
    ]
    gone = {b: e["cause"] for b, e in latest.items() if e["event"] == "left"}
    setups = [e["setup_ms"] for e in within if "setup_ms" in e]
    return McuResult(
        units_used=max((e["units"] for e in current), default=0.0),
        units_total=plan.device.units_total,
        ports_used=max((e["ports"] for e in current), default=0),
        ports_total=plan.device.ports_total,
        joined=joined,
        refused=refused,
        downspeeded=[
            Downspeeded(bridge=b, asked=e["asked"], given=e["given"], reason=e["reason"])
            for b in joined
            if "given" in (e := latest[b])
        ],
        dropped=sorted(b for b, cause in gone.items() if cause != PUT_OUT),
        put_out=sorted(b for b, cause in gone.items() if cause == PUT_OUT),
        setup_ms_p95=round(float(np.percentile(setups, 95)), 3) if setups else None,
    )


def _series(captures: Captures, names: dict[str, str]) -> Series:
    plan = captures.plan
    start_s = plan.phases[0].start_s
    seconds = int(plan.phases[-1].end_s - start_s)
    curves = {c.bridge: per_second(captures, c, start_s, seconds) for c in plan.calls}
    times_s, percent = utilisation_pct(captures)
    first = int(np.searchsorted(times_s, start_s - 0.01))
    loads = percent[first : first + seconds]
    return Series(
        t_s=np.arange(seconds, dtype=np.float64),
        bridge_delay_ms={bridge: delay for bridge, (delay, _) in curves.items()},
        bridge_lost_pct={bridge: lost for bridge, (_, lost) in curves.items()},
        link_utilisation_pct={
            f"{link} {direction}": loads[:, row]
            for row, (link, direction) in enumerate(captures.hops)
        },
        mcu_units=_units(captures, plan, start_s, seconds),
        units_total=plan.device.units_total,
        phases=[(p.name, p.start_s - start_s, p.end_s - start_s) for p in plan.phases],
        names=names,
    )


def _units(captures: Captures, plan: Plan, start_s: float, seconds: int) -> np.ndarray:
    """(seconds,) units in use at the end of each second."""
    changes = captures.events_of("joined", "left", who="mcu")
    times = np.array([e["t_ms"] / 1000 for e in changes])
    units = np.array([0.0, *(e["units"] for e in changes)])
    result: np.ndarray = units[np.searchsorted(times, start_s + 1 + np.arange(seconds), "right")]
    return result


def _file(path: Path) -> FileRef:
    return FileRef(path=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
