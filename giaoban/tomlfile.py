"""Strict reading of TOML files into pydantic models, with errors a person can act on.

A bad file gives one `InputError` that lists every mistake as
`FILE:LINE: KEY = VALUE: what is wrong (what is allowed)`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    SecretStr,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from giaoban.errors import MOST_LINES, NOTHING, InputError, did_you_mean, several
from giaoban.files import read_file
from giaoban.sentence import N_, Sentence, either
from giaoban.text import LONGEST, hidden_in, text_problem


def checked_texts(schema: Any, of: type) -> Any:
    """A model's schema in which each text, key and item is checked, and none can be forgotten.

    A reader that passes `context={"longest": …}` limits their length as well.
    """
    if isinstance(schema, list | tuple):
        return type(schema)(checked_texts(item, of) for item in schema)
    if not isinstance(schema, Mapping):
        return schema
    kind = schema.get("type")
    if kind == "str":
        return core_schema.with_info_after_validator_function(_check, schema)
    if kind == "function-after" and schema["function"]["function"] in _LOOKED_AT:
        return schema
    if kind == "model" and schema["cls"] is not of:  # has been checked itself
        return schema
    if not isinstance(kind, str):  # fields by their names, of which any may be like a key here
        return {name: checked_texts(field, of) for name, field in schema.items()}
    inner = {key: checked_texts(schema[key], of) for key in _INNER & schema.keys()}
    return {**schema, **inner}


_INNER = {
    *("schema", "fields", "items_schema", "keys_schema", "values_schema", "extras_schema"),
    *("choices", "definitions", "json_schema", "python_schema", "lax_schema", "strict_schema"),
    *("steps", "arguments_schema"),
}
"""Keys of a core schema under which there are others."""


def _check(text: str, info: core_schema.ValidationInfo) -> str:
    context = info.context
    if wrong := text_problem(text, context.get("longest") if context else None):
        raise ValueError(wrong)
    return text


def _check_lines(text: str, info: core_schema.ValidationInfo) -> str:
    for line in text.split("\n"):
        _check(line, info)
    return text


_LOOKED_AT = (_check, _check_lines, SecretStr)
"""What checks a text itself; secrets are shown nowhere, and their models say what they may be."""


class _SeveralLines:
    """Marks a text that may hold line breaks, since nothing shows it as a line."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_after_validator_function(_check_lines, handler(source))


Lines = Annotated[str, _SeveralLines()]
"""A text of several lines, each of which is checked."""


def read_json[M: BaseModel](model: type[M], text: str | bytes, origin: str, schema: str) -> M:
    """A JSON text as a model; `schema` is what it should be, `origin` the file's name.

    Raises `InputError` that names the first key at fault.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(
            "{origin}: not a {schema} file: {key}: {what}",
            origin=origin,
            schema=schema,
            key=key,
            what=said_by_pydantic(first),
        ) from None


Loc = tuple[int | str, ...]
"""Where a value stands in a file, as pydantic says it: `("link", 2, "km")`."""


class StrictModel(BaseModel):
    """Base of all input models: unknown keys are errors, values are not coerced, no NaN.

    What a text may hold is decided in `giaoban.text`, for each field of each model.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        # a program has some 200 models, and a command or the guest uses a few of them
        defer_build=True,
    )

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Input never changes: what goes on from a copy of a state shares it."""
        return self

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        """Pydantic's, with a check at every text."""
        checked: CoreSchema = checked_texts(handler(source), cls)
        return checked


def schema_keywords(**keywords: JsonValue) -> FieldInfo:
    """Return the keywords of a JSON Schema for a value that a validator of ours checks."""
    made: FieldInfo = Field(json_schema_extra=dict(keywords))
    return made


def read_text(path: Path, kind: str = "TOML") -> str:
    """The UTF-8 text of an input file; `InputError` says what is wrong with any other file.

    `kind` names what is expected; its lower case is what such files' names end in.
    """
    data = read_file(path, kind)
    if not data.strip():
        raise InputError("{path}: is empty", path=path)
    try:
        text = data.decode("utf-8-sig")  # some Windows editors put a byte-order mark first
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            "{path}:{line}: is not UTF-8 text (byte {start})",
            path=path,
            line=line,
            start=error.start,
        ) from None
    if "\0" in text:
        raise InputError("{path}: is a binary file, {kind} text is needed", path=path, kind=kind)
    return text


def parse(path: Path, text: str) -> dict[str, Any]:
    """Return the tables of a TOML text. Raises `InputError`: it is none."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError("{path}: is nested too deeply", path=path) from None
    except ValueError as error:  # TOMLDecodeError, or a number of more digits than Python reads
        at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        said = str(error)[: at.start()] if at else str(error)
        at_line = (at[1] or text.rstrip().count("\n") + 1) if at else None
        place = path if at_line is None else f"{path}:{at_line}"
        column = Sentence(" (column {column})", column=at[2]) if at and at[2] else NOTHING
        raise InputError(
            "{place}: is not TOML: {said}{column}",
            place=place,
            said=said,
            column=column,
        ) from None


def load[M: BaseModel](path: Path, model: type[M]) -> M:
    """Read and validate one TOML file. Raises `InputError` listing every mistake with its line."""
    found = _read(path, read_text(path), model)
    assert isinstance(found, model)
    return found


@lru_cache(maxsize=16)
def _read(path: Path, text: str, model: type[BaseModel]) -> BaseModel:
    """The same text gives the same model, which is never changed."""
    if (other := json_of_another_kind(text, _wanted(model))) is not None:
        raise InputError("{path}: {what}", path=path, what=other)
    data = parse(path, text)
    if (other := of_another_kind(data.get("schema"), _wanted(model))) is not None:
        raise InputError("{path}: {what}", path=path, what=other)
    try:
        found = model.model_validate(data, context={"longest": LONGEST})
    except ValidationError as error:
        found_wrong = error.errors(include_url=False)
        # the keys of another version are no mistakes
        version = (("schema",), "literal_error")
        wrong = [e for e in found_wrong if (e["loc"], e["type"]) == version] or found_wrong
        shown = [_explain(model, dict(e)) for e in wrong[:MOST_LINES]]
        raise mistakes(path, shown, text, more=len(wrong) - len(shown)) from None
    if hidden := hidden_in(text):  # in a comment, where it would mislead who reads the file
        raise InputError("{path}:{line}: {what}", path=path, line=hidden[0], what=hidden[1])
    return found


def _wanted(model: type[BaseModel]) -> str:
    """What stands in the `schema` of the files of a model; '' if there is none."""
    for name, field in model.model_fields.items():
        if (field.alias or name) == "schema":
            return str(next(iter(get_args(field.annotation)), ""))
    return ""


Mistake = tuple[Loc, object, Sentence]
"""Where it is, the value there, what is wrong with it (and what is allowed)."""


def mistakes(
    path: Path, found: Sequence[Mistake], text: str | None = None, more: int = 0
) -> InputError:
    """One `InputError` for all mistakes in a file, by line; also for those that `load` cannot see.

    The file is read again for its line numbers unless its text is given. `more` are not in `found`.
    """
    lines_of = places(read_text(path) if text is None else text)
    lines = []
    for loc, value, what in found:
        number = _line_of(lines_of, loc)
        place = f"{path}:{number}" if number else str(path)
        shown = shown_value(value)
        # a long value would bury the message
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        key = dotted(loc)
        at = f"{place}: {key + shown + ': ' if key else ''}"
        lines.append((number or 0, Sentence("{at}{what}", at=at, what=what)))
    ordered = sorted(lines, key=lambda line: line[0])
    return several((line for _, line in ordered), more)


def shown_value(value: object) -> str:
    """` = 3` behind a key: the value at fault, hidden characters seen; '' for what is no value."""
    if isinstance(value, bool):
        return f" = {toml_value(value)}"
    return f" = {value!r}" if isinstance(value, str | int | float) else ""


_IN_OUR_WORDS = {
    "greater_than": N_("is out of range (allowed: more than {gt})"),
    "greater_than_equal": N_("is out of range (allowed: {ge} or more)"),
    "less_than": N_("is out of range (allowed: less than {lt})"),
    "less_than_equal": N_("is out of range (allowed: {le} or less)"),
    "model_attributes_type": N_("is not a table"),
    "model_type": N_("is not a table"),
    "literal_error": N_("is not known (allowed: {expected})"),
    "string_pattern_mismatch": N_("does not have the right form (allowed: what matches {pattern})"),
    "string_too_long": N_("is too long (allowed: {max_length} characters)"),
    "string_too_short": N_("is too short (allowed: {min_length} characters or more)"),
    "too_long": N_("has too many entries (allowed: {max_length})"),
    "too_short": N_("has too few entries (allowed: {min_length} or more)"),
    "union_tag_invalid": N_("{discriminator} is {tag!r}, not known (allowed: {expected_tags})"),
    "union_tag_not_found": N_("does not say its {discriminator}"),
    "int_type": N_("input should be a valid integer"),
    "int_parsing": N_("is no whole number"),
    "float_parsing": N_("is no number"),
    "int_from_float": N_("input should be a valid integer, got a number with a fractional part"),
    "float_type": N_("input should be a valid number"),
    "finite_number": N_("input should be a finite number"),
    "string_type": N_("input should be a valid string"),
    "bool_type": N_("input should be a valid boolean"),
    "list_type": N_("input should be a valid list"),
    "tuple_type": N_("input should be a valid tuple"),
    "dict_type": N_("input should be a valid dictionary"),
}
"""What pydantic's types of error mean to a person who writes a TOML file."""


def _explain(model: type[BaseModel], error: Mapping[str, Any]) -> Mistake:
    belongs, loc = _follow(model, error["loc"])
    if error["type"] == "extra_forbidden":
        known = _fields_of(_follow(model, error["loc"][:-1])[0])
        near = did_you_mean(str(loc[-1]), known)
        return loc, None, Sentence("unknown key{near}", near=near)
    if error["type"] == "missing":
        return loc, None, Sentence("is missing")
    value = None if _is_secret(belongs) else error["input"]
    return loc, value, said_by_pydantic(error)


def said_by_pydantic(error: Mapping[str, Any]) -> Sentence:
    """What one of the errors of a `ValidationError` says of the value."""
    values = dict(error.get("ctx", {}))
    template = _IN_OUR_WORDS.get(error["type"])
    if template is not None:
        # a limit is to be written into the file, whose decimal mark is that of TOML
        values |= {name: f"{values[name]:g}" for name in ("gt", "ge", "lt", "le") if name in values}
        if "expected" in values:
            first, _, last = str(values["expected"]).rpartition(" or ")
            values["expected"] = either([first, last]) if first else last
        return Sentence(template, **values)
    raised = values.get("error")
    if isinstance(raised, Exception) and raised.args and isinstance(raised.args[0], Sentence):
        return raised.args[0]
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message[:1].lower() + message[1:] if message.startswith("Input ") else message
    return Sentence(message)


def dotted(loc: Loc) -> str:
    """`("link", 2, "km")` as a person writes it: `link[2].km`."""
    parts: list[str] = []
    for item in loc:
        if isinstance(item, int) and parts:
            parts[-1] += f"[{item}]"
        else:
            parts.append(str(item))
    return ".".join(parts)


def _fields_of(belongs: object) -> list[str]:
    """Names of the fields of a model (aliases included); none of anything else."""
    if isinstance(belongs, type) and issubclass(belongs, BaseModel):
        return [f.alias or name for name, f in belongs.model_fields.items()]
    return []


def _follow(model: type[BaseModel], loc: Loc) -> tuple[object, Loc]:
    """What belongs at a place inside a model: the model there or else the annotation, or None.

    And the place as the file has it: for a union pydantic names the member between two keys.
    """
    current: object = model
    plain: list[str | int] = []
    for item in loc:
        models = _models_in(current)
        tagged = [m for m in models if item in _tags(m)]
        if len(models) > 1 and tagged:
            current = tagged[0]
            continue
        plain.append(item)
        if isinstance(item, int):
            continue
        names = {(f.alias or name): f for m in models[:1] for name, f in m.model_fields.items()}
        current = names[item].annotation if item in names else None
    models = _models_in(current)
    return (models[0] if len(models) == 1 else current), tuple(plain)


def _is_secret(annotation: object) -> bool:
    """Whether values of a type must not be shown: `SecretStr`, bare or in `SecretStr | None`."""
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def _models_in(annotation: object) -> list[type[BaseModel]]:
    """The models that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for argument in get_args(annotation) for m in _models_in(argument)]


def _tags(model: type[BaseModel]) -> set[object]:
    """Words by which a member of a union is known."""
    literals = (f.annotation for f in model.model_fields.values())
    return {tag for a in literals if get_origin(a) is Literal for tag in get_args(a)}


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def _line_of(lines: Mapping[Loc, int], loc: Loc) -> int | None:
    """Line of the value at `loc`, or of the nearest table around it that has a line."""
    for length in range(len(loc), 0, -1):
        if loc[:length] in lines:
            return lines[loc[:length]]
    return None


def places(text: str) -> dict[Loc, int]:
    """The line (from 1) of every table and key of a well-formed TOML text.

    Keys inside inline tables have no entry of their own: the line of the table stands for them.
    """
    found: dict[Loc, int] = {}
    counts: dict[Loc, int] = {}
    table: Loc = ()
    quote = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if quote:  # inside a multi-line string nothing is a key
            quote = "" if line.count(quote) % 2 else quote
            continue
        line = line.rstrip("\r")
        if header := _HEADER.match(line):
            names = [part.strip("\"'") for part in _PART.findall(header[2])]
            table = (*_resolve(names[:-1], counts), names[-1])
            if header[1] == "[[":
                counts[table] = counts.get(table, 0) + 1
                found.setdefault(table, number)
                table += (counts[table] - 1,)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            path = table + tuple(part.strip("\"'") for part in _PART.findall(key[1]))
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                quote = mark
    return found


def _resolve(names: Sequence[str], counts: Mapping[Loc, int]) -> Loc:
    """The place a dotted header means: inside an array of tables it is the newest one."""
    loc: Loc = ()
    for name in names:
        loc += (name,)
        if loc in counts:
            loc += (counts[loc] - 1,)
    return loc


def dumps(data: Mapping[str, Any]) -> str:
    """TOML of nested mappings; lists of mappings become `[[tables]]`, in the order given.

    Values are str, bool, int, float, date, lists of them, mappings of them; None is left out.
    Raises `TypeError` for anything else.
    """
    return "\n".join(_table((), data)).strip() + "\n"


def _table(name: tuple[str, ...], data: Mapping[str, Any]) -> Iterator[str]:
    """Plain values first: what comes after a header belongs to it."""
    for key, value in data.items():
        if value is not None and not isinstance(value, Mapping) and not _is_tables(value):
            yield f"{_key(key)} = {toml_value(value)}"
    for key, value in data.items():
        inner = (*name, _key(key))
        if isinstance(value, Mapping):
            yield from ("", f"[{'.'.join(inner)}]")
            yield from _table(inner, value)
        elif _is_tables(value):
            for item in value:
                yield from ("", f"[[{'.'.join(inner)}]]")
                yield from _table(inner, item)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _key(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isascii() and plain.isalnum() else toml_value(key)


def toml_value(value: object) -> str:
    """As TOML writes it. Raises `TypeError` for what is no plain value or a list of them."""
    match value:
        case date():
            return value.isoformat()
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            # the escapes of JSON are TOML's as well, which wants DEL escaped too
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(toml_value, value))}]"
    raise TypeError(f"{type(value).__name__} cannot be written as TOML")


KINDS: Mapping[str, str] = {
    "accounts": N_("a file of accounts"),
    "baseline": N_("a baseline"),
    "calendar": N_("an answer of giaoban calendar"),
    "compare": N_("an answer of giaoban compare"),
    "criteria": N_("a file of criteria"),
    "devices": N_("a file of devices"),
    "faults": N_("an answer about failures"),
    "headroom": N_("an answer of giaoban headroom"),
    "load": N_("an answer of giaoban load"),
    "meeting": N_("a meeting"),
    "meeting-result": N_("an answer of giaoban meeting"),
    "meetings": N_("a file of meetings"),
    "profiles": N_("a file of call profiles"),
    "project": N_("a project"),
    "province": N_("a province"),
    "ranges": N_("a file of ranges"),
    "result": N_("an answer of giaoban check"),
    "scenario": N_("a scenario"),
    "sensitivity": N_("an answer of giaoban sensitivity"),
    "sweep": N_("a sweep"),
    "sweep-answer": N_("an answer of giaoban whatif"),
    "unmodelled": N_("a list of what the model leaves out"),
    "variants": N_("a file of variants"),
    "whatif": N_("an answer of giaoban whatif"),
}
"""`province` of `giaoban.province/1`."""
_FORM = re.compile(r"giaoban\.([a-z-]+)/\d+")
_IN_JSON = re.compile(r"""\s*\{.{0,400}?"schema"\s*:\s*"(giaoban\.[a-z-]+/\d+)\"""", re.DOTALL)


def kind_in(schema: object) -> str | None:
    """The kind that a `schema` says, if it is one of ours."""
    found = _FORM.fullmatch(schema) if isinstance(schema, str) else None
    return found[1] if found and found[1] in KINDS else None


def of_another_kind(schema: object, wanted: str) -> Sentence | None:
    """What a file is, if it is one of ours of another kind than is needed; None: it may be right.

    Another version of the right kind is no other kind.
    """
    is_, needed = kind_in(schema), kind_in(wanted)
    if is_ is None or needed is None or is_ == needed:
        return None
    return Sentence(
        "is {kind} ({schema}); {needed} is needed here ({wanted})",
        kind=Sentence(KINDS[is_]),
        schema=schema,
        needed=Sentence(KINDS[needed]),
        wanted=wanted,
    )


def json_of_another_kind(text: str, wanted: str) -> Sentence | None:
    """The same of a text that is an answer of ours, which is JSON."""
    found = _IN_JSON.match(text)
    return of_another_kind(found[1], wanted) if found else None
