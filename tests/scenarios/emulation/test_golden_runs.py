"""The scenarios of the repository in the sandbox: verdict, what binds, and every measure."""

from __future__ import annotations

import copy
import json
import subprocess
from typing import Any

import golden
import pytest
from runs import Finished, Runs

from giaoban.results.report.document import uncapital
from giaoban.results.report.screen_wording import screen_wording
from giaoban.results.report.wording import Wording
from giaoban.scenarios.measure.hop_delays import REPORT_BYTES, rebuild
from giaoban.scenarios.records.events import BridgeHealth
from giaoban.traffic.rtp import AUDIO_PACKET_SAMPLES, ETHERNET_BYTES, HEADER_BYTES, UDP_IP_BYTES
from tests.nights import at_night
from tests.results import annex_factory

pytestmark = pytest.mark.sandbox

DAILY = ("pass", "step-down")
GOLDEN = (*DAILY, "thin", at_night("thin-link"), at_night("over-capacity"))
"""36 bridges take as long as all the others; what a full device does `step-down` shows daily, and
what a full line does the meeting of `thin-link` in a fifth of the time."""
THIN = ("thin", "thin-link")
DOCUMENTED = ("pass", at_night("thin-link"), at_night("over-capacity"))
"""Whose documents are looked at. What is set of a check that fails is in `tests/results`."""
SIGNALS = ("sip", "rtcp")


STARTED = (*DAILY, "thin", "loss")  # the longest of all goes on beside the others


@pytest.mark.parametrize("name", GOLDEN)
def test_exit_code(runs: Runs, name: str) -> None:
    assert runs[name].code == (0 if name == "pass" else 1), runs[name].err


@pytest.mark.parametrize("name", GOLDEN)
def test_measures_are_the_golden_ones(runs: Runs, name: str) -> None:
    kept = json.loads((golden.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    found = json.loads(golden.text(golden.figures(runs[name].result)))
    assert golden.differences(kept, found) == []


def test_the_comparison_with_golden_results_can_fail(runs: Runs) -> None:
    found: dict[str, Any] = golden.figures(runs["thin"].result)
    key = "after quang-son audio down"
    for change in (
        {"packets": [1, 1, 0, 0]},
        {"ms": [t and t + 0.06 for t in found[key]["ms"]]},
        {"mos": [4.0, 4.0]},
    ):
        other = copy.deepcopy(found)
        other[key] |= change
        assert golden.differences(found, other)
    assert golden.differences(found, {**found, "verdict": "pass"})
    less = {k: v for k, v in found.items() if k != key}
    assert golden.differences(found, less)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_packet_is_accounted_for(runs: Runs, name: str) -> None:
    account = runs[name].result.accounting
    assert account.unaccounted == 0
    assert account.packets_sent > (10_000 if name == "thin" else 100_000)
    gone = account.packets_dropped_at_queues
    assert account.packets_sent == account.packets_received + gone
    captured = runs[name].captures
    told = [
        sum(getattr(h, f"{what}_sent") - getattr(h, f"{what}_received") for h in captured.health)
        for what in SIGNALS
    ]
    assert int(sum(t.lost.sum() for t in captured.traces)) + sum(told) == gone
    assert (gone > 0) == (name in THIN)


@pytest.mark.parametrize("name", GOLDEN)
def test_queues_are_rebuilt_close_to_what_was_measured(runs: Runs, name: str) -> None:
    """Packets that come within microseconds may swap: the time of one, and of a voice packet, on
    the slowest link.

    And as long as a link is full, every report that it carried makes all that follows later.
    """
    captured = runs[name].captures
    slowest_mbps = min(link.rate_mbps for link in captured.plan.network.links)
    around = HEADER_BYTES + UDP_IP_BYTES + ETHERNET_BYTES
    tied = captured.plan.video.max_payload + around + AUDIO_PACKET_SAMPLES + around
    rebuilt = rebuild(captured)
    thin = "quang-son" if name in THIN else None
    [reports] = [
        max(h.rtcp_sent, h.rtcp_received)
        for h in captured.health
        if isinstance(h, BridgeHealth) and h.bridge == thin
    ] or [0]
    allowed = 1.05 * tied + reports * REPORT_BYTES
    assert rebuilt.error_us < allowed * 8 / slowest_mbps
    assert rebuilt.trusted


@pytest.mark.parametrize("name", GOLDEN)
def test_an_emulated_run_says_how_far_an_estimate_was_off(runs: Runs, name: str) -> None:
    result = runs[name].result
    off = result.estimate
    assert (off.refused, off.same_verdict, off.same_binding) == (None, True, True)
    assert off.streams == sum(len(b.streams) for p in result.phases for b in p.bridges)
    assert screen_wording(result, Wording("en", result)).off_by(off) in runs[name].out
    if name not in THIN:
        assert off.within
        assert off.loss_points_max == 0.0
        assert off.delay_ms_max is not None
        assert off.delay_ms_max < 0.3


def test_default_passes(runs: Runs) -> None:
    result = runs["pass"].result
    assert result.verdict == "pass"
    assert all(c.ok for c in result.criteria)
    assert [b.id for b in result.question.new] == ["gia-nghia-town", "quang-son"]
    assert len(result.phases[2].bridges) == 10
    assert "PASS" in runs["pass"].out


@pytest.mark.nightly
def test_over_capacity_fails_at_the_mcu(runs: Runs) -> None:
    result = runs["over-capacity"].result
    assert (result.verdict, len(result.phases[2].mcu.joined)) == ("fail", 30)
    assert (result.binding.cause, result.binding.place.id) == ("mcu", "mcu")
    # 90 units at 3 a call: six of the 36 bridges are refused with the device's answer
    refused = [r for p in result.phases for r in p.mcu.refused]
    assert {r.code for r in refused} == {503}
    assert len({r.bridge for r in refused}) == 6
    assert "RMX 1500" in runs["over-capacity"].out
    names = {b.id: b.name for b in result.question.new}
    said = annex(runs["over-capacity"])
    assert "hết năng lực phục vụ (mã 503)" in said
    assert all(uncapital(names[r.bridge]) in said for r in refused)


@pytest.mark.parametrize("name", ["thin", at_night("thin-link")])
def test_thin_link_fails_at_that_link_and_direction(runs: Runs, name: str) -> None:
    result = runs[name].result
    assert result.verdict == "fail"
    place = result.binding.place
    assert (result.binding.cause, place.kind, place.id) == ("link", "link", "access-quang-son")
    assert place.detail in ("quang-son->r-gia-nghia", "r-gia-nghia->quang-son")
    [first] = [line for line in runs[name].out.splitlines() if "Fails first" in line]
    assert "Quảng Sơn" in first
    # both directions are too thin; the others hold
    thin = {
        (link.id, link.direction) for p in result.phases for link in p.links if link.peak_pct > 80
    }
    assert {link for link, _ in thin} == {"access-quang-son"}


def test_the_11th_call_is_stepped_down_as_the_device_documents_say(runs: Runs) -> None:
    """Ten ports are set aside for 1080p30: the next call takes one of the next lower level."""
    run = runs["step-down"]
    before, during, after = run.result.phases
    last = run.result.question.new[-1]
    assert before.mcu.downspeeded == []
    for phase in (during, after):
        [less] = phase.mcu.downspeeded
        assert (less.bridge, less.asked, less.given) == (last.id, "1080p30", "720p30")
    assert (len(after.mcu.joined), after.mcu.refused) == (11, [])
    # the ports are all in use; and sound waits behind key frames of 1080p on lines without classes,
    # longer with the 11th call than without it
    failed = {c.id for c in run.result.criteria if not c.ok}
    assert failed == {"every-call-as-asked", "mcu-units", "audio-loss", "existing-loss-no-worse"}
    assert (run.result.binding.criterion, run.result.binding.cause) == (
        "every-call-as-asked",
        "mcu",
    )
    assert f"1080p30 → 720p30: {uncapital(last.name)}" in annex_factory.said(run.result)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_run_folder_is_whole(runs: Runs, name: str) -> None:
    folder = runs[name].folder
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files >= {
        "plan.json",
        "events.jsonl",
        "result.json",
        "summary.md",
        "view.html",
        "series.npz",
        "phu-luc.pdf",
        "manifest.json",
        "inputs/scenario.toml",
        "inputs/province.toml",
        "inputs/devices.toml",
        "inputs/criteria.toml",
        "console.log",
        "captures/links.npz",
        "captures/counters.json",
        "captures/guest.json",
        "captures/mcu-sent.bin",
        "captures/mcu-received.bin",
        "captures/bridges-sent.bin",
        "captures/bridges-received.bin",
        "plots/map.vi.svg",
        "plots/map.vi.png",
    }
    assert not [name for name in files if name.startswith(".") or name.endswith(".jsonl.new")]
    assert len([name for name in files if name.startswith("plots/")]) >= 5
    assert all(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", DOCUMENTED)
def test_annex_says_the_verdict(runs: Runs, name: str) -> None:
    said = annex(runs[name])
    assert "ĐẠT" in said.upper()
    assert ("KHÔNG ĐẠT" in said or "Không đạt" in said) == (name != "pass")
    assert "Phụ lục" in said or "PHỤ LỤC" in said


def annex(run: Finished) -> str:
    """The annex's text on one line."""
    command = ["pdftotext", "-layout", str(run.folder / "phu-luc.pdf"), "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return " ".join(said.split())
