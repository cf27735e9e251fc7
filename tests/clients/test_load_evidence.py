"""The evidence of real load tests: no account, password or key of anybody is in it.

Each password is known here, so that it can be looked for: those of a file, and those that a test's
own MCU draws from a secret.
"""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from giaoban.results.archive.evidence.pack import open_evidence, write_evidence
from giaoban.results.archive.evidence.verify import verify
from giaoban.scenarios.load.passwords import WRONG, password_of
from giaoban.scenarios.load.plan import LoadPlan
from tests.clients.programs import HOST, LATE, Mcu, end, undrawn
from tests.scenarios.scenario_factory import giaoban as here
from tests.scenarios.undrawn import unplotted

pytestmark = pytest.mark.realtime
ROOT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S = 180.0
ACCOUNTS = {f"somebodys-{name}": f"geheim-{number}" for number, name in enumerate("abcd")}
REALM = "giaoban"
SECRET = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def at_somebodys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a test of a device that asks for accounts of a file."""
    folder = tmp_path_factory.mktemp("target")
    file = folder / "accounts.toml"
    file.touch(mode=0o600)
    lines = ['schema = "giaoban.accounts/1"']
    for name, password in ACCOUNTS.items():
        lines += ["[[account]]", f'user = "{name}"', f'password = "{password}"']
    file.write_text("\n".join(lines) + "\n")
    mcu = Mcu(folder, "--accounts", str(file))
    try:
        done = subprocess.run(
            undrawn(
                *("load", "--target", f"sip:{HOST}:{mcu.port}", "--i-am-authorised", "--json"),
                *("--accounts", str(file), "--bridges", "4", "--rate", "4", "--time", "2"),
                *("--workers", "1", "--media", "none", "--results", str(folder / "runs")),
            ),
            capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False, cwd=ROOT,
        )  # fmt: skip
    finally:
        end(mcu.process, signal.SIGINT)
        mcu.process.communicate()
    assert done.returncode in (0, LATE), done.stderr
    registered = [o for o in json.loads(done.stdout)["operations"] if o["operation"] == "register"]
    assert registered[0]["succeeded"] == 4, "the passwords were used"
    [run] = (folder / "runs").iterdir()
    return run


def contents(run: Path, out: Path) -> Iterator[tuple[str, bytes]]:
    """What the evidence of a run holds, unpacked."""
    write_evidence(run, out)
    assert verify([out])[0].intact
    opened = open_evidence(out.read_bytes())
    yield "manifest.json", opened.proof.manifest.to_json().encode()
    yield from opened.files.items()


def test_nobodys_accounts_are_in_the_evidence_or_the_folder(
    at_somebodys: Path, tmp_path: Path
) -> None:
    found = dict(contents(at_somebodys, tmp_path / "x.evidence.zip"))
    assert {"load.json", "plan.json", "journal.jsonl"} <= set(found)
    assert b"bridge-0001" in found["journal.jsonl"], "bridges have names, not those of accounts"
    kept = {str(p): p.read_bytes() for p in at_somebodys.rglob("*") if p.is_file()}
    secrets = [*ACCOUNTS, *ACCOUNTS.values()]
    secrets += [
        hashlib.md5(f"{name}:{REALM}:{password}".encode()).hexdigest()
        for name, password in ACCOUNTS.items()
    ]
    for word in secrets:
        for name, data in {**kept, **found}.items():
            assert word.encode() not in data, (word, name)
    machine = socket.gethostname()  # Locust's name of a worker begins with it
    for name, data in found.items():
        for word in (f"{machine}_", str(Path.home()), "accounts.toml"):
            assert word.encode() not in data, (word, name)


def test_what_is_changed_after_the_test_is_told(at_somebodys: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.evidence.zip"
    write_evidence(at_somebodys, path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    ran = here("verify", path)
    assert ran.code == 1
    assert "ALTERED" in ran.out


def test_what_ran_in_real_time_is_not_run_again(at_somebodys: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.evidence.zip"
    write_evidence(at_somebodys, path)
    ran = here("verify", path, "--rerun")
    assert ran.code == 2
    assert "real time" in ran.err


def test_the_passwords_of_a_tests_own_mcu_are_not_in_its_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unplotted(monkeypatch)
    monkeypatch.setattr("giaoban.scenarios.load.load_test.secrets.token_hex", lambda _: SECRET)
    ran = here(
        *("load", "--shape", "guess", "--bridges", "3", "--rate", "3", "--time", "2"),
        *("--technicians", "1", "--media", "none", "--results", tmp_path / "runs"),
    )
    assert ran.code in (0, 1, LATE), ran.err  # on a busy machine, any
    [run] = (tmp_path / "runs").iterdir()
    plan = LoadPlan.model_validate_json((run / "plan.json").read_bytes())
    words = [SECRET, WRONG, *(password_of(name, SECRET) for name in plan.everybody)]
    assert len(words) == 2 + 3 + 4
    found = dict(contents(run, tmp_path / "x.evidence.zip"))
    assert {"load.json", "plan.json", "journal.jsonl", "mcu-events.jsonl"} <= set(found)
    for word in words:
        for name, data in found.items():
            assert word.encode() not in data, (word, name)
