"""Each default criterion by itself: a scenario in which it alone fails, and a near one that passes.

By estimate, in the small province: two bridges that are there and one that joins. What is done to
packets is timed by when they are sent, which an estimate of the calm meeting tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scenario_factory import NORTH, ROOT, scenario

from giaoban.results.judge.criteria import load_criteria
from giaoban.results.model.result import CriterionResult
from giaoban.scenarios.estimate.estimate import judge_alone
from giaoban.scenarios.estimate.meeting import hold
from giaoban.scenarios.plan.question import make_question
from tests.nights import at_night

ELSEWHERE = {"failing-seeds", "holds-in-every-meeting"}
"""Of many seeds and of meetings: their tests are named in the page."""
PAGE = ROOT / "docs" / "the-verdict.md"

TEN, THIRTY = (10.0, 10.0, 10.0), (10.0, 30.0, 10.0)
EAST_UP = ("east", "up")
ALL = 'loss = { model = "bernoulli", p = 1.0 }'

Made = dict[str, Any]
"""A scenario: arguments of `scenario`, and `devices` as text."""
CASES: dict[str, Callable[[bool], Made]] = {}
"""By criterion: the scenario in which it fails, or with False the near one in which it is met."""


def case(ident: str) -> Callable[[Callable[[bool], Made]], Callable[[bool], Made]]:
    def keep(of: Callable[[bool], Made]) -> Callable[[bool], Made]:
        CASES[ident] = of
        return of

    return keep


def judged(made: Made, folder: Path) -> list[CriterionResult]:
    devices = made.pop("devices", None)
    if devices is not None:
        (folder / "devices.toml").write_text(devices, encoding="utf-8")
        made |= {"devices": "devices.toml", "device": "made"}
    file = scenario(folder / "scenario.toml", **({"phases": TEN} | made))
    return judge_alone(make_question(file)).criteria


# ------------------------------------------------------------------------------- how it is written


def impair(
    from_s: float, to_s: float, what: str = ALL, kind: str = "audio", at: tuple[str, str] = EAST_UP
) -> str:
    """On what is sent at a bridge from one moment to another."""
    bridge, direction = at
    where = f'bridge = "{bridge}"\ndirection = "{direction}"\nkind = "{kind}"\n'
    return f"[[impairment]]\n{where}from_s = {from_s:.6f}\nto_s = {to_s:.6f}\n{what}\n"


def later(ms: float) -> str:
    """Sent so much later, whatever is sent after it."""
    return f'jitter = {{ model = "normal", mean_ms = {ms}, sd_ms = 0.0, reorder = true }}'


def limits(**thresholds: float) -> str:
    lines = [f"{name.replace('_', '-')} = {value}" for name, value in thresholds.items()]
    return "\n".join(["[thresholds]", *lines, ""])


def mcu(
    *,
    units: float = 90.0,
    steps: str = '"refuse"',
    mixing_ms: float = 40,
    composing_ms: float = 120,
) -> str:
    """A device file with one device: a 720p30 call takes 3.3 units of it, SD30 0.9."""
    delays = {"audio_mix": mixing_ms, "compose": composing_ms, "forward": 10.0}
    defaults = [
        f'[defaults.{name}_delay]\ndelay_ms = {ms}\nsource = "test"' for name, ms in delays.items()
    ]
    family = f"""
[[family]]
id = "test"
refusal = {{ code = 503, reason = "full", source = "test" }}
when_full = {{ steps = [{steps}], source = "test" }}

[[card]]
id = "card"
family = "test"
unit = "unit"
capacity = {{ units_total = {units}, ports_total = 90, source = "test" }}
cost = [{{ units = {{ audio = 0.1, SD30 = 0.9, 720p30 = 3.3 }}, source = "test" }}]

[[card.device]]
id = "made"
name = "Made"
"""
    return "\n".join(['schema = "giaoban.devices/1"', *defaults, family])


class Sent(NamedTuple):
    """A stream as it is sent: when each packet is due, in seconds from the first phase's start."""

    due_s: NDArray[np.float64]
    frame: NDArray[np.int64]
    key: NDArray[np.bool_]

    @property
    def frames_s(self) -> NDArray[np.float64]:
        """When each frame's first packet is due."""
        return self.due_s[np.unique(self.frame, return_index=True)[1]]

    @property
    def keys_s(self) -> NDArray[np.float64]:
        return self.due_s[np.unique(np.where(self.key, self.frame, -1), return_index=True)[1][1:]]

    def packets_s(self, frame_s: float) -> NDArray[np.float64]:
        """When the packets of the frame are due that is due at this time."""
        at = int(np.argmin(abs(self.due_s - frame_s)))
        return self.due_s[self.frame == self.frame[at]]


@lru_cache
def sent(
    kind: str = "video",
    at: tuple[str, str] = EAST_UP,
    phases: tuple[float, float, float] = TEN,
    more: str = "",
) -> Sent:
    with TemporaryDirectory() as folder:
        file = scenario(Path(folder) / "s.toml", phases=phases, more=more)
        question = make_question(file)
    plan, (bridge, direction) = question.plan, at
    [index] = [
        s.index
        for s in plan.streams
        if (s.bridge, s.kind, s.direction) == (bridge, kind, direction)
    ]
    log = hold(plan, question.recordings).sent[index]
    start_ns = round(plan.phases[0].start_s * 1e9)
    order = np.unique(log["timestamp"], return_inverse=True)[1]
    return Sent((log["due_ns"] - start_ns) / 1e9, order, log["key"])


def lose(times_s: Iterable[float], kind: str = "video", at: tuple[str, str] = EAST_UP) -> str:
    """Each packet that is due at one of these times, and no other."""
    return "".join(impair(t - 0.0003, t + 0.0003, ALL, kind, at) for t in times_s)


# ------------------------------------------------------------------------------------- the MCU


@case("mcu-units")
def _(worse: bool) -> Made:
    return {"devices": mcu(units=12.0 if worse else 12.5)}  # of three calls 9.9


@case("every-call-set-up")
def _(worse: bool) -> Made:
    """The third call does not fit, while two are within the reserve."""
    return {"devices": mcu(units=9.5 if worse else 12.5)}


@case("every-call-as-asked")
def _(worse: bool) -> Made:
    return {"devices": mcu(units=9.5 if worse else 12.5, steps='"lower", "refuse"')}


# ------------------------------------------------------------------------------------ the network


@case("link-peak")
def _(worse: bool) -> Made:
    """Other traffic, even and in its own time: nobody waits for long."""
    lines = ['link = "west--east"', 'direction = "r-west->r-east"', 'source = "test"']
    lines += [f"pct = {77.0 if worse else 71.0}", "from_s = 10.0", "to_s = 20.0"]
    return {"more": "\n".join(["[[background]]", *lines])}


@case("no-bridge-dropped")
def _(worse: bool) -> Made:
    """Silence of a little more than a second: by the default limits 20 s of sound fail first."""
    silence_s = 1.03 if worse else 0.99
    return {
        "phases": (5.0, 120.0, 5.0),
        "more": impair(20.0, 20.0 + silence_s, at=("east", "down")) + limits(audio_loss=50),
    }


PICTURES_MAY = {"picture_artefacts": 100_000, "longest_freeze": 60_000}


def lossy_line(p: float, from_s: float | None) -> Made:
    """East's access line loses so much of what it sends, in the last phase or always."""
    since = [] if from_s is None else [f"from_s = {from_s}"]
    line = ["[[impairment]]", 'link = "access-east"', 'direction = "up"', *since]
    line.append(f'loss = {{ model = "bernoulli", p = {p} }}')
    return {
        "phases": (30.0, 10.0, 30.0),
        "more": "\n".join([*line, limits(**PICTURES_MAY)]),
    }


@case("existing-loss-no-worse")
def _(worse: bool) -> Made:
    """On the line of the MCU two calls have room enough; with a third four packets of 1,500 come
    late to those that were there, or one."""
    mbps = 14.0 if worse else 15.0
    line = f'[[link]]\nlink = "access-mcu"\nrate_mbps = {mbps}\nsource = "test"\n'
    return {"phases": (4.0, 4.0, 30.0), "more": line}


@case("existing-delay-no-worse")
def _(worse: bool) -> Made:
    """Sound alone comes later in the last phase, but in time to be played with the picture.

    No bridge is added, so that phases are compared with the first.
    """
    return {
        "bridges": (),
        "phases": (30.0, 10.0, 30.0),
        "more": impair(40.0, 70.0, later(8.0 if worse else 5.0)),
    }


# ----------------------------------------------------------------------------------------- faults


def away(seconds: float) -> str:
    """The only cable to the east is cut, and mended so much later."""
    return f'[[fault]]\nkind = "cut"\nlink = "west--east"\nat_s = 15.0\nto_s = {15 + seconds}\n'


@case("fault-interruption")
def _(worse: bool) -> Made:
    """The picture is back with the next key frame, 0.3 s after the cable."""
    return {"more": away(0.9 if worse else 0.6)}


@case("fault-bridges-lost")
def _(worse: bool) -> Made:
    """Away for longer than a second, which by the default limits is too long an interruption."""
    return {"more": away(3.0 if worse else 0.6) + limits(fault_interruption=60_000)}


# ------------------------------------------------------------------------------- mouth and camera


@case("camera-to-screen")
def _(worse: bool) -> Made:
    """Composed late, and sound mixed late enough to be held back for it in time."""
    return {"devices": mcu(composing_ms=165 if worse else 155, mixing_ms=100)}


@case("mouth-to-ear")
def _(worse: bool) -> Made:
    """Mixed later than its picture, which is held back for it as long as terminals do."""
    return {"devices": mcu(composing_ms=0, mixing_ms=305 if worse else 295)}


@case("lip-sync")
def _(worse: bool) -> Made:
    """Sound is held back for its picture, but no longer than terminals do."""
    return {"devices": mcu(composing_ms=105 if worse else 90, mixing_ms=0)}


# ------------------------------------------------------------------------------------------- sound


@case("audio-loss")
def _(worse: bool) -> Made:
    """Eleven packets of 1,000, or ten."""
    lost = (impair(11.0 + n, 11.02 + n) for n in range(11 if worse else 10))
    return {"phases": THIRTY, "more": "".join(lost)}


@case("mos")
def _(worse: bool) -> Made:
    """G.722 at the bridge and again at the MCU has next to nothing left for losses: two packets of
    500 show that it has less, one does not."""
    loss = impair(12.0, 12.04 if worse else 12.02)
    return {"devices": mcu(), "profile": "720p30-high-512k", "more": loss}


# ---------------------------------------------------------------------------------------- pictures


@case("picture-artefacts")
def _(worse: bool) -> Made:
    """Of 100,000 packets of North's pictures three are lost, or two: 26 or 17 freezes an hour."""
    return {"bridges": (NORTH | {"loss_pct": 0.003 if worse else 0.0018},)}


@case("longest-freeze")
def _(worse: bool) -> Made:
    """Pictures alone are away for two seconds: one freeze, until a key frame is there."""
    return {"phases": THIRTY, "more": impair(15.0, 17.0 if worse else 16.2, kind="video")}


SLIDES = '[content]\nbridge = "west"\nkbps = 500.0\n'
BY_NEW = '[meeting]\nfloor = "open"\n[content]\nbridge = "north"\nkbps = 500.0\nfrom_s = 8.0\n'
"""Shown by the bridge that joined: slides of one that was there would be compared with before."""
SHOWN = ("west", "up")
LAST = (4.0, 4.0, 21.0)


def slides_s() -> NDArray[np.float64]:
    return sent("content", ("north", "up"), LAST, BY_NEW).frames_s


@case("slides-frozen")
def _(worse: bool) -> Made:
    """All slides that are sent within two seconds come too late."""
    length_s = 2.2 if worse else 1.6
    return {
        "phases": THIRTY,
        "more": SLIDES + impair(15.0, 15.0 + length_s, later(300.0), "content", SHOWN),
    }


@case("slides-not-shown")
def _(worse: bool) -> Made:
    """Every seventh, or every eleventh, comes too late: those between are shown."""
    frames = slides_s()
    inside = frames[(frames > 8.5) & (frames < 28)][:: 7 if worse else 11]
    late = [
        impair(t - 0.001, t + 0.15, later(300.0), "content", ("north", "up"))
        for t in inside.tolist()
    ]
    return {"phases": LAST, "more": BY_NEW + "".join(late)}


# -------------------------------------------------------------------------------------- the tests

COUNTS = {"every-call-set-up", "every-call-as-asked", "no-bridge-dropped", "fault-bridges-lost"}
"""Of which none is allowed: nothing is nearer to the limit than nothing."""


def tables() -> list[list[list[str]]]:
    """The cells of each table of the page, row by row, without its head."""
    found: list[list[list[str]]] = [[]]
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip("|").split(" | ")])
        elif found[-1]:
            found.append([])
    return [table[2:] for table in found if table]


def number(text: str) -> float:
    """The number with which a text begins, of `2 s` in milliseconds."""
    match = re.match(r"([\d.]+)( s\b)?", text)
    assert match is not None, text
    return float(match[1]) * (1000 if match[2] else 1)


DOCUMENTED = {row[0].strip("`"): row for row in tables()[1]}
"""By criterion: its statistic, and what it comes to in both scenarios."""


def test_every_default_criterion_has_its_scenarios() -> None:
    assert set(load_criteria().ids) - ELSEWHERE == set(CASES)
    assert set(DOCUMENTED) == set(load_criteria().ids)
    for ident in ELSEWHERE:
        assert ident in (ROOT / DOCUMENTED[ident][2].strip("`")).read_text(encoding="utf-8")


def test_the_page_has_every_limit() -> None:
    limits: dict[str, float] = {}
    for names, _, limit, _ in tables()[0]:
        idents = re.findall(r"`([a-z-]+)`", names)
        values = limit.split(", ") * (1 if ", " in limit else len(idents))
        limits |= zip(idents, map(number, values), strict=True)
    assert limits == {c.id: c.threshold for c in load_criteria().criterion}


@pytest.mark.parametrize("ident", CASES)
def test_it_alone_fails(ident: str, tmp_path: Path) -> None:
    criteria = judged(CASES[ident](True), tmp_path)
    assert [c.id for c in criteria if not c.ok] == [ident], [(c.id, c.value) for c in criteria]
    [mine] = [c for c in criteria if c.id == ident]
    assert mine.value == pytest.approx(number(DOCUMENTED[ident][2]), rel=0.005)


DEAR = {
    *("existing-loss-no-worse", "existing-delay-no-worse", "longest-freeze"),
    *("slides-frozen", "slides-not-shown"),
}
"""Criteria whose meetings take long. That each fails alone is looked at every day; how little less
passes, of one of each kind of measure."""


@pytest.mark.parametrize("ident", [at_night(each) if each in DEAR else each for each in CASES])
def test_it_just_passes(ident: str, tmp_path: Path) -> None:
    criteria = judged(CASES[ident](False), tmp_path)
    assert [(c.id, c.value) for c in criteria if not c.ok] == []
    [mine] = [c for c in criteria if c.id == ident]
    assert mine.margin_pct is not None
    assert mine.value == pytest.approx(number(DOCUMENTED[ident][3]), rel=0.005)
    if ident not in COUNTS:
        assert mine.margin_pct < 50, mine.value


@pytest.mark.parametrize("seed", [0, *map(at_night, range(1, 8))])
def test_a_new_bridge_on_a_line_that_loses_one_packet_of_200_fails_by_its_picture(
    seed: int, tmp_path: Path
) -> None:
    """Whatever the seed: speech has a MOS above 4."""
    lossy = NORTH | {"loss_pct": 0.5}
    file = scenario(tmp_path / "s.toml", bridges=(lossy,), phases=TEN, seed=seed)
    result = judge_alone(make_question(file))
    assert result.verdict == "fail"
    assert result.binding.criterion == "picture-artefacts"
    assert result.binding.where.startswith("north video")
    failed = {c.id for c in result.criteria if not c.ok}
    assert "mos" not in failed


@pytest.mark.parametrize(
    ("bridges", "from_s", "ok", "shown"),
    [
        ((NORTH,), 40.0, True, False),  # it would have lost as much without the new bridge
        ((), 40.0, False, True),
        ((), None, True, False),
    ],
)
def test_losses_that_begin_are_a_rise_only_where_no_bridge_is_added(
    bridges: tuple[dict[str, Any], ...], from_s: float | None, ok: bool, shown: bool, tmp_path: Path
) -> None:
    criteria = judged(lossy_line(0.005, from_s) | {"bridges": bridges}, tmp_path)
    [mine] = [c for c in criteria if c.id == "existing-loss-no-worse"]
    assert [c.id for c in criteria if not c.ok] == ([] if ok else [mine.id])
    assert (mine.ok, mine.shown) == (ok, shown)
    assert mine.detectable is not None
    assert 0.1 < mine.detectable < 2  # points: what half a minute shows of a line as it is


def test_the_calm_meeting_passes(tmp_path: Path) -> None:
    for made in ({}, {"devices": mcu()}, {"more": SLIDES}, {"bridges": (NORTH,), "phases": THIRTY}):
        criteria = judged(dict(made), tmp_path)
        assert [(c.id, c.value) for c in criteria if not c.ok] == []


def test_frames_left_out_one_by_one_are_artefacts(tmp_path: Path) -> None:
    """One frame of 25 is too late, and no picture stands still for it: it fails all the same."""
    frames = sent().frames_s
    times = frames[(frames > 11.0) & (frames < 29.0)][::25]
    late = [impair(t - 0.001, t + 0.025, later(100.0), "video") for t in times.tolist()]
    more = "".join(late) + limits(lip_sync=2000)  # the buffer grows with late frames
    criteria = judged({"more": more}, tmp_path)
    assert [c.id for c in criteria if not c.ok] == ["picture-artefacts"]
    assert next(c.value for c in criteria if c.id == "longest-freeze") == 0


@pytest.mark.parametrize("phases", [TEN, (60.0, 60.0, 60.0)])
@pytest.mark.parametrize(("loss_pct", "verdict"), [(0.001, "pass"), (0.1, "fail")])
def test_the_loss_of_a_line_is_judged_alike_however_long_the_phases_are(
    phases: tuple[float, float, float], loss_pct: float, verdict: str, tmp_path: Path
) -> None:
    """9 freezes an hour are expected of the one, 860 of the other; one packet decides nothing."""
    lossy = NORTH | {"loss_pct": loss_pct}
    for seed in range(4):
        file = scenario(tmp_path / "s.toml", bridges=(lossy,), phases=phases, seed=seed)
        assert judge_alone(make_question(file)).verdict == verdict


def test_a_rate_says_what_it_comes_to_in_the_length_of_the_meeting(tmp_path: Path) -> None:
    """9 an hour are 17 in two hours, 10 to 26 with 95 % (Poisson)."""
    made = {"bridges": (NORTH | {"loss_pct": 0.001},), "more": "[meeting]\nlength_min = 120\n"}
    [found] = [c.artefacts for c in judged(made, tmp_path) if c.id == "picture-artefacts"]
    assert found is not None
    assert found.expected_per_h == pytest.approx(8.58, abs=0.01)
    assert (found.length_min, found.least, found.most) == (120, 10, 26)


def test_one_freeze_decides_nothing(tmp_path: Path) -> None:
    at = float(sent().frames_s[np.searchsorted(sent().frames_s, 15.0)])
    assert [c.id for c in judged({"more": lose([at])}, tmp_path) if not c.ok] == []


@pytest.mark.parametrize(
    ("share_pct", "within_ms", "fails"), [(0, 50, True), (99.5, 50, False), (50, 50, True)]
)
def test_terminals_that_repair_losses_see_fewer_artefacts(
    share_pct: float, within_ms: float, fails: bool, tmp_path: Path
) -> None:
    repair = (
        f'[meeting.repair]\nshare_pct = {share_pct}\nwithin_ms = {within_ms}\nsource = "test"\n'
    )
    lossy = NORTH | {"loss_pct": 0.1}
    criteria = judged({"bridges": (lossy,), "more": repair}, tmp_path)
    assert [c.id for c in criteria if not c.ok] == (["picture-artefacts"] if fails else [])
