"""A project made: a province, a first scenario, criteria, a README, a file for CI."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from giaoban import tomlfile
from giaoban.errors import InputError
from giaoban.files import remove_folder, writing
from giaoban.names import identifier
from giaoban.processes.children import interruptions_held
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.schemas.make import input_names, text_of
from giaoban.scenarios.spec.project_folder import FILE
from giaoban.schemas import IN_A_PROJECT, OF_INPUT, referring
from giaoban.sentence import N_, Sentence, message
from giaoban.topology.importers.complete import (
    BRIDGE_KM,
    BRIDGE_MBPS,
    DEVICE,
    LEAST_PACKETS,
    ImportOptions,
)
from giaoban.topology.importers.files import as_toml, guess_format, import_province
from giaoban.topology.model import Province
from giaoban.traffic.profiles import DEFAULT_PROFILE
from giaoban.translation import Language, translator

TEMPLATES = Path(__file__).with_name("templates")
PROVINCE = "province.toml"
README, IGNORE = "README.md", ".gitignore"
KEPT = (README, IGNORE)
"""Files that a folder may have already: they stay as they are."""
Ci = Literal["github", "gitlab", "none"]
CI_FILES: Mapping[Ci, str] = {
    "github": ".github/workflows/giaoban.yml",
    "gitlab": ".gitlab-ci.yml",
}
SCENARIOS, FIRST = "scenarios", "first-expansion"
NEW_BRIDGE = "new-bridge"
PHASE_S = 10.0


@dataclass(frozen=True)
class ProjectOptions:
    """The project to make; `source` is a folder of CSV files or a GraphML file; without it, a small
    province to begin with. `language` is that of what people read in it, `said` whether the
    project is to speak it."""

    language: Language
    said: bool = False
    source: str | None = None
    name: str | None = None
    mcu_at: str | None = None
    device: str | None = None
    ci: Ci = "github"


@dataclass(frozen=True)
class ProjectFiles:
    """The files written, those that were there and stay, and what an import has to say."""

    files: list[Path]
    kept: list[Path]
    notes: list[str]


def make_project(folder: Path, wishes: ProjectOptions) -> ProjectFiles:
    """Write all files, or none. Raises `InputError`: one is there already, or what is wrong."""
    texts, notes = texts_of(folder, wishes)
    kept = [folder / name for name in KEPT if (folder / name).exists()]
    texts = {name: text for name, text in texts.items() if folder / name not in kept}
    for name in texts:
        if (folder / name).exists() or (folder / name).is_symlink():
            raise InputError(
                "{path}: is there already, nothing is written (allowed: another folder)",
                path=folder / name,
            )
    with _staged(folder) as stage:
        for name, text in texts.items():
            path = stage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        for scenario in (stage / SCENARIOS).iterdir():  # what is written can be asked
            criteria_of(make_question(scenario))
        _put(stage, folder, list(texts))
    told = [name for name in texts if not name.startswith(IN_A_PROJECT.as_posix())]
    return ProjectFiles([folder / name for name in (*told, str(IN_A_PROJECT))], kept, notes)


def add_ci(folder: Path, ci: Ci) -> Path:
    """The file for CI into a project that there is; its path. Raises `InputError`: one is there."""
    path = folder / CI_FILES[ci]
    if path.exists() or path.is_symlink():
        raise InputError(
            "{path}: is there already, and stays as it is (what to put into it: {command})",
            path=path,
            command="giaoban check --all --junit junit.xml",
        )
    with _staged(folder) as stage:
        (stage / CI_FILES[ci]).parent.mkdir(parents=True, exist_ok=True)
        (stage / CI_FILES[ci]).write_text(_template(f"{ci}.yml"), encoding="utf-8", newline="")
        _put(stage, folder, [CI_FILES[ci]])
    return path


def texts_of(folder: Path, wishes: ProjectOptions) -> tuple[dict[str, str], list[str]]:
    """File name → text, and the notes of an import."""
    notes: list[str] = []
    lang = wishes.language
    name = wishes.name or folder.resolve().name or "giaoban"
    texts: dict[str, str] = {}
    if wishes.source is not None:
        source = Path(wishes.source)
        options = ImportOptions(None, wishes.name, wishes.mcu_at, wishes.device)
        province, draft = import_province(source, guess_format(source), options)
        notes, name = draft.notes, province.name
        texts[PROVINCE] = as_toml(province)
        texts[f"{SCENARIOS}/{FIRST}.toml"] = _scenario(province, lang)
    else:
        filled = _filled(
            f"province.{lang}.toml.in",
            id=identifier(name, 32, "province"),
            name=_quoted(name),
            device=_quoted(wishes.device or DEVICE),
        )
        texts[PROVINCE] = filled
        texts[f"{SCENARIOS}/{FIRST}.toml"] = _scenario(_parsed(filled), lang)
    criteria = CRITERIA.read_text(encoding="utf-8")
    of_ours = criteria[criteria.index("schema = ") :]
    texts["criteria.toml"] = _template(f"criteria.{lang}.head") + of_ours
    said = {
        "schema": "giaoban.project/1",
        "province": PROVINCE,
        "scenarios": SCENARIOS,
        "criteria": "criteria.toml",
        "runs": "runs",
        "language": lang if wishes.said else None,
    }
    texts[README] = _filled(f"README.{lang}.md", name=name)
    texts[IGNORE] = "runs/\n"
    if wishes.ci != "none":
        texts[CI_FILES[wishes.ci]] = _template(f"{wishes.ci}.yml")
    texts = {FILE: tomlfile.dumps(said), **texts}
    schemas = folder / IN_A_PROJECT
    for file in [name for name in texts if name.endswith(".toml")]:
        texts[file] = referring(texts[file], folder / file, schemas)
    for name in input_names():
        texts[f"{IN_A_PROJECT.as_posix()}/{name}{OF_INPUT}"] = text_of(name)
    return texts, notes


def _scenario(province: Province, lang: Language) -> str:
    """One more bridge, at the last router that has one: the first expansion to be tried."""
    say = translator(lang)
    at = province.bridges[-1].router
    router = next(router.name for router in province.routers if router.id == at)
    question = message(N_("May one more bridge at {router} join the meeting?"), router=router)
    taken = {province.mcu.id, *(b.id for b in province.bridges), *(r.id for r in province.routers)}
    bridge = NEW_BRIDGE
    while bridge in taken:
        bridge += "-2"
    data = {
        "schema": "giaoban.scenario/1",
        "id": FIRST,
        "question": question.en,
        "question_vi": question.vi,
        "profile": DEFAULT_PROFILE,
        "seed": 1681,
        "phases": {"before_s": PHASE_S, "during_s": PHASE_S, "after_s": PHASE_S},
        "bridge": [
            {
                "id": bridge,
                "name": say.say(Sentence("New commune")),
                "router": at,
                "km": BRIDGE_KM,
                "rate_mbps": BRIDGE_MBPS,
                "buffer_packets": LEAST_PACKETS,
                "source": say.say(Sentence("made up")),
                "assumed": True,
                "settled_by": say.say(Sentence("the contract of its line")),
            }
        ],
    }
    return tomlfile.dumps(data)


def _parsed(text: str) -> Province:
    """What a template is. Its mistakes are told of the file that is written."""
    return Province.model_validate(tomlfile.parse(Path(PROVINCE), text))


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _filled(template: str, /, **values: str) -> str:
    text = _template(template)
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _quoted(text: str) -> str:
    """As it stands between the quotes of a TOML string."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder on the same disk to write into; nothing is left of it."""
    with writing(folder):
        beside = folder if folder.is_dir() else folder.parent
        if not folder.exists():
            beside.mkdir(parents=True, exist_ok=True)
        stage = beside / f".giaoban-init-{os.getpid()}"
        stage.mkdir()
        try:
            yield stage
        finally:
            remove_folder(stage)


def _put(stage: Path, folder: Path, names: list[str]) -> None:
    """Move what is staged to its place: all of it, or nothing."""
    with interruptions_held():
        if not folder.exists():
            stage.rename(folder)
            return
        done: list[Path] = []
        made: list[Path] = []
        try:
            for name in names:
                path = folder / name
                made += [p for p in reversed(path.parents) if not p.exists()]
                path.parent.mkdir(parents=True, exist_ok=True)
                os.link(stage / name, path)  # which overwrites nothing
                done.append(path)
        except OSError:
            for path in done:
                path.unlink(missing_ok=True)
            for place in reversed(made):
                place.rmdir()
            raise
