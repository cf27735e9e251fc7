"""The routers' BIRD processes: started, killed, asked for their tables.

One process a router, in the router's namespace; control socket and configuration in a folder of the
network's own, for `birdc -s FOLDER/NAME.ctl`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from giaoban.errors import InvalidRun, MachineLacks
from giaoban.topology import bird
from giaoban.topology.emulation import namespace
from giaoban.topology.emulation.fib import Fib
from giaoban.topology.forwarding import astray
from giaoban.topology.network import Network

BIRD, BIRDC = "/usr/sbin/bird", "/usr/sbin/birdc"
ALL_SPF_ROUTERS = "224.0.0.5"  # RFC 2328 appendix A.1
PROTO_BIRD = 12  # linux/rtnetlink.h, RTPROT_BIRD
STEP_NS, START_WITHIN_NS = 1_000_000, 100_000_000


class Routers:
    """All routers' routing processes.

    Args:
        namespaces: router → descriptor.
        interfaces: router → link id → name of its interface there.
        fib: what reads the kernel's tables.
        clock: the library that gives BIRD its clock (`router_clock`).

    Raises:
        MachineLacks: BIRD is not installed.
    """

    def __init__(
        self,
        network: Network,
        namespaces: dict[str, int],
        interfaces: dict[str, dict[str, str]],
        fib: Fib,
        clock: Path,
        seed: int,
    ) -> None:
        if not Path(BIRD).exists():
            raise MachineLacks("routers that find their ways need BIRD 2", "apt-get install bird2")
        self._network, self._namespaces, self._interfaces = network, namespaces, interfaces
        self._fib, self._clock, self._seed = fib, clock, seed
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._restarts = 0
        self.folder = Path(tempfile.mkdtemp(prefix="bird-"))
        self._members: list[socket.socket] = []
        for router, fd in namespaces.items():
            with namespace.inside(fd):
                self._join(router)
            text = bird.config(network, router, interfaces[router])
            (self.folder / f"{router}.conf").write_text(text, encoding="ascii")

    def _join(self, router: str) -> None:
        """A router is a member of OSPF's group whether its process runs or not: what comes for a
        dead one is then counted as what comes for a live one is."""
        links = self._network.links_at(router)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._members.append(sock)
        for link in links:
            index = socket.if_nametoindex(self._interfaces[router][link.id])
            member = struct.pack("4s4si", socket.inet_aton(ALL_SPF_ROUTERS), b"\0" * 4, index)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)

    def start(self, router: str, begin_ns: int | None = None) -> None:
        """A router's process starts, and knows nothing; its clock begins at `begin_ns` of
        CLOCK_MONOTONIC (None: at the next millisecond)."""
        fd = self._namespaces[router]
        routing = self._network.routing
        assert routing is not None
        number = sorted(self._namespaces).index(router)

        if begin_ns is None:
            begin_ns = _next(time.monotonic_ns(), STEP_NS)

        environment = {
            "LD_PRELOAD": str(self._clock),
            "GIAOBAN_PARENT": str(os.getpid()),
            "GIAOBAN_BEGIN_NS": str(begin_ns),
            "GIAOBAN_CLOCK": str(bird.clock_factor(routing)),
            "GIAOBAN_INSTALL_NS": str(routing.installed_after_ms * 1_000_000),
            "GIAOBAN_SEED": str(bird.process_seed(self._seed, self._restarts, number)),
            "PATH": os.environ.get("PATH", ""),
        }
        self._restarts += 1
        base = self.folder / router
        with base.with_suffix(".log").open("ab") as log, namespace.inside(fd):
            # nothing is left to be done between fork and exec: so nothing of us is copied
            self._processes[router] = subprocess.Popen(
                [BIRD, "-f", "-c", f"{base}.conf", "-s", f"{base}.ctl", "-P", f"{base}.pid"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def start_all(self) -> None:
        """Start them in the order of their names.

        Each takes in changes every `spf_ms`, counted from a moment of its own (drawn from the seed)
        after a whole second, as meetings begin: what a failure meets is the same in every run.
        """
        routing = self._network.routing
        assert routing is not None
        whole_ns = _next(time.monotonic_ns() + START_WITHIN_NS, 1_000_000_000)
        for router in sorted(self._namespaces):
            self.start(router, whole_ns + bird.first_tick_ns(self._seed, router, routing))

    def stop(self, router: str) -> None:
        """A router's process dies without a word, and with it what it had told the kernel."""
        process = self._processes.pop(router)
        process.kill()
        process.wait()
        self._fib.flush(router, PROTO_BIRD)

    def check(self) -> None:
        """Raises `InvalidRun` if one ended by itself."""
        for router, process in self._processes.items():
            if process.poll() is not None:
                raise InvalidRun(
                    "{router}: BIRD ended with {code}:\n{said}",
                    router=router,
                    code=process.returncode,
                    said=self._said(router),
                )

    def check_clocks(self) -> None:
        """Raises `InvalidRun` if one ended, or runs without its clock: by the same library it has
        its turn, and ends when we do."""
        self.check()
        for router, process in self._processes.items():
            if self._clock.name not in Path(f"/proc/{process.pid}/maps").read_text("utf-8"):
                raise InvalidRun(
                    "{router}: BIRD runs without {clock}:\n{said}",
                    router=router,
                    clock=self._clock,
                    said=self._said(router),
                )

    def _said(self, router: str) -> str:
        log = (self.folder / f"{router}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(log.splitlines()[-5:])

    def converge(self) -> None:
        """Wait until all packets take the best ways.

        Raises:
            InvalidRun: they do not, long after they should; a process ended, or has no clock.
        """
        routing = self._network.routing
        assert routing is not None
        deadline = time.monotonic() + bird.converged_within_ms(routing) / 1000
        while wrong := astray(self._network, self._fib.read()):
            self.check()
            if time.monotonic() > deadline:
                raise InvalidRun(
                    "the routers did not find the best ways: {wrong}", wrong=", ".join(wrong)
                )
            now_ns = time.monotonic_ns()
            time.sleep((bird.next_asked_ns(now_ns) - now_ns) / 1e9)
        self.check_clocks()

    @property
    def running(self) -> list[str]:
        """The routers whose process runs."""
        return sorted(self._processes)

    def ask(self, router: str, question: str) -> str:
        """What a router's BIRD says to a command of `birdc`, or why it says nothing."""
        command = [BIRDC, "-s", str(self.folder / f"{router}.ctl"), *question.split()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def pause(self, *, on: bool) -> None:
        """Let no process send anything, or go on."""
        for process in self._processes.values():
            process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def close(self) -> None:
        """End all processes; nothing is left of them."""
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._processes.clear()
        for sock in self._members:
            sock.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _next(at_ns: int, step_ns: int) -> int:
    """The next multiple of a step."""
    return -(-at_ns // step_ns) * step_ns
