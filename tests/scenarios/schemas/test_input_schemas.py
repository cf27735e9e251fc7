"""The schemas of the files that people write say what the models that read them say."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from giaoban.scenarios.schemas.inputs import INPUTS, Input, input_schema, key_docs
from giaoban.scenarios.schemas.make import input_texts
from giaoban.schemas import MARK, OF_INPUT, input_schemas, kind_of
from giaoban.topology.load import load_province

ROOT = Path(__file__).parents[3]
KINDS = {kind.name: kind for kind in INPUTS}
BAD = sorted((ROOT / "tests/topology/bad").glob("*.toml"))
ACROSS_KEYS = {
    *("duplicate-bridge-and-router", "duplicate-link", "duplicate-router", "exhausted-range"),
    *("half-a-place", "link-to-itself", "link-to-nowhere", "no-chair", "not-a-range"),
    *("range-not-around", "range-not-assumed", "range-of-one-end", "range-of-words"),
    *("overlapping-ranges", "routing-dead", "routing-hello", "routing-slow-protection"),
    *("routing-spf", "routing-static-with-timers", "routing-without-timers"),
    *("settled-but-not-assumed", "tiny-range", "two-chairs", "two-pieces"),
    *("unknown-router-of-bridge", "unknown-router-of-mcu"),
}
"""Wrong provinces that are wrong by more than one key, or by what is in an address."""
SAMPLES = {
    "project": """
        schema = "giaoban.project/1"
        province = "province.toml"
        criteria = "criteria.toml"
        runs = "runs"
        """,
    "variants": """
        schema = "giaoban.variants/1"
        scenario = "s.toml"
        question = "Which?"
        question_vi = "Cách nào?"
        add = ["all-2025"]
        [[variant]]
        id = "card"
        name = "A card"
        cards = 2
        more = 3
        more_at = "r-east"
        profile = "720p30-1m"
        pace_s = 2.0
        without = ["west--east"]
        [[variant.meeting]]
        calls = 8
        at = "r-east"
        [variant.cost]
        million_vnd = 3.0
        source = "an offer"
        [[price]]
        what = "bridge"
        million_vnd = 4.5
        source = "an offer"
        """,
    "impairments": """
        schema = "giaoban.impairments/1"
        [[interval]]
        from_s = 1.0
        to_s = 2.0
        [interval.what]
        corrupt = 0.1
        loss = { model = "gilbert-elliott", p = 0.1, r = 0.2, loss_bad = 0.5, loss_good = 0.1 }
        rate = { kbps = 100.0, buffer_packets = 5 }
        jitter = { model = "pareto", shape = 3.0, scale_ms = 5.0, reorder = true }
        [[interval]]
        from_s = 3.0
        what = { loss = { model = "trace", runs = [3, 1] } }
        """,
    "meetings": """
        schema = "giaoban.meetings/1"
        [[meeting]]
        id = "giao-ban"
        name = "Giao ban"
        pattern = "any-bridges"
        chair = "gia-nghia"
        members = ["cu-jut"]
        closes_s = 60.0
        [[meeting]]
        id = "hop"
        name = "Họp"
        pattern = "department-line"
        chair = "gia-nghia"
        layout = "2x2"
        dial = "out"
        member = [
            { id = "cu-jut", uri = "sip:cu-jut@10.0.0.1" },
            { id = "gia-nghia", uri = "sip:gia-nghia@10.0.0.2" },
        ]
        [open_rooms]
        prefix = "phong-"
        """,
    "accounts": """
        schema = "giaoban.accounts/1"
        realm = "dak-nong"
        [[account]]
        user = "cu-jut"
        password = "a b"
        [[account]]
        user = "vien-thong"
        password = "c"
        """,
    "scenario": """
        schema = "giaoban.scenario/1"
        id = "all"
        question = "All?"
        question_vi = "Tất cả?"
        meetings = ["training"]
        [meeting]
        participants = ["a", "b"]
        sound = "conversation"
        [qos]
        scheduling = "classes"
        source = "x"
        video_share_pct = 50.0
        assumed = true
        settled_by = "y"
        range.video_share_pct = { low = 40.0, high = 60.0, source = "z", source_vi = "z" }
        [content]
        bridge = "a"
        kbps = 500.0
        [thresholds]
        audio-loss = 1.0
        [[concurrent_meeting]]
        id = "m"
        chair = "c"
        participants = ["c", "d"]
        [[recording]]
        bridge = "a"
        file = "x.h264"
        fps = 25.0
        ssrc = 7
        [[control]]
        at_s = 3.0
        by = "operator"
        do = { command = "layout", layout = "2x2" }
        [[control]]
        at_s = 4.0
        by = "a"
        do = { command = "report-interruption", cause = "x", remedy = "y", expected_min = 3.0 }
        [[fault]]
        kind = "flap"
        link = "access-a"
        at_s = 1.0
        to_s = 9.0
        down_s = 0.5
        up_s = 1.0
        [[fault]]
        kind = "mcu"
        at_s = 2.0
        to_s = 5.0
        boot_s = 1.0
        """,
}

RANGE = "is out of range"
Place = tuple[str | int, ...]


def plain(value: Any) -> Any:
    """TOML as editors hand it to a validator: dates as text, no number as null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value != value:
        return None
    return value.isoformat() if isinstance(value, date) else value


def read(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(input_schema(KINDS[name]))


def mistakes(kind: Input, data: object) -> list[tuple[str, str]]:
    """What the model says: the type and the message of each mistake."""
    try:
        kind.model.model_validate(data, context={"longest": 1000})
    except ValidationError as error:
        return [(found["type"], found["msg"]) for found in error.errors()]
    return []


@cache
def samples(name: str) -> list[dict[str, Any]]:
    """The sample, and files of the program's own as short as they show each key once."""
    kind = KINDS[name]
    found = [read(SAMPLES[name])] if name in SAMPLES else []
    seen: set[Place] = set()
    for path in kind.files():
        data = read(path.read_text(encoding="utf-8"))
        short = shortened(data)
        data = short if not mistakes(kind, short) else data
        keys = {names(place) for place in places(data)}
        if not keys <= seen:
            found.append(data)
            seen |= keys
    return found


def shortened(value: Any) -> Any:
    """Of tables that have the same keys the first, of what stands under ids two."""
    if isinstance(value, dict):
        ids = [key for key in value if not key.isidentifier()]
        return {key: shortened(item) for key, item in value.items() if key not in ids[2:]}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        kept: dict[str, Any] = {}
        for item in map(shortened, value):
            kept.setdefault(str(sorted(item)), item)
        return [*kept.values()]
    return value


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Where values and tables stand."""
    if at:
        yield at
    if isinstance(value, dict | list):
        keys: Any = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from places(value[key], (*at, key))


def names(place: Place) -> Place:
    return tuple(key for key in place if isinstance(key, str))


def value_at(data: Any, place: Place) -> Any:
    for key in place:
        data = data[key]
    return data


def changed(data: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """The same with another value there; `...` takes the key away. What is not on the way there is
    not copied."""
    made = copy.copy(data)
    around: Any = made
    for key in place[:-1]:
        around[key] = copy.copy(around[key])
        around = around[key]
    if value is ...:
        del around[place[-1]]
    else:
        around[place[-1]] = value
    return made


def wrong_values(value: Any) -> list[Any]:
    """Of another type, or out of any range."""
    match value:
        case bool():
            return ["yes", 1]
        case int() | float():
            return ["x", True, -1e15 - 0.5, 1e15 + 0.5]
        case str():
            return [1, "\u0110 x" * 60, "", ["a"]]
        case dict():
            return [{**value, "no_such_key": 1}, "x"]
        case list():
            return ["x", [*value, {"no_such_key": 1}]]
    return []


@pytest.mark.parametrize("name", KINDS)
def test_one_wrong_value_is_refused_by_the_schema_where_it_is_by_the_model(name: str) -> None:
    kind, check = KINDS[name], validator(name)
    tried: set[Place] = set()
    refused = 0
    for data in samples(name):
        assert check.is_valid(plain(data))
        for place in places(data):
            if names(place) in tried and not isinstance(value_at(data, place), dict):
                continue
            tried.add(names(place))
            for value in wrong_values(value_at(data, place)):
                made = changed(data, place, value)
                said = mistakes(kind, made)
                accepted = check.is_valid(plain(made))
                if not said:
                    assert accepted, (place, value)
                elif any(what != "value_error" or RANGE in told for what, told in said):
                    assert not accepted, (place, value, said)
                    refused += 1
    assert refused > len(tried)


@given(st.data())
def test_what_a_model_accepts_its_schema_accepts(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*KINDS]))
    kind, made = KINDS[name], data.draw(st.sampled_from(samples(name)))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([*places(made)]))
        old = value_at(made, place)
        near: st.SearchStrategy[Any] = st.just(old)
        if isinstance(old, float | int) and not isinstance(old, bool):
            near = st.integers(0, 100) | st.floats(old / 2, old * 2) | st.just(round(old))
        elif isinstance(old, str):
            near = st.text("abz09-> :/é đ", max_size=8).map(old.__add__)
        elif isinstance(old, list):
            near = st.just(old[:1]) | st.just([*old, *old]) | st.just([])
        anything = st.none() | st.booleans() | st.text(max_size=3) | st.just(...)
        value = data.draw(near | anything)
        if value is None or (value is ... and isinstance(place[-1], int)):
            continue  # TOML has no null
        made = changed(made, place, value)
    if not mistakes(kind, made):
        errors = [e.message for e in validator(name).iter_errors(plain(made))]
        assert not errors


def test_the_schemas_in_the_tree_are_those_of_the_models() -> None:
    made = input_texts()
    assert {path: path.read_text(encoding="utf-8") for path in made} == made, (
        "run python -m giaoban.scenarios.schemas.make"
    )
    assert [*input_schemas()] == sorted(KINDS)


def properties(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    schema = input_schema(KINDS[name])
    for table, inner in (("", schema), *schema.get("$defs", {}).items()):
        for key, about in inner.get("properties", {}).items():
            yield f"{table}.{key}", about


@pytest.mark.parametrize("name", KINDS)
def test_every_key_is_described_and_shown(name: str) -> None:
    Draft202012Validator.check_schema(input_schema(KINDS[name]))
    for key, about in properties(name):
        assert re.match(r"[A-Z`]", about.get("description", "")), key
        assert about["description"].endswith("."), key
        shown = {"examples", "default", "enum", "const", "$ref", "oneOf"} & about.keys()
        chosen = re.search(r'"(enum|const|\$ref)":|"(boolean|object)"', json.dumps(about))
        assert shown or chosen, key


@pytest.mark.parametrize("name", KINDS)
def test_examples_are_what_may_stand_there(name: str) -> None:
    schema = input_schema(KINDS[name])
    for key, about in properties(name):
        for example in about.get("examples", ()):
            rules = {**about, "$defs": schema.get("$defs", {})}
            assert Draft202012Validator(rules).is_valid(example), (key, example)


@pytest.mark.parametrize("name", KINDS)
def test_examples_are_of_no_province(name: str) -> None:
    """Somebody elsewhere sees them in an editor: there are no Cư Jút and no districts there."""
    own = load_province()
    named = [*own.bridges, *own.routers, *own.links]
    words = [own.id, own.name.removeprefix("Tỉnh "), "1681/", "huyện", "Quảng Sơn", "quang-son"]
    words += [text for each in named for text in (each.id, getattr(each, "name", each.id))]
    schema = input_schema(KINDS[name])
    for key, about in properties(name):
        shown = [about.get("description", ""), *about.get("examples", ())]
        text = json.dumps(shown, ensure_ascii=False)
        assert [word for word in words if word in text] == [], key
    assert "Cư Jút" not in json.dumps(schema, ensure_ascii=False)


def test_units_stand_in_the_descriptions() -> None:
    """A key that ends in a unit says it in words."""
    words = {"_ms": "ms", "_s": "second", "_mbps": "Mb/s", "_kbps": "kb/s", "_pct": "percent"}
    silent = [
        (name, key)
        for name in KINDS
        for key, about in properties(name)
        for end, word in words.items()
        if key.endswith(end)
        and about.get("type") == "number"
        and word not in about["description"]
        and "RFC" not in about["description"]
        and not about["description"].startswith("Of ")
    ]
    assert silent == []


def test_docstrings_of_keys_are_read_without_their_example() -> None:
    said, like = key_docs(KINDS["scenario"].model, "device")
    assert said.endswith(".")
    assert "Like" not in said
    assert isinstance(like, str)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_wrong_provinces(path: Path) -> None:
    """What is wrong by one value is refused by the schema as well."""
    data = plain(read(path.read_text(encoding="utf-8")))
    assert validator("province").is_valid(data) == (path.stem in ACROSS_KEYS)


OWN = [(kind.name, path) for kind in INPUTS for path in kind.files()]
OWN.append(("project", ROOT / "giaoban.toml"))


@pytest.mark.parametrize(("name", "path"), OWN, ids=[path.name for _, path in OWN])
def test_own_files_are_right_and_say_where_their_schema_is(name: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert kind_of(text) == name
    assert [e.message for e in validator(name).iter_errors(plain(read(text)))] == []
    first = text.partition("\n")[0]
    assert first.startswith(MARK)
    there = (path.parent / first.removeprefix(MARK)).resolve()
    assert there == input_schemas()[name].resolve()
    assert there.name == f"{name}{OF_INPUT}"


def test_every_toml_file_that_the_program_has_is_of_a_known_kind() -> None:
    rooms = ("topology", "traffic", "mcu_sim", "scenarios", "results")
    there = {path for room in rooms for path in (ROOT / room).rglob("*.toml")}
    ran = {path for path in there if (ROOT / "results" / "runs") in path.parents}
    assert (there - ran) | {ROOT / "giaoban.toml"} == {path.resolve() for _, path in OWN}


@pytest.mark.parametrize("wrong", [False, True])
def test_taplo_reads_them_so(tmp_path: Path, wrong: bool) -> None:
    """The tool behind "Even Better TOML" finds the schema by the first line, and a wrong key."""
    taplo = Path(sys.executable).with_name("taplo")
    own = ROOT / "scenarios" / "expansion-gia-nghia-quang-son.toml"
    text = own.read_text(encoding="utf-8").replace(f"{MARK}../", f"{MARK}{ROOT.as_posix()}/")
    file = tmp_path / "scenario.toml"
    file.write_text(text.replace("\nkm = ", "\nkms = ") if wrong else text, encoding="utf-8")
    files = [file] if wrong else [file, *(path.resolve() for _, path in OWN)]
    ran = subprocess.run([taplo, "lint", *files], capture_output=True, text=True, check=False)
    assert ran.returncode == wrong, ran.stderr
    assert ("'kms' was unexpected" in ran.stderr) == wrong
