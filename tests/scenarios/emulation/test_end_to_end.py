"""From mouth to ear and camera to screen, against every pair of bridges looked at by itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.scenarios.measure.end_to_end import Devices, EndToEnd, Legs, WorstPairs, end_to_end

Four = tuple[float, float, float, float]
"""A bridge's sound up, sound down, picture up and picture down, in ms."""
NAN = math.nan


def of(
    bridges: list[Four],
    sound: float = 0,
    picture: float = 0,
    hold: float = 0,
    sooner: list[float] | None = None,
    meeting: list[int] | None = None,
) -> EndToEnd:
    """`sooner`: by how much each bridge's sound was played sooner once, up and down; `meeting`: in
    which each is, None for one and the same."""
    table = np.array(bridges, np.float64).reshape(-1, 4).T.copy()
    least = table[:2] - np.array(sooner or [0.0] * len(bridges))
    together = np.zeros(len(table[0]), np.intp) if meeting is None else np.array(meeting)
    return end_to_end(Legs(*table, *least), Devices(sound, picture, hold), together)


def pairs(
    bridges: list[Four],
    sound: float,
    picture: float,
    hold: float,
    sooner: list[float],
    meeting: list[int],
) -> dict[str, list[tuple[float, set[int]]]]:
    """Per kind and bridge the worst value, and with whom that may be; NaN and nobody if none."""
    kinds = ("mouth_to_ear", "camera_to_screen", "sound_early", "sound_late", "spoken")
    n = len(bridges)
    seen: dict[str, list[dict[int, float]]] = {kind: [{} for _ in range(n)] for kind in kinds}
    for listener in range(n):
        for speaker in range(n):
            if speaker == listener or meeting[speaker] != meeting[listener]:
                continue
            voice = bridges[speaker][0] + sound + bridges[listener][1]
            face = bridges[speaker][2] + picture + bridges[listener][3]
            # whichever is sooner waits for the other, but no longer than `hold`
            waits = 0.0 if math.isnan(voice + face) else max(-hold, min(hold, face - voice))
            heard, shown = voice + max(waits, 0.0), face + max(-waits, 0.0)
            if not math.isnan(heard):
                seen["mouth_to_ear"][listener][speaker] = heard
                seen["spoken"][speaker][listener] = heard
            if not math.isnan(shown):
                seen["camera_to_screen"][listener][speaker] = shown
            if not math.isnan(heard + shown):
                soonest = voice - sooner[speaker] - sooner[listener]
                seen["sound_early"][listener][speaker] = max(face - soonest - hold, 0.0)
                seen["sound_late"][listener][speaker] = max(heard - shown, 0.0)
    found: dict[str, list[tuple[float, set[int]]]] = {}
    for kind, tables in seen.items():
        found[kind] = []
        for table in tables:
            worst = max(table.values(), default=NAN)
            others = {who for who, value in table.items() if value >= worst - 1e-6}
            found[kind].append((worst, others or {-1}))
    return found


ms = st.one_of(st.just(NAN), st.sampled_from([0.0, 5.0, 5.0, 40.0, 120.0]), st.floats(0, 900))


@given(
    bridges=st.lists(st.tuples(ms, ms, ms, ms), max_size=7),
    sooner=st.lists(st.sampled_from([0.0, 0.0, 30.0]), min_size=7, max_size=7),
    meeting=st.lists(st.integers(0, 2), min_size=7, max_size=7),
    sound=st.floats(0, 300),
    picture=st.floats(0, 300),
    hold=st.sampled_from([0.0, 0.0, 80.0, 250.0, 1e6]),
)
def test_it_is_what_every_pair_by_itself_gives(
    bridges: list[Four],
    sooner: list[float],
    meeting: list[int],
    sound: float,
    picture: float,
    hold: float,
) -> None:
    sooner, meeting = sooner[: len(bridges)], meeting[: len(bridges)]
    got = of(bridges, sound, picture, hold, sooner, meeting)
    for kind, expected in pairs(bridges, sound, picture, hold, sooner, meeting).items():
        worst: WorstPairs = getattr(got, kind)
        assert len(worst.value) == len(worst.other) == len(bridges)
        for at, (value, others) in enumerate(expected):
            assert worst.value[at] == pytest.approx(value, nan_ok=True), (kind, at)
            assert int(worst.other[at]) in others, (kind, at)


@given(
    bridges=st.lists(st.tuples(*[st.floats(0, 900)] * 4), min_size=2, max_size=6),
    holds=st.lists(st.floats(0, 900), min_size=2, max_size=2).map(sorted),
)
def test_the_longer_one_is_held_back_the_later_it_is_and_the_better_it_agrees(
    bridges: list[Four], holds: list[float]
) -> None:
    less, more = (of(bridges, 100, 200, hold) for hold in holds)
    for kind, sign in (("mouth_to_ear", 1), ("camera_to_screen", 1), ("sound_early", -1)):
        a, b = getattr(less, kind).value, getattr(more, kind).value
        assert (sign * (b - a) >= -1e-9).all(), kind
    # held back for as long as it takes: both at once, when the later of the two is there
    whole = of(bridges, 100, 200, 1e9)
    assert whole.sound_early.value == pytest.approx(0, abs=1e-9)
    assert whole.sound_late.value == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(whole.mouth_to_ear.value, whole.camera_to_screen.value)


def test_one_bridge_alone_has_nobody_to_hear() -> None:
    for bridges in ([], [(1.0, 2.0, 3.0, 4.0)]):
        got = of(bridges, 10, 20, 30)
        for kind in ("mouth_to_ear", "camera_to_screen", "sound_early", "sound_late", "spoken"):
            worst = getattr(got, kind)
            assert np.isnan(worst.value).all()
            assert (worst.other == -1).all()


def test_the_sum_of_both_legs_and_devices() -> None:
    """The second hears the first after 1 + 140 + 20 ms; without holding back both see later."""
    two = [(1.0, 2.0, 3.0, 4.0), (10.0, 20.0, 30.0, 40.0)]
    got = of(two, sound=140, picture=330)
    assert got.mouth_to_ear.value.tolist() == [152, 161]
    assert got.camera_to_screen.value.tolist() == [364, 373]
    assert got.spoken.value.tolist() == [161, 152]
    assert got.mouth_to_ear.other.tolist() == got.spoken.other.tolist() == [1, 0]
    assert got.sound_early.value.tolist() == [212, 212]
    assert got.sound_late.value.tolist() == [0, 0]


def test_sound_is_early_where_the_picture_is_later_than_it_can_be_waited_for() -> None:
    """Positive skew: the picture comes 300 ms behind, of which 250 ms are waited for."""
    two = [(0.0, 0.0, 0.0, 0.0)] * 2
    ahead = of(two, sound=100, picture=400, hold=250)
    assert (ahead.sound_early.value[0], ahead.sound_late.value[0]) == (50, 0)
    assert (ahead.mouth_to_ear.value[0], ahead.camera_to_screen.value[0]) == (350, 400)
    behind = of(two, sound=400, picture=100, hold=250)
    assert (behind.sound_early.value[0], behind.sound_late.value[0]) == (0, 50)
    assert (behind.mouth_to_ear.value[0], behind.camera_to_screen.value[0]) == (400, 350)


def test_a_voice_is_as_early_as_its_soonest() -> None:
    """A buffer that was timed anew: what was heard before that came 60 ms sooner."""
    got = of([(0.0, 0.0, 0.0, 0.0)] * 2, 100, 400, hold=250, sooner=[60.0, 0.0])
    assert got.sound_early.value.tolist() == [110, 110]
    assert got.mouth_to_ear.value.tolist() == [350, 350]


def test_who_sends_no_picture_is_heard_without_waiting_for_one() -> None:
    silent, blind = (NAN, 5.0, 7.0, 9.0), (3.0, 5.0, NAN, 9.0)
    got = of([silent, blind, (3.0, 5.0, 7.0, 9.0)], sound=100, picture=300, hold=1000)
    # the first hears both others, one of them without a picture to wait for
    assert got.mouth_to_ear.value[0] == 316  # of the third: its picture at 7 + 300 + 9
    assert of([silent, blind], 100, 300, 1000).mouth_to_ear.value.tolist()[0] == 108
    # who is not heard is seen without waiting for his voice
    assert got.camera_to_screen.other[1] in (0, 2)
    assert math.isnan(of([silent, blind], 100, 300, 1000).sound_early.value[0])
