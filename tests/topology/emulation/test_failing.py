"""A ring in which a link fails: how long nothing arrives is what the timers say, and not more.

A silent failure is noticed by BFD after (multiplier − 1) to multiplier intervals (RFC 5880 §6.8.4:
counted from the last packet that came), by OSPF alone after the dead interval less up to one hello
(RFC 2328 §9.3). Then the router next to it takes it in, and tells; then the others take it in: each
within `spf_ms`, and its routes take effect `route_install_ms` later. A link that is down is noticed
after `loss_of_signal_ms`.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emulation_factory import ring, run_lab
from lab_failing import Case, as_json
from routing_settings import SETTINGS

from giaoban.scenarios.measure.pcap import write_pcapng
from giaoban.topology.emulation import router_clock
from giaoban.topology.sandbox import kernel

pytestmark = pytest.mark.sandbox

FAR, NEAR = ("b-0", "mcu"), ("mcu", "b-0")
"""From where the router next to the failed link is not the one that has to turn, and from where."""
# at different phases of all timers, and so far apart that no router has to wait before it tells of
# the next change (MinLSInterval, RFC 2328 appendix B: 5 s of its clock)
AWAY_S = (6.0, 23.37)
NO_TIMERS = ("protected", "static")
"""What happens there hangs on no timer's phase: it fails once."""
LASTS_S = 6.0
SLACK_MS = 5.0


def away_s(name: str) -> tuple[float, ...]:
    """When the link of a case fails."""
    return AWAY_S[:1] if name.split()[1] in NO_TIMERS else AWAY_S


def case(name: str) -> Case:
    how, setting, hosts = name.split()
    do: tuple[str, str] = ("link-down", "link-up")
    ways: list[dict[str, str]] = [{}]
    if how == "silent":
        do = ("discard", "forward")
        ways = [{"source": "r-0", "target": "r-1"}, {"source": "r-1", "target": "r-0"}]
    agenda = [
        {"at_s": at_s, "fault": 0, "do": what, "link": "l-0", **way}
        for start_s in away_s(name)
        for at_s, what in zip((start_s, start_s + LASTS_S), do, strict=True)
        for way in ways
    ]
    network = ring(SETTINGS[setting]).model_dump()
    end_s = away_s(name)[-1] + LASTS_S + 5
    from_to = FAR if hosts == "far" else NEAR
    return Case(network, *from_to, end_s, agenda, setting == "true-clock")


CUT = ("100x3", "slow-port", "at-once", *NO_TIMERS)
NAMES = (
    *(f"silent {setting} far" for setting in SETTINGS if setting != "at-once"),
    *("silent 100x3 near", "silent dead near"),
    *(f"cut {setting} far" for setting in CUT),
    "cut slow-port near",
)
CASES = {name: case(name) for name in NAMES}
INSTALL_MS, SEEN_MS = 20, 10  # what is assumed of a province that does not say


@dataclass(frozen=True)
class Found:
    """All cases' outcomes."""

    folder: Path

    def told(self, name: str) -> dict[str, Any]:
        text = (self.folder / f"{name}.json").read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    def interruptions_ms(self, name: str) -> list[float]:
        """Of each failure, the longest time between two arrivals, less the usual one."""
        kept = np.load(self.folder / f"{name}.npz")
        came_s = np.sort(kept["arrival_ns"][kept["arrival_ns"] > 0]) / 1e9
        gaps_s = np.diff(came_s)
        found = []
        for start_s in away_s(name):
            within = (came_s[:-1] > start_s - 0.1) & (came_s[:-1] < start_s + LASTS_S)
            found.append(float(gaps_s[within].max()) * 1e3 - 1.0)
        return found

    def lost(self, name: str) -> int:
        kept = np.load(self.folder / f"{name}.npz")
        return int(np.count_nonzero(kept["arrival_ns"] == 0))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("failing")
    (folder / "cases.json").write_text(as_json(CASES), encoding="utf-8")
    built = kernel.ensure(lambda _what, _done: None)
    code = run_lab(built, "lab_failing", folder, str(router_clock.ensure()))
    assert code == 0, (folder / "console.log").read_text(encoding="utf-8")
    return Found(folder)


@pytest.mark.parametrize("setting", ["100x3", "50x4", "300x3", "true-clock", "slow-port"])
def test_a_silent_failure_takes_detection_and_computing(found: Found, setting: str) -> None:
    timers = SETTINGS[setting]
    every, times, spf = (timers[k] for k in ("bfd_interval_ms", "bfd_multiplier", "spf_ms"))
    install = timers.get("route_install_ms", INSTALL_MS)
    for took_ms in found.interruptions_ms(f"silent {setting} far"):
        least, most = (times - 1) * every + install, times * every + 2 * spf + install
        assert least - SLACK_MS <= took_ms <= most + SLACK_MS


@pytest.mark.parametrize("hosts", ["far", "near"])
def test_without_bfd_it_is_the_dead_interval(found: Found, hosts: str) -> None:
    for took_ms in found.interruptions_ms(f"silent dead {hosts}"):
        least, most = 3000 + INSTALL_MS, 4000 + 2 * 100 + INSTALL_MS
        assert least - SLACK_MS <= took_ms <= most + SLACK_MS


@pytest.mark.parametrize(
    ("name", "seen", "computes", "install"),
    [
        ("100x3 far", SEEN_MS, 2 * 100, INSTALL_MS),
        ("at-once far", 0, 2 * 100, 0),
        ("slow-port far", 150, 2 * 100, 80),
        ("slow-port near", 150, 100, 80),
    ],
)
def test_a_cut_takes_what_the_port_and_the_table_take(
    found: Found, name: str, seen: int, computes: int, install: int
) -> None:
    """The port reports it, routers tell and compute, and the routes take effect."""
    for took_ms in found.interruptions_ms(f"cut {name}"):
        least, most = seen + install, seen + computes + install
        assert least - SLACK_MS <= took_ms <= most + SLACK_MS


@pytest.mark.parametrize("how", ["silent", "cut"])
def test_a_protected_ring_switches_in_its_time(found: Found, how: str) -> None:
    for took_ms in found.interruptions_ms(f"{how} protected far"):
        assert 50 - SLACK_MS <= took_ms <= 50 + SLACK_MS


@pytest.mark.parametrize("how", ["silent", "cut"])
def test_static_routes_wait_for_the_repair(found: Found, how: str) -> None:
    for took_ms in found.interruptions_ms(f"{how} static far"):
        assert abs(took_ms - LASTS_S * 1e3) <= SLACK_MS


@pytest.mark.parametrize("name", CASES)
def test_every_packet_is_accounted_for(found: Found, name: str) -> None:
    counted = found.told(name)["counted"]
    routers, udp = counted["routers"], counted["udp"]
    by_faults = sum(link["lost"] for link in counted["fault_drops"])
    ended = by_faults + routers["without_route"] + routers["expired"]
    sent = udp["OutDatagrams"] + routers["sent"]
    assert sent - udp["InDatagrams"] - routers["received"] == ended
    assert sum(queue["queue_drops"] for queue in counted["queues"]) == 0
    assert 0 < found.lost(name) <= ended
    assert {link["link"] for link in counted["fault_drops"] if link["lost"]} == {"l-0"}


@pytest.mark.parametrize("name", CASES)
def test_ways_are_the_shortest_before_and_after(found: Found, name: str) -> None:
    told = found.told(name)
    shortest = ["access-b-0", "l-1", "l-0", "access-mcu"]
    assert told["paths"]["b-0"] == {"up": shortest, "down": shortest[::-1]}
    assert told["paths_after"] == told["paths"]


def test_tshark_reads_ospf_and_bfd(found: Found) -> None:
    path = found.folder / "wire.pcapng"
    write_pcapng(found.folder / "wire.npz", path)

    def fields(layer: str, *names: str) -> list[list[str]]:
        command = ["tshark", "-r", str(path), "-Y", layer, "-T", "fields"]
        for name in names:
            command += ["-e", name]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return [line.split("\t") for line in run.stdout.splitlines()]

    hellos = fields(
        "ospf.msg.hello", "ospf.hello.hello_interval", "ospf.hello.router_dead_interval"
    )
    assert len(hellos) >= 6
    assert {tuple(hello) for hello in hellos} == {("1", "4")}
    sessions = fields("bfd", "bfd.sta", "bfd.desired_min_tx_interval", "bfd.detect_time_multiplier")
    assert len(sessions) >= 60
    up, every, times = sessions[-1]
    assert (int(up, 0), int(every) // 1000, times) == (3, 100, "5")
    assert fields("_ws.malformed || _ws.expert.severity >= 0x600000", "frame.number") == []
