"""What a stranger may send to be verified: forged, exchanged, laid over, without end."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib

import evidence_factory as make
import numpy as np
import pytest

from giaoban.errors import InputError
from giaoban.results.archive.evidence.manifest import sha256
from giaoban.results.archive.evidence.pack import unpack, write_evidence
from giaoban.results.archive.evidence.verify import verify
from giaoban.results.model.manifest import MANIFEST
from giaoban.results.model.series import Series
from tests.processes import PATIENCE_S


@pytest.fixture
def evidence(made, tmp_path):
    path = tmp_path / "x.evidence.zip"
    write_evidence(made.folder, path)
    return path


def summed(body):
    """An archive with the sum of the whole file put right."""
    return body[:-64] + sha256(body[:-64]).encode()


def forged(evidence, name, content, *, first):
    """The evidence with one name twice, as a reader that takes the first, or the last, sees it."""
    with zipfile.ZipFile(evidence) as archive:
        entries = [(e, archive.read(e)) for e in archive.infolist()]
        comment = archive.comment
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a name is there twice
        for entry, data in entries:
            for each in (content, data) if first else (data, content):
                if entry.filename == name or each is data:
                    archive.writestr(zipfile.ZipInfo(entry.filename, entry.date_time), each)
        archive.comment = comment
    return summed(out.getvalue())


# ---------------------------------------------------------------------------------- evidence/pack


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("name", ["result.json", MANIFEST, "inputs/scenario.toml"])
def test_a_name_twice_in_the_archive_is_told(made, evidence, name, first):
    true = made.proof.manifest.to_json() if name == MANIFEST else (made.folder / name).read_text()
    content = true.replace('"pass"', '"fail"').encode()
    evidence.write_bytes(forged(evidence, name, content, first=first))
    [found] = verify([evidence])
    assert found.altered == ["the archive cannot be read: a name is there twice"]
    assert not found.intact


def test_a_damaged_file_in_it_is_told_though_the_whole_has_its_sum(evidence):
    damaged = bytearray(evidence.read_bytes())
    with zipfile.ZipFile(evidence) as archive:
        entry = archive.getinfo("plan.json")
    damaged[entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2] ^= 1
    evidence.write_bytes(summed(bytes(damaged)))
    assert verify([evidence])[0].altered == ["plan.json: cannot be unpacked"]


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["a/b", "a"], "files: a is a file and a folder"),
        (["a", "a/b/c/d"], "files: a is a file and a folder"),
        (["x/" + "a" * 256], "files.9.path: "),
        (["/".join(["abc"] * 257)], "files.9.path: "),
    ],
)
def test_what_no_disk_takes_is_told_though_it_has_its_sums(evidence, tmp_path, paths, said):
    [told] = make.repacked(evidence, more=paths)
    assert f"giaoban.evidence/1 file: {said}" in told
    into = tmp_path / "into"
    with pytest.raises(InputError, match="the evidence is not as it was packed"):
        unpack(evidence.read_bytes(), into)
    assert not into.exists()


# --------------------------------------------------------------------------- files of any content


def bomb(names=1, size=2**32 - 2**20, comment=b""):
    """An archive that unpacks to gigabytes of zeros, made without them."""
    block = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = b"".join(block.compress(bytes(2**20)) for _ in range(64)) + block.flush()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(names):
            archive.writestr(zipfile.ZipInfo(MANIFEST if not n else f"f{n}"), once)
        archive.comment = comment
    data = bytearray(out.getvalue())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 10 : at + 12] = (8).to_bytes(2, "little")  # deflated
        data[at + 24 : at + 28] = size.to_bytes(4, "little")
    return bytes(data)


def many_entries():
    """An archive whose directory has 1,500,000 entries (APPNOTE.TXT, 4.3.12 and 4.3.16)."""
    mark = b"PK" + MANIFEST.encode()
    directory = (b"PK\x01\x02" + bytes(42)) * 1_500_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(directory), len(mark), 0)
    return mark + directory + end


def npz(shape, data=b""):
    """One array that says it has this shape."""
    header = io.BytesIO()
    told = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, told)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", header.getvalue() + data)
    return out.getvalue()


HOSTILE = {
    "a bomb": ("x.evidence.zip", bomb),
    "many bombs": ("x.evidence.zip", lambda: bomb(names=100)),
    "many entries": ("x.evidence.zip", many_entries),
    "no file of ours": ("x.pdf", lambda: b"%PDF-1.7\n" + bytes(100)),
    "text": ("x.txt", lambda: b"hello"),
    "an empty evidence": ("x.evidence.zip", lambda: b""),
    "an empty document": ("x.docx", lambda: b""),
}
NOT_OURS = {"no file of ours", "text", "an empty evidence", "an empty document"}
MOST_KB = 500_000


VERIFIER = f"""
import json, os, resource, signal, sys
from pathlib import Path
from giaoban.results.archive.evidence.verify import verify

def answer(path):
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    signal.alarm({PATIENCE_S:.0f})  # to wait for something takes no CPU
    try:
        [found] = verify([path])
        said = [found.ours, found.intact, found.altered]
    except Exception as error:
        said = [type(error).__name__]
    status = Path("/proc/self/status").read_text()  # ru_maxrss counts who forked it, too
    return [int(status.split("VmHWM:")[1].split()[0]), *said]

for line in sys.stdin:
    child = os.fork()
    if not child:
        print(json.dumps(answer(Path(json.loads(line)))), flush=True)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""What verifies is loaded once; each file is looked at in a copy of it, which has room and time of
its own."""


@pytest.fixture(scope="module")
def verifier():
    command = [sys.executable, "-c", VERIFIER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_answered_within_bounds(tmp_path, verifier, what):
    name, content = HOSTILE[what]
    path = tmp_path / name
    path.write_bytes(content())
    verifier.stdin.write(f"{json.dumps(str(path))}\n")
    verifier.stdin.flush()
    answer = verifier.stdout.readline()
    assert answer.startswith("["), f"{name}: no answer, ended by signal {-int(answer)}"
    assert verifier.stdout.readline() == "0\n", name
    kb, *said = json.loads(answer)
    assert kb < MOST_KB
    if said != ["InputError"]:
        ours, intact, altered = said
        assert not intact
        assert ours == (what not in NOT_OURS)
        assert bool(altered) == ours


def test_pickled_series_are_not_unpickled(tmp_path):
    class Touch:
        def __reduce__(self):
            return (tmp_path.joinpath("touched").touch, ())

    np.savez(tmp_path / "series.npz", header=np.array([Touch()], dtype=object))
    with pytest.raises(InputError):
        Series.load(tmp_path / "series.npz")
    assert not (tmp_path / "touched").exists()
