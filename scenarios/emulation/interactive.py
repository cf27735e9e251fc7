"""Inside the guest: the network without a meeting, and Mininet's command line on it."""

from __future__ import annotations

import sys
from pathlib import Path

from mininet.cli import CLI
from mininet.log import setLogLevel

from topology.emulation.mininet_net import ProvinceNet
from topology.network import Network

NETWORK = "network.json"


class ProvinceCli(CLI):  # type: ignore[misc]
    """Mininet's own, for node names with hyphens."""

    identchars = CLI.identchars + "-"
    prompt = "giaoban> "


def main(folder: Path) -> int:
    """Build, hand over to the keyboard, take down."""
    network = Network.model_validate_json((folder / NETWORK).read_text(encoding="utf-8"))
    setLogLevel("info")
    with ProvinceNet(network, seed=0) as net:
        ProvinceCli(net)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
