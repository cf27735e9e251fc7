"""A run's manifest (`giaoban.results.model.manifest`): written with the run, and held to it.

By its sum `giaoban verify` finds whether a document and an evidence belong together.
Documents and pictures are not in it, as they are made from what is. Packets as they were captured
are in it by their sums alone: a run repeated from its inputs gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from giaoban.errors import InputError, strerror
from giaoban.files import MOST_ANSWER, open_file, read_file, writing
from giaoban.results.model.answer_files import RESULT, SENSITIVITY
from giaoban.results.model.answers import (
    ANSWERS,
    SEVERAL,
    Proved,
    engine_of,
    input_refs,
    kind_of,
)
from giaoban.results.model.manifest import MANIFEST, InputFile, KeptFile, Manifest, Proof
from giaoban.sentence import Sentence, joined

INPUTS = "inputs"

KEPT = (
    "plan.json",
    "events.jsonl",
    "series.npz",
    SENSITIVITY,
    "statistics.json",
    "mcu-events.jsonl",
)
"""Plan and measures, and how far assumptions may be off; the last two are a load test's: Locust's
statistics, and the MCU's own view."""
KEPT_CAPTURES = ("counters.json", "guest.json", "links.npz")


def sha256(data: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def save_inputs(folder: Path, inputs: Sequence[tuple[str, str, Path]]) -> list[InputFile]:
    """Copy what a run is made from into its folder; (role, name, path) each."""
    place = folder / INPUTS
    saved = []
    for number, (role, name, path) in enumerate(inputs):
        kept = f"{role}-{number}{path.suffix.lower()}" if role in SEVERAL else f"{role}.toml"
        saved.append(
            InputFile.model_validate({"role": role, "name": name, "path": f"{INPUTS}/{kept}"})
        )
        with writing(place):
            place.mkdir(exist_ok=True)
            (place / kept).write_bytes(path.read_bytes())
    return saved


def write_manifest(
    folder: Path,
    answer: Proved,
    inputs: Sequence[InputFile],
    versions: Mapping[str, str],
) -> Proof:
    """Sum up a run's folder, in which all but the documents is there."""
    kind = kind_of(answer)
    asked = answer.inputs
    manifest = Manifest(
        kind=kind,
        run_id=answer.run_id,
        verdict=answer.verdict,
        engine=engine_of(answer),
        seed=asked.seed,
        code=asked.code,
        commit=asked.commit,
        committed=asked.committed,
        versions=dict(versions),
        inputs=list(inputs),
        files=_sums(folder, {*(item.path for item in inputs), ANSWERS[kind].FILE, *_kept(folder)}),
        left_out=_sums(folder, _bulk(folder)),
    )
    text = manifest.to_json().encode()
    with writing(folder):
        (folder / MANIFEST).write_bytes(text)
    return Proof(manifest, sha256(text))


def read_proof(folder: Path) -> Proof:
    """A run's manifest, after everything in the folder has been compared with it.

    Raises `InputError`: the run has none, or a file is not what it was when the run was made.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise InputError(
            "{folder}: has no {manifest}, so nothing proves what it was made from "
            "(allowed: a run of giaoban check, faults, load or sensitivity; run it again)",
            folder=folder,
            manifest=MANIFEST,
        )
    text = read_file(path)
    manifest = Manifest.from_json(text, str(path))
    if manifest.to_json().encode() != text:
        raise InputError("{path}: is not as it was written; run it again", path=path)
    for kept in manifest.files:
        try:
            same = _is_as_kept(folder, kept)
        except OSError as error:
            raise InputError(
                "{folder}: {why}", folder=folder / kept.path, why=strerror(error)
            ) from None
        if not same:
            raise _altered(folder / kept.path, kept)
    listed = manifest.answer in {kept.path for kept in manifest.files}
    told = read_file(folder / manifest.answer, most=MOST_ANSWER) if listed else None
    if wrong := contradictions(manifest, told):
        raise InputError(
            "{folder}: {wrong}; run it again", folder=folder, wrong=joined("; ", wrong)
        )
    return Proof(manifest, sha256(text))


def altered_files(folder: Path) -> list[str]:
    """Files of a run that are not what they were when it was made, or are gone, by their paths in
    its folder.

    A run without a manifest has none.
    """
    path = folder / MANIFEST
    if not path.exists():
        return []
    try:
        text = read_file(path)
        manifest = Manifest.from_json(text, str(path))
    except InputError:
        return [MANIFEST]
    found = [] if manifest.to_json().encode() == text else [MANIFEST]
    for kept in manifest.files:
        try:
            if not _is_as_kept(folder, kept):
                found.append(kept.path)
        except FileNotFoundError:
            found.append(Sentence("{path} (gone)", path=kept.path))
        except OSError:
            found.append(kept.path)
    return found


def _is_as_kept(folder: Path, kept: KeptFile) -> bool:
    """Whether a file gives the sum that it had. Raises `OSError`."""
    with open_file(folder / kept.path) as file:
        return os.fstat(file.fileno()).st_size == kept.bytes and (
            hashlib.file_digest(file, "sha256").hexdigest() == kept.sha256
        )


def refuse_altered(path: Path, data: bytes) -> None:
    """Raise `InputError` for a file of a run that is not what its manifest tells of.

    A run without a manifest, or with one that this version cannot read, tells nothing of it.
    """
    manifest = path.parent / MANIFEST
    try:
        files = Manifest.from_json(read_file(manifest), str(manifest)).files
    except InputError:
        return
    for kept in files:
        if kept.path == path.name and kept.sha256 != sha256(data):
            raise _altered(path, kept)


def _altered(path: Path, kept: KeptFile) -> InputError:
    return InputError(
        "{folder}: is not what it was when the run was made (SHA-256 {sha256}); run it again",
        folder=path,
        sha256=kept.sha256,
    )


def contradictions(manifest: Manifest, text: bytes | None) -> list[str]:
    """What sums alone do not show: an answer that is not of these inputs. `text` is its file's."""
    if text is None:
        return [Sentence("{path}: is missing", path=manifest.answer)]
    try:
        answer = ANSWERS[manifest.kind].from_json(text)
    except InputError as error:
        return [Sentence("{path}: {error}", path=manifest.answer, error=error)]
    said = (answer.run_id, answer.verdict, answer.inputs.seed, answer.inputs.code)
    if said != (manifest.run_id, manifest.verdict, manifest.seed, manifest.code):
        return [
            Sentence(
                "{path}: is not the answer that {manifest} tells of",
                path=manifest.answer,
                manifest=MANIFEST,
            )
        ]
    there = {kept.path: kept.sha256 for kept in manifest.files}
    refs = input_refs(answer.inputs)
    stated = {role: ref.sha256 for role, ref in refs if role not in SEVERAL}
    found: list[str] = []
    others = []
    for item in manifest.inputs:
        wanted = stated.pop(item.role, "")
        if item.path not in there:
            found.append(Sentence("{path}: is missing", path=item.path))
        elif item.role in SEVERAL:
            others.append((item.role, there[item.path]))
        elif there[item.path] != wanted:
            found.append(Sentence("{path}: is not what the answer was made from", path=item.path))
    found += [
        Sentence("inputs: the {role} that the answer was made from is missing", role=role)
        for role in stated
    ]
    if sorted(others) != sorted((role, ref.sha256) for role, ref in refs if role in SEVERAL):
        found.append(
            Sentence("inputs: meetings and recordings are not those that the answer was made from")
        )
    return found


def _kept(folder: Path) -> Iterable[str]:
    names = [*KEPT, *(f"captures/{name}" for name in KEPT_CAPTURES)]
    yield from (name for name in names if (folder / name).is_file())
    for several in ("failures", "meetings"):
        for path in sorted((folder / several).glob(f"*/{RESULT}")):
            yield str(path.relative_to(folder))


def _bulk(folder: Path) -> list[str]:
    found = [*(folder / "captures").glob("*.bin"), *(folder / "media").glob("*.npz")]
    return sorted(str(path.relative_to(folder)) for path in found)


def _sums(folder: Path, paths: Iterable[str]) -> list[KeptFile]:
    found = []
    for path in sorted(paths):
        with (folder / path).open("rb") as file:
            summed = hashlib.file_digest(file, "sha256").hexdigest()
            found.append(KeptFile(path=path, bytes=file.tell(), sha256=summed))
    return found
