"""An estimate needs no Mininet, no netlink, no root and nothing that only Linux has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from scenario_factory import ROOT, scenario

WITHOUT = """
import select, socket, sys
for name in ("mininet", "pyroute2"):
    sys.modules[name] = None
del select.epoll
def refuse(*_args, **_kwargs):
    raise AssertionError("a socket was opened")
socket.socket.__init__ = refuse
from scenarios.cli.entry import main
sys.argv = ["giaoban", "check", sys.argv[1], "--estimate", "--json", "--results", sys.argv[2]]
main()
"""


def test_without_mininet_netlink_epoll_and_sockets(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml", id="alone", phases=(2, 2, 2))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(file), str(tmp_path / "results")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    result = json.loads(done.stdout)
    assert result["engine"]["name"] == "estimate"
    assert result["accounting"]["unaccounted"] == 0
