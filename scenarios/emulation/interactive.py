"""Inside the guest: the network without a meeting, and Mininet's command line on it.

Beside Mininet's own commands: `birdc ROUTER COMMAND` asks a router's BIRD, `cut LINK` takes a
link down and `mend LINK` brings it up.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path

from mininet.cli import CLI
from mininet.log import error, info, output, setLogLevel

from giaoban.topology import bird
from giaoban.topology.emulation.failable_link import FailableLink
from giaoban.topology.emulation.failing_network import FailingNetwork
from giaoban.topology.emulation.mininet_net import ProvinceNet
from giaoban.topology.network import Network
from giaoban.topology.sandbox import guest_init

NETWORK = "network.json"


class ProvinceCli(CLI):  # type: ignore[misc]
    """Mininet's own, for node names with hyphens."""

    identchars = CLI.identchars + "-"
    prompt = "giaoban> "

    def __init__(self, net: ProvinceNet, failing: FailingNetwork) -> None:
        self._failing = failing
        super().__init__(net)

    def do_birdc(self, line: str) -> None:
        """Ask a router's BIRD: birdc r-dak-mil show ospf neighbors"""
        router, _, question = line.partition(" ")
        routers = self._failing.routers
        if routers is None:
            error("routes are static in this province: no router runs BIRD\n")
        elif router not in routers.running or not question:
            error(f"usage: birdc ROUTER COMMAND (routers: {', '.join(routers.running)})\n")
        else:
            output(routers.ask(router, question))

    def do_cut(self, line: str) -> None:
        """Take a link down: cut gia-nghia--dak-song"""
        if (link := self._link(line)) is not None and not link.down:
            outage = link.take_down()
            time.sleep(self._failing.seen_after_s)
            link.notice(outage)

    def do_mend(self, line: str) -> None:
        """Bring a link up again: mend gia-nghia--dak-song"""
        if (link := self._link(line)) is not None and link.down:
            link.bring_up()

    def _link(self, line: str) -> FailableLink | None:
        link = self._failing.links.get(line.strip())
        if link is None:
            error(f"usage: cut LINK, mend LINK (links: {', '.join(self._failing.links)})\n")
        return link


def main(folder: Path, clock: Path | None = None) -> int:
    """Build, hand over to the keyboard, take down. CLOCK as in
    `giaoban.scenarios.emulation.guest`."""
    guest_init.loaded()
    network = Network.model_validate_json((folder / NETWORK).read_text(encoding="utf-8"))
    setLogLevel("info")
    with ProvinceNet(network, seed=0, may_fail=True) as net, ExitStack() as stack:
        net.police()
        links = [link.id for link in network.links]
        failing = FailingNetwork(net, links, clock, silent=False)
        stack.callback(failing.close)
        info("*** Waiting for the routers to find their ways\n")
        failing.converge()
        if network.routing is not None and network.routed:
            times = bird.clock_factor(network.routing)
            info(f"*** The routers' clocks run {times} times as fast, as birdc tells its times\n")
        ProvinceCli(net, failing)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
