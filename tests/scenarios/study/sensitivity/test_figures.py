"""Every assumption of every bundled scenario has a range, or a reason why nothing is tried."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from scenario_factory import DEFAULT, SCENARIOS, scenario

from giaoban.errors import InputError
from giaoban.figure_words import LABELS
from giaoban.results.model.result import Assumption
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.measure.assumptions import assumptions
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.sensitivity.drawn import hypercube, value_at
from giaoban.scenarios.study.sensitivity.figures import (
    NOWHERE,
    NUMBERS,
    WORDS,
    AssumedFigure,
    Range,
    figures,
    load_ranges,
    program_ranges,
)
from giaoban.scenarios.study.sensitivity.world import THRESHOLDS, World
from tests.scenarios.rings import failing_ring

EXAMPLES = sorted(SCENARIOS.glob("*.toml"))
IN_NO_FILE = ("how losses sound with", "lines and rooms behind")
"""What is assumed and stands in no record of a file."""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_assumption_is_tried_or_said_not_to_be(path: Path) -> None:
    question = make_question(path)
    criteria = criteria_of(question)
    found, untried = figures(World.of(question), criteria)
    told = {id_(figure.told) for figure in found} | {id_(each.told) for each in untried}
    assert told == {id_(each) for each in assumptions(question, criteria)}
    lost = [e.told.what for e in untried if e.why.en == NOWHERE]
    assert [what for what in lost if not what.startswith((*IN_NO_FILE, "Limit:"))] == []
    assert len({figure.key for figure in found}) == len(found)
    for figure in found:
        assert figure.field in LABELS
        if not figure.choices:
            assert figure.low <= float(figure.value) <= figure.high
            assert figure.low < figure.high


def id_(assumption: object) -> str:
    return repr(assumption)


def test_a_figure_put_as_it_is_changes_nothing_and_another_one_is_in_the_plan() -> None:
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    world = World.of(question)
    plan = question.plan.model_dump_json()
    found, _ = figures(world, criteria_of(question))
    assert world.question().plan.model_dump_json() == plan
    changed = 0
    for figure in found:
        if figure.path[0] == THRESHOLDS:
            continue
        assert world.put(figure.path, figure.value).question().plan.model_dump_json() == plan
        other = figure.high if figure.high != figure.value else figure.low
        if isinstance(figure.value, int):
            other = round(other)
        try:
            there = world.put(figure.path, other).question().plan.model_dump()
        except (ValueError, InputError):
            continue
        assert json.dumps(there) != plan, figure.key
        changed += 1
    assert changed > 80
    assert question.plan.model_dump_json() == plan  # the world as assumed is as it was


def test_what_no_file_could_say_cannot_be() -> None:
    world = World.of(make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml"))
    with pytest.raises(ValueError, match="out of range"):
        world.put(("province", "mcu", "rate_mbps"), -1.0)
    with pytest.raises(ValueError, match="exceed the rate"):
        world.put(("profiles", "encoder", "key_interval_s"), 0.02)


TIMERS = {"hello_ms", "dead_ms", "spf_ms", "bfd_interval_ms", "bfd_multiplier", "protocol"}
SPEEDS = {"loss_of_signal_ms", "route_install_ms", "min_ls_interval_ms"}
RECOVERY = {"media_timeout_s", "redial_every_s", "bridge_boot_s", "mcu_boot_s", "redial"}


def test_timers_are_tried_where_something_fails(tmp_path: Path) -> None:
    question = failing_ring(tmp_path)
    world = World.of(question)
    found, untried = figures(world, criteria_of(question))
    of_routing = [each for each in found if each.key.startswith("province.routing.")]
    of_recovery = {each.field for each in found if each.path[:2] == ("profiles", "recovery")}
    assert {each.field for each in of_routing} == TIMERS | SPEEDS
    assert of_recovery == RECOVERY
    for figure in of_routing:
        values = figure.choices or figure.steps or (figure.low, figure.high)
        for value in values:
            put = value if isinstance(value, str) else round(value)
            there = world.put(figure.path, put).province.routing
            assert getattr(there, figure.field) == put
    calm = failing_ring(tmp_path, faults=False)
    found, untried = figures(World.of(calm), criteria_of(calm))
    assert not {each.field for each in found} & (TIMERS | SPEEDS | RECOVERY)
    assert [each.told.what for each in untried if "nothing does here" in each.why.en]


def test_every_world_that_is_drawn_has_timers_that_fit(tmp_path: Path) -> None:
    question = failing_ring(tmp_path)
    world = World.of(question)
    found, _ = figures(world, criteria_of(question))
    of_routing = [each for each in found if each.key.startswith("province.routing.")]
    places = hypercube(60, len(of_routing), 5)
    drawn = [
        world.put_all((f.path, value_at(f, x)) for f, x in zip(of_routing, row, strict=True))
        for row in places.tolist()
    ]
    ways = [each.province.routing for each in drawn]
    assert {each.protocol for each in ways if each} == {"ospf-bfd", "ospf", "static"}
    assert len({each.dead_ms for each in ways if each}) > 20


def test_losses_are_drawn_by_their_order_of_magnitude_and_tried_further() -> None:
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    found, _ = figures(World.of(question), criteria_of(question))
    [line] = [each for each in found if each.key == "province.mcu.loss_pct"]
    assert (line.low, line.high) == (0.0, 0.1)
    assert value_at(line, 0.0) == pytest.approx(1e-6)
    assert value_at(line, 1 / 3) == pytest.approx(1e-5)
    assert value_at(line, 1.0) == pytest.approx(1e-3)


def test_rates_are_drawn_from_half_to_twice_and_tried_in_all_that_is_for_sale() -> None:
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    found, _ = figures(World.of(question), criteria_of(question))
    [line] = [each for each in found if each.key == "province.mcu.rate_mbps"]
    assert (line.value, line.low, line.high) == (100.0, 2.0, 1000.0)
    drawn = [value_at(line, place) for place in (0.0, 0.5, 1.0)]
    assert drawn == pytest.approx([50.0, 100.0, 200.0])
    usual = line.within
    assert isinstance(usual, Range)
    assert usual.likely(3.0) == (2.0, 6.0, True)  # nothing slower is for sale
    with pytest.raises(ValueError, match="likely_low and likely_high, or likely_times"):
        Range.model_validate({**usual.model_dump(), "likely_low": 3.0, "likely_high": 4.0})


def test_no_field_has_two_ranges() -> None:
    names = [
        name for each in (*program_ranges().ranges, *program_ranges().choices) for name in each.of
    ]
    assert len(set(names)) == len(names)


def test_ranges_of_ones_own_come_first_and_must_name_a_figure(tmp_path: Path) -> None:
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    world, criteria = World.of(question), criteria_of(question)
    file = tmp_path / "ranges.toml"
    head = 'schema = "giaoban.ranges/1"\n[[range]]\nlow = 5\nhigh = 20\nsource = "an offer"\n'
    file.write_text(f'{head}of = ["province.bridges.cu-jut.rate_mbps"]\n', encoding="utf-8")
    found, _ = figures(world, criteria, load_ranges(file, world, criteria))
    ends = {each.key: (each.low, each.high) for each in found if each.field == "rate_mbps"}
    assert ends["province.bridges.cu-jut.rate_mbps"] == (5, 20)
    assert ends["province.bridges.dak-mil.rate_mbps"] == (2, 1000)
    file.write_text(f'{head}of = ["province.bridges.cu-jut.rate"]\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"unknown figure.*cu-jut\.rate_mbps"):
        load_ranges(file, world, criteria)


@pytest.mark.parametrize(
    ("of", "is_number"),
    [
        ("province.bridges.cu-jut.rate_mbps", True),
        ("Access.rate_mbps", True),
        ("thresholds.link-peak", True),
        ("Routing.protocol", False),
        ("Qos.scheduling", False),
    ],
)
def test_a_number_has_a_range_and_a_word_has_choices(
    tmp_path: Path, of: str, is_number: bool
) -> None:
    """The other would be tried at nothing, and nobody would know."""
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    world, criteria = World.of(question), criteria_of(question)
    file = tmp_path / "ranges.toml"
    tables = {
        True: "[[range]]\nlow = 5\nhigh = 20\n",
        False: '[[choice]]\nof_these = ["5", "20"]\n',
    }
    for table, text in tables.items():
        more = f'{text}source = "an offer"\nof = ["{of}"]\n'
        file.write_text(f'schema = "giaoban.ranges/1"\n{more}', encoding="utf-8")
        if table == is_number:
            load_ranges(file, world, criteria)
            continue
        said = NUMBERS if is_number else WORDS
        with pytest.raises(InputError, match=rf"ranges\.toml:[56]: .*{re.escape(said)}"):
            load_ranges(file, world, criteria)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("low = 80\nhigh = 20", "low = 80 is above high = 20"),
        (
            "low = 5\nhigh = 20\nlikely_low = 12\nlikely_high = 8",
            "likely_low = 12 is above likely_high = 8",
        ),
        # ratios are counted from nothing at all, and from no negative figure
        ("low = 0\nhigh = 20\nlikely_low = 0\nlikely_high = 8", "likely_low = 0"),
        ("low = -9\nhigh = 20\nlikely_low = -5\nlikely_high = 8", "likely_low = -5"),
    ],
)
def test_ends_that_cannot_be_are_refused(tmp_path: Path, ends: str, said: str) -> None:
    file = tmp_path / "ranges.toml"
    file.write_text(
        f'schema = "giaoban.ranges/1"\n[[range]]\nof = ["Access.rate_mbps"]\n{ends}\n'
        'source = "an offer"\n',
        encoding="utf-8",
    )
    question = make_question(SCENARIOS / "expansion-gia-nghia-quang-son.toml")
    with pytest.raises(InputError, match=f"ranges.toml:[2-6]: .*{said}"):
        load_ranges(file, World.of(question), criteria_of(question))


FIGURES = st.floats(-1e6, 1e6)
ABOVE_0 = st.floats(1e-6, 1e6)


@given(st.data(), FIGURES, st.floats(0, 1))
def test_every_place_of_what_is_likely_is_a_figure_there(
    data: st.DataObject, value: float, place: float
) -> None:
    """Whatever may be said of a figure, by ratios or not, of one that is nothing, or below."""
    low, high = sorted([data.draw(FIGURES), data.draw(FIGURES)])
    said: dict[str, object] = data.draw(
        st.sampled_from([{}, {"scale": "log"}, {"likely_times": 3.0}, {"likely_low": 1.0}])
    )
    if "likely_low" in said:
        ends = sorted([data.draw(ABOVE_0), data.draw(ABOVE_0)])
        said = dict(zip(("likely_low", "likely_high"), ends, strict=True))
    within = Range.model_validate({"of": ["x"], "low": low, "high": high, "source": "s", **said})
    lowest, highest, _ = within.likely(value)
    told = Assumption(what="x", value=str(value), source="s", settled_by="s")
    figure = AssumedFigure("x", ("province",), told, "x", "", value, within, "ranges")
    assert value_at(figure, place) == pytest.approx(
        min(max(float(value_at(figure, place)), lowest), highest)
    )


def test_a_range_beside_a_figure_holds_before_its_kind_and_after_ones_own(tmp_path: Path) -> None:
    text = DEFAULT.read_text(encoding="utf-8")
    place = text.index("assumed = true", text.index('id = "cu-jut"\n'))
    beside = 'range.rate_mbps = { low = 5.0, high = 20.0, source = "two offers" }\n'
    province = tmp_path / "province.toml"
    province.write_text(text[:place] + beside + text[place:], encoding="utf-8")
    question = make_question(
        SCENARIOS / "expansion-gia-nghia-quang-son.toml", province_path=province
    )
    world, criteria = World.of(question), criteria_of(question)
    key = "province.bridges.cu-jut.rate_mbps"
    file = tmp_path / "ranges.toml"
    file.write_text(
        'schema = "giaoban.ranges/1"\n[[range]]\nlow = 8\nhigh = 12\nsource = "an offer"\n'
        f'of = ["{key}"]\n',
        encoding="utf-8",
    )
    for own, told in (
        (None, (5, 20, "beside", "two offers")),
        (load_ranges(file, world, criteria), (8, 12, "ranges", "an offer")),
    ):
        found = {each.key: each for each in figures(world, criteria, own)[0]}
        one, other = found[key], found["province.bridges.dak-mil.rate_mbps"]
        assert (one.low, one.high, one.origin, one.within.source) == told
        assert one.scale.logarithmic == (own is None)  # as rates of lines are
        assert (other.low, other.high, other.origin) == (2, 1000, "kind")


def test_the_programs_ranges_say_in_vietnamese_where_they_come_from() -> None:
    known = program_ranges()
    assert all(each.source_vi for each in (*known.ranges, *known.choices))


HELD = """
[meeting]
sound = "conversation"
source = "meetings of other provinces"
assumed = true
settled_by = "the order of the meeting"
[meeting.range.layout]
choices = ["auto", "2x2", "1+5"]
source = "what the MCU's panel shows"
"""


def test_what_is_no_number_has_the_choices_that_can_be_here(tmp_path: Path) -> None:
    """The scenario assumes how the meeting is held, and its call profile is an assumption."""
    file = scenario(tmp_path / "s.toml", profile="sd30-512k", more=HELD)
    question = make_question(file)
    world = World.of(question)
    found = {each.key: each for each in figures(world, criteria_of(question))[0] if each.choices}
    profile = found["scenario.profile"]
    assert profile.value == "sd30-512k"
    # no sound that is judged by other criteria, without a MOS; likely is the same resolution
    assert {"sd30-256k", "720p30-2m", "1080p30-4m"} <= set(profile.choices)
    assert not [each for each in profile.choices if each.endswith("aac-ld")]
    assert set(profile.likely_choices) == {
        *("sd30-512k", "sd30-256k", "sd30-high-128k", "sd30-1m-content"),
    }
    assert {value_at(profile, n / 40) for n in range(40)} == set(profile.likely_choices)
    sound = found["profiles.profile.sd30-512k.audio"]
    assert (sound.value, set(sound.choices)) == ("g711a", {"g711a", "g711u", "g722"})
    assert set(found["profiles.profile.sd30-512k.video_profile"].choices) == {"baseline", "high"}
    full = found["device.when_full.steps"]
    assert full.value == "lower, audio, refuse"
    assert not [each for each in full.choices if "higher" in each]  # there are no levels
    meeting = {each.field: each for each in found.values() if each.key.startswith("scenario.m")}
    assert {field: each.value for field, each in meeting.items()} == {
        "floor": "chair",
        "video": "presence",
        "layout": "auto",
        "sound": "conversation",
        "silence_suppression": "false",
    }
    assert (meeting["layout"].choices, meeting["layout"].origin) == (
        ("auto", "2x2", "1+5"),
        "beside",
    )
    plans = set()
    for figure in (profile, sound, full, *meeting.values()):
        for choice in figure.choices:
            plan = world.put(figure.path, choice).question().plan
            plans.add(plan.to_json())
            if figure is profile:
                assert plan.profile.id == choice
            if figure is sound:
                assert plan.audio.id == choice
            if figure is full:
                assert ", ".join(plan.device.when_full.steps) == choice
    tried = (profile, sound, full, *meeting.values())
    assert len(plans) == 1 + sum(len(each.choices) - 1 for each in tried)


def test_a_meeting_and_a_profile_that_are_known_are_not_tried(tmp_path: Path) -> None:
    question = make_question(scenario(tmp_path / "s.toml"))
    found, _ = figures(World.of(question), criteria_of(question))
    assert {each.key for each in found if each.choices} == {"device.when_full.steps"}
