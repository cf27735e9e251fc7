"""What is compared: files or folders, of this moment or of a revision of git."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import InputError, MachineLacks
from giaoban.files import read_file
from giaoban.scenarios.spec.project import known
from giaoban.scenarios.spec.project_folder import says_scenario
from giaoban.scenarios.study.laid_out import lay_out, read_inputs
from giaoban.scenarios.study.whatif.apply import EXISTING, Base, base_of
from giaoban.sentence import N_, Sentence
from giaoban.tomlfile import of_another_kind, parse, read_text

SCENARIO, PROVINCE = "giaoban.scenario/", "giaoban.province/"
NOT_LOOKED_INTO = frozenset({"runs", "site-packages", "node_modules", "__pycache__"})


@dataclass(frozen=True)
class ComparedPair:
    """A scenario before and after; None: it is new, or gone."""

    name: str
    old: Base | None
    new: Base | None


def pairs(old: Path, new: Path, scenarios: Sequence[Path] = ()) -> list[ComparedPair]:
    """What there is to compare: two scenarios; two provinces, with scenarios in them or the bridges
    that they have; two folders, scenario by scenario of the same path.

    Raises `InputError`: two things of different kinds, or nothing in them.
    """
    kinds = _kind(old), _kind(new)
    if kinds[0] != kinds[1]:
        raise InputError(
            "{old} is a {kind}, {new} is a {other} (allowed: two of one kind)",
            old=old,
            kind=Sentence(kinds[0]),
            new=new,
            other=Sentence(kinds[1]),
        )
    if kinds[0] == "scenario":
        return [ComparedPair(new.stem, base_of(old), base_of(new))]
    if kinds[0] == "province":
        asked = list(scenarios) or [EXISTING]
        return [ComparedPair(path.stem, base_of(path, old), base_of(path, new)) for path in asked]
    there = {side: {p.relative_to(side): p for p in _scenarios(side)} for side in (old, new)}
    names = sorted({*there[old], *there[new]})
    if not names:
        raise InputError("{old}, {new}: no scenario in either of them", old=old, new=new)
    return [
        ComparedPair(
            "-".join(name.with_suffix("").parts),
            base_of(there[old][name]) if name in there[old] else None,
            base_of(there[new][name]) if name in there[new] else None,
        )
        for name in names
    ]


def pair_of_run(run: Path, place: Path) -> ComparedPair:
    """Return the inputs of a run as they were, beside the scenario of that name today.

    Raises `InputError`: the run has no inputs, or there is no such scenario today.
    """
    manifest, files = read_inputs(run)
    scenario, province = lay_out(manifest, files, place)
    name = next(item.name for item in manifest.inputs if item.role == "scenario")
    today = next((path for path in known().values() if path.name == name), None)
    if today is None:
        raise InputError("{run}: there is no scenario {name} today", run=run, name=name)
    return ComparedPair(
        today.stem,
        base_of(scenario, province, seed=manifest.seed),
        base_of(today, seed=manifest.seed),
    )


def _kind(path: Path) -> str:
    if path.is_dir():
        return N_("folder")
    schema = str(parse(path, read_text(path)).get("schema", ""))
    if schema.startswith(SCENARIO):
        return N_("scenario")
    if schema.startswith(PROVINCE):
        return N_("province")
    if (other := of_another_kind(schema, f"{SCENARIO}1")) is not None:
        raise InputError("{path}: {what}", path=path, what=other)
    raise InputError("{path}: is neither a scenario nor a province", path=path)


def _scenarios(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f[0] != "." and f not in NOT_LOOKED_INTO)
        for name in sorted(files):
            path = Path(root) / name
            if path.suffix == ".toml" and says_scenario(read_file(path)):
                yield path


# ----------------------------------------------------------------------------------------- git


def at_revision(text: str, into: Path) -> Path | None:
    """`REV:PATH` (of git) as a path of files that are written into a folder; None: it is no such.

    A path is as git takes it: from the top of the repository, or from here (`./…`).
    Raises `InputError`: no such revision or path.
    """
    revision, mark, inside = text.partition(":")
    if not mark or Path(text).exists():
        return None
    top = tree_of(revision, into)
    for start in (Path.cwd(), top_of(Path.cwd())):
        relative = os.path.relpath(start / inside, top_of(Path.cwd()))
        if not relative.startswith("..") and (top / relative).exists():
            return top / relative
    raise InputError("{text}: there is no such file at that revision", text=text)


def tree_of(revision: str, into: Path) -> Path:
    """All files of a revision, in a folder. Raises `InputError`: git knows none of that name."""
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise InputError(
            'git knows no revision "{revision}" here (allowed: a branch, a tag or a commit that '
            "was fetched)",
            revision=revision,
        )
    ident = commit.decode().strip()
    out = into / ident[:12]
    if not out.exists():
        packed = _git("-C", str(top_of(Path.cwd())), "archive", "--format=tar", ident)
        assert packed is not None
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(out, filter="data")
    return out


def top_of(folder: Path) -> Path:
    """The top of the repository. Raises `InputError`: there is none."""
    found = _git("-C", str(folder), "rev-parse", "--show-toplevel")
    if found is None:
        raise InputError("{folder}: is in no repository of git", folder=folder)
    return Path(found.decode().strip())


def _git(*words: str) -> bytes | None:
    try:
        done = subprocess.run(["git", *words], capture_output=True, check=False)
    except FileNotFoundError:
        raise MachineLacks("git is not installed", "apt install git") from None
    return done.stdout if done.returncode == 0 else None
