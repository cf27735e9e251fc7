"""Evidence: one file of a run, the same bytes each time, in which no byte changes unnoticed."""

import io
import random
import socket
import zipfile
from pathlib import Path

import evidence_factory as make
import pytest

from giaoban.errors import InputError
from giaoban.files import MOST_ANSWER
from giaoban.results.archive.evidence.documents import record_document
from giaoban.results.archive.evidence.manifest import read_proof, sha256
from giaoban.results.archive.evidence.pack import (
    MOST_MANIFEST,
    EvidenceFiles,
    open_evidence,
    packed,
    write_evidence,
)
from giaoban.results.archive.evidence.verify import verify
from giaoban.results.model.manifest import MANIFEST


@pytest.fixture
def evidence(made, tmp_path):
    path = tmp_path / "x.evidence.zip"
    assert write_evidence(made.folder, path) == made.proof
    return path


def test_it_holds_inputs_plan_result_and_measures(made, evidence):
    with zipfile.ZipFile(evidence) as archive:
        names = set(archive.namelist())
        assert archive.read("inputs/scenario.toml").decode() == "# scenario 1681\n"
        assert archive.testzip() is None
        # whoever packs it, and whenever: the earliest time that an archive can state; plain files
        entries = archive.infolist()
        told = {(e.date_time, e.create_system, e.external_attr >> 16) for e in entries}
        assert told == {((1980, 1, 1, 0, 0, 0), 3, 0o100644)}
        assert {entry.compress_type for entry in entries} == {zipfile.ZIP_DEFLATED}
    assert names == {
        "manifest.json",
        "result.json",
        "plan.json",
        "events.jsonl",
        "series.npz",
        *(f"inputs/{name}.toml" for name in ("scenario", "province", "devices", "criteria")),
        "inputs/file-4.h264",
    }
    files = open_evidence(evidence.read_bytes()).files
    assert (set(files), len(files)) == (names - {MANIFEST}, len(names) - 1)
    [found] = verify([evidence])
    assert (found.intact, found.proof) == (True, made.proof)
    assert [(i.role, i.name) for i in found.proof.manifest.inputs][:2] == [
        ("scenario", "mở rộng.toml"),
        ("province", "tỉnh.toml"),
    ]


def test_manifest_says_by_what_and_what_was_left_out(made):
    manifest = read_proof(made.folder).manifest
    assert manifest.versions["kernel"] == "6.12.57"
    assert manifest.versions["mininet"] == "2.3.0"
    assert manifest.commit == made.result.inputs.commit
    [left] = manifest.left_out
    assert (left.path, left.bytes) == ("captures/mcu-sent.bin", 256)
    assert left.sha256 == sha256(bytes(range(256)))


def test_the_same_bytes_each_time(made, evidence, tmp_path):
    again = tmp_path / "again.zip"
    write_evidence(made.folder, again)
    assert again.read_bytes() == evidence.read_bytes()


def test_nothing_of_this_machine_or_its_user_is_in_it(evidence):
    data = b"".join(open_evidence(evidence.read_bytes()).files.values())
    for word in (str(Path.home()), socket.gethostname(), "password", "/tmp/"):
        assert word.encode() not in data, word


@pytest.mark.parametrize("seed", range(3))
def test_one_byte_changed_anywhere_is_told(evidence, seed):
    data = evidence.read_bytes()
    rng = random.Random(seed)
    spots = [*rng.sample(range(len(data)), 60), *range(len(data) - 230, len(data), 9)]
    for spot in spots:
        damaged = bytearray(data)
        damaged[spot] ^= 1 << rng.randrange(8)
        evidence.write_bytes(damaged)
        assert not verify([evidence])[0].intact, spot
    for cut in (data[:-1], data + b"\n", data[1:], data[: len(data) // 2]):
        evidence.write_bytes(cut)
        assert not verify([evidence])[0].intact


def swapped(name, old, new):
    def change(files):
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return change


SCENARIO = "inputs/scenario.toml"


@pytest.mark.parametrize(
    ("change", "how", "said"),
    [
        (swapped("result.json", b'"value": 33', b'"value": 13'), {}, ["result.json: was altered"]),
        (
            lambda files: (files.pop("series.npz"), files.update({"extra.txt": b"x"})),
            {},
            ["series.npz: is missing", "extra.txt: was added"],
        ),
        # though every sum is right, as somebody made them anew
        (
            swapped(SCENARIO, b"1681", b"another line"),
            {"summed": True},
            [f"{SCENARIO}: is not what the answer was made from"],
        ),
        (lambda files: files.pop(SCENARIO), {"summed": True}, [f"{SCENARIO}: is missing"]),
        (
            swapped("inputs/file-4.h264", b"file", b"film"),
            {"summed": True},
            ["inputs: meetings and recordings are not those that the answer was made from"],
        ),
        (
            swapped("result.json", b'"seed": 1681', b'"seed": 1682'),
            {"summed": True},
            [f"result.json: is not the answer that {MANIFEST} tells of"],
        ),
        (
            lambda files: None,
            {"untold": ["scenario"]},
            ["inputs: the scenario that the answer was made from is missing"],
        ),
    ],
)
def test_what_was_changed_is_told(evidence, change, how, said):
    assert make.repacked(evidence, change, **how) == said


def test_an_answer_that_is_none_is_told(evidence):
    [said] = make.repacked(
        evidence, lambda files: files.update({"result.json": b"[]"}), summed=True
    )
    assert said.startswith("result.json: ")


def test_a_manifest_that_is_missing_or_too_large_is_told(evidence):
    told = f"{MANIFEST}: is missing, or too large"
    files = dict(open_evidence(evidence.read_bytes()).files)
    for size, large in ((MOST_MANIFEST, False), (MOST_MANIFEST + 1, True)):
        evidence.write_bytes(packed(files, b" " * size))
        assert (told in verify([evidence])[0].altered) == large
    without = io.BytesIO()
    with zipfile.ZipFile(without, "w") as archive:
        archive.writestr("result.json", "{}")
    opened = open_evidence(without.getvalue())
    assert (opened.proof, opened.altered[-1]) == (None, told)


def test_a_file_in_it_that_is_too_large_is_not_unpacked():
    entry = zipfile.ZipInfo("result.json")
    for size, error, told in (
        (MOST_ANSWER, zipfile.BadZipFile, "not a zip file"),
        (MOST_ANSWER + 1, InputError, r"result\.json: larger than 128 MiB, not a file of ours"),
    ):
        entry.file_size = size
        with pytest.raises(error, match=told):
            EvidenceFiles(b"", [entry])["result.json"]


def test_a_changed_run_gives_no_evidence(tmp_path):
    made = make.run(tmp_path)
    path = made.folder / "result.json"
    path.write_bytes(path.read_bytes().replace(b'"pass"', b'"fail"', 1))
    with pytest.raises(InputError, match=r"result\.json: is not what it was when the run was made"):
        write_evidence(made.folder, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_a_run_without_a_manifest_gives_no_evidence(tmp_path):
    made = make.run(tmp_path)
    (made.folder / MANIFEST).unlink()
    with pytest.raises(InputError, match="nothing proves what it was made from"):
        read_proof(made.folder)


def test_annexes_are_compared_with_the_sums_in_the_evidence(tmp_path):
    """A byte less or another is an alteration; bytes after a PDF may be a signature."""
    made = make.run(tmp_path)
    annexes = {form: tmp_path / f"a.{form}" for form in ("pdf", "docx")}
    for form, path in annexes.items():
        path.write_bytes(made.annex(form))
        record_document(made.folder, path.read_bytes(), draft=form == "docx")
    evidence = tmp_path / "x.evidence.zip"
    write_evidence(made.folder, evidence)
    found = verify([*annexes.values(), evidence])
    assert [(f.intact, f.appended, f.draft) for f in found] == [
        (True, False, False),
        (True, False, True),
        (True, False, False),
    ]
    for form, path in annexes.items():
        data = path.read_bytes()
        for spot in random.Random(1681).sample(range(len(data)), 20):
            other = bytearray(data)
            other[spot] ^= 1
            path.write_bytes(other)
            assert not verify([path, evidence])[0].intact, spot
        path.write_bytes(data[:-1])
        assert verify([path, evidence])[0].altered
        path.write_bytes(data + b"a signature")
        told = verify([evidence, path])[1]
        assert (told.intact, told.appended) == (form == "pdf", form == "pdf")
        path.write_bytes(data)
        assert not verify([path])[0].ours, "without an evidence there is no sum"
    repacked = io.BytesIO()
    with zipfile.ZipFile(evidence) as there, zipfile.ZipFile(repacked, "w") as archive:
        for name in there.namelist():
            archive.writestr(name, there.read(name).replace(b"true", b"false"))
    evidence.write_bytes(repacked.getvalue())
    [document, proof] = verify([annexes["pdf"], evidence])
    assert (document.ours, bool(proof.altered)) == (False, True)


def test_what_it_is_hangs_on_its_content_or_its_name(evidence, tmp_path):
    other = tmp_path / "của tỉnh.zip"
    other.write_bytes(evidence.read_bytes())
    assert (verify([other])[0].kind, verify([other])[0].intact) == ("evidence", True)
    evidence.write_bytes(b"hello")
    found = verify([evidence])[0]
    assert (found.kind, found.ours) == ("evidence", False)
    assert (found.altered, found.foreign, found.intact) == ([], "it is no evidence", False)


def test_what_is_neither_is_told(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("hello")
    found = verify([path])[0]
    assert (found.ours, found.altered) == (False, [])
    assert found.foreign == "it is no evidence and no annex"
    with pytest.raises(InputError, match=r"nothing: no such file"):
        verify([tmp_path / "nothing"])[0]
