"""The JSON Schemas of the files that people write, made from the models that read them.

A key's description is the docstring under it in its model; its examples are what the program's own
files have there, or what the docstring says after the word "Like". What a model checks across keys
or tables is not in a schema, but for the most common: editors help to write, `giaoban` judges.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr
from pydantic.json_schema import GenerateJsonSchema

from giaoban import PACKAGE
from giaoban.mcu_sim import device
from giaoban.mcu_sim.accounts import Accounts
from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.names import slug
from giaoban.results.judge.baseline import Baseline
from giaoban.results.judge.criteria import Criteria
from giaoban.scenarios.measure.unmodelled import LeftOut
from giaoban.scenarios.spec.meeting_catalogue import CataloguedMeeting
from giaoban.scenarios.spec.project import ProjectFile
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.scenarios.study.sensitivity.figures import Ranges
from giaoban.scenarios.study.sweep.axes import Sweep
from giaoban.scenarios.study.whatif.variant import Variants
from giaoban.text import LONGEST
from giaoban.tomlfile import load
from giaoban.topology.load import load_province
from giaoban.topology.model import Province
from giaoban.topology.units import catalogue
from giaoban.topology.units.known import bare
from giaoban.traffic.profiles import Profiles

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MOST_EXAMPLES, LONGEST_EXAMPLE = 2, 160
_LIKE = re.compile(r"\s*\bLike `(.+)`\.$", re.DOTALL)
_SCHEMA = "Which kind of file this is, and the version of its form."


class Input(NamedTuple):
    """A kind of file: the model that reads it, and where the program's own lie."""

    model: type[BaseModel]
    own: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        """What stands in `schema` in each."""
        field = next(f for f in self.model.model_fields.values() if f.alias == "schema")
        return str(field.annotation.__args__[0])  # type: ignore[union-attr]

    @property
    def name(self) -> str:
        """As `giaoban list schemas` knows it."""
        return self.schema.removeprefix("giaoban.").partition("/")[0]

    def files(self) -> list[Path]:
        return [path for pattern in self.own for path in sorted(PACKAGE.glob(pattern))]


INPUTS = (
    Input(ProjectFile),
    Input(Province, ("topology/province.toml", "topology/fragile-province.toml")),
    Input(Scenario, ("scenarios/*.toml", "scenarios/study/whatif/*.toml")),
    Input(CataloguedMeeting, ("scenarios/meetings/*.toml",)),
    Input(Variants),
    Input(Sweep, ("scenarios/sweep/*.toml",)),
    Input(Criteria, ("results/criteria.toml",)),
    Input(Profiles, ("traffic/profiles.toml",)),
    Input(device._File, ("mcu_sim/devices.toml", "scenarios/devices/*.toml")),
    Input(Ranges, ("scenarios/study/sensitivity/ranges.toml",)),
    Input(LeftOut, ("scenarios/measure/unmodelled.toml",)),
    Input(Baseline, ("results/baselines/*.toml",)),
    Input(Meetings),
    Input(Accounts),
)
"""Every kind of TOML file that the program reads."""


def input_schema(kind: Input) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one kind of file, with its keys as people write them."""
    made = kind.model.model_json_schema(
        by_alias=True, mode="validation", schema_generator=_Described
    )
    cleaned = _cleaned(made)
    assert isinstance(cleaned, dict)
    return {"$schema": DRAFT, "title": kind.schema, **cleaned}


class _Described(GenerateJsonSchema):
    def model_schema(self, schema: Any) -> dict[str, Any]:
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        if model.__doc__:
            made["description"] = _flowing(model.__doc__)
        for name, field in model.model_fields.items():
            key = field.alias or name
            about = made["properties"][key]
            said, like = key_docs(model, name)
            if key == "schema":
                said = _SCHEMA
            about["description"] = said
            found = [like] if like is not None else _examples_of(model, name)
            if found and _is_open(about):
                about["examples"] = found
        if "range" in model.model_fields and (may := _ranges_of(made["properties"])):
            whole = made["properties"]["range"]
            of = next(each for each in whole["anyOf"] if "additionalProperties" in each)
            ref = of.pop("additionalProperties")
            of |= {"additionalProperties": False}
            of["properties"] = {key: {**ref, "properties": ends} for key, ends in may.items()}
        return made


BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def _ranges_of(properties: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each figure that may have a range, what its ends or choices may be."""
    found: dict[str, dict[str, Any]] = {}
    for key, about in properties.items():
        kinds = [about, *about.get("anyOf", ())]
        number = next((k for k in kinds if k.get("type") in ("number", "integer")), None)
        words = next((k for k in kinds if "enum" in k), None)
        if number is not None:
            bounds = {name: number[name] for name in BOUNDS if name in number}
            found[key] = {"low": bounds, "high": bounds}
        elif words is not None and len(words["enum"]) > 1:
            found[key] = {"choices": {"items": {"enum": words["enum"]}}}
    return found


def key_docs(model: type[BaseModel], name: str) -> tuple[str, Any]:
    """What the docstring under a key says, and the example in it (None: there is none)."""
    said = next((d for m in _bases(model) if (d := _docs_in(m).get(name))), "")
    like = _LIKE.search(said)
    if like is None:
        return said, None
    return said[: like.start()], tomllib.loads(f"value = {like[1]}")["value"]


@cache
def _docs_in(model: type) -> dict[str, str]:
    """The docstrings under the fields that a class has itself."""
    tree = _tree(model.__module__)
    own = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == model.__name__)
    found = {}
    for field, after in zip(own.body, own.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[field.target.id] = _flowing(str(after.value.value))
    return found


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))


def _flowing(doc: str) -> str:
    """A docstring without the line breaks of its source; paragraphs and lists keep theirs."""
    return re.sub(r"(?<!\n)\n(?!\n|- )\s*", " ", inspect.cleandoc(doc)).strip()


def _examples_of(model: type[BaseModel], name: str) -> list[Any]:
    there = _examples()
    return next((there[m, name] for m in _bases(model) if (m, name) in there), [])


@cache
def _examples() -> dict[tuple[type[BaseModel], str], list[Any]]:
    """What the program's own files have at each key of each model."""
    found: dict[tuple[type[BaseModel], str], list[Any]] = {}
    for kind in INPUTS:
        for path in kind.files():
            for model, name, value in _values(load(path, kind.model)):
                if _names_a_place(value):
                    continue
                # kept for those it has the key from, too: others of theirs may nowhere be used
                for owner in (m for m in _bases(model) if name in m.model_fields):
                    there = found.setdefault((owner, name), [])
                    if len(there) < MOST_EXAMPLES and value not in there:
                        there.append(value)
    return found


def _names_a_place(value: Any) -> bool:
    """Whether a value is about a place of the program's own province, which no other has."""
    words = f"-{slug(json.dumps(value, ensure_ascii=False))}-"
    return any(f"-{place}-" in words for place in _places())


_ITS_KINDS = ("district", "districts", "huyen")
"""What a place of it is called, and may be called otherwise, or be no more, elsewhere."""


@cache
def _places() -> frozenset[str]:
    """The program's own province, its bridges, units that may become some, and its regulation."""
    province, units = load_province(), catalogue().units
    found = {province.id, *(bridge.id for bridge in province.bridges), *_ITS_KINDS}
    if province.regulation is not None:
        found.add(slug(province.regulation.number))
    return frozenset(found | {slug(bare(unit.name)) for unit in units if unit.code})


def _bases(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [m for m in model.__mro__ if issubclass(m, BaseModel)]


def _values(model: BaseModel) -> Iterator[tuple[type[BaseModel], str, Any]]:
    for name, value in model:
        if name not in model.model_fields_set:
            continue
        items = value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            items = list(value.values())
        inner = [item for item in items if isinstance(item, BaseModel)]
        for item in inner:
            yield from _values(item)
        if not inner and value not in ([], {}, "") and not isinstance(value, SecretStr):
            plain = value.isoformat() if isinstance(value, date) else value
            if len(json.dumps(plain, ensure_ascii=False)) <= LONGEST_EXAMPLE:
                yield type(model), name, plain


def _is_open(about: dict[str, Any]) -> bool:
    """Whether a value is neither a table nor one of a few words, so that an example helps."""
    text = json.dumps(about)
    return not re.search(r'"(enum|const|\$ref)": |"boolean"', text) or "pattern" in text


def _cleaned(schema: Any) -> Any:
    """Without titles, and without null, which TOML does not have."""
    if isinstance(schema, list):
        return [_cleaned(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in ("title", "discriminator")}
    if kept.get("default", "") is None:
        del kept["default"]
    if "patternProperties" in kept:  # a table by names of some form: no other is allowed
        kept.setdefault("additionalProperties", False)
    for key in ("properties", "patternProperties", "$defs"):
        if key in kept:
            kept[key] = {name: _cleaned(inner) for name, inner in kept[key].items()}
    for key in ("items", "additionalProperties", "anyOf", "oneOf", "propertyNames"):
        if key in kept:
            kept[key] = _cleaned(kept[key])
    if "anyOf" in kept:
        left = [item for item in kept["anyOf"] if item != {"type": "null"}]
        if len(left) == 1:
            del kept["anyOf"]
            kept = left[0] | kept
        else:
            kept["anyOf"] = left
    if kept.get("type") == "string" and not {"enum", "const", "format"} & kept.keys():
        kept.setdefault("maxLength", LONGEST)
    return kept
