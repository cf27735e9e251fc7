"""In the guest: the measurements that `test_theory.py` holds against theory.

`lab_theory FOLDER NAME…` runs the named experiments: each reads the network FOLDER/NAME.json and
leaves FOLDER/NAME-*.npz (times) and FOLDER/NAME-*.counters.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.network import Network
from giaoban.traffic import log
from tests.topology.emulation.lab_wire import Flow, Times, carry, count

PAYLOAD = 1212  # a full media packet: 1254 bytes on the wire
IDLE_PAYLOADS = (172, PAYLOAD)
IDLE_PATHS = (
    ("cu-jut", "mcu"),
    ("mcu", "cu-jut"),
    ("tuy-duc", "mcu"),
    ("mcu", "dak-glong"),
    ("krong-no", "dak-r-lap"),
    ("gia-nghia", "dak-mil"),
)
OVERLOAD_SPACING_NS = 668_800  # of 1254 bytes: 15 Mb/s
OVERLOAD_PACKETS = 60_000
LOSSY_SPACING_NS = 1_254_000  # 8 Mb/s
LOSSY_PACKETS = 50_000
QUEUE_PAYLOAD, QUEUE_MEAN_SPACING_NS, QUEUE_PACKETS = 200, 242_000, 1_500_000
QUEUE_SEED = 1681


def main(folder: Path, names: list[str]) -> int:
    for name in names:
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
        EXPERIMENTS[name](folder, Network.model_validate_json(text))
    return 0


def idle(folder: Path, network: Network) -> None:
    """Single packets, 50 ms apart, in an empty network."""
    with ProvinceNet(network, seed=1) as net:
        for source, target in IDLE_PATHS:
            for payload in IDLE_PAYLOADS:
                times_ns = np.arange(10) * 50_000_000 + 12_345
                name = f"idle-{source}-{target}-{payload}"
                _carry(folder, name, net, (source, target), times_ns, payload)


def overload(folder: Path, network: Network) -> None:
    """A constant stream of 150 % of the slow link's rate."""
    _stream(folder, network, "overload", seed=1, n=OVERLOAD_PACKETS, spacing_ns=OVERLOAD_SPACING_NS)


def lossy(folder: Path, network: Network) -> None:
    """The same stream within the rate twice, and once with another seed."""
    for name, seed in (("lossy-first", 7), ("lossy-again", 7), ("lossy-other", 8)):
        _stream(folder, network, name, seed=seed, n=LOSSY_PACKETS, spacing_ns=LOSSY_SPACING_NS)


def both(folder: Path, network: Network) -> None:
    """Too much for a line that also loses."""
    _stream(folder, network, "both", seed=9, n=OVERLOAD_PACKETS, spacing_ns=OVERLOAD_SPACING_NS)


def queue(folder: Path, network: Network) -> None:
    """Poisson arrivals of equal packets at 80 % of the rate of the bridge's own link."""
    spacing_ns = np.random.default_rng(QUEUE_SEED).exponential(QUEUE_MEAN_SPACING_NS, QUEUE_PACKETS)
    times_ns = np.cumsum(np.rint(spacing_ns).astype(np.int64))
    with ProvinceNet(network, seed=1) as net:
        _carry(folder, "queue", net, ("b-0", "mcu"), times_ns, QUEUE_PAYLOAD)
        _write(folder, "queue", net)


def _stream(
    folder: Path, network: Network, name: str, *, seed: int, n: int, spacing_ns: int
) -> None:
    with ProvinceNet(network, seed=seed) as net:
        _carry(folder, name, net, ("mcu", "b-0"), np.arange(n) * spacing_ns, PAYLOAD)
        _write(folder, name, net)


def _carry(
    folder: Path, name: str, net: ProvinceNet, ends: tuple[str, str], times_ns: Times, payload: int
) -> None:
    [carried] = carry(net, *ends, [Flow(times_ns, payload)]).flows
    if carried["copies"].max() > 1:
        raise AssertionError("a datagram arrived twice")
    log.save(folder / f"{name}.npz", **carried)


def _write(folder: Path, name: str, net: ProvinceNet) -> None:
    (folder / f"{name}.counters.json").write_text(json.dumps(count(net)), encoding="utf-8")


EXPERIMENTS = {"idle": idle, "overload": overload, "lossy": lossy, "both": both, "queue": queue}

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
