"""Runs in the sandbox: the same again under other conditions, recorded frames, impairments."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from recording import heard, rtp_streams, tshark
from runs import Finished, Runs, check, everything
from scenario_factory import ROOT, SMALL

from giaoban.results.archive.store import read_result
from giaoban.results.judge.diff import differences
from giaoban.scenarios.records.events import Controlled
from giaoban.topology.sandbox import kernel

pytestmark = pytest.mark.sandbox


STARTED = ("everything", "short", "impaired")
UNDRAWN = Path("tests", "scenarios", "undrawn.py")


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """Every core has something else to do, a few milliseconds again and again: so that whatever
    wakes up may have to wait, and the tests beside this one still get on."""
    code = "import time\nwhile True: sum(range(100_000)); time.sleep(0.03)"
    burners = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def test_the_same_again_gives_the_same_answer(runs: Runs) -> None:
    """Packet losses are equal and measures agree, for a scenario with every kind of event.

    The second run is unprivileged, on busy cores, from a copy of the program in another folder.
    """
    first = runs["everything"]
    for name in ("short", "impaired"):
        runs.start(name).result()  # otherwise they would be slowed down, too
    with tempfile.TemporaryDirectory(prefix="giaoban-test-") as name:
        folder = Path(name)
        copy = folder / "a folder" / "of another length"
        for package in ("giaoban", "topology", "traffic", "mcu_sim", "scenarios", "results"):
            shutil.copytree(
                ROOT / package,
                copy / package,
                ignore=shutil.ignore_patterns("__pycache__", "runs"),
            )
        # as the first: pictures and annex are none of what is compared
        (copy / UNDRAWN).parent.mkdir(parents=True)
        shutil.copy(ROOT / UNDRAWN, copy / UNDRAWN)
        file = everything(folder / "s.toml")
        province = ("--province", str(shutil.copy(SMALL, folder)))
        with busy_cores():
            module = ".".join(UNDRAWN.with_suffix("").parts)
            words = [str(file), *province]
            command = (*unprivileged(folder), sys.executable, "-m", module)
            second = check(words, folder / "results", command, root=copy)
        assert first.code == second.code == 1, second.err
        assert lost(second) == lost(first)
        assert differences(*(read_result(run.folder) for run in (first, second))) == []


def lost(run: Finished) -> dict[int, int]:
    """Return the number of lost packets of each stream, by its index."""
    captured = run.captures
    return {s.index: int(captured.traces[s.index].lost.sum()) for s in captured.plan.streams}


def test_everything_is_in_what_is_run_again(runs: Runs) -> None:
    """Else it would not say much that it is the same."""
    run = runs["everything"]
    account = run.result.accounting
    assert account.unaccounted == 0
    assert account.packets_lost_by_impairment > 0
    assert account.packets_damaged > 0
    full = [q for q in run.captures.counters.queues if q.link == "access-north"]
    assert sum(q.queue_drops for q in full) > 10
    assert any(trace.overtaken.any() for trace in run.captures.traces)
    did = {e.kind for e in run.captures.events_of(Controlled)}
    assert did >= {"call-to-speak", "dropped", "redial"}


def unprivileged(folder: Path) -> list[str]:
    """Words before a command that run it as nobody, with a kernel in a cache of its own.

    Where nobody may read the checkout, in a user namespace without a user: as powerless.
    """
    if os.geteuid():
        return []
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    reach = [*nobody, "test", "-r", str(ROOT / "pyproject.toml"), "-a", "-x", sys.executable]
    if subprocess.run(reach, check=False).returncode:
        return ["unshare", "--user"]
    built = kernel.cached()
    cache = folder / "cache" / "giaoban" / "kernel" / built.parent.name
    shutil.copytree(built.parent, cache)
    for path in [*folder.rglob("*"), folder]:
        os.chown(path, 65534, 65534)
    return [*nobody, "env", f"XDG_CACHE_HOME={folder / 'cache'}", f"HOME={folder}"]


# ------------------------------------------------------------------------------ recorded frames


@pytest.mark.parametrize("bridge", ["north", "west"])
def test_wireshark_reads_the_recording(runs: Runs, bridge: str) -> None:
    """As RTP, and it counts the same packets, of the whole call, as the run's own logs."""
    run = runs["short"]
    streams = rtp_streams(run.folder / f"{bridge}.pcapng")
    plan, captured = run.captures.plan, run.captures
    mine = [s for s in plan.streams if s.bridge == bridge]
    assert set(streams) == {s.ssrc for s in mine}
    for stream in mine:
        trace = captured.traces[stream.index]
        seen = streams[stream.ssrc]
        assert seen["packets"] == np.count_nonzero(trace.arrived)
        assert seen["lost"] == np.count_nonzero(trace.lost) == 0
        if stream.direction == "down":
            # the recorder stands where the packets arrive
            jitter = trace.jitter_ms[~np.isnan(trace.jitter_ms)]
            assert seen["jitter_max"] == pytest.approx(jitter.max(), abs=0.1)
            assert seen["jitter_mean"] == pytest.approx(jitter.mean(), abs=0.1)


def test_a_run_without_pcap_has_none(runs: Runs) -> None:
    assert not list(runs["impaired"].folder.rglob("*.pcapng"))
    assert not list(runs["short"].folder.rglob("frames-*"))
    assert {p.name for p in runs["short"].folder.glob("*.pcapng")} == {
        "north.pcapng",
        "west.pcapng",
    }


def test_marks_on_the_wire(runs: Runs) -> None:
    """EF for audio, AF41 for video, CS5 for signalling, both ways (RFC 4594)."""
    rows = tshark(
        runs["short"].folder / "north.pcapng",
        *("-Y", "udp", "-T", "fields", "-e", "ip.dsfield.dscp", "-e", "udp.srcport"),
    )
    seen = Counter((int(dscp), int(port)) for dscp, port in rows)
    assert set(seen) == {
        *((46, 20000), (46, 40000)),
        *((34, 20002), (34, 40002)),
        (40, 5060),
    }


def test_signalling_on_the_wire(runs: Runs) -> None:
    """One call from INVITE to BYE, that Wireshark's own SIP reader follows."""
    rows = tshark(
        runs["short"].folder / "north.pcapng",
        *("-Y", "sip", "-T", "fields", "-e", "sip.Method", "-e", "sip.Status-Code"),
    )
    said = [next(word for word in row if word) for row in rows]
    assert [w for w in said if w != "100"] == ["INVITE", "200", "ACK", "BYE", "200"]


@pytest.mark.parametrize("bridge", ["north", "west"])
def test_a_bridge_hears_all_the_others_but_itself(runs: Runs, bridge: str) -> None:
    run = runs["short"]
    number = [c.bridge for c in run.captures.plan.calls].index(bridge)
    loud = heard(run, bridge)
    assert len(loud) == 3
    own = loud.pop(number)
    assert all(amplitude == pytest.approx(3000, rel=0.05) for amplitude in loud.values())
    assert own < 100


# ---------------------------------------------------------------------------------- impairments


def test_impaired_packets_are_those_the_injector_took_out(runs: Runs) -> None:
    run = runs["impaired"]
    captured = run.captures
    hit = [s for s in captured.plan.streams if s.impairments]
    assert {(s.bridge, s.kind, s.direction) for s in hit} == {
        ("west", kind, direction) for kind in ("audio", "video") for direction in ("up", "down")
    }
    for phase in captured.plan.phases:
        edges = [captured.origin_ns + round(s * 1e9) for s in (phase.start_s, phase.end_s)]
        for stream in captured.plan.streams:
            trace = captured.traces[stream.index]
            within = (trace.due_ns >= edges[0]) & (trace.due_ns < edges[1])
            logged = int(np.count_nonzero(trace.impaired & within))
            said = [
                s.packets_impaired
                for name, bridge, s in run.streams()
                if (name, bridge) == (phase.name, stream.bridge)
                and (s.kind, s.direction) == (stream.kind, stream.direction)
            ]
            assert said in ([logged], [])
            assert not (logged and not stream.impairments)


def test_rates_of_impairment_are_those_asked(runs: Runs) -> None:
    captured = runs["impaired"].captures
    for stream in captured.plan.streams:
        trace = captured.traces[stream.index]
        if not stream.impairments:
            assert not trace.impaired.any()
            continue
        [loss] = [interval.what.loss for interval in stream.impairments]
        share = float(np.mean(trace.impaired))
        asked = 0.05 if loss.model == "bernoulli" else 0.02 / (0.02 + 0.25)
        burst = 1.0 if loss.model == "bernoulli" else 1 / 0.25
        # five standard errors of a share whose losses come in bursts
        error = 5 * np.sqrt(asked * (1 - asked) * 2 * burst / len(trace.impaired))
        assert share == pytest.approx(asked, abs=error)


def test_impaired_is_not_lost_on_the_wire(runs: Runs) -> None:
    run = runs["impaired"]
    account = run.result.accounting
    assert run.result.verdict in ("pass", "fail")
    assert account.packets_sent == account.packets_received
    assert all(s.lost_pct == 0.0 for _, _, s in run.streams())


def test_other_bridges_do_not_notice(runs: Runs) -> None:
    """The loss of one bridge's line is its own; what the MCU makes for others is whole."""
    for _, bridge, stream in runs["impaired"].streams():
        if bridge == "west":
            assert stream.packets_impaired > 0
            assert stream.listener_lost_pct is not None
            assert stream.listener_lost_pct > 0.5
        else:
            assert stream.packets_impaired == 0
            assert stream.listener_lost_pct == 0.0
            assert stream.loss_burst_max == 0


def test_injected_jitter_shows_where_it_was_injected(runs: Runs) -> None:
    captured = runs["impaired"].captures
    for stream in captured.plan.streams:
        trace = captured.traces[stream.index]
        added_ms = (trace.leaving_ns - trace.due_ns) / 1e6
        if not any(interval.what.jitter for interval in stream.impairments):
            assert not added_ms.any()
        else:
            # gamma of shape 2 and scale 1.5 ms; order is kept, which can only add
            assert added_ms.min() >= 0
            assert 2.5 < added_ms.mean() < 8
    for _, bridge, stream in runs["impaired"].streams():
        if stream.kind == "audio":
            assert stream.jitter_ms_mean is not None
            touched = bridge == "west" and stream.direction == "down"
            # without it, what waiting behind pictures makes of it: a key frame takes 20 ms
            assert (stream.jitter_ms_mean > 1.8) == touched


def test_the_guest_is_where_it_ran(runs: Runs) -> None:
    engine = runs["short"].result.engine
    assert (engine.name, engine.time) == ("sandbox", "virtual")
    assert (runs["short"].folder / "console.log").read_text(encoding="utf-8")
    assert ROOT.is_dir()
