"""File systems of a test's own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def in_own_mounts(script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount, in a mount namespace which ends with it."""
    if os.geteuid() == 0:
        private = ["unshare", "--mount"]
    else:
        private = ["unshare", "--map-root-user", "--mount"]
        if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
            private = ["sudo", "--non-interactive", "unshare", "--mount"]  # as `make setup` may
    return subprocess.run(
        [*private, "sh", "-euc", script],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )
