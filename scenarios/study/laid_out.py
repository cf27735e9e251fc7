"""The inputs of a run, from its folder or its evidence, as files that can be read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from giaoban.errors import InputError
from giaoban.files import MOST_ANSWER, read_file
from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.results.archive.evidence.pack import open_evidence
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.results.model.answers import SEVERAL
from giaoban.results.model.manifest import MANIFEST, Manifest
from giaoban.scenarios.plan.recordings import renamed
from giaoban.scenarios.spec.project_folder import FILE
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.tomlfile import dumps, parse

OF_EVIDENCE = {"schema": "giaoban.project/1", "province": "province.toml"}
OWN = {"criteria": CRITERIA, "devices": DEVICES}
"""Files that a project may have in place of the program's own, which changes with the program."""


def read_inputs(run: Path) -> tuple[Manifest, Mapping[str, bytes]]:
    """Return the manifest and the input files of a run, a folder or an evidence.

    Raises `InputError`: the run has no manifest, or the evidence was altered.
    """
    if run.is_file():
        opened = open_evidence(read_file(run, most=MOST_ANSWER))
        if opened.proof is None or opened.altered:
            raise InputError("{path}: is no evidence as it was made", path=run)
        return opened.proof.manifest, opened.files
    manifest = Manifest.from_json(read_file(run / MANIFEST), MANIFEST)
    return manifest, {item.path: read_file(run / item.path) for item in manifest.inputs}


def lay_out(manifest: Manifest, files: Mapping[str, bytes], root: Path) -> tuple[Path, Path]:
    """Write inputs where the scenario looks for them; return the paths of scenario and province.

    Criteria and MCUs that are not this program's own make a project of it (`giaoban.toml`).
    """
    named = {item.role: item for item in manifest.inputs if item.role not in SEVERAL}
    others = {_here(i.name): files[i.path] for i in manifest.inputs if i.role in SEVERAL}
    text = files[named["scenario"].path]
    if devices := _devices_of(text):  # MCUs of its own
        others[_here(devices)] = files[named["devices"].path]
    up = max((_ups(name) for name in others), default=0)
    base = root.joinpath(*["in"] * (up + 1))
    base.mkdir(parents=True)
    scenario, province = base / "scenario.toml", base / "province.toml"
    scenario.write_bytes(text)
    province.write_bytes(files[named["province"].path])
    then = {role: files[named[role].path] for role in OWN if role in named}
    if other := [role for role, data in then.items() if data != OWN[role].read_bytes()]:
        for role in other:
            (base / f"{role}.toml").write_bytes(then[role])
        project = OF_EVIDENCE | {role: f"{role}.toml" for role in other}
        (base / FILE).write_text(dumps(project), encoding="utf-8")
    for name, data in others.items():
        place = Path(os.path.normpath(base / name))
        if not place.is_relative_to(root):
            raise InputError(
                "{name}: the scenario names it by a path of another machine", name=name
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return scenario, province


def _devices_of(scenario: bytes) -> str:
    try:
        named = parse(Path("scenario"), scenario.decode("utf-8-sig")).get("devices", "")
    except UnicodeDecodeError:
        raise InputError("scenario: is not UTF-8 text") from None
    return named if isinstance(named, str) else ""


def as_laid_out(manifest: Manifest) -> Callable[[Scenario], Scenario]:
    """Return a change of the scenario: files are named as `lay_out` writes them, and the meetings
    are those in which the run was tried."""
    meetings, names = (
        [_here(item.name) for item in manifest.inputs if item.role == role] for role in SEVERAL
    )
    return partial(_as_laid_out, names=names, meetings=meetings)


def _as_laid_out(scenario: Scenario, names: Sequence[str], meetings: Sequence[str]) -> Scenario:
    devices = scenario.devices and _here(scenario.devices)
    update = {"devices": devices, "meetings": [*meetings]}
    return renamed(scenario, names).model_copy(update=update)


def _here(name: str) -> str:
    """Return the last part of an absolute path, other paths as they are."""
    path = PurePosixPath(name)
    return path.name if path.is_absolute() else name


def _ups(name: str) -> int:
    return sum(part == ".." for part in PurePosixPath(name).parts)
