"""A folder of runs through a year, as small as the history needs them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from giaoban.results.archive.evidence.manifest import save_inputs, sha256, write_manifest
from giaoban.results.archive.store import write_result
from giaoban.results.model.reasons import Reason
from giaoban.results.model.result import FileRef, Result
from giaoban.results.model.studies.failures import (
    BridgeImpact,
    Element,
    FailureResult,
    FaultsAnswer,
    LinkWorst,
    SinglePoint,
    Timing,
)
from tests.results import results_factory as f

JANUARY = "mo-rong-dot-1-20260115-080000"
FEBRUARY = "mo-rong-dot-1-20260212-093000"
APRIL = "mo-rong-dot-2-20260420-100000"
JULY = "mo-rong-dot-1-20260701-235959"
NEXT_YEAR = "mo-rong-dot-2-20270105-080000"
FAULTS = "faults-mo-rong-dot-1-20260705-120000"


def measured(run_id: str, *, delay_ms: float = 4.0, invalid: Sequence[Reason] = ()) -> Result:
    """A result in which Đắk Mil hears with this delay of its leg after the connection."""
    phases = f.phases()
    phases[2].bridges[3] = f.bridge(
        "dak-mil",
        None,
        f.stream("audio", "up"),
        f.stream("audio", "down", delay_ms=delay_ms, mouth_to_ear_ms=256.0 + delay_ms),
        f.stream("video", "up", sent=7000),
        f.stream("video", "down", sent=7000),
    )
    return f.result(phases, run_id=run_id, invalid=invalid)


def keep(root: Path, result: Result) -> Path:
    """Put a result into its folder."""
    folder = root / result.run_id
    folder.mkdir(parents=True)
    write_result(folder, result)
    return folder


def keep_faults(root: Path, answer: FaultsAnswer) -> None:
    """Put an answer about failures into its folder."""
    folder = root / answer.run_id
    folder.mkdir(parents=True)
    (folder / "faults.json").write_text(answer.to_json(), encoding="utf-8")


def proven(root: Path, result: Result, sources: Path) -> Path:
    """A run as a check leaves it: with inputs, manifest, captures and documents."""
    sources.mkdir(exist_ok=True)
    refs, files = {}, []
    for role, key in (
        ("scenario", "scenario"),
        ("province", "province"),
        ("devices", "mcu"),
        ("criteria", "criteria"),
    ):
        path = sources / f"{role}.toml"
        path.write_text(f"# {role}\n", encoding="utf-8")
        refs[key] = FileRef(path=path.name, sha256=sha256(path.read_bytes()))
        files.append((role, path.name, path))
    whole = result.model_copy(update={"inputs": result.inputs.model_copy(update=refs)})
    folder = keep(root, whole)
    (folder / "captures").mkdir()
    (folder / "captures" / "a-sent.bin").write_bytes(b"x" * 5000)
    (folder / "captures" / "counters.json").write_text("{}", encoding="utf-8")
    f.series(seconds=30).save(folder / "series.npz")
    (folder / "phu-luc.pdf").write_bytes(b"%PDF")
    (folder / "summary.md").write_text("#", encoding="utf-8")
    write_manifest(folder, whole, save_inputs(folder, files), {"kernel": "6.12"})
    return folder


def faults(run_id: str = FAULTS, **changes: Any) -> FaultsAnswer:
    """One cut tried, which leaves Đắk Glong alone; another that nobody minds."""
    result = f.result(run_id=run_id)
    cut = Element(kind="link", id="gia-nghia--dak-glong")
    impact = BridgeImpact(
        bridge="dak-glong", behind=True, cut_off=True, interruption_ms=20000.0, packets_lost=5000
    )
    near = BridgeImpact(
        bridge="dak-mil", behind=False, cut_off=False, interruption_ms=120.0, packets_lost=40
    )
    failures = [
        FailureResult(
            id="cut:gia-nghia--dak-glong",
            kind="cut",
            name_en="Gia Nghĩa – Đắk Glong cut",
            name_vi="Đứt tuyến Gia Nghĩa – Đắk Glong",
            elements=[cut],
            verdict="pass",
            reasons=[],
            bridges=[impact],
        ),
        FailureResult(
            id="router:r-dak-song",
            kind="router",
            name_en="router Đắk Song down",
            name_vi="Hỏng bộ định tuyến Đắk Song",
            elements=[Element(kind="router", id="r-dak-song")],
            verdict="pass",
            reasons=[],
            interruption_ms=120.0,
            interruption_at="dak-mil",
            packets_lost=40,
            bridges=[near],
        ),
    ]
    values: dict[str, Any] = {
        "run_id": run_id,
        "verdict": "pass",
        "reasons": [],
        "question": result.question,
        "engine": result.engine,
        "inputs": result.inputs,
        "timing": Timing(before_s=5, during_s=10, after_s=5, at_s=6, to_s=15),
        "whole": False,
        "possible": [x.id for x in failures],
        "failures": failures,
        "single_points": [
            SinglePoint(
                element=cut,
                name_en="link Gia Nghĩa – Đắk Glong",
                name_vi="đường truyền Gia Nghĩa – Đắk Glong",
                cut_off=["dak-glong"],
                failures=["cut:gia-nghia--dak-glong"],
            )
        ],
        "links": [
            LinkWorst(
                id="gia-nghia--dak-song",
                direction="r-gia-nghia->r-dak-song",
                peak_pct=31.5,
                failure="router:r-dak-song",
            )
        ],
        "link_limit_pct": 80.0,
        "interruption_limit_ms": 1000.0,
        "names": result.names,
    }
    return FaultsAnswer(**(values | changes))


def year(root: Path) -> Path:
    """Runs of two years, one invalid, one of failures, and two folders that are no runs."""
    keep(root, measured(JANUARY))
    keep(root, measured(FEBRUARY, delay_ms=90.0, invalid=[f.unaccounted(3)]))
    keep(root, measured(APRIL, delay_ms=60.0))
    keep(root, measured(JULY, delay_ms=160.0))
    keep(root, measured(NEXT_YEAR))
    keep_faults(root, faults())
    (root / ".partial-going-on").mkdir()
    (root / "notes").mkdir()
    return root
