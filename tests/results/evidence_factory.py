"""Run folders with a manifest, made without an emulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from giaoban.results.archive.evidence.manifest import save_inputs, sha256, write_manifest
from giaoban.results.archive.evidence.pack import open_evidence, packed
from giaoban.results.archive.evidence.verify import verify
from giaoban.results.archive.store import write_result
from giaoban.results.model.manifest import KeptFile, Proof
from giaoban.results.model.result import FileRef, Result
from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes
from tests.results import annex_factory
from tests.results import results_factory as make


class Made(NamedTuple):
    """A run's folder with what is in it."""

    folder: Path
    result: Result
    proof: Proof

    def annex(self, form: str = "pdf") -> bytes:
        """Its annex, without pictures."""
        return annex_bytes([Chapter(AnswerWithProof(self.result, self.proof), {})], form=form)[0]  # type: ignore[arg-type]


def run(root: Path, run_id: str = "mo-rong-20261124-152000", seed: int = 1681) -> Made:
    """A finished check with its inputs, a recording among them."""
    folder = root / run_id
    (folder / "captures").mkdir(parents=True)
    sources = root / f"sources-{run_id}"
    (sources / "film").mkdir(parents=True)
    named = {
        "scenario": "mở rộng.toml",
        "province": "tỉnh.toml",
        "devices": "devices.toml",
        "criteria": "criteria.toml",
        "file": "film/họp.h264",
    }
    inputs = []
    for role, name in named.items():
        (sources / name).write_text(f"# {role} {seed}\n", encoding="utf-8")
        inputs.append((role, name, sources / name))
    refs = {
        role: FileRef(path=Path(name).name, sha256=sha256((sources / name).read_bytes()))
        for role, name in named.items()
    }
    result = make.result(run_id=run_id)
    told = result.inputs.model_copy(
        update={
            "scenario": refs["scenario"],
            "province": refs["province"],
            "mcu": refs["devices"],
            "criteria": refs["criteria"],
            "files": [refs["file"]],
            "seed": seed,
        }
    )
    result = result.model_copy(update={"inputs": told})
    write_result(folder, result)
    make.series().save(folder / "series.npz")
    (folder / "plan.json").write_text("{}\n")
    (folder / "events.jsonl").write_text('{"t_ms": 0}\n')
    (folder / "captures" / "mcu-sent.bin").write_bytes(bytes(range(256)))
    proof = write_manifest(folder, result, save_inputs(folder, inputs), annex_factory.VERSIONS)
    return Made(folder, result, proof)


def repacked(
    evidence: Path,
    change: Callable[[dict[str, bytes]], object] = lambda _files: None,
    *,
    summed: bool = False,
    more: Sequence[str] = (),
    untold: Sequence[str] = (),
) -> list[str]:
    """What is found once somebody who knows how packed it anew, after a change of its files.

    Args:
        summed: every sum of the manifest is put right, and it lists no file that is gone.
        more: paths of files that are added and told of.
        untold: roles of inputs that the manifest no longer tells of.
    """
    opened = open_evidence(evidence.read_bytes())
    files, told = dict(opened.files), opened.proof.manifest
    change(files)
    if summed:
        there = [kept for kept in told.files if kept.path in files]
        sums = [{"sha256": sha256(files[k.path]), "bytes": len(files[k.path])} for k in there]
        kept = [k.model_copy(update=new) for k, new in zip(there, sums, strict=True)]
        told = told.model_copy(update={"files": kept})
    for path in more:
        files[path] = path.encode()
        kept_too = KeptFile.model_construct(
            path=path, bytes=len(files[path]), sha256=sha256(files[path])
        )
        told = told.model_copy(update={"files": [*told.files, kept_too]})
    inputs = [item for item in told.inputs if item.role not in untold]
    told = told.model_copy(update={"inputs": inputs})
    evidence.write_bytes(packed(files, told.to_json().encode()))
    return verify([evidence])[0].altered
